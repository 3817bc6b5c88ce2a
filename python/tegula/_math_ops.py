"""Elementwise arithmetic, comparisons, logic, reductions and matrix products."""

from __future__ import annotations

import builtins
import functools
from typing import TYPE_CHECKING, Any, Callable, List, Optional, Sequence, Tuple

import numpy as np

from . import _core
from ._dtypes import DTYPES, as_dtype
from ._framework import Tensor, apply, as_tensor, composed, graph_of, operands

if TYPE_CHECKING:
    from ._typing import Axis, DTypeLike, Name, TensorLike

_DOCS = {entry["name"]: entry["doc"] for entry in _core.ops()}


def _finish(function, name, op):
    function.__name__ = function.__qualname__ = name
    function.__doc__ = _DOCS[op] + "."
    return function


def _unary(name, op, node) -> Callable[..., Tensor]:
    def function(x: TensorLike, name: Name = None) -> Tensor:
        return apply(op, [x], None, name, node)

    return _finish(function, name, op)


def _binary(name, op, node) -> Callable[..., Tensor]:
    def function(x: TensorLike, y: TensorLike, name: Name = None) -> Tensor:
        return apply(op, [x, y], None, name, node)

    return _finish(function, name, op)


negative = _unary("negative", "neg", "Neg")
abs = _unary("abs", "abs", "Abs")  # noqa: A001 - TensorFlow's name
sign = _unary("sign", "sign", "Sign")
exp = _unary("exp", "exp", "Exp")
expm1 = _unary("expm1", "expm1", "Expm1")
log = _unary("log", "log", "Log")
log1p = _unary("log1p", "log1p", "Log1p")
sqrt = _unary("sqrt", "sqrt", "Sqrt")
rsqrt = _unary("rsqrt", "rsqrt", "Rsqrt")
square = _unary("square", "square", "Square")
reciprocal = _unary("reciprocal", "reciprocal", "Reciprocal")
sin = _unary("sin", "sin", "Sin")
cos = _unary("cos", "cos", "Cos")
erf = _unary("erf", "erf", "Erf")
floor = _unary("floor", "floor", "Floor")
ceil = _unary("ceil", "ceil", "Ceil")
round = _unary("round", "round", "Round")  # noqa: A001 - TensorFlow's name
tanh = _unary("tanh", "tanh", "Tanh")
sigmoid = _unary("sigmoid", "sigmoid", "Sigmoid")
softplus = _unary("softplus", "softplus", "Softplus")
is_nan = _unary("is_nan", "is_nan", "IsNan")
is_finite = _unary("is_finite", "is_finite", "IsFinite")
logical_not = _unary("logical_not", "logical_not", "LogicalNot")

add = _binary("add", "add", "Add")
subtract = _binary("subtract", "sub", "Sub")
multiply = _binary("multiply", "mul", "Mul")
pow = _binary("pow", "pow", "Pow")  # noqa: A001 - TensorFlow's name
maximum = _binary("maximum", "maximum", "Maximum")
minimum = _binary("minimum", "minimum", "Minimum")
greater = _binary("greater", "greater", "Greater")
greater_equal = _binary("greater_equal", "greater_equal", "GreaterEqual")
less = _binary("less", "less", "Less")
less_equal = _binary("less_equal", "less_equal", "LessEqual")
_equal_numbers = _binary("equal", "equal", "Equal")
_unequal_numbers = _binary("not_equal", "not_equal", "NotEqual")
logical_and = _binary("logical_and", "logical_and", "LogicalAnd")
logical_or = _binary("logical_or", "logical_or", "LogicalOr")


def logical_xor(x: TensorLike, y: TensorLike, name: Name = "LogicalXor") -> Tensor:
    """Whether exactly one is true."""
    return apply("logical_xor", [x, y], None, name)


def _is_truth(x):
    return isinstance(x, Tensor) and x.dtype.name == "bool"


def equal(x: TensorLike, y: TensorLike, name: Name = None) -> Tensor:
    """x == y, of numbers or truth values."""
    if _is_truth(x) or _is_truth(y):
        return logical_not(logical_xor(x, y), name)
    return _equal_numbers(x, y, name)


