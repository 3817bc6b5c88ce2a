"""Activation functions: of arrays at once, of tensors as graph."""

from .. import _core
from .._missing import getattr_of as _getattr_of
from ._values import build_or_evaluate as _build_or_evaluate
from ._values import on_core_values as _on_core_values

__getattr__ = _getattr_of(__name__)

_nn = _core.nn
_WITH_ARGUMENTS = ("relu leaky_relu elu celu gelu softmax log_softmax hard_shrink soft_shrink "
                   "squareplus glu sparsemax threshold").split()


def _named(name, doc):
    if name in _WITH_ARGUMENTS:
        native = getattr(_nn, name)

        def function(x, *args, **kwargs):
            return _build_or_evaluate(lambda value: native(value, *args, **kwargs), x)
    else:

        def function(x):
            return _build_or_evaluate(lambda value: _nn.activate(name, value), x)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    function._tegula_name = name
    return function


_FUNCTIONS = {_name: _named(_name, _doc) for _name, _doc in _nn.activations()}
globals().update(_FUNCTIONS)
threshold = _named("threshold", "x where it is above a threshold, else a default value.")


def _registered(function):
    """The name under which C++ finds the function."""
    name = getattr(function, "_tegula_name", None)
    if name is None:
        name = getattr(function, "__name__", type(function).__name__)
        _nn.register_activation(name, _on_core_values(function))
    return name


def get(identifier):
    """The function of a name; `linear` for None; a function itself."""
    if identifier is None:
        return _FUNCTIONS["linear"]
    if callable(identifier):
        return identifier
    if isinstance(identifier, str) and identifier in _FUNCTIONS:
        return _FUNCTIONS[identifier]
    raise ValueError(f"Could not interpret activation function identifier: {identifier}")


def serialize(activation):
    """The function's name."""
    return activation.__name__


deserialize = get
