"""Hooks into training. Derive from `Callback` and override what you need; exceptions leave `fit`
at once, with the model usable.
"""

import inspect as _inspect
import os as _os
import weakref as _weakref

from .. import _core
from .._missing import getattr_of as _getattr_of

__getattr__ = _getattr_of(__name__)

_nn = _core.nn


class Callback:
    """Base of all callbacks. `self.model` is the model, `self.params` has the keys verbose, epochs
    and steps. The logs of an epoch are one dict that all callbacks share.
    """

    params = None
    _model = None

    @property
    def model(self):
        return None if self._model is None else self._model()

    def set_model(self, model):
        self._model = None if model is None else _weakref.ref(model)

    def set_params(self, params):
        self.params = params

    def on_train_begin(self, logs=None):
        """Before the first epoch."""

    def on_train_end(self, logs=None):
        """After the last epoch; `logs` are that epoch's."""

    def on_epoch_begin(self, epoch, logs=None):
        """Before an epoch, counted from 0."""

    def on_epoch_end(self, epoch, logs=None):
        """After an epoch and its validation."""

    def on_batch_begin(self, batch, logs=None):
        """As on_train_batch_begin."""

    def on_batch_end(self, batch, logs=None):
        """As on_train_batch_end."""

    def on_train_batch_begin(self, batch, logs=None):
        """Before a batch of `fit`."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch, logs=None):
        """After a batch of `fit`; `logs` are the running values of the epoch."""
        self.on_batch_end(batch, logs=logs)

    def on_test_begin(self, logs=None):
        """Before an evaluation, also within `fit`."""

    def on_test_end(self, logs=None):
        """After an evaluation, also within `fit`."""

    def on_test_batch_begin(self, batch, logs=None):
        """Before a batch of an evaluation."""

    def on_test_batch_end(self, batch, logs=None):
        """After a batch of an evaluation."""

    def on_predict_begin(self, logs=None):
        """Before `predict`."""

    def on_predict_end(self, logs=None):
        """After `predict`."""

    def on_predict_batch_begin(self, batch, logs=None):
        """Before a batch of `predict`."""

    def on_predict_batch_end(self, batch, logs=None):
        """After a batch of `predict`."""

    def _wants_batches(self):
        """Whether a batch hook is overridden: reading the metrics after every batch costs time."""
        cls = type(self)
        return any(getattr(cls, hook) is not getattr(Callback, hook) for hook in _BATCH_HOOKS)


_BATCH_HOOKS = [hook for hook in vars(Callback) if hook.startswith("on_") and "batch" in hook]


class CallbackList:
    """The callbacks of a run, as C++ calls them."""

    def __init__(self, callbacks, model):
        self.callbacks = callbacks
        self.wants_batches = any(callback._wants_batches() for callback in callbacks)
        for callback in callbacks:
            callback.set_model(model)

    def begin_run(self, verbose, epochs, steps):
        for callback in self.callbacks:
            callback.set_params({"verbose": verbose, "epochs": epochs, "steps": steps})


def _stage_hook(name):
    def hook(self, logs=None):
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            getattr(callback, name)(logs)

    return hook


def _epoch_hook(name):
    def hook(self, epoch, logs=None):
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            getattr(callback, name)(epoch, logs)

    return hook


def _batch_hook(name):
    def hook(self, batch, logs=None):
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            getattr(callback, name)(batch, logs=logs)

    return hook


for _name in vars(Callback):
    if _name.startswith("on_"):
        _make = _batch_hook if "batch" in _name else _epoch_hook if "epoch" in _name else _stage_hook
        setattr(CallbackList, _name, _make(_name))


class History(Callback):
    """What `fit` returns: `history` has one list per log entry, `epoch` the epochs."""

    def __init__(self):
        self.history = {}
        self.epoch = []

    def on_train_begin(self, logs=None):
        self.epoch = []
        self.history = {}

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self


class _CoreCallback(Callback):
    """A callback of C++; subclasses make `_core` and may override hooks, calling these."""

    def set_model(self, model):
        super().set_model(model)
        if model is not None:
            self._core.set_model(model._core)

    def set_params(self, params):
        super().set_params(params)
        self._core.set_parameters(params["verbose"], params["epochs"], params["steps"])

    def on_train_begin(self, logs=None):
        self._core.on_train_begin()

    def on_train_end(self, logs=None):
        self._core.on_train_end(logs or {})

    def on_epoch_begin(self, epoch, logs=None):
        self._core.on_epoch_begin(epoch)

    def on_epoch_end(self, epoch, logs=None):
        self._core.on_epoch_end(epoch, {} if logs is None else logs)

    def on_train_batch_begin(self, batch, logs=None):
        self._core.on_train_batch_begin(batch)

    def on_train_batch_end(self, batch, logs=None):
        self._core.on_train_batch_end(batch, logs or {})

    def _wants_batches(self):
        cls = type(self)
        overridden = any(
            getattr(cls, hook) is not getattr(_CoreCallback, hook) for hook in _BATCH_HOOKS
        )
        return self._core.wants_batches or overridden


class EarlyStopping(_CoreCallback):
    """Stops training when the monitored value has not improved for `patience` epochs."""

    def __init__(self, monitor="val_loss", min_delta=0, patience=0, verbose=0, mode="auto",
                 baseline=None, restore_best_weights=False, start_from_epoch=0):
        options = dict(locals())
        options.pop("self")
        self.monitor, self.patience = monitor, patience
        self._core = _nn.EarlyStopping(options)

    @property
    def stopped_epoch(self):
        return self._core.stopped_epoch

    @property
    def best(self):
        return self._core.best

    @property
    def best_epoch(self):
        return self._core.best_epoch

    @property
    def wait(self):
        return self._core.wait


class ReduceLROnPlateau(_CoreCallback):
    """Multiplies the learning rate by `factor` when the monitored value has not improved for
    `patience` epochs.
    """

    def __init__(self, monitor="val_loss", factor=0.1, patience=10, verbose=0, mode="auto",
                 min_delta=1e-4, cooldown=0, min_lr=0.0):
        options = dict(locals())
        options.pop("self")
        self._core = _nn.ReduceLROnPlateau(options)


class LearningRateScheduler(_CoreCallback):
    """Sets the learning rate of each epoch to `schedule(epoch, rate)` or `schedule(epoch)`."""

    def __init__(self, schedule, verbose=0):
        self.schedule = schedule
        # Builtins have no signature: they are taken to want both arguments.
        try:
            both = len(_inspect.signature(schedule).parameters) != 1
        except (TypeError, ValueError):
            both = True

        def rate_of(epoch, rate):
            rate = schedule(epoch, rate) if both else schedule(epoch)
            if not isinstance(rate, float) and not hasattr(rate, "dtype"):
                raise ValueError(
                    f"The output of the `schedule` function should be a float. Got: {rate}"
                )
            return float(rate)

        self._core = _nn.LearningRateScheduler(rate_of, verbose)


class ModelCheckpoint(_CoreCallback):
    """Saves the model, or its weights, as training goes on. `filepath` may name the epoch and
    metrics: "model-{epoch:02d}-{val_loss:.3f}".
    """

    def __init__(self, filepath, monitor="val_loss", verbose=0, save_best_only=False,
                 save_weights_only=False, mode="auto", save_freq="epoch",
                 initial_value_threshold=None):
        options = dict(locals())
        options.pop("self")
        options["filepath"] = _os.fspath(filepath)
        if save_freq == "epoch":
            options["save_freq"] = None
        elif not isinstance(save_freq, int):
            raise ValueError(f"save_freq must be 'epoch' or a number of batches, got {save_freq}")
        self._core = _nn.ModelCheckpoint(options)


class CSVLogger(_CoreCallback):
    """Writes a line per epoch: epoch, then the metrics in alphabetical order."""

    def __init__(self, filename, separator=",", append=False):
        self._core = _nn.CSVLogger(_os.fspath(filename), separator, append)


class TerminateOnNaN(_CoreCallback):
    """Stops training when the loss becomes NaN or infinite."""

    def __init__(self):
        self._core = _nn.TerminateOnNaN()


class LambdaCallback(Callback):
    """Calls functions: `LambdaCallback(on_epoch_end=lambda epoch, logs: ...)`."""

    def __init__(self, **hooks):
        for name, function in hooks.items():
            if not hasattr(Callback, name):
                raise TypeError(f"LambdaCallback has no hook {name!r}")
            if function is not None:
                setattr(self, name, function)

    def _wants_batches(self):
        return any(hook in self.__dict__ for hook in _BATCH_HOOKS)


class ProgbarLogger(Callback):
    """Accepted as in Keras; the progress itself is written by `fit` according to `verbose`."""