def not_equal(x: TensorLike, y: TensorLike, name: Name = None) -> Tensor:
    """x != y, of numbers or truth values."""
    if _is_truth(x) or _is_truth(y):
        return logical_xor(x, y, name)
    return _unequal_numbers(x, y, name)


def _is_integer(tensor):
    return tensor.dtype.is_integer


def _pair(x, y, full):
    return operands(graph_of(x, y), [x, y], full[:-1])


def _divide(x, y, name, default):
    with composed(name, default, x, y) as full:
        a, b = _pair(x, y, full)
        if _is_integer(a) and _is_integer(b):
            wide = "float32" if a.dtype.size == 1 else "float64"
            a, b = cast(a, wide), cast(b, wide)
        return apply("div", [a, b], None, full)


def truediv(x: TensorLike, y: TensorLike, name: Name = None) -> Tensor:
    """x / y; integers are divided in floating point."""
    return _divide(x, y, name, "truediv")


def divide(x: TensorLike, y: TensorLike, name: Name = None) -> Tensor:
    """x / y; integers are divided in floating point."""
    return _divide(x, y, name, "truediv")


def realdiv(x: TensorLike, y: TensorLike, name: Name = None) -> Tensor:
    """x / y."""
    return _divide(x, y, name, "RealDiv")


def div(x: TensorLike, y: TensorLike, name: Name = None) -> Tensor:
    """x / y; integers are divided and rounded down."""
    x, y = operands(graph_of(x, y), [x, y], "div")
    if _is_integer(x):
        return floordiv(x, y, name or "div")
    return _divide(x, y, name, "div")


def floordiv(x: TensorLike, y: TensorLike, name: Name = None) -> Tensor:
    """The largest integer <= x / y: what `floormod` fits to, also where the quotient itself rounds
    up. Running x / 0 on integers is an error.
    """
    return apply("floordiv", [x, y], None, name, "floordiv")


floor_div = floordiv


def floormod(x: TensorLike, y: TensorLike, name: Name = None) -> Tensor:
    """What floordiv leaves, exactly: 0 or of the sign of y. Running y = 0 on integers is an error."""
    return apply("floormod", [x, y], None, name, "FloorMod")


mod = floormod


def divide_no_nan(x: TensorLike, y: TensorLike, name: Name = None) -> Tensor:
    """x / y, and 0 where y is 0; so are the gradients there."""
    with composed(name, "div_no_nan", x, y) as full:
        a, b = _pair(x, y, full)
        zero = equal(b, cast(0, b.dtype))
        one = cast(1, b.dtype)
        safe = apply("div", [a, apply("where", [zero, one, b], default="Where")], default="div")
        return apply("where", [zero, cast(0, a.dtype), safe], None, full)


def squared_difference(x: TensorLike, y: TensorLike, name: Name = None) -> Tensor:
    """(x - y)^2."""
    with composed(name, "SquaredDifference", x, y) as full:
        a, b = _pair(x, y, full)
        return apply("square", [a - b], None, full)


def clip_by_value(
    t: TensorLike, clip_value_min: TensorLike, clip_value_max: TensorLike, name: Name = None
) -> Tensor:
    """min(max(t, low), high). Gradients pass within the bounds, bounds included."""
    number = (int, float, np.integer, np.floating)
    if isinstance(clip_value_min, number) and isinstance(clip_value_max, number):
        attrs = {"min": float(clip_value_min), "max": float(clip_value_max)}
        return apply("clip", [t], attrs, name, "clip_by_value")
    with composed(name, "clip_by_value", t, clip_value_min, clip_value_max) as full:
        below = apply("minimum", [t, clip_value_max], default="Minimum")
        return apply("maximum", [below, clip_value_min], None, full)


def clip_by_norm(
    t: TensorLike, clip_norm: TensorLike, axes: Any = None, name: Name = None
) -> Tensor:
    """t scaled so that its Euclidean norm over the axes is at most clip_norm."""
    with composed(name, "clip_by_norm", t) as full:
        t = as_tensor(t)
        scale = clip_norm / maximum(_norm(t, axes, True), clip_norm)
        return apply("mul", [t, scale], None, full)


