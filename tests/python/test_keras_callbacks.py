"""Callbacks as Keras's users read, set and derive them. Values are those of Keras 3.15."""

import pathlib

import numpy as np
import pytest
from tegula import errors, keras

X = np.random.RandomState(0).randn(8, 4).astype("float32")
Y = X[:, :1] * 2


def model(**options):
    built = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    built.compile(**{"optimizer": "sgd", "loss": "mse", **options})
    return built


# The attributes of Keras's callbacks after they are made.
ATTRIBUTES = {
    "EarlyStopping": {
        "monitor": "val_loss", "min_delta": 0, "patience": 0, "verbose": 0, "mode": "auto",
        "baseline": None, "restore_best_weights": False, "start_from_epoch": 0, "best": None,
        "wait": 0, "stopped_epoch": 0,
    },
    "ReduceLROnPlateau": {
        "monitor": "val_loss", "factor": 0.1, "patience": 10, "verbose": 0, "mode": "auto",
        "min_delta": 1e-4, "cooldown": 0, "min_lr": 0.0, "best": None, "wait": 0,
        "cooldown_counter": 0,
    },
    "ModelCheckpoint": {
        "monitor": "val_loss", "verbose": 0, "save_best_only": False, "save_weights_only": False,
        "mode": "auto", "save_freq": "epoch", "best": None, "filepath": "path",
    },
    "CSVLogger": {"filename": "path", "sep": ",", "append": False},
    "TerminateOnNaN": {"raise_error": False},
    "BackupAndRestore": {
        "backup_dir": "path", "save_freq": "epoch", "double_checkpoint": False,
        "delete_checkpoint": True,
    },
    "SwapEMAWeights": {"swap_on_epoch": False},
}


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_options_and_state_are_attributes(name):
    expected = ATTRIBUTES[name]
    needs_path = {"filepath", "filename", "backup_dir"} & set(expected)
    made = getattr(keras.callbacks, name)(*([pathlib.Path("path")] if needs_path else []))
    assert {key: getattr(made, key) for key in expected} == expected
    for key, value in expected.items():
        setattr(made, key, value)
    assert {key: getattr(made, key) for key in expected} == expected
    with pytest.raises(AttributeError, match="nonsense"):
        made.nonsense


def test_attributes_that_are_set_act():
    stopping = keras.callbacks.EarlyStopping(monitor="loss", mode="max", patience=9)
    stopping.patience = 1
    stopping.mode = "min"
    stopping.min_delta = 1e6
    assert len(model().fit(X, Y, epochs=9, verbose=0, callbacks=[stopping]).epoch) == 2
    with pytest.raises(ValueError, match="`patience` must be >= 0, got -1"):
        stopping.patience = -1


def test_best_can_be_set():
    class Started(keras.callbacks.EarlyStopping):
        def on_train_begin(self, logs=None):
            super().on_train_begin(logs)
            self.best = -1.0  # no loss is better

    stopping = Started(monitor="loss")
    model().fit(X, Y, epochs=9, verbose=0, callbacks=[stopping])
    assert stopping.stopped_epoch == 1 and stopping.best == -1.0
    stopping.best = 0.5
    assert stopping.best == 0.5
    stopping.best = None
    assert stopping.best is None


def test_plateau_counters_begin_anew_with_each_fit():
    plateau = keras.callbacks.ReduceLROnPlateau(
        monitor="loss", patience=1, min_delta=100, cooldown=5, factor=0.5
    )
    model().fit(X, Y, epochs=3, verbose=0, callbacks=[plateau])
    assert plateau.cooldown_counter == 4 and plateau.best is not None
    plateau.on_train_begin()
    assert (plateau.best, plateau.wait, plateau.cooldown_counter) == (None, 0, 0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.callbacks.EarlyStopping(monitor="unknown"),
        lambda: keras.callbacks.ReduceLROnPlateau(monitor="unknown"),
        lambda: keras.callbacks.EarlyStopping(monitor="accuracy"),
    ],
)
def test_an_unknown_monitor_is_refused(make):
    with pytest.raises(ValueError, match="monitor=.*mode"):
        model().fit(X, Y, verbose=0, callbacks=[make()])


def test_a_metric_of_the_users_own_name_has_its_direction():
    metric = keras.metrics.BinaryAccuracy(name="share")
    stopping = keras.callbacks.EarlyStopping(monitor="share", patience=1)
    built = model(metrics=[metric])
    built.fit(X, (Y > 0).astype("float32"), epochs=2, verbose=0, callbacks=[stopping])
    assert stopping.best is not None


