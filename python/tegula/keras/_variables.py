"""Weights and optimizer state as Python sees them: named, readable and assignable."""

import numpy as np

from .. import _core


class Variable:
    """A value that lives in a model: `numpy()` copies it out, `assign(value)` replaces it."""

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

    def numpy(self):
        """A copy of the value."""
        return self._read()

    value = numpy

    def assign(self, value):
        """Replaces the value. ValueError when the shape differs."""
        self._write(np.asarray(value))
        return self

    def __array__(self, dtype=None, copy=None):
        array = self.numpy()
        return array if dtype is None else array.astype(dtype)

    def __float__(self):
        return float(self.numpy())

    def __int__(self):
        return int(self.numpy())

    def __repr__(self):
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}>"


def variable_of_model(model, value):
    """A variable of a model's graph, such as an optimizer's slot."""
    core = model._core
    node = value.node_name
    return Variable(
        value,
        node.rsplit("/", 1)[-1],
        node,
        lambda: core.get(value),
        lambda array: core.set(value, array),
        False,
    )
