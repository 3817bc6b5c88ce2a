"""Ops that move values: reshape, transpose, concat, slices, pad, gather, one_hot, tile, where,
cast: values and gradients.
"""

from parity_harness import CaseTable

from ._common import apart, normal, op_case, value_case

CASES = CaseTable()

X = normal(41, 2, 3, 4)
M = normal(42, 3, 4)
V = normal(43, 5)

# gather takes x * 1.0: TensorFlow gives the gradient of a gathered placeholder in a sparse form of
# its own.
MOVES = [
    ("reshape", lambda tf, x: tf.reshape(x, [6, 4]), X),
    ("reshape_unknown", lambda tf, x: tf.reshape(x, [2, -1]), X),
    ("reshape_flat", lambda tf, x: tf.reshape(x, [-1]), X),
    ("reshape_rank_up", lambda tf, x: tf.reshape(x, [1, 2, 3, 2, 2]), X),
    ("transpose", lambda tf, x: tf.transpose(x), X),
    ("transpose_matrix", lambda tf, x: tf.transpose(x), M),
    ("transpose_perm", lambda tf, x: tf.transpose(x, [1, 2, 0]), X),
    ("transpose_keyword", lambda tf, x: tf.transpose(x, perm=[0, 2, 1]), X),
    ("expand_dims_0", lambda tf, x: tf.expand_dims(x, 0), M),
    ("expand_dims_last", lambda tf, x: tf.expand_dims(x, axis=-1), M),
    ("squeeze", lambda tf, x: tf.squeeze(x), normal(44, 1, 3, 1)),
    ("squeeze_axis", lambda tf, x: tf.squeeze(x, axis=[0]), normal(44, 1, 3, 1)),
    ("squeeze_negative", lambda tf, x: tf.squeeze(x, axis=-1), normal(44, 1, 3, 1)),
    ("broadcast_to", lambda tf, x: tf.broadcast_to(x, [2, 3, 4]), M),
    ("broadcast_to_column", lambda tf, x: tf.broadcast_to(x, [3, 4]), normal(45, 3, 1)),
    ("broadcast_to_scalar", lambda tf, x: tf.broadcast_to(x, [2, 2]), normal(46)),
    ("tile", lambda tf, x: tf.tile(x, [2, 3]), M),
    ("tile_vector", lambda tf, x: tf.tile(x, [3]), V),
    ("pad", lambda tf, x: tf.pad(x, [[1, 2], [0, 3]]), M),
    ("pad_value", lambda tf, x: tf.pad(x, [[1, 0], [2, 1]], constant_values=0.5), M),
    ("stack_unstack", lambda tf, x: tf.stack([x[0], x[1] * 2.0], axis=1), X),
    ("split_two", lambda tf, x: tf.split(x, 2, axis=1), M),
    ("split_three", lambda tf, x: tf.split(x, 3, axis=0), M),
    ("split_sizes", lambda tf, x: tf.split(x, [1, 3], axis=-1), M),
    ("unstack", lambda tf, x: tf.unstack(x, axis=0), M),
    ("gather", lambda tf, x: tf.gather(x * 1.0, [2, 0, 1]), M),
    ("gather_repeated", lambda tf, x: tf.gather(x * 1.0, [0, 2, 0, 0]), M),
    ("gather_axis", lambda tf, x: tf.gather(x * 1.0, [3, 3, 1], axis=1), M),
    ("gather_matrix", lambda tf, x: tf.gather(x * 1.0, [[0, 1], [2, 2]]), M),
    ("gather_scalar", lambda tf, x: tf.gather(x * 1.0, 1), M),
    ("reverse", lambda tf, x: tf.reverse(x, axis=[1]), M),
    ("slice", lambda tf, x: tf.slice(x, [0, 1], [2, 2]), M),
    ("slice_to_end", lambda tf, x: tf.slice(x, [1, 0], [-1, 3]), M),
    ("index", lambda tf, x: x[1], X),
    ("index_two", lambda tf, x: x[1, 2], X),
    ("index_negative", lambda tf, x: x[-1, :, -2], X),
    ("range", lambda tf, x: x[:, 1:3], X),
    ("range_open", lambda tf, x: x[:, 1:], X),
    ("range_negative", lambda tf, x: x[:, :-1], X),
    ("steps", lambda tf, x: x[::2], V),
    ("steps_offset", lambda tf, x: x[1::2], V),
    ("steps_backward", lambda tf, x: x[::-1], V),
    ("steps_backward_range", lambda tf, x: x[4:1:-2], V),
    ("ellipsis", lambda tf, x: x[..., 0], X),
    ("ellipsis_middle", lambda tf, x: x[0, ..., 1:3], X),
    ("new_axis", lambda tf, x: x[:, None], V),
    ("new_axis_tf", lambda tf, x: x[tf.newaxis, :], V),
    ("empty_range", lambda tf, x: x[2:2], V),
]
for _name, _build, _x in MOVES:
    CASES.add(_name, op_case(_build, _x))

