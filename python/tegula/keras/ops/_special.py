"""Special functions, and distances."""

from ... import _array_ops as _arrays
from ... import _math_ops as _math
from ..._framework import apply
from ._dispatch import floating, op


@op
def erf(x):
    """The error function."""
    return _math.erf(floating(x))


@op
def erfc(x):
    """1 - erf(x), exact where erf is nearly 1."""
    return apply("erfc", [floating(x)])


@op
def erfinv(x):
    """The number whose error function is x."""
    return apply("erfinv", [floating(x)])


@op
def logsumexp(x, axis=None, keepdims=False):
    """log(sum(exp(x))), without overflow."""
    return _math.reduce_logsumexp(floating(x), axis, keepdims)


@op
def rsqrt(x):
    """1 / sqrt(x)."""
    return _math.rsqrt(floating(x))


@op
def cdist(x, y):
    """Euclidean distances of all rows of x and all of y."""
    a, b = floating(x, y)
    difference = _arrays.expand_dims(a, -2) - _arrays.expand_dims(b, -3)
    return _math.reduction("norm", difference, -1, False, None, "cdist")
