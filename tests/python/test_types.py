"""Type checkers accept right uses of the installed package, the examples among them, and refuse
wrong ones.
"""

import importlib.util
import json
import pathlib
import re
import subprocess
import sys

import pytest

pytest.importorskip("mypy")
ROOT = pathlib.Path(__file__).resolve().parents[2]
TYPES = ROOT / "tests" / "types"


def mypy(tmp_path, *files):
    """By mypy: {file name: the lines with errors}, and the output."""
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path), "--no-error-summary"]
    command += ["--check-untyped-defs", "--hide-error-context", "--no-pretty", *map(str, files)]
    # Not in the repository's root, where python/tegula would stand for the installed package.
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    lines = {}
    for path, line in re.findall(r"^(.*?):(\d+): error:", result.stdout, re.MULTILINE):
        lines.setdefault(pathlib.Path(path).name, set()).add(int(line))
    assert result.returncode in (0, 1), result.stdout + result.stderr
    return lines, result.stdout


def pyright(tmp_path, *files):
    """The same by Pyright, the checker of editors."""
    if importlib.util.find_spec("pyright") is None:
        pytest.skip("pyright is not installed: pip install pyright[nodejs]")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    result = subprocess.run(
        [*command, *map(str, files)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert result.returncode in (0, 1), result.stdout + result.stderr
    lines = {}
    for found in json.loads(result.stdout)["generalDiagnostics"]:
        if found["severity"] == "error":
            line = found["range"]["start"]["line"] + 1
            lines.setdefault(pathlib.Path(found["file"]).name, set()).add(line)
    return lines, result.stdout


@pytest.mark.parametrize("check", [mypy, pyright])
def test_uses(tmp_path, check):
    wrong = TYPES / "wrong_uses.py"
    examples = sorted((ROOT / "examples").rglob("*.py"))
    assert examples
    lines, output = check(tmp_path, TYPES / "right_uses.py", wrong, *examples)
    marked = [
        number
        for number, line in enumerate(wrong.read_text().splitlines(), 1)
        if line.endswith("# wrong")
    ]
    assert sorted(lines.pop(wrong.name, ())) == marked, output
    assert not lines, output


def test_right_uses_run(tmp_path):
    subprocess.run([sys.executable, str(TYPES / "right_uses.py")], check=True, cwd=tmp_path)
