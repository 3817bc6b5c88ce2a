"""Reductions along axes, those that leave out NaN, and orders: medians and quantiles."""

import builtins
import math

from ... import _core
from ... import _math_ops as _math
from ..._array_ops import expand_dims as _expand_dims
from ..._array_ops import reshape as _reshape
from ..._array_ops import transpose as _transpose
from ..._array_ops import where as _where
from ..._framework import apply
from ._dispatch import (
    axis_in,
    floating,
    gathered,
    known,
    known_size,
    named,
    number,
    op,

    result_type,
    tensor,
)


def _wide(x, dtype=None):
    """What a sum or product of x is computed in: small integers and truth values in int32."""
    if dtype is not None:
        return tensor(x, dtype)
    x = number(x)
    return _math.cast(x, "int32") if x.dtype.name in ("int8", "uint8") else x


def _extreme(name, reduce, combine, doc):
    def function(x, axis=None, keepdims=False, initial=None):
        x = tensor(x)
        counted = number(x)
        result = reduce(counted, axis, keepdims)
        if initial is not None:
            result = combine(result, _math.cast(initial, result.dtype))
        return _math.cast(result, x.dtype)

    return named(name, doc, function)


max = _extreme("max", _math.reduce_max, _math.maximum, "The largest element; NaN wins.")
min = _extreme("min", _math.reduce_min, _math.minimum, "The smallest element; NaN wins.")


@op
def amax(x, axis=None, keepdims=False):
    """The largest element; NaN wins."""
    return max(x, axis, keepdims)


@op
def amin(x, axis=None, keepdims=False):
    """The smallest element; NaN wins."""
    return min(x, axis, keepdims)


@op
def ptp(x, axis=None, keepdims=False):
    """The largest element less the smallest."""
    return max(x, axis, keepdims) - min(x, axis, keepdims)


@op
def sum(x, axis=None, keepdims=False):  # noqa: A001 - Keras's name
    """The sum."""
    return _math.reduce_sum(_wide(x), axis, keepdims)


@op
def prod(x, axis=None, keepdims=False, dtype=None):
    """The product."""
    return _math.reduce_prod(_wide(x, dtype), axis, keepdims)


@op
def mean(x, axis=None, keepdims=False):
    """The mean."""
    return _math.reduce_mean(floating(x), axis, keepdims)


@op
def var(x, axis=None, keepdims=False):
    """The mean squared distance from the mean."""
    return _math.reduce_variance(floating(x), axis, keepdims)


@op
def std(x, axis=None, keepdims=False):
    """The square root of the variance."""
    return _math.sqrt(var(x, axis, keepdims))


@op
def all(x, axis=None, keepdims=False):  # noqa: A001 - Keras's name
    """Whether every element is true."""
    return _math.reduce_all(tensor(x, "bool"), axis, keepdims)


@op
def any(x, axis=None, keepdims=False):  # noqa: A001 - Keras's name
    """Whether some element is true."""
    return _math.reduce_any(tensor(x, "bool"), axis, keepdims)


@op
def count_nonzero(x, axis=None):
    """The number of elements that are not 0, as int32."""
    return _math.reduce_sum(_math.cast(tensor(x, "bool"), "int32"), axis)


@op
def average(x, axis=None, weights=None):
    """The mean, weighted: weights are of x's shape, or a vector along the axis."""
    x = floating(x)
    if weights is None:
        return _math.reduce_mean(x, axis)
    weights = tensor(weights)
    x, weights = (tensor(v, result_type(x.dtype, weights.dtype, float)) for v in (x, weights))
    if weights.ndim == 1 and x.ndim > 1:
        axis = axis_in(axis, x.ndim)
        weights = _reshape(weights, [-1 if i == axis else 1 for i in range(x.ndim)])
    total = _math.reduce_sum(weights + x * 0.0, axis)
    return _math.reduce_sum(x * weights, axis) / total


def _flat(x):
    return _reshape(x, [-1])


def _index(name, node, doc):
    def function(x, axis=None, keepdims=False):
        x = number(x)
        return _kept(_arg(node, x, axis), x, axis, keepdims)

    return named(name, doc, function)


def _arg(node, x, axis):
    """Along no axis: counted over all elements."""
    axis = None if axis is None else axis_in(axis, x.ndim)
    flat, axis = (_flat(x), 0) if axis is None else (x, axis)
    return _math.cast(apply(node, [flat], {"axis": axis}), "int32")


def _kept(index, x, axis, keepdims):
    if not keepdims:
        return index
    return _reshape(index, [1] * x.ndim) if axis is None else _expand_dims(index, axis)


argmax = _index("argmax", "argmax", "The place of the first largest element, as int32.")
argmin = _index("argmin", "argmin", "The place of the first smallest element, as int32.")


