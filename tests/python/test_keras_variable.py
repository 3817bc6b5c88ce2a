"""keras.Variable, with the values and words of Keras 3.15; and `==` of tensors that are traced."""

import numpy as np
import pytest

import tegula as tf
from tegula import keras


@pytest.mark.parametrize(
    "first, options, dtype, value",
    [
        ([1, 2, 3.0], {}, "float32", [1, 2, 3]),
        (np.arange(3), {}, "int64", [0, 1, 2]),
        (3, {}, "int32", 3),
        ("zeros", {"shape": (2,)}, "float32", [0, 0]),
        (keras.initializers.Ones(), {"shape": (2,), "dtype": "int32"}, "int32", [1, 1]),
        (lambda shape, dtype: np.full(shape, 7, dtype), {"shape": (1,)}, "float32", [7]),
        ([1, 2], {"dtype": "float64"}, "float64", [1, 2]),
    ],
)
def test_first_values(first, options, dtype, value):
    variable = keras.Variable(first, **options)
    assert variable.dtype == dtype
    assert variable.shape == np.shape(value)
    assert variable.ndim == np.ndim(value)
    np.testing.assert_array_equal(variable.numpy(), value)
    np.testing.assert_array_equal(variable.value.numpy(), value)


def test_names():
    keras.utils.clear_session()
    assert [keras.Variable(1.0).name for _ in range(2)] == ["variable", "variable_1"]
    variable = keras.Variable([1.0, 2.0, 3.0], name="v", trainable=False)
    assert (variable.name, variable.path, variable.trainable) == ("v", "v", False)
    assert repr(variable) == "<Variable path=v, shape=(3,), dtype=float32, value=[1. 2. 3.]>"


def test_assignments_return_the_value():
    variable = keras.Variable([1.0, 2.0])
    np.testing.assert_array_equal(variable.assign([3, 4]), [3, 4])
    np.testing.assert_array_equal(variable.assign_add([1.0, 1.0]), [4, 5])
    np.testing.assert_array_equal(variable.assign_sub(1.0), [3, 4])
    assert variable.dtype == "float32"
    copy = variable.numpy()
    copy[:] = 0
    np.testing.assert_array_equal(variable, [3, 4])


def test_arithmetic_is_that_of_the_value():
    v = keras.Variable([4.0, 5.0])
    for result, expected in [
        (v + 1, [5, 6]),
        (1 - v, [-3, -4]),
        (v * v, [16, 25]),
        (np.array([2.0, 2.0], "float32") * v, [8, 10]),
        (v / 2, [2, 2.5]),
        (v // 2, [2, 2]),
        (v % 2, [0, 1]),
        (v**2, [16, 25]),
        (v @ [1.0, 1.0], 9),
        (-v, [-4, -5]),
        (abs(-1 * v), [4, 5]),
        (v[0], 4),
        (v == 4.0, [True, False]),
        (v != 4.0, [False, True]),
        (v < 5, [True, False]),
        (5 <= v, [False, True]),
        (np.sqrt(v), [2, np.sqrt(np.float32(5))]),
    ]:
        np.testing.assert_array_equal(result, expected)
    assert (int(keras.Variable(2)), float(keras.Variable(2.0))) == (2, 2.0)
    with pytest.raises(TypeError, match="A Keras Variable cannot be used as a boolean"):
        bool(v)
    assert len({v, v, keras.Variable(1.0)}) == 2


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda: keras.Variable("zeros"), "the `shape` argument should be specified"),
        (lambda: keras.Variable([1], name="a/b"), "cannot contain character `/`"),
        (lambda: keras.Variable(None), "a first value or an initializer is needed"),
        (lambda: keras.Variable([1.0], dtype="float31"), "Invalid dtype: float31"),
        (lambda: keras.Variable([1.0], shape=(2,)), "is not that of the value"),
        (lambda: keras.Variable([1.0], layout="x"), "`layout` is not supported"),
        (
            lambda: keras.Variable([1.0, 2.0], name="v").assign([1.0, 2.0, 3.0]),
            r"must match. variable.shape=\(2,\), Received: value.shape=\(3,\). Target variable: <Var",
        ),
    ],
)
def test_refusals(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def test_weights_are_variables():
    layer = keras.layers.Dense(2)
    layer(np.zeros((1, 3), "float32"))
    kernel = layer.kernel
    assert isinstance(kernel, keras.Variable)
    kernel.assign(np.ones((3, 2)))
    np.testing.assert_array_equal(kernel.assign_add(np.ones((3, 2))), np.full((3, 2), 2))
    np.testing.assert_array_equal(layer(np.ones((1, 3), "float32")), [[6, 6]])
    with pytest.raises(ValueError, match=r"Received: value.shape=\(2, 2\)"):
        kernel.assign(np.zeros((2, 2)))


def test_a_variable_of_its_own_is_no_part_of_a_layer():
    scale = keras.Variable(2.0, name="scale")

    class Scale(keras.layers.Layer):
        def call(self, inputs):
            return inputs * scale

    with pytest.raises(RuntimeError, match="scale: a Variable of its own is read while a graph"):
        Scale()(np.ones((1, 2), "float32"))


def test_equality_in_traced_functions_compares_elements():
    def loss(y_true, y_pred):
        return keras.ops.cast(y_true == 1, "float32") + keras.ops.cast(y_true != y_pred, "float32")

    metric = keras.metrics.MeanMetricWrapper(loss)
    metric.update_state(np.array([1.0, 2.0, 1.0, 0.0]), np.array([1.0, 2.0, 3.0, 3.0]))
    assert float(metric.result()) == 1.0


def test_equality_in_graphs_asks_for_the_same_tensor():
    with tf.Graph().as_default():
        x, y = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
        assert x == x and not x == y and x != y and x != 1.0
        assert {x: 1, y: 2}[y] == 2
