"""Saving and loading as users do it: continued training, classes of their own, other formats."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import tegula as tf
from tegula import errors, keras

RNG = np.random.RandomState(3)
X = RNG.standard_normal((20, 3)).astype("float32")
Y = RNG.standard_normal((20, 2)).astype("float32")


def dropout_model():
    keras.utils.set_random_seed(11)
    model = keras.Sequential([
        keras.Input((3,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(8),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(2),
    ])
    schedule = keras.optimizers.schedules.ExponentialDecay(0.05, 7, 0.8)
    model.compile(keras.optimizers.Adam(schedule), "mse", metrics=["mae"])
    return model


def fit(model, epochs, initial_epoch=0):
    model.fit(X, Y, batch_size=6, epochs=epochs, initial_epoch=initial_epoch, verbose=0)
    return model


def assert_same(model, expected):
    for ours, theirs in zip(model.get_weights(), expected.get_weights()):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(model.optimizer.variables, expected.optimizer.variables):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize("initial_epoch", [0, 2])
def test_training_continued_from_a_file_has_the_bits_of_training_in_one_go(tmp_path, initial_epoch):
    whole = fit(dropout_model(), 5)
    first = fit(dropout_model(), 2)
    first.save(tmp_path / "model")
    second = keras.models.load_model(tmp_path / "model")
    assert_same(fit(second, initial_epoch + 3, initial_epoch), whole)
    assert_same(fit(first, initial_epoch + 3, initial_epoch), whole)


CONTINUE = """
import sys, numpy as np
from tegula import keras
folder = sys.argv[1]
data = np.load(folder + "/data.npz")
keras.utils.set_random_seed(999)
model = keras.models.load_model(folder + "/model")
model.fit(data["x"], data["y"], batch_size=6, epochs=3, verbose=0)
model.save(folder + "/continued")
"""


def test_training_continues_with_the_same_bits_in_another_process(tmp_path):
    whole = fit(dropout_model(), 5)
    fit(dropout_model(), 2).save(tmp_path / "model")
    np.savez(tmp_path / "data.npz", x=X, y=Y)
    subprocess.run([sys.executable, "-c", CONTINUE, tmp_path], check=True)
    assert_same(keras.models.load_model(tmp_path / "continued"), whole)


# Classes and functions of the user's.


class Scale(keras.layers.Layer):
    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="w")

    def call(self, inputs):
        return inputs * self.w * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class Level(keras.initializers.Initializer):
    def __init__(self, value=0.5):
        self.value = value

    def __call__(self, shape, dtype=None):
        return np.full(shape, self.value, "float32")

    def get_config(self):
        return {"value": self.value}


class Cubes(keras.regularizers.Regularizer):
    def __init__(self, strength=0.1):
        self.strength = strength

    def __call__(self, x):
        return self.strength * tf.reduce_sum(tf.abs(x) ** 3)

    def get_config(self):
        return {"strength": self.strength}


class Halving(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, first=0.1):
        self.first = first

    def __call__(self, step):
        return self.first / (step + 1.0)

    def get_config(self):
        return {"first": self.first}


class Cube(keras.losses.Loss):
    def __init__(self, power=3.0, name="cube", **kwargs):
        super().__init__(name=name, **kwargs)
        self.power = power

    def call(self, y_true, y_pred):
        return tf.reduce_mean(tf.abs(y_true - y_pred) ** self.power, axis=-1)

    def get_config(self):
        return {**super().get_config(), "power": self.power}


def third(x):
    return x * x * x


def largest_error(y_true, y_pred):
    return tf.reduce_max(tf.abs(y_true - y_pred), axis=-1)


def root_loss(y_true, y_pred):
    return tf.reduce_mean(tf.sqrt(tf.abs(y_true - y_pred) + 1.0), axis=-1)


CUSTOM = {
    item.__name__: item
    for item in (Scale, Level, Cubes, Halving, Cube, third, largest_error, root_loss)
}


def custom_model(loss=None):
    model = keras.Sequential([
        keras.Input((3,)),
        Scale(2.0),
        keras.layers.Dense(
            2, activation=third, kernel_initializer=Level(0.05), kernel_regularizer=Cubes(0.2)
        ),
    ])
    model.compile(
        keras.optimizers.SGD(Halving(0.0005)),
        loss=loss or Cube(2.5, reduction="sum"),
        metrics=[largest_error, keras.metrics.mean_absolute_error, "mse",
                 keras.metrics.MeanMetricWrapper(largest_error, name="worst")],
        weighted_metrics=[keras.metrics.MeanAbsoluteError(name="weighted_mae")],
    )
    return fit(model, 2)


def assert_acts_alike(loaded, model):
    expected = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert loaded.evaluate(X, Y, verbose=0, return_dict=True) == expected
    assert_same(fit(loaded, 2), fit(model, 2))


@pytest.mark.parametrize("loss", [None, root_loss])
@pytest.mark.parametrize("how", ["passed", "scoped", "registered"])
def test_a_model_of_the_users_own_classes_loads(tmp_path, monkeypatch, how, loss):
    if how == "registered":
        monkeypatch.setattr("tegula.keras._serialization._REGISTERED", {})
        monkeypatch.setattr("tegula.keras._serialization._NAMES", {})
        for item in CUSTOM.values():
            keras.saving.register_keras_serializable("mine")(item)
    model = custom_model(loss)
    if how == "registered":
        model.save(tmp_path / "model")
        loaded = keras.models.load_model(tmp_path / "model")
    elif how == "scoped":
        model.save(tmp_path / "model")
        with keras.saving.custom_object_scope(CUSTOM):
            loaded = keras.models.load_model(tmp_path / "model")
    else:
        model.save(tmp_path / "model")
        loaded = keras.models.load_model(tmp_path / "model", custom_objects=CUSTOM)
    assert type(loaded.layers[0]) is Scale
    assert loaded.layers[0].factor == 2.0
    assert_acts_alike(loaded, model)


@pytest.mark.parametrize("missing", CUSTOM)
def test_a_class_or_function_that_is_not_found_is_named_with_what_to_do(tmp_path, missing):
    custom_model(root_loss if missing == "root_loss" else None).save(tmp_path / "model")
    known = {name: item for name, item in CUSTOM.items() if name != missing}
    with pytest.raises(ValueError, match=f"'{missing}'") as failure:
        keras.models.load_model(tmp_path / "model", custom_objects=known)
    assert "register_keras_serializable" in str(failure.value)
    assert f"custom_objects={{'{missing}'" in str(failure.value)


def test_functions_of_the_library_need_no_registration(tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, keras.activations.gelu)])
    model.compile(
        "sgd", keras.losses.mean_squared_error,
        metrics=[keras.metrics.mean_absolute_error, keras.metrics.categorical_accuracy],
    )
    fit(model, 1).save(tmp_path / "model")
    assert_acts_alike(keras.models.load_model(tmp_path / "model"), model)


def test_functions_of_one_name_do_not_replace_each_other():
    layer = keras.layers.Dense(
        2, activation=lambda x: x * 2.0,
        kernel_initializer=lambda shape: np.full(shape, 3.0, "float32"),
        bias_initializer=lambda shape: np.full(shape, 5.0, "float32"),
    )
    other = keras.layers.Dense(2, activation=lambda x: x * 7.0, kernel_initializer="ones")
    ones = np.ones((1, 1), "float32")
    np.testing.assert_array_equal(layer(ones), [[16.0, 16.0]])
    np.testing.assert_array_equal(other(ones), [[7.0, 7.0]])


def test_a_users_function_of_a_built_in_name_does_not_change_the_built_in():
    def relu(x):
        return x * 100.0

    keras.layers.Dense(2, activation=relu)(np.ones((1, 1), "float32"))
    layer = keras.layers.Dense(2, activation="relu", kernel_initializer="ones")
    np.testing.assert_array_equal(layer(np.full((1, 1), 2.0, "float32")), [[2.0, 2.0]])


def parts_of(data, path=()):
    """The ways to all parts of nested data but the whole."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from parts_of(value, (*path, key))


