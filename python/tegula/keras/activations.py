"""Activation functions: of arrays at once, of tensors as graph."""

from .. import _core
from .._missing import getattr_of as _getattr_of
from . import _objects, _serialization
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
    function.__module__ = __name__
    return function


_FUNCTIONS = {_name: _named(_name, _doc) for _name, _doc in _nn.activations()}
globals().update(_FUNCTIONS)
threshold = _named("threshold", "x where it is above a threshold, else a default value.")


def _registered(function):
    """The function as C++ finds it."""
    name = getattr(function, "_tegula_name", None)
    if name is not None:
        return name
    return _objects.passed("activation", function, _on_core_values(function))


def get(identifier):
    """The function of a name or description; `linear` for None; a function itself."""
    if identifier is None:
        return _FUNCTIONS["linear"]
    if isinstance(identifier, dict):
        return _serialization.object_of(identifier, "activation")
    if isinstance(identifier, str):
        found = _serialization.get_registered_object(identifier)
        if found is not None or identifier in _FUNCTIONS:
            return _FUNCTIONS[identifier] if found is None else found
    if callable(identifier):
        return identifier
    raise ValueError(f"Could not interpret activation function identifier: {identifier}")


def serialize(activation):
    """The name of a function of the library's, the description of one of the user's."""
    name = getattr(activation, "_tegula_name", None)
    return _serialization.serialize_keras_object(activation) if name is None else name


deserialize = _objects.deserializer(get)
