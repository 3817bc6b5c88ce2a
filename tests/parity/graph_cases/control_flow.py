"""Branches and loops, nested ones included, with their gradients."""

import numpy as np

from parity_harness import CaseTable
from ._common import apart, normal, op_case, positive

CASES = CaseTable()

X = normal(1, 3, 4, scale=0.5)
W = normal(2, 4, 4, scale=0.5)
V = normal(3, 4)
S = positive(4, 5)


def add(name, build, *arrays, **options):
    case = op_case(build, *arrays, **options)

    def run(tf, np):
        # TensorFlow cannot differentiate what has run already, unless it keeps everything.
        if hasattr(tf, "experimental"):
            tf.experimental.output_all_intermediates(True)
        return case(tf, np)

    CASES.add(name, run)


def second_gradients(tf, y, xs):
    """Gradients of the sum of the squares of y's gradients."""
    first = tf.gradients(y, xs)
    return tf.gradients([tf.reduce_sum(g * g) for g in first], xs)


# Branches.

for sign, word in ((1, "taken"), (-1, "not_taken")):
    shift = np.float32(sign * 100)
    add(
        f"cond_{word}",
        lambda tf, x, w, shift=shift: tf.cond(
            tf.reduce_sum(x) + shift > 0, lambda: tf.matmul(x, w), lambda: tf.tanh(x)
        ),
        X,
        W,
    )
    add(
        f"cond_of_two_results_{word}",
        lambda tf, x, v, shift=shift: tf.cond(
            tf.reduce_mean(x) + shift > 0,
            lambda: (x * v, tf.reduce_sum(v)),
            lambda: (x - v, tf.reduce_max(v)),
        ),
        X,
        V,
    )
    add(
        f"cond_of_outer_values_{word}",
        lambda tf, x, shift=shift: (
            lambda y: tf.cond(tf.reduce_sum(x) + shift > 0, lambda: y * y, lambda: -y)
        )(tf.sin(x)),
        X,
    )
    add(
        f"cond_in_cond_{word}",
        lambda tf, x, v, shift=shift: tf.cond(
            tf.reduce_sum(v) + shift > 0,
            lambda: tf.cond(tf.reduce_sum(x) > 1e3, lambda: x * v, lambda: x + v * v),
            lambda: tf.cond(tf.reduce_sum(x) > -1e3, lambda: x * v * v, lambda: x),
        ),
        X,
        V,
    )
    add(
        f"cond_that_ignores_an_operand_{word}",
        lambda tf, x, v, shift=shift: tf.cond(
            tf.reduce_sum(x) + shift > 0, lambda: tf.exp(v), lambda: tf.reduce_sum(x, axis=0)
        ),
        X,
        V,
    )

for index in (-1, 0, 1, 2, 3):
    add(
        f"switch_case_{index}",
        lambda tf, x, index=index: tf.switch_case(
            tf.cast(tf.reduce_sum(x) * 0, tf.int32) + index,
            [lambda: x * 2.0, lambda: x * x, lambda: tf.exp(x)],
        ),
        X,
    )
    add(
        f"switch_case_with_default_{index}",
        lambda tf, x, index=index: tf.switch_case(
            tf.cast(tf.reduce_sum(x) * 0, tf.int32) + index,
            {0: lambda: x * 2.0, 1: lambda: tf.exp(x)},
            default=lambda: tf.tanh(x),
        ),
        X,
    )

for position in range(3):
    add(
        f"case_{position}",
        lambda tf, x, position=position: tf.case(
            [
                (tf.reduce_sum(x) * 0 + position < 0.5, lambda: x * x),
                (tf.reduce_sum(x) * 0 + position < 1.5, lambda: tf.sin(x)),
            ],
            default=lambda: 3.0 * x,
        ),
        X,
    )


# Loops of a condition.

