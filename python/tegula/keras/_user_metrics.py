"""Metrics whose methods a user overrides: each method is traced once into a graph, in which the
metric's variables read as tensors and their assignments are collected.
"""

import contextlib
import functools
import inspect
import operator

import numpy as np

from .. import _core
from .._framework import Graph, as_tensor

_nn = _core.nn


class MetricVariable:
    """A part of a metric's state. It computes like an array, and while one of the metric's methods is
    traced like a tensor, with the value that it has at this point of the method.
    """

    trainable = False
    __array_ufunc__ = None  # arrays leave their operators to this class

    def __init__(self, metric, index, name):
        self._metric = metric
        self._index = index
        self.name = name
        self.path = f"{metric.name}/{name}"

    @property
    def value(self):
        """The tensor while tracing, else an array."""
        trace = self._metric._trace
        return self._metric._read(self._index) if trace is None else trace.values[self._index]

    def numpy(self):
        """A copy of the value."""
        return np.array(self._metric._read(self._index))

    @property
    def shape(self):
        return tuple(self.value.shape)

    @property
    def dtype(self):
        return "float32"

    def assign(self, value):
        """Replaces the value. ValueError when the shape differs."""
        trace = self._metric._trace
        if isinstance(value, MetricVariable):
            value = value.value
        if trace is None:
            self._metric._write(self._index, np.asarray(value, np.float32))
        else:
            trace.assign(self._index, value, self)
        return self.value

    def assign_add(self, value):
        """Adds to the value."""
        return self.assign(self + value)

    def assign_sub(self, value):
        """Subtracts from the value."""
        return self.assign(self - value)

    def _as_graph_element(self):
        return self.value

    def __array__(self, dtype=None, copy=None):
        array = self.numpy()
        return array if dtype is None else array.astype(dtype)

    def __float__(self):
        return float(self.numpy())

    def __int__(self):
        return int(self.numpy())

    def __getitem__(self, index):
        return self.value[index]

    def __repr__(self):
        return f"<Variable path={self.path}, shape={self.shape}, dtype=float32>"


def _binary(function, swapped):
    def method(self, other):
        own = self.value
        other = other.value if isinstance(other, MetricVariable) else other
        return function(other, own) if swapped else function(own, other)

    return method


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"):
    _function = getattr(operator, _name)
    setattr(MetricVariable, f"__{_name}__", _binary(_function, False))
    setattr(MetricVariable, f"__r{_name}__", _binary(_function, True))
for _name in ("lt", "le", "gt", "ge"):
    setattr(MetricVariable, f"__{_name}__", _binary(getattr(operator, _name), False))
for _name in ("neg", "abs"):
    setattr(
        MetricVariable,
        f"__{_name}__",
        lambda self, function=getattr(operator, _name): function(self.value),
    )


class Trace:
    """One method being traced: the value of each variable at this point of it."""

    def __init__(self, core, graph, variables):
        self.core = core
        self.graph = graph
        self.first = [graph.tensor(variable) for variable in variables]
        self.values = list(self.first)

    def assign(self, index, value, variable):
        value = as_tensor(value, graph=self.graph)
        core = _nn.cast(value._value, "float32")
        if core.shape != self.first[index]._value.shape:
            raise _core.ShapeError(
                f"a value of shape {core.shape} does not fit {variable.path}, of shape "
                f"{self.first[index]._value.shape}"
            )
        self.values[index] = self.graph.tensor(core)

    def update_native(self, y_true, y_pred, sample_weight):
        """What the built-in class does in `update_state`."""
        given = [None if x is None else _tensor(x, self.graph)._value
                 for x in (y_true, y_pred, sample_weight)]
        for index, added, value in self.core.native_update(*given):
            value = self.graph.tensor(value)
            self.values[index] = self.values[index] + value if added else value

    def assignments(self):
        """(index, core value) of every variable that has changed."""
        return [
            (index, value._value)
            for index, (first, value) in enumerate(zip(self.first, self.values))
            if value is not first
        ]


def _tensor(x, graph):
    if isinstance(x, MetricVariable):
        x = x.value
    return as_tensor(x, graph=graph)


@contextlib.contextmanager
def tracing(metric, core, core_graph, variables):
    """While entered, calls of the metric's methods build graph."""
    graph = Graph(core_graph)
    metric._trace = Trace(core, graph, variables)
    try:
        with graph.as_default():
            yield metric._trace
    finally:
        metric._trace = None


def result_value(result, name, graph):
    """A metric's result as a core value."""
    if isinstance(result, dict):
        raise _core.InvalidArgument(
            f"the result of metric {name!r} is a dict; metrics give one value each: make one metric "
            "per entry"
        )
    return _tensor(result, graph)._value


def batch_of(metric, args, kwargs):
    """(values, sample_weight) that a direct call of a user's `update_state` means."""
    bound = inspect.signature(type(metric).update_state).bind(metric, *args, **kwargs)
    given = {name: value for name, value in list(bound.arguments.items())[1:] if value is not None}
    weight = given.pop("sample_weight", None)
    given.update(given.pop("kwargs", {}))
    values = list(given.values())
    if not 1 <= len(values) <= 2:
        raise TypeError(
            f"{type(metric).__name__}.update_state takes targets and predictions, or values alone, "
            f"and a sample_weight; got {len(values)} arguments: {list(given)}"
        )
    return values, weight


def honour(cls, outside):
    """Makes overrides of a user's class act on the state: called within a trace they build graph,
    elsewhere `outside[name]` traces and runs them.
    """
    if "_entry" in vars(cls) or cls.__module__.startswith("tegula."):
        return
    for name, instead in outside.items():
        if name in vars(cls):
            setattr(cls, name, _either(vars(cls)[name], instead))
            cls._own_methods = cls._own_methods | {name}


def _either(method, instead):
    @functools.wraps(method)
    def call(self, *args, **kwargs):
        return (instead if self._trace is None else method)(self, *args, **kwargs)

    return call


