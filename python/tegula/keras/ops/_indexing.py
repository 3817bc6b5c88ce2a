"""Elements taken and set by index, orders, and what depends on which values occur."""

import builtins
import math

import numpy as np

from ... import _array_ops as _arrays
from ... import _core
from ... import _math_ops as _math
from ..._framework import Tensor, apply
from ._dispatch import (
    axis_in,
    floating,
    gathered,
    known,
    number,
    op,
    promoted,
    refused,
    tensor,
)
from ._shapes import _sizes


def _indices(x, size):
    """Indices of which negative ones count from the end."""
    x = tensor(x)
    if x.dtype.name not in ("int32", "int64"):
        x = _math.cast(x, "int32")
    if size is None:
        return x
    value = _arrays.constant_value(x) if not isinstance(x, Tensor) else None
    return x if value is not None else _arrays.where(x < 0, x + size, x)


@op
def take(x, indices, axis=None):
    """Elements along an axis, or of all along one for None, at the indices."""
    x = tensor(x)
    if axis is None:
        x, axis = _arrays.reshape(x, [-1]), 0
    axis = axis_in(axis, x.ndim)
    return gathered(x, _indices(indices, x.shape[axis]), axis)


def _places(index, sizes, axis):
    """Places, counted over all elements of a shape, of elements with these indices along an axis."""
    place = index * math.prod(sizes[axis + 1 :])
    for other in range(index.ndim):
        if other != axis:
            position = apply("positions", [index], {"axis": other})
            place = place + position * math.prod(sizes[other + 1 :])
    return place


@op
def take_along_axis(x, indices, axis=None):
    """Of each line along an axis the elements at the indices of the same line."""
    x = tensor(x)
    if axis is None:
        x, axis = _arrays.reshape(x, [-1]), 0
    axis = axis_in(axis, x.ndim)
    index = _math.cast(_indices(indices, x.shape[axis]), "int64")
    sizes = _sizes(x)
    if -1 in sizes[1:]:
        raise _core.InvalidArgument(
            f"take_along_axis: only the first size of shape {x.shape} may be unknown"
        )
    # Both broadcast against each other along the other axes.
    wanted = [i if a != axis else None for a, i in enumerate(_sizes(index))]
    shape = [w if w not in (1, None) else s for w, s in zip(wanted, sizes)]
    shape[axis] = _sizes(index)[axis]
    if _sizes(index) != shape:
        index = _repeated(index, shape, x)
    own = list(shape)
    own[axis] = sizes[axis]
    if own != sizes:
        x, sizes = _arrays.broadcast_to(x, own), own
    flat = _arrays.reshape(x, [-1])
    return gathered(flat, _places(index, sizes, axis), 0)


