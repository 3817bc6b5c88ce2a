"""fit, evaluate, predict and their single steps: what models have to do with data."""

import warnings as _warnings

from numpy import ndarray as _ndarray

from .. import _core
from . import callbacks as _callbacks
from ._arguments import flag as _flag
from ._arguments import integer as _integer
from ._arguments import number as _number
from ._arguments import shown as _shown
from ._data import AS_THEY_ARE as _AS_THEY_ARE
from ._data import arrays_of as _arrays_of
from ._data import data_of as _data_of
from ._data import inputs_of as _inputs_of
from ._data import lists_batches as _lists_batches
from ._data import part_of as _part_of
from ._data import redraws_bar as _redraws_bar
from ._data import verbosity as _verbosity
from ._values import leaves as _leaves

_SILENT = (0, None)


class Trainer:
    """The training half of a model."""

    history = None

    @property
    def stop_training(self):
        """Set to True by callbacks: `fit` returns after the current batch."""
        return self._model.training_stopped

    @stop_training.setter
    def stop_training(self, stop):
        self._model.stop_training(_flag("stop_training", stop))

    def _callback_list(self, callbacks, *more):
        if callbacks is None:
            callbacks = []
        elif isinstance(callbacks, _callbacks.CallbackList):
            callbacks = callbacks.callbacks
        elif not isinstance(callbacks, (list, tuple)):
            callbacks = [callbacks]
        for callback in callbacks:
            if not isinstance(callback, _callbacks.Callback):
                raise _core.DTypeError(
                    f"a callback must be a keras.callbacks.Callback, got {_shown(callback)}"
                )
        return _callbacks.CallbackList([*callbacks, *more], model=self)

    def fit(self, x=None, y=None, batch_size=None, epochs=1, verbose="auto", callbacks=None,
            validation_split=0.0, validation_data=None, shuffle=True, class_weight=None,
            sample_weight=None, initial_epoch=0, steps_per_epoch=None, validation_steps=None,
            validation_batch_size=None, validation_freq=1):
        """Trains for `epochs` passes over the data; returns the History.

        Args:
            x, y: Inputs and targets, arrays with one row per sample. Or `x` alone gives batches
                (x, y) or (x, y, sample_weight), of which one is in memory at a time: a
                `keras.utils.PyDataset`, a list, a generator or any other iterable, or an object
                with `__len__` and `__getitem__`.
            batch_size: Samples per step; 32 by default. Batches that are given keep their sizes.
            epochs: Number of the last epoch, counted from 1.
            validation_split: Fraction of the last samples of arrays that is held out.
            validation_data: (x, y) or (x, y, sample_weight), instead of a split; or what gives
                batches, as for `x`.
            shuffle: Whether the samples of arrays, or the batches of data with a length and
                indices, are visited in another order in each epoch.
            class_weight: Weight of the loss by class, {class: weight}; others weigh 1.
            sample_weight: Weight of the loss by sample.
            steps_per_epoch: Batches per epoch; all of the data without it. Data without an end need
                it, and data that can be read only once need it for more than one epoch.
            validation_steps: Batches per validation, as for `steps_per_epoch`.
            validation_freq: Epochs between validations, or the epochs with one, from 1.
        """
        shuffle = _flag("shuffle", shuffle)
        several = self._several()
        train = _data_of("fit", x, y, sample_weight, shuffle, several)
        _refuse_endless(train, "steps_per_epoch", steps_per_epoch)
        if batch_size is None and steps_per_epoch is not None and isinstance(train, tuple):
            rows = len(next(iter(_leaves(train[0]))))
            batch_size = -(-rows // _integer("steps_per_epoch", steps_per_epoch, 1))
        options = {
            "epochs": _integer("epochs", epochs),
            "validation_split": _number("validation_split", validation_split or 0.0),
            "shuffle": shuffle,
            "initial_epoch": _integer("initial_epoch", initial_epoch),
            "verbose": _verbosity(verbose),
            **_integers(
                batch_size=batch_size,
                steps_per_epoch=steps_per_epoch,
                validation_steps=validation_steps,
                validation_batch_size=validation_batch_size,
            ),
        }
        if class_weight is not None:
            options["class_weight"] = _class_weight(class_weight)
        if isinstance(validation_freq, (list, tuple, set, range)):
            options["validation_epochs"] = [
                _integer("validation_freq", epoch, 1) for epoch in validation_freq
            ]
        else:
            options["validation_freq"] = _integer("validation_freq", validation_freq)
        validation = None if validation_data is None else _validation(validation_data, several)
        _refuse_endless(validation, "validation_steps", validation_steps)
        history = _callbacks.History()
        hooks = self._callback_list(callbacks, history)
        self.history = history
        if self.built and not self._model.has_trainable_weights:
            _warnings.warn("The model does not have any trainable weights.", stacklevel=2)
        self._model.fit(train, validation, hooks, hooks.wants_batches, options)
        return history

    def evaluate(self, x=None, y=None, batch_size=None, verbose="auto", sample_weight=None,
                 steps=None, callbacks=None, return_dict=False, **kwargs):
        """Loss and metrics: a list in the order of `metrics_names`, a float when there is only the
        loss, or a dict. The data are given as for `fit`; `steps` is the number of batches.
        """
        if kwargs:
            raise _core.InvalidArgument(f"evaluate: arguments not recognized: {sorted(kwargs)}")
        data = _data_of("evaluate", x, y, sample_weight, several=self._several())
        _refuse_endless(data, "steps", steps)
        hooks = self._callback_list(callbacks)
        options = {"verbose": _verbosity(verbose), **_integers(batch_size=batch_size, steps=steps)}
        logs = self._model.evaluate(data, hooks, hooks.wants_batches, options)
        return _results(logs, return_dict)

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """The outputs, one row per sample, as an array. `x` is an array, or gives batches x, (x,) or
        (x, y), whose targets are not looked at. Progress is shown by itself only where a bar can be
        redrawn: on a terminal or in a notebook.
        """
        if verbose == "auto" and not _redraws_bar():
            verbose = 0
        if callbacks is None and steps is None and verbose in _SILENT and isinstance(x, _ndarray):
            size = 32 if batch_size is None else _integer("batch_size", batch_size)
            plain = x.dtype.char in _AS_THEY_ARE
            return self._model.predict(x if plain else _arrays_of(x), size)
        data = _inputs_of(x, self._several()[0])
        _refuse_endless(data, "steps", steps)
        hooks = self._callback_list(callbacks)
        options = {"verbose": _verbosity(verbose), **_integers(batch_size=batch_size, steps=steps)}
        return self._model.predict_with_callbacks(data, hooks, hooks.wants_batches, options)

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict=False):
        """One step on one batch; returns loss and metrics as `evaluate` does."""
        weights = {} if class_weight is None else _class_weight(class_weight)
        logs = self._model.train_on_batch(
            _batch_of("train_on_batch", x, y, sample_weight, self._several()), weights
        )
        return _results(logs, return_dict)

    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=False):
        """Loss and metrics of one batch."""
        logs = self._model.test_on_batch(
            _batch_of("test_on_batch", x, y, sample_weight, self._several())
        )
        return _results(logs, return_dict)

    def predict_on_batch(self, x):
        """The outputs of one batch."""
        return self._model.predict_on_batch(_part_of(x, "x", self._several()[0]))

    def reset_metrics(self):
        """Forgets the batches that metrics have seen."""
        self._model.reset_metrics()


