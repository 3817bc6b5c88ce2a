"""Learning rates as functions of the step."""

import numpy as _np

from ... import _core
from ..._framework import convert_to_tensor as _convert_to_tensor
from .. import _objects
from .._values import build_or_evaluate as _build_or_evaluate
from .._values import on_core_values as _on_core_values

_nn = _core.nn


class LearningRateSchedule(_objects.Object):
    """Base of all schedules. Derive and define `__call__(step)`, made of arithmetic that works on
    tensors too, for your own.
    """

    _kind = "schedule"
    _module = "keras.optimizers.schedules"

    def __init__(self, *args, name=None, **kwargs):
        self.name = name or type(self).__name__
        if self._entry is not None:
            super().__init__(*args, **kwargs)

    def _plain(self):
        if not self._defined_here():
            return super()._plain()
        return _passed(self, self)

    def get_config(self):
        """The arguments that make an equal schedule."""
        return {} if self._entry is None else {**super().get_config(), "name": self.name}

    def __call__(self, step):
        """The rate at `step`, 0 for the first update."""
        step = _np.float32(step) if _np.isscalar(step) else step
        return _build_or_evaluate(lambda value: _nn.schedule(self._core, value), step)


def _registered(function):
    """A function without arguments, asked for the rate when a step is built, as Keras does."""
    def rate(step):
        return _convert_to_tensor(_np.float32(function()))

    return _passed(function, rate)


def _passed(item, function):
    return _objects.passed("schedule", item, _on_core_values(function))


_CLASSES = _objects.classes_of(LearningRateSchedule, ignored=("name",))
__getattr__, __dir__ = _objects.attributes(globals(), _CLASSES)
serialize = _objects.serialize
get = _objects.getter("schedule", _CLASSES, LearningRateSchedule)
deserialize = _objects.deserializer(get)