def global_norm(t_list: Sequence[Optional[TensorLike]], name: Name = None) -> Tensor:
    """The Euclidean norm of all elements of all values (None entries are skipped)."""
    with composed(name, "global_norm", t_list) as full:
        from ._array_ops import stack

        norms = [_norm(t) for t in t_list if t is not None]
        if not norms:
            raise _core.InvalidArgument("tf.global_norm: there are no values")
        return _norm(stack(norms), name=full)


def clip_by_global_norm(
    t_list: Sequence[Optional[TensorLike]],
    clip_norm: TensorLike,
    use_norm: Optional[TensorLike] = None,
    name: Name = None,
) -> Tuple[List[Optional[Tensor]], Tensor]:
    """(values scaled so that their global norm is at most clip_norm, the global norm before). The
    values are NaN where the norm is infinite or NaN.
    """
    norm = global_norm(t_list) if use_norm is None else use_norm
    with composed(name, "clip_by_global_norm", t_list):
        norm = as_tensor(norm)
        scale = apply(
            "where", [is_finite(norm), clip_norm / maximum(norm, clip_norm), float("nan")]
        )
        return [None if t is None else t * scale for t in t_list], norm


def _norm(x, axis=None, keepdims=False, name=None):
    """The Euclidean norm over `axis`: all norms are this op, which does not overflow on the way."""
    return reduction("norm", x, axis, keepdims, name, "norm")


def add_n(inputs: Sequence[TensorLike], name: Name = None) -> Tensor:
    """The sum of a list of values."""
    inputs = [as_tensor(item) for item in inputs]
    if not inputs:
        raise _core.InvalidArgument("tf.add_n needs at least one value")
    with composed(name, "AddN", inputs) as full:
        if len(inputs) == 1:
            return apply("identity", inputs, None, full)
        total = functools.reduce(lambda a, b: apply("add", [a, b], default="add"), inputs[:-1])
        return apply("add", [total, inputs[-1]], None, full)


def cast(x: TensorLike, dtype: DTypeLike, name: Name = None) -> Tensor:
    """x with its elements converted to `dtype`; floats to integers truncate towards zero."""
    dtype = as_dtype(dtype)
    if not isinstance(x, Tensor):
        x = as_tensor(x, name="Cast/x")
    if x._value.dtype == dtype.name and name is None:
        return x
    return apply("cast", [x], {"dtype": dtype.name}, name, "Cast")


def to_float(x: TensorLike, name: Name = "ToFloat") -> Tensor:
    """x as float32."""
    return cast(x, "float32", name)


def to_int32(x: TensorLike, name: Name = "ToInt32") -> Tensor:
    """x as int32."""
    return cast(x, "int32", name)


def stop_gradient(input: TensorLike, name: Name = None) -> Tensor:  # noqa: A002 - TensorFlow's name
    """The identity, through which no gradient flows."""
    return apply("stop_gradient", [input], None, name, "StopGradient")


def identity(input: TensorLike, name: Name = None) -> Tensor:  # noqa: A002 - TensorFlow's name
    """The same value under a new name."""
    return apply("identity", [input], None, name, "Identity")


def log_sigmoid(x: TensorLike, name: Name = None) -> Tensor:
    """log(sigmoid(x)), computed as -softplus(-x)."""
    with composed(name, "LogSigmoid", x) as full:
        return apply("neg", [softplus(negative(x))], None, full)


def tan(x: TensorLike, name: Name = None) -> Tensor:
    """sin(x) / cos(x)."""
    with composed(name, "Tan", x) as full:
        x = as_tensor(x)
        return apply("div", [sin(x), cos(x)], None, full)


def sinh(x: TensorLike, name: Name = None) -> Tensor:
    """(exp(x) - exp(-x)) / 2."""
    with composed(name, "Sinh", x) as full:
        x = as_tensor(x)
        return apply("mul", [expm1(x) - expm1(-x), 0.5], None, full)


def cosh(x: TensorLike, name: Name = None) -> Tensor:
    """(exp(x) + exp(-x)) / 2."""
    with composed(name, "Cosh", x) as full:
        x = as_tensor(x)
        return apply("mul", [exp(x) + exp(-x), 0.5], None, full)


def is_inf(x: TensorLike, name: Name = None) -> Tensor:
    """Whether an element is infinite."""
    with composed(name, "IsInf", x) as full:
        x = as_tensor(x)
        return apply("equal", [abs(x), cast(float("inf"), x.dtype)], None, full)


