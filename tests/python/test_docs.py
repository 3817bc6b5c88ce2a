"""The Python code of the guides runs, and what they quote from the sources stands there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "docs"))

from blocks import blocks, guides  # noqa: E402


def name_of(guide):
    return guide.relative_to(ROOT).as_posix()


def python_blocks(guide):
    return [block for block in blocks(guide.read_text()) if block.language == "python" and block.runs]


@pytest.mark.parametrize("guide", filter(python_blocks, guides()), ids=name_of)
def test_python_code_runs(guide, tmp_path):
    script = ""
    for block in python_blocks(guide):  # a traceback shows the guide's own line numbers
        script += "\n" * (block.line - 1 - script.count("\n")) + block.code
    file = tmp_path / (guide.stem + ".py")
    file.write_text(script)
    run = subprocess.run(
        [sys.executable, str(file)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("guide", guides(), ids=name_of)
def test_quotations_are_parts_of_their_files(guide):
    for block in blocks(guide.read_text()):
        if block.source:
            assert block.code in (ROOT / block.source).read_text(), f"{name_of(guide)}:{block.line}"


@pytest.mark.parametrize("guide", guides(), ids=name_of)
def test_cpp_and_python_blocks_are_checked(guide):
    for block in blocks(guide.read_text()):
        if block.language in ("cpp", "python"):
            assert block.runs or block.source, f"{name_of(guide)}:{block.line} is not marked"


@pytest.mark.parametrize("guide", guides(), ids=name_of)
def test_links_lead_to_files(guide):
    prose = re.sub(r"(?ms)^```.*?^```", "", guide.read_text())
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", prose):
        if not link.startswith("http"):
            assert (guide.parent / link).exists(), f"{name_of(guide)}: {link}"
