"""matmul with transposes and batches, and small compositions of it."""

from parity_harness import CaseTable

from ._common import normal, op_case

CASES = CaseTable()


def shape_of(rows, columns, transposed):
    return (columns, rows) if transposed else (rows, columns)


for _ta in (False, True):
    for _tb in (False, True):
        CASES.add(
            f"matmul_{'T' if _ta else 'N'}{'T' if _tb else 'N'}",
            op_case(
                lambda tf, a, b, ta=_ta, tb=_tb: tf.matmul(a, b, transpose_a=ta, transpose_b=tb),
                normal(31, *shape_of(3, 4, _ta)),
                normal(32, *shape_of(4, 5, _tb)),
            ),
        )
        CASES.add(
            f"batched_{'T' if _ta else 'N'}{'T' if _tb else 'N'}",
            op_case(
                lambda tf, a, b, ta=_ta, tb=_tb: tf.matmul(a, b, transpose_a=ta, transpose_b=tb),
                normal(33, 2, *shape_of(3, 4, _ta)),
                normal(34, 2, *shape_of(4, 5, _tb)),
            ),
        )

CASES.add("operator", op_case(lambda tf, a, b: a @ b, normal(31, 3, 4), normal(32, 4, 5)))
CASES.add(
    "linalg_matmul",
    op_case(lambda tf, a, b: tf.linalg.matmul(a, b), normal(31, 3, 4), normal(32, 4, 5)),
)
CASES.add(
    "batched_rank_4",
    op_case(lambda tf, a, b: tf.matmul(a, b), normal(33, 2, 2, 3, 4), normal(34, 2, 2, 4, 2)),
)
CASES.add(
    "batched_broadcast",
    op_case(lambda tf, a, b: tf.matmul(a, b), normal(33, 2, 3, 4), normal(34, 1, 4, 5)),
)
CASES.add(
    "batched_by_matrix",
    op_case(lambda tf, a, b: tf.matmul(a, b), normal(33, 2, 3, 4), normal(34, 4, 5)),
)
CASES.add("one_row", op_case(lambda tf, a, b: tf.matmul(a, b), normal(31, 1, 4), normal(32, 4, 1)))
CASES.add("outer", op_case(lambda tf, a, b: tf.matmul(a, b), normal(31, 3, 1), normal(32, 1, 4)))
CASES.add(
    "unknown_batch",
    op_case(
        lambda tf, a: tf.matmul(a, tf.constant(normal(32, 4, 5))),
        normal(31, 3, 4),
        unknown_batch=True,
    ),
)
CASES.add(
    "dense_layer",
    op_case(
        lambda tf, x, w, b: tf.nn.relu(tf.matmul(x, w) + b),
        normal(31, 6, 4),
        normal(32, 4, 5),
        normal(33, 5),
    ),
)
CASES.add(
    "bias_add", op_case(lambda tf, x, b: tf.nn.bias_add(x, b), normal(31, 6, 4), normal(32, 4))
)
CASES.add(
    "two_layers",
    op_case(
        lambda tf, x, w, v: tf.nn.softmax(tf.matmul(tf.tanh(tf.matmul(x, w)), v)),
        normal(31, 6, 4),
        normal(32, 4, 5),
        normal(33, 5, 3),
    ),
)
CASES.add(
    "same_matrix_twice", op_case(lambda tf, a: tf.matmul(a, a, transpose_b=True), normal(31, 3, 4))
)
CASES.add(
    "transposed_by_hand",
    op_case(lambda tf, a, b: tf.matmul(tf.transpose(a), b), normal(31, 4, 3), normal(32, 4, 5)),
)
CASES.add(
    "chain",
    op_case(
        lambda tf, a, b, c: tf.matmul(tf.matmul(a, b), c),
        normal(31, 3, 4),
        normal(32, 4, 5),
        normal(33, 5, 2),
    ),
)
CASES.add(
    "moderately_large",
    op_case(
        lambda tf, a, b: tf.matmul(a, b),
        normal(31, 17, 33, scale=0.3),
        normal(32, 33, 19, scale=0.3),
    ),
)
