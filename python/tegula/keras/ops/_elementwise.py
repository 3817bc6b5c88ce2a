"""Arithmetic, functions, comparisons, logic and bits, element by element."""

import builtins
import math

from ... import _math_ops as _math
from ..._array_ops import where as _where
from ..._array_ops import zeros_like as _zeros_like
from ..._framework import apply
from ._dispatch import floating, named, number, op, promoted, tensor


def _float_unary(name, build, doc):
    def function(x):
        return build(floating(x))

    return named(name, doc, function)


def _node(name):
    return lambda x: apply(name, [x])


# Functions of floats; integers become float32.

exp = _float_unary("exp", _math.exp, "e to the power of x.")
expm1 = _float_unary("expm1", _math.expm1, "exp(x) - 1, exact near 0.")
log = _float_unary("log", _math.log, "The natural logarithm.")
log1p = _float_unary("log1p", _math.log1p, "log(1 + x), exact near 0.")
log2 = _float_unary("log2", lambda x: _math.log(x) * (1 / math.log(2)), "The logarithm to base 2.")
log10 = _float_unary(
    "log10", lambda x: _math.log(x) * (1 / math.log(10)), "The logarithm to base 10."
)
sqrt = _float_unary("sqrt", _math.sqrt, "The square root.")
reciprocal = _float_unary("reciprocal", _math.reciprocal, "1 / x.")
sin = _float_unary("sin", _math.sin, "The sine.")
cos = _float_unary("cos", _math.cos, "The cosine.")
tan = _float_unary("tan", _math.tan, "The tangent.")
sinh = _float_unary("sinh", _math.sinh, "The hyperbolic sine.")
cosh = _float_unary("cosh", _math.cosh, "The hyperbolic cosine.")
tanh = _float_unary("tanh", _math.tanh, "The hyperbolic tangent.")
arcsin = _float_unary("arcsin", _node("arcsin"), "The angle whose sine is x.")
arccos = _float_unary("arccos", _node("arccos"), "The angle whose cosine is x.")
arctan = _float_unary("arctan", _node("arctan"), "The angle whose tangent is x.")
arcsinh = _float_unary("arcsinh", _node("arcsinh"), "The number whose hyperbolic sine is x.")
arccosh = _float_unary("arccosh", _node("arccosh"), "The number whose hyperbolic cosine is x.")
arctanh = _float_unary("arctanh", _node("arctanh"), "The number whose hyperbolic tangent is x.")
exp2 = _float_unary("exp2", lambda x: _math.pow(2.0, x), "2 to the power of x.")
deg2rad = _float_unary("deg2rad", lambda x: x * (math.pi / 180), "Degrees as radians.")
rad2deg = _float_unary("rad2deg", lambda x: x * (180 / math.pi), "Radians as degrees.")
i0 = _float_unary("i0", _node("bessel_i0"), "The modified Bessel function of order 0.")
fabs = _float_unary("fabs", _math.abs, "|x|, as a float.")
cbrt = _float_unary(
    "cbrt", lambda x: _math.sign(x) * _math.pow(_math.abs(x), 1 / 3), "The cube root."
)


@op
def sinc(x):
    """sin(πx) / (πx), and 1 at 0."""
    x = floating(x) * math.pi
    at_zero = _math.equal(x, 0.0)
    return _where(at_zero, 1.0, _math.sin(x) / _where(at_zero, 1.0, x))


@op
def arctan2(x1, x2):
    """The angle, -π to π, of the point (x2, x1)."""
    return apply("arctan2", floating(x1, x2))


@op
def hypot(x1, x2):
    """sqrt(x1² + x2²), without overflow on the way."""
    a, b = (_math.abs(x) for x in floating(x1, x2))
    large, small = _math.maximum(a, b), _math.minimum(a, b)
    zero = _math.equal(large, 0.0)
    ratio = small / _where(zero, 1.0, large)
    return large * _math.sqrt(1.0 + _math.square(ratio))


def _kept_integers(name, build, doc):
    """A function that leaves integers and truth values as they are."""

    def function(x):
        x = tensor(x)
        return build(x) if x.dtype.is_floating else x

    return named(name, doc, function)


