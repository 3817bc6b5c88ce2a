"""Built-in layers, freezing, and what arguments do. Right values are those of Keras 3.15."""

import numpy as np
import pytest

from tegula import keras
from tegula.keras import layers as L

X = np.arange(32, dtype="float32").reshape(8, 4) / 10
Y = np.ones((8, 2), "float32")


def two_dense(optimizer=None):
    model = keras.Sequential(
        [keras.Input((4,)), L.Dense(3, kernel_initializer="ones"), L.Dense(2)]
    )
    model.compile(optimizer or keras.optimizers.SGD(0.01, momentum=0.9), "mse")
    return model


def fit(model):
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    return [not np.array_equal(a, b) for a, b in zip(before, model.get_weights())]


def test_freezing_counts_until_the_first_step_after_compile():
    model = two_dense()
    model.layers[0].trainable = False
    assert fit(model) == [False, False, True, True]
    # iteration, learning_rate and the momenta of the second layer.
    assert len(model.optimizer.variables) == 4
    model.layers[0].trainable = True
    assert fit(model) == [False, False, True, True]
    model.compile(keras.optimizers.SGD(0.01), "mse")
    assert fit(model) == 4 * [True]
    model.layers[0].trainable = False
    assert fit(model) == 4 * [True]


def test_recompiling_with_the_same_optimizer_keeps_its_state():
    model = two_dense()
    model.fit(X, Y, epochs=2, verbose=0)
    model.layers[0].trainable = False
    model.compile(model.optimizer, "mse")
    assert int(model.optimizer.iterations) == 2
    assert fit(model) == [False, False, True, True]
    assert int(model.optimizer.iterations) == 3
    assert len(model.optimizer.variables) == 6


def test_an_optimizer_that_has_trained_takes_no_new_weights():
    model = two_dense()
    model.layers[0].trainable = False
    model.fit(X, Y, verbose=0)
    model.layers[0].trainable = True
    model.compile(model.optimizer, "mse")
    with pytest.raises(ValueError, match="Unknown variable: .*/kernel. This optimizer can only"):
        model.fit(X, Y, verbose=0)


def test_the_learning_rate_of_before_the_first_step_stays():
    model = two_dense()
    model.optimizer.learning_rate = 0.5
    model.layers[0].trainable = False
    model.fit(X, Y, verbose=0)
    assert float(model.optimizer.learning_rate) == 0.5


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_nothing_to_train_trains_nothing_and_logs_the_loss(optimizer):
    model = two_dense(optimizer)
    expected = model.evaluate(X, Y, verbose=0)
    model.trainable = False
    with pytest.warns(UserWarning, match="does not have any trainable weights"):
        history = model.fit(X, Y, epochs=2, verbose=0)
    assert history.history["loss"] == pytest.approx(2 * [expected])
    flat = keras.Sequential([keras.Input((2,)), L.Flatten()])
    flat.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="does not have any trainable weights"):
        assert flat.fit(Y, 3 * Y, verbose=0).history["loss"] == [4.0]


def test_noise_shape_shares_the_mask():
    ones = np.ones((400, 3, 5), "float32")
    rows = L.Dropout(0.5, noise_shape=(None, 1, 1), seed=1)(ones, training=True)
    assert set(np.unique(rows)) == {0.0, 2.0}
    assert (rows == rows[:, :1, :1]).all()
    assert 0.4 < (rows[:, 0, 0] == 0).mean() < 0.6
    batch = L.Dropout(0.5, (1, 3, None), seed=1)(ones, training=True)
    assert (batch == batch[:1]).all() and set(np.unique(batch[0])) == {0.0, 2.0}
    # Every element its own: as without.
    free = L.Dropout(0.5, noise_shape=(None, 3, 5), seed=1)(ones, training=True)
    assert 0.47 < (free == 0).mean() < 0.53
    model = keras.Sequential([keras.Input((4,)), L.Dropout(0.5, noise_shape=(None, 1))])
    out = model(np.ones((64, 4), "float32"), training=True)
    assert (out == out[:, :1]).all()
    assert L.Dropout(0.5, noise_shape=(None, 1)).get_config()["noise_shape"] == [None, 1]
    with pytest.raises(ValueError, match="Expected all dimensions to be positive integers or None"):
        L.Dropout(0.5, noise_shape=(0, 1))
    with pytest.raises(ValueError, match=r"noise_shape \(2, 1\) does not fit the input, of shape"):
        L.Dropout(0.5, noise_shape=(2, 1))(np.ones((4, 3)), training=True)


