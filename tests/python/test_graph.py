"""The graph level against NumPy: what the parity cases leave out; names, shapes, whole programs."""

import subprocess
import sys

import numpy as np
import pytest
import tegula as tf
from tegula import _core

X = np.random.RandomState(0).standard_normal((4, 5, 6)).astype(np.float32)


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def value(fetch, feeds=None):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetch, feeds)


@pytest.mark.parametrize(
    "key",
    [
        np.s_[0],
        np.s_[-1],
        np.s_[1:3],
        np.s_[:, 2],
        np.s_[..., 2],
        np.s_[1, ..., 3],
        np.s_[:, None, 1:],
        np.s_[None, ..., None],
        np.s_[::-1],
        np.s_[3:0:-2, ::2, 5:1:-3],
        np.s_[-3:-1],
        np.s_[2:2],
        np.s_[10:],
        np.s_[:-10],
        np.s_[1, 2, 3],
        np.s_[np.int64(1)],
        np.s_[...],
        np.s_[:],
        np.s_[0, None, 1],
        np.s_[None, 0, None, :, 1, None],
    ],
    ids=str,
)
def test_indexing_is_numpys_with_known_and_unknown_batch(key):
    np.testing.assert_array_equal(value(tf.constant(X)[key]), X[key])
    x = tf.placeholder(tf.float32, [None, 5, 6])
    np.testing.assert_array_equal(value(x[key], {x: X}), X[key])


