"""Models of calls of layers: shared layers, nested models, several inputs and outputs, subclasses."""

import gc
import pickle

import numpy as np
import pytest

from tegula import keras

L = keras.layers
X = np.linspace(-1, 1, 24, dtype="float32").reshape(8, 3)
Y = np.linspace(0, 1, 16, dtype="float32").reshape(8, 2)
Z = np.linspace(1, 0, 8, dtype="float32").reshape(8, 1)


def two_by_two():
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    shared = L.Dense(4, activation="relu", name="shared")
    h = shared(a) * 2.0 + shared(b)
    return keras.Model([a, b], [L.Dense(2, name="left")(h), L.Dense(1, name="right")(h)])


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_model_of_calls_knows_its_layers_inputs_and_outputs():
    model = two_by_two()
    assert type(model).__name__ == "Functional" and isinstance(model, keras.Model)
    assert [layer.name for layer in model.layers][-2:] == ["left", "right"]
    assert model.output_names == ["left", "right"] and model.input_names == ["a", "b"]
    assert model.input_shape == [(None, 3), (None, 3)] and model.output_shape == [(None, 2), (None, 1)]
    assert len(model.weights) == 6 and model.count_params() == 16 + 10 + 5
    assert model.get_layer("shared").path == f"{model.name}/shared"


def test_values_are_those_of_the_layers():
    model = two_by_two()
    kernel, bias = model.get_layer("shared").get_weights()
    h = np.maximum(X @ kernel + bias, 0) * 3
    left, right = (model.get_layer(name).get_weights() for name in ("left", "right"))
    y = model.predict([X, X])
    np.testing.assert_allclose(y[0], h @ left[0] + left[1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(y[1], h @ right[0] + right[1], rtol=1e-5, atol=1e-6)
    assert same(model([X, X]), y) and same(model.predict({"a": X, "b": X}), y)


@pytest.mark.parametrize(
    "loss, weights, metrics",
    [
        (["mse", "mae"], [1.0, 0.5], [["mae"], ["mse"]]),
        ({"right": "mae", "left": "mse"}, {"right": 0.5}, {"left": ["mae"], "right": "mse"}),
        ({"left": keras.losses.MeanSquaredError(), "right": "mae"}, [1, 0.5], [[keras.metrics.MeanAbsoluteError(name="mae")], "mse"]),
    ],
)
def test_outputs_have_losses_and_metrics_of_their_own(loss, weights, metrics):
    model = two_by_two()
    model.compile("sgd", loss, loss_weights=weights, metrics=metrics)
    y = model.predict([X, X])
    logs = model.evaluate([X, X], [Y, Z], verbose=0, return_dict=True)
    mse, mae = np.mean((y[0] - Y) ** 2), np.mean(np.abs(y[1] - Z))
    assert logs["left_loss"] == pytest.approx(mse, rel=1e-5)
    assert logs["right_loss"] == pytest.approx(mae, rel=1e-5)
    assert logs["loss"] == pytest.approx(mse + mae / 2, rel=1e-5)
    assert logs["left_mae"] == pytest.approx(np.mean(np.abs(y[0] - Y)), rel=1e-5)
    assert logs["right_mse"] == pytest.approx(np.mean((y[1] - Z) ** 2), rel=1e-5)
    by_name = model.evaluate({"b": X, "a": X}, {"right": Z, "left": Y}, verbose=0, return_dict=True)
    assert by_name == logs
    history = model.fit([X, X], [Y, Z], epochs=2, batch_size=3, verbose=0).history
    assert history["loss"][1] < history["loss"][0]
    batches = [([X[:4], X[:4]], [Y[:4], Z[:4]]), ([X[4:], X[4:]], [Y[4:], Z[4:]])]
    assert np.isfinite(model.fit(batches, verbose=0).history["loss"][0])
    weighted = model.evaluate([X, X], [Y, Z], sample_weight=[np.zeros(8), np.ones(8)], verbose=0,
                              return_dict=True)
    assert weighted["left_loss"] == 0 and weighted["right_loss"] > 0


def test_one_loss_is_for_every_output():
    model = two_by_two()
    model.compile("sgd", "mse")
    logs = model.evaluate([X, X], [Y, Z], verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(logs["left_loss"] + logs["right_loss"], rel=1e-6)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda m: m.compile("sgd", ["mse"]) or m.fit([X, X], [Y, Z], verbose=0), "has 1 entries"),
        (lambda m: m.compile("sgd", {"lefft": "mse"}) or m.fit([X, X], [Y, Z], verbose=0),
         'names output "lefft".*did you mean "left"'),
        (lambda m: m.compile("sgd", "mse", metrics=["mae"]), "as many entries as the model has outputs"),
        (lambda m: m.predict(X), "expects 2 inputs, but received 1"),
        (lambda m: m.compile("sgd", "mse") or m.fit([X, X], Y, verbose=0), "2 outputs, but `y` has 1"),
        (lambda m: m.predict([X, X[:4]]), "cardinality is ambiguous"),
        (lambda m: keras.Model(keras.Input((3,)), m.outputs), "not among the model's inputs"),
        (lambda m: keras.Model(X, m.outputs), "must be tensors"),
    ],
)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call(two_by_two())


