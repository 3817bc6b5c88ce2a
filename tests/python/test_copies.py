"""Pickling, copying and cloning; what a copy keeps is what Keras 3.15 keeps."""

import copy
import io
import pickle

import joblib
import numpy as np
import pytest
from test_saving import CUSTOM, Scale, assert_acts_alike, assert_same, custom_model, dropout_model, fit

from tegula import keras

X = np.ones((4, 3), "float32")


def through_joblib(item):
    file = io.BytesIO()
    joblib.dump(item, file)
    file.seek(0)
    return joblib.load(file)


WAYS = {
    "pickle": lambda item: pickle.loads(pickle.dumps(item)),
    "joblib": through_joblib,
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


@pytest.fixture(params=WAYS)
def copied(request):
    return WAYS[request.param]


def test_a_copied_model_goes_on_as_the_model(copied):
    model = fit(dropout_model(), 2)
    twin = copied(model)
    assert twin.name == model.name
    assert twin.layers[0] is not model.layers[0]
    assert int(twin.optimizer.iterations) == int(model.optimizer.iterations)
    assert_same(twin, model)
    assert_same(fit(twin, 3), fit(model, 3))


def test_a_copied_model_of_the_users_own_classes_needs_no_registration(copied):
    model = custom_model()
    twin = copied(model)
    assert type(twin.layers[0]) is Scale
    assert_acts_alike(twin, model)


def test_functions_of_one_name_stay_apart_in_a_copy():
    model = keras.Sequential([
        keras.Input((3,)),
        keras.layers.Dense(2, activation=lambda x: x * 2.0),
        keras.layers.Dense(2, activation=lambda x: x * 5.0),
    ])
    np.testing.assert_array_equal(copy.deepcopy(model).predict(X), model.predict(X))


def test_models_before_build_and_before_compile(copied):
    model = keras.Sequential([keras.layers.Dense(2, name="d")], name="small")
    twin = copied(model)
    assert (twin.name, twin.layers[0].name, twin.built, twin.compiled) == ("small", "d", False, False)
    model.build((None, 3))
    twin = copied(model)
    assert not twin.compiled
    np.testing.assert_array_equal(twin.predict(X), model.predict(X))


def test_a_copied_layer_keeps_its_weights(copied):
    model = custom_model()
    for layer in model.layers:
        twin = copied(layer)
        assert twin is not layer
        assert (type(twin), twin.name, twin.built) == (type(layer), layer.name, True)
        for ours, theirs in zip(twin.get_weights(), layer.get_weights()):
            np.testing.assert_array_equal(ours, theirs)
    assert not copied(keras.layers.Dense(3)).built


def test_a_copied_optimizer_has_the_options_and_no_state(copied):
    model = fit(dropout_model(), 2)
    twin = copied(model.optimizer)
    assert twin.get_config() == model.optimizer.get_config()
    assert not twin.variables or int(twin.iterations) == 0
    model.compile(keras.optimizers.SGD(0.5, momentum=0.9), "mse")
    model.optimizer.learning_rate = 0.25
    assert float(copied(model.optimizer).learning_rate) == 0.25


@pytest.mark.parametrize(
    "item",
    [
        keras.losses.Huber(0.5, reduction="sum"),
        keras.metrics.AUC(num_thresholds=7),
        keras.metrics.MeanMetricWrapper(CUSTOM["largest_error"], name="worst"),
        keras.initializers.HeNormal(seed=3),
        keras.regularizers.L1L2(0.5, 0.25),
        keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5),
        CUSTOM["Cube"](2.0),
        CUSTOM["Level"](2.0),
        CUSTOM["Cubes"](2.0),
        CUSTOM["Halving"](2.0),
    ],
    ids=lambda item: type(item).__name__,
)
def test_a_copy_of_any_object_has_its_options(copied, item):
    twin = copied(item)
    assert twin is not item
    assert type(twin) is type(item)
    assert twin.get_config() == item.get_config()


def test_clone_model_keeps_the_compilation_and_makes_new_weights():
    model = fit(dropout_model(), 2)
    clone = keras.models.clone_model(model)
    assert [layer.name for layer in clone.layers] == [layer.name for layer in model.layers]
    assert clone.name == model.name
    assert clone.compiled
    assert clone.optimizer is not model.optimizer
    assert clone.optimizer.get_config() == model.optimizer.get_config()
    assert int(clone.optimizer.iterations) == 0
    assert not np.array_equal(clone.get_weights()[0], model.get_weights()[0])
    clone.set_weights(model.get_weights())
    args = {"x": np.ones((5, 3), "float32"), "y": np.ones((5, 2), "float32"), "verbose": 0}
    assert clone.evaluate(**args) == model.evaluate(**args)


def test_clone_model_of_the_users_own_classes():
    model = custom_model()
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    args = {"x": np.ones((5, 3), "float32"), "y": np.ones((5, 2), "float32"), "verbose": 0}
    assert clone.evaluate(**args) == model.evaluate(**args)


def test_clone_function_makes_the_layers():
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dropout(0.5), keras.layers.Dense(2)]
    )

    def seeded(layer):
        config = layer.get_config()
        if "seed" in config:
            config["seed"] = 1337
        return type(layer).from_config(config)

    clone = keras.models.clone_model(model, clone_function=seeded)
    assert clone.layers[1].get_config()["seed"] == 1337
    assert clone.layers[1].get_config()["rate"] == 0.5
    with pytest.raises(ValueError, match="Only instances of `keras.Layer`"):
        keras.models.clone_model(model, clone_function=lambda layer: None)


def test_clone_model_takes_an_input():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    for given in (keras.Input((7,)), [keras.Input((7,))]):
        assert keras.models.clone_model(model, input_tensors=given).input_shape == (None, 7)
    with pytest.raises(ValueError, match="input_tensors"):
        keras.models.clone_model(model, input_tensors=X)


def test_clone_model_refuses_what_it_cannot_do():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    with pytest.raises(ValueError, match="call_function"):
        keras.models.clone_model(model, call_function=lambda layer, x: layer(x))
    with pytest.raises(ValueError, match="takes a model"):
        keras.models.clone_model(42)


@pytest.mark.parametrize(
    "callback",
    [
        keras.callbacks.EarlyStopping("loss", patience=3),
        keras.callbacks.ReduceLROnPlateau(patience=2),
        keras.callbacks.ModelCheckpoint("best", save_best_only=True),
        keras.callbacks.CSVLogger("log.csv"),
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.LearningRateScheduler(len),
        keras.callbacks.LambdaCallback(on_epoch_end=print),
    ],
    ids=lambda callback: type(callback).__name__,
)
def test_callbacks_are_copied_with_their_arguments(copied, callback):
    twin = copied(callback)
    assert twin is not callback
    assert type(twin) is type(callback)
    assert twin._arguments == callback._arguments


def test_a_copied_history_keeps_its_curves(copied):
    model = dropout_model()
    history = model.fit(np.ones((5, 3)), np.ones((5, 2)), epochs=2, verbose=0)
    twin = copied(history)
    assert (twin.history, twin.epoch) == (history.history, history.epoch)
