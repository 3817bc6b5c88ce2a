"""Exceptions: their built-in families, and texts that name the user's line."""

import inspect

import numpy as np
import pytest
import tegula as tf
from tegula import errors


def line():
    return inspect.currentframe().f_back.f_lineno


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.InvalidArgument, ValueError),
        (errors.ShapeError, ValueError),
        (errors.NotFound, ValueError),
        (errors.FormatError, ValueError),
        (errors.DTypeError, TypeError),
        (errors.IoError, OSError),
        (errors.RunError, RuntimeError),
        (errors.Error, RuntimeError),
    ],
)
def test_each_exception_is_of_the_family_and_of_a_builtin_class(error, builtin):
    assert issubclass(error, errors.Error)
    assert issubclass(error, builtin)
    assert str(error("text")) == "text"


def test_a_wrong_shape_names_op_shapes_and_the_users_line():
    x = tf.placeholder(tf.float32, [None, 3])
    with pytest.raises(ValueError) as caught:
        expected = line() + 1
        tf.matmul(x, tf.ones([4, 2]), name="product")
    text = str(caught.value)
    assert 'matmul "product"' in text
    assert "[?,3]" in text and "[4,2]" in text
    assert f"{__file__}:{expected}" in text


@pytest.mark.parametrize(
    "build",
    [
        lambda: tf.ones([2]) + tf.ones([3]),
        lambda: tf.reshape(tf.ones([4]), [3]),
        lambda: tf.concat([tf.ones([2, 2]), tf.ones([2, 3])], axis=0),
        lambda: tf.nn.softmax_cross_entropy_with_logits(
            labels=tf.ones([2, 3]), logits=tf.ones([2, 4])
        ),
        lambda: tf.reduce_sum(tf.ones([2]), axis=1),
        lambda: tf.ones([2])[2],
        lambda: tf.ones([2])[0, 0],
        lambda: tf.split(tf.ones([5]), 2),
        lambda: tf.constant([[1.0], [2.0, 3.0]]),
        lambda: tf.zeros([None, 2]),
        lambda: tf.where(tf.constant([True])),
        lambda: tf.nn.softmax_cross_entropy_with_logits(tf.ones([2]), tf.ones([2])),
        lambda: tf.placeholder(tf.float32),
        lambda: tf.Variable(),
        lambda: tf.get_default_graph().get_tensor_by_name("nothing:0"),
        lambda: tf.get_default_graph().get_operation_by_name("nothing"),
        lambda: tf.train.GradientDescentOptimizer(0.1).minimize(tf.constant(1.0)),
    ],
)
def test_bad_arguments_are_value_errors(build):
    with pytest.raises(ValueError):
        build()


@pytest.mark.parametrize(
    "build",
    [
        lambda: tf.ones([2]) + tf.ones([2], tf.int32),
        lambda: tf.constant(1) + 1.5,
        lambda: tf.constant(1.5, tf.int32),
        lambda: tf.constant("text"),
        lambda: tf.exp(tf.constant([1, 2])),
        lambda: tf.constant([1.0])[1.0],
        lambda: bool(tf.constant(True)),
        lambda: list(tf.constant([1.0])),
        lambda: len(tf.constant([1.0])),
        lambda: float(tf.constant(1.0)),
        lambda: tf.assign(tf.constant(1.0), 2.0),
        lambda: tf.gradients(tf.constant(1.0), [1.0]),
        lambda: tf.as_dtype("complex64"),
    ],
)
def test_wrong_types_are_type_errors(build):
    with pytest.raises(TypeError):
        build()


def test_a_missing_feed_names_the_placeholder_and_its_line_and_the_session_goes_on():
    expected = line() + 1
    x = tf.placeholder(tf.float32, [None, 3], name="features")
    y = x * 2.0
    with tf.Session() as session:
        with pytest.raises(RuntimeError, match='placeholder "features".*not fed') as caught:
            session.run(y)
        assert f"{__file__}:{expected}" in str(caught.value)
        assert session.run(y, {x: [[1, 2, 3]]}).tolist() == [[2, 4, 6]]


@pytest.mark.parametrize(
    ("feed", "error", "text"),
    [
        (np.ones((2, 4)), ValueError, r"\[\?,3\].*\[2,4\]"),
        (np.ones(3), ValueError, r"\[\?,3\].*\[3\]"),
        ([["a", "b", "c"]], TypeError, "features"),
        ([[1j, 1, 1]], TypeError, "features"),
    ],
)
def test_a_feed_that_does_not_fit_is_refused(feed, error, text):
    x = tf.placeholder(tf.float32, [None, 3], name="features")
    with tf.Session() as session:
        with pytest.raises(error, match=text):
            session.run(x, {x: feed})
        assert session.run(x, {x: np.ones((1, 3))}).tolist() == [[1, 1, 1]]


