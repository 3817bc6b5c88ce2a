"""What the parity scripts share: the table of cases, the fixture format, the measure of error.

A case is a function `case(library, np) -> dict[str, array-like]`. It uses only the public API that
Tegula and the real library have in common, so that the same function runs under both. This module
knows neither of them.
"""

import importlib
import json
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
KINDS = ("keras", "graph")

# The bar: |actual - expected| <= RELATIVE_TOLERANCE * max(|expected|, rms(expected),
# MAGNITUDE_FLOOR), elementwise.
RELATIVE_TOLERANCE = 1e-5
# Below this magnitude errors count as absolute: 1e-2 * 1e-5 = 1e-7, one float32 rounding of a
# number near 1.
MAGNITUDE_FLOOR = 1e-2


class CaseTable(dict):
    """The named cases of one file. Names are unique: adding one twice is an error."""

    def add(self, name, function):
        if name in self:
            raise ValueError(f"parity case {name!r} is defined twice")
        self[name] = function

    def case(self, function):
        """Decorator: registers `function` under its own name."""
        self.add(function.__name__, function)
        return function


def subjects(kind):
    """Names of the case files of a kind ("keras" or "graph"), sorted."""
    files = (HERE / f"{kind}_cases").glob("*.py")
    return sorted(file.stem for file in files if not file.stem.startswith("_"))


def load_cases(kind, subject):
    """The CaseTable of one case file."""
    return importlib.import_module(f"{kind}_cases.{subject}").CASES


def run_case(kind, library, function):
    """Runs one case and returns its results as NumPy arrays. Graph cases each get a graph of their
    own.
    """
    if kind == "graph":
        with library.Graph().as_default():
            results = function(library, np)
    else:
        results = function(library, np)
    return {key: np.asarray(value) for key, value in results.items()}


# Fixtures: one JSON file per case file, one line per array, so that a change shows up.


def fixture_path(kind, subject):
    return HERE / "fixtures" / f"{kind}_{subject}.json"


def encode(array):
    """An array as JSON-ready dict. float32 is written with 9 significant digits, float64 with 17:
    both round-trip.
    """
    if array.dtype == np.float32:
        data = [float(f"{value:.9g}") for value in array.ravel().astype(np.float64)]
    else:
        data = array.ravel().tolist()
    dtype = "str" if array.dtype.kind == "U" else array.dtype.name
    return {"dtype": dtype, "shape": list(array.shape), "data": data}


def decode(entry):
    dtype = np.dtype("U") if entry["dtype"] == "str" else np.dtype(entry["dtype"])
    if dtype.kind == "U":
        return np.array(entry["data"], dtype=str).reshape(entry["shape"])
    return np.array(entry["data"], dtype=dtype).reshape(entry["shape"])


def write_fixture(kind, subject, versions, results):
    """Writes the results of one case file: {case: {key: array}}. `versions` names the libraries
    that gave them.
    """
    lines = []
    for name in sorted(results):
        entries = [
            f"  {json.dumps(key)}: {json.dumps(encode(array), separators=(',', ':'))}"
            for key, array in sorted(results[name].items())
        ]
        lines.append(f" {json.dumps(name)}: {{\n" + ",\n".join(entries) + "\n }")
    body = ",\n".join(lines)
    fixture_path(kind, subject).write_text(
        f'{{"versions": {json.dumps(versions, sort_keys=True)},\n"cases": {{\n{body}\n}}}}\n'
    )


def read_fixture(kind, subject):
    """{case: {key: array}} as recorded; {} when the file does not exist."""
    path = fixture_path(kind, subject)
    if not path.exists():
        return {}
    cases = json.loads(path.read_text())["cases"]
    return {
        name: {key: decode(entry) for key, entry in entries.items()}
        for name, entries in cases.items()
    }


# The measure of error.


def _kind_of(dtype):
    return {
        "i": "integer",
        "u": "integer",
        "f": "float",
        "V": "float",
        "b": "bool",
        "U": "string",
    }.get(dtype.kind, "other")


def relative_error(actual, expected, exact_dtype=False):
    """The largest error of `actual` against `expected`, in units of max(|expected|, rms(expected),
    MAGNITUDE_FLOOR).

    Integers, booleans and strings must be equal (0 or infinity). NaN equals NaN, an infinity equals
    itself. A different shape, or a different kind of dtype (with `exact_dtype`: a different dtype),
    is an infinite error.
    """
    if actual.shape != expected.shape or _kind_of(actual.dtype) != _kind_of(expected.dtype):
        return float("inf")
    if exact_dtype and expected.dtype.kind != "U" and actual.dtype != expected.dtype:
        return float("inf")
    if expected.dtype.kind != "f":
        return 0.0 if np.array_equal(actual, expected) else float("inf")
    if expected.size == 0:
        return 0.0
    actual, expected = actual.astype(np.float64), expected.astype(np.float64)
    finite = np.isfinite(expected)
    if (
        not np.array_equal(actual[~finite], expected[~finite], equal_nan=True)
        or not np.isfinite(actual[finite]).all()
    ):
        return float("inf")
    if not finite.any():
        return 0.0
    expected, actual = expected[finite], actual[finite]
    rms = np.sqrt(np.mean(np.square(expected)))
    return float(
        np.max(np.abs(actual - expected) / np.maximum(np.abs(expected), max(rms, MAGNITUDE_FLOOR)))
    )


def case_error(kind, actual, expected):
    """(largest error over the arrays of a case, the key it belongs to). Missing or additional keys
    are infinite errors.
    """
    if set(actual) != set(expected):
        return float("inf"), f"keys {sorted(actual)} instead of {sorted(expected)}"
    errors = {
        key: relative_error(actual[key], expected[key], exact_dtype=kind == "graph")
        for key in expected
    }
    worst = max(errors, key=errors.get, default=None)
    return (errors[worst], worst) if worst is not None else (0.0, "")
