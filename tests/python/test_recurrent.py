"""Recurrent layers: what tests/parity does not say of them."""

import numpy as np
import pytest
from tegula import keras

layers = keras.layers
X = np.random.RandomState(1).standard_normal((3, 5, 2)).astype("float32")
MAKE = {
    "SimpleRNN": lambda **options: layers.SimpleRNN(4, **options),
    "LSTM": lambda **options: layers.LSTM(4, **options),
    "GRU": lambda **options: layers.GRU(4, **options),
    "GRU before": lambda **options: layers.GRU(4, reset_after=False, **options),
    "Bidirectional": lambda **options: layers.Bidirectional(layers.LSTM(4, **options)),
}


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_a_saved_model_gives_the_same(make, tmp_path):
    model = keras.Sequential([keras.Input((5, 2)), make(return_sequences=True), layers.GRU(2)])
    model.compile("adam", "mse")
    model.fit(X, np.ones((3, 2), "float32"), epochs=2, verbose=0)
    path = str(tmp_path / "model.tegula")
    model.save(path)
    again = keras.models.load_model(path)
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    assert [w.name for w in again.weights] == [w.name for w in model.weights]
    before = again.train_on_batch(X, np.ones((3, 2), "float32"))
    assert before == model.train_on_batch(X, np.ones((3, 2), "float32"))


@pytest.mark.parametrize("make", list(MAKE.values())[:4], ids=list(MAKE)[:4])
def test_dropout_of_states_acts_in_training_only(make):
    layer = make(recurrent_dropout=0.5, dropout=0.25, seed=3, return_sequences=True)
    plain = make(return_sequences=True)
    plain(X), layer(X)
    plain.set_weights(layer.get_weights())
    np.testing.assert_allclose(layer(X), plain(X), rtol=1e-6, atol=1e-7)
    assert np.abs(layer(X, training=True) - plain(X)).max() > 1e-3


def test_steps_may_be_unknown():
    inputs = keras.Input((None, 2))
    for activation in ("tanh", "softplus"):
        layer = layers.LSTM(4, activation=activation, return_sequences=True)
        model = keras.Model(inputs, layer(inputs))
        assert model.output_shape == (None, None, 4)
        for steps in (1, 5):
            found = model.predict(X[:, :steps], verbose=0)
            np.testing.assert_allclose(found, np.array(layer(X))[:, :steps], rtol=1e-5, atol=1e-6)


def test_states_are_given_as_one_or_as_a_list():
    state = np.ones((3, 4), "float32")
    layer = layers.GRU(4)
    np.testing.assert_array_equal(layer(X, initial_state=state), layer(X, initial_state=[state]))
    cell = layers.GRUCell(4)
    output, after = cell(X[:, 0], state)
    of_list, listed = cell(X[:, 0], [state])
    np.testing.assert_array_equal(output, of_list)
    np.testing.assert_array_equal(after, listed[0])
    assert cell.state_size == 4 and layers.LSTMCell(4).state_size == [4, 4]
    assert [zeros.shape for zeros in layers.LSTM(4).get_initial_state(2)] == [(2, 4), (2, 4)]


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_a_stateful_layer_keeps_its_states_until_it_is_reset(make):
    layer = make(stateful=True)
    assert layer.states is None
    first, second = np.array(layer(X)), np.array(layer(X))
    assert np.abs(first - second).max() > 1e-4
    assert all(state.shape == (3, 4) for state in layer.states)
    layer.reset_state()
    assert not any(state.any() for state in layer.states)
    np.testing.assert_array_equal(layer(X), first)
    with pytest.raises(ValueError, match=r"h has shape \(3, 4\)"):
        layer(X[:2])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.LSTM(4, use_cudnn=True), "cuDNN is not supported"),
        (lambda: layers.GRU(4, use_cudnn="yes"), "Expected one of {'auto', True, False}"),
        (lambda: layers.LSTM(4, dropout=1.0), "dropout"),
        (lambda: layers.LSTM(0), "units"),
        (lambda: layers.Bidirectional(layers.Dense(3)), "takes recurrent layers"),
        (lambda: layers.Bidirectional(layers.GRU(3), merge_mode="all"), "Invalid merge mode"),
        (lambda: layers.Bidirectional(layers.GRU(3), backward_layer=layers.GRU(3)),
         "different `go_backwards` value"),
        (lambda: layers.GRU(3)(X, initial_state=[X[:, 0]]), "takes states of shape"),
        (lambda: layers.LSTM(3)(X, initial_state=np.ones((3, 3), "float32")), "has 2 states, got 1"),
        (lambda: layers.GRU(3)(X[0]), "expected ndim=3"),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(ValueError) as caught:
        make()
    assert message in str(caught.value)


def test_any_activation_of_python_is_taken():
    own = layers.LSTM(4, activation=lambda x: keras.ops.tanh(x) * 1.5, return_sequences=True)
    known = layers.LSTM(4, return_sequences=True)
    known(X), own(X)
    own.set_weights(known.get_weights())
    assert np.abs(np.array(own(X)) - np.array(known(X))).max() > 1e-3
    named = layers.LSTM(4, activation=keras.activations.tanh, return_sequences=True)
    named(X)
    named.set_weights(known.get_weights())
    np.testing.assert_array_equal(named(X), known(X))
