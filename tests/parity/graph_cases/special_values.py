"""NaN, both infinities and zeros through every op: what is hidden, what spreads."""

import itertools

import numpy as np

from parity_harness import CaseTable

CASES = CaseTable()


def fed_case(build, *arrays):
    """A case of values only. The arrays are fed: constants would be folded, not computed by kernels."""

    def case(tf, np):
        inputs = [tf.placeholder(tf.float32, array.shape) for array in arrays]
        with tf.Session() as session:
            return {"y0": session.run(build(tf, *inputs), dict(zip(inputs, arrays)))}

    return case


NAN, INF = float("nan"), float("inf")
VALUES = np.array([NAN, INF, -INF, 0.0, 1.0, -2.5], np.float32)
PAIRS = np.array(list(itertools.product(VALUES, VALUES)), np.float32).T

UNARY = {
    "abs": lambda tf, x: tf.abs(x),
    "negative": lambda tf, x: tf.negative(x),
    "sign": lambda tf, x: tf.sign(x),
    "exp": lambda tf, x: tf.exp(x),
    "expm1": lambda tf, x: tf.math.expm1(x),
    "log": lambda tf, x: tf.math.log(x),
    "log1p": lambda tf, x: tf.math.log1p(x),
    "sqrt": lambda tf, x: tf.sqrt(x),
    "rsqrt": lambda tf, x: tf.math.rsqrt(x),
    "reciprocal": lambda tf, x: tf.math.reciprocal(x),
    "square": lambda tf, x: tf.square(x),
    "sin": lambda tf, x: tf.sin(x),
    "cos": lambda tf, x: tf.cos(x),
    "tan": lambda tf, x: tf.tan(x),
    "sinh": lambda tf, x: tf.sinh(x),
    "cosh": lambda tf, x: tf.cosh(x),
    "tanh": lambda tf, x: tf.tanh(x),
    "erf": lambda tf, x: tf.math.erf(x),
    "floor": lambda tf, x: tf.floor(x),
    "ceil": lambda tf, x: tf.math.ceil(x),
    "round": lambda tf, x: tf.round(x),
    "sigmoid": lambda tf, x: tf.sigmoid(x),
    "softplus": lambda tf, x: tf.nn.softplus(x),
    "softsign": lambda tf, x: tf.nn.softsign(x),
    "log_sigmoid": lambda tf, x: tf.math.log_sigmoid(x),
    "relu": lambda tf, x: tf.nn.relu(x),
    "relu6": lambda tf, x: tf.nn.relu6(x),
    "leaky_relu": lambda tf, x: tf.nn.leaky_relu(x),
    "elu": lambda tf, x: tf.nn.elu(x),
    "selu": lambda tf, x: tf.nn.selu(x),
    "gelu": lambda tf, x: tf.nn.gelu(x),
    "gelu_tanh": lambda tf, x: tf.nn.gelu(x, approximate=True),
    "silu": lambda tf, x: tf.nn.silu(x),
    "is_nan": lambda tf, x: tf.math.is_nan(x),
    "is_finite": lambda tf, x: tf.math.is_finite(x),
    "is_inf": lambda tf, x: tf.math.is_inf(x),
    "identity": lambda tf, x: tf.identity(x),
    "clip_by_value": lambda tf, x: tf.clip_by_value(x, -0.5, 0.5),
    "to_bool": lambda tf, x: tf.cast(x, tf.bool),
    "to_double": lambda tf, x: tf.cast(x, tf.float64),
    "l2_loss": lambda tf, x: tf.nn.l2_loss(x),
}
for _name, _build in UNARY.items():
    CASES.add(_name, fed_case(_build, VALUES))

BINARY = {
    "add": lambda tf, a, b: tf.add(a, b),
    "subtract": lambda tf, a, b: tf.subtract(a, b),
    "multiply": lambda tf, a, b: tf.multiply(a, b),
    "divide": lambda tf, a, b: tf.divide(a, b),
    "divide_no_nan": lambda tf, a, b: tf.math.divide_no_nan(a, b),
    "pow": lambda tf, a, b: tf.pow(a, b),
    "floormod": lambda tf, a, b: tf.math.floormod(a, b),
    "squared_difference": lambda tf, a, b: tf.math.squared_difference(a, b),
    "maximum": lambda tf, a, b: tf.maximum(a, b),
    "minimum": lambda tf, a, b: tf.minimum(a, b),
    "equal": lambda tf, a, b: tf.equal(a, b),
    "not_equal": lambda tf, a, b: tf.not_equal(a, b),
    "less": lambda tf, a, b: tf.less(a, b),
    "less_equal": lambda tf, a, b: tf.less_equal(a, b),
    "greater": lambda tf, a, b: tf.greater(a, b),
    "greater_equal": lambda tf, a, b: tf.greater_equal(a, b),
    "where": lambda tf, a, b: tf.where(a > 0.5, a, b),
}
for _name, _build in BINARY.items():
    CASES.add(_name, fed_case(_build, *PAIRS))

ROWS = np.array(
    [
        [1.0, NAN, 2.0],
        [NAN, NAN, NAN],
        [INF, 1.0, 2.0],
        [-INF, 1.0, 2.0],
        [INF, -INF, 0.0],
        [INF, INF, 1.0],
        [-INF, -INF, -INF],
        [1e8, 1e8, 1e8],
    ],
    np.float32,
)
REDUCTIONS = {
    "reduce_sum": lambda tf, x: tf.reduce_sum(x, axis=1),
    "reduce_mean": lambda tf, x: tf.reduce_mean(x, axis=1),
    "reduce_prod": lambda tf, x: tf.reduce_prod(x, axis=1),
    "reduce_max": lambda tf, x: tf.reduce_max(x, axis=1),
    "reduce_min": lambda tf, x: tf.reduce_min(x, axis=1),
    "reduce_logsumexp": lambda tf, x: tf.reduce_logsumexp(x, axis=1),
    "norm": lambda tf, x: tf.linalg.norm(x, axis=1),
    "l2_normalize": lambda tf, x: tf.nn.l2_normalize(x, axis=1),
    "clip_by_norm": lambda tf, x: tf.clip_by_norm(x, 1.0, axes=[1]),
    # TensorFlow's own two softmaxes differ on the rows with NaN: along one axis it hides it.
    "softmax": lambda tf, x: tf.nn.softmax(tf.gather(x, [3, 7])),
    "softmax_first_axis": lambda tf, x: tf.nn.softmax(x[2:4], axis=0),
    "log_softmax": lambda tf, x: tf.nn.log_softmax(x),
    "softmax_cross_entropy": lambda tf, x: tf.nn.softmax_cross_entropy_with_logits(
        labels=tf.ones_like(x) / 3.0, logits=x
    ),
    "sigmoid_cross_entropy": lambda tf, x: tf.nn.sigmoid_cross_entropy_with_logits(
        labels=tf.ones_like(x), logits=x
    ),
    "matmul": lambda tf, x: tf.matmul(x, tf.ones([3, 2])),
    "concat": lambda tf, x: tf.concat([x, x], axis=1),
}
for _name, _build in REDUCTIONS.items():
    CASES.add(_name, fed_case(_build, ROWS))


@CASES.case
def clip_by_global_norm(tf, np):
    """An infinite norm gives NaN, also for the finite values."""
    results = {}
    with tf.Session() as session:
        for i, row in enumerate(ROWS[:7]):
            clipped, norm = tf.clip_by_global_norm([tf.constant(row), tf.ones([2])], 1.0)
            results[f"a{i}"], results[f"b{i}"], results[f"n{i}"] = session.run([*clipped, norm])
    return results
