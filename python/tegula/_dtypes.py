"""Element types and static shapes, with TensorFlow's names."""

import numpy as np

from . import _core
from ._text import utf8


class DType:
    """An element type. Equal to its NumPy counterpart and to its name."""

    __slots__ = ("name", "_numpy")

    def __init__(self, name):
        self.name = name
        self._numpy = None if name == "bfloat16" else np.dtype(name)

    @property
    def as_numpy_dtype(self):
        """The NumPy type; bfloat16 needs the package ml_dtypes."""
        return self.numpy_dtype.type

    @property
    def numpy_dtype(self):
        """The NumPy dtype object; bfloat16 needs the package ml_dtypes."""
        if self._numpy is None:
            self._numpy = _core.numpy_dtype(self.name)
        return self._numpy

    @property
    def base_dtype(self):
        return self

    @property
    def is_floating(self):
        return self.name in ("float32", "float64", "float16", "bfloat16")

    @property
    def is_integer(self):
        return self.name in ("int8", "uint8", "int32", "int64")

    @property
    def is_bool(self):
        return self.name == "bool"

    @property
    def is_unsigned(self):
        return self.name == "uint8"

    @property
    def size(self):
        """Bytes per element."""
        return self.numpy_dtype.itemsize

    @property
    def min(self):
        """The smallest finite value."""
        limits = np.finfo if self.is_floating else np.iinfo
        return limits(self.numpy_dtype).min

    @property
    def max(self):
        """The largest finite value."""
        limits = np.finfo if self.is_floating else np.iinfo
        return limits(self.numpy_dtype).max

    def __eq__(self, other):
        if isinstance(other, DType):
            return self.name == other.name
        try:
            return other is not None and self.name == _core.dtype_name(other)
        except TypeError:
            return NotImplemented

    def __hash__(self):
        return hash(self.name)

    def __repr__(self):
        return f"tf.{self.name}"

    def __str__(self):
        return f"<dtype: '{self.name}'>"

    def __reduce__(self):
        return as_dtype, (self.name,)


DTYPES = {name: DType(name) for name in _core.dtype_names}
_ALIASES = {
    float: "float32",
    int: "int32",
    "float": "float32",
    "double": "float64",
    "half": "float16",
}


def as_dtype(value):
    """The DType of a DType, a NumPy dtype or type, a name or a Python type."""
    if isinstance(value, DType):
        return value
    if isinstance(value, str):
        utf8(value)
    alias = _ALIASES.get(value) if isinstance(value, (str, type)) else None
    return DTYPES[alias or _core.dtype_name(value)]


class Dimension(int):
    """One known dimension: an int that also has TensorFlow 1's `.value`."""

    @property
    def value(self):
        return int(self)


class TensorShape(tuple):
    """A static shape: a tuple of int, with None for unknown dimensions."""

    def __new__(cls, dims=()):
        if hasattr(dims, "__index__"):
            dims = (dims,)
        return super().__new__(cls, (None if d is None or d == -1 else Dimension(d) for d in dims))

    def as_list(self):
        return [None if d is None else int(d) for d in self]

    @property
    def dims(self):
        return list(self)

    @property
    def rank(self):
        return len(self)

    ndims = rank

    def is_fully_defined(self):
        return None not in self

    def num_elements(self):
        """The number of elements; None when a dimension is unknown."""
        return int(np.prod(self, dtype=np.int64)) if self.is_fully_defined() else None

    def is_compatible_with(self, other):
        other = TensorShape(other)
        return len(self) == len(other) and all(
            a is None or b is None or a == b for a, b in zip(self, other)
        )

    def __getitem__(self, index):
        item = super().__getitem__(index)
        return TensorShape(item) if isinstance(index, slice) else item

    def __eq__(self, other):
        return tuple(self) == tuple(other) if isinstance(other, (tuple, list)) else NotImplemented

    def __ne__(self, other):
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else not equal

    __hash__ = tuple.__hash__

    def __str__(self):
        return str(tuple(self.as_list()))

    def __repr__(self):
        return f"TensorShape({self.as_list()})"