# Reductions.


def axes_of(axis, rank):
    """`axis` (None, an int or a sequence) as a tuple of axes 0..rank-1."""
    if axis is None:
        return tuple(range(rank))
    if isinstance(axis, Tensor):
        from ._array_ops import constant_value

        axis = constant_value(axis)
        if axis is None:
            raise _core.InvalidArgument("an axis must be known while the graph is built")
    if isinstance(axis, np.ndarray):
        axis = axis.tolist()
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    normal = []
    for a in axes:
        if not hasattr(a, "__index__"):
            raise _core.DTypeError(f"an axis must be an int, got {a!r}")
        if not -rank <= a < rank:
            raise _core.ShapeError(f"axis {int(a)} is out of range for rank {rank}")
        normal.append(int(a) % rank)
    return tuple(sorted(set(normal)))


def _one(axis, old_axis, keepdims, keep_dims):
    if keep_dims is not None:
        keepdims = keep_dims
    return (old_axis if axis is None else axis), bool(keepdims)


def reduction(op, x, axis, keepdims, name, default):
    """A node of a reduction op over `axis`: None (all axes), an int or a list of ints."""
    x = as_tensor(x)
    attrs = {"axes": axes_of(axis, x.ndim), "keepdims": keepdims}
    return apply(op, [x], attrs, name, default)


def _reduction(name, op, node) -> Callable[..., Tensor]:
    def function(
        input_tensor: TensorLike,
        axis: Axis = None,
        keepdims: Optional[bool] = None,
        name: Name = None,
        reduction_indices: Axis = None,
        keep_dims: Optional[bool] = None,
    ) -> Tensor:
        axis, keepdims = _one(axis, reduction_indices, keepdims, keep_dims)
        return reduction(op, input_tensor, axis, keepdims, name, node)

    _finish(function, name, op)
    function.__doc__ += " `axis`: None (all axes), an int or a list of ints; may be negative."
    return function


reduce_sum = _reduction("reduce_sum", "sum", "Sum")
reduce_mean = _reduction("reduce_mean", "mean", "Mean")
reduce_max = _reduction("reduce_max", "max", "Max")
reduce_min = _reduction("reduce_min", "min", "Min")
reduce_prod = _reduction("reduce_prod", "prod", "Prod")
reduce_any = _reduction("reduce_any", "any", "Any")
reduce_all = _reduction("reduce_all", "all", "All")
reduce_logsumexp = _reduction("reduce_logsumexp", "logsumexp", "ReduceLogSumExp")


def reduce_variance(
    input_tensor: TensorLike, axis: Axis = None, keepdims: bool = False, name: Name = None
) -> Tensor:
    """The mean squared distance from the mean."""
    with composed(name, "reduce_variance", input_tensor) as full:
        x = as_tensor(input_tensor)
        squares = square(x - reduce_mean(x, axis, True))
        return reduction("mean", squares, axis, builtins.bool(keepdims), full, "")


def reduce_std(
    input_tensor: TensorLike, axis: Axis = None, keepdims: bool = False, name: Name = None
) -> Tensor:
    """The square root of the variance."""
    with composed(name, "reduce_std", input_tensor) as full:
        return apply("sqrt", [reduce_variance(input_tensor, axis, keepdims)], None, full)


def _arg(op, x, axis, name, default, output_type):
    output_type = as_dtype(output_type)
    with composed(name, default, x) as full:
        x = as_tensor(x)
        axis = axes_of(0 if axis is None else axis, x.ndim)[0]
        if output_type.name == "int64":
            return apply(op, [x], {"axis": axis}, full)
        index = apply(op, [x], {"axis": axis}, default="index")
        return apply("cast", [index], {"dtype": output_type.name}, full)


def argmax(
    input: TensorLike,
    axis: Axis = None,
    name: Name = None,
    dimension: Optional[int] = None,
    output_type: DTypeLike = DTYPES["int64"],
) -> Tensor:  # noqa: A002
    """Index of the first largest element along `axis` (default 0)."""
    axis = dimension if axis is None else axis
    return _arg("argmax", input, axis, name, "ArgMax", output_type)