PAIRS = [
    ("concat_0", lambda tf, a, b: tf.concat([a, b], axis=0), normal(47, 2, 3), normal(48, 4, 3)),
    ("concat_1", lambda tf, a, b: tf.concat([a, b], 1), normal(47, 3, 2), normal(48, 3, 4)),
    (
        "concat_last",
        lambda tf, a, b: tf.concat([a, b, a], axis=-1),
        normal(47, 3, 2),
        normal(48, 3, 4),
    ),
    ("stack_0", lambda tf, a, b: tf.stack([a, b]), normal(47, 3, 2), normal(48, 3, 2)),
    ("stack_1", lambda tf, a, b: tf.stack([a, b], axis=1), normal(47, 3, 2), normal(48, 3, 2)),
    (
        "stack_last",
        lambda tf, a, b: tf.stack([a, b, b], axis=-1),
        normal(47, 3, 2),
        normal(48, 3, 2),
    ),
    ("where", lambda tf, a, b: tf.where(a > 0.0, a, b * 2.0), apart(47, 3, 4), apart(48, 3, 4)),
    (
        "where_constant_mask",
        lambda tf, a, b: tf.where(tf.constant([[True, False], [False, True]]), a, b),
        normal(47, 2, 2),
        normal(48, 2, 2),
    ),
    (
        "where_equal_shapes_computed",
        lambda tf, a, b: tf.where(tf.less(a, b), tf.exp(a), tf.square(b)),
        apart(47, 3, 2) * 0.4,
        apart(48, 3, 2),
    ),
]
for _name, _build, _a, _b in PAIRS:
    CASES.add(_name, op_case(_build, _a, _b))

CASES.add(
    "reshape_unknown_batch", op_case(lambda tf, x: tf.reshape(x, [-1, 12]), X, unknown_batch=True)
)
CASES.add(
    "transpose_unknown_batch",
    op_case(lambda tf, x: tf.transpose(x, [0, 2, 1]), X, unknown_batch=True),
)
CASES.add(
    "concat_unknown_batch",
    op_case(lambda tf, x: tf.concat([x, x * 2.0], axis=2), X, unknown_batch=True),
)
CASES.add("slice_unknown_batch", op_case(lambda tf, x: x[1:, 0], X, unknown_batch=True))

INDICES = [[0, 2], [1, 3]]
CASES.add("one_hot", value_case(lambda tf, i: tf.one_hot(i, 4), INDICES))
CASES.add(
    "one_hot_values",
    value_case(lambda tf, i: tf.one_hot(i, 4, on_value=2.0, off_value=-1.0), INDICES),
)
CASES.add("one_hot_axis", value_case(lambda tf, i: tf.one_hot(i, 4, axis=1), INDICES))
CASES.add("one_hot_int", value_case(lambda tf, i: tf.one_hot(i, 4, dtype=tf.int32), INDICES))
CASES.add("one_hot_out_of_range", value_case(lambda tf, i: tf.one_hot(i, 3), INDICES))

CASES.add("cast_float_int", value_case(lambda tf, x: tf.cast(x, tf.int32), apart(49, 3, 4) * 3))
CASES.add("cast_int_float", value_case(lambda tf, x: tf.cast(x, tf.float32), [[1, -2], [3, 4]]))
CASES.add(
    "cast_bool",
    value_case(
        lambda tf, x: [tf.cast(x > 0.0, tf.float32), tf.cast(x > 0.0, tf.int32)], apart(49, 3, 4)
    ),
)
CASES.add("cast_to_bool", value_case(lambda tf, x: tf.cast(x, tf.bool), [0, 1, -3, 0]))
CASES.add("cast_double", value_case(lambda tf, x: tf.cast(x, tf.float64), normal(49, 3)))
CASES.add("cast_int64", value_case(lambda tf, x: tf.cast(x, tf.int64), [1, 2, 3]))
CASES.add(
    "cast_same_type_gradient",
    op_case(lambda tf, x: tf.cast(tf.cast(x, tf.float64), tf.float32) * x, M),
)
CASES.add(
    "cast_through_int_disconnects",
    op_case(lambda tf, x: tf.cast(tf.cast(x, tf.int32), tf.float32), apart(49, 3, 4)),
)

CASES.add(
    "int_movement",
    value_case(
        lambda tf, x: [
            tf.transpose(x),
            tf.reshape(x, [-1]),
            tf.concat([x, x], 0),
            x[1],
            tf.tile(x, [1, 2]),
        ],
        [[1, 2, 3], [4, 5, 6]],
    ),
)
CASES.add(
    "bool_movement",
    value_case(
        lambda tf, x: [tf.transpose(x), tf.reshape(x, [-1]), x[:, 1]],
        [[True, False, True], [False, False, True]],
    ),
)
CASES.add("shape", value_case(lambda tf, x: [tf.shape(x), tf.size(x), tf.rank(x)], X))
CASES.add(
    "constants",
    lambda tf, np: tf.Session().run(
        {
            "zeros": tf.zeros([2, 3]),
            "ones": tf.ones([2]),
            "fill": tf.fill([2, 2], 1.5),
            "range": tf.range(5),
            "range_step": tf.range(1, 9, 3),
            "constant": tf.constant([[1, 2], [3, 4]]),
            "float": tf.constant(2.5),
            "shaped": tf.constant(3.0, shape=[2, 2]),
            "typed": tf.constant(1, tf.float32),
            "bool": tf.constant(True),
            "double": tf.constant(np.ones(2)),
            "eye": tf.eye(3),
        }
    ),
)