def test_inputs_stated_as_a_batch():
    layer = L.InputLayer(batch_shape=(3, 4))
    assert keras.Sequential([layer, L.Dense(2)]).input_shape == (None, 4)
    with pytest.raises(ValueError, match="both `shape` and `batch_shape`"):
        L.InputLayer(shape=(4,), batch_shape=(3, 4))


@pytest.mark.parametrize("dtype", ["float64", "mixed_float16", "float16", np.float64, "bfloat16"])
def test_other_dtypes_than_float32_are_refused(dtype):
    for make in (L.Layer, lambda dtype: L.Dense(2, dtype=dtype), lambda dtype: L.Flatten(dtype=dtype)):
        with pytest.raises(ValueError, match="weights and computations are float32"):
            make(dtype=dtype)
    with pytest.raises(ValueError, match="weights and computations are float32"):
        L.Layer().add_weight((), dtype=dtype)


@pytest.mark.parametrize("name", ["MeanSquaredError", "BinaryCrossentropy", "Huber"])
def test_other_dtypes_of_losses_are_refused(name):
    with pytest.raises(ValueError, match="dtype='float64' is not supported"):
        getattr(keras.losses, name)(dtype="float64")
    getattr(keras.losses, name)(dtype="float32")


def test_float32_is_accepted_however_it_is_said():
    for dtype in ("float32", np.float32, L.Dense(1).get_config()["dtype"], None):
        assert L.Dense(2, dtype=dtype).dtype == "float32"


@pytest.mark.parametrize(
    "work, words",
    [
        (lambda: L.Input((4,), sparse=True), "`sparse` is not supported"),
        (lambda: L.Input((4,), ragged=True), "`ragged` is not supported"),
        (lambda: L.Input((4,), optional=True), "`optional` is not supported"),
        (lambda: L.Dense(2, autocast="no"), "`autocast` must be True or False"),
        (lambda: L.Dense(2, activaton="relu"), "activaton"),
        (lambda: L.Layer(foo=1), "Unrecognized keyword arguments passed to Layer: {'foo': 1}"),
        (lambda: L.Layer().add_weight((), aggregation="sum"), "`aggregation` is not supported"),
        (lambda: L.Dense(2, lora_rank=2), "`lora_rank` is not supported"),
        (lambda: two_dense().compile("sgd", "mse", run_eagerly=True), "run_eagerly=True is not"),
        (lambda: two_dense().compile("sgd", "mse", jit_compile="fast"), "jit_compile must be"),
    ],
)
def test_arguments_without_effect_are_refused_by_name(work, words):
    with pytest.raises(ValueError, match=words):
        work()


def test_compiling_always_honours_jit_compile():
    model = two_dense()
    for jit_compile in (True, False, "auto"):
        model.compile("sgd", "mse", jit_compile=jit_compile, run_eagerly=False)


