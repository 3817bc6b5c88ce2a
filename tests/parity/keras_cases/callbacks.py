"""Callbacks: when they stop, save, restore and change the learning rate; the hooks and what they
are told.
"""

import csv
import os
import tempfile

from parity_harness import CaseTable

from ._common import classes, file_ending, history_of, mlp, normal, weights_of

CASES = CaseTable()

ROWS = 12


def data():
    return normal(71, ROWS, 4), normal(72, ROWS, 2)


def compiled(keras, rate=0.1):
    model = mlp(keras, outputs=2, seed=37)
    model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse", metrics=["mae"])
    return model


def fit(model, callbacks, epochs=6, **arguments):
    return model.fit(
        *data(),
        epochs=epochs,
        batch_size=5,
        shuffle=False,
        verbose=0,
        callbacks=callbacks,
        **arguments,
    )


def validation():
    return normal(73, 6, 4), normal(74, 6, 2)


def callback_case(make, rate=0.1, epochs=6, **arguments):
    def case(keras, np):
        model = compiled(keras, rate)
        history = fit(model, [make(keras)], epochs, **arguments)
        return {**history_of(history), **weights_of(model)}

    return case


# A rate of 1.2 makes the loss go up, so that patience runs out.
for _name, _make, _rate, _arguments in [
    ("early_stopping_never", lambda k: k.callbacks.EarlyStopping("loss"), 0.05, {}),
    (
        "early_stopping_min_delta",
        lambda k: k.callbacks.EarlyStopping("loss", min_delta=10.0),
        0.05,
        {},
    ),
    (
        "early_stopping_patience",
        lambda k: k.callbacks.EarlyStopping("loss", min_delta=10.0, patience=2),
        0.05,
        {},
    ),
    (
        "early_stopping_restore",
        lambda k: k.callbacks.EarlyStopping(
            "loss", min_delta=10.0, patience=2, restore_best_weights=True
        ),
        0.05,
        {},
    ),
    (
        "early_stopping_max",
        lambda k: k.callbacks.EarlyStopping("mae", mode="max", patience=1),
        0.05,
        {},
    ),
    (
        "early_stopping_baseline",
        lambda k: k.callbacks.EarlyStopping("loss", baseline=0.01, patience=2),
        0.05,
        {},
    ),
    (
        "early_stopping_start_from_epoch",
        lambda k: k.callbacks.EarlyStopping("loss", min_delta=10.0, start_from_epoch=3),
        0.05,
        {},
    ),
    (
        "early_stopping_validation",
        lambda k: k.callbacks.EarlyStopping(min_delta=5.0, patience=1, restore_best_weights=True),
        0.05,
        {"validation_data": validation()},
    ),
    (
        "early_stopping_metric",
        lambda k: k.callbacks.EarlyStopping("mae", min_delta=5.0, patience=1),
        0.05,
        {},
    ),
    (
        "reduce_on_plateau",
        lambda k: k.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=10.0),
        0.2,
        {},
    ),
    (
        "reduce_on_plateau_cooldown",
        lambda k: k.callbacks.ReduceLROnPlateau(
            "loss", factor=0.5, patience=1, min_delta=10.0, cooldown=2
        ),
        0.2,
        {},
    ),
    (
        "reduce_on_plateau_min_lr",
        lambda k: k.callbacks.ReduceLROnPlateau(
            "loss", factor=0.1, patience=1, min_delta=10.0, min_lr=0.05
        ),
        0.2,
        {},
    ),
    (
        "reduce_on_plateau_validation",
        lambda k: k.callbacks.ReduceLROnPlateau(factor=0.3, patience=2, min_delta=10.0),
        0.2,
        {"validation_data": validation()},
    ),
    (
        "scheduler_epoch",
        lambda k: k.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1)),
        0.2,
        {},
    ),
    (
        "scheduler_epoch_rate",
        lambda k: k.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.7),
        0.2,
        {},
    ),
    ("terminate_on_nan_quiet", lambda k: k.callbacks.TerminateOnNaN(), 0.1, {}),
]:
    CASES.add(_name, callback_case(_make, _rate, **_arguments))


@CASES.case
def early_stopping_attributes(keras, np):
    stopping = keras.callbacks.EarlyStopping("loss", min_delta=10.0, patience=2)
    fit(compiled(keras, 0.05), [stopping])
    return {
        "stopped_epoch": stopping.stopped_epoch,
        "best_epoch": stopping.best_epoch,
        "wait": stopping.wait,
        "best": stopping.best,
    }