def argmin(
    input: TensorLike,
    axis: Axis = None,
    name: Name = None,
    dimension: Optional[int] = None,
    output_type: DTypeLike = DTYPES["int64"],
) -> Tensor:  # noqa: A002
    """Index of the first smallest element along `axis` (default 0)."""
    axis = dimension if axis is None else axis
    return _arg("argmin", input, axis, name, "ArgMin", output_type)


# Matrix products.


def matmul(
    a: TensorLike,
    b: TensorLike,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    name: Name = None,
) -> Tensor:
    """a[..., m, k] times b[..., k, n]; leading dimensions broadcast."""
    attrs = {
        "transpose_a": builtins.bool(transpose_a or adjoint_a),
        "transpose_b": builtins.bool(transpose_b or adjoint_b),
    }
    return apply("matmul", [a, b], attrs, name, "MatMul")


def tensordot(a: TensorLike, b: TensorLike, axes: Any, name: Name = None) -> Tensor:
    """Sums products over `axes` of a and b: an int n (the last n of a, the first n of b), or a pair
    of lists of axes.
    """
    from ._array_ops import reshape, transpose

    with composed(name, "Tensordot", a, b) as full:
        a, b = operands(graph_of(a, b), [a, b], full[:-1])
        if hasattr(axes, "__index__"):
            axes_a = list(range(a.ndim - axes, a.ndim))
            axes_b = list(range(axes))
        else:
            axes_a = [x % a.ndim for x in np.atleast_1d(axes[0]).tolist()]
            axes_b = [x % b.ndim for x in np.atleast_1d(axes[1]).tolist()]
        free_a = [i for i in range(a.ndim) if i not in axes_a]
        free_b = [i for i in range(b.ndim) if i not in axes_b]
        dims_a = [-1 if a.shape[i] is None else a.shape[i] for i in free_a]
        dims_b = [-1 if b.shape[i] is None else b.shape[i] for i in free_b]
        inner = [b.shape[i] if a.shape[j] is None else a.shape[j] for j, i in zip(axes_a, axes_b)]
        size = -1 if None in inner else int(np.prod(inner, dtype=np.int64))
        rows = -1 if -1 in dims_a else int(np.prod(dims_a, dtype=np.int64))
        columns = -1 if -1 in dims_b else int(np.prod(dims_b, dtype=np.int64))
        left = reshape(transpose(a, free_a + axes_a), [rows, size])
        right = reshape(transpose(b, axes_b + free_b), [size, columns])
        return reshape(matmul(left, right), dims_a + dims_b, name=full)


# Operators, with the names that TensorFlow gives their nodes.


def _operator(function_or_op, default):
    """(operator, reflected operator) of a node named `default`."""
    if callable(function_or_op):

        def build(a, b):
            return function_or_op(a, b, name=default)
    else:

        def build(a, b):
            return apply(function_or_op, [a, b], None, None, default)

    def operator(self, other):
        return NotImplemented if other is None else build(self, other)

    def reflected(self, other):
        return NotImplemented if other is None else build(other, self)

    return operator, reflected


def _install_operators():
    for symbol, function, default in [
        ("add", "add", "add"),
        ("sub", "sub", "sub"),
        ("mul", "mul", "mul"),
        ("truediv", truediv, "truediv"),
        ("floordiv", floordiv, "floordiv"),
        ("mod", floormod, "mod"),
        ("pow", "pow", "pow"),
        ("matmul", matmul, "MatMul"),
        ("and", "logical_and", "and"),
        ("or", "logical_or", "or"),
        ("xor", "logical_xor", "xor"),
    ]:
        operator, reflected = _operator(function, default)
        setattr(Tensor, f"__{symbol}__", operator)
        setattr(Tensor, f"__r{symbol}__", reflected)
    for symbol, op, default in [
        ("gt", "greater", "Greater"),
        ("ge", "greater_equal", "GreaterEqual"),
        ("lt", "less", "Less"),
        ("le", "less_equal", "LessEqual"),
    ]:
        setattr(Tensor, f"__{symbol}__", _operator(op, default)[0])
    for symbol, function in [("neg", negative), ("abs", abs), ("invert", logical_not)]:
        setattr(Tensor, f"__{symbol}__", lambda self, f=function: f(self))
    Tensor.__pos__ = lambda self: self


_install_operators()
