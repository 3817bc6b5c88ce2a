"""Integer arithmetic with a rule of its own: divisions, means, powers; and exact float remainders."""

import numpy as np

from parity_harness import CaseTable

from ._common import value_case

CASES = CaseTable()

A = np.array([-7, 7, -7, 7, 0, -(2**31), 6, -6], np.int32)
B = np.array([2, -2, -2, 2, 3, -1, 3, 3], np.int32)

CASES.add(
    "divisions",
    value_case(
        lambda tf, a, b: [tf.math.floordiv(a, b), tf.math.floormod(a, b), a // b, a % b, a / b],
        A[[0, 1, 2, 3, 4, 6, 7]],
        B[[0, 1, 2, 3, 4, 6, 7]],
    ),
)
CASES.add("remainder_of_the_smallest", value_case(lambda tf, a, b: tf.math.floormod(a, b), A, B))
CASES.add("powers", value_case(lambda tf, a, b: tf.pow(a, b), A[:4], np.int32([0, 1, 2, 3])))

MEANS = {
    "mean_truncates": np.array([[1, 2], [-1, -2], [-3, -4], [7, 10]], np.int32),
    "mean_does_not_overflow": np.array([[2**31 - 1, 2**31 - 1]], np.int32),
    "mean_of_int64": np.array([[2**40, 2**40 + 3]], np.int64),
    "mean_of_uint8": np.array([[200, 100]], np.uint8),
    "mean_of_int8": np.array([[100, 100]], np.int8),
    "mean_of_none": np.zeros((2, 0), np.int32),
}
for _name, _values in MEANS.items():
    CASES.add(_name, value_case(lambda tf, x: tf.reduce_mean(x, axis=1), _values))
CASES.add("mean_of_all", value_case(lambda tf, x: tf.reduce_mean(x), np.int32([7, 8, 9, 10])))

DIVIDENDS = np.float32([1e10, 1e20, -1, 1, -1, 1, -7.5, 7.5, -7.5, 0, 1, -1e-20, 6, -6, 1e30])
DIVISORS = np.float32(
    [7, 3, np.inf, np.inf, -np.inf, -np.inf, 2, -2, -2, 3, 0, 3, -3, 3, 7]
)
for _dtype in (np.float32, np.float64):
    CASES.add(
        f"remainders_{np.dtype(_dtype).name}",
        value_case(
            lambda tf, a, b: tf.math.floormod(a, b),
            DIVIDENDS.astype(_dtype),
            DIVISORS.astype(_dtype),
        ),
    )
CASES.add(
    "quotients",
    value_case(
        lambda tf, a, b: tf.math.floordiv(a, b),
        np.float32([1e10, -7.5, 7.5, -7.5, 0, 6, -6, 5, -5, np.inf, 1]),
        np.float32([7, 2, -2, -2, 3, -3, 3, 0, 0, 2, 3]),
    ),
)