@CASES.case
def terminate_on_nan(keras, np):
    model = compiled(keras)
    x, y = data()
    x = x.copy()
    x[7, 1] = np.nan
    history = model.fit(
        x,
        y,
        epochs=3,
        batch_size=5,
        shuffle=False,
        verbose=0,
        callbacks=[keras.callbacks.TerminateOnNaN()],
    )
    return {"epochs": history.epoch, "loss": history.history["loss"]}


def recorder(keras, events, logs_seen):
    """A user's callback that notes every hook with its argument and the keys of its logs."""

    def noting(hook, position):
        def method(self, *arguments, logs=None):
            index = arguments[0] if position else ""
            logs = (
                logs
                if logs is not None
                else (arguments[position] if len(arguments) > position else None)
            )
            keys = ",".join(key for key in (logs or {}) if key != "outputs")
            events.append(f"{hook} {index} {keys}".strip())
            logs_seen.extend(
                float(value) for key, value in (logs or {}).items() if key != "outputs"
            )

        return method

    hooks = {}
    for stage in ("train", "test", "predict"):
        hooks.update(
            {
                f"on_{stage}_begin": 0,
                f"on_{stage}_end": 0,
                f"on_{stage}_batch_begin": 1,
                f"on_{stage}_batch_end": 1,
            }
        )
    hooks.update({"on_epoch_begin": 1, "on_epoch_end": 1})
    return type(
        "Recorder",
        (keras.callbacks.Callback,),
        {name: noting(name, position) for name, position in hooks.items()},
    )()


@CASES.case
def hooks_of_fit(keras, np):
    events, values = [], []
    fit(compiled(keras), [recorder(keras, events, values)], epochs=2, validation_data=validation())
    return {"events": events, "values": values}


@CASES.case
def hooks_of_evaluate_and_predict(keras, np):
    events, values = [], []
    model = compiled(keras)
    model.evaluate(*data(), batch_size=5, verbose=0, callbacks=[recorder(keras, events, values)])
    model.predict(data()[0], batch_size=5, verbose=0, callbacks=[recorder(keras, events, values)])
    return {"events": events, "values": values}


@CASES.case
def batch_hooks_have_short_names(keras, np):
    """on_batch_begin and on_batch_end are called for training batches."""
    events = []

    class Short(keras.callbacks.Callback):
        def on_batch_begin(self, batch, logs=None):
            events.append(f"begin {batch}")

        def on_batch_end(self, batch, logs=None):
            events.append(f"end {batch} {sorted(logs)}")

    fit(compiled(keras), [Short()], epochs=1)
    return {"events": events}


@CASES.case
def callback_sees_model_and_params(keras, np):
    seen = {}

    class Looking(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen[f"kernel{epoch}"] = self.model.get_weights()[0].copy()
            seen["params"] = [f"{key}={self.params[key]}" for key in ("verbose", "epochs", "steps")]

    fit(compiled(keras), [Looking()], epochs=2)
    return seen


@CASES.case
def stopping_within_an_epoch(keras, np):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                self.model.stop_training = True

    model = compiled(keras)
    history = fit(model, [Stop()], epochs=4, validation_data=validation())
    return {**history_of(history), **weights_of(model)}


@CASES.case
def callback_may_add_to_the_logs(keras, np):
    class Adding(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["extra"] = epoch * 2.0

    return history_of(fit(compiled(keras), [Adding()], epochs=3))


@CASES.case
def lambda_callback(keras, np):
    events = []
    callback = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: events.append(f"begin {epoch}"),
        on_epoch_end=lambda epoch, logs: events.append(f"end {epoch} {sorted(logs)}"),
        on_train_begin=lambda logs: events.append("train"),
        on_train_end=lambda logs: events.append("done"),
    )
    fit(compiled(keras), [callback], epochs=2)
    return {"events": events}


@CASES.case
def history_callback_of_the_user(keras, np):
    history = keras.callbacks.History()
    fit(compiled(keras), [history], epochs=2)
    return history_of(history)


def read_csv(path):
    with open(path, newline="") as file:
        header, *rows = list(csv.reader(file))
    return header, rows


@CASES.case
def csv_logger(keras, np):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "log.csv")
        fit(
            compiled(keras),
            [keras.callbacks.CSVLogger(path)],
            epochs=2,
            validation_data=validation(),
        )
        header, rows = read_csv(path)
    return {"header": header, "rows": np.array(rows, np.float64)}


@CASES.case
def csv_logger_append_and_separator(keras, np):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "log.csv")
        model = compiled(keras)
        for _ in range(2):
            fit(
                model,
                [keras.callbacks.CSVLogger(path, separator=";", append=True)],
                epochs=2,
                validation_data=validation(),
            )
        with open(path) as file:
            lines = file.read().splitlines()
    return {
        "header": lines[0],
        "rows": np.array([[float(v) for v in line.split(";")] for line in lines[1:]]),
    }


