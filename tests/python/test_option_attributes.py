"""Options as attributes: readable, writable, and a change acts."""

import numpy as np
import pytest

from tegula import keras

L = keras.layers
X = np.ones((4, 2), "float32")


def compiled(layer, optimizer=None, loss="mse"):
    model = keras.Sequential([keras.Input((2,)), layer])
    model.compile(optimizer=optimizer or keras.optimizers.SGD(0.0), loss=loss)
    return model


def test_options_read_as_keras_users_expect():
    dense = L.Dense(3, activation="relu", kernel_regularizer=keras.regularizers.L1L2(0.1, 0.2))
    assert dense.units == 3 and dense.use_bias is True
    assert dense.activation is keras.activations.relu
    assert isinstance(dense.kernel_initializer, keras.initializers.GlorotUniform)
    assert dense.kernel_initializer is dense.kernel_initializer
    assert (dense.kernel_regularizer.l1, dense.kernel_regularizer.l2) == (0.1, 0.2)
    assert dense.bias_regularizer is None
    assert L.Dense(3).activation is keras.activations.linear
    assert L.Dropout(0.3).rate == 0.3 and L.Dropout(0.3).seed is None
    assert L.Reshape((2, -1)).target_shape == (2, -1)
    assert keras.initializers.RandomNormal(1.0).mean == 1.0
    assert keras.optimizers.Adam(beta_1=0.5).beta_1 == 0.5
    assert keras.optimizers.SGD(0.1, clipnorm=2.0).clipnorm == 2.0
    assert keras.losses.Huber(2.0).delta == 2.0
    assert keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5).decay_steps == 3


def test_own_functions_and_objects_are_given_back():
    def cubed(x):
        return x * x * x

    penalty = keras.regularizers.L2(0.5)
    dense = L.Dense(3, activation=cubed, kernel_regularizer=penalty)
    assert dense.activation is cubed and dense.kernel_regularizer is penalty


def test_what_is_no_option_is_no_attribute():
    dense = L.Dense(3)
    assert not hasattr(dense, "unit")
    with pytest.raises(AttributeError, match="'Dense' object has no attribute 'unit'"):
        dense.unit
    dense.remark = "mine"
    assert dense.remark == "mine"


def test_a_changed_dropout_rate_acts_after_tracing():
    layer = L.Dropout(1.0)
    model = compiled(layer)
    assert np.all(model(X, training=True) == 0)
    layer.rate = 0
    assert np.all(model(X, training=True) == 1)
    assert layer.rate == 0 and layer.get_config()["rate"] == 0


def test_a_changed_activation_acts_after_tracing():
    dense = L.Dense(1, kernel_initializer="ones")
    model = compiled(dense)
    assert model.predict(-X)[0, 0] == -2
    dense.activation = "relu"
    assert model.predict(-X)[0, 0] == 0
    dense.activation = lambda x: x * 10.0
    assert model.predict(-X)[0, 0] == -20
    assert model.evaluate(-X, np.zeros((4, 1)), verbose=0) == 400
    dense.activation = None
    assert model.predict(-X)[0, 0] == -2


def test_a_changed_momentum_acts_and_the_state_stays():
    optimizer = keras.optimizers.SGD(0.125)
    model = compiled(L.Dense(1, use_bias=False, kernel_initializer="ones"), optimizer)
    y = np.zeros((4, 1))
    model.fit(X, y, verbose=0)
    assert model.get_weights()[0][0, 0] == 0.5
    optimizer.momentum = 0.5
    model.fit(X, y, epochs=2, verbose=0)
    assert model.get_weights()[0][0, 0] == 0.0
    assert int(optimizer.iterations) == 3 and optimizer.momentum == 0.5


def test_a_regularizer_that_layers_share_acts_when_it_changes():
    penalty = keras.regularizers.L2(0.5)
    model = compiled(L.Dense(1, use_bias=False, kernel_initializer="ones",
                             kernel_regularizer=penalty))
    assert model.evaluate(X, np.full((4, 1), 2.0), verbose=0) == 1
    penalty.l2 = 0.25
    assert model.evaluate(X, np.full((4, 1), 2.0), verbose=0) == 0.5
    model.layers[0].kernel_regularizer.l2 = 0
    assert model.evaluate(X, np.full((4, 1), 2.0), verbose=0) == 0


def test_a_schedule_takes_the_place_of_a_rate():
    optimizer = keras.optimizers.SGD(0.125)
    model = compiled(L.Dense(1, use_bias=False, kernel_initializer="ones"), optimizer)
    model.fit(X, np.zeros((4, 1)), verbose=0)
    optimizer.learning_rate = keras.optimizers.schedules.PiecewiseConstantDecay([5], [0.0, 1.0])
    model.fit(X, np.zeros((4, 1)), verbose=0)
    assert model.get_weights()[0][0, 0] == 0.5 and float(optimizer.learning_rate) == 0
    with pytest.raises(TypeError, match="not settable"):
        optimizer.learning_rate = 0.1


