"""Blocks and rows that are taken or set where indices say, segments, and the largest elements."""

import builtins
import math

import numpy as np

from ... import _array_ops as _arrays
from ... import _math_ops as _math
from ..._framework import apply
from ._dispatch import gathered, known, known_size, number, op, tensor
from ._indexing import _indices, take_along_axis
from ._shapes import _sizes


@op
def slice(inputs, start_indices, shape):  # noqa: A001 - Keras's name
    """The block of this shape that starts at these indices, which are moved so that it lies within."""
    x = tensor(inputs)
    starts = _starts(x, start_indices, shape)
    if starts is not None:
        return x[tuple(builtins.slice(b, b + n) for b, n in zip(starts, shape))]
    start = _math.cast(tensor(start_indices), "int64")
    for axis, length in enumerate(shape):
        index = start[axis] + np.arange(length, dtype=np.int64)
        x = gathered(x, index, axis)
    return x


def _starts(x, start_indices, shape):
    """The indices as ints, within x; None for those that are known when the graph runs."""
    given = start_indices if isinstance(start_indices, (tuple, list)) else [start_indices]
    values = [_arrays.constant_value(v) for v in given]
    if any(v is None for v in values):
        return None
    starts = [int(v) for value in values for v in value.reshape(-1)]
    sizes = _sizes(x)
    return [b if d == -1 else max(0, min(b, d - n)) for b, d, n in zip(starts, sizes, shape)]


@op
def slice_update(inputs, start_indices, updates):
    """`inputs` with the block that starts at these indices replaced."""
    x, updates = tensor(inputs), tensor(updates)
    updates = _math.cast(updates, x.dtype)
    block = [known_size(updates, i, "slice_update") for i in range(updates.ndim)]
    starts = _starts(x, start_indices, block)
    if starts is None:
        return _update_at(x, _math.cast(tensor(start_indices), "int64"), updates, block)
    sizes = [known_size(x, i, "slice_update") for i in range(x.ndim)]
    after = [d - b - n for d, b, n in zip(sizes, starts, block)]
    attrs = {"before": starts, "after": after, "value": 0.0}
    mask = np.pad(np.ones(block, bool), list(zip(starts, after)))
    return _arrays.where(tensor(mask), apply("pad", [updates], attrs), x)


def _update_at(x, start, updates, block):
    sizes = [known_size(x, i, "slice_update") for i in range(x.ndim)]
    strides = [math.prod(sizes[i + 1 :]) for i in range(x.ndim)]
    places = sum(
        np.arange(n, dtype=np.int64).reshape([-1 if i == j else 1 for j in range(x.ndim)]) * s
        for i, (n, s) in enumerate(zip(block, strides))
    )
    first = _math.reduce_sum(start * np.array(strides, np.int64))
    index = _arrays.reshape(first + places, [-1])
    flat = apply("scatter", [_arrays.reshape(x, [-1]), index, _arrays.reshape(updates, [-1])])
    return _arrays.reshape(flat, sizes)


# Scattered updates.

_REDUCTIONS = {None: "replace", "add": "add", "mul": "mul", "max": "max", "min": "min"}


def _scattered(x, indices, updates, reduction):
    """x with the parts at the rows of `indices`, [..., axes], replaced by or combined with updates."""
    index = _math.cast(tensor(indices), "int64")
    depth = known_size(index, -1, "scatter")
    sizes = [known_size(x, i, "scatter") for i in range(x.ndim)]
    strides = np.array([math.prod(sizes[i + 1 : depth]) for i in range(depth)], np.int64)
    sizes_indexed = np.array(sizes[:depth], np.int64)
    index = _arrays.where(index < 0, index + sizes_indexed, index)
    rows = _arrays.reshape(_math.reduce_sum(index * strides, -1), [-1])
    inner = sizes[depth:]
    flat = _arrays.reshape(x, [math.prod(sizes[:depth]), *inner])
    updates = _arrays.reshape(updates, [-1, *inner])
    result = apply("scatter", [flat, rows, updates], {"reduction": reduction})
    return _arrays.reshape(result, sizes)


@op
def scatter(indices, values, shape):
    """Zeros of a shape, with the values added at the indices."""
    values = tensor(values)
    zeros = _arrays.zeros(_arrays.static_dims(shape, "the shape of a scatter"), values.dtype)
    return _scattered(zeros, indices, values, "add")


@op
def scatter_update(inputs, indices, updates, reduction=None):
    """`inputs` with the updates at the indices; or "add", "mul", "max" or "min" of both."""
    if reduction not in _REDUCTIONS:
        raise ValueError(
            f"`reduction` must be None, 'add', 'max', 'min' or 'mul'. Received: reduction={reduction}"
        )
    x = tensor(inputs)
    return _scattered(x, indices, _math.cast(tensor(updates), x.dtype), _REDUCTIONS[reduction])


# Segments.


def _segments(name, data, segment_ids, num_segments, start):
    x, index = number(data), tensor(segment_ids)
    if num_segments is None:
        ids = known(index, f"{name} without num_segments: segment_ids")
        num_segments = int(ids.max()) + 1 if ids.size else 0
    count = int(num_segments)
    shape = [count] + [known_size(x, i, name) for i in range(1, x.ndim)]
    filled = _arrays.constant(np.full(shape, start(x.dtype), x.dtype.numpy_dtype))
    reduction = {"sum": "add", "prod": "mul"}.get(name.removeprefix("segment_"), name[-3:])
    return apply("scatter", [filled, _indices(index, None), x], {"reduction": reduction})


@op
def segment_sum(data, segment_ids, num_segments=None, sorted=False):  # noqa: A002
    """The sums of the rows of each segment."""
    return _segments("segment_sum", data, segment_ids, num_segments, lambda dtype: 0)


@op
def segment_prod(data, segment_ids, num_segments=None, sorted=False):  # noqa: A002
    """The products of the rows of each segment."""
    return _segments("segment_prod", data, segment_ids, num_segments, lambda dtype: 1)


@op
def segment_max(data, segment_ids, num_segments=None, sorted=False):  # noqa: A002
    """The largest elements of each segment; the least number for none."""
    return _segments("segment_max", data, segment_ids, num_segments, lambda dtype: dtype.min)


@op
def segment_min(data, segment_ids, num_segments=None, sorted=False):  # noqa: A002
    """The smallest elements of each segment; the largest number for none."""
    return _segments("segment_min", data, segment_ids, num_segments, lambda dtype: dtype.max)


# The largest.


@op
def top_k(x, k, sorted=True):  # noqa: A002 - Keras's name
    """(the k largest elements along the last axis, largest first, their places as int32)."""
    x = tensor(x)
    order = apply("argsort", [x], {"axis": x.ndim - 1, "descending": True})[..., : int(k)]
    return take_along_axis(x, order, -1), _math.cast(order, "int32")


@op
def in_top_k(targets, predictions, k):
    """Of each row whether the prediction at its target is among the k largest, and finite."""
    predictions, targets = tensor(predictions), tensor(targets)
    index = _arrays.expand_dims(_math.cast(targets, "int64"), -1)
    own = take_along_axis(predictions, index, -1)
    larger = _math.reduce_sum(_math.cast(predictions > own, "int32"), -1)
    finite = _math.is_finite(_arrays.squeeze(own, [-1]))
    return _math.logical_and(larger < int(k), finite)
