"""Shapes, and where elements lie."""

import builtins

import numpy as np

from ... import _array_ops as _arrays
from ... import _math_ops as _math
from ..._framework import apply
from ._dispatch import axis_in, gathered, known, known_size, number, op, promoted, refused, tensor


def _sizes(x):
    """The shape as ints, with -1 where it is not known."""
    return [-1 if d is None else int(d) for d in x.shape]


def _axes(axis):
    return list(axis) if isinstance(axis, (tuple, list)) else [axis]


@op
def ndim(x):
    """The number of axes."""
    return tensor(x).ndim


@op
def size(x):
    """The number of elements."""
    x = tensor(x)
    count = x.shape.num_elements()
    return _arrays.size(x) if count is None else tensor(np.int32(count))


@op
def reshape(x, newshape):
    """The same elements in another shape; one size may be -1."""
    return _arrays.reshape(tensor(x), newshape)


@op
def ravel(x):
    """All elements along one axis."""
    return _arrays.reshape(tensor(x), [-1])


@op
def transpose(x, axes=None):
    """The axes in another order; by default reversed."""
    x = tensor(x)
    return _arrays.transpose(x, None if axes is None else [axis_in(a, x.ndim) for a in axes])


@op
def swapaxes(x, axis1, axis2):
    """Two axes exchanged."""
    x = tensor(x)
    order = list(range(x.ndim))
    a, b = axis_in(axis1, x.ndim), axis_in(axis2, x.ndim)
    order[a], order[b] = order[b], order[a]
    return _arrays.transpose(x, order)


@op
def moveaxis(x, source, destination):
    """Axes moved to other places; the others keep their order."""
    x = tensor(x)
    sources = [axis_in(a, x.ndim) for a in _axes(source)]
    places = [axis_in(a, x.ndim) for a in _axes(destination)]
    if len(sources) != len(places):
        raise ValueError(f"moveaxis: {source} and {destination} differ in length")
    order = [i for i in range(x.ndim) if i not in sources]
    for place, axis in sorted(zip(places, sources)):
        order.insert(place, axis)
    return _arrays.transpose(x, order)


@op
def expand_dims(x, axis):
    """New axes of size 1 at these places of the result."""
    x = tensor(x)
    rank = x.ndim + len(_axes(axis))
    for place in sorted(axis_in(a, rank) for a in _axes(axis)):
        x = _arrays.expand_dims(x, place)
    return x


@op
def squeeze(x, axis=None):
    """Without axes of size 1: the given ones, or all."""
    x = tensor(x)
    if axis is None:
        return _arrays.squeeze(x)
    axes = [axis_in(a, x.ndim) for a in _axes(axis)]
    for a in axes:
        if x.shape[a] not in (1, None):
            raise ValueError(f"Cannot squeeze axis={a}, because the dimension is not 1.")
    return _arrays.squeeze(x, axes) if axes else x


@op
def broadcast_to(x, shape):
    """x repeated to a shape."""
    return _arrays.broadcast_to(tensor(x), shape)


@op
def flip(x, axis=None):
    """The elements in reverse order along the axes, or along all."""
    x = tensor(x)
    axes = range(x.ndim) if axis is None else _axes(axis)
    return _arrays.reverse(x, list(axes)) if x.ndim else x


@op
def fliplr(x):
    """The columns in reverse order."""
    return flip(x, 1)


@op
def flipud(x):
    """The rows in reverse order."""
    return flip(x, 0)


@op
def rot90(array, k=1, axes=(0, 1)):
    """Rotated k times by a right angle, from the first of the axes towards the second."""
    x = tensor(array)
    if x.ndim < 2:
        raise ValueError(f"Input array must have at least 2 dimensions. Received: array.ndim={x.ndim}")
    first, second = (axis_in(a, x.ndim) for a in axes)
    if first == second:
        raise ValueError(f"Invalid axes: {axes}. Axes must be a tuple of two different dimensions.")
    k %= 4
    if k == 2:
        return flip(x, (first, second))
    if k == 1:
        return swapaxes(flip(x, second), first, second)
    return flip(swapaxes(x, first, second), second) if k == 3 else x


@op
def roll(x, shift, axis=None):
    """The elements moved along an axis, the last ones to the front; over all elements for None."""
    x = tensor(x)
    if axis is None:
        return _arrays.reshape(roll(_arrays.reshape(x, [-1]), shift, 0), _sizes(x))
    shifts = _axes(shift)
    for by, a in zip(shifts * (len(_axes(axis)) if len(shifts) == 1 else 1), _axes(axis)):
        a = axis_in(a, x.ndim)
        length = known_size(x, a, "roll")
        by = by % length if length else 0
        if by:
            x = _arrays.concat([_cut(x, a, length - by, length), _cut(x, a, 0, length - by)], a)
    return x


