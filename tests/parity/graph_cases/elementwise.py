"""Unary and binary elementwise ops, with broadcasting: values and gradients."""

from parity_harness import CaseTable

from ._common import apart, normal, op_case, positive, value_case

CASES = CaseTable()

X = apart(1, 3, 4)
P = positive(2, 3, 4)
SMALL = apart(3, 3, 4) * 0.3

UNARY = [
    ("abs", lambda tf, x: tf.abs(x), X),
    ("math_abs", lambda tf, x: tf.math.abs(x), X),
    ("negative", lambda tf, x: tf.negative(x), X),
    ("math_negative", lambda tf, x: tf.math.negative(x), X),
    ("sign", lambda tf, x: tf.sign(x) * x, X),
    ("exp", lambda tf, x: tf.exp(x), SMALL),
    ("math_exp", lambda tf, x: tf.math.exp(x), SMALL),
    ("log", lambda tf, x: tf.math.log(x), P),
    ("log1p", lambda tf, x: tf.math.log1p(x), P),
    ("expm1", lambda tf, x: tf.math.expm1(x), SMALL),
    ("sqrt", lambda tf, x: tf.sqrt(x), P),
    ("math_sqrt", lambda tf, x: tf.math.sqrt(x), P),
    ("rsqrt", lambda tf, x: tf.math.rsqrt(x), P),
    ("reciprocal", lambda tf, x: tf.math.reciprocal(x), P),
    ("square", lambda tf, x: tf.square(x), X),
    ("math_square", lambda tf, x: tf.math.square(x), X),
    ("tanh", lambda tf, x: tf.tanh(x), X),
    ("math_tanh", lambda tf, x: tf.math.tanh(x), X),
    ("nn_tanh", lambda tf, x: tf.nn.tanh(x), X),
    ("sigmoid", lambda tf, x: tf.sigmoid(x), X),
    ("nn_sigmoid", lambda tf, x: tf.nn.sigmoid(x), X),
    ("math_sigmoid", lambda tf, x: tf.math.sigmoid(x), X),
    ("relu", lambda tf, x: tf.nn.relu(x), X),
    ("relu6", lambda tf, x: tf.nn.relu6(x * 4.0), X),
    ("leaky_relu", lambda tf, x: tf.nn.leaky_relu(x), X),
    ("leaky_relu_alpha", lambda tf, x: tf.nn.leaky_relu(x, alpha=0.05), X),
    ("elu", lambda tf, x: tf.nn.elu(x), X),
    ("selu", lambda tf, x: tf.nn.selu(x), X),
    ("gelu", lambda tf, x: tf.nn.gelu(x), X),
    ("gelu_tanh", lambda tf, x: tf.nn.gelu(x, approximate=True), X),
    ("silu", lambda tf, x: tf.nn.silu(x), X),
    ("swish", lambda tf, x: tf.nn.swish(x), X),
    ("softplus", lambda tf, x: tf.nn.softplus(x), X),
    ("math_softplus", lambda tf, x: tf.math.softplus(x), X),
    ("softsign", lambda tf, x: tf.nn.softsign(x), X),
    ("log_sigmoid", lambda tf, x: tf.math.log_sigmoid(x), X),
    ("sin", lambda tf, x: tf.sin(x), X),
    ("cos", lambda tf, x: tf.cos(x), X),
    ("erf", lambda tf, x: tf.math.erf(x), SMALL),
    ("floor", lambda tf, x: tf.floor(x) * x, X),
    ("ceil", lambda tf, x: tf.math.ceil(x) * x, X),
    ("identity", lambda tf, x: tf.identity(x), X),
    ("clip_by_value", lambda tf, x: tf.clip_by_value(x, -0.7, 0.9), X),
    ("stop_gradient", lambda tf, x: x * tf.stop_gradient(x), X),
    ("zeros_like", lambda tf, x: x + tf.zeros_like(x), X),
    ("ones_like", lambda tf, x: x * tf.ones_like(x), X),
]
for _name, _build, _x in UNARY:
    CASES.add(_name, op_case(_build, _x))

A, B = apart(4, 3, 4), apart(5, 3, 4) + 0.05
PA, PB = positive(6, 3, 4), positive(7, 3, 4)

BINARY = [
    ("add", lambda tf, a, b: tf.add(a, b), A, B),
    ("subtract", lambda tf, a, b: tf.subtract(a, b), A, B),
    ("multiply", lambda tf, a, b: tf.multiply(a, b), A, B),
    ("divide", lambda tf, a, b: tf.divide(a, b), A, PB),
    ("pow", lambda tf, a, b: tf.pow(a, b), PA, PB),
    ("math_pow", lambda tf, a, b: tf.math.pow(a, b), PA, PB),
    ("maximum", lambda tf, a, b: tf.maximum(a, b), A, B),
    ("minimum", lambda tf, a, b: tf.minimum(a, b), A, B),
    ("squared_difference", lambda tf, a, b: tf.math.squared_difference(a, b), A, B),
    ("truediv", lambda tf, a, b: tf.truediv(a, b), A, PB),
    ("realdiv", lambda tf, a, b: tf.math.divide(a, b), A, PB),
    ("divide_no_nan", lambda tf, a, b: tf.math.divide_no_nan(a, b), A, PB),
    ("operator_add", lambda tf, a, b: a + b, A, B),
    ("operator_sub", lambda tf, a, b: a - b, A, B),
    ("operator_mul", lambda tf, a, b: a * b, A, B),
    ("operator_truediv", lambda tf, a, b: a / b, A, PB),
    ("operator_pow", lambda tf, a, b: a**b, PA, PB),
]
for _name, _build, _a, _b in BINARY:
    CASES.add(_name, op_case(_build, _a, _b))

