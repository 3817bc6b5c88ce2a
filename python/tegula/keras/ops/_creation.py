"""Arrays of given elements: constants, ranges, windows."""

import numpy as np

from ... import _array_ops as _arrays
from ... import _math_ops as _math
from ..._dtypes import as_dtype
from ..._framework import apply
from ..config import floatx
from ._dispatch import (
    floating,
    known,
    known_size,
    number,
    op,
    result_type,
    tensor,
)


def _filled(shape, value, dtype, name):
    dims = _arrays.static_dims(shape, f"the shape of keras.ops.{name}")
    return tensor(np.full(dims, value, as_dtype(dtype or floatx()).numpy_dtype))


@op
def zeros(shape, dtype=None):
    """All elements 0, float32 by default."""
    return _filled(shape, 0, dtype, "zeros")


@op
def ones(shape, dtype=None):
    """All elements 1, float32 by default."""
    return _filled(shape, 1, dtype, "ones")


@op
def empty(shape, dtype=None):
    """Any elements: zeros."""
    return _filled(shape, 0, dtype, "empty")


@op
def full(shape, fill_value, dtype=None):
    """All elements one value, of its dtype by default."""
    dims = _arrays.static_dims(shape, "the shape of keras.ops.full")
    return _arrays.broadcast_to(tensor(fill_value, dtype), dims)


@op
def zeros_like(x, dtype=None):
    """Zeros of x's shape."""
    return _arrays.zeros_like(tensor(x), dtype)


@op
def ones_like(x, dtype=None):
    """Ones of x's shape."""
    return _arrays.ones_like(tensor(x), dtype)


@op
def empty_like(x, dtype=None):
    """Any elements of x's shape: zeros."""
    return _arrays.zeros_like(tensor(x), dtype)


@op
def full_like(x, fill_value, dtype=None):
    """One value in x's shape."""
    x = tensor(x)
    return apply("broadcast_like", [tensor(fill_value, dtype or x.dtype), x])


@op
def copy(x):
    """The same elements."""
    return _math.identity(tensor(x))


@op
def array(x, dtype=None):
    """x as an array or tensor."""
    return _math.identity(tensor(x, dtype))


@op
def eye(N, M=None, k=0, dtype=None):  # noqa: N803 - Keras's name
    """N rows and M columns, 1 on the diagonal k."""
    return tensor(np.eye(int(N), None if M is None else int(M), k, as_dtype(dtype or floatx()).numpy_dtype))


@op
def identity(n, dtype=None):
    """The identity matrix."""
    return eye(n, dtype=dtype)


@op
def tri(N, M=None, k=0, dtype=None):  # noqa: N803 - Keras's name
    """N rows and M columns, 1 up to the diagonal k."""
    return tensor(np.tri(int(N), None if M is None else int(M), k, as_dtype(dtype or floatx()).numpy_dtype))


@op
def vander(x, N=None, increasing=False):  # noqa: N803 - Keras's name
    """Powers of the elements of a vector, the highest first."""
    x = number(x)
    count = known_size(x, 0, "vander") if N is None else int(N)
    exponents = np.arange(count) if increasing else np.arange(count)[::-1]
    exponents = tensor(exponents.astype(x.dtype.numpy_dtype))
    return _math.pow(_arrays.expand_dims(x, -1), exponents)


# Ranges.


@op
def arange(start, stop=None, step=None, dtype=None):
    """start, start + step, … below stop; `arange(n)` counts from 0."""
    bounds = [v for v in (start, stop, step) if v is not None]
    if dtype is None:
        dtype = result_type(*(getattr(v, "dtype", type(v)) for v in bounds))
    start, stop, step = (None if v is None else known(v, "the bounds of a range").item() for v in (start, stop, step))
    start, stop = (0, start) if stop is None else (start, stop)
    values = np.arange(start, stop, 1 if step is None else step)
    return tensor(values.astype(as_dtype(dtype).numpy_dtype))


def _spaced(start, stop, num, endpoint):
    """(start, start and stop as floats, fractions of the way along a new first axis)."""
    start, stop = floating(start, stop)
    count = int(num)
    if count < 0:
        raise ValueError(f"`num` must be a non-negative integer. Received: num={num}")
    parts = max(count - 1 if endpoint else count, 1)
    rank = max(start.ndim, stop.ndim)
    fractions = np.arange(count, dtype=start.dtype.numpy_dtype).reshape([-1] + [1] * rank)
    return start, stop, fractions, parts


def _line(start, stop, num, endpoint):
    start, stop, places, parts = _spaced(start, stop, num, endpoint)
    step = (stop - start) / np.asarray(parts, start.dtype.numpy_dtype)
    values = start + places * step
    if not endpoint or num < 2:
        return values, step
    # The last one is `stop` itself, whatever was rounded on the way.
    last = places == places.max()
    return _arrays.where(tensor(last), stop, values), step


def _placed(values, dtype, axis):
    from ._shapes import moveaxis

    values = moveaxis(values, 0, axis) if axis != 0 else values
    if dtype is None:
        return values
    whole = as_dtype(dtype).is_integer
    return tensor(_math.floor(values) if whole else values, dtype)


@op
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0):
    """`num` values in equal steps, with the end or without."""
    values, step = _line(start, stop, num, endpoint)
    values = _placed(values, dtype, axis)
    return (values, step) if retstep else values


@op
def logspace(start, stop, num=50, endpoint=True, base=10, dtype=None, axis=0):
    """Powers of the base, their exponents in equal steps."""
    exponents, _ = _line(start, stop, num, endpoint)
    return _placed(_math.pow(tensor(float(base), exponents.dtype), exponents), dtype, axis)


@op
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """`num` values in equal ratios."""
    start, stop = floating(start, stop)
    sign = _math.sign(start)
    exponents, _ = _line(_math.log(start * sign), _math.log(stop * sign), num, endpoint)
    return _placed(_math.exp(exponents) * sign, dtype, axis)


# Windows, of which the elements are known before the graph runs.


def _window(x, function):
    count = int(known(x, "the length of a window"))
    return tensor(function(count).astype(floatx()))


@op
def bartlett(x):
    """A triangle of x elements."""
    return _window(x, np.bartlett)


@op
def blackman(x):
    """Blackman's window of x elements."""
    return _window(x, np.blackman)


@op
def hamming(x):
    """Hamming's window of x elements."""
    return _window(x, np.hamming)


@op
def hanning(x):
    """von Hann's window of x elements."""
    return _window(x, np.hanning)


@op
def kaiser(x, beta):
    """Kaiser's window of x elements."""
    return _window(x, lambda count: np.kaiser(count, float(known(beta, "beta"))))

