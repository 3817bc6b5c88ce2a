"""Objects as plain data and back: Keras's `{"module", "class_name", "config", "registered_name"}`.

Nothing here runs code that stands in the data: a class or function is found because the library
has it, or because the program registered, scoped or passed it.
"""

import contextlib
import importlib
import inspect
import threading
import types

import numpy as np

from .. import _core
from .._nested import walks
from ._arguments import short, shown

# What `keras.saving` and `keras.utils` both have.
__all__ = [
    "CustomObjectScope", "custom_object_scope", "deserialize_keras_object", "get_custom_objects",
    "get_registered_name", "get_registered_object", "register_keras_serializable",
    "serialize_keras_object",
]

# Registered classes and functions by "package>name", and those names by class or function.
_REGISTERED = {}
_NAMES = {}
_PLAIN = (str, bool, int, float, type(None))
MODULES = {
    "layer": "layers",
    "loss": "losses",
    "metric": "metrics",
    "optimizer": "optimizers",
    "initializer": "initializers",
    "regularizer": "regularizers",
    "constraint": "constraints",
    "schedule": "optimizers.schedules",
}


class _Scope(threading.local):
    """What `custom_object_scope` made known to this thread, and what a copy collects."""

    def __init__(self):
        self.objects = {}
        self.outer = []
        self.collected = None


_scope = _Scope()


# Names.


def register_keras_serializable(package="Custom", name=None):
    """Decorator: loading and `deserialize_keras_object` find the class or function from then on,
    by the name "package>name".
    """

    def register(item):
        if not hasattr(item, "__name__"):
            raise TypeError(f"only classes and functions can be registered, got {item!r}")
        if inspect.isclass(item) and not hasattr(item, "get_config"):
            raise ValueError(
                "Cannot register a class that does not have a get_config() method: "
                f"{item.__name__}"
            )
        registered_name = f"{package}>{name or item.__name__}"
        _REGISTERED[registered_name] = item
        _NAMES[item] = registered_name
        return item

    return register


def get_registered_name(obj):
    """The name under which a class or function is registered, else its own."""
    try:
        return _NAMES.get(obj) or obj.__name__
    except TypeError:  # cannot be hashed, so cannot be registered
        return obj.__name__


def get_registered_object(name, custom_objects=None, module_objects=None):
    """The class or function of this name that was passed, scoped or registered; None if none was."""
    for known in (custom_objects, _scope.objects, _REGISTERED, module_objects):
        if known and name in known:
            return known[name]
    return None


def get_custom_objects():
    """The registered classes and functions by name, to be read and changed."""
    return _REGISTERED


class CustomObjectScope:
    """While entered, this thread finds these classes and functions by name.

    Args:
        custom_objects: {name: class or function}; None is empty.
    """

    def __init__(self, custom_objects):
        self.custom_objects = custom_objects or {}

    def __enter__(self):
        _scope.outer.append(_scope.objects)
        _scope.objects = {**_scope.objects, **self.custom_objects}
        return self

    def __exit__(self, *exception):
        _scope.objects = _scope.outer.pop()


custom_object_scope = CustomObjectScope


def known_by(names):
    """The passed, scoped or registered object of the first name that is known, or None."""
    return next((found for found in map(get_registered_object, names) if found is not None), None)


def is_builtin(item):
    """Whether the class or function is the library's own."""
    return (getattr(item, "__module__", None) or "").startswith("tegula.")


# To plain data.


@walks
def serialize_keras_object(obj):
    """The object as plain data that `deserialize_keras_object` reads. ValueError for what has no
    `get_config()`.
    """
    if isinstance(obj, _PLAIN):
        return obj
    if isinstance(obj, (list, tuple)):
        return type(obj)(serialize_keras_object(item) for item in obj)
    if isinstance(obj, dict):
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    for kind, name, config in _SPECIAL:
        if isinstance(obj, kind):
            return {"class_name": name, "config": config(obj)}
    if isinstance(obj, np.generic):
        return obj.item()
    if isinstance(obj, type):
        raise TypeError(f"{obj.__name__} is a class: only its objects can be serialized")
    if hasattr(obj, "get_config"):
        return _serialized_object(obj)
    if callable(obj) and hasattr(obj, "__name__"):
        return {
            "module": "builtins",
            "class_name": "function",
            "config": _noted_name(obj),
            "registered_name": "function",
        }
    raise ValueError(
        f"cannot serialize {obj!r}: it has no `get_config()`, which gives the arguments that make "
        "an equal object"
    )


