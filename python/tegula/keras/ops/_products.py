"""Products of vectors, matrices and tensors."""

import math

import numpy as np

from ... import _array_ops as _arrays
from ... import _core
from ... import _math_ops as _math
from ._dispatch import axis_in, floating, gathered, known_size, number, op, promoted, tensor
from ._shapes import _cut, _sizes, moveaxis


def _factors(x1, x2):
    """Both operands as numbers of one dtype."""
    return [number(x) for x in promoted(x1, x2)]


@op
def matmul(x1, x2):
    """The matrix product of the last two axes; vectors are rows or columns that go again."""
    a, b = _factors(x1, x2)
    if not a.ndim or not b.ndim:
        raise ValueError("matmul takes no scalars; use multiply")
    left = _arrays.expand_dims(a, 0) if a.ndim == 1 else a
    right = _arrays.expand_dims(b, -1) if b.ndim == 1 else b
    product = _matrix_product(left, right)
    drop = [product.ndim - 2] * (a.ndim == 1) + [product.ndim - 1] * (b.ndim == 1)
    return _arrays.squeeze(product, drop) if drop else product


def _through_floats(product, a, b):
    """`product(a, b)`; integers go through float64, which holds them up to 2^53."""
    if a.dtype.is_floating:
        return product(a, b)
    return tensor(product(tensor(a, "float64"), tensor(b, "float64")), a.dtype)


def _matrix_product(a, b):
    return _through_floats(_math.matmul, a, b)


def _contracted(a, b, axes_a, axes_b):
    return _through_floats(lambda x, y: _math.tensordot(x, y, [axes_a, axes_b]), a, b)


@op
def tensordot(x1, x2, axes=2):
    """Sums of products over axes: the last n of x1 and first n of x2, or a pair of lists of axes."""
    a, b = _factors(x1, x2)
    if hasattr(axes, "__index__"):
        return _contracted(a, b, list(range(a.ndim - axes, a.ndim)), list(range(axes)))
    lists = [list(v) if isinstance(v, (tuple, list)) else [v] for v in axes]
    return _contracted(
        a, b, [axis_in(i, a.ndim) for i in lists[0]], [axis_in(i, b.ndim) for i in lists[1]]
    )


@op
def dot(x1, x2):
    """The sum of products over the last axis of x1 and the last but one, or only one, of x2."""
    a, b = _factors(x1, x2)
    if not a.ndim or not b.ndim:
        return a * b
    return _contracted(a, b, [a.ndim - 1], [max(b.ndim - 2, 0)])


@op
def inner(x1, x2):
    """The sum of products over the last axes."""
    a, b = _factors(x1, x2)
    if not a.ndim or not b.ndim:
        return a * b
    return _contracted(a, b, [a.ndim - 1], [b.ndim - 1])


@op
def vdot(x1, x2):
    """The sum of products of all elements."""
    a, b = (_arrays.reshape(x, [-1]) for x in _factors(x1, x2))
    return _math.reduce_sum(a * b)


@op
def outer(x1, x2):
    """The products of all elements of x1 with all of x2."""
    a, b = _factors(x1, x2)
    return _arrays.reshape(a, [-1, 1]) * _arrays.reshape(b, [1, -1])


@op
def kron(x1, x2):
    """Every element of x1 times x2, as one large array."""
    a, b = _factors(x1, x2)
    rank = max(a.ndim, b.ndim)
    shapes = []
    for x in (a, b):
        sizes = [known_size(x, i, "kron") for i in range(x.ndim)]
        shapes.append([1] * (rank - x.ndim) + sizes)
    left = _arrays.reshape(a, [n for s in shapes[0] for n in (s, 1)])
    right = _arrays.reshape(b, [n for s in shapes[1] for n in (1, s)])
    return _arrays.reshape(left * right, [m * n for m, n in zip(*shapes)])


