"""Optimizers. One belongs to the model that was compiled with it."""

import weakref as _weakref

import numpy as _np

from ... import _core
from .. import _objects
from . import schedules

_nn = _core.nn


class _Rate(float):
    """The learning rate of the moment; `assign` changes it."""

    _optimizer = None

    def numpy(self):
        return _np.float32(self)

    def assign(self, value):
        self._optimizer.learning_rate = value


class _Count(int):
    """The number of updates so far."""

    def numpy(self):
        return _np.int64(self)


class Optimizer(_objects.Object):
    """Base of all optimizers."""

    _kind = "optimizer"
    _module = "keras.optimizers"
    _model = None  # a weak reference to the model that was compiled with this optimizer

    @classmethod
    def _make(cls, options):
        options.setdefault("name", _nn.unique_layer_name(cls.__name__))
        return super()._make(options)

    @property
    def name(self):
        return self._core.name

    @property
    def built(self):
        return self._core.built

    def _owner(self):
        """The model, once it has made this optimizer's variables; else None."""
        model = self._model() if self._model is not None else None
        return model if model is not None and self._core.built else None

    def _belongs_to(self, model):
        self._model = _weakref.ref(model)

    @property
    def learning_rate(self):
        """The rate of the next update, as a float that has `numpy()` and `assign(value)`."""
        owner = self._owner()
        if self._core.scheduled:
            schedule = schedules.LearningRateSchedule._of(self._core.schedule)
            rate = float(schedule(_np.float32(self._calls())))
        elif owner is not None:
            rate = owner._core.learning_rate()
        else:
            rate = float(_np.float32(self._core.config()["learning_rate"]))
        result = _Rate(rate)
        result._optimizer = self
        return result

    @learning_rate.setter
    def learning_rate(self, value):
        if self._core.scheduled:
            raise TypeError(
                "This optimizer was created with a `LearningRateSchedule` object as its "
                "`learning_rate`, hence its learning rate is not settable."
            )
        owner = self._owner()
        if owner is not None and not isinstance(value, schedules.LearningRateSchedule):
            owner._core.set_learning_rate(float(value))
            return
        value = value if isinstance(value, schedules.LearningRateSchedule) else float(value)
        options = {**self._core.config(), "learning_rate": _objects.plain("learning_rate", value)}
        self._core = self._make(options)
        model = self._model() if self._model is not None else None
        if model is not None:
            model._recompile()

    lr = learning_rate

    def _calls(self):
        """Batches so far: with accumulation more than updates."""
        owner = self._owner()
        if owner is None:
            return 0
        return int(owner._core.get(self._core.variables[0]))

    @property
    def iterations(self):
        """Updates so far, as an int that has `numpy()`."""
        steps = self._core.config()["gradient_accumulation_steps"] or 1
        return _Count(self._calls() // steps)

    @property
    def variables(self):
        """The state: iterations, learning rate, averages, accumulators, slots."""
        from .._variables import variable_of_model

        owner = self._owner()
        return [] if owner is None else [variable_of_model(owner, v) for v in self._core.variables]

    def get_config(self):
        config = {**super().get_config(), "name": self.name}
        if not self._core.scheduled:
            config["learning_rate"] = float(self.learning_rate)
        return config

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        rate = config.get("learning_rate")
        if isinstance(rate, dict):
            config["learning_rate"] = schedules.deserialize(rate)
        return cls(**config)


_CLASSES = _objects.classes_of(Optimizer, ignored=("jit_compile",))
__getattr__, __dir__ = _objects.attributes(globals(), _CLASSES)
get = _objects.getter("optimizer", _CLASSES, Optimizer)
serialize, deserialize = _objects.serialize, _objects.deserializer(get)
