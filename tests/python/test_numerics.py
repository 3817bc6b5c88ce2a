"""What the graph level gives at the edges: data without a result, variables without a value, reads
after assignments, and arguments that are no values of a graph.
"""

import numpy as np
import pytest
import tegula as tf


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


@pytest.mark.parametrize(
    ("build", "bad", "message"),
    [
        (lambda x, y: x // y, 0, "division of an integer by zero"),
        (lambda x, y: x % y, 0, "division of an integer by zero"),
        (tf.floordiv, 0, "division of an integer by zero"),
        (tf.floormod, 0, "division of an integer by zero"),
        (tf.pow, -1, "to the power of -1"),
    ],
)
def test_integer_arithmetic_without_a_result_is_an_error(build, bad, message):
    y = tf.placeholder(tf.int32, [])
    result = build(tf.constant([5, 6]), y)
    constant = build(tf.constant(2), tf.constant(bad))
    with tf.Session() as session:
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            session.run(result, {y: bad})
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            session.run(constant)
        assert session.run(result, {y: 1}).shape == (2,)


@pytest.mark.parametrize(("x", "y"), [(7.5, 2), (-7.5, 2), (7.5, -2), (1e10, 7), (1, 0.1)])
def test_float_remainders_are_pythons(x, y):
    a, b = tf.constant(x, tf.float64), tf.constant(y, tf.float64)
    with tf.Session() as session:
        assert session.run([a // b, a % b]) == list(divmod(x, y))


def test_a_variable_must_be_initialized_before_it_is_read():
    v = tf.Variable([1.0, 2.0], name="v")
    uses = [v, v + 1.0, tf.assign_add(v, [1.0, 1.0])]
    with tf.Session() as session:
        for use in uses:
            with pytest.raises(tf.errors.FailedPreconditionError, match='"v".*not initialized'):
                session.run(use)
        session.run(v.initializer)
        assert session.run(v + 1.0).tolist() == [2, 3]
    with tf.Session() as session:
        v.load([5.0, 6.0], session)
        assert session.run(v).tolist() == [5, 6]
    with tf.Session() as session:
        assert session.run(tf.assign(v, [7.0, 8.0])).tolist() == [7, 8]
        assert session.run(v).tolist() == [7, 8]


READS = {
    "identity": tf.identity,
    "sum": lambda v: v + 0.0,
    "read_value": lambda v: v.read_value(),
    "value": lambda v: v.value(),
    "matmul": lambda v: tf.matmul([[1.0]], tf.reshape(v, [1, 1]))[0, 0],
}


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("optimize", [True, False])
def test_a_read_after_an_assignment_sees_the_new_value(read, optimize):
    v = tf.Variable(1.0)
    before = v * 1.0
    with tf.control_dependencies([v.assign(5.0)]):
        after = READS[read](v)
        still_before = before + 0.0
    (gradient,) = tf.gradients(after, v)
    with tf.Session(config=tf.ConfigProto(optimize=optimize)) as session:
        session.run(v.initializer)
        assert session.run(after) == 5
        session.run(v.initializer)
        assert session.run([after, still_before, before]) == [5, 1, 1]
        assert session.run([v, gradient]) == [5, 1]


def test_reads_follow_groups_and_chains_of_assignments():
    v, w = tf.Variable(1.0), tf.Variable(10.0)
    with tf.control_dependencies([tf.group(v.assign(5.0), w.assign(v * 2.0))]):
        with tf.control_dependencies([v.assign_add(2.0)]):
            total = v + w
        with tf.control_dependencies(None):
            outside = tf.identity(v)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(outside) == 1
        assert session.run(total) == 9  # 5 + 2, and twice the first v
        assert session.run([v, w]) == [7, 2]


def test_two_assignments_without_an_order_are_refused():
    v = tf.Variable(1.0)
    both = [v.assign(2.0), v.assign(3.0)]
    with tf.Session() as session:
        session.run(v.initializer)
        with pytest.raises(tf.errors.RunError, match="assigned twice in one run"):
            session.run(both)
        assert session.run(v) == 1


@pytest.mark.parametrize(
    "fetch", [np.array([1.0]), [np.array([1.0])], 3, 2.5, None, {"a": np.float32(3)}, object()]
)
def test_what_cannot_be_fetched_is_named(fetch):
    leaf = fetch[0] if isinstance(fetch, list) else fetch
    leaf = leaf["a"] if isinstance(leaf, dict) else leaf
    with tf.Session() as session:
        with pytest.raises(TypeError, match="invalid type") as raised:
            session.run(fetch)
        assert repr(type(leaf).__name__) in str(raised.value)
        assert "Tensors, Variables, Operations and their names" in str(raised.value)


def test_a_feed_key_that_is_no_value_is_named():
    x = tf.constant(1.0)
    with tf.Session() as session, pytest.raises(TypeError, match="feed_dict key as Tensor"):
        session.run([x], {3: 2.0})


def test_reprs_say_what_things_are(graph):
    v = tf.Variable([1.0, 2.0], name="v")
    y = v + 1.0
    assert repr(v) == "<tf.Variable 'v:0' shape=(2,) dtype=float32>"
    assert repr(y) == "<tf.Tensor 'add:0' shape=(2,) dtype=float32>"
    assert repr(y.op) == "<tf.Operation 'add' type=add>"
    assert repr(graph).startswith("<tf.Graph of ")
    with tf.Session() as session:
        assert repr(session).startswith("<tf.Session of <tf.Graph of ")
    assert repr(session) == "<tf.Session closed>"


def test_a_placeholder_says_that_it_needs_a_rank():
    with pytest.raises(ValueError, match=r"needs a shape.*unknown dimensions as None"):
        tf.placeholder(tf.float32)


def test_clipping_keeps_the_direction_of_large_gradients():
    big, small = tf.constant([1e20, 3.0]), tf.constant([1.0])
    clipped, norm = tf.clip_by_global_norm([big, small], 1.0)
    with tf.Session() as session:
        values = session.run([*clipped, norm, tf.clip_by_norm(big, 1.0), tf.linalg.norm(big)])
    np.testing.assert_allclose(values[0], [1, 3e-20], rtol=1e-6)
    np.testing.assert_allclose(values[1], [1e-20], rtol=1e-6)
    np.testing.assert_allclose(values[3], [1, 3e-20], rtol=1e-6)
    assert values[2] == values[4] == np.float32(1e20)


@pytest.mark.parametrize("clipping", [{"clipnorm": 1.0}, {"global_clipnorm": 1.0}])
def test_an_optimizer_steps_along_large_gradients(clipping):
    keras = tf.keras
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.5, **clipping), "mean_absolute_error")
    model.set_weights([np.ones((1, 1), np.float32)])
    model.fit(np.float32([[1e25]]), np.float32([[0.0]]), verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], [[0.5]])
