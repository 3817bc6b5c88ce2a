"""Special functions, running sums, segments and orders, with TensorFlow 1's names."""

from __future__ import annotations

import builtins
import collections
from typing import TYPE_CHECKING, Any, Callable, Optional

import numpy as np

from ._array_ops import concat, constant, constant_value, expand_dims, static_dims
from ._dtypes import DTYPES
from ._framework import apply, as_tensor, composed
from ._math_ops import (
    _finish,
    _one,
    _pair,
    _unary,
    axes_of,
    cast,
    equal,
    is_finite,
    logical_and,
    multiply,
    reduce_mean,
    reduce_sum,
    reduction,
)
from ._math_ops import round as _round

if TYPE_CHECKING:
    from ._framework import Tensor
    from ._typing import Axis, DTypeLike, Name, TensorLike

acos = _unary("acos", "arccos", "Acos")
acosh = _unary("acosh", "arccosh", "Acosh")
asin = _unary("asin", "arcsin", "Asin")
asinh = _unary("asinh", "arcsinh", "Asinh")
atan = _unary("atan", "arctan", "Atan")
atanh = _unary("atanh", "arctanh", "Atanh")
bessel_i0 = _unary("bessel_i0", "bessel_i0", "BesselI0")
bessel_i1 = _unary("bessel_i1", "bessel_i1", "BesselI1")
erfc = _unary("erfc", "erfc", "Erfc")
erfinv = _unary("erfinv", "erfinv", "Erfinv")


def atan2(y: TensorLike, x: TensorLike, name: Name = None) -> Tensor:
    """The angle, -π to π, of the point (x, y)."""
    return apply("arctan2", [y, x], None, name, "Atan2")


def rint(x: TensorLike, name: Name = None) -> Tensor:
    """The nearest integer, halves to even."""
    return _round(x, name or "Rint")


def scalar_mul(scalar: TensorLike, x: TensorLike, name: Name = None) -> Tensor:
    """A number times x."""
    return multiply(x, scalar, name)


def _unless_zero(zeros, value, full):
    return apply("where", [zeros, cast(0, value.dtype), value], None, full)


def multiply_no_nan(x: TensorLike, y: TensorLike, name: Name = None) -> Tensor:
    """x · y, and 0 where y is 0, whatever x is there."""
    with composed(name, "multiply_no_nan", x, y) as full:
        a, b = _pair(x, y, full)
        return _unless_zero(equal(b, cast(0, b.dtype)), a * b, full)


def reciprocal_no_nan(x: TensorLike, name: Name = None) -> Tensor:
    """1 / x, and 0 where x is 0."""
    with composed(name, "reciprocal_no_nan", x) as full:
        x = as_tensor(x)
        zeros = equal(x, cast(0, x.dtype))
        safe = apply("where", [zeros, cast(1, x.dtype), x], default="Where")
        return _unless_zero(zeros, apply("reciprocal", [safe], default="Reciprocal"), full)


def _where_x(x, y, name, default, build):
    """build(x, y), and 0 where x is 0, whatever y is there."""
    with composed(name, default, x, y) as full:
        a, b = _pair(x, y, full)
        zeros = equal(a, cast(0, a.dtype))
        safe = apply("where", [zeros, cast(1, b.dtype), b], default="Where")
        return _unless_zero(zeros, build(a, safe), full)


def xlogy(x: TensorLike, y: TensorLike, name: Name = None) -> Tensor:
    """x · log(y), and 0 where x is 0."""
    return _where_x(x, y, name, "xlogy", lambda a, b: a * apply("log", [b], default="Log"))


def xdivy(x: TensorLike, y: TensorLike, name: Name = None) -> Tensor:
    """x / y, and 0 where x is 0."""
    return _where_x(x, y, name, "xdivy", lambda a, b: apply("div", [a, b], default="div"))


def zero_fraction(value: TensorLike, name: Name = None) -> Tensor:
    """The part of the elements that are 0."""
    with composed(name, "zero_fraction", value):
        x = as_tensor(value)
        return reduce_mean(cast(equal(x, cast(0, x.dtype)), "float32"))


def count_nonzero(
    input_tensor: TensorLike,
    axis: Axis = None,
    keepdims: Optional[bool] = None,
    dtype: DTypeLike = DTYPES["int64"],
    name: Name = None,
    reduction_indices: Axis = None,
    keep_dims: Optional[bool] = None,
) -> Tensor:
    """The number of elements that are not 0."""
    axis, keepdims = _one(axis, reduction_indices, keepdims, keep_dims)
    with composed(name, "count_nonzero", input_tensor):
        return reduce_sum(cast(cast(input_tensor, "bool"), dtype), axis, keepdims)


def reduce_euclidean_norm(
    input_tensor: TensorLike, axis: Axis = None, keepdims: bool = False, name: Name = None
) -> Tensor:
    """The Euclidean norm over the axes."""
    return reduction("norm", input_tensor, axis, builtins.bool(keepdims), name, "EuclideanNorm")


# Along an axis.


def _running(name, op, default) -> Callable[..., Tensor]:
    def function(
        x: TensorLike,
        axis: Axis = 0,
        exclusive: bool = False,
        reverse: bool = False,
        name: Name = None,
    ) -> Tensor:
        x = as_tensor(x)
        attrs = {"axis": axes_of(axis, x.ndim)[0], "exclusive": exclusive, "reverse": reverse}
        return apply(op, [x], attrs, name, default)

    return _finish(function, name, op)


