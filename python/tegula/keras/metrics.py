"""Metrics: running statistics over batches, inside of a model or alone."""

import weakref as _weakref

import numpy as _np

from .. import _core
from . import _objects, _serialization
from . import _user_metrics as _user
from . import losses as _losses
from ._values import as_array as _as_array
from ._values import as_result as _as_result
from ._values import build_or_evaluate as _build_or_evaluate
from ._values import on_core_values as _on_core_values

_nn = _core.nn


class Metric(_objects.Object):
    """Base of all metrics: `update_state` adds a batch, `result` is the statistic of all batches
    since `reset_state`.

    For a metric of your own, derive from it or from a built-in one, make its variables with
    `add_variable` in `__init__`, and define `update_state(y_true, y_pred, sample_weight=None)`, which
    assigns to them, `result`, which returns one value, and maybe `reset_state`. These methods are
    traced: they are called with tensors, once for each type of batch, and what they compute runs as
    a graph.

    Args:
        dtype: None or "float32": metrics compute in float32.
        name: Name in logs.
    """

    _kind = "metric"
    _module = "keras.metrics"
    _own_methods = frozenset()  # the methods that a user's class defines
    _trace = None  # while one of the methods is traced
    _bound = None  # the model that is compiled with this metric, and its place there

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        _user.honour(cls, _DIRECTLY)

    def __init__(self, *args, **kwargs):
        if "dtype" not in self._fields:
            _objects.check_dtype(type(self).__name__, kwargs.get("dtype"))
        if self._entry is not None:
            super().__init__(*args, **kwargs)
            self._take_overrides()
        else:
            self._init_base(*args, **kwargs)

    def _init_base(self, dtype=None, name=None):
        _objects.check_dtype(type(self).__name__, dtype)
        class_name = type(self).__name__
        self._core = _nn.UserMetric(self, class_name, name or _nn.unique_layer_name(class_name))

    def _take_overrides(self):
        if self._own_methods:
            self._native = self._core
            self._core = _nn.UserMetric(self, type(self).__name__, self.name, self._native)

    @property
    def name(self):
        return self._core.name

    @property
    def dtype(self):
        """The dtype of the state."""
        return self._options_core.config()["dtype"] if "dtype" in self._fields else "float32"

    # State.

    @property
    def _running(self):
        """The state outside of models, made at first use."""
        running = self.__dict__.get("_state")
        if running is None:
            # A model builds its metrics in its own graph; this one must not be the model's.
            running = self._state = _nn.RunningMetric(self._standalone())
        return running

    def _standalone(self):
        if isinstance(self._core, _nn.UserMetric):
            native = None if self._native is None else self._standalone_native()
            return _nn.UserMetric(self, type(self).__name__, self.name, native)
        return self._standalone_native()

    def _standalone_native(self):
        return self._make({**(self._native or self._core).config(), "name": self.name})

    def _model(self):
        """The model whose last run left a state, unless this metric has one of its own."""
        if self._bound is None or "_state" in self.__dict__:
            return None
        model = self._bound[0]()
        ran = model is not None and len(model._model.metrics_names) > self._bound[1] + 1
        return model if ran else None

    def _arrays(self):
        model = self._model()
        if model is not None and self._core.variables:
            return [model._model.get(variable) for variable in self._core.variables]
        if "_state" in self.__dict__:
            return self._running.state()
        return _nn.RunningMetric(self._standalone()).state()

    def _read(self, index):
        return _as_result(self._arrays()[index])

    def _write(self, index, array):
        self._running.set_state(index, array)

    def _state_names(self):
        return _nn.RunningMetric(self._standalone()).state_names()

    @property
    def variables(self):
        """The state. Empty while its shape is not known, before the first batch."""
        own = self.__dict__.get("_own", [])
        names = self._state_names()
        native = range(len(own), len(names))
        return [*own, *(_user.MetricVariable(self, i, names[i]) for i in native)]

    def __getattr__(self, name):
        # The variables by name: `precision.true_positives`.
        if not name.startswith("_") and "_core" in self.__dict__:
            for variable in self.variables:
                if variable.name == name:
                    return variable
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def add_variable(self, shape=(), initializer=None, dtype=None, aggregation="sum", name=None):
        """A float32 variable of the state, to be made in `__init__`.

        Args:
            shape: Its shape; all sizes are known.
            initializer: Its first value, before `reset_state` makes it zero; zeros by default.
        """
        from . import initializers

        if "_core" not in self.__dict__:
            raise RuntimeError(
                f"You forgot to call `super().__init__()` in the `__init__()` method of "
                f"{type(self).__name__}."
            )
        if "_state" in self.__dict__:
            raise RuntimeError("variables of a metric are made in its `__init__`")
        _objects.check_dtype(type(self).__name__, dtype)
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        first = _np.array(initializers.get(initializer or "zeros")(shape), _np.float32)
        own = self.__dict__.setdefault("_own", [])
        if not isinstance(self._core, _nn.UserMetric):  # of a built-in class, with nothing overridden
            self._native = self._core
            self._core = _nn.UserMetric(self, type(self).__name__, self.name, self._native)
        variable = _user.MetricVariable(self, len(own), name or f"variable_{len(own)}")
        variable.first = first
        own.append(variable)
        return variable

    def add_weight(self, shape=(), initializer=None, dtype=None, name=None):
        """As add_variable."""
        return self.add_variable(shape, initializer, dtype, name=name)

    # What C++ calls to build a metric of a user's class; `core` is that metric.

    def _first_state(self):
        return [(variable.name, variable.first) for variable in self.__dict__.get("_own", [])]

    def _trace_update(self, core, graph, variables, y_true, y_pred, sample_weight):
        with _user.tracing(self, core, graph, variables) as trace:
            tensor = trace.graph.tensor
            values = [tensor(y_true)]
            if y_pred.dtype != _NO_PREDICTIONS.dtype.name or y_pred.shape != ():
                values.append(tensor(y_pred))
            weights = {} if sample_weight is None else {"sample_weight": tensor(sample_weight)}
            self.update_state(*values, **weights)
            return trace.assignments()

    def _trace_result(self, core, graph, variables):
        with _user.tracing(self, core, graph, variables) as trace:
            return _user.result_value(self.result(), self.name, trace.graph)

    def _trace_reset(self, core, graph, variables):
        """None where the variables' first values are what `reset_state` makes them."""
        if "reset_state" not in self._own_methods and not any(
            first.any() for _, first in self._first_state()
        ):
            return None
        with _user.tracing(self, core, graph, variables) as trace:
            self.reset_state()
            return trace.assignments()

    # Use.

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch of targets and predictions, each with a weight if given."""
        if self._entry is None and self._native is None and not isinstance(self, MeanMetricWrapper):
            raise NotImplementedError(f"{type(self).__name__} defines no `update_state`")
        if self._trace is not None:
            self._trace.update_native(y_true, y_pred, sample_weight)
            return
        weight = None if sample_weight is None else _as_array(sample_weight)
        self._running.update(_as_array(y_true), _as_array(y_pred), weight)

    def _update_directly(self, *args, **kwargs):
        values, weight = _user.batch_of(self, args, kwargs)
        values = [_as_array(value) for value in values] + [_NO_PREDICTIONS] * (2 - len(values))
        self._running.update(*values, None if weight is None else _as_array(weight))

    def result(self):
        """The statistic so far: of the batches added here, or else of the last run of the model
        that is compiled with this metric.
        """
        if self._entry is None and self._native is None and not isinstance(self, MeanMetricWrapper):
            raise NotImplementedError(f"{type(self).__name__} defines no `result`")
        if self._trace is not None:
            return self._trace.graph.tensor(self._trace.core.native_result())
        return self._result_directly()

    def _result_directly(self):
        model = self._model()
        if model is not None:
            name = model._model.metrics_names[self._bound[1] + 1]
            value = model._model.running_metrics().get(name)
            if value is not None:
                return _as_result(_np.asarray(value, _np.float32))
        # Looking makes no state of its own: a model's later runs are still what counts.
        running = self.__dict__.get("_state") or _nn.RunningMetric(self._standalone())
        return _as_result(running.result())

    def reset_state(self):
        """Forgets all batches."""
        if self._trace is None:
            self._reset_directly()
            return
        for variable in self.variables:
            variable.assign(_np.zeros(variable.shape, _np.float32))

    def _reset_directly(self):
        self._running.reset()

    reset_states = reset_state

    def __call__(self, *args, **kwargs):
        """Adds a batch and returns the statistic of all so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self):
        user = isinstance(self._core, _nn.UserMetric) and self._native is None
        config = {} if user else self._described_options(self._options_core.config())
        return {**config, "name": self.name, "dtype": self.dtype}

    def _described(self):
        return _serialization.described(self)