# Without NaN.


def _missing(x):
    """(floats, where they are NaN); integers have none."""
    x = tensor(x)
    return (x, _math.is_nan(x)) if x.dtype.is_floating else (number(x), None)


def _filled(x, value):
    x, absent = _missing(x)
    return x if absent is None else _where(absent, value, x)


def _without_nan(name, of, fill, doc):
    def function(x, axis=None, keepdims=False):
        return of(_filled(x, fill), axis, keepdims)

    return named(name, doc, function)


nansum = _without_nan("nansum", sum, 0.0, "The sum of what is not NaN.")
nanprod = _without_nan("nanprod", prod, 1.0, "The product of what is not NaN.")


def _extreme_without_nan(name, of, fill, doc):
    def function(x, axis=None, keepdims=False):
        x, absent = _missing(x)
        if absent is None:
            return of(x, axis, keepdims)
        found = of(_where(absent, fill, x), axis, keepdims)
        return _where(_math.reduce_all(absent, axis, keepdims), math.nan, found)

    return named(name, doc, function)


nanmax = _extreme_without_nan("nanmax", max, -math.inf, "The largest of what is not NaN.")
nanmin = _extreme_without_nan("nanmin", min, math.inf, "The smallest of what is not NaN.")


def _index_without_nan(name, node, fill, doc):
    def function(x, axis=None, keepdims=False):
        x, absent = _missing(x)
        if absent is None:
            return _kept(_arg(node, x, axis), x, axis, keepdims)
        index = _arg(node, _where(absent, fill, x), axis)
        index = _where(_math.reduce_all(absent, axis), -1, index)
        return _kept(index, x, axis, keepdims)

    return named(name, doc, function)


nanargmax = _index_without_nan(
    "nanargmax", "argmax", -math.inf, "The place of the largest of what is not NaN; -1 for none."
)
nanargmin = _index_without_nan(
    "nanargmin", "argmin", math.inf, "The place of the smallest of what is not NaN; -1 for none."
)


def _count(absent, like, axis, keepdims):
    return _math.reduce_sum(_math.cast(_math.logical_not(absent), like.dtype), axis, keepdims)


@op
def nanmean(x, axis=None, keepdims=False):
    """The mean of what is not NaN."""
    x = floating(x)
    absent = _math.is_nan(x)
    return _math.reduce_sum(_where(absent, 0.0, x), axis, keepdims) / _count(
        absent, x, axis, keepdims
    )


@op
def nanvar(x, axis=None, keepdims=False):
    """The variance of what is not NaN."""
    x = floating(x)
    absent = _math.is_nan(x)
    distance = _where(absent, 0.0, x - nanmean(x, axis, True))
    total = _math.reduce_sum(_math.square(distance), axis, keepdims)
    return total / _count(absent, x, axis, keepdims)


@op
def nanstd(x, axis=None, keepdims=False):
    """The square root of the variance of what is not NaN."""
    return _math.sqrt(nanvar(x, axis, keepdims))


# Quantiles.


def _lines(x, axis):
    """(x with the reduced axes together and last, the shape with 1 for them, without them)."""
    axes = _math.axes_of(axis, x.ndim)
    others = [i for i in range(x.ndim) if i not in axes]
    sizes = [-1 if x.shape[i] is None else int(x.shape[i]) for i in range(x.ndim)]
    length = math.prod(known_size(x, i, "a quantile") for i in axes)
    lines = _reshape(_transpose(x, others + list(axes)), [sizes[i] for i in others] + [length])
    kept = [1 if i in axes else sizes[i] for i in range(x.ndim)]
    return lines, kept, [sizes[i] for i in others]


def _sorted(lines):
    from ._indexing import sort

    return sort(lines, axis=-1)


_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def _between(low, high, part, method):
    """The quantile between two neighbours, `part` of the way from the lower to the higher."""
    if method == "linear":
        return low * (1.0 - part) + high * part
    if method == "midpoint":
        return _where(_math.equal(part, 0.0), low, (low + high) * 0.5)
    if method == "nearest":
        return _where(part > 0.5, high, low)
    return _where(part > 0, high, low) if method == "higher" else low