@pytest.mark.parametrize("dtype", ["int32", "int64", "int8", "float32", "float64"])
def test_floor_division_and_remainder_have_pythons_signs(dtype):
    a = np.array([7, -7, 7, -7, 6, -6, 0, 1], dtype)
    b = np.array([3, 3, -3, -3, 2, -2, 5, -9], dtype)
    x, y = tf.constant(a), tf.constant(b)
    results = value([x // y, x % y, tf.floordiv(x, y), tf.math.floormod(x, y)])
    for result, expected in zip(results, [a // b, a % b, a // b, a % b]):
        assert result.dtype == expected.dtype
        np.testing.assert_array_equal(result, expected)


def test_integers_divide_to_float64():
    result = value(tf.constant([7, -7]) / tf.constant([2, 2]))
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, [3.5, -3.5])


def test_reflected_operators():
    x = tf.constant([2.0, 4.0])
    a = np.array([2.0, 4.0], np.float32)
    pairs = [
        (3 + x, 3 + a),
        (3 - x, 3 - a),
        (3 * x, 3 * a),
        (3 / x, 3 / a),
        (3**x, 3**a),
        (7 // x, 7 // a),
        (7 % x, 7 % a),
        (a + x, a + a),
        (a - x, a - a),
        (np.eye(2, dtype=np.float32) @ tf.reshape(x, [2, 1]), a[:, None]),
        (np.float32(3) * x, 3 * a),
        (True & (x > 3.0), a > 3),
        ((x > 3.0) ^ True, ~(a > 3)),
    ]
    for (_, expected), result in zip(pairs, value([tensor for tensor, _ in pairs])):
        np.testing.assert_allclose(result, expected, rtol=1e-6)


P = np.abs(X) + 0.5


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: tf.math.reduce_variance(X, 1), X.var(1)),
        (lambda: tf.math.reduce_std(X, [0, 2]), X.std((0, 2))),
        (lambda: tf.add_n([X, X, X]), 3 * X),
        (lambda: tf.linalg.norm(X, axis=-1), np.linalg.norm(X, axis=-1)),
        (lambda: tf.linalg.norm(X, ord=1, axis=1), np.abs(X).sum(1)),
        (lambda: tf.linalg.trace(tf.constant(X[0][:5, :5])), np.trace(X[0][:5, :5])),
        (lambda: tf.linalg.matvec(X, np.ones(6, np.float32)), X.sum(-1)),
        (lambda: tf.tensordot(X, X, [[1, 2], [1, 2]]), np.tensordot(X, X, [[1, 2], [1, 2]])),
        (lambda: tf.tensordot(X, X[0].T, 1), np.tensordot(X, X[0].T, 1)),
        (lambda: tf.tan(X * 0.3), np.tan(X * 0.3)),
        (lambda: tf.sinh(X), np.sinh(X)),
        (lambda: tf.cosh(X), np.cosh(X)),
        (lambda: tf.round(X * 3), np.round(X * 3)),
        (lambda: tf.nn.moments(tf.constant(X), [0])[1], X.var(0)),
        (lambda: tf.clip_by_norm(X, 2.0), X * 2 / np.linalg.norm(X)),
        (lambda: tf.global_norm([X, P]), np.sqrt((X**2).sum() + (P**2).sum())),
        (lambda: tf.clip_by_value(X, tf.constant(-0.5), P), np.clip(X, -0.5, P)),
        (lambda: tf.math.divide_no_nan(X, np.zeros_like(X)), np.zeros_like(X)),
        (lambda: tf.linalg.matrix_transpose(tf.constant(X)), X.swapaxes(-1, -2)),
        (lambda: tf.eye(2, 3, dtype=tf.float64), np.eye(2, 3)),
        (lambda: tf.linspace(0.0, 1.0, 5), np.linspace(0, 1, 5)),
        (lambda: tf.range(2.0, 0.0, -0.5), np.arange(2, 0, -0.5)),
        (lambda: tf.fill([2, 3], 7), np.full((2, 3), 7)),
        (lambda: tf.gather(X, [2, 0], axis=-1), X[..., [2, 0]]),
        (lambda: tf.split(X, [1, -1], axis=2)[1], X[..., 1:]),
        (lambda: tf.reverse(X, [0, -1]), X[::-1, :, ::-1]),
        (
            lambda: tf.where([True, False, True, False], X, -X),
            X * np.array([1, -1, 1, -1])[:, None, None],
        ),
        (lambda: tf.nn.embedding_lookup(X, [[1], [3]]), X[[[1], [3]]]),
        (lambda: tf.stack([1.0, tf.constant(2.0)]), [1, 2]),
        (lambda: tf.convert_to_tensor([tf.constant(1.0), 2.0]), [1, 2]),
        (lambda: tf.constant(5, shape=[2, 2]), np.full((2, 2), 5)),
        (lambda: tf.constant([1, 2, 3, 4], shape=[2, 2]), [[1, 2], [3, 4]]),
        (lambda: tf.math.is_inf(tf.constant([1.0, -np.inf])), [False, True]),
        (lambda: tf.nn.silu(X, beta=2.0), X / (1 + np.exp(-2 * X))),
        (lambda: tf.nn.relu6(tf.constant([-1.0, 3.0, 7.0])), [0, 3, 6]),
        (lambda: tf.nn.dropout(X, keep_prob=1.0), X),
    ],
)
def test_composed_operations_against_numpy(build, expected):
    np.testing.assert_allclose(value(build()), expected, rtol=2e-5, atol=1e-6)


def test_clip_by_global_norm_scales_all_by_one_factor():
    clipped, norm = tf.clip_by_global_norm([tf.constant([3.0]), None, tf.constant([4.0])], 1.0)
    assert clipped[1] is None
    first, last, before = value([clipped[0], clipped[2], norm])
    np.testing.assert_allclose([first[0], last[0], before], [0.6, 0.8, 5], rtol=1e-6)


def test_softmax_cross_entropy_along_another_axis():
    labels = np.eye(4, dtype=np.float32)[[0, 2, 1, 3, 0]].T
    logits = X[0, :4, :5]
    expected = -(labels * (logits - np.log(np.exp(logits).sum(0)))).sum(0)
    result = tf.nn.softmax_cross_entropy_with_logits(
        labels=labels, logits=tf.constant(logits), axis=0
    )
    np.testing.assert_allclose(value(result), expected, rtol=1e-5)


def test_shapes_taken_from_values_work_as_shape_arguments():
    x = tf.placeholder(tf.float32, [None, 5, 6])
    flat = tf.reshape(x, [tf.shape(x)[0], 30])
    back = tf.reshape(flat, tf.shape(x))
    known = tf.zeros(tf.shape(tf.ones([2, 3])))
    assert flat.shape.as_list() == [None, 30]
    results = value([flat, back, known], {x: X})
    np.testing.assert_array_equal(results[0], X.reshape(4, 30))
    np.testing.assert_array_equal(results[1], X)
    np.testing.assert_array_equal(results[2], np.zeros((2, 3)))


def test_unknown_batch_shapes_at_run_time():
    x = tf.placeholder(tf.float32, [None, 3])
    fetches = [tf.shape(x), tf.size(x), tf.zeros_like(x), tf.ones_like(x, tf.int32)]
    results = value(fetches, {x: np.ones((5, 3))})
    assert results[0].tolist() == [5, 3]
    assert results[1] == 15
    np.testing.assert_array_equal(results[2], np.zeros((5, 3)))
    assert results[3].dtype == np.int32 and results[3].sum() == 15


def test_static_shapes_behave_like_tuples():
    shape = tf.placeholder(tf.float32, [None, 3]).shape
    assert shape == (None, 3) and shape == [None, 3] and shape != (None, 4)
    assert shape[1] == 3 and shape[1].value == 3 and shape[0] is None
    assert shape.as_list() == [None, 3] and shape.ndims == 2
    assert not shape.is_fully_defined() and shape.num_elements() is None
    assert str(shape) == "(None, 3)" and repr(shape) == "TensorShape([None, 3])"
    assert shape.is_compatible_with([7, 3]) and not shape.is_compatible_with([7, 4])


def test_dtypes_know_their_names_and_limits():
    assert tf.float32 == np.float32 == tf.float32.as_numpy_dtype
    assert tf.float32 == "float32" and tf.float32 != tf.float64
    assert tf.as_dtype(np.dtype("int64")) is tf.int64
    assert tf.int8.max == 127 and tf.float32.is_floating and tf.uint8.is_integer
    assert repr(tf.int32) == "tf.int32"
    assert tf.int32 != 5


def test_representations():
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    v = tf.Variable([1.0, 2.0], name="w")
    assert repr(x) == "<tf.Tensor 'x:0' shape=(None, 3) dtype=float32>"
    assert repr(v) == "<tf.Variable 'w:0' shape=(2,) dtype=float32>"
    assert "placeholder" in repr(x.op) and "'x'" in repr(x.op)


def test_names_of_operations_and_optimizers():
    w = tf.Variable([1.0, 2.0], name="w")
    loss = tf.reduce_sum(tf.square(w))
    first = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    second = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    adam = tf.train.AdamOptimizer()
    third = adam.minimize(loss, name="step")
    assert [first.name, second.name, third.name] == ["GradientDescent", "GradientDescent_1", "step"]
    assert w.initializer.name == "w/Assign"
    assert tf.global_variables_initializer().name == "init"
    assert {v.name for v in adam.variables()} == {
        "w/Adam:0",
        "w/Adam_1:0",
        "beta1_power:0",
        "beta2_power:0",
    }
    assert adam.get_slot(w, "m").name == "w/Adam:0"
    assert tf.get_default_graph().get_operation_by_name("step") is third


def test_values_and_operations_are_found_by_name():
    x = tf.placeholder(tf.float32, [2], name="x")
    graph = tf.get_default_graph()
    assert graph.get_tensor_by_name("x:0") is x
    assert graph.get_operation_by_name("x") is x.op
    assert x.op.outputs == [x]
    y = x * 2.0
    assert y.op.inputs[0] is x
    assert x.consumers() == [y.op]


def test_scopes_prefix_names_and_can_be_entered_again():
    with tf.name_scope("a") as scope:
        x = tf.constant(1.0)
    with tf.name_scope(scope):
        y = tf.constant(1.0)
    with tf.name_scope(None):
        z = tf.constant(1.0, name="z")
    assert scope == "a/"
    assert [x.name, y.name, z.name] == ["a/Const:0", "a/Const_1:0", "z:0"]


def test_graphs_round_trip_through_text():
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    tf.nn.softmax(x * 2.0, name="y")
    again = tf.Graph.from_text(tf.get_default_graph().to_text())
    with tf.Session(graph=again) as session:
        expected = np.exp([2, 4, 6]) / np.exp([2, 4, 6]).sum()
        np.testing.assert_allclose(session.run("y:0", {"x:0": [[1, 2, 3]]})[0], expected, rtol=1e-6)


def test_every_op_of_the_registry_is_described():
    entries = {entry["name"]: entry for entry in _core.ops()}
    assert {"matmul", "add", "assign", "softmax_cross_entropy"} <= set(entries)
    for entry in entries.values():
        assert entry["doc"], entry["name"]
        assert all(doc for _, doc in entry["inputs"]), entry["name"]
        assert all(attr["doc"] for attr in entry["attrs"]), entry["name"]
    assert tf.exp.__doc__ == entries["exp"]["doc"] + "."


def test_all_public_functions_have_docstrings():
    modules = [tf, tf.math, tf.nn, tf.linalg, tf.train, tf.random, tf.config.threading]
    missing = [
        f"{module.__name__}.{name}"
        for module in modules
        for name, item in vars(module).items()
        if not name.startswith("_") and callable(item) and not item.__doc__
    ]
    assert missing == []


def test_compat_v1_is_the_package():
    import tegula.compat.v1 as v1

    assert v1 is tf and tf.compat.v1 is tf
    v1.disable_v2_behavior()


def test_a_classifier_learns():
    random = np.random.RandomState(3)
    centers = random.standard_normal((3, 8)) * 2
    labels = random.randint(0, 3, 300)
    features = centers[labels] + random.standard_normal((300, 8)) * 0.5
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float32, [None, 8], name="x")
    y = tf.placeholder(tf.int64, [None], name="y")
    w1 = tf.Variable(tf.truncated_normal([8, 16], stddev=0.3))
    b1 = tf.Variable(tf.zeros([16]))
    hidden = tf.nn.relu(tf.matmul(x, w1) + b1)
    w2 = tf.get_variable("w2", [16, 3])
    logits = tf.matmul(hidden, w2)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(0.02, step, 100, 0.5)
    train = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), y), tf.float32))
    feeds = {x: features, y: labels}
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(60):
            session.run(train, feeds)
        assert session.run(step) == 60
        assert session.run(accuracy, feeds) > 0.98
        np.testing.assert_allclose(session.run(rate), 0.02 * 0.5**0.6, rtol=1e-5)


