"""Hooks into training. Derive from `Callback` and override what you need; exceptions leave `fit`
at once, with the model usable.
"""

import inspect as _inspect
import os as _os
import weakref as _weakref

from .. import _core
from . import _objects

_nn = _core.nn


class Callback:
    """Base of all callbacks. `self.model` is the model, `self.params` has the keys verbose, epochs
    and steps. The logs of an epoch are one dict that all callbacks share.
    """

    params = None
    _model = None

    def __new__(cls, *args, **kwargs):
        self = super().__new__(cls)
        self._arguments = (args, kwargs)
        return self

    def __reduce__(self):
        """A copy is made of the same arguments, has the same attributes, and belongs to no model."""
        left_out = ("_core", "_model", "_arguments")
        state = {key: value for key, value in vars(self).items() if key not in left_out}
        return _remade, (type(self), *self._arguments), state

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
        return any(
            hook in self.__dict__ or getattr(cls, hook) is not getattr(Callback, hook)
            for hook in _BATCH_HOOKS
        )


def _remade(cls, args, kwargs):
    return cls(*args, **kwargs)


_BATCH_HOOKS = [hook for hook in vars(Callback) if hook.startswith("on_") and "batch" in hook]


class CallbackList:
    """The callbacks of a run, as C++ calls them.

    Args:
        callbacks: A callback, or a list of them.
        add_history: Whether a `History` is added when there is none.
        add_progbar: Accepted as in Keras; `verbose` of `fit` makes the progress bar.
        model: The model, which the callbacks get to know.
        params: What the callbacks' `params` are set to, if anything is given.
    """

    def __init__(self, callbacks=None, add_history=False, add_progbar=False, model=None, **params):
        callbacks = [] if callbacks is None else callbacks
        self.callbacks = list(callbacks if isinstance(callbacks, (list, tuple)) else [callbacks])
        if add_history and not any(isinstance(one, History) for one in self.callbacks):
            self.callbacks.append(History())
        self.wants_batches = any(callback._wants_batches() for callback in self.callbacks)
        self.set_model(model)
        if params:
            self.set_params(params)

    def append(self, callback):
        """Adds a callback."""
        self.callbacks.append(callback)
        self.wants_batches = self.wants_batches or callback._wants_batches()

    def set_model(self, model):
        if model is not None:
            for callback in self.callbacks:
                callback.set_model(model)

    def set_params(self, params):
        for callback in self.callbacks:
            callback.set_params(params)

    def begin_run(self, verbose, epochs, steps):
        self.set_params({"verbose": verbose, "epochs": epochs, "steps": steps})


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
    """A callback of C++, whose options and running state are attributes. Subclasses may override
    hooks, calling these.
    """

    _kind = "callback"
    _module = "keras.callbacks"

    def __init__(self, *args, **kwargs):
        given = _objects.bind(type(self), args, kwargs)
        self._make({name: _objects.plain(name, value) for name, value in given.items()})

    def _make(self, options):
        if isinstance(options.get("verbose"), bool):
            options["verbose"] = int(options["verbose"])
        self._core = _nn.make_callback(self._entry["name"], options)

    def _attribute(self, name, value):
        """An attribute of C++ as Keras shows it."""
        return value

    def _option(self, name, value):
        """What C++ takes for a value of an attribute."""
        return int(value) if name == "verbose" and isinstance(value, bool) else value

    def set_model(self, model):
        super().set_model(model)
        if model is not None:
            self._core.set_model(model._model)

    def set_params(self, params):
        super().set_params(params)
        self._core.set_parameters(params["verbose"], params["epochs"], params.get("steps"))

    def on_train_begin(self, logs=None):
        self._core.on_train_begin()

    def on_train_end(self, logs=None):
        self._core.on_train_end(logs or {})

    def on_epoch_begin(self, epoch, logs=None):
        self._core.on_epoch_begin(epoch)

    def on_epoch_end(self, epoch, logs=None):
        self._core.on_epoch_end(epoch, {} if logs is None else logs)

    def on_test_begin(self, logs=None):
        self._core.on_test_begin()

    def on_test_end(self, logs=None):
        self._core.on_test_end(logs or {})

    def on_predict_begin(self, logs=None):
        self._core.on_predict_begin()

    def on_predict_end(self, logs=None):
        self._core.on_predict_end()

    def on_train_batch_begin(self, batch, logs=None):
        self._core.on_train_batch_begin(batch)

    def on_train_batch_end(self, batch, logs=None):
        self._core.on_train_batch_end(batch, logs or {})

    def _wants_batches(self):
        cls = type(self)
        overridden = any(
            getattr(cls, hook) is not getattr(_CoreCallback, hook) for hook in _BATCH_HOOKS
        )
        return self._core.has_batch_hooks or overridden


def _refuse_schedule(callback):
    """Of what sets the learning rate: a schedule's cannot be set."""
    optimizer = getattr(callback.model, "optimizer", None)
    if optimizer is not None and optimizer._core.scheduled:
        raise TypeError(
            f"{type(callback).__name__}: this optimizer was created with a `LearningRateSchedule` "
            "object as its `learning_rate`, hence its learning rate is not settable. Give the "
            "optimizer a number, or leave the callback out"
        )


def _plateau_begin(self, logs=None):
    """Starts anew. TypeError for an optimizer with a schedule."""
    _refuse_schedule(self)
    _CoreCallback.on_train_begin(self, logs)


_PATHS = {"filepath", "filename", "backup_dir"}