trunc = _kept_integers(
    "trunc", lambda x: _where(x < 0, _math.ceil(x), _math.floor(x)), "x without its fraction."
)
floor = _float_unary("floor", _math.floor, "The largest integer <= x, as a float.")
ceil = _float_unary("ceil", _math.ceil, "The smallest integer >= x, as a float.")


@op
def round(x, decimals=0):  # noqa: A001 - Keras's name
    """To so many decimals, halves to even."""
    x = number(x)
    if decimals == 0:
        return _math.round(x) if x.dtype.is_floating else x
    if not x.dtype.is_floating:
        if decimals > 0:
            return x
        scaled = _math.cast(x, "float64") * 10.0**decimals
        return _math.cast(_math.round(scaled) * 10.0**-decimals, x.dtype)
    factor = 10.0**decimals
    return _math.round(x * factor) / factor


@op
def abs(x):  # noqa: A001 - Keras's name
    """|x|."""
    x = tensor(x)
    return x if x.dtype.is_bool else _math.abs(x)


@op
def absolute(x):
    """|x|."""
    return abs(x)


@op
def negative(x):
    """-x."""
    return _math.negative(tensor(x))


@op
def sign(x):
    """-1, 0 or 1."""
    return _math.sign(number(x))


@op
def square(x):
    """x · x."""
    return _math.square(number(x))


@op
def signbit(x):
    """Whether the sign is negative, that of -0.0 too."""
    x = number(x)
    if not x.dtype.is_floating:
        return _math.less(x, _zero(x))
    return (x < 0) | (_math.equal(x, 0.0) & (_math.reciprocal(x) < 0))


@op
def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """x with numbers for NaN, for infinity (default: the largest number) and for -infinity."""
    x = tensor(x)
    if not x.dtype.is_floating:
        return x
    largest = builtins.float(x.dtype.max)
    posinf = largest if posinf is None else posinf
    neginf = -largest if neginf is None else neginf
    x = _where(_math.is_nan(x), nan, x)
    x = _where(_math.equal(x, math.inf), posinf, x)
    return _where(_math.equal(x, -math.inf), neginf, x)


# Two operands.


def _binary(name, build, doc):
    def function(x1, x2):
        return build(*promoted(x1, x2))

    return named(name, doc, function)


def _or_logic(build, logic):
    """`build`, or `logic` on truth values."""
    return lambda a, b: logic(a, b) if a.dtype.is_bool else build(a, b)


add = _binary("add", _or_logic(_math.add, _math.logical_or), "x1 + x2.")
multiply = _binary("multiply", _or_logic(_math.multiply, _math.logical_and), "x1 · x2.")
subtract = _binary("subtract", _math.subtract, "x1 - x2.")
maximum = _binary("maximum", _or_logic(_math.maximum, _math.logical_or), "The larger; NaN wins.")
minimum = _binary("minimum", _or_logic(_math.minimum, _math.logical_and), "The smaller; NaN wins.")


def _floored(build):
    def function(a, b):
        if a.dtype.is_bool:
            a, b = _math.cast(a, "int32"), _math.cast(b, "int32")
        return build(a, b)

    return function


floor_divide = _binary(
    "floor_divide", _floored(_math.floordiv), "The largest integer <= x1 / x2."
)
mod = _binary("mod", _floored(_math.floormod), "What floor_divide leaves: of x2's sign.")


@op
def fmod(x1, x2):
    """What division leaves when the quotient is truncated: of x1's sign."""
    a, b = (number(x) for x in promoted(x1, x2))
    rest = _math.floormod(_math.abs(a), _math.abs(b))
    return _where(_math.less(a, _zero(a)), -rest, rest)


def _zero(x):
    return _math.cast(0, x.dtype)


@op
def power(x1, x2):
    """x1 to the power of x2."""
    a, b = promoted(x1, x2)
    return _math.pow(number(a), number(b))


@op
def divide(x1, x2):
    """x1 / x2, as floats."""
    a, b = floating(x1, x2)
    return apply("div", [a, b])


@op
def true_divide(x1, x2):
    """x1 / x2, as floats."""
    return divide(x1, x2)


@op
def divide_no_nan(x1, x2):
    """x1 / x2, and 0 where x2 is 0."""
    return _math.divide_no_nan(*floating(x1, x2))


