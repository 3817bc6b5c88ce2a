"""Branches and loops in models, layers and graphs: what the parity cases do not show."""

import numpy as np
import pytest

import tegula as tf
from tegula import keras

ops = keras.ops
X = np.random.RandomState(1).standard_normal((5, 4)).astype(np.float32)


class Recurrence(keras.layers.Layer):
    """h = tanh(x + h w), step by step."""

    def build(self, shape):
        self.w = self.add_weight(name="w", shape=(shape[-1], shape[-1]), initializer="orthogonal")

    def call(self, x):
        def step(h, e):
            h = ops.tanh(e + ops.matmul(h, self.w))
            return h, h

        last, _ = ops.scan(step, ops.zeros_like(x[:, 0]), ops.transpose(x, (1, 0, 2)))
        return last


def steps_by_hand(x, w):
    h = np.zeros_like(x[:, 0])
    for i in range(x.shape[1]):
        h = np.tanh(x[:, i] + h @ w)
    return h


def test_a_layer_that_loops_over_steps_computes_trains_and_is_saved(tmp_path):
    x = np.random.RandomState(2).standard_normal((32, 6, 3)).astype(np.float32)
    inputs = keras.Input((None, 3))
    model = keras.Model(inputs, keras.layers.Dense(1)(Recurrence()(inputs)))
    w = model.layers[1].get_weights()[0]
    hidden = keras.Model(inputs, model.layers[1].output)
    np.testing.assert_allclose(hidden.predict(x, verbose=0), steps_by_hand(x, w), atol=1e-6)

    model.compile(keras.optimizers.Adam(0.02), "mse")
    y = x.sum(axis=(1, 2))[:, None]
    losses = model.fit(x, y, epochs=30, batch_size=8, verbose=0).history["loss"]
    assert losses[-1] < 0.6 * losses[0]
    assert not np.array_equal(model.layers[1].get_weights()[0], w)

    model.save(tmp_path / "m.tegula")
    loaded = keras.models.load_model(
        tmp_path / "m.tegula", custom_objects={"Recurrence": Recurrence}
    )
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))


def test_a_gradient_through_a_layer_that_loops_is_the_slope():
    x = np.random.RandomState(3).standard_normal((2, 4, 3)).astype(np.float32)
    layer = Recurrence()
    layer(x)
    w = layer.get_weights()[0]
    model = keras.Sequential([keras.Input((4, 3)), layer])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda t, p: ops.sum(p) / 3)
    model.train_on_batch(x, np.zeros((2, 3), np.float32))
    taken = w - layer.get_weights()[0]
    slope = np.zeros_like(w, dtype=np.float64)
    for i in np.ndindex(w.shape):
        shift = np.zeros(w.shape)
        shift[i] = 1e-5
        above, below = (steps_by_hand(x.astype(float), w + s) for s in (shift, -shift))
        slope[i] = (above - below).sum() / 3 / 2e-5
    np.testing.assert_allclose(taken, slope, rtol=2e-4, atol=1e-5)


SYMBOLIC = [
    lambda x: ops.cond(ops.sum(x) > 0, lambda: x * 2, lambda: x - 1),
    lambda x: ops.cond(ops.sum(x) < 1e6, lambda: (x * 2, ops.sum(x)), lambda: (x, ops.max(x)))[1],
    lambda x: ops.switch(ops.cast(ops.sum(x) * 0, "int32") + 1, [ops.sin, ops.cos, ops.tanh], x),
    lambda x: ops.switch(ops.cast(ops.sum(x) * 0, "int32") + 7, [ops.sin, ops.cos], x),
    lambda x: ops.switch(ops.cast(ops.sum(x) * 0, "int32") - 7, [ops.sin, ops.cos], x),
    lambda x: ops.while_loop(lambda v: ops.max(v) < 50, lambda v: v * 2, ops.abs(x) + 1),
    lambda x: ops.while_loop(lambda v: ops.max(v) < 50, lambda v: v * 2, (x,), maximum_iterations=3)[0],
    lambda x: ops.fori_loop(0, 4, lambda i, v: v * ops.cast(i + 1, "float32"), x),
    lambda x: ops.fori_loop(
        ops.cast(ops.sum(x) * 0, "int32"), 3, lambda i, v: v + ops.cast(i, "float32"), x
    ),
    lambda x: ops.scan(lambda c, e: (c + e, c * e), x[0] * 0, x)[1],
    lambda x: ops.scan(lambda c, e: (c + e, c * e), x[0] * 0, x, reverse=True)[0],
    lambda x: ops.scan(lambda c, _: (c * 2, c), x, length=3)[1],
    lambda x: ops.map(lambda e: e / ops.sum(ops.abs(e)), x),
    lambda x: ops.map(lambda p: p[0] * p["y" == "x"], (x, x)),
    lambda x: ops.vectorized_map(ops.softmax, x),
]


