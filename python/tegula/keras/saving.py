"""Saving and loading, and the names under which loading finds classes of the user's."""

import contextlib as _contextlib

from .._missing import getattr_of as _getattr_of

__getattr__ = _getattr_of(__name__)

_REGISTERED = {}


def register_keras_serializable(package="Custom", name=None):
    """Decorator: makes loading find the class by its name."""

    def register(item):
        _REGISTERED[name or item.__name__] = item
        return item

    return register


def get_registered_object(name, custom_objects=None, module_objects=None):
    """The class of this name, or None."""
    return (custom_objects or {}).get(name, _REGISTERED.get(name))


@_contextlib.contextmanager
def custom_object_scope(custom_objects):
    """While entered, loading finds these classes too."""
    previous = dict(_REGISTERED)
    _REGISTERED.update(custom_objects)
    try:
        yield
    finally:
        _REGISTERED.clear()
        _REGISTERED.update(previous)


CustomObjectScope = custom_object_scope


def load_model(filepath, custom_objects=None, compile=True, safe_mode=True):  # noqa: A002
    """The model that `save` wrote, compiled if it was."""
    from .models import load_model as load

    return load(filepath, custom_objects, compile, safe_mode)


def save_model(model, filepath, overwrite=True, **_):
    """`model.save(filepath)`."""
    model.save(filepath, overwrite)