def _repeated(index, shape, like):
    if -1 not in shape:
        return _arrays.broadcast_to(index, shape)
    # The first size comes from the other operand when the graph runs.
    rows = apply("positions", [like[(builtins.slice(None),) + (0,) * (like.ndim - 1)]])
    zeros = _arrays.reshape(rows * 0, [-1] + [1] * (like.ndim - 1))
    index = index + zeros
    return _arrays.tile(index, [1] + [s // d for s, d in zip(shape[1:], _sizes(index)[1:])])


@op
def get_item(x, key):
    """x[key] for ints, slices, None and Ellipsis."""
    x = tensor(x)
    return x[key]


# Orders.


@op
def argsort(x, axis=-1):
    """The places of the elements in increasing order, as int32; equal elements keep theirs."""
    x = tensor(x)
    if x.ndim == 0:
        return tensor(np.int32(0))
    flat, axis = (_arrays.reshape(x, [-1]), 0) if axis is None else (x, axis_in(axis, x.ndim))
    return _math.cast(apply("argsort", [flat], {"axis": axis}), "int32")


@op
def sort(x, axis=-1):
    """The elements in increasing order, NaN last."""
    x = tensor(x)
    if x.ndim == 0:
        return x
    flat, axis = (_arrays.reshape(x, [-1]), 0) if axis is None else (x, axis_in(axis, x.ndim))
    return take_along_axis(flat, apply("argsort", [flat], {"axis": axis}), axis)


@op
def argpartition(x, kth, axis=-1):
    """Places of the elements, so that the kth is where sorting puts it; all are in order here."""
    return argsort(x, axis)


@op
def searchsorted(sorted_sequence, values, side="left"):
    """The places where values go into a sorted vector, before or ("right") after equal ones; int32."""
    if side not in ("left", "right"):
        raise ValueError(f"Invalid side: {side}. Should be 'left' or 'right'")
    ordered, values = promoted(sorted_sequence, values)
    if ordered.ndim != 1:
        raise ValueError(
            "searchsorted only supports 1-D sorted sequences. You can use `keras.ops.vectorized_map` "
            "to extend it to N-D sequences."
        )
    compare = _math.less if side == "left" else _math.less_equal
    before = compare(ordered, _arrays.expand_dims(values, -1))
    return _math.reduce_sum(_math.cast(before, "int32"), -1)


@op
def digitize(x, bins):
    """The bin of each element: that of the bounds, increasing, which it has reached; int32."""
    return searchsorted(bins, x, side="right")


@op
def isin(x1, x2, assume_unique=False, invert=False):
    """Whether elements of x1 are among those of x2."""
    a, b = promoted(x1, x2)
    found = _math.reduce_any(
        _math.equal(_arrays.expand_dims(a, -1), _arrays.reshape(b, [-1])), -1
    )
    return _math.logical_not(found) if invert else found


# Counts.


@op
def bincount(x, weights=None, minlength=0, sparse=False):
    """How often each integer occurs, or the sum of its weights; of each row of a matrix. Without a
    known x in a graph, `minlength` numbers are counted.
    """
    if sparse:
        raise refused("sparse", sparse, "bincount", "there are no sparse tensors")
    index = _math.cast(tensor(x), "int64")
    values = _arrays.constant_value(index)
    count = int(minlength)
    if values is not None:
        count = max(count, int(values.max()) + 1 if values.size else 0)
    elif not count:
        known(index, "bincount without minlength: x")
    dtype = "int32" if weights is None else tensor(weights).dtype
    hot = apply("one_hot", [index], {"depth": count, "dtype": _arrays.as_dtype(dtype).name})
    if weights is not None:
        hot = hot * _arrays.expand_dims(tensor(weights), -1)
    return _math.reduce_sum(hot, -2)


@op
def histogram(x, bins=10, range=None):  # noqa: A002 - Keras's name
    """(counts of the elements in bins of one width, the bounds of the bins)."""
    x = floating(x)
    if range is not None and not (len(range) == 2 and range[0] < range[1]):
        raise ValueError(f"range must be a tuple (low, high). Received: range={range}")
    count = int(bins)
    flat = _arrays.reshape(x, [-1])
    if range is None:
        low, high = _math.reduce_min(flat), _math.reduce_max(flat)
        same = _math.cast(_math.equal(low, high), x.dtype) * 0.5
        low, high = low - same, high + same
    else:
        low, high = tensor(float(range[0]), x.dtype), tensor(float(range[1]), x.dtype)
    steps = np.arange(count + 1, dtype=x.dtype.numpy_dtype)
    edges = low + (high - low) * (steps / np.asarray(count, steps.dtype))
    place = searchsorted(edges[1:-1], flat, side="right")
    inside = _math.logical_and(flat >= low, flat <= high)
    hot = apply("one_hot", [place], {"depth": count, "dtype": "int32"})
    hot = hot * _arrays.expand_dims(_math.cast(inside, "int32"), -1)
    return tensor(_math.reduce_sum(hot, 0), x.dtype), edges


@op
def nonzero(x):
    """The indices of the elements that are not 0, one vector per axis; x is known."""
    found = np.nonzero(known(tensor(x), "nonzero: x"))
    return tuple(tensor(index.astype(np.int32)) for index in found)


@op
def unique(
    x, sorted=True, return_index=False, return_inverse=False, return_counts=False, axis=None,  # noqa: A002
    size=None, fill_value=None,
):
    """The different elements, or parts along an axis, in increasing order; x is known."""
    array = known(tensor(x), "unique: x")
    found = np.unique(array, return_index=True, return_inverse=True, return_counts=True, axis=axis)
    parts = list(found)
    parts[2] = parts[2].reshape(array.shape if axis is None else -1)
    if size is not None:
        parts = [p if i == 2 else _sized(p, i, size, axis, fill_value) for i, p in enumerate(parts)]
    wanted = (True, return_index, return_inverse, return_counts)
    results = [
        tensor(part if i == 0 else part.astype(np.int32))
        for i, (part, is_wanted) in enumerate(zip(parts, wanted))
        if is_wanted
    ]
    return results[0] if len(results) == 1 else tuple(results)


def _sized(part, number_of_part, size, axis, fill_value):
    """Cut or filled up to a size; by default with the first element."""
    along = 0 if axis is None or number_of_part else axis
    part = np.take(part, range(min(size, part.shape[along])), along)
    missing = size - part.shape[along]
    if not missing:
        return part
    first = np.take(part, [0], along)
    filling = first if number_of_part or fill_value is None else np.full_like(first, fill_value)
    if number_of_part == 3:
        filling = np.zeros_like(first)
    return np.concatenate([part, np.repeat(filling, missing, along)], along)


@op
def unravel_index(indices, shape):
    """The indices along each axis of elements that are counted over all; a tuple."""
    index = tensor(indices)
    sizes = [int(n) for n in shape]
    index = _arrays.where(index < 0, index + math.prod(sizes), index)
    return tuple(
        _math.floormod(_math.floordiv(index, math.prod(sizes[i + 1 :])), n)
        for i, n in enumerate(sizes)
    )