@pytest.mark.parametrize("number", range(len(SYMBOLIC)))
def test_loops_within_a_graph_give_what_they_give_on_arrays(number):
    function = SYMBOLIC[number]
    expected = np.asarray(function(X))
    x = tf.placeholder(tf.float32, [None, 4])
    with tf.Session() as session:
        found = session.run(function(x), {x: X})
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.dtype == expected.dtype


MIXED = [
    lambda x: ops.fori_loop(0, 3, lambda i, v: (v[0] + 1.0, v[1] * v[0]), (np.float32(2), x))[1],
    lambda x: ops.while_loop(lambda n, v: n < 3, lambda n, v: (n + 1, v * 2), (0, x))[1],
    lambda x: ops.while_loop(
        lambda n: n < ops.sum(ops.abs(x)), lambda n: n * 2, np.float32(1)
    ) + x,
    lambda x: ops.scan(lambda c, e: (c + e, c), np.zeros(4, "float32"), x)[1],
]


@pytest.mark.parametrize("number", range(len(MIXED)))
def test_numbers_and_arrays_join_the_graph_of_the_symbols_beside_them(number):
    inputs = keras.Input(batch_shape=(5, 4))
    model = keras.Model(inputs, MIXED[number](inputs))
    expected = np.asarray(MIXED[number](X))
    np.testing.assert_allclose(model.predict(X, batch_size=5, verbose=0), expected, rtol=1e-6)


def test_a_loop_that_runs_as_often_as_its_data_say_is_one_operation():
    x = tf.placeholder(tf.float32, [])
    before = len(x.graph.get_operations())
    y = tf.while_loop(lambda v: v < 1e6, lambda v: v * 1.5 + 1, [x], name="growing")
    assert y.name == "growing:0"
    assert len(x.graph.get_operations()) <= before + 2
    with tf.Session() as session:
        for start in (1.0, 1e5, 1e7):
            value = np.float32(start)
            while value < np.float32(1e6):
                value = value * np.float32(1.5) + np.float32(1)
            assert session.run(y, {x: start}) == value


REFUSED = [
    (
        lambda x, v: tf.cond(tf.reduce_sum(x) > 0, lambda: tf.assign(v, 1.0), lambda: v + 0.0),
        "cannot assign a variable",
    ),
    (lambda x, v: tf.cond(x > 0, lambda: x, lambda: x), "must be one bool"),
    (lambda x, v: tf.cond(tf.reduce_sum(x), lambda: x, lambda: x), "must be bool"),
    (
        lambda x, v: tf.cond(tf.reduce_sum(x) > 0, lambda: x, lambda: tf.cast(x, tf.int32)),
        "in one branch and i32",
    ),
    (
        lambda x, v: tf.cond(tf.reduce_sum(x) > 0, lambda: (x, x), lambda: x),
        "second branch must have the structure",
    ),
    (
        lambda x, v: tf.while_loop(
            lambda y: tf.reduce_sum(y) < 9, lambda y: tf.concat([y, y], 0), [x]
        ),
        "shape must stay",
    ),
    (lambda x, v: tf.while_loop(lambda y: y, lambda y: y + 1, [x]), "must give one bool"),
    (
        lambda x, v: tf.while_loop(
            lambda y: True, lambda y: y, [x], shape_invariants=[tf.TensorShape([None, None])]
        ),
        "shape invariant",
    ),
    (lambda x, v: tf.map_fn(lambda e: e, tf.constant(1.0)), "needs a first axis"),
    (lambda x, v: tf.map_fn(lambda e: e, (x, tf.ones([7]))), "equal lengths"),
    (lambda x, v: tf.map_fn(lambda e: e, x, dtype=tf.int32), "int32 is announced"),
    (lambda x, v: tf.case([(tf.reduce_sum(x) > 0, lambda: x)], exclusive=True), "exclusive"),
]


@pytest.mark.parametrize("build, words", REFUSED)
def test_what_cannot_be_is_refused_with_the_reason(build, words):
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [3, 4])
        v = tf.Variable(1.0)
        with pytest.raises((tf.errors.Error, TypeError, ValueError), match=words):
            build(x, v)


def test_errors_within_bodies_name_their_own_lines():
    x = tf.placeholder(tf.float32, [3, 4])
    with pytest.raises(tf.errors.Error, match=r"test_control_flow.py:\d+") as caught:
        tf.map_fn(lambda e: e, x) + tf.while_loop(
            lambda y: tf.reduce_sum(y) < 1,
            lambda y: tf.matmul(y, y),
            [x],
        )
    line = int(str(caught.value).rsplit(":", 1)[1])
    with open(__file__) as source:
        assert "tf.matmul(y, y)" in source.readlines()[line - 1]


def test_dropout_within_a_loop_differs_from_step_to_step_and_repeats_with_the_seed():
    x = tf.placeholder(tf.float32, [6, 100])
    y = tf.map_fn(lambda e: tf.nn.dropout(e, rate=0.5), x)

    def run():
        tf.set_random_seed(5)
        with tf.Session() as session:
            return session.run(y, {x: np.ones((6, 100), np.float32)})

    first = run()
    assert len({row.tobytes() for row in first}) == 6
    np.testing.assert_array_equal(run(), first)
