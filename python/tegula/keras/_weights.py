"""Weights of layers as Python sees them: values between steps, tensors where `call` is traced."""

import operator
import weakref

import numpy as np

from .. import _core
from .._framework import Tensor, as_tensor
from ._values import as_result, graph_of, tracing
from ._variables import Variable

_KNOWN = weakref.WeakValueDictionary()  # identity of a core weight -> Weight


class Weight(Variable, Tensor):
    """A weight of a layer, which `add_weight` makes.

    In a layer's `call` it is a tensor of the computation, and assignments to it are part of the
    step; elsewhere `numpy()` copies the value out and assignments act at once.
    """

    _is_weight = True

    def __init__(self, core, layer):
        self._core = core
        self._layer = weakref.ref(layer)

    @property
    def graph(self):
        return graph_of(self._core.graph)

    @property
    def _value(self):
        return self._core.value

    @property
    def name(self):
        return self._core.name

    @property
    def path(self):
        """The name with those of the layers and the model around it."""
        layer = self._layer()
        owner = None if layer is None else layer._owner_name
        return f"{owner}/{self._core.path}" if owner else self._core.path

    @property
    def shape(self):
        return self._core.shape

    @property
    def dtype(self):
        return Tensor.dtype.__get__(self)

    @property
    def trainable(self):
        return self._core.trainable

    @trainable.setter
    def trainable(self, value):
        self._core.trainable = bool(value)

    def numpy(self):
        """A copy of the value."""
        if tracing():
            raise NotImplementedError(
                f"weight {self.path} has no value while `call` is traced; use it as a tensor"
            )
        return self._core.get()

    @property
    def value(self):
        """The value: an array, in `call` a tensor."""
        return self.graph.tensor(self._value) if tracing() else as_result(self._core.get())

    def assign(self, value):
        """Replaces the value: at once, or in `call` as part of the step. ValueError when the shape
        differs.
        """
        if not tracing():
            self._core.set(np.asarray(value))
            return self
        return self._assign_in_call(self._core.assign, value)

    def assign_add(self, value):
        """Adds to the value."""
        if not tracing():
            return self.assign(self.numpy() + np.asarray(value))
        return self._assign_in_call(self._core.assign_add, value)

    def assign_sub(self, value):
        """Subtracts from the value."""
        if not tracing():
            return self.assign(self.numpy() - np.asarray(value))
        return self._assign_in_call(self._core.assign_sub, value)

    def _assign_in_call(self, assign, value):
        graph = self.graph
        tensor = as_tensor(value, hint=Tensor.dtype.__get__(self), graph=graph)
        return graph.tensor(assign(tensor._value))

    def __array__(self, dtype=None, copy=None):
        array = self.numpy()
        return array if dtype is None else array.astype(dtype)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        if not tracing():
            return getattr(ufunc, method)(*_arrays(inputs), **options)
        function = _OPERATORS.get(ufunc)
        if function is None or method != "__call__" or options:
            raise TypeError(
                f"np.{ufunc.__name__} cannot take weight {self.path} while `call` is traced; use "
                "the functions of tegula or keras.ops"
            )
        return function(*(as_tensor(x, hint=Tensor.dtype.__get__(self)) for x in inputs))

    __float__ = Variable.__float__
    __int__ = Variable.__int__

    def __bool__(self):
        return Tensor.__bool__(self) if tracing() else bool(self.numpy())

    def __len__(self):
        return len(self.shape) and self.shape[0]

    def __iter__(self):
        return Tensor.__iter__(self) if tracing() else iter(self.numpy())

    def __repr__(self):
        text = f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype.name}"
        return f"{text}>" if tracing() else f"{text}, value={self._shown_value()}>"

    def _shown_value(self):
        try:
            return self._core.get()
        except _core.RunError:
            return "?"

    __str__ = __repr__
    __hash__ = object.__hash__


def _arrays(values):
    return [x.numpy() if isinstance(x, Weight) else x for x in values]


_OPERATORS = {
    np.add: operator.add, np.subtract: operator.sub, np.multiply: operator.mul,
    np.true_divide: operator.truediv, np.floor_divide: operator.floordiv,
    np.remainder: operator.mod, np.power: operator.pow, np.matmul: operator.matmul,
    np.greater: operator.gt, np.greater_equal: operator.ge, np.less: operator.lt,
    np.less_equal: operator.le,
}


def _operator(name):
    """A tensor's operator where `call` is traced, the array's elsewhere."""

    def operate(self, *others):
        if tracing() or any(isinstance(x, Tensor) and not isinstance(x, Weight) for x in others):
            return getattr(Tensor, name)(self, *others)
        result = getattr(np.ndarray, name)(self.numpy(), *_arrays(others))
        return result if result is NotImplemented else as_result(result)

    operate.__name__ = name
    return operate


_BINARY = "add sub mul truediv floordiv mod pow matmul and or".split()
for _name in (
    *(f"__{side}{name}__" for name in _BINARY for side in ("", "r")),
    *(f"__{name}__" for name in "gt ge lt le neg abs invert pos getitem".split()),
):
    setattr(Weight, _name, _operator(_name))


def weight_of(core, layer):
    """The Weight of a core weight of the layer: always the same object while it is in use."""
    weight = _KNOWN.get(core.id)
    if weight is None:
        weight = _KNOWN[core.id] = Weight(core, layer)
    return weight