for turns in (0, 1, 4):
    add(
        f"while_loop_{turns}_turns",
        lambda tf, x, w, turns=turns: tf.while_loop(
            lambda i, y: i < turns,
            lambda i, y: (i + 1, tf.tanh(tf.matmul(y, w))),
            [tf.constant(0), x],
        )[1],
        X,
        W,
    )
    add(
        f"while_loop_uses_its_counter_{turns}_turns",
        lambda tf, x, turns=turns: tf.while_loop(
            lambda i, y: i < turns,
            lambda i, y: (i + 1, y * tf.cast(i + 1, tf.float32) + x),
            [tf.constant(0), x],
        )[1],
        X,
    )
    add(
        f"while_loop_of_two_states_{turns}_turns",
        lambda tf, x, v, turns=turns: tf.while_loop(
            lambda i, a, b: i < turns,
            lambda i, a, b: (i + 1, b * v, a + b),
            [tf.constant(0), x, x * 0.5],
        )[1:],
        X,
        V,
    )
    add(
        f"while_loop_maximum_iterations_{turns}",
        lambda tf, x, turns=turns: tf.while_loop(
            lambda y: tf.reduce_sum(y * y) < 1e9,
            lambda y: y * 1.5 + 0.1,
            [x],
            maximum_iterations=turns,
        ),
        X,
    )
add(
    "while_loop_until_a_value",
    lambda tf, s: tf.while_loop(
        lambda y: tf.reduce_sum(y) < 100.0, lambda y: y * 1.7 + s, [s]
    ),
    S,
)
add(
    "while_loop_in_while_loop",
    lambda tf, x, v: tf.while_loop(
        lambda i, y: i < 3,
        lambda i, y: (
            i + 1,
            tf.while_loop(
                lambda j, z: j < i + 1, lambda j, z: (j + 1, tf.sin(z * v)), [tf.constant(0), y]
            )[1],
        ),
        [tf.constant(0), x],
    )[1],
    X,
    V,
)
add(
    "cond_in_while_loop",
    lambda tf, x, v: tf.while_loop(
        lambda i, y: i < 4,
        lambda i, y: (
            i + 1,
            tf.cond(tf.equal(i % 2, 0), lambda: y * v, lambda: tf.tanh(y) + x),
        ),
        [tf.constant(0), x],
    )[1],
    X,
    V,
)
add(
    "while_loop_in_cond",
    lambda tf, x, v: tf.cond(
        tf.reduce_sum(x) < 1e3,
        lambda: tf.while_loop(
            lambda i, y: i < 3, lambda i, y: (i + 1, y * v + x), [tf.constant(0), x]
        )[1],
        lambda: x,
    ),
    X,
    V,
)
add(
    "while_loop_with_back_prop_off",
    lambda tf, x: x
    + tf.while_loop(
        lambda i, y: i < 3, lambda i, y: (i + 1, y * y), [tf.constant(0), x], back_prop=False
    )[1],
    X,
)
add(
    "while_loop_of_integers",
    lambda tf, x: tf.while_loop(
        lambda i, n: i < 5, lambda i, n: (i + 1, n * 3 + i), [tf.constant(0), tf.constant(1)]
    )[1],
    X,
    differentiable=False,
)


# Loops over elements.

for unknown in (False, True):
    word = "unknown_length" if unknown else "known_length"
    add(f"map_fn_{word}", lambda tf, x: tf.map_fn(lambda r: r * tf.reduce_sum(r), x), X,
        unknown_batch=unknown)
    add(
        f"map_fn_with_capture_{word}",
        lambda tf, x, w: tf.map_fn(
            lambda r: tf.tanh(tf.squeeze(tf.matmul(tf.expand_dims(r, 0), w), 0)), x
        ),
        X,
        W,
        unknown_batch=unknown,
    )
    add(f"scan_{word}", lambda tf, x: tf.scan(lambda a, r: a * 0.5 + r * r, x), X,
        unknown_batch=unknown)
    add(
        f"scan_with_initializer_{word}",
        lambda tf, x, v: tf.scan(lambda a, r: tf.tanh(a * v + r), x, initializer=v),
        X,
        V,
        unknown_batch=unknown,
    )
    add(
        f"scan_reverse_{word}",
        lambda tf, x: tf.scan(lambda a, r: a * r + 1.0, x, reverse=True),
        X,
        unknown_batch=unknown,
    )
    add(f"foldl_{word}", lambda tf, x: tf.foldl(lambda a, r: a * r + tf.sin(r), x), X,
        unknown_batch=unknown)
    add(
        f"foldr_{word}",
        lambda tf, x, v: tf.foldr(lambda a, r: a * r + tf.sin(r), x, initializer=v),
        X,
        V,
        unknown_batch=unknown,
    )