@op
def cross(x1, x2, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """The vector product of vectors of 2 or 3 elements along the axes."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = (moveaxis(x, i, -1) for x, i in zip(_factors(x1, x2), (axisa, axisb)))
    sizes = [known_size(x, -1, "cross") for x in (a, b)]
    if not set(sizes) <= {2, 3}:
        raise ValueError(f"cross: the vectors must have 2 or 3 elements, got {sizes[0]} and {sizes[1]}")
    u = [a[..., i] for i in range(sizes[0])]
    v = [b[..., i] for i in range(sizes[1])]
    last = u[0] * v[1] - u[1] * v[0]
    if sizes == [2, 2]:
        return last
    # Without a third element it is 0.
    first = (u[1] * v[2] if sizes[1] == 3 else 0) - (u[2] * v[1] if sizes[0] == 3 else 0)
    second = (u[2] * v[0] if sizes[0] == 3 else 0) - (u[0] * v[2] if sizes[1] == 3 else 0)
    return moveaxis(_arrays.stack([first, second, last], -1), -1, axisc)


@op
def correlate(x1, x2, mode="valid"):
    """Sums of products of one vector with the other at every offset; "valid", "same" or "full"."""
    a, b = floating(x1, x2)
    if a.ndim != 1 or b.ndim != 1:
        raise _core.ShapeError(f"correlate takes vectors, got shapes {a.shape} and {b.shape}")
    m, n = (known_size(x, 0, "correlate") for x in (a, b))
    if mode not in ("valid", "same", "full"):
        raise ValueError(f"mode must be either `valid`, `full` or `same`, but got: {mode}")
    everything = _full_correlation(a, b, m, n)
    if mode == "full":
        return everything
    if mode == "same":
        start = (min(m, n) - 1) // 2 if m >= n else min(m, n) // 2
        return _cut(everything, 0, start, start + max(m, n))
    return _cut(everything, 0, min(m, n) - 1, max(m, n))


def _full_correlation(a, b, m, n):
    places = np.arange(m + n - 1)[:, None] - (n - 1) + np.arange(n)[None, :]
    inside = (places >= 0) & (places < m)
    windows = gathered(a, np.clip(places, 0, m - 1), 0)
    windows = _arrays.where(tensor(inside), windows, _math.cast(0, a.dtype))
    return _math.reduce_sum(windows * b, -1)


# Sums over indices by name.


def _letters(subscripts, operands):
    """(names of the axes of each operand, of the result), with "..." written out."""
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        raise ValueError(f"einsum: {subscripts!r} is for {len(terms)} operands, got {len(operands)}")
    ranks = [x.ndim - len(t.replace("...", "")) for t, x in zip(terms, operands) if "..." in t]
    hidden = [chr(0x100 + i) for i in range(max(ranks, default=0))]
    written = []
    for term, x in zip(terms, operands):
        count = x.ndim - len(term.replace("...", ""))
        term = term.replace("...", "".join(hidden[len(hidden) - count :]) if count else "")
        if len(term) != x.ndim:
            raise ValueError(f"einsum: {subscripts!r} names {len(term)} axes of shape {x.shape}")
        written.append(term)
    if arrow:
        return written, right.replace("...", "".join(hidden))
    everything = "".join(written)
    named = sorted(c for c in set(everything) - set(hidden) if everything.count(c) == 1)
    return written, "".join(hidden + named)


def _without_repeats(x, names):
    """The diagonal of axes of one name."""
    from ._shapes import diagonal

    for name in names:
        while names.count(name) > 1:
            first = names.index(name)
            second = names.index(name, first + 1)
            x = diagonal(x, 0, first, second)
            names = "".join(c for i, c in enumerate(names) if i not in (first, second)) + name
    return x, names


def _summed(x, names, kept):
    """Sums over the axes that nobody needs."""
    axes = [i for i, c in enumerate(names) if c not in kept]
    if not axes:
        return x, names
    return _math.reduce_sum(x, axes), "".join(c for c in names if c in kept)


def _ordered(x, names, wanted):
    return x if names == wanted else _arrays.transpose(x, [names.index(c) for c in wanted])


def _pair(a, names_a, b, names_b, kept):
    """The product of two operands, summed over what only they share, as one matrix product."""
    batch = [c for c in names_a if c in names_b and c in kept]
    inner = [c for c in names_a if c in names_b and c not in kept]
    free_a = [c for c in names_a if c not in names_b]
    free_b = [c for c in names_b if c not in names_a]
    a = _ordered(a, names_a, "".join(batch + free_a + inner))
    b = _ordered(b, names_b, "".join(batch + inner + free_b))
    sizes_a, sizes_b = _sizes(a), _sizes(b)
    n = len(batch)
    shape_a, shape_b = sizes_a[n : n + len(free_a)], sizes_b[n + len(inner) :]
    depth = [x if x != -1 else y for x, y in zip(sizes_a[n + len(free_a) :], sizes_b[n : n + len(inner)])]
    leading = [max(x, y) for x, y in zip(sizes_a[:n], sizes_b[:n])]
    left = _arrays.reshape(a, sizes_a[:n] + [_product(shape_a), _product(depth)])
    right = _arrays.reshape(b, sizes_b[:n] + [_product(depth), _product(shape_b)])
    product = _arrays.reshape(_matrix_product(left, right), leading + shape_a + shape_b)
    return product, "".join(batch + free_a + free_b)


def _product(sizes):
    return -1 if -1 in sizes else math.prod(sizes)


@op
def einsum(subscripts, *operands, **kwargs):
    """Sums of products over the axes that the result does not name: "ij,jk->ik"."""
    if kwargs:
        raise _core.InvalidArgument(f"keras.ops.einsum: {', '.join(kwargs)} are not supported")
    values = [number(x) for x in promoted(*operands)]
    terms, result = _letters(subscripts, values)
    pairs = [_without_repeats(x, names) for x, names in zip(values, terms)]
    while True:
        x, names = pairs.pop(0)
        needed = set(result).union(*(other for _, other in pairs))
        x, names = _summed(x, names, needed)
        if not pairs:
            return _ordered(x, names, result)
        y, others = pairs.pop(0)
        kept = set(result).union(*(other for _, other in pairs))
        y, others = _summed(y, others, kept | set(names))
        pairs.insert(0, _pair(x, names, y, others, kept))