def test_whatever_is_wrong_in_the_description_the_error_is_of_the_family_and_names_the_file(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="relu")])
    model.compile("adam", "mse", metrics=["mae", keras.metrics.Precision(name="p")])
    model.save(tmp_path / "m")
    file = tmp_path / "m" / "config.json"
    text = file.read_text()
    refused = 0
    for way in parts_of(json.loads(text)):
        for wrong in (None, -7, "zzé", [1], {"a": 1}):
            data = json.loads(text)
            part = data
            for key in way[:-1]:
                part = part[key]
            part[way[-1]] = wrong
            file.write_text(json.dumps(data))
            try:
                keras.models.load_model(tmp_path / "m")
            except errors.Error as error:
                refused += 1
                assert str(tmp_path) in str(error), (way, wrong, error)
                assert ".hpp" not in str(error) and ".cpp" not in str(error), (way, wrong, error)
    assert refused > 200


def test_load_model_without_its_compilation(tmp_path):
    model = custom_model()
    model.save(tmp_path / "model")
    known = {name: CUSTOM[name] for name in ("Scale", "Level", "Cubes", "third")}
    loaded = keras.models.load_model(tmp_path / "model", custom_objects=known, compile=False)
    assert not loaded.compiled
    assert loaded.optimizer is None
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_a_sequential_of_the_users_own_class_comes_back_as_one(tmp_path):
    class Mine(keras.Sequential):
        def answer(self):
            return 42

    model = Mine([keras.Input((3,)), keras.layers.Dense(2)])
    model.save(tmp_path / "model")
    with pytest.raises(ValueError, match="'Mine'"):
        keras.models.load_model(tmp_path / "model")
    loaded = keras.models.load_model(tmp_path / "model", custom_objects={"Mine": Mine})
    assert loaded.answer() == 42


