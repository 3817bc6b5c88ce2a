"""The data arguments of fit and the like."""

import sys

import numpy as np

from ._values import as_array


def arrays_of(x, y=None, sample_weight=None):
    """(x, y, sample_weight or None) as arrays. Batches from an iterable are put together."""
    if y is None and not hasattr(x, "shape") and hasattr(x, "__iter__"):
        x, y, sample_weight = _joined(x)
    if x is None or y is None:
        raise ValueError("both x and y are needed: inputs and targets with one row per sample")
    weight = None if sample_weight is None else as_array(sample_weight)
    return as_array(x), as_array(y), weight


def _joined(batches):
    """All batches (x, y) or (x, y, sample_weight) of an iterable with a length, as arrays."""
    if not hasattr(batches, "__len__"):
        raise ValueError(
            f"{batches!r} has no length: it may never end. Give arrays, or a list of batches"
        )
    parts = [tuple(batch) for batch in batches]
    sizes = {len(part) for part in parts}
    if len(sizes) != 1 or not sizes <= {2, 3}:
        raise ValueError("an iterable must give batches (x, y) or (x, y, sample_weight)")
    arrays = [np.concatenate([as_array(item) for item in column]) for column in zip(*parts)]
    return arrays if len(arrays) == 3 else (*arrays, None)


def verbosity(verbose):
    """0: silent, 1: a bar, 2: a line per epoch. "auto" is a bar where one can be redrawn."""
    if verbose != "auto":
        return int(verbose)
    out = sys.stdout
    notebook = type(out).__module__.startswith("ipykernel")
    return 1 if notebook or (hasattr(out, "isatty") and out.isatty()) else 2