def _refuse_endless(data, argument, steps):
    if steps is None and getattr(data, "endless", False):
        raise _core.InvalidArgument(
            f"the data never end: give `{argument}`, the number of batches to take"
        )


def _integers(**given):
    """Those that are not None, as ints."""
    return {name: _integer(name, value) for name, value in given.items() if value is not None}


def _class_weight(given):
    """{class: weight} with text for keys, as C++ reads them."""
    if not hasattr(given, "items"):
        raise _core.DTypeError(
            f"`class_weight` must be a dict {{class: weight}}, got {_shown(given)}"
            + ("; compute the weights, for example from np.bincount(y)" if given == "balanced" else "")
        )
    return {
        str(_integer("class_weight", label)): _number("class_weight", weight)
        for label, weight in given.items()
    }


def _validation(given, several):
    """Arrays (x, y) or (x, y, sample_weight), or what gives batches."""
    if not isinstance(given, (tuple, list)) or not _is_arrays(given):
        return _data_of("fit(validation_data=...)", given, several=several)
    if len(given) not in (2, 3):
        raise _core.InvalidArgument(
            f"`validation_data` must be (x, y) or (x, y, sample_weight), got {len(given)} parts"
        )
    return _data_of("fit(validation_data=...)", *given, several=several)


def _is_arrays(given):
    """Whether a tuple or list holds arrays and not batches."""
    return isinstance(given, tuple) or not _lists_batches(given)


def _batch_of(run, x, y, sample_weight, several):
    data = _data_of(run, x, y, sample_weight, several=several)
    if isinstance(data, tuple):
        return data
    raise _core.DTypeError(f"{run} takes one batch as arrays x and y, got {_shown(x)}")


def _results(logs, as_dict):
    if as_dict:
        return dict(sorted(logs.items()))
    values = list(logs.values())
    return values[0] if len(values) == 1 else values
