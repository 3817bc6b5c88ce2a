"""The measure of error and the fixture format, which the parity tests rest on."""

import pathlib
import sys

import numpy as np
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import parity_harness as harness  # noqa: E402

ONE = np.array([1.0, 2.0], np.float32)


@pytest.mark.parametrize(
    ("actual", "expected", "error"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0.0),
        ([1.0, 2.002], [1.0, 2.0], 1e-3),
        (
            [0.0, 1.0],
            [1e-3, 1.0],
            1e-3 / np.sqrt(0.5),
        ),  # the scale of the array counts, not the small element
        (1e-4, 0.0, 1e-2),  # below the floor: absolute error over 1e-2
        ([np.nan, 1.0], [np.nan, 1.0], 0.0),
        ([np.inf, 1.0], [np.inf, 1.0], 0.0),
    ],
)
def test_error_of_floats(actual, expected, error):
    measured = harness.relative_error(np.asarray(actual), np.asarray(expected))
    assert measured == pytest.approx(error, rel=1e-3)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        ([1.0, 2.0], [[1.0, 2.0]]),
        ([1.0, np.nan], [1.0, 2.0]),
        ([1.0, 2.0], [1.0, np.nan]),
        ([np.inf], [-np.inf]),
        ([1, 3], [1, 2]),
        ([1.0, 2.0], [1, 2]),
        ([True], [1]),
        (["a"], ["b"]),
    ],
)
def test_differences_without_measure_are_infinite(actual, expected):
    assert harness.relative_error(np.asarray(actual), np.asarray(expected)) == float("inf")


def test_dtype_counts_only_where_it_is_asked_for():
    assert harness.relative_error(ONE.astype(np.float64), ONE) == 0.0
    assert harness.relative_error(ONE.astype(np.float64), ONE, exact_dtype=True) == float("inf")


def test_missing_key_is_an_infinite_error():
    assert harness.case_error("keras", {"a": ONE}, {"a": ONE, "b": ONE})[0] == float("inf")
    assert harness.case_error("keras", {"a": ONE, "b": ONE}, {"a": ONE})[0] == float("inf")


def test_twice_the_tolerance_is_caught():
    wrong = ONE * np.float32(1.0 + 2 * harness.RELATIVE_TOLERANCE)
    assert harness.relative_error(wrong, ONE) > harness.RELATIVE_TOLERANCE


def test_duplicate_case_names_are_refused():
    table = harness.CaseTable()
    table.add("same", print)
    with pytest.raises(ValueError, match="twice"):
        table.add("same", print)


@pytest.mark.parametrize(
    "array",
    [
        np.array([0.1, np.pi, 1e-30, np.nan, np.inf], np.float32),
        np.array([[0.1, np.pi]], np.float64),
        np.array(3, np.int64),
        np.array([True, False]),
        np.array(["loss", "val_loss"]),
        np.zeros((0, 4), np.float32),
    ],
    ids=lambda array: array.dtype.name,
)
def test_fixture_entry_round_trips(array):
    decoded = harness.decode(harness.encode(array))
    assert decoded.shape == array.shape
    assert decoded.dtype.kind == array.dtype.kind
    np.testing.assert_array_equal(decoded, array)