def _numbers_only(name, one, other, doc):
    """The larger or smaller, of which a number wins over NaN."""

    def function(x1, x2):
        a, b = promoted(x1, x2)
        if not a.dtype.is_floating:
            return one(a, b)
        return other(_where(_math.is_nan(a), b, a), _where(_math.is_nan(b), a, b))

    return named(name, doc, function)


fmax = _numbers_only("fmax", maximum, _math.maximum, "The larger; a number wins over NaN.")
fmin = _numbers_only("fmin", minimum, _math.minimum, "The smaller; a number wins over NaN.")


@op
def heaviside(x1, x2):
    """0 where x1 < 0, x2 where x1 is 0, else 1."""
    a, b = floating(x1, x2)
    return _where(_math.is_nan(a), a, _where(_math.equal(a, 0.0), b, _math.cast(a > 0, a.dtype)))


@op
def logaddexp(x1, x2):
    """log(exp(x1) + exp(x2)), without overflow."""
    a, b = floating(x1, x2)
    same = _math.equal(a, b)  # infinities of one sign have no difference
    rest = _math.log1p(_math.exp(-_math.abs(_where(same, 0.0, a - b))))
    return _math.maximum(a, b) + rest


@op
def logaddexp2(x1, x2):
    """log2(2^x1 + 2^x2), without overflow."""
    a, b = floating(x1, x2)
    return logaddexp(a * math.log(2), b * math.log(2)) * (1 / math.log(2))


@op
def ldexp(x1, x2):
    """x1 · 2^x2 for integers x2."""
    exponent = tensor(x2)
    if exponent.dtype.is_floating:
        raise TypeError(
            f"ldexp exponent must be an integer type. Received: x2 dtype={exponent.dtype.name}"
        )
    x = floating(x1)
    return x * _math.pow(2.0, _math.cast(exponent, x.dtype))


@op
def clip(x, x_min, x_max):
    """min(max(x, x_min), x_max)."""
    x, low, high = (number(v) for v in promoted(x, x_min, x_max))
    return _math.clip_by_value(x, low, high)


def _like(x, truth):
    """One truth value in x's shape."""
    falsehood = _math.cast(_zeros_like(tensor(x)), "bool")
    return _math.logical_not(falsehood) if truth else falsehood


# Comparisons and logic.


def _comparison(name, build, doc):
    def function(x1, x2):
        a, b = promoted(x1, x2)
        if a.dtype.is_bool and build not in (_math.equal, _math.not_equal):
            a, b = _math.cast(a, "int32"), _math.cast(b, "int32")
        return build(a, b)

    return named(name, doc, function)


equal = _comparison("equal", _math.equal, "Whether x1 == x2.")
not_equal = _comparison("not_equal", _math.not_equal, "Whether x1 != x2.")
less = _comparison("less", _math.less, "Whether x1 < x2.")
less_equal = _comparison("less_equal", _math.less_equal, "Whether x1 <= x2.")
greater = _comparison("greater", _math.greater, "Whether x1 > x2.")
greater_equal = _comparison("greater_equal", _math.greater_equal, "Whether x1 >= x2.")


def _truth(x):
    return _math.cast(tensor(x), "bool")


@op
def logical_and(x1, x2):
    """x1 and x2."""
    return _math.logical_and(_truth(x1), _truth(x2))


@op
def logical_or(x1, x2):
    """x1 or x2."""
    return _math.logical_or(_truth(x1), _truth(x2))


@op
def logical_xor(x1, x2):
    """Whether exactly one is true."""
    return _math.logical_xor(_truth(x1), _truth(x2))


@op
def logical_not(x):
    """not x."""
    return _math.logical_not(_truth(x))


def _of_floats(name, build, of_others, doc):
    """A question about floats, and the answer for all others."""

    def function(x):
        x = tensor(x)
        return build(x) if x.dtype.is_floating else _like(x, of_others)

    return named(name, doc, function)


isfinite = _of_floats("isfinite", _math.is_finite, True, "Whether x is neither NaN nor infinite.")
isnan = _of_floats("isnan", _math.is_nan, False, "Whether x is NaN.")
isinf = _of_floats("isinf", _math.is_inf, False, "Whether x is infinite.")
isposinf = _of_floats("isposinf", lambda x: _math.equal(x, math.inf), False, "Whether x is infinity.")
isneginf = _of_floats(
    "isneginf", lambda x: _math.equal(x, -math.inf), False, "Whether x is -infinity."
)


