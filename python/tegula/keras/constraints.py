"""What weights become after every update. A constraint called on an array gives what it makes of it.
"""

from .. import _core
from . import _objects
from ._values import build_or_evaluate as _build_or_evaluate
from ._values import on_core_values as _on_core_values

_nn = _core.nn


class Constraint(_objects.Function):
    """Base of all constraints. Derive and define `__call__(w)` for your own."""

    _kind = "constraint"
    _module = "keras.constraints"

    def __call__(self, w):
        """What a weight `w` becomes."""
        return _build_or_evaluate(lambda value: _nn.constrain(self._core, value), w)


def _registered(function):
    return _objects.passed("constraint", function, _on_core_values(function))


_CLASSES = _objects.classes_of(Constraint, ignored=())
_ALIASES = _objects.Made(
    {_nn.snake_case(name): name for name in _CLASSES}, _CLASSES.__getitem__
)
__getattr__, __dir__ = _objects.attributes(globals(), _CLASSES, _ALIASES)
get = _objects.getter("constraint", _CLASSES, Constraint, of_function=_objects.itself)
serialize, deserialize = _objects.serialize, _objects.deserializer(get)