def test_fractions_are_not_fed_to_integers():
    x = tf.placeholder(tf.int32, [None])
    with tf.Session() as session:
        assert session.run(x, {x: [1.0, 2.0]}).tolist() == [1, 2]
        with pytest.raises(TypeError, match="int32"):
            session.run(x, {x: [1.5]})


@pytest.mark.parametrize(
    ("fetch", "error"),
    [
        (None, TypeError),
        (3, TypeError),
        ([1.0], TypeError),
        ("nothing:0", ValueError),
        ("nothing", ValueError),
    ],
)
def test_unknown_fetches_are_refused(fetch, error):
    tf.constant(1.0)
    with tf.Session() as session, pytest.raises(error):
        session.run(fetch)


def test_values_of_another_graph_are_refused():
    with tf.Graph().as_default():
        other = tf.constant(1.0)
    with pytest.raises(ValueError, match="graph"):
        tf.add(tf.constant(1.0), other)
    with tf.Session() as session, pytest.raises(ValueError, match="another graph"):
        session.run(other)


def test_a_closed_session_says_so():
    x = tf.constant(1.0)
    session = tf.Session()
    session.run(x)
    session.close()
    with pytest.raises(RuntimeError, match="closed Session"):
        session.run(x)


def test_an_index_out_of_range_is_reported_when_it_is_run():
    indices = tf.placeholder(tf.int32, [None])
    y = tf.gather(tf.constant([1.0, 2.0]), indices)
    with tf.Session() as session:
        with pytest.raises(RuntimeError):
            session.run(y, {indices: [5]})
        assert session.run(y, {indices: [1]}).tolist() == [2]


def compiled(loss, metrics=(), **layer):
    model = tf.keras.Sequential([tf.keras.layers.Dense(2, **layer)])
    model.compile("sgd", loss, metrics=list(metrics))
    return model


# Losses whose every target meets its prediction.
ELEMENTWISE = ["mse", "mae", "huber", "hinge", "kl_divergence", "cosine_similarity",
               "binary_crossentropy", "log_cosh"]


@pytest.mark.parametrize("loss", ELEMENTWISE)
@pytest.mark.parametrize("shape", [(3, 3, 2), (4, 3, 2), (2,), (4,), (4, 3), (2, 2, 2, 2)])
@pytest.mark.parametrize("run", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_targets_of_another_shape_are_refused_with_the_line_of_the_run(loss, shape, run):
    rows = shape[0]
    model = compiled(loss)
    with pytest.raises(errors.ShapeError) as caught:
        expected = line() + 1
        getattr(model, run)(np.ones((rows, 5), "float32"), np.ones(shape, "float32"))
    received, wanted = str((None, *shape[1:])), "(None, 2)"
    assert f"targets of shape {received} do not fit predictions of shape {wanted}" in str(caught.value)
    assert f"{run} called at: {__file__}:{expected}" in str(caught.value)


def by_function(y_true, y_pred):
    return tf.keras.losses.sparse_categorical_crossentropy(y_true, y_pred)


@pytest.mark.parametrize(
    ("given", "rows"),
    [
        ({"shuffle": False}, "in batch 1: rows 3 to 5"),
        ({"shuffle": True, "batch_size": 8}, "in batch 0: rows "),
        ({"shuffle": False, "steps_per_epoch": 8}, "in batch 4: row 4"),
        ({"shuffle": False, "validation_split": 0.5, "validation_batch_size": 2}, "in batch 0: rows 4 to 5"),
    ],
)
@pytest.mark.parametrize("by", [{"loss": by_function}, {"loss": "mse", "metrics": [by_function]}])
def test_a_label_that_is_no_class_names_the_rows_of_its_batch_and_the_line_of_fit(given, rows, by):
    model = compiled(**by)
    labels = np.zeros((8, 1), "float32")
    labels[4] = 7
    if "steps_per_epoch" not in given:
        given = {"batch_size": 3, **given}
    with pytest.raises(errors.RunError) as caught:
        expected = line() + 1
        model.fit(np.ones((8, 5), "float32"), labels, verbose=0, **given)
    text = str(caught.value)
    assert "label 7 of row" in text and rows in text
    assert f"fit called at: {__file__}:{expected}" in text
    if given["shuffle"]:
        numbers = text.split(rows)[1].split("\n")[0].split(", ")
        assert sorted(map(int, numbers)) == list(range(8))
        assert numbers[int(text.split("of row ")[1].split()[0])] == "4"


def test_the_shape_of_a_users_initializer_is_told_as_keras_spells_shapes():
    with pytest.raises(errors.ShapeError, match=r"of shape \(3,\) for a weight of shape \(5, 2\)"):
        compiled("mse", kernel_initializer=lambda shape, dtype=None: np.ones(3, "float32")).build((None, 5))