def test_saved_cloned_and_pickled_models_are_equal(tmp_path):
    model = two_by_two()
    model.compile("adam", ["mse", "mae"], metrics=[["mae"], []], loss_weights=[1.0, 0.5])
    model.fit([X, X], [Y, Z], verbose=0)
    model.save(tmp_path / "m.tegula")
    loaded = keras.models.load_model(tmp_path / "m.tegula")
    assert same(loaded.predict([X, X]), model.predict([X, X]))
    assert loaded.get_config() == model.get_config()
    again = [m.fit([X, X], [Y, Z], verbose=0).history for m in (model, loaded)]
    assert again[0] == again[1]
    assert same(pickle.loads(pickle.dumps(model)).predict([X, X]), model.predict([X, X]))
    clone = keras.models.clone_model(model)
    assert not same(clone.predict([X, X]), model.predict([X, X]))
    clone.set_weights(model.get_weights())
    assert same(clone.predict([X, X]), model.predict([X, X]))


def test_a_frozen_base_feeds_a_new_head():
    base = keras.Sequential([keras.Input((3,)), L.Dense(4, activation="relu")])
    base.trainable = False
    kept = base.get_weights()
    x = keras.Input((3,))
    model = keras.Model(x, L.Dense(2)(base(x)))
    assert len(model.trainable_weights) == 2 and len(model.weights) == 4
    model.compile("sgd", "mse")
    model.fit(X, Y, epochs=3, verbose=0)
    assert same(base.get_weights(), kept)
    base.trainable = True
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    assert not same(base.get_weights(), kept)
    expected = base.predict(X)
    del model
    gc.collect()
    np.testing.assert_array_equal(base.predict(X), expected)


def test_the_output_of_a_layer_makes_an_extractor_that_follows_training():
    model = two_by_two()
    features = keras.Model(model.inputs, model.get_layer("left").input)
    before = features.predict([X, X])
    model.compile("sgd", "mse")
    model.fit([X, X], [Y, Z], verbose=0)
    after = features.predict([X, X])
    assert not np.array_equal(before, after)
    with pytest.raises(ValueError, match="multiple inbound nodes"):
        model.get_layer("shared").output


class Classifier(keras.Model):
    def __init__(self, units=3):
        super().__init__()
        self.units = units
        self.hidden = L.Dense(units, activation="relu")
        self.rest = [L.Dropout(0.5), L.Dense(2)]

    def call(self, x, training=None):
        h = self.hidden(x)
        for layer in self.rest:
            h = layer(h, training=training)
        return h


def test_a_subclass_of_model_trains_its_attributes(tmp_path):
    keras.utils.set_random_seed(1)
    model = Classifier(5)
    model.compile("adam", "mse")
    history = model.fit(X, Y, epochs=20, verbose=0).history["loss"]
    assert history[-1] < history[0] and len(model.weights) == 4
    assert [layer.name for layer in model.layers] == [
        layer.name for layer in (model.hidden, *model.rest)
    ]
    hidden = np.maximum(X @ model.hidden.kernel.numpy() + model.hidden.bias.numpy(), 0)
    kernel, bias = model.rest[1].get_weights()
    np.testing.assert_allclose(model.predict(X), hidden @ kernel + bias, rtol=1e-5, atol=1e-6)
    model.save(tmp_path / "m.tegula")
    loaded = keras.models.load_model(tmp_path / "m.tegula", custom_objects={"Classifier": Classifier})
    assert type(loaded) is Classifier and loaded.units == 5
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    x = keras.Input((3,))
    outer = keras.Model(x, model(x) + 1.0)
    np.testing.assert_array_equal(outer.predict(X), model.predict(X) + 1)


def test_a_model_that_is_called_by_name_gives_by_name():
    a, b = keras.Input((3,)), keras.Input((3,))
    model = keras.Model({"p": a, "q": b}, {"difference": a - b})
    np.testing.assert_array_equal(model.predict({"q": X, "p": 2 * X})["difference"], X)
    np.testing.assert_array_equal(model({"q": X, "p": 2 * X})["difference"], X)


def test_integer_inputs_stay_integers():
    ids = keras.Input((2,), dtype="int64")
    model = keras.Model(ids, ids + 1)
    large = np.array([[2**40, 1]])
    assert model.predict(large).tolist() == [[2**40 + 1, 2]] and model.predict(large).dtype == "int64"


def test_a_call_with_further_arguments_runs_but_is_no_config():
    class Scale(L.Layer):
        def call(self, x, scale=1.0):
            return x * scale

    x = keras.Input((3,))
    model = keras.Model(x, Scale(name="scaled")(x, scale=3.0))
    np.testing.assert_array_equal(model.predict(X), X * 3)
    with pytest.raises(ValueError, match='"scaled" was called with further arguments'):
        model.get_config()
