"""keras.ops beyond its values, which tests/parity has: which functions there are, and that they take
arrays, symbols and tensors of unknown batches alike.
"""

import importlib
import pathlib
import sys

import numpy as np
import pytest

import tegula as tf
from tegula import _missing, keras

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "parity"))
SUBJECTS = ("ops_elementwise", "ops_arrays", "ops_networks", "ops_more")
COMPARED = set().union(
    *(importlib.import_module(f"keras_cases.{name}").CASES.functions for name in SUBJECTS)
)
# Real Keras gives no values for these, or any: they are tested here.
TESTED_HERE = {
    "adaptive_average_pool", "adaptive_max_pool", "argpartition", "vectorize",
}
MODULES = {"linalg", "nn", "numpy"}
IMAGE_CASES = importlib.import_module("keras_cases.ops_image").CASES
ops = keras.ops
X = np.arange(12, dtype="float32").reshape(3, 4) - 5.5


def names_of(module):
    return set(_missing.peer_names()[1][module])


def test_every_name_of_keras_is_compared_or_refused_with_a_reason():
    missing = {name for name in names_of("keras.ops") if not hasattr(ops, name)}
    assert names_of("keras.ops") - missing - MODULES - {"image"} - TESTED_HERE == COMPARED
    of_images = {name for name in names_of("keras.ops.image") if not hasattr(ops.image, name)}
    assert names_of("keras.ops.image") - of_images == IMAGE_CASES.functions
    for module, names in ((ops, missing), (ops.image, of_images)):
        for name in names:
            with pytest.raises(AttributeError, match=r"Tegula has not\. \w+"):
                getattr(module, name)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_the_modules_have_the_functions_of_keras_ops(module):
    for name in names_of(f"keras.ops.{module}"):
        if hasattr(ops, name):
            assert getattr(getattr(ops, module), name) is getattr(ops, name)


def test_arrays_and_numbers_are_computed_at_once():
    result = ops.add(X, 1)
    assert isinstance(result, np.ndarray) and result.dtype == "float32"
    np.testing.assert_array_equal(result.numpy(), X + 1)
    assert ops.is_tensor(result) and not ops.is_tensor(X)


def test_weights_are_values_outside_of_a_call():
    dense = keras.layers.Dense(2)
    dense.build((None, 3))
    np.testing.assert_allclose(ops.sum(dense.kernel), np.sum(dense.get_weights()[0]), rtol=1e-6)


# What is made of symbols, or of a tensor with an unknown batch, and of the array at once.
FUNCTIONS = [
    lambda x: ops.take_along_axis(x, ops.argsort(x, axis=-1), axis=-1),
    lambda x: ops.sort(x, axis=1),
    lambda x: ops.top_k(x, 2)[0],
    lambda x: ops.cumsum(x, axis=1),
    lambda x: ops.median(x, axis=-1, keepdims=True),
    lambda x: ops.softmax(x) * ops.shape(x)[1],
    lambda x: ops.reshape(x, (ops.shape(x)[0], 2, 2)),
    lambda x: ops.einsum("bi,ij->bj", x, X.T),
    lambda x: ops.roll(x, 1, axis=-1),
    lambda x: ops.pad(x, ((0, 0), (1, 2)), mode="reflect"),
    lambda x: ops.norm(x, axis=-1),
    lambda x: ops.one_hot(ops.argmax(x, axis=-1), 4),
    lambda x: ops.where(x > 0, x, 0),
    lambda x: ops.scan(lambda c, v: (c + v, c * v), x[:, 0], ops.transpose(x))[0],
    lambda x: ops.cond(ops.max(x) > 0, lambda: x * 2, lambda: x),
    lambda x: ops.while_loop(lambda v: ops.max(v) < 50, lambda v: v * 2, (x,), maximum_iterations=6)[0],
    lambda x: ops.switch(ops.cast(ops.max(x), "int32"), [lambda v: v, lambda v: v + 1], x),
    lambda x: ops.split(x, 2, axis=1)[1],
    lambda x: ops.inv(ops.eye(2) * 2 + 0 * ops.reshape(x, (-1, 2, 2))),
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_models_of_symbols_compute_what_arrays_give(function):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, function(inputs))
    np.testing.assert_allclose(model.predict(X, verbose=0), function(X), rtol=1e-6)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_graphs_compute_what_arrays_give(function):
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 4])
        np.testing.assert_allclose(session.run(function(x), {x: X}), function(X), rtol=1e-6)


def test_adaptive_pools_take_windows_of_nearly_one_size():
    line = np.random.RandomState(0).rand(2, 7, 3).astype("float32")
    windows = [(0, 3), (2, 5), (4, 7)]
    for function, reduce in ((ops.adaptive_max_pool, np.max), (ops.adaptive_average_pool, np.mean)):
        expected = np.stack([reduce(line[:, b:e], axis=1) for b, e in windows], 1)
        np.testing.assert_allclose(function(line, 3), expected, rtol=1e-6)


def test_argpartition_gives_places_of_the_smaller_elements_first():
    places = ops.argpartition(np.array([5, 1, 4, 2]), 1)
    assert set(places[:2].tolist()) == {1, 3}


def test_vectorize_applies_a_function_to_all_elements():
    result = ops.vectorize(lambda a, b: a * b + 1)(X, X[0])
    np.testing.assert_allclose(result, X * X[0] + 1)


REFUSED = [
    (lambda x: ops.nonzero(x), "nonzero: x must be known while the graph is built"),
    (lambda x: ops.unique(x), "unique: x must be known"),
    (lambda x: ops.bincount(ops.cast(x, "int32")), "bincount without minlength"),
    (lambda x: ops.flip(ops.median(x, axis=0)), "the size of axis 0"),
]


@pytest.mark.parametrize("function, words", REFUSED)
def test_what_depends_on_values_is_refused_in_a_graph(function, words):
    with pytest.raises(ValueError, match=words):
        function(keras.Input((4,)))


def test_arguments_that_have_no_effect_are_refused():
    with pytest.raises(ValueError, match="sparse=True is not supported"):
        ops.one_hot(np.array([1]), 3, sparse=True)
    with pytest.raises(ValueError, match="strategy='beam_search' is not supported"):
        ops.ctc_decode(np.zeros((1, 2, 3), "float32"), np.array([2]), "beam_search")
    with pytest.raises(TypeError, match="uint8 and int8 meet in int16"):
        ops.add(np.ones(1, "uint8"), np.ones(1, "int8"))
