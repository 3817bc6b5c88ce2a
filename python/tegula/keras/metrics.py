"""Metrics: running statistics over batches, inside of a model or alone."""

import numpy as _np

from .. import _core
from . import _objects, _serialization
from . import losses as _losses
from ._values import as_array as _as_array
from ._values import as_result as _as_result
from ._values import build_or_evaluate as _build_or_evaluate
from ._values import on_core_values as _on_core_values

_nn = _core.nn


class Metric(_objects.Object):
    """Base of all metrics: `update_state` adds a batch, `result` is the statistic of all batches
    since `reset_state`.
    """

    _kind = "metric"
    _module = "keras.metrics"

    @property
    def name(self):
        return self._core.name

    @property
    def _running(self):
        """The state outside of models, made at first use."""
        running = self.__dict__.get("_state")
        if running is None:
            # A model builds its metrics in its own graph; this one must not be the model's.
            running = self._state = _nn.RunningMetric(self._standalone())
        return running

    def _standalone(self):
        return self._make({**self._core.config(), "name": self.name})

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch of targets and predictions, each with a weight if given."""
        weight = None if sample_weight is None else _as_array(sample_weight)
        self._running.update(_as_array(y_true), _as_array(y_pred), weight)

    def result(self):
        """The statistic so far."""
        return _as_result(self._running.result())

    def reset_state(self):
        """Forgets all batches."""
        self._running.reset()

    reset_states = reset_state

    @property
    def variables(self):
        """The state, as arrays."""
        return [_as_result(value) for value in self._running.state()]

    def __call__(self, *args, **kwargs):
        """Adds a batch and returns the statistic of all so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self):
        return {**super().get_config(), "name": self.name, "dtype": "float32"}


def _update_values(self, values, sample_weight=None):
    """Adds values, each with a weight if given."""
    Metric.update_state(self, values, _np.zeros((), _np.float32), sample_weight)


_CLASSES = _objects.classes_of(
    Metric,
    after={"dtype": "name"},
    members={name: {"update_state": _update_values} for name in ("Mean", "Sum")},
)


def _resolved(fn):
    """A function that a name or a description means."""
    if isinstance(fn, dict):
        return _serialization.object_of(fn, "metric")
    return _serialization.function_of(fn, "metric") if isinstance(fn, str) else fn


class MeanMetricWrapper(Metric):
    """The mean of a function's values per sample.

    Args:
        fn: Function of targets and predictions, and of `kwargs`.
        name: Name in logs; the function's own by default.
        kwargs: Further arguments of the function.
    """

    def __init__(self, fn, name=None, dtype=None, **kwargs):
        self._plain_function = name is None and not kwargs and callable(fn)
        self._fn, self._kwargs = _resolved(fn), kwargs
        self._named = name or getattr(self._fn, "__name__", type(self._fn).__name__)
        self._core = self._standalone()

    def _standalone(self):
        def function(y_true, y_pred):
            return self._fn(y_true, y_pred, **self._kwargs)

        item = self._fn if self._plain_function else self
        return _nn.make_user_metric(
            _on_core_values(function), self._named, *_objects.identity(item)[1:]
        )

    def get_config(self):
        fn = _serialization.serialize_keras_object(self._fn)
        return {"name": self.name, "dtype": "float32", "fn": fn, **self._kwargs}


def _function(name):
    native = getattr(_nn, name)

    def function(y_true, y_pred, *args, **kwargs):
        return _build_or_evaluate(lambda t, p: native(t, p, *args, **kwargs), y_true, y_pred)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = native.__doc__
    function._tegula_name = name
    function.__module__ = __name__
    return function


_NATIVE = (
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "top_k_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
)
_FUNCTIONS = _objects.Made({name: name for name in _NATIVE}, _function)
__getattr__, __dir__ = _objects.attributes(globals(), _CLASSES, _FUNCTIONS, _losses._FUNCTIONS)
get = _objects.getter("metric", _CLASSES, Metric, MeanMetricWrapper)
serialize, deserialize = _objects.serialize, _objects.deserializer(get)