@pytest.mark.parametrize(
    "callback",
    [
        keras.callbacks.ReduceLROnPlateau(monitor="loss"),
        keras.callbacks.LearningRateScheduler(lambda epoch: 0.1),
    ],
)
def test_the_rate_of_a_schedule_cannot_be_set(callback):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    built = model(optimizer=keras.optimizers.SGD(schedule))
    with pytest.raises(TypeError, match="not settable"):
        built.fit(X, Y, verbose=0, callbacks=[callback])


def test_terminate_on_nan_raises_when_asked_to():
    nan = keras.callbacks.TerminateOnNaN(raise_error=True)
    with pytest.raises(RuntimeError, match="NaN or Inf loss encountered at batch 0"):
        model().fit(X, np.full((8, 1), np.inf), verbose=0, callbacks=[nan])


def test_lambda_callback_takes_hooks_and_attributes():
    seen = []
    made = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(logs["loss"]),
        on_test_begin=lambda logs: seen.append("test"),
        custom=3,
    )
    assert made.custom == 3
    model().fit(X, Y, batch_size=4, validation_data=(X, Y), verbose=0, callbacks=[made])
    assert len(seen) == 3 and seen[2] == "test"
    with pytest.raises(TypeError, match="no hook 'on_nothing'"):
        keras.callbacks.LambdaCallback(on_nothing=print)


@pytest.mark.parametrize(
    ("steps", "begun", "ended"), [(1, [0, 1, 2, 3], [0, 1, 2, 3]), (3, [0, 3], [2, 3])]
)
def test_batch_hooks_come_once_per_execution(steps, begun, ended):
    class Hooks(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            begins.append(batch)

        def on_train_batch_end(self, batch, logs=None):
            ends.append(batch)

    begins, ends = [], []
    built = model(steps_per_execution=steps)
    built.fit(X, Y, batch_size=2, verbose=0, callbacks=[Hooks()])
    assert (begins, ends) == (begun, ended)


def test_predict_hooks_see_the_outputs():
    seen = []
    hook = keras.callbacks.LambdaCallback(
        on_predict_batch_end=lambda batch, logs: seen.append(logs["outputs"])
    )
    outputs = model().predict(X, batch_size=3, callbacks=[hook])
    np.testing.assert_array_equal(np.concatenate(seen), outputs)


def test_csv_logger_writes_nan_without_a_sign(tmp_path):
    path = tmp_path / "log.csv"
    built = model()
    built.set_weights([np.full((4, 1), np.nan), np.zeros(1)])
    built.fit(X, Y, verbose=0, callbacks=[keras.callbacks.CSVLogger(path)])
    assert path.read_text().splitlines()[1] == "0,nan,NA"


def test_callback_list_is_keras_s():
    calls = []

    class Noting(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            calls.append((epoch, self.params["epochs"], self.model is built))

    built = model()
    listed = keras.callbacks.CallbackList(
        [Noting()], add_history=True, model=built, epochs=7, verbose=0, steps=1
    )
    listed.on_epoch_end(3, {"loss": 1.0})
    assert calls == [(3, 7, True)]
    assert isinstance(listed.callbacks[-1], keras.callbacks.History)


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.callbacks.EarlyStopping(patience=-1),
        lambda: keras.callbacks.EarlyStopping(patience="many"),
        lambda: keras.callbacks.EarlyStopping(mode="biggest"),
        lambda: keras.callbacks.EarlyStopping(nonsense=1),
        lambda: keras.callbacks.EarlyStopping(min_delta=float("nan")),
        lambda: keras.callbacks.ReduceLROnPlateau(factor=1.0),
        lambda: keras.callbacks.ModelCheckpoint("m", save_freq=0),
        lambda: keras.callbacks.ModelCheckpoint("m", save_freq="often"),
        lambda: keras.callbacks.LearningRateScheduler(0.1),
    ],
)
def test_options_that_cannot_be_are_refused(make):
    with pytest.raises((ValueError, TypeError)):
        make()


def test_what_is_no_callback_is_refused():
    with pytest.raises(errors.DTypeError, match="must be a keras.callbacks.Callback, got 'x'"):
        model().fit(X, Y, verbose=0, callbacks=["x"])
