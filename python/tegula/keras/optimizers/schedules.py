"""Learning rates as functions of the step."""

import numpy as _np

from ... import _core
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

    def __init__(self, *args, **kwargs):
        if self._entry is not None:
            super().__init__(*args, **kwargs)

    def _plain(self):
        if self._entry is not None:
            return super()._plain()
        core = _nn.make_user_schedule(_on_core_values(self), *_objects.identity(self))
        return _objects.passed("schedule", self, core)

    def get_config(self):
        """The arguments that make an equal schedule."""
        return {} if self._entry is None else {**super().get_config(), "name": type(self).__name__}

    def __call__(self, step):
        """The rate at `step`, 0 for the first update."""
        step = _np.float32(step) if _np.isscalar(step) else step
        return _build_or_evaluate(lambda value: _nn.schedule(self._core, value), step)


_CLASSES = _objects.classes_of(LearningRateSchedule, ignored=("name",))
__getattr__, __dir__ = _objects.attributes(globals(), _CLASSES)
serialize = _objects.serialize
get = _objects.getter("schedule", _CLASSES, LearningRateSchedule)
deserialize = _objects.deserializer(get)
