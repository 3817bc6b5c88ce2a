"""tf.gradients itself: sums over ys, unconnected inputs, grad_ys, intermediate values, second
order, ties.
"""

from parity_harness import CaseTable

from ._common import apart, normal, positive

CASES = CaseTable()


def run(tf, fetches):
    with tf.Session() as session:
        return session.run(fetches)


def second_order_case(build, array):
    """First and second derivatives of sum(y) with respect to x."""

    def case(tf, np):
        x = tf.constant(array)
        y = build(tf, x)
        first = tf.gradients(y, x)[0]
        second = tf.gradients(first, x)[0]
        results = {"y": y, "first": first, "second": second}
        return run(tf, results)

    return case


X, P = apart(61, 3, 4) * 0.5, positive(62, 3, 4)
W = normal(63, 4, 4, scale=0.5)

for _name, _build, _x in [
    ("cube", lambda tf, x: x**3, X),
    ("product", lambda tf, x: x * x * tf.exp(x), X),
    ("exp", lambda tf, x: tf.exp(x), X),
    ("log", lambda tf, x: tf.math.log(x), P),
    ("sqrt", lambda tf, x: tf.sqrt(x), P),
    ("rsqrt", lambda tf, x: tf.math.rsqrt(x), P),
    ("divide", lambda tf, x: 1.0 / x, P),
    ("pow", lambda tf, x: x**2.5, P),
    ("tanh", lambda tf, x: tf.tanh(x), X),
    ("sigmoid", lambda tf, x: tf.sigmoid(x), X),
    ("softplus", lambda tf, x: tf.nn.softplus(x), X),
    ("square", lambda tf, x: tf.square(x), X),
    ("softmax", lambda tf, x: tf.square(tf.nn.softmax(x)), X),
    ("log_softmax", lambda tf, x: tf.nn.log_softmax(x)[:, 1] * x[:, 0] ** 2, X),
    ("logsumexp", lambda tf, x: tf.reduce_logsumexp(x, axis=1), X),
    ("matmul", lambda tf, x: tf.square(tf.matmul(x, tf.constant(W))), X),
    ("mean", lambda tf, x: tf.square(tf.reduce_mean(x, axis=0)), X),
    ("max", lambda tf, x: tf.square(tf.reduce_max(x, axis=1)), X),
    ("slice", lambda tf, x: x[:, 1:3] ** 3, X),
    ("concat", lambda tf, x: tf.concat([x, x * 2.0], axis=1) ** 3, X),
    ("where", lambda tf, x: tf.where(x > 0.0, x**3, tf.exp(x)), X),
    ("gather", lambda tf, x: tf.gather(x * 1.0, [0, 0, 2]) ** 3, X),
    ("broadcast", lambda tf, x: (x * x[0]) ** 2, X),
    ("prod", lambda tf, x: tf.reduce_prod(x, axis=1), P),
    ("silu", lambda tf, x: tf.nn.silu(x), X),
    ("gelu", lambda tf, x: tf.nn.gelu(x), X),
    ("elu", lambda tf, x: tf.nn.elu(x), X),
    (
        "sigmoid_cross_entropy",
        lambda tf, x: tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.constant([[0.0, 1.0, 0.0, 1.0]] * 3), logits=x
        ),
        X,
    ),
    (
        "softmax_cross_entropy",
        lambda tf, x: tf.nn.softmax_cross_entropy_with_logits(
            labels=tf.constant([[0.1, 0.2, 0.3, 0.4]] * 3), logits=x
        ),
        X,
    ),
    (
        "sparse_cross_entropy",
        lambda tf, x: tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.constant([0, 3, 1]), logits=x
        ),
        X,
    ),
    (
        "two_layer_network",
        lambda tf, x: tf.reduce_sum(
            tf.tanh(tf.matmul(tf.tanh(tf.matmul(x, tf.constant(W))), tf.constant(W)))
        ),
        X,
    ),
]:
    CASES.add(f"second_order_{_name}", second_order_case(_build, _x))


@CASES.case
def third_order(tf, np):
    x = tf.constant(X)
    derivatives = [tf.sin(x) * x]
    for _ in range(3):
        derivatives.append(tf.gradients(derivatives[-1], x)[0])
    return {f"order{i}": value for i, value in enumerate(run(tf, derivatives))}


