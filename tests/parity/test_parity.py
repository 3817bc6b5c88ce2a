"""Runs every parity case under Tegula and compares it with what real Keras and TensorFlow gave (see
README.md).

One test per case. Nothing is skipped: without a fixture, or when Tegula cannot be imported, the
tests fail.
"""

import pathlib
import re
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


# The loss that fits the shapes, and the layer that Keras makes itself.
OF_TEGULA_ALONE = {"Crossentropy", "InputLayer"}


def library_under_test(kind):
    import tegula

    return tegula.keras if kind == "keras" else tegula


def test_there_are_enough_cases():
    for kind in harness.KINDS:
        assert sum(case[0] == kind for case in CASES) >= 150


KINDS_OF_CLASSES = (
    "callback", "constraint", "initializer", "layer", "loss", "metric", "optimizer", "regularizer", "schedule"
)


@pytest.mark.parametrize("kind", KINDS_OF_CLASSES)
def test_every_class_is_compared_with_keras(kind):
    """A class of the tables that no file of cases speaks of fails."""
    from tegula import _core

    folder = pathlib.Path(__file__).resolve().parent / "keras_cases"
    words = set(re.findall(r"\w+", "\n".join(path.read_text() for path in folder.glob("*.py"))))
    known = set(getattr(_core.nn, kind + "_names")())
    assert known - words - OF_TEGULA_ALONE == set()


def test_the_sweeps_run_over_every_loss_and_metric():
    from keras_cases._measures import (
        LOSSES, METRICS, REDUCTIONS, STRUCTURED_LOSSES, STRUCTURED_METRICS
    )
    from tegula import _core

    losses = {row[0] for row in LOSSES} | set(STRUCTURED_LOSSES)
    assert losses == set(_core.nn.loss_names()) - OF_TEGULA_ALONE
    metrics = {row[0] for row in METRICS} | {*REDUCTIONS, *STRUCTURED_METRICS}
    assert metrics == set(_core.nn.metric_names())


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
