"""First values of weights. An initializer called with a shape gives an array."""

import inspect as _inspect

import numpy as _np

from .. import _core
from . import _objects
from ._arguments import shape as _shape
from ._values import as_result as _as_result

_nn = _core.nn


class Initializer(_objects.Function):
    """Base of all initializers. Derive and define `__call__(shape, dtype=None)` for your own."""

    _kind = "initializer"
    _module = "keras.initializers"

    def __call__(self, shape, dtype=None):
        """Values of this shape; float32 unless `dtype` says otherwise."""
        core, kind = self._core, _core.dtype_name(dtype or "float32")
        dims = _shape("shape", shape)
        return _as_result(
            _nn.evaluate([], lambda graph, _: _nn.initial_value(core, graph, kind, dims))
        )


def _registered(function):
    """A function (shape, dtype) -> array, as C++ finds it."""
    takes_dtype = "dtype" in _inspect.signature(function).parameters

    def values(shape):
        return _np.asarray(function(shape, dtype="float32") if takes_dtype else function(shape))

    return _objects.passed("initializer", function, values)


_CLASSES = _objects.classes_of(Initializer, ignored=())
_ALIASES = _objects.Made(
    {
        **{_nn.snake_case(name): name for name in _CLASSES},
        "IdentityInitializer": "Identity",
        "OrthogonalInitializer": "Orthogonal",
    },
    _CLASSES.__getitem__,
)
__getattr__, __dir__ = _objects.attributes(globals(), _CLASSES, _ALIASES)
_get = _objects.getter("initializer", _CLASSES, Initializer, of_function=_objects.itself)


def get(identifier):
    """The initializer that a name, a config, an array or an object means; a function as it is; None
    for None.
    """
    if isinstance(identifier, (_np.ndarray, _np.generic)):
        return _CLASSES["Constant"](identifier.tolist())
    return _get(identifier)


serialize, deserialize = _objects.serialize, _objects.deserializer(get)
