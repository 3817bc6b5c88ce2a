"""Runs every parity case under Tegula and compares it with what real Keras and TensorFlow gave (see
README.md).

One test per case. Nothing is skipped: without a fixture, or when Tegula cannot be imported, the
tests fail.
"""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import parity_harness as harness  # noqa: E402

CASES = [
    (kind, subject, name, function)
    for kind in harness.KINDS
    for subject in harness.subjects(kind)
    for name, function in harness.load_cases(kind, subject).items()
]
FIXTURES = {
    (kind, subject): harness.read_fixture(kind, subject)
    for kind in harness.KINDS
    for subject in harness.subjects(kind)
}


def library_under_test(kind):
    import tegula

    return tegula.keras if kind == "keras" else tegula


def test_there_are_enough_cases():
    for kind in harness.KINDS:
        assert sum(case[0] == kind for case in CASES) >= 150


@pytest.mark.parametrize(("kind", "subject"), FIXTURES)
def test_fixture_holds_exactly_the_cases(kind, subject):
    assert set(FIXTURES[kind, subject]) == set(harness.load_cases(kind, subject)), (
        "record again: see tests/parity/README.md"
    )


@pytest.mark.parametrize(
    ("kind", "subject", "name", "function"), CASES, ids=["/".join(case[:3]) for case in CASES]
)
def test_parity(kind, subject, name, function):
    expected = FIXTURES[kind, subject].get(name)
    assert expected is not None, "no fixture for this case: see tests/parity/README.md on recording"
    actual = harness.run_case(kind, library_under_test(kind), function)
    error, key = harness.case_error(kind, actual, expected)
    assert error <= harness.RELATIVE_TOLERANCE, (
        f"{key}: relative error {error:.3g}\n"
        f"expected {expected.get(key)}\n     got {actual.get(key)}"
    )
