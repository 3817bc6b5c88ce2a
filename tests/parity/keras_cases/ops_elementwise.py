"""keras.ops: arithmetic, functions, comparisons, logic and bits."""

import numpy as np

from ._common import normal, uniform
from ._ops import OpCases

CASES = OpCases()

X = normal(1, 3, 4)
Y = normal(2, 3, 4)
ROW = normal(3, 4)
POSITIVE = uniform(4, 3, 4, low=0.3, high=2.5)
INSIDE = uniform(5, 3, 4, low=-0.9, high=0.9)
WHOLE = np.array([[-7, 4, 0], [3, -2, 9]], "int32")
OTHER = np.array([[2, -3, 5], [-4, 6, 7]], "int32")
LONG = WHOLE.astype("int64")
SMALL = np.array([3, 200, 17], "uint8")
TRUTH = np.array([[True, False, True], [False, False, True]])
SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5, -2.5], "float32")
DOUBLE = X.astype("float64")

CASES.each(
    "abs absolute arcsinh arctan cbrt cos cosh deg2rad exp exp2 expm1 fabs i0 negative rad2deg sin sinc "
    "sinh square tan tanh",
    X, of=(0,),
)
CASES.each("log log10 log1p log2 sqrt reciprocal rsqrt", POSITIVE, of=(0,))
CASES.each("arcsin arccos arctanh erfinv", INSIDE, of=(0,))
CASES.each("erf erfc", X, of=(0,))
CASES.op("arccosh", POSITIVE + 1, of=(0,))
CASES.each("ceil floor trunc sign signbit", X * 3)
CASES.op("round", X * 3)
CASES.op("round", X * 30, 1, case="decimals")
CASES.op("round", WHOLE * 10, -1, case="tens")
for _name in (
    "abs arctan cbrt ceil cos deg2rad exp exp2 fabs floor i0 log1p negative round sign signbit sin "
    "square sqrt tanh trunc"
).split():
    CASES.op(_name, np.abs(WHOLE) + 1, case="int32")
CASES.each("exp floor sqrt sign abs square", np.abs(LONG), case="int64")
CASES.each("exp sin square", DOUBLE, case="float64")
CASES.each("exp ceil floor abs square", TRUTH, case="bool")
CASES.each("sqrt exp round", 2.25, case="number")
CASES.each(
    "isfinite isnan isinf isposinf isneginf isreal nan_to_num signbit conj conjugate real imag sign trunc",
    SPECIAL, case="special",
)
CASES.each("isfinite isnan isinf isposinf isneginf isreal real imag", WHOLE, case="int32")
CASES.op("nan_to_num", SPECIAL, nan=1.0, posinf=2.0, neginf=-3.0, case="numbers")
CASES.op("angle", X)

CASES.each("add subtract multiply maximum minimum fmax fmin hypot arctan2 logaddexp logaddexp2", X, Y, of=(0, 1))
CASES.each("divide true_divide divide_no_nan", X, POSITIVE, of=(0, 1))
CASES.each("floor_divide mod fmod", X * 3, POSITIVE)
CASES.op("power", POSITIVE, Y, of=(0, 1))
CASES.op("heaviside", SPECIAL[1:], 0.5)
CASES.op("ldexp", X, np.array([1, -2, 3, 0], "int32"), of=(0,))
CASES.each("add subtract multiply divide maximum power", POSITIVE, ROW, of=(0, 1), case="broadcast")
for _name in "add subtract multiply divide floor_divide mod fmod maximum minimum hypot true_divide divide_no_nan".split():
    CASES.op(_name, WHOLE, OTHER, case="int32")
    CASES.op(_name, WHOLE, POSITIVE[:2, :3], case="mixed")
CASES.each("add multiply subtract divide", WHOLE, 2, case="with_int")
CASES.each("add multiply subtract divide maximum", WHOLE, 2.5, case="with_float")
CASES.each("add multiply subtract maximum", X, 2, case="float_with_int")
CASES.each("add multiply maximum", SMALL, 2, case="uint8_with_int")
CASES.each("add multiply maximum", LONG, WHOLE, case="int64_int32")
CASES.each("add multiply maximum divide", LONG, X[:2, :3], case="int64_float32")
CASES.each("add multiply maximum", DOUBLE, X, case="float64_float32")
CASES.each("add multiply", TRUTH, WHOLE, case="bool_int32")
CASES.op("power", np.abs(WHOLE), 2, case="int32")
CASES.each("fmax fmin maximum minimum", SPECIAL, np.ones(7, "float32"), case="special")
CASES.op("clip", X, -0.5, 0.7, of=(0,))
CASES.op("clip", WHOLE, -2, 5, case="int32")
CASES.op("clip", X, np.float32(-0.5), ROW + 2, case="arrays")

_COMPARISONS = "equal not_equal less less_equal greater greater_equal"
CASES.each(_COMPARISONS, X, Y)
CASES.each(_COMPARISONS, WHOLE, np.array([3, 4, 0], "int32"), case="int32")
CASES.each(_COMPARISONS, WHOLE, 0.5, case="mixed")
CASES.each("equal not_equal", TRUTH, TRUTH[::-1], case="bool")
CASES.each("logical_and logical_or logical_xor", TRUTH, np.array([True, True, False]))
CASES.each("logical_and logical_or logical_xor", WHOLE, TRUTH, case="numbers")
CASES.op("logical_not", TRUTH)
CASES.op("logical_not", WHOLE, case="numbers")
CASES.op("isclose", X, X + np.float32(1e-6))
CASES.op("isclose", SPECIAL[3:], SPECIAL[:2:-1].copy(), case="special")
CASES.op("isclose", np.float32([np.nan, 1]), np.float32([np.nan, 2]), equal_nan=True, case="nan")
CASES.op("allclose", X, X + np.float32(1e-7))
CASES.op("allclose", X, Y, case="other")
CASES.op("where", TRUTH, POSITIVE[:2, :3], X[:2, :3])
CASES.op("where", TRUTH, 1, 2.5, case="numbers")
CASES.op("where", TRUTH, WHOLE, X[:2, :3], case="mixed")
CASES.op("where", TRUTH, case="places")
CASES.op("select", [X < -0.5, X < 0.5], [X, X * 2], 9.0)

for _name in "bitwise_and bitwise_or bitwise_xor".split():
    CASES.op(_name, WHOLE, OTHER)
    CASES.op(_name, SMALL, np.array([5, 77, 129], "uint8"), case="uint8")
    CASES.op(_name, LONG, WHOLE, case="int64")
_SHIFT = np.array([[1, 0, 3], [2, 4, 5]], "int32")
CASES.each("left_shift right_shift bitwise_left_shift bitwise_right_shift", WHOLE, _SHIFT)
CASES.each("bitwise_invert bitwise_not", WHOLE)
CASES.each("bitwise_invert bitwise_not", SMALL, case="uint8")
CASES.each("gcd lcm", WHOLE, OTHER)
CASES.each("gcd lcm", LONG, np.array(6, "int64"), case="int64")