def test_attributes_of_layers_and_models():
    dense = L.Dense(2, activation="relu")
    assert dense.input_spec.min_ndim == 2 and dense.input_spec.axes == {}
    assert dense.losses == [] and dense.supports_masking and not L.Layer().supports_masking
    assert not hasattr(dense, "input_shape") and not hasattr(dense, "output_shape")
    model = keras.Sequential()
    for name in ("input_shape", "output_shape", "inputs", "outputs"):
        assert not hasattr(model, name)
    model.add(keras.Input((4,)))
    model.add(dense)
    assert dense.input_shape == (None, 4) and dense.output_shape == (None, 2)
    assert repr(dense.input_spec) == "InputSpec(min_ndim=2, axes={-1: 4})"
    assert [tuple(t.shape) for t in model.inputs + model.outputs] == [(None, 4), (None, 2)]
    assert model.path == model.name and dense.path == f"{model.name}/{dense.name}"
    assert repr(model) == f"<Sequential name={model.name}, built=True>"
    assert repr(dense) == f"<Dense name={dense.name}, built=True>"


@pytest.mark.parametrize(
    "make, shape, expected",
    [
        (lambda: L.Dense(2), (None, 3), (None, 2)),
        (lambda: L.Dense(2), (5, 7, 3), (5, 7, 2)),
        (L.Flatten, (None, 3, 4), (None, 12)),
        (lambda: L.Reshape((-1, 2)), (None, 3, 4), (None, 6, 2)),
        (lambda: L.Dropout(0.5), (None, 3), (None, 3)),
    ],
)
def test_compute_output_shape_builds_nothing(make, shape, expected):
    layer = make()
    assert layer.compute_output_shape(shape) == expected
    assert not layer.built


def test_compute_output_shape_of_a_stack():
    model = keras.Sequential([L.Reshape((-1, 2)), L.Dense(3), L.Flatten()])
    assert model.compute_output_shape((None, 4)) == (None, 6)
    assert not model.built


def test_compute_output_shape_of_a_custom_layer_is_the_layer_s_own():
    class Mine(L.Layer):
        def call(self, x):
            return x

    with pytest.raises(NotImplementedError, match="Should implement `def compute_output_shape"):
        Mine().compute_output_shape((None, 3))


def test_input_spec_is_checked():
    class Mine(L.Layer):
        def __init__(self):
            super().__init__()
            self.input_spec = keras.layers.InputSpec(ndim=2, axes={-1: 4})

        def call(self, x):
            return x

    layer = Mine()
    np.testing.assert_array_equal(layer(X), X)
    with pytest.raises(ValueError, match="expected ndim=2, found ndim=3"):
        layer(X[None])
    with pytest.raises(ValueError, match="expected axis -1 of input shape to have value 4"):
        keras.Sequential([keras.Input((3,)), layer])


@pytest.mark.parametrize(
    "work, words",
    [
        (lambda: L.Dense(2)(np.ones(5)), r"expected min_ndim=2, found ndim=1.*\(5,\)"),
        (lambda: L.Reshape((5,))(np.ones((2, 4))), r"input_shape=\(4,\), target_shape=\(5,\)"),
        (lambda: two_dense().predict(np.ones((2, 5))), r"of shape \(None, 4\).*\(2, 5\)"),
        (lambda: two_dense().build((None, 5)), r"built for inputs of shape \(None, 4\), not"),
        (lambda: two_dense().layers[0].set_weights([X, X]), r"weight shape \(4, 3\) is not"),
    ],
)
def test_messages_speak_keras_and_name_the_users_line(work, words):
    with pytest.raises(ValueError, match=words) as caught:
        work()
    assert "[?" not in str(caught.value) and "f32" not in str(caught.value)


def test_layer_messages_name_the_line_that_made_the_layer():
    layer = L.Dense(2)
    with pytest.raises(ValueError, match=r"test_keras_layers.py:\d+"):
        keras.Sequential([keras.Input(()), layer])


def test_a_layer_without_weights_serves_in_several_models():
    flatten = L.Flatten()
    for _ in range(2):
        model = keras.Sequential([keras.Input((2, 3)), flatten])
        np.testing.assert_array_equal(model.predict(np.ones((1, 2, 3))), np.ones((1, 6)))