# How overrides of a user's class act outside of traces.
_DIRECTLY = {
    "update_state": Metric._update_directly,
    "result": Metric._result_directly,
    "reset_state": Metric._reset_directly,
}
# Stands for predictions where a metric takes values alone.
_NO_PREDICTIONS = _np.zeros((), bool)


def _update_values(self, values, sample_weight=None):
    """Adds values, each with a weight if given."""
    Metric.update_state(self, values, _NO_PREDICTIONS, sample_weight)


class _Thresholds(_objects.Option):
    """The thresholds that a metric counts at, given or not; else the option of this name."""

    def __get__(self, metric, cls):
        if metric is not None and "_core" in metric.__dict__:
            thresholds = metric._options_core.thresholds
            if thresholds is not None:
                return thresholds
            if self._name not in cls._fields:
                metric = None
        return super().__get__(metric, cls)


_CLASSES = _objects.classes_of(
    Metric,
    after={"dtype": "name"},
    members={
        "": {"thresholds": _Thresholds("thresholds")},
        **{name: {"update_state": _update_values} for name in ("Mean", "Sum")},
    },
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
        _objects.check_dtype(type(self).__name__, dtype)
        self._plain_function = name is None and not kwargs and callable(fn)
        self._fn, self._kwargs = _resolved(fn), kwargs
        named = getattr(self._fn, "__name__", type(self._fn).__name__).strip("<>")
        self._named = name or named
        item = self._fn if self._plain_function else self
        # Kept here, because C++ does not keep it alive.
        self._called = (_on_core_values(self._values), self._named, *_objects.identity(item)[1:])
        self._core = self._standalone_native()
        self._take_overrides()

    def _values(self, y_true, y_pred):
        return self._fn(y_true, y_pred, **self._kwargs)

    def _standalone_native(self):
        return _nn.make_user_metric(*self._called)

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
    "concordance_correlation",
    "pearson_correlation",
    "sparse_categorical_accuracy",
    "top_k_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
)
_FUNCTIONS = _objects.Made({name: name for name in _NATIVE}, _function)
__getattr__, __dir__ = _objects.attributes(globals(), _CLASSES, _FUNCTIONS, _losses._FUNCTIONS)
get = _objects.getter("metric", _CLASSES, Metric, MeanMetricWrapper)


def _loss_tracker(model):
    """The metric of a compiled model's loss."""
    tracker = _CLASSES["Mean"](name="loss")
    tracker._bound = (_weakref.ref(model), -1)
    return tracker


def _named(given, core, model, index):
    """The object of a compiled metric that was given by name; any other one as it is."""
    if not isinstance(given, str):
        return given
    metric = _CLASSES[core.class_name]._of(core)
    metric._bound = (_weakref.ref(model), index)
    return metric


serialize, deserialize = _objects.serialize, _objects.deserializer(get)
