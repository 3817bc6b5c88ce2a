"""Special functions, running sums, segments, orders and normalizations."""

import numpy as np

from parity_harness import CaseTable

from ._common import apart, normal, op_case, positive, value_case

CASES = CaseTable()

X = normal(1, 3, 4)
INSIDE = np.tanh(normal(2, 3, 4))
POSITIVE = positive(3, 3, 4)
IDS = np.array([2, 0, 2], "int32")

for _name in ("asinh", "atan", "bessel_i0", "bessel_i1", "erfc"):
    CASES.add(_name, op_case(lambda tf, x, n=_name: getattr(tf.math, n)(x), X))
for _name in ("acos", "asin", "atanh", "erfinv"):
    CASES.add(_name, op_case(lambda tf, x, n=_name: getattr(tf.math, n)(x), INSIDE))
CASES.add("acosh", op_case(lambda tf, x: tf.math.acosh(x + 1.0), POSITIVE))
CASES.add("atan2", op_case(lambda tf, y, x: tf.math.atan2(y, x), X, POSITIVE))
CASES.add("rint", value_case(lambda tf, x: tf.math.rint(x), X * 3))
CASES.add("scalar_mul", op_case(lambda tf, x: tf.math.scalar_mul(2.5, x), X))
SOME = X * (np.arange(12).reshape(3, 4) % 3 > 0)
for _name in ("multiply_no_nan", "xlogy", "xdivy"):
    CASES.add(_name, value_case(lambda tf, x, y, n=_name: getattr(tf.math, n)(x, y), SOME, POSITIVE))
CASES.add("reciprocal_no_nan", value_case(lambda tf, x: tf.math.reciprocal_no_nan(x), SOME))
CASES.add("zero_fraction", value_case(lambda tf, x: tf.math.zero_fraction(x), SOME))
CASES.add("count_nonzero", value_case(lambda tf, x: tf.math.count_nonzero(x, axis=1), SOME))
CASES.add(
    "reduce_euclidean_norm", op_case(lambda tf, x: tf.math.reduce_euclidean_norm(x, 1, True), X)
)
for _name in ("cumsum", "cumprod"):
    CASES.add(_name, op_case(lambda tf, x, n=_name: getattr(tf.math, n)(x, 1), X))
    CASES.add(
        _name + "_exclusive_reverse",
        op_case(lambda tf, x, n=_name: getattr(tf.math, n)(x, 0, True, True), X, unknown_batch=True),
    )
CASES.add("top_k", op_case(lambda tf, x: tf.math.top_k(x, 2).values, apart(4, 3, 5), unknown_batch=True))
CASES.add("top_k_places", value_case(lambda tf, x: tf.nn.top_k(x, 3)[1], apart(4, 3, 5)))
CASES.add("in_top_k", value_case(lambda tf, x, t: tf.nn.in_top_k(x, t, 2), X, np.array([1, 3, 0])))
for _name in ("sum", "prod", "max", "min"):
    CASES.add(
        f"unsorted_segment_{_name}",
        op_case(
            lambda tf, x, n=_name: getattr(tf.math, "unsorted_segment_" + n)(x, tf.constant(IDS), 3)[::2], X
        ),
    )
CASES.add(
    "batch_normalization",
    op_case(
        lambda tf, x, m, v, o, s: tf.nn.batch_normalization(x, m, v, o, s, 0.01),
        X, X[0], POSITIVE[0], X[1], POSITIVE[1],
    ),
)
IMAGE = normal(5, 2, 3, 3, 7)
CASES.add(
    "local_response_normalization",
    op_case(lambda tf, x: tf.nn.local_response_normalization(x, 2, 1.5, 0.3, 0.75), IMAGE),
)
CASES.add("lrn", op_case(lambda tf, x: tf.nn.lrn(x), IMAGE))
CASES.add("crelu", op_case(lambda tf, x: tf.nn.crelu(x), X))