def test_the_learning_rate_has_a_value():
    optimizer = keras.optimizers.SGD(0.5)
    assert float(optimizer.learning_rate.value) == 0.5
    assert optimizer.learning_rate.value.numpy() == np.float32(0.5)
    optimizer.learning_rate = 0.25
    assert optimizer.get_config()["learning_rate"] == 0.25


REFUSED = [
    (lambda: L.Dropout(0.5), "rate", 1.5, "Dropout: `rate` must be between 0 and 1, got 1.5"),
    (lambda: keras.optimizers.SGD(), "clipnorm", -1.0, "SGD: `clipnorm` must be > 0, got -1.0"),
    (lambda: keras.optimizers.SGD(), "learning_rate", float("nan"),
     "SGD: `learning_rate` must be >= 0, got NaN"),
    (lambda: keras.metrics.BinaryAccuracy(), "threshold", 0.3, "`threshold` is fixed"),
    (lambda: L.Dense(3), "lora_rank", 2, "`lora_rank` is not supported"),
    (lambda: L.Dense(3), "kernel_regularizer", "l3", "Could not interpret regularizer"),
]


@pytest.mark.parametrize("make, name, value, message", REFUSED)
def test_what_cannot_be_set_is_refused(make, name, value, message):
    with pytest.raises(ValueError) as error:
        setattr(make(), name, value)
    assert message in str(error.value)


def test_options_that_shaped_the_weights_are_fixed():
    dense = L.Dense(3)
    dense.units = 4
    model = compiled(dense)
    assert model.output_shape == (None, 4)
    with pytest.raises(ValueError, match="`units` is fixed when the layer's weights are made"):
        dense.units = 5


CLASSES = [
    (keras.optimizers.Adam(), "Adam(learning_rate=0.001)"),
    (keras.optimizers.SGD(0.1, momentum=0.9), "SGD(learning_rate=0.1, momentum=0.9)"),
    (keras.regularizers.L2(0.5), "L2(l2=0.5)"),
    (keras.initializers.HeNormal(seed=1), "HeNormal(seed=1)"),
    (keras.losses.Huber(2.0), "Huber(delta=2.0)"),
]


@pytest.mark.parametrize("item, text", CLASSES)
def test_repr_says_what_an_object_is(item, text):
    assert repr(item) == text


@pytest.mark.parametrize("call, message", [
    (lambda: keras.optimizers.SGD(0.05, clipnorm=-1.0), "SGD: `clipnorm` must be > 0, got -1.0"),
    (lambda: keras.optimizers.SGD(0.05, clipnorm=0.0), "SGD: `clipnorm` must be > 0, got 0.0"),
    (lambda: keras.regularizers.L2(float("inf")), "L2: `l2` must be >= 0 and finite, got Infinity"),
    (lambda: keras.regularizers.L1(float("nan")), "L1: `l1` must be >= 0, got NaN"),
    (lambda: L.Reshape((-2, 5)), "Reshape: `target_shape` must be >= -1, got -2"),
    (lambda: L.Reshape((-1, -1, 5)), "only one dimension of `target_shape` can be -1"),
])
def test_numbers_outside_of_their_ranges_are_refused(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)


def test_arguments_document_their_ranges():
    assert "Largest norm of each gradient; > 0." in keras.optimizers.SGD.__doc__


def test_constants_and_arrays_are_initializers():
    rows = keras.initializers.Constant([1.0, 2.0])((3, 2))
    assert np.array_equal(rows, [[1, 2]] * 3)
    array = np.arange(6, dtype="float32").reshape(2, 3)
    model = compiled(L.Dense(3, kernel_initializer=keras.initializers.get(array)))
    assert np.array_equal(model.get_weights()[0], array)
    with pytest.raises(ValueError, match="does not fit a weight of shape"):
        compiled(L.Dense(4, kernel_initializer=keras.initializers.get(array)))


def test_keras_aliases_of_initializers():
    assert keras.initializers.IdentityInitializer is keras.initializers.Identity
    assert keras.initializers.OrthogonalInitializer is keras.initializers.Orthogonal
    assert isinstance(keras.initializers.get("IdentityInitializer"), keras.initializers.Identity)
    assert isinstance(
        keras.initializers.get("OrthogonalInitializer"), keras.initializers.Orthogonal
    )


def test_stated_axes_are_the_fans():
    initializer = keras.initializers.VarianceScaling(
        12.0, distribution="uniform", seed=1, input_axes=[0, 1], output_axes=[-1]
    )
    values = np.asarray(initializer((30, 30, 4)))
    assert 0.19 < np.abs(values).max() <= 0.2
    config = keras.initializers.GlorotUniform(input_axes=[0], output_axes=[1]).get_config()
    assert (config["input_axes"], config["output_axes"]) == ([0], [1])


def test_a_schedule_keeps_the_name_that_it_is_given():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5, name="slow")
    assert schedule.name == "slow"
    assert type(schedule).from_config(schedule.get_config()).name == "slow"
    assert keras.optimizers.schedules.CosineDecay(0.1, 10).get_config()["name"] == "CosineDecay"
