"""Derivatives where an op has none or an infinite one: what a zero gradient gives there, ties, and
differences of large numbers.
"""

from parity_harness import CaseTable

CASES = CaseTable()


def gradient_case(build, *values):
    """y = build(tf, x) and dy/dx at the values."""

    def case(tf, np):
        x = tf.constant(np.array(values, np.float32))
        y = build(tf, x)
        gradient = tf.gradients(y, x)[0]
        results = {"y": y} if gradient is None else {"y": y, "dx": gradient}
        with tf.Session() as session:
            return {**session.run(results), "connected": gradient is not None}

    return case


def chosen(function):
    """The function where it is defined, else 0: the other branch gets a gradient of 0."""
    return lambda tf, x: tf.where(x > 0.0, function(tf, x), 0.0 * x)


for _name, _build, _values in [
    ("where_sqrt", chosen(lambda tf, x: tf.sqrt(x)), (0.0, -1.0, 4.0)),
    ("where_rsqrt", chosen(lambda tf, x: tf.math.rsqrt(x)), (0.0, -1.0, 4.0)),
    ("where_reciprocal", chosen(lambda tf, x: tf.math.reciprocal(x)), (0.0, -1.0, 4.0)),
    ("where_log_below_0", chosen(lambda tf, x: tf.math.log(x)), (-1.0, 4.0)),
    ("square_of_sqrt", lambda tf, x: tf.square(tf.sqrt(x)), (0.0, 4.0)),
    ("clip_by_norm_of_zeros", lambda tf, x: tf.clip_by_norm(x, 1.0), (0.0, 0.0)),
    ("clip_by_norm_above", lambda tf, x: tf.clip_by_norm(x, 1.0), (3.0, 4.0)),
    ("clip_by_norm_below", lambda tf, x: tf.clip_by_norm(x, 10.0), (3.0, 4.0)),
    ("square_of_norm_of_zeros", lambda tf, x: tf.square(tf.linalg.norm(x)), (0.0, 0.0)),
    ("norm", lambda tf, x: tf.linalg.norm(x), (3.0, 4.0)),
    ("square_of_std", lambda tf, x: tf.square(tf.math.reduce_std(x)), (1.0, 1.0)),
    ("l2_normalize_of_zeros", lambda tf, x: tf.nn.l2_normalize(x), (0.0, 0.0)),
    ("divide_no_nan", lambda tf, x: tf.math.divide_no_nan(x, 0.0 * x), (0.0, 1.0)),
    ("sqrt", lambda tf, x: tf.sqrt(x), (0.0, -1.0)),
    ("prod_of_zeros", lambda tf, x: tf.reduce_prod(x), (0.0, 0.0, 2.0)),
    ("prod_with_zero", lambda tf, x: tf.reduce_prod(x), (0.0, 3.0, 2.0)),
    ("logsumexp_1e6", lambda tf, x: tf.reduce_logsumexp(x), (1e6, 1e6, 1e6)),
    ("logsumexp_1e8", lambda tf, x: tf.reduce_logsumexp(x), (1e8, 1e8, 1e8)),
    ("logsumexp_minus_inf", lambda tf, x: tf.reduce_logsumexp(x), (float("-inf"), 1.0)),
    ("max_ties", lambda tf, x: tf.reduce_max(x), (2.0, 2.0, 1.0)),
    ("max_of_infinities", lambda tf, x: tf.reduce_max(x), (float("inf"), float("inf"), 1.0)),
    ("softmax_1e8", lambda tf, x: tf.nn.softmax(x)[0], (1e8, 1e8, 1e8)),
    ("log_softmax_1e8", lambda tf, x: tf.nn.log_softmax(x)[0], (1e8, 1e8, 1e8)),
    ("softmax_minus_inf", lambda tf, x: tf.nn.softmax(x)[1], (float("-inf"), 1.0, 2.0)),
    ("abs", lambda tf, x: tf.abs(x), (0.0, -2.0, float("nan"))),
    ("tan", lambda tf, x: tf.tan(x), (0.0, 1.0)),
    ("sign", lambda tf, x: tf.sign(x), (1.5, -0.5, 0.0)),
    ("second_of_abs", lambda tf, x: tf.gradients(tf.abs(x), x)[0], (1.5, -0.5)),
    ("floor", lambda tf, x: tf.floor(x), (1.5, -0.5)),
    ("ceil", lambda tf, x: tf.math.ceil(x), (1.5, -0.5)),
    ("round", lambda tf, x: tf.round(x), (1.5, -0.5)),
    ("floordiv", lambda tf, x: tf.math.floordiv(x, 2.0 * x), (1.5, -0.5)),
    ("floormod", lambda tf, x: tf.math.floormod(x, 2.0), (1.5, -0.5)),
    ("floormod_of_divisor", lambda tf, x: tf.math.floormod(7.0, x), (1.5, -2.5)),
    ("is_finite", lambda tf, x: tf.cast(tf.math.is_finite(x), tf.float32), (1.5, -0.5)),
    ("equal", lambda tf, x: tf.cast(tf.equal(x, 1.5), tf.float32), (1.5, -0.5)),
    ("argmax", lambda tf, x: tf.cast(tf.argmax(x, axis=0), tf.float32), (1.5, -0.5)),
    ("through_integers", lambda tf, x: tf.cast(tf.cast(x, tf.int32), tf.float32), (1.5, -0.5)),
    ("zeros_like", lambda tf, x: tf.zeros_like(x), (1.5, -0.5)),
    ("ones_like", lambda tf, x: tf.ones_like(x), (1.5, -0.5)),
    ("shape", lambda tf, x: tf.cast(tf.shape(x), tf.float32), (1.5, -0.5)),
    ("stop_gradient", lambda tf, x: tf.stop_gradient(x), (1.5, -0.5)),
    ("one_hot", lambda tf, x: tf.one_hot(tf.cast(x, tf.int32), 2), (1.0, 0.0)),
    ("condition", lambda tf, x: tf.where(x > 0.0, [1.0, 1.0], [2.0, 2.0]), (1.5, -0.5)),
    ("clip_beyond", lambda tf, x: tf.clip_by_value(x, 0.0, 1.0), (1.5, -0.5)),
]:
    CASES.add(_name, gradient_case(_build, *_values))