BROADCASTS = {
    "row": (4,),
    "column": (3, 1),
    "scalar": (),
    "one_row": (1, 4),
    "ones": (1, 1),
    "both": None,
    "higher_rank": (2, 3, 4),
}
for _shape_name, _shape in BROADCASTS.items():
    for _op in ("add", "subtract", "multiply", "divide", "maximum", "pow"):
        _left, _right = (
            (positive(8, 3, 1), positive(9, 1, 4)) if _shape is None else (PA, positive(9, *_shape))
        )
        CASES.add(
            f"broadcast_{_op}_{_shape_name}",
            op_case(lambda tf, a, b, op=_op: getattr(tf, op)(a, b), _left, _right),
        )

SCALARS = [
    ("x_plus_float", lambda tf, x: x + 1.5),
    ("float_plus_x", lambda tf, x: 1.5 + x),
    ("x_minus_int", lambda tf, x: x - 2),
    ("int_minus_x", lambda tf, x: 2 - x),
    ("x_times_float", lambda tf, x: x * 0.25),
    ("float_over_x", lambda tf, x: 3.0 / x),
    ("x_over_int", lambda tf, x: x / 4),
    ("x_cubed", lambda tf, x: x**3),
    ("x_to_half", lambda tf, x: x**0.5),
    ("two_to_x", lambda tf, x: 2.0**x),
    ("negated", lambda tf, x: -x),
    ("abs_builtin", lambda tf, x: abs(x - 1.07)),
    ("numpy_operand", lambda tf, x: x * PB),
    ("list_operand", lambda tf, x: x + [1.0, 2.0, 3.0, 4.0]),
    ("chain", lambda tf, x: (x * 2.0 + 1.0) / (x + 3.0) - x**2),
]
for _name, _build in SCALARS:
    CASES.add(f"scalar_{_name}", op_case(_build, PA))

CASES.add(
    "unknown_batch_chain",
    op_case(lambda tf, a, b: tf.tanh(a * b + 1.0) / (1.0 + tf.exp(-a)), A, B, unknown_batch=True),
)
CASES.add("empty", op_case(lambda tf, a: tf.exp(a) + 1.0, normal(1, 0, 4), unknown_batch=True))

COMPARISONS = [
    ("greater", lambda tf, a, b: tf.greater(a, b)),
    ("greater_equal", lambda tf, a, b: tf.greater_equal(a, b)),
    ("less", lambda tf, a, b: tf.less(a, b)),
    ("less_equal", lambda tf, a, b: tf.less_equal(a, b)),
    ("equal", lambda tf, a, b: tf.equal(a, b)),
    ("not_equal", lambda tf, a, b: tf.not_equal(a, b)),
    ("operators", lambda tf, a, b: [a > b, a >= b, a < b, a <= b]),
]
for _name, _build in COMPARISONS:
    _left, _right = normal(10, 3, 4).round(), normal(11, 3, 4).round()
    CASES.add(f"compare_{_name}", value_case(_build, _left, _right))
    CASES.add(
        f"compare_int_{_name}", value_case(_build, _left.astype("int32"), _right.astype("int32"))
    )

LEFT, RIGHT = normal(12, 3, 4) > 0, normal(13, 3, 4) > 0
CASES.add("logical_and", value_case(lambda tf, a, b: tf.logical_and(a, b), LEFT, RIGHT))
CASES.add("logical_or", value_case(lambda tf, a, b: tf.logical_or(a, b), LEFT, RIGHT))
CASES.add("logical_not", value_case(lambda tf, a: tf.logical_not(a), LEFT))
CASES.add("logical_operators", value_case(lambda tf, a, b: [a & b, a | b, ~a], LEFT, RIGHT))

INTEGERS, OTHER_INTEGERS = (
    (normal(14, 3, 4) * 5).astype("int32"),
    (normal(15, 3, 4) * 3).astype("int32"),
)
CASES.add(
    "int_arithmetic",
    value_case(
        lambda tf, a, b: [a + b, a - b, a * b, tf.maximum(a, b), tf.minimum(a, b), -a, tf.abs(a)],
        INTEGERS,
        OTHER_INTEGERS,
    ),
)
CASES.add("int_scalar", value_case(lambda tf, a: [a + 1, 2 * a, a - 3], INTEGERS))
CASES.add(
    "is_nan", value_case(lambda tf, a: tf.math.is_nan(a), P * [[1.0, float("nan"), 1.0, 1.0]])
)