cumsum = _running("cumsum", "cumsum", "Cumsum")
cumprod = _running("cumprod", "cumprod", "Cumprod")

TopK = collections.namedtuple("TopKV2", ["values", "indices"])


def top_k(
    input: TensorLike,  # noqa: A002 - TensorFlow's name
    k: int = 1,
    sorted: bool = True,  # noqa: A002
    name: Name = None,
) -> TopK:
    """(the k largest elements along the last axis, largest first; their places as int32)."""
    with composed(name, "TopKV2", input):
        x = as_tensor(input)
        attrs = {"axis": x.ndim - 1, "descending": True}
        order = apply("argsort", [x], attrs, default="order")[..., : int(k)]
        return TopK(_along_last(x, order), cast(order, "int32"))


def _along_last(x, index):
    """Of each line along the last axis the elements at the indices of the same line."""
    length = static_dims(x.shape[-1:], "the last axis")[0]
    flat = apply("reshape", [x], {"shape": [-1]}, default="flat")
    rows = apply("reshape", [index], {"shape": [-1, *index.shape[-1:]]}, default="rows")
    place = rows + apply("positions", [rows], {"axis": 0}, default="row") * length
    place = apply("reshape_like", [place, index], default="places")
    return apply("gather", [flat, place], {"axis": 0}, default="taken")


def in_top_k(
    predictions: TensorLike, targets: TensorLike, k: int, name: Name = None
) -> Tensor:
    """Of each row whether the prediction at its target is among the k largest, and finite."""
    with composed(name, "in_top_k", predictions, targets):
        x = as_tensor(predictions)
        own = _along_last(x, expand_dims(cast(targets, "int64"), -1))
        larger = reduce_sum(cast(x > own, "int32"), -1)
        finite = apply("squeeze", [is_finite(own)], {"axes": (own.ndim - 1,)}, default="finite")
        return logical_and(larger < int(k), finite)


# Segments.


def _segments(name, reduction_of_rows, start) -> Callable[..., Tensor]:
    def function(
        data: TensorLike, segment_ids: TensorLike, num_segments: Any, name: Name = None
    ) -> Tensor:
        with composed(name, function.__name__, data, segment_ids) as full:
            x = as_tensor(data)
            count = int(constant_value(num_segments))
            shape = [count, *static_dims(x.shape[1:], "the shape of a segment's rows")]
            filled = constant(np.full(shape, start(x.dtype), x.dtype.numpy_dtype))
            inputs = [filled, as_tensor(segment_ids), x]
            return apply("scatter", inputs, {"reduction": reduction_of_rows}, full)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        "The rows of each segment combined; `num_segments` is known. Running an id out of range is "
        "an error."
    )
    return function


unsorted_segment_sum = _segments("unsorted_segment_sum", "add", lambda dtype: 0)
unsorted_segment_prod = _segments("unsorted_segment_prod", "mul", lambda dtype: 1)
unsorted_segment_max = _segments("unsorted_segment_max", "max", lambda dtype: dtype.min)
unsorted_segment_min = _segments("unsorted_segment_min", "min", lambda dtype: dtype.max)


# Normalizations.


def batch_normalization(
    x: TensorLike,
    mean: TensorLike,
    variance: TensorLike,
    offset: Optional[TensorLike],
    scale: Optional[TensorLike],
    variance_epsilon: float,
    name: Name = None,
) -> Tensor:
    """(x - mean) / sqrt(variance + epsilon) · scale + offset."""
    with composed(name, "batchnorm", x, mean, variance):
        x = as_tensor(x)
        factor = apply("rsqrt", [as_tensor(variance) + variance_epsilon], default="Rsqrt")
        factor = factor if scale is None else factor * scale
        result = (x - mean) * factor
        return result if offset is None else result + offset


def local_response_normalization(
    input: TensorLike,  # noqa: A002 - TensorFlow's name
    depth_radius: int = 5,
    bias: float = 1,
    alpha: float = 1,
    beta: float = 0.5,
    name: Name = None,
) -> Tensor:
    """input / (bias + alpha · s)^beta, where s is the sum of squares of the channels, the last axis,
    at most `depth_radius` away.
    """
    with composed(name, "LRN", input) as full:
        x = as_tensor(input)
        channels = static_dims(x.shape[-1:], "the channels")[0]
        attrs = {
            "before": [0] * (x.ndim - 1) + [depth_radius],
            "after": [0] * (x.ndim - 1) + [depth_radius],
            "value": 0.0,
        }
        squares = apply("pad", [apply("square", [x], default="Square")], attrs, default="Pad")
        total = squares[..., :channels]
        for shift in range(1, 2 * depth_radius + 1):
            total = total + squares[..., shift : shift + channels]
        power = apply("pow", [bias + alpha * total, float(beta)], default="Pow")
        return apply("div", [x, power], None, full)


lrn = local_response_normalization


def crelu(features: TensorLike, name: Name = None, axis: Axis = -1) -> Tensor:
    """relu of x and of -x, one after the other along an axis."""
    with composed(name, "CRelu", features):
        x = as_tensor(features)
        return apply("relu", [concat([x, -x], axis)], default="Relu")