@pytest.mark.parametrize("weights_only", [False, True])
def test_load_weights_takes_what_a_checkpoint_wrote(tmp_path, weights_only):
    model = dropout_model()
    path = tmp_path / "best"
    checkpoint = keras.callbacks.ModelCheckpoint(path, save_weights_only=weights_only)
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[checkpoint])
    other = dropout_model()
    other.load_weights(path)
    for ours, theirs in zip(other.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(ours, theirs)


def test_skip_mismatch_keeps_the_weights_that_do_not_fit(tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2)])
    model.save_weights(tmp_path / "w")
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(5)])
    kept = other.get_weights()[2]
    with pytest.raises(ValueError):
        other.load_weights(tmp_path / "w")
    with pytest.warns(UserWarning, match="left as they are"):
        other.load_weights(tmp_path / "w", skip_mismatch=True)
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])
    np.testing.assert_array_equal(other.get_weights()[2], kept)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda model, path: model.save(path, include_optimizer=False), "include_optimizer"),
        (lambda model, path: model.save(path, save_format="h5"), "save_format"),
        (lambda model, path: model.save(path, zipped=True), "zipped"),
        (lambda model, path: model.save(path, nonsense=1), "nonsense"),
        (lambda model, path: model.save_weights(path, max_shard_size=1), "max_shard_size"),
        (lambda model, path: model.load_weights(path, by_name=True), "by_name"),
        (lambda model, path: model.load_weights(path, nonsense=1), "nonsense"),
        (lambda model, path: keras.saving.save_model(model, path, nonsense=1), "nonsense"),
    ],
)
def test_an_argument_that_cannot_act_is_refused_by_name(tmp_path, call, named):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match=named):
        call(model, tmp_path / "model")
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("name", ["my_model.keras", "m.h5", "m.hdf5", "m.tflite", "m.onnx"])
def test_names_of_other_formats_are_refused_with_one_that_works(tmp_path, name):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    for call in (
        model.save,
        lambda path: keras.saving.save_model(model, path),
        keras.callbacks.ModelCheckpoint,
    ):
        with pytest.raises(ValueError, match=f"{pathlib.Path(name).stem}.tegula"):
            call(tmp_path / name)
    with pytest.raises(ValueError, match=".safetensors"):
        model.save_weights(tmp_path / name)
    assert not os.listdir(tmp_path)
    (tmp_path / name).write_bytes(b"PK\x03\x04" + b"\0" * 60)
    for call in (keras.models.load_model, model.load_weights):
        with pytest.raises(ValueError, match="cannot be read yet"):
            call(tmp_path / name)
