"""Penalties on weights and activations. A regularizer called on an array gives its penalty."""

from .. import _core
from . import _objects
from ._values import build_or_evaluate as _build_or_evaluate
from ._values import on_core_values as _on_core_values

_nn = _core.nn


class Regularizer(_objects.Function):
    """Base of all regularizers. Derive and define `__call__(x)` for your own."""

    _kind = "regularizer"
    _module = "keras.regularizers"

    def __call__(self, x):
        """The penalty of `x`, a scalar."""
        return _build_or_evaluate(lambda value: _nn.regularize(self._core, value), x)


def _registered(function):
    return _objects.passed("regularizer", function, _on_core_values(function))


_CLASSES = _objects.classes_of(Regularizer, ignored=())
_ALIASES = _objects.Made(
    {
        "l1_l2": "L1L2",
        "orthogonal_regularizer": "OrthogonalRegularizer",
        **{name.lower(): name for name in _CLASSES},
    },
    _CLASSES.__getitem__,
)
__getattr__, __dir__ = _objects.attributes(globals(), _CLASSES, _ALIASES)
get = _objects.getter("regularizer", _CLASSES, Regularizer, of_function=_objects.itself)
serialize, deserialize = _objects.serialize, _objects.deserializer(get)
