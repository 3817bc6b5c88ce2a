"""Variables as Python sees them: named, readable and assignable. Weights and the state of optimizers
live in a model; others hold their own array.
"""

import operator

import numpy as np

from .. import _core
from .._framework import building_function
from .._text import utf8
from ._values import as_result


class Variable:
    """A value that can be replaced: `numpy()` copies it out, `assign(value)` sets it.

    Args:
        initializer: First value, or an initializer, its name or any function of (shape, dtype).
        shape: Needed when `initializer` makes the value.
        dtype: By default that of the first value, float32 for Python's floats and initializers.
        trainable: Whether training may change it.
        name: By default "variable", "variable_1", ...

    It is no part of a model: a layer's weights are made with `add_weight`. Reading it in a layer's
    `call` is refused, because the graph would keep the value that it has then.
    """

    # NumPy leaves `array * variable` to __rmul__.
    __array_priority__ = 100

    def __init__(
        self,
        initializer,
        shape=None,
        dtype=None,
        trainable=True,
        autocast=True,
        aggregation="none",
        synchronization="auto",
        name=None,
        layout=None,
    ):
        if layout is not None:
            raise ValueError("Variable: `layout` is not supported, there is one device")
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(
                f"Argument `name` must be a string and cannot contain character `/`. Received: "
                f"name={name}"
            )
        self._array = _first_value(initializer, shape, dtype)
        self.name = _core.nn.unique_layer_name("Variable") if name is None else utf8(name)
        self.path = self.name
        self.trainable = bool(trainable)
        self.autocast = autocast
        self.aggregation = aggregation
        self.synchronization = synchronization

    def _read(self):
        if building_function():
            raise _core.RunError(
                f"{self.path}: a Variable of its own is read while a graph is built, which would keep "
                "the value that it has now; make it with `add_weight`"
            )
        return self._array.copy()

    def _write(self, array):
        self._array = array

    @property
    def shape(self):
        return self._array.shape

    @property
    def dtype(self):
        return _core.dtype_name(self._array.dtype)

    @property
    def ndim(self):
        return len(self.shape)

    def numpy(self):
        """A copy of the value."""
        return self._read()

    @property
    def value(self):
        """A copy of the value, which has `numpy()` too."""
        return as_result(self._read())

    def assign(self, value):
        """Replaces the value, converted to the dtype; returns it. ValueError when the shape differs, or
        when an integer dtype does not hold a value.
        """
        array = np.asarray(value)
        if array.shape != tuple(self.shape):
            raise _core.ShapeError(
                "The shape of the target variable and the shape of the target value in "
                f"`variable.assign(value)` must match. variable.shape={tuple(self.shape)}, "
                f"Received: value.shape={array.shape}. Target variable: {self!r}"
            )
        self._write(_converted(array, self.dtype))
        return self.value

    def assign_add(self, value):
        """Adds `value`, which broadcasts to the shape."""
        return self.assign(self.numpy() + np.asarray(value))

    def assign_sub(self, value):
        """Subtracts `value`, which broadcasts to the shape."""
        return self.assign(self.numpy() - np.asarray(value))

    def __array__(self, dtype=None, copy=None):
        array = self.numpy()
        return array if dtype is None else array.astype(dtype)

    def __getitem__(self, index):
        return self.value[index]

    def __float__(self):
        return float(self.numpy())

    def __int__(self):
        return int(self.numpy())

    def __bool__(self):
        raise TypeError("A Keras Variable cannot be used as a boolean.")

    __hash__ = object.__hash__

    def __repr__(self):
        value = "" if building_function() else f", value={self.numpy()}"
        return f"<Variable path={self.path}, shape={tuple(self.shape)}, dtype={self.dtype}{value}>"


def _operators():
    names = "add sub mul truediv floordiv mod pow matmul and or xor".split()
    for name in names:
        function = getattr(operator, name + "_" * (name in ("and", "or")))
        yield f"__{name}__", lambda self, other, f=function: f(self.value, other)
        yield f"__r{name}__", lambda self, other, f=function: f(other, self.value)
    for name in "lt le gt ge eq ne".split():
        function = getattr(operator, name)
        yield f"__{name}__", lambda self, other, f=function: f(self.value, other)
    for name in "neg pos abs invert".split():
        function = getattr(operator, name)
        yield f"__{name}__", lambda self, f=function: f(self.value)


for _name, _operator in _operators():
    setattr(Variable, _name, _operator)


def _first_value(initializer, shape, dtype):
    if isinstance(initializer, str) or callable(initializer):
        from . import initializers

        if shape is None:
            raise ValueError(
                "When creating a Variable from an initializer, the `shape` argument should be "
                f"specified. Received: initializer={initializer} and shape={shape}"
            )
        make = initializers.get(initializer) if isinstance(initializer, str) else initializer
        if isinstance(make, type):
            make = make()
        return np.array(make(tuple(shape), dtype=_named(dtype or "float32")))
    if initializer is None:
        raise ValueError("Variable: a first value or an initializer is needed, got None")
    array = np.array(initializer)
    if dtype is None and not hasattr(initializer, "dtype"):
        dtype = {"f": "float32", "i": "int32"}.get(array.dtype.kind)
    if dtype is not None:
        array = _converted(array, _named(dtype))
    if shape is not None and tuple(shape) != array.shape:
        raise ValueError(f"Variable: shape={tuple(shape)} is not that of the value, {array.shape}")
    return array


def _converted(array, dtype):
    """A copy with another dtype. InvalidArgument for what an integer does not hold."""
    with np.errstate(all="ignore"):
        converted = array.astype(_core.numpy_dtype(dtype))
    if converted.dtype.kind in "iu" and array.dtype.kind in "iuf":
        lost = np.argwhere(converted != array)
        if len(lost):
            place = lost[0].tolist()
            raise _core.InvalidArgument(
                f"the value {array[tuple(place)]} at {place} does not fit {dtype}"
            )
    return converted


def _named(dtype):
    try:
        return _core.dtype_name(dtype)
    except TypeError as error:
        raise ValueError(f"Invalid dtype: {dtype}") from error


class ModelVariable(Variable):
    """A value that lives in a model."""

    def __init__(self, value, name, path, read, write, trainable=True):
        self._value = value
        self.name = name
        self.path = path
        self.trainable = trainable
        self._read = read
        self._write = write

    @property
    def shape(self):
        return self._value.shape

    @property
    def dtype(self):
        return self._value.dtype


def variable_of_model(model, value):
    """A variable of a model's graph, such as an optimizer's slot."""
    core = model._model
    node = value.node_name
    return ModelVariable(
        value,
        node.rsplit("/", 1)[-1],
        node,
        lambda: core.get(value),
        lambda array: core.set(value, array),
        False,
    )