_SPECIAL = (
    (np.ndarray, "__numpy__", lambda x: {"value": x.tolist(), "dtype": x.dtype.name}),
    (bytes, "__bytes__", lambda x: {"value": x.decode("latin-1")}),
    (slice, "__slice__", lambda x: {"start": x.start, "stop": x.stop, "step": x.step}),
    (type(Ellipsis), "__ellipsis__", lambda x: {}),
)


def _serialized_object(obj):
    cls = type(obj)
    builtin = is_builtin(cls)
    module = cls.__module__ if cls.__module__ not in ("__main__", "builtins") else None
    result = {
        "module": getattr(obj, "_module", None) if builtin else module,
        "class_name": cls.__name__,
        "config": serialize_keras_object(obj.get_config()),
        "registered_name": None if builtin else _noted_name(cls),
    }
    for key, method in (("build_config", "get_build_config"), ("compile_config", "get_compile_config")):
        config = getattr(obj, method)() if hasattr(obj, method) else None
        if config:
            result[key] = serialize_keras_object(config)
    return result


def _noted_name(item):
    """The name of a class or function in the data; a copy notes what it will have to find."""
    name = getattr(item, "_tegula_name", None) or get_registered_name(item)
    collected = _scope.collected
    if collected is None or is_builtin(item):
        return name
    unique = name
    while collected.setdefault(unique, item) is not item:  # two functions called "<lambda>"
        unique += "'"
    return unique


@contextlib.contextmanager
def _collecting():
    """Notes the classes and functions of the user's that are serialized meanwhile."""
    previous, _scope.collected = _scope.collected, {}
    try:
        yield _scope.collected
    finally:
        _scope.collected = previous


def described(obj):
    """What C++ keeps of an object of the user's: {"class_name", "config", "registered_name"}, the
    last one None where it says nothing more.
    """
    data = serialize_keras_object(obj)
    name = data["registered_name"]
    return {**data, "registered_name": None if name in (data["class_name"], "function") else name}


# From plain data.


@walks
def deserialize_keras_object(config, custom_objects=None, safe_mode=True, **kwargs):
    """The object that `serialize_keras_object` described.

    Args:
        config: Plain data, of this library or of Keras.
        custom_objects: {name: class or function} that are found beside the registered ones.
        safe_mode: Without effect: code in the data is never run.
    """
    module_objects = kwargs.pop("module_objects", None)
    if kwargs:
        raise TypeError(f"deserialize_keras_object got unknown arguments: {sorted(kwargs)}")
    with CustomObjectScope({**(module_objects or {}), **(custom_objects or {})}):
        return _deserialized(config)


def _deserialized(config):
    if isinstance(config, str):
        found = get_registered_object(config)
        return config if found is None else found
    if isinstance(config, (list, tuple)):
        return type(config)(_deserialized(item) for item in config)
    if not isinstance(config, dict):
        return config
    if "class_name" not in config or "config" not in config:
        return {key: _deserialized(value) for key, value in config.items()}
    return object_of(config)


@walks
def object_of(config, kind=None):
    """The object of `{"class_name", "config", …}`; `kind` tells where to look for its class when
    the data does not.
    """
    if not isinstance(config, dict) or "class_name" not in config or "config" not in config:
        raise _core.InvalidArgument(
            f'expected {{"class_name": …, "config": …}} as the description of an object, got '
            f"{shown(config)}"
        )
    for key in ("class_name", "registered_name", "module"):
        if not isinstance(config.get(key), (str, type(None))):
            raise _core.DTypeError(f"`{key}` must be text, got {shown(config[key])}")
    name, inner = config["class_name"], config["config"]
    if name in _SPECIAL_FROM:
        return _SPECIAL_FROM[name](inner)
    if name == "function":
        return function_of(inner, kind)
    if name in ("DTypePolicy", "Policy"):
        return inner["name"]
    cls = class_of(config, kind)
    if not hasattr(cls, "from_config"):
        raise ValueError(f"{cls!r} has no from_config, so it cannot be made from {config}")
    instance = cls.from_config(inner)
    for key in ("build_config", "compile_config"):
        method = getattr(instance, key.replace("_config", "_from_config"), None)
        if config.get(key) and method is not None:
            method(config[key])
    return instance


def arguments_in(owner, config):
    """A copy of what `from_config` takes: a dict of arguments by name."""
    if isinstance(config, dict) and all(isinstance(name, str) for name in config):
        return dict(config)
    raise _core.InvalidArgument(
        f"{owner.__name__}.from_config takes a dict of arguments by name, got {shown(config)}"
    )