@op
def isclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether |x1 - x2| <= atol + rtol |x2|, or both are the same infinity."""
    a, b = floating(x1, x2)
    near = _math.less_equal(_math.abs(a - b), atol + rtol * _math.abs(b)) & _math.is_finite(b)
    near = near | _math.equal(a, b)
    return near | (_math.is_nan(a) & _math.is_nan(b)) if equal_nan else near


@op
def allclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether isclose holds for all elements."""
    return _math.reduce_all(isclose(x1, x2, rtol, atol, equal_nan))


@op
def where(condition, x1=None, x2=None):
    """x1 where the condition holds, else x2. Without both: the indices of the true elements."""
    if (x1 is None) != (x2 is None):
        raise ValueError("`x1` and `x2` either both should be `None` or both should have non-None value.")
    if x1 is None:
        from ._indexing import nonzero

        return nonzero(condition)
    return _where(_truth(condition), *promoted(x1, x2))


@op
def select(condlist, choicelist, default=0):
    """Of each place the first choice whose condition holds, else `default`."""
    if len(condlist) != len(choicelist):
        raise ValueError(
            "condlist and choicelist must have the same length, got "
            f"{len(condlist)} and {len(choicelist)}"
        )
    *choices, result = promoted(*choicelist, default)
    for condition, choice in reversed(list(zip(condlist, choices))):
        result = _where(_truth(condition), choice, result)
    return result


# Numbers without an imaginary part.


@op
def real(x):
    """x, which is real."""
    return tensor(x)


@op
def conj(x):
    """x, which is real."""
    return tensor(x)


@op
def conjugate(x):
    """x, which is real."""
    return tensor(x)


@op
def imag(x):
    """0 for all elements: x is real."""
    return _zeros_like(tensor(x))


@op
def isreal(x):
    """True for all elements: x is real."""
    return _like(x, True)


@op
def angle(x):
    """0 where x >= 0, else π."""
    x = floating(x)
    return _where(_math.less(x, 0.0), math.pi, x * 0.0)


# Bits.


def _bits(name, node, doc, logic=None):
    def function(x, y):
        a, b = promoted(x, y)
        return logic(a, b) if logic and a.dtype.is_bool else apply(node, [a, b])

    return named(name, doc, function)


bitwise_and = _bits("bitwise_and", "bitwise_and", "The bits of both.", _math.logical_and)
bitwise_or = _bits("bitwise_or", "bitwise_or", "The bits of either.", _math.logical_or)
bitwise_xor = _bits("bitwise_xor", "bitwise_xor", "The bits of one of them.", _math.logical_xor)
left_shift = _bits("left_shift", "left_shift", "The bits of x, moved up by y.")
right_shift = _bits("right_shift", "right_shift", "The bits of x, moved down by y; the sign stays.")
bitwise_left_shift = _bits("bitwise_left_shift", "left_shift", "The bits of x, moved up by y.")
bitwise_right_shift = _bits(
    "bitwise_right_shift", "right_shift", "The bits of x, moved down by y; the sign stays."
)


@op
def bitwise_invert(x):
    """The other bits."""
    x = tensor(x)
    if x.dtype.is_bool:
        return _math.logical_not(x)
    return apply("bitwise_xor", [x, _math.cast(255 if x.dtype.is_unsigned else -1, x.dtype)])


@op
def bitwise_not(x):
    """The other bits."""
    return bitwise_invert(x)


def _divisors(x1, x2):
    a, b = promoted(x1, x2)
    if a.dtype.is_floating:
        raise TypeError(f"takes integers, got {a.dtype.name}")
    return number(a), number(b)


@op
def gcd(x1, x2):
    """The greatest common divisor."""
    return apply("gcd", list(_divisors(x1, x2)))


@op
def lcm(x1, x2):
    """The least common multiple."""
    a, b = _divisors(x1, x2)
    divisor = apply("gcd", [a, b])
    one = _math.cast(1, a.dtype)
    return _math.abs(_math.floordiv(a, _math.maximum(divisor, one)) * b)