def test_importing_the_package_is_quick_and_loads_no_layers():
    program = (
        "import numpy, sys, time; begin = time.process_time(); import tegula; "
        "print(time.process_time() - begin, 'tegula.keras' in sys.modules)"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert float(output[0]) < 0.2
    assert output[1] == "False"


def test_variable_scopes_name_and_share_variables():
    with tf.variable_scope("layer"):
        w = tf.get_variable("w", [2, 3], initializer=tf.constant_initializer(0.5))
        b = tf.get_variable("b", [3], initializer=tf.zeros_initializer())
        y = tf.identity(w)
    with tf.variable_scope("layer", reuse=tf.AUTO_REUSE):
        assert tf.get_variable("w", [2, 3]) is w
        with tf.variable_scope("inner"):
            c = tf.get_variable("c", [], initializer=tf.ones_initializer())
        with pytest.raises(ValueError, match="shared"):
            tf.get_variable("w", [3, 2])
    with tf.variable_scope("layer"), pytest.raises(ValueError, match="exists already"):
        tf.get_variable("w", [2, 3])
    with tf.variable_scope("layer", reuse=True), pytest.raises(ValueError, match="not exist"):
        tf.get_variable("v", [2])
    assert [v.name for v in (w, b, c)] == ["layer/w:0", "layer/b:0", "layer/inner/c:0"]
    assert y.name == "layer/Identity:0"
    results = value([w, b, c])
    np.testing.assert_array_equal(results[0], np.full((2, 3), 0.5))
    np.testing.assert_array_equal(results[1], np.zeros(3))
    assert results[2] == 1


def test_regularizers_of_variables_are_collected():
    tf.get_variable("w", [2], initializer=tf.ones_initializer(), regularizer=tf.nn.l2_loss)
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    assert value(losses) == [1]


def test_the_stub_of_the_core_names_what_there_is():
    import ast
    import pathlib

    stub = ast.parse((pathlib.Path(tf.__file__).parent / "_core.pyi").read_text())
    missing = []
    for node in stub.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found = getattr(_core, node.name, None)
            members = node.body if isinstance(node, ast.ClassDef) else []
            names = [m.name for m in members if isinstance(m, ast.FunctionDef)]
            missing += [f"{node.name}.{name}" for name in names if not hasattr(found, name)]
            missing += [node.name] if found is None else []
    assert missing == []


@pytest.mark.parametrize("shape", [[7, 3], [5], []])
def test_variables_without_an_initializer_are_glorot_uniform(shape):
    weights = value(tf.get_variable("w", shape))
    fans = sum(shape) if len(shape) == 2 else 2 * (shape[0] if shape else 1)
    limit = np.sqrt(6 / fans)
    assert weights.shape == tuple(shape)
    assert np.abs(weights).max() <= limit
    if shape:
        assert np.abs(weights).max() > 0.4 * limit