def _quantiles(x, q, axis, method, keepdims, without_nan):
    if method not in _METHODS:
        raise ValueError(f"Invalid method: {method}. Should be one of {_METHODS}")
    x = floating(x)
    values = known(q, "quantiles")
    lines, kept, dropped = _lines(x, axis)
    length = known_size(lines, -1, "a quantile")
    ordered = _sorted(lines)
    absent = _math.is_nan(lines)
    count = _math.reduce_sum(_math.cast(_math.logical_not(absent), x.dtype), -1, True)
    results = []
    for value in values.reshape(-1).tolist():
        if without_nan:
            place = (count - 1.0) * builtins.float(value)
            place = _math.maximum(place, 0.0)
        else:
            place = tensor((length - 1) * builtins.float(value), x.dtype)
        low = _math.floor(place)
        part = place - low
        if method == "nearest":  # halves to even
            low, part = _math.round(place), part * 0.0
        high = _math.minimum(low + 1.0, builtins.float(length - 1))
        found = _between(_taken(ordered, low), _taken(ordered, high), part, method)
        if not without_nan:
            found = _where(_math.reduce_any(absent, -1, True), math.nan, found)
        results.append(_reshape(found, kept if keepdims else dropped))
    return results[0] if values.ndim == 0 else _stacked(results, values.shape)


def _taken(lines, place):
    """The element of each line at a place, which is a float of shape [] or [..., 1]."""
    from ._indexing import take_along_axis

    index = _math.cast(place, "int64")
    if index.ndim == 0:
        return gathered(lines, _reshape(index, [1]), lines.ndim - 1)
    return take_along_axis(lines, index, axis=-1)


def _stacked(results, shape):
    from ..._array_ops import stack

    stacked = stack(results)
    if len(shape) == 1:
        return stacked
    rest = [-1 if d is None else int(d) for d in stacked.shape[1:]]
    return _reshape(stacked, [*shape, *rest])


def _hundredths(q):
    return known(q, "percentiles") / 100


@op
def quantile(x, q, axis=None, method="linear", keepdims=False):
    """The elements below which fractions q of all lie; q is known before the graph runs."""
    return _quantiles(x, q, axis, method, keepdims, False)


@op
def percentile(x, q, axis=None, method="linear", keepdims=False):
    """The elements below which q hundredths of all lie."""
    return _quantiles(x, _hundredths(q), axis, method, keepdims, False)


@op
def median(x, axis=None, keepdims=False):
    """The element in the middle, or the mean of the two there."""
    return _quantiles(x, 0.5, axis, "midpoint", keepdims, False)


@op
def nanquantile(x, q, axis=None, method="linear", keepdims=False):
    """`quantile` of what is not NaN."""
    return _quantiles(x, q, axis, method, keepdims, True)


@op
def nanpercentile(x, q, axis=None, method="linear", keepdims=False):
    """`percentile` of what is not NaN."""
    return _quantiles(x, _hundredths(q), axis, method, keepdims, True)


@op
def nanmedian(x, axis=None, keepdims=False):
    """`median` of what is not NaN."""
    return _quantiles(x, 0.5, axis, "midpoint", keepdims, True)


# Running sums and products.


def _running(name, node, fill, doc):
    def function(x, axis=None, dtype=None):
        x = tensor(_filled(x, fill) if name.startswith("nan") else x)
        x = number(x) if dtype is None else tensor(x, dtype)
        flat, axis = (_flat(x), 0) if axis is None else (x, axis_in(axis, x.ndim))
        return apply(node, [flat], {"axis": axis})

    return named(name, doc, function)


cumsum = _running("cumsum", "cumsum", None, "Sums of the elements up to each one.")
cumprod = _running("cumprod", "cumprod", None, "Products of the elements up to each one.")
nancumsum = _running("nancumsum", "cumsum", 0.0, "`cumsum` with 0 for NaN.")
nancumprod = _running("nancumprod", "cumprod", 1.0, "`cumprod` with 1 for NaN.")

# What a sample's elements have in common.


@op
def corrcoef(x):
    """Correlations of the rows, each of which is one variable."""
    x = floating(x)
    if x.ndim > 2:
        raise _core.ShapeError(f"corrcoef takes a vector or a matrix, got shape {x.shape}")
    rows = _reshape(x, [1, -1]) if x.ndim == 1 else x
    centered = rows - _math.reduce_mean(rows, -1, True)
    product = _math.matmul(centered, centered, transpose_b=True)
    deviations = _math.sqrt(_math.reduce_sum(_math.square(centered), -1, True))
    result = product / _math.matmul(deviations, deviations, transpose_b=True)
    result = _math.clip_by_value(result, -1.0, 1.0)
    return _reshape(result, []) if x.ndim == 1 else result


@op
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The integral along an axis by the trapezoidal rule, over x or in steps of dx."""
    from ._shapes import moveaxis

    y = moveaxis(floating(y), axis, -1)
    if x is None:
        width = dx
    else:
        y, x = floating(y, x)
        x = moveaxis(x, axis, -1) if x.ndim > 1 else x
        width = x[..., 1:] - x[..., :-1]
    return _math.reduce_sum((y[..., 1:] + y[..., :-1]) * 0.5 * width, -1)