def _cut(x, axis, begin, end):
    return x[(builtins.slice(None),) * axis + (builtins.slice(begin, end),)]


@op
def repeat(x, repeats, axis=None):
    """Each element so many times, one after the other; over all elements for None."""
    x = tensor(x)
    if axis is None:
        x, axis = _arrays.reshape(x, [-1]), 0
    axis = axis_in(axis, x.ndim)
    length = known_size(x, axis, "repeat")
    index = np.repeat(np.arange(length), known(repeats, "repeats").reshape(-1))
    return gathered(x, index, axis)


@op
def tile(x, repeats):
    """x repeated as a whole along the axes; new ones come first."""
    x = tensor(x)
    repeats = [int(r) for r in _axes(repeats)]
    for _ in range(len(repeats) - x.ndim):
        x = _arrays.expand_dims(x, 0)
    return _arrays.tile(x, [1] * (x.ndim - len(repeats)) + repeats)


# Joining and cutting.


@op
def concatenate(xs, axis=0):
    """The values one after the other along an axis."""
    return _arrays.concat(promoted(*xs), axis)


@op
def append(x1, x2, axis=None):
    """x1, then x2 along an axis; all elements of both for None."""
    a, b = promoted(x1, x2)
    if axis is None:
        return _arrays.concat([_arrays.reshape(a, [-1]), _arrays.reshape(b, [-1])], 0)
    return _arrays.concat([a, b], axis)


@op
def stack(x, axis=0):
    """The values along a new axis."""
    return _arrays.stack(promoted(*x), axis)


def _at_least(x, rank):
    """New axes of size 1: a vector becomes a row, for rank 3 a matrix gets a last axis."""
    if rank >= 2 and x.ndim < 2:
        x = _arrays.reshape(x, [1, -1])
    return _arrays.expand_dims(x, -1) if rank == 3 and x.ndim == 2 else x


@op
def vstack(xs):
    """The values as rows, one below the other."""
    return _arrays.concat([_at_least(x, 2) for x in promoted(*xs)], 0)


@op
def hstack(xs):
    """The values side by side: along the second axis, or the only one."""
    xs = [_arrays.reshape(x, [-1]) if x.ndim == 0 else x for x in promoted(*xs)]
    return _arrays.concat(xs, 0 if xs[0].ndim == 1 else 1)


@op
def dstack(xs):
    """The values along the third axis."""
    return _arrays.concat([_at_least(x, 3) for x in promoted(*xs)], 2)


