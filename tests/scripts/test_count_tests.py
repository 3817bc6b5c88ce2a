"""The closing line of a test run counts what ran, and never calls a crash or an empty run a success."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "count_tests.py"

DOCTEST = "[doctest] test cases: 9 | {} passed | {} failed | {} skipped"

# What the JUnit file holds, the closing line, the exit status.
RUNS = {
    "plain tests": ("<testcase name='a'/><testcase name='b'/>", "2 passed, 0 failed, 0 skipped", 0),
    "a failure": (
        "<testcase name='a'/><testcase name='b'><failure/></testcase>",
        "1 passed, 1 failed, 0 skipped",
        1,
    ),
    "an error": ("<testcase name='a'><error/></testcase>", "0 passed, 1 failed, 0 skipped", 1),
    "a skip": (
        "<testcase name='a'/><testcase name='b'><skipped/></testcase>",
        "1 passed, 0 failed, 1 skipped",
        0,
    ),
    "doctest cases": (
        f"<testcase name='a'><system-out>{DOCTEST.format(8, 0, 1)}</system-out></testcase>",
        "8 passed, 0 failed, 1 skipped",
        0,
    ),
    "failing doctest cases": (
        f"<testcase name='a'><failure/><system-out>{DOCTEST.format(6, 3, 0)}</system-out></testcase>",
        "6 passed, 3 failed, 0 skipped",
        1,
    ),
    "a failure after the last doctest case": (
        f"<testcase name='a'><failure/><system-out>{DOCTEST.format(9, 0, 0)}</system-out></testcase>",
        "9 passed, 1 failed, 0 skipped",
        1,
    ),
    "a crash before doctest's summary": (
        "<testcase name='a'><failure/><system-out>SIGSEGV</system-out></testcase>",
        "0 passed, 1 failed, 0 skipped",
        1,
    ),
    "nothing": ("", "0 passed, 0 failed, 0 skipped", 1),
}


@pytest.mark.parametrize("content, line, status", RUNS.values(), ids=RUNS.keys())
def test_counts(tmp_path, content, line, status):
    file = tmp_path / "results.xml"
    file.write_text(f"<testsuite>{content}</testsuite>")
    result = subprocess.run([sys.executable, SCRIPT, file], capture_output=True, text=True)
    assert result.stdout.splitlines()[-1] == line
    assert result.returncode == status