def checkpoint_case(monitor, **options):
    """The best weights come back from the file; the model has moved on."""

    def case(keras, np):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "best" + file_ending(keras, weights=True))
            model = compiled(keras, rate=0.05)
            fit(
                model,
                [
                    keras.callbacks.ModelCheckpoint(
                        path, monitor=monitor, save_weights_only=True, **options
                    )
                ],
                epochs=3,
                validation_data=validation(),
            )
            last = model.get_weights()
            model.load_weights(path)
            return {
                "saved0": model.get_weights()[0],
                "saved3": model.get_weights()[3],
                "last0": last[0],
            }

    return case


CASES.add("checkpoint_every_epoch", checkpoint_case("val_loss"))
CASES.add("checkpoint_best_min", checkpoint_case("loss", save_best_only=True))
CASES.add("checkpoint_best_max", checkpoint_case("loss", save_best_only=True, mode="max"))
CASES.add("checkpoint_every_2_batches", checkpoint_case("loss", save_freq=2))


@CASES.case
def checkpoint_file_names(keras, np):
    with tempfile.TemporaryDirectory() as folder:
        ending = file_ending(keras, weights=True)
        path = os.path.join(folder, "model-{epoch:02d}" + ending)
        fit(
            compiled(keras),
            [keras.callbacks.ModelCheckpoint(path, save_weights_only=True)],
            epochs=3,
        )
        names = sorted(os.listdir(folder))
        return {"files": [name.replace(ending, ".weights.h5") for name in names]}


@CASES.case
def checkpoint_of_the_whole_model(keras, np):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model" + file_ending(keras))
        model = compiled(keras)
        fit(
            model,
            [keras.callbacks.ModelCheckpoint(path, monitor="loss", save_best_only=True)],
            epochs=2,
        )
        loaded = keras.models.load_model(path)
        loaded.fit(*data(), epochs=1, batch_size=5, shuffle=False, verbose=0)
        return {"predicted": loaded.predict(data()[0], verbose=0), **weights_of(loaded)}


@CASES.case
def several_together(keras, np):
    model = compiled(keras, rate=0.2)
    history = fit(
        model,
        [
            keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=10.0),
            keras.callbacks.EarlyStopping(
                "loss", min_delta=10.0, patience=4, restore_best_weights=True
            ),
        ],
    )
    return {
        **history_of(history),
        **weights_of(model),
        "rate": float(model.optimizer.learning_rate),
    }


@CASES.case
def auto_mode_knows_accuracy_rises(keras, np):
    model = mlp(keras, outputs=3, output_activation="softmax", seed=37)
    model.compile(
        optimizer=keras.optimizers.SGD(0.5),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    stopping = keras.callbacks.EarlyStopping("accuracy", min_delta=0.5, patience=2)
    history = model.fit(
        normal(71, ROWS, 4),
        classes(75, ROWS, 3),
        epochs=6,
        batch_size=5,
        shuffle=False,
        verbose=0,
        callbacks=[stopping],
    )
    return {"epochs": history.epoch, "stopped": stopping.stopped_epoch}


def swap_case(swap_on_epoch):
    """Moving averages are evaluated, shown to later callbacks or not, and end as the weights."""

    def case(keras, np):
        model = compiled(keras)
        model.compile(keras.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.5), "mse")
        shown = []
        callbacks = [
            keras.callbacks.SwapEMAWeights(swap_on_epoch=swap_on_epoch),
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: shown.append(model.get_weights()[0])
            ),
        ]
        history = fit(model, callbacks, epochs=3, validation_data=validation())
        return {
            "val_loss": np.array(history.history["val_loss"]),
            "shown": np.array(shown),
            "weights": model.get_weights()[0],
        }

    return case


CASES.add("swap_ema_weights", swap_case(False))
CASES.add("swap_ema_weights_on_epoch", swap_case(True))


@CASES.case
def backup_of_an_interrupted_run(keras, np):
    """The second run begins after the last epoch that the first one ended."""

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyError("stop")

    with tempfile.TemporaryDirectory() as folder:
        backup = os.path.join(folder, "backup")
        try:
            fit(compiled(keras), [keras.callbacks.BackupAndRestore(backup), Stop()], epochs=4)
        except KeyError:
            pass
        model = compiled(keras)
        history = fit(model, [keras.callbacks.BackupAndRestore(backup)], epochs=4)
        left = os.path.exists(backup)
    return {
        "epochs": np.array(history.epoch),
        "loss": np.array(history.history["loss"]),
        "weights": model.get_weights()[0],
        "left": np.array(int(left)),
    }
