"""The layer check finds each kind of forbidden include, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "check_layers.py"

ALLOWED = [
    ("src/graph/graph.cpp", '#include "tegula/core/shape.hpp"'),
    ("src/passes/cse.cpp", "#include <tegula/graph/graph.hpp>"),
    ("src/backend/cpu/gemm.cpp", '#include "kernels/cpu/gemm.hpp"'),
    ("src/backend/cpu/gemm.cpp", "#include <Eigen/Core>"),
    ("include/tegula/tegula.hpp", '#include "tegula/nn/model.hpp"'),
    ("src/io/model.cpp", '#include "tegula/nn/model.hpp"'),
    ("examples/mnist/mnist.cpp", "#include <tegula/tegula.hpp>"),
]

FORBIDDEN = [
    ("src/core/tensor.cpp", '#include "tegula/graph/graph.hpp"', "core may not include"),
    ("src/graph/graph.cpp", '  #  include "src/ops/family.hpp"', "ops is not below it"),
    ("src/passes/cse.cpp", "#include <tegula/runtime/plan.hpp>", "runtime is not below it"),
    ("kernels/cpu/gemm.cpp", '#include "tegula/graph/graph.hpp"', "kernels may not include"),
    ("src/nn/dense.cpp", '#include "src/backend/cpu/lower.hpp"', "backend is not below it"),
    ("src/runtime/plan.cpp", '#include "tegula/tegula.hpp"', "is for applications"),
    ("include/tegula/io/save.hpp", "#include <nlohmann/json.hpp>", "users need not have"),
    ("include/tegula/graph/graph.hpp", '#include "src/graph/x.hpp"', "not installed"),
    ("src/attic/old.cpp", '#include "tegula/core/shape.hpp"', "'attic' is no known room"),
    ("examples/mnist/mnist.cpp", '#include "src/nn/x.hpp"', "an application may include only"),
    ("python/src/module.cpp", '#include "kernels/cpu/gemm.hpp"', "an application may include"),
]


def check(root: Path, file: str, text: str) -> subprocess.CompletedProcess:
    path = root / file
    path.parent.mkdir(parents=True)
    path.write_text(f"// a comment\n{text}\n")
    return subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True)


@pytest.mark.parametrize("file, text", ALLOWED)
def test_accepts_an_include_that_goes_down(tmp_path, file, text):
    result = check(tmp_path, file, text)
    assert (result.returncode, result.stdout) == (0, "layers: 0 violation(s)\n")


@pytest.mark.parametrize("file, text, complaint", FORBIDDEN)
def test_rejects_an_include_that_goes_up(tmp_path, file, text, complaint):
    result = check(tmp_path, file, text)
    assert result.returncode == 1
    assert result.stdout.startswith(f"{file}:2: ")
    assert complaint in result.stdout


def test_resolves_an_include_relative_to_its_file(tmp_path):
    (tmp_path / "src/ops").mkdir(parents=True)
    (tmp_path / "src/ops/family.hpp").touch()
    result = check(tmp_path, "src/graph/graph.cpp", '#include "../ops/family.hpp"')
    assert "src/graph/graph.cpp:2: graph may not include ../ops/family.hpp" in result.stdout