def _checkpoint_make(self, options):
    freq = options.get("save_freq", "epoch")
    if freq != "epoch" and (isinstance(freq, bool) or not isinstance(freq, int)):
        raise ValueError(
            f"Unrecognized save_freq: {freq!r}. Expected save_freq are 'epoch' or integer values"
        )
    options["save_freq"] = None if freq == "epoch" else freq
    _make_with_path(self, options)


def _checkpoint_attribute(self, name, value):
    return "epoch" if name == "save_freq" and value is None else value


def _checkpoint_option(self, name, value):
    if name == "save_freq" and value == "epoch":
        return None
    return _os.fspath(value) if name in _PATHS else _CoreCallback._option(self, name, value)


def _make_with_path(self, options):
    for name in _PATHS & options.keys():
        options[name] = _os.fspath(options[name])
    _CoreCallback._make(self, options)


def _attribute_property(name):
    def read(self):
        return self._attribute(name, self._core.attributes()[name])

    def write(self, value):
        self._core.set_attribute(name, self._option(name, value))

    return property(read, write)


_CHECKPOINT = {
    "_make": _checkpoint_make,
    "_attribute": _checkpoint_attribute,
    "_option": _checkpoint_option,
}
_MEMBERS = {
    "ReduceLROnPlateau": {"on_train_begin": _plateau_begin},
    "ModelCheckpoint": _CHECKPOINT,
    "BackupAndRestore": _CHECKPOINT,
    "CSVLogger": {"_make": _make_with_path, "sep": _attribute_property("separator")},
}


def _made(name):
    """The class of a row of C++'s table: its options and its running state are attributes."""
    entry = _nn.describe_callback(name)
    required = _PATHS & {argument[0] for argument in entry["arguments"]}
    entry["required"] = sorted(required)
    attributes = _nn.make_callback(name, dict.fromkeys(required, "-")).attributes()
    members = {attribute: _attribute_property(attribute) for attribute in attributes}
    members.update(_MEMBERS.get(name, {}))
    return _objects.make_class(_CoreCallback, entry, ignored=(), members={name: members})


_CLASSES = _objects.Made({name: name for name in _nn.callback_names()}, _made)
__getattr__, __dir__ = _objects.attributes(globals(), _CLASSES)


class LearningRateScheduler(_CoreCallback):
    """Sets the learning rate of each epoch to `schedule(epoch, rate)` or `schedule(epoch)`."""

    def __init__(self, schedule, verbose=0):
        if not callable(schedule):
            raise _core.DTypeError(
                f"LearningRateScheduler: `schedule` must be a function, got {schedule!r}"
            )
        self.schedule = schedule

        def rate_of(epoch, rate):
            # Builtins have no signature: they are taken to want both arguments.
            try:
                both = len(_inspect.signature(self.schedule).parameters) != 1
            except (TypeError, ValueError):
                both = True
            rate = self.schedule(epoch, rate) if both else self.schedule(epoch)
            if not isinstance(rate, float) and not hasattr(rate, "dtype"):
                raise ValueError(
                    f"The output of the `schedule` function should be a float. Got: {rate}"
                )
            return float(rate)

        self._core = _nn.make_learning_rate_scheduler(rate_of, int(verbose))

    def on_train_begin(self, logs=None):
        _refuse_schedule(self)
        super().on_train_begin(logs)


class LambdaCallback(Callback):
    """Calls functions: `LambdaCallback(on_epoch_end=lambda epoch, logs: ...)`. Any other keyword
    becomes an attribute.
    """

    def __init__(self, on_epoch_begin=None, on_epoch_end=None, on_train_begin=None,
                 on_train_end=None, on_train_batch_begin=None, on_train_batch_end=None, **kwargs):
        hooks = {
            "on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin, "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end, **kwargs,
        }
        for name, value in hooks.items():
            if name.startswith("on_"):
                if not hasattr(Callback, name):
                    raise TypeError(f"LambdaCallback has no hook {name!r}")
                if value is None:
                    continue
                if not callable(value):
                    raise TypeError(f"LambdaCallback: `{name}` must be a function, got {value!r}")
            setattr(self, name, value)

    def _wants_batches(self):
        return any(hook in self.__dict__ for hook in _BATCH_HOOKS)


class RemoteMonitor(Callback):
    """Sends the logs of each epoch to a server, by HTTP POST; warns when it cannot be reached.

    Args:
        root: The server: "http://host:port".
        path: Where on the server.
        field: Name of the form's field that holds the logs as JSON.
        headers: dict, further headers.
        send_as_json: Whether the logs themselves are the body, as JSON, instead of a form.
    """

    def __init__(self, root="http://localhost:9000", path="/publish/epoch/end/", field="data",
                 headers=None, send_as_json=False):
        super().__init__()
        self.root, self.path, self.field = root, path, field
        self.headers, self.send_as_json = headers, send_as_json

    def on_epoch_end(self, epoch, logs=None):
        """Sends them."""
        import json
        import urllib.error
        import urllib.parse
        import urllib.request
        import warnings

        sent = {"epoch": epoch}
        for name, value in (logs or {}).items():
            sent[name] = value.tolist() if hasattr(value, "tolist") else value
        text = json.dumps(sent)
        kind = "application/json" if self.send_as_json else "application/x-www-form-urlencoded"
        body = text if self.send_as_json else urllib.parse.urlencode({self.field: text})
        request = urllib.request.Request(
            self.root + self.path, body.encode(), {"Content-Type": kind, **(self.headers or {})}
        )
        try:
            with urllib.request.urlopen(request, timeout=10):
                pass
        except (urllib.error.URLError, OSError):
            warnings.warn(f"Could not reach RemoteMonitor root server at {self.root}", stacklevel=2)


class ProgbarLogger(Callback):
    """Accepted as in Keras; the progress itself is written by `fit` according to `verbose`."""