add(
    "map_fn_of_several",
    lambda tf, x, y: tf.map_fn(
        lambda p: (p[0] * p[1], p[0] + p[1]), (x, y), dtype=(tf.float32, tf.float32)
    ),
    X,
    apart(5, 3, 4),
)
add(
    "map_fn_to_another_dtype",
    lambda tf, x: tf.map_fn(lambda r: tf.argmax(r), x, dtype=tf.int64),
    X,
    differentiable=False,
)
add(
    "scan_of_several",
    lambda tf, x, v: tf.scan(
        lambda a, r: (a[0] + r, a[1] * tf.reduce_sum(r)), x, initializer=(v, tf.reduce_sum(v))
    ),
    X,
    V,
)
add(
    "map_fn_in_map_fn",
    lambda tf, x: tf.map_fn(lambda r: tf.map_fn(lambda e: tf.sin(e) * tf.reduce_sum(r), r), x),
    X,
)
add(
    "scan_in_scan",
    lambda tf, x: tf.scan(
        lambda a, r: tf.scan(lambda b, e: b * 0.5 + e, r) + 0.1 * a, x, initializer=tf.zeros([4])
    ),
    X,
)
add(
    "while_loop_in_map_fn",
    lambda tf, x, v: tf.map_fn(
        lambda r: tf.while_loop(
            lambda i, y: i < 3, lambda i, y: (i + 1, tf.sin(y) * v), [tf.constant(0), r]
        )[1],
        x,
    ),
    X,
    V,
)
add(
    "map_fn_in_while_loop",
    lambda tf, x, v: tf.while_loop(
        lambda i, y: i < 2,
        lambda i, y: (i + 1, tf.map_fn(lambda r: tf.tanh(r * v), y)),
        [tf.constant(0), x],
    )[1],
    X,
    V,
)
add(
    "cond_in_scan",
    lambda tf, x: tf.scan(
        lambda a, r: tf.cond(tf.reduce_sum(r) > 0, lambda: a * r, lambda: a - r),
        x,
        initializer=tf.ones([4]),
    ),
    X,
)
add(
    "vectorized_map",
    lambda tf, x: tf.vectorized_map(lambda r: tf.nn.softmax(r) * r, x)
    if hasattr(tf, "vectorized_map")
    else tf.map_fn(lambda r: tf.nn.softmax(r) * r, x),
    X,
)
add(
    "recurrent_network_by_hand",
    lambda tf, x, w, u: tf.scan(
        lambda h, r: tf.tanh(
            tf.matmul(tf.expand_dims(r, 0), w) + tf.matmul(h, u)
        ),
        x,
        initializer=tf.zeros([1, 4]),
    ),
    X,
    W,
    normal(7, 4, 4, scale=0.5),
)
add(
    "second_gradient_through_scan",
    lambda tf, x: second_gradients(
        tf, tf.reduce_sum(tf.scan(lambda a, r: tf.sin(a) * r + r * r, x)), [x]
    ),
    X,
    differentiable=False,
)
add(
    "second_gradient_through_cond",
    lambda tf, x, v: second_gradients(
        tf,
        tf.reduce_sum(
            tf.cond(tf.reduce_sum(x) < 1e3, lambda: tf.sin(x * v) * x, lambda: x * v)
        ),
        [x, v],
    ),
    X,
    V,
    differentiable=False,
)
