"""Reductions over any axes, with and without keepdims, argmax and argmin: values and gradients."""

from parity_harness import CaseTable

from ._common import apart, op_case, positive, value_case

CASES = CaseTable()

X = apart(21, 2, 3, 4)
P = positive(22, 2, 3, 4)

AXES = {
    "all": None,
    "axis0": 0,
    "axis1": 1,
    "last": -1,
    "two": [0, 2],
    "negative_two": [-1, 0],
    "every": [0, 1, 2],
    "none": [],
}

REDUCTIONS = {
    "sum": (lambda tf: tf.reduce_sum, X),
    "mean": (lambda tf: tf.reduce_mean, X),
    "max": (lambda tf: tf.reduce_max, X),
    "min": (lambda tf: tf.reduce_min, X),
    "prod": (lambda tf: tf.reduce_prod, P),
    "logsumexp": (lambda tf: tf.reduce_logsumexp, X * 0.5),
}

for _name, (_function, _x) in REDUCTIONS.items():
    for _axis_name, _axis in AXES.items():
        for _keepdims in (False, True):
            CASES.add(
                f"{_name}_{_axis_name}{'_keepdims' if _keepdims else ''}",
                op_case(
                    lambda tf, x, f=_function, a=_axis, k=_keepdims: f(tf)(x, axis=a, keepdims=k),
                    _x,
                ),
            )

for _name in ("sum", "mean", "max", "logsumexp"):
    CASES.add(
        f"math_{_name}",
        op_case(lambda tf, x, n=_name: getattr(tf.math, f"reduce_{n}")(x, axis=1), X * 0.5),
    )

CASES.add("positional_axis", op_case(lambda tf, x: tf.reduce_sum(x, 1), X))
CASES.add(
    "mean_unknown_batch", op_case(lambda tf, x: tf.reduce_mean(x, axis=0), X, unknown_batch=True)
)
CASES.add(
    "mean_of_all_unknown_batch",
    op_case(lambda tf, x: tf.reduce_mean(tf.square(x)), X, unknown_batch=True),
)
CASES.add(
    "variance",
    op_case(
        lambda tf, x: tf.reduce_mean(
            tf.square(x - tf.reduce_mean(x, axis=0, keepdims=True)), axis=0
        ),
        X,
    ),
)
CASES.add("logsumexp_large", op_case(lambda tf, x: tf.reduce_logsumexp(x * 60.0, axis=-1), X * 0.5))
CASES.add("l2_loss", op_case(lambda tf, x: tf.nn.l2_loss(x), X))

for _axis in (0, 1, -1):
    CASES.add(f"argmax_{_axis}", value_case(lambda tf, x, a=_axis: tf.argmax(x, axis=a), X))
    CASES.add(f"argmin_{_axis}", value_case(lambda tf, x, a=_axis: tf.argmin(x, axis=a), X))
CASES.add("argmax_int32", value_case(lambda tf, x: tf.argmax(x, axis=1, output_type=tf.int32), X))
CASES.add(
    "argmax_first_wins",
    value_case(lambda tf, x: tf.argmax(x, axis=1), [[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]),
)
CASES.add(
    "int_sums",
    value_case(
        lambda tf, x: [tf.reduce_sum(x, axis=0), tf.reduce_max(x), tf.reduce_min(x, axis=1)],
        (X * 4).astype("int32"),
    ),
)
CASES.add(
    "any_and_all",
    value_case(lambda tf, x: [tf.reduce_any(x > 0.5, axis=1), tf.reduce_all(x > -1.0, axis=1)], X),
)
CASES.add("max_shares_ties", op_case(lambda tf, x: tf.reduce_max(x, axis=1), (X * 0 + 1.0)[0]))