def _pieces(x, indices_or_sections, axis, even):
    x = tensor(x)
    axis = axis_in(axis, x.ndim)
    length = known_size(x, axis, "split")
    if hasattr(indices_or_sections, "__index__"):
        count = int(indices_or_sections)
        if even and length % count:
            raise ValueError(f"split: axis {axis} of size {length} cannot be cut into {count} pieces")
        cuts = np.cumsum([length // count + (i < length % count) for i in range(count)])[:-1]
    else:
        cuts = known(indices_or_sections, "places of a split")
    # As slices do: negative places count from the end, those beyond it are the end.
    bounds = [builtins.slice(None, int(cut)).indices(length)[1] for cut in cuts]
    ends = [*bounds, length]
    return [_cut(x, axis, begin, max(begin, end)) for begin, end in zip([0, *bounds], ends)]


@op
def split(x, indices_or_sections, axis=0):
    """Pieces along an axis: so many of one size, or cut at these places."""
    return _pieces(x, indices_or_sections, axis, True)


@op
def array_split(x, indices_or_sections, axis=0):
    """Pieces along an axis, the first of which may be larger by one."""
    return _pieces(x, indices_or_sections, axis, False)


@op
def hsplit(x, indices_or_sections):
    """Pieces along the second axis, or the only one."""
    return _pieces(x, indices_or_sections, 0 if tensor(x).ndim == 1 else 1, True)


@op
def vsplit(x, indices_or_sections):
    """Pieces along the first axis."""
    return _pieces(x, indices_or_sections, 0, True)


@op
def dsplit(x, indices_or_sections):
    """Pieces along the third axis."""
    return _pieces(x, indices_or_sections, 2, True)


@op
def meshgrid(*x, indexing="xy"):
    """Coordinates of a grid: of each vector its element at every point."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"indexing parameter must be either 'xy' or 'ij', got {indexing}")
    xs = [_arrays.reshape(tensor(v), [-1]) for v in x]
    count = len(xs)
    swapped = indexing == "xy" and count > 1
    order = [1, 0, *range(2, count)] if swapped else list(range(count))
    sizes = [known_size(xs[i], 0, "meshgrid") for i in order]
    placed = [
        _arrays.reshape(v, [-1 if axis == order.index(i) else 1 for axis in range(count)])
        for i, v in enumerate(xs)
    ]
    return [_arrays.broadcast_to(v, sizes) for v in placed]


# Borders.


def _zigzag(index, last):
    """0, 1, …, last, …, 1, 0, 1, … at 0, 1, 2, …"""
    return last - abs(index % (2 * last) - last)


def continued(index, length, mode):
    """The elements of an axis that stand at these integers, an array or a Tensor, within it and beyond
    its ends, in the modes of `pad` but "constant" and "edge".
    """
    if mode == "wrap":
        return index % length
    if mode == "symmetric":
        return (_zigzag(2 * index + 1, 2 * length) - 1) // 2
    return _zigzag(index, length - 1) if length > 1 else index * 0


def _mirrored(x, axis, before, after, mode):
    """x with its elements continued beyond both ends of an axis."""
    length = known_size(x, axis, "pad")
    index = np.arange(-before, length + after)
    index = np.clip(index, 0, length - 1) if mode == "edge" else continued(index, length, mode)
    return gathered(x, index, axis)


@op
def pad(x, pad_width, mode="constant", constant_values=None):
    """More elements before and after each axis: ((before, after), …), (before, after) or one number."""
    x = tensor(x)
    if constant_values is not None and mode != "constant":
        raise ValueError(
            "Argument `constant_values` can only be provided when `mode == 'constant'`. "
            f"Received: mode={mode}"
        )
    widths = np.broadcast_to(known(pad_width, "pad_width"), (x.ndim, 2)).tolist()
    if mode == "constant":
        value = builtins.float(known(0 if constant_values is None else constant_values, "a pad's value"))
        attrs = {"before": [w[0] for w in widths], "after": [w[1] for w in widths], "value": value}
        return apply("pad", [x], attrs)
    if mode not in ("reflect", "symmetric", "edge", "wrap"):
        raise refused("mode", mode, "pad", "constant, reflect, symmetric, edge and wrap are")
    for axis, (before, after) in enumerate(widths):
        if before or after:
            x = _mirrored(x, axis, int(before), int(after), mode)
    return x


# Parts of matrices.


def _band(x, keep):
    """x where `keep(column - row)`, a function of arrays, else 0."""
    x = tensor(x)
    rows, columns = (known_size(x, i, "the size of a matrix") for i in (-2, -1))
    mask = keep(np.arange(columns)[None, :] - np.arange(rows)[:, None])
    return _arrays.where(tensor(mask), x, _math.cast(0, x.dtype))


@op
def tril(x, k=0):
    """The lower triangle, up to the diagonal k; 0 elsewhere."""
    return _band(x, lambda distance: distance <= k)


@op
def triu(x, k=0):
    """The upper triangle, from the diagonal k on; 0 elsewhere."""
    return _band(x, lambda distance: distance >= k)


@op
def diagonal(x, offset=0, axis1=0, axis2=1):
    """A diagonal of two axes, along a new last one."""
    x = moveaxis(x, (axis1, axis2), (-2, -1))
    rows, columns = (known_size(x, i, "the size of a matrix") for i in (-2, -1))
    count = max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    index = (np.arange(count) - min(offset, 0)) * columns + np.arange(count) + max(offset, 0)
    flat = _arrays.reshape(x, _sizes(x)[:-2] + [rows * columns])
    return gathered(flat, index, flat.ndim - 1)


@op
def trace(x, offset=0, axis1=0, axis2=1):
    """The sum of a diagonal."""
    return _math.reduce_sum(number(diagonal(x, offset, axis1, axis2)), -1)


@op
def diag(x, k=0):
    """A matrix with the vector x on its diagonal k; of a matrix its diagonal k."""
    x = tensor(x)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ValueError(f"`x` must be 1-D or 2-D. Received: x.shape={x.shape}")
    size_of = known_size(x, 0, "diag") + abs(k)
    on = np.eye(size_of, k=k, dtype=bool)
    padded = apply("pad", [x], {"before": [max(k, 0)], "after": [max(-k, 0)], "value": 0.0})
    return _arrays.where(tensor(on), _arrays.reshape(padded, [1, -1]), _math.cast(0, x.dtype))


@op
def diagflat(x, k=0):
    """A matrix with all elements of x on its diagonal k."""
    return diag(_arrays.reshape(tensor(x), [-1]), k)


# Differences.


@op
def diff(a, n=1, axis=-1):
    """Differences of neighbours along an axis, n times."""
    x = tensor(a)
    axis = axis_in(axis, x.ndim)
    for _ in range(n):
        low, high = _cut(x, axis, 0, -1), _cut(x, axis, 1, None)
        x = _math.logical_xor(high, low) if x.dtype.is_bool else high - low
    return x