def _refuse_code(inner):
    raise ValueError(
        "the data holds the code of a lambda, which is never run, whatever safe_mode says: define "
        "a function of a name, register it, and build the model with it"
    )


_SPECIAL_FROM = {
    "__numpy__": lambda inner: np.array(inner["value"], dtype=inner["dtype"]),
    "__tensor__": lambda inner: np.array(inner["value"], dtype=inner["dtype"]),
    "__bytes__": lambda inner: inner["value"].encode("latin-1"),
    "__slice__": lambda inner: slice(*(_deserialized(inner[k]) for k in ("start", "stop", "step"))),
    "__ellipsis__": lambda inner: Ellipsis,
    "__lambda__": _refuse_code,
}


def class_of(config, kind=None):
    """The class that `{"class_name", …}` names. NotFound says how to make it known."""
    names = [config.get("registered_name"), config["class_name"]]
    found = known_by(name for name in names if name)
    if found is not None:
        return found
    for module in _modules_for(config, kind):
        cls = _builtin(module, config["class_name"])
        if inspect.isclass(cls):
            return cls
    raise _unknown("class", names[0] or names[1], config)


def function_of(name, kind=None):
    """The function of a name."""
    found = known_by((name, name.rpartition(">")[2]))
    if found is not None:
        return found
    for module in ("losses", "metrics", "activations"):
        function = _builtin(module, name)
        if isinstance(function, types.FunctionType) and kind in (None, "loss", "metric", "activation"):
            return function
    raise _unknown("function", name, {"class_name": "function", "config": name})


def _unknown(what, name, config):
    name, config = short(name, 100)[1:-1], short(config, 400)
    return _core.NotFound(
        f"Could not locate {what} '{name}'. Make it known before loading: decorate it with "
        "`@keras.saving.register_keras_serializable()`, or pass "
        f"`custom_objects={{'{name.rpartition('>')[2]}': …}}`, or load within "
        f"`keras.saving.custom_object_scope`. Full object config: {config}"
    )


def _modules_for(config, kind):
    stated = config.get("module") or ""
    stated = stated.removeprefix("keras.")
    if stated in MODULES.values():
        yield stated
    if kind in MODULES:
        yield MODULES[kind]
    yield from ("models", *MODULES.values())


def _builtin(module, name):
    """The attribute of a module of this package, or None."""
    return getattr(importlib.import_module(f"{__package__}.{module}"), name, None)


# Copies.


def parts_of(obj, state=None):
    """What `made_of` makes an equal object from: data, the user's classes and functions, state."""
    with _collecting() as collected:
        data = serialize_keras_object(obj)
    return data, dict(collected), state


def made_of(data, custom_objects, state=None):
    """The object of `parts_of`."""
    obj = deserialize_keras_object(data, custom_objects)
    if state is not None:
        obj._set_copied_state(state)
    return obj


class Copied:
    """Copying and pickling by configuration and state, as in Keras: a copy is an object of its own
    that shares nothing.
    """

    def _copied_state(self):
        """What an equal object lacks, or None."""
        return None

    def __reduce__(self):
        return made_of, parts_of(self, self._copied_state())

    def __new__(cls, *args, **kwargs):
        self = super().__new__(cls)
        if not is_builtin(cls):
            # No list, tuple or dict, in which layers would be taken for sublayers.
            self._arguments = types.SimpleNamespace(args=args, kwargs=kwargs)
        return self


@walks
def automatic_config(obj, base):
    """The arguments of an object whose class, derived from `base`, does not override `get_config`,
    when they are plain data: what the class takes beside the base's own arguments.
    """
    cls = type(obj)
    if cls.get_config is not base.get_config or cls.__init__ is base.__init__:
        return {}
    given = obj._arguments
    parameters = inspect.signature(cls).bind(*given.args, **given.kwargs)
    given = {}
    for name, value in parameters.arguments.items():
        kind = parameters.signature.parameters[name].kind
        given.update(value if kind is inspect.Parameter.VAR_KEYWORD else {name: value})
    own = {k: v for k, v in given.items() if k not in inspect.signature(base.__init__).parameters}
    try:
        return {name: _plain_only(value) for name, value in own.items()}
    except TypeError as problem:
        raise NotImplementedError(
            f"{cls.__name__} was made with {problem}, which is no plain data: define "
            "`get_config(self)`, which returns the arguments that make an equal object"
        ) from None


def _plain_only(value):
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, (list, tuple)):
        return type(value)(_plain_only(item) for item in value)
    if isinstance(value, dict):
        return {key: _plain_only(item) for key, item in value.items()}
    raise TypeError(repr(value))