@CASES.case
def mixed_second_order(tf, np):
    """d/dw of |dL/dx|^2: the gradient penalty."""
    x, w = tf.constant(X), tf.constant(W)
    loss = tf.reduce_sum(tf.tanh(tf.matmul(x, w)))
    gx = tf.gradients(loss, x)[0]
    penalty = tf.reduce_sum(tf.square(gx))
    return run(
        tf,
        {"penalty": penalty, "gw": tf.gradients(penalty, w)[0], "gx": tf.gradients(penalty, x)[0]},
    )


@CASES.case
def hessian_vector_product(tf, np):
    x, v = tf.constant(X), tf.constant(normal(64, 3, 4))
    y = tf.reduce_sum(tf.exp(x) * x[::-1])
    g = tf.gradients(y, x)[0]
    return run(tf, {"product": tf.gradients(tf.reduce_sum(g * v), x)[0]})


@CASES.case
def several_ys_are_summed(tf, np):
    x = tf.constant(X)
    return run(tf, {"gradient": tf.gradients([x * x, 3.0 * x, tf.reduce_sum(tf.exp(x))], x)[0]})


@CASES.case
def several_xs(tf, np):
    a, b = tf.constant(X), tf.constant(P)
    return {f"g{i}": g for i, g in enumerate(run(tf, tf.gradients(a * b + tf.exp(a), [a, b])))}


@CASES.case
def weighted_ys(tf, np):
    x = tf.constant(X)
    weights = tf.constant(normal(65, 3, 4))
    return run(
        tf,
        {
            "one": tf.gradients(x * x, x, grad_ys=[weights])[0],
            "two": tf.gradients([x * x, tf.exp(x)], x, grad_ys=[weights, tf.ones_like(x)])[0],
        },
    )


@CASES.case
def unconnected_is_none(tf, np):
    x, other = tf.constant(X), tf.constant(P)
    gradients = tf.gradients(x * 2.0, [x, other])
    through_int = tf.gradients(tf.cast(tf.argmax(x, axis=1), tf.float32), x)
    stopped = tf.gradients(tf.stop_gradient(x) * other, [x, other])
    return {
        "none": [g is None for g in gradients + through_int + stopped],
        "value": run(tf, gradients[0]),
    }


@CASES.case
def a_list_even_for_one(tf, np):
    x = tf.constant(X)
    return {
        "length": len(tf.gradients(x, x)),
        "type": type(tf.gradients(x, x)).__name__,
        "self": run(tf, tf.gradients(x, x)[0]),
    }


@CASES.case
def with_respect_to_an_intermediate_value(tf, np):
    x = tf.constant(X)
    h = tf.tanh(x)
    return run(
        tf, {"h": tf.gradients(tf.square(h) + x, h)[0], "x": tf.gradients(tf.square(h) + x, x)[0]}
    )


@CASES.case
def value_used_many_times(tf, np):
    x = tf.constant(X)
    y = x
    for _ in range(4):
        y = y * x + x
    return run(tf, {"y": y, "g": tf.gradients(y, x)[0]})


@CASES.case
def of_variables(tf, np):
    w, b = tf.Variable(W, name="w"), tf.Variable(np.zeros(4, np.float32), name="b")
    loss = tf.reduce_mean(tf.square(tf.matmul(tf.constant(X), w) + b - 1.0))
    gradients = tf.gradients(loss, [w, b])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values = session.run([loss] + gradients)
    return {"loss": values[0], "gw": values[1], "gb": values[2]}


@CASES.case
def ties_and_kinks(tf, np):
    """Where the derivative is a convention, it is TensorFlow's."""
    x = tf.constant([1.0, 1.0, 0.0, -1.0])
    one = tf.constant([1.0, 1.0, 1.0, 1.0])
    fetches = {
        "reduce_max": tf.gradients(tf.reduce_max(x), x)[0],
        "reduce_min": tf.gradients(tf.reduce_min(one), one)[0],
        "maximum": tf.gradients(tf.maximum(x, one), [x, one]),
        "minimum": tf.gradients(tf.minimum(x, one), [x, one]),
        "relu": tf.gradients(tf.nn.relu(x), x)[0],
        "abs": tf.gradients(tf.abs(x), x)[0],
        "relu6": tf.gradients(tf.nn.relu6(x), x)[0],
        "leaky_relu": tf.gradients(tf.nn.leaky_relu(x), x)[0],
        "elu": tf.gradients(tf.nn.elu(x), x)[0],
        "clip": tf.gradients(tf.clip_by_value(x, 0.0, 1.0), x)[0],
        "sign": tf.gradients(tf.sign(x) * x, x)[0],
    }
    return run(tf, fetches)
