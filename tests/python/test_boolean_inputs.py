"""Boolean arrays as data of models; tests/parity compares more of it with Keras."""

import numpy as np
import pytest

from tegula import keras

L = keras.layers
X = np.random.default_rng(0).random((12, 4)) > 0.5
Y = np.random.default_rng(1).normal(size=(12, 2)).astype("float32")


def model_of(dtype, *layers):
    keras.utils.set_random_seed(3)
    inputs = [] if dtype is None else [keras.Input((4,), dtype=dtype)]
    model = keras.Sequential([*inputs, *layers, L.Dense(2)])
    model.compile("sgd", "mse")
    return model


def outcome(model, x):
    history = model.fit(x, Y, epochs=2, batch_size=5, verbose=0)
    batch = model.train_on_batch(x, Y), model.test_on_batch(x, Y)
    return [history.history["loss"], batch, model.evaluate(x, Y, verbose=0),
            model.predict(x, verbose=0).tolist(), model.predict_on_batch(x).tolist(),
            np.asarray(model(x)).tolist()]


@pytest.mark.parametrize("dtype", ["bool", "float32", "int32", None])
def test_true_and_false_are_one_and_zero(dtype):
    """Whatever dtype the model states, and when it learns its input from the data."""
    expected = outcome(model_of("float32"), X.astype("float32"))
    assert outcome(model_of(dtype), X) == expected


@pytest.mark.parametrize(
    "make, dtype",
    [(lambda: L.Identity(), "bool"), (lambda: L.Reshape((2, 2)), "bool"),
     (lambda: L.Rescaling(2.0), "float32"), (lambda: L.Dense(3), "float32"),
     (lambda: L.Embedding(2, 3), "float32"), (lambda: L.BatchNormalization(), "float32")],
)
def test_layers_without_arithmetic_hand_booleans_on(make, dtype):
    model = keras.Sequential([keras.Input((4,), dtype="bool"), make()])
    assert model.predict(X, verbose=0).dtype == dtype


def test_data_become_what_the_input_states():
    model = keras.Sequential([keras.Input((4,), dtype="bool"), L.Identity()])
    numbers = np.array([[0, 1, 2, -3], [0.5, 0, 0, 0]], "float32")
    assert model.predict(numbers, verbose=0).tolist() == [[False, True, True, True],
                                                          [True, False, False, False]]


def test_batches_of_booleans_train_as_arrays_do():
    whole, batches = model_of("bool"), model_of("bool")
    whole.fit(X, Y, batch_size=6, shuffle=False, verbose=0)
    batches.fit([(X[:6], Y[:6]), (X[6:], Y[6:])], verbose=0)
    for a, b in zip(whole.get_weights(), batches.get_weights()):
        assert (a == b).all()


def test_masks_stay_with_integers_that_weights_need_as_floats():
    inputs = keras.Input((4,), dtype="int32")
    masked = L.Masking(mask_value=0)(L.Reshape((4, 1))(inputs))
    model = keras.Model(inputs, L.GlobalAveragePooling1D()(L.Dense(1, use_bias=False)(masked)))
    model.set_weights([np.array([[1.0]], "float32")])
    assert model.predict(np.array([[2, 4, 0, 0]], "int32"), verbose=0).tolist() == [[3.0]]


def test_models_with_boolean_inputs_are_saved_and_loaded(tmp_path):
    model = model_of("bool", L.Dense(3, activation="tanh"))
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "model.tegula")
    loaded = keras.models.load_model(tmp_path / "model.tegula")
    assert loaded.inputs[0].dtype == "bool"
    assert (loaded.predict(X, verbose=0) == model.predict(X, verbose=0)).all()
