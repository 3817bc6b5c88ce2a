"""Classes made from C++'s tables: names, arguments, defaults and documentation come from there.

A program uses few of them, so each is made when it is first asked for.
"""

import contextlib
import importlib
import inspect
import itertools
import sys
import threading

from .. import _core, _missing
from .._nested import walks
from .._text import utf8
from . import _serialization
from ._arguments import short

_nn = _core.nn
_keys = itertools.count()

# What an argument takes, by the end of its name: the kind of object and Keras's module of it.
_KINDS = {
    "initializer": ("initializer", "keras.initializers"),
    "regularizer": ("regularizer", "keras.regularizers"),
    "constraint": ("constraint", "keras.constraints"),
    "learning_rate": ("schedule", "keras.optimizers.schedules"),
    "activation": ("activation", None),
}


def kind_of(name):
    """The kind of objects that an argument of this name takes, or None."""
    return next((kind for suffix, (kind, _) in _KINDS.items() if name.endswith(suffix)), None)


# Arguments of Keras that mean nothing here unless they are given: then they are refused.
_UNSUPPORTED = {
    "lora_rank",
    "lora_alpha",
    "quantization_config",
    "noise_shape",
    "renorm_clipping",
}


@walks
def plain(name, value):
    """An argument, as `resolved` gives it, as the plain data that C++ makes objects from."""
    if isinstance(value, Object):
        return value._plain()
    if callable(value) and kind_of(name):
        return registered(kind_of(name), value)
    if isinstance(value, (list, tuple)):
        return [plain(name, item) for item in value]
    if hasattr(value, "tolist"):
        return value.tolist()
    return value


def resolved(name, value):
    """The object or function that a registered name, a class or a description means; other values
    as they are.
    """
    kind = kind_of(name)
    if kind is None:
        return value
    if isinstance(value, str):
        found = _serialization.get_registered_object(value)
        value = value if found is None else found
    if isinstance(value, dict) and "class_name" in value:
        return _serialization.object_of(value, kind)
    return value() if isinstance(value, type) else value


def _users_objects(given):
    """Those of the arguments that are objects or functions of the user's: C++ knows no more of them
    than their names.
    """
    return {
        name: value
        for name, value in given.items()
        if kind_of(name)
        and callable(value)
        and not _serialization.is_builtin(value if hasattr(value, "__name__") else type(value))
    }


class _Passed(threading.local):
    """What `passed` has made known on this thread: kinds and keys, and the functions behind them."""

    def __init__(self):
        self.keys = []
        self.functions = []


_passed = _Passed()


def passed(kind, item, function):
    """The plain data by which C++ finds `function`, which acts for an object or function of the
    user's, while it makes the next object.
    """
    key = f"{kind} {next(_keys)}"
    core = function
    if kind != "activation":
        name, class_name, describe = identity(item)
        core = getattr(_nn, "make_user_" + kind)(function, name, class_name, describe)
        _passed.functions.append(describe)
    _passed.functions.append(function)
    getattr(_nn, "register_" + kind)(key, core)
    _passed.keys.append((kind, key))
    if class_name_of(item) == "function":
        name = _serialization.get_registered_name(item)
        return {"class_name": "function", "config": name, "registered_name": key}
    return {"class_name": class_name_of(item), "config": {}, "registered_name": key}


def core_of(module, given, owner, name):
    """The C++ object of what the argument `name` of `owner`, of the kind that `module` has, may be."""
    given = module.get(given)
    if given is None or (isinstance(given, Object) and not given._defined_here()):
        return None if given is None else given._core
    kind = module.__name__.rsplit(".", 1)[-1].removesuffix("s")
    with passing_to(owner, name):
        return getattr(_nn, "make_" + kind)(module._registered(given)["registered_name"], {})


@contextlib.contextmanager
def passing_to(owner, name=""):
    """While `owner` is made, or its option `name`, C++ knows what is `passed`. C++ does not keep
    the functions behind it alive, as they may lead back to what holds `owner`, which Python's
    collector would not see: the owner does, until the option is another one.
    """
    keys, functions = _passed.keys, _passed.functions
    _passed.keys, _passed.functions = [], []
    try:
        yield
        owner.__dict__.setdefault("_called_by_core", {})[name] = _passed.functions
    finally:
        for kind, key in _passed.keys:
            getattr(_nn, "forget_" + kind)(key)
        _passed.keys, _passed.functions = keys, functions


def name_of(item):
    """What errors and logs call an object or function of the user's."""
    return getattr(item, "__name__", type(item).__name__)


def identity(item):
    """What C++'s stand-ins for a user's object or function know of it: name, class and description."""
    return name_of(item), class_name_of(item), lambda: _serialization.described(item)


def class_name_of(item):
    return "function" if hasattr(item, "__name__") else type(item).__name__


def registered(kind, function):
    """The plain data by which C++ finds a function of the user's, or an object of a class of the
    user's, that stands for an object of this kind.
    """
    name = _serialization.MODULES.get(kind, kind + "s")
    return importlib.import_module("." + name, __package__)._registered(function)


class Option:
    """An option that C++ holds, as an attribute of the objects of a class. What an object's own
    dict has under the name goes before; the class itself has no such attribute.
    """

    def __init__(self, name):
        self._name = name

    def __get__(self, owner, cls):
        if owner is None or "_core" not in owner.__dict__:
            kind = f"type object {cls.__name__!r}" if owner is None else f"{cls.__name__!r} object"
            raise AttributeError(f"{kind} has no attribute {self._name!r}")
        return owner._option(self._name)


def options_of(cls, names):
    """The options of these names as attributes, but for those that the class sees to itself."""
    return {name: Option(name) for name in names if not hasattr(cls, name)}


class Object(_serialization.Copied):
    """Base of layers, losses, metrics, optimizers, initializers, regularizers and schedules.

    The options of a class of the table are attributes: reading gives what the option is now, and a
    change acts at the next call of every model that uses the object.
    """

    _kind = ""
    _module = ""
    _entry = None  # the class's row of the table; None for classes that Python code derives
    _fields = frozenset()  # names of the options that C++ holds
    _native = None  # the built-in class's part of an object of a user's class

    def __init__(self, *args, **kwargs):
        self._create(bind(type(self), args, kwargs))

    def _create(self, given):
        given = {name: resolved(name, value) for name, value in given.items()}
        self._of_user = _users_objects(given)
        with passing_to(self):
            self._core = self._make({name: plain(name, value) for name, value in given.items()})
        for name, value in given.items():
            self._share(name, value)

    @classmethod
    def _make(cls, options):
        return getattr(_nn, "make_" + cls._kind)(cls._entry["name"], options)

    @classmethod
    def _of(cls, core):
        """The Python object of one that C++ made."""
        self = object.__new__(cls)
        self._core = core
        return self

    def __setattr__(self, name, value):
        cls = type(self)
        if "_core" in self.__dict__ and not hasattr(cls, name):
            if name in cls._fields:
                self._set_option(name, value)
                return
            if name in _UNSUPPORTED and cls._entry is not None and value is not None:
                raise ValueError(f"{cls.__name__}: `{name}` is not supported, got {value!r}")
        object.__setattr__(self, name, value)

    @property
    def _options_core(self):
        """The C++ object that holds the options."""
        return self._core if self._native is None else self._native

    def _option(self, name):
        """The option as a user of Keras expects it: functions and objects, not their names."""
        objects = self.__dict__.setdefault("_objects", {})
        if name in objects:
            return objects[name]
        # Not `config`, which a subclass may answer by reading this.
        holder = self._options_core
        value = getattr(holder, "base_config", holder.config)()[name]
        core = holder.option_object(name)
        if core is not None:
            modules = (module for suffix, (_, module) in _KINDS.items() if name.endswith(suffix))
            module = importlib.import_module("tegula." + next(modules))
            if core.class_name in module._CLASSES:
                return objects.setdefault(name, module._CLASSES[core.class_name]._of(core))
        if name.endswith("activation") and isinstance(value, str):
            from . import activations

            return activations._FUNCTIONS.get(value, value)
        if isinstance(value, list) and name.endswith("shape"):
            return tuple(value)
        return None if value == "" else value

    def _set_option(self, name, value):
        if self._native is not None:
            raise AttributeError(
                f"{type(self).__name__}: `{name}` is fixed once the object is made, because the "
                "class overrides what uses it; make a new object"
            )
        value = resolved(name, value)
        if not self._share(name, value):
            with passing_to(self, name):
                self._core.set_option(name, plain(name, value))
        of_user = self.__dict__.setdefault("_of_user", {})
        of_user.pop(name, None)
        of_user.update(_users_objects({name: value}))

    def _share(self, name, value):
        """Makes an object the option itself, so that its own changes act; whether it is one that
        C++ holds.
        """
        self.__dict__.setdefault("_objects", {}).pop(name, None)
        held = isinstance(value, Object) and not value._defined_here()
        if held:
            self._core.set_option_object(name, value._core)
        if isinstance(value, Object) or callable(value):
            self._objects[name] = value
        return held

    def _defined_here(self):
        """Whether Python code of the user's says what the object computes."""
        return self._entry is None or self._overrides("__call__")

    def _overrides(self, method):
        """Whether a class of the user's replaces the library's method."""
        cls = type(self)
        library = next(base for base in cls.__mro__ if base.__module__.startswith("tegula."))
        return getattr(cls, method) is not getattr(library, method)

    def _plain(self):
        return {"class_name": self._core.class_name, "config": self._core.config()}

    def get_config(self):
        """The arguments that make an equal object, as plain data."""
        return self._described_options(self._core.config())

    def _described_options(self, options):
        """The options of C++ as plain data of Python's form."""
        given = self.__dict__.get("_of_user", {})
        return {
            name: _serialization.serialize_keras_object(given[name])
            if name in given
            else _serialized(name, value)
            for name, value in options.items()
        }

    @classmethod
    def from_config(cls, config):
        """The object that `get_config` described."""
        return cls(**_serialization.arguments_in(cls, config))

    def __repr__(self):
        if self._entry is None or "_core" not in self.__dict__:
            return f"<{type(self).__name__}>"
        arguments = [(name, default) for name, default, _ in self._entry["arguments"]]
        values = [(name, self._option(name), default) for name, default in arguments]
        shown = [
            (name, value) for i, (name, value, default) in enumerate(values)
            if name != "name" and (value != default or i == 0) and value is not None
            and not (isinstance(default, dict) and isinstance(value, Object)
                     and value._plain() == default)
        ]
        listed = ", ".join(f"{name}={getattr(value, '__name__', None) or repr(value)}"
                           for name, value in shown)
        return f"{type(self).__name__}({listed})"


class Function(Object):
    """Base of the kinds whose objects are functions: a class of Python's may have no arguments, and
    only `__call__`.
    """

    def __init__(self, *args, **kwargs):
        if self._entry is not None:
            super().__init__(*args, **kwargs)

    def _plain(self):
        return registered(self._kind, self) if self._defined_here() else super()._plain()

    def get_config(self):
        """The arguments that make an equal object."""
        return super().get_config() if self._entry is not None else {}


def _serialized(name, value):
    if not isinstance(value, dict) or "class_name" not in value:
        return value
    for suffix, (_, module) in _KINDS.items():
        if name.endswith(suffix):
            return {
                "module": module,
                "class_name": value["class_name"],
                "config": {k: _serialized(k, v) for k, v in value["config"].items()},
                "registered_name": value.get("registered_name"),
            }
    return value


serialize = _serialization.serialize_keras_object


def bind(cls, args, kwargs):
    """The options that a call of the class means."""
    names = cls._positional
    if len(args) > len(names):
        raise TypeError(
            f"{cls.__name__}() takes at most {len(names)} positional arguments, got {len(args)}"
        )
    given = dict(zip(names, args))
    for name, value in kwargs.items():
        if name in given:
            raise TypeError(f"{cls.__name__}() got multiple values for argument '{name}'")
        given[name] = value
    missing = [name for name in cls._entry["required"] if name not in given]
    if missing:
        names = " and ".join(map(repr, missing)) if len(missing) < 3 else ", ".join(map(repr, missing))
        raise TypeError(
            f"{cls.__name__}() missing {len(missing)} required positional "
            f"argument{'s' if len(missing) > 1 else ''}: {names}"
        )
    options = {}
    for name, value in given.items():
        if name in cls._ignored:
            if name == "dtype":
                check_dtype(cls.__name__, value)
            continue
        if name in _UNSUPPORTED and name not in cls._fields:
            if value is not None:
                raise ValueError(f"{cls.__name__}: `{name}` is not supported, got {value!r}")
            continue
        if value is None and name == "name":
            continue
        if isinstance(value, type) and issubclass(value, Object):
            value = value()
        options[name] = value
    return options


def check_dtype(owner, dtype):
    """A `dtype` argument: float32 however it is said; ValueError for anything else."""
    policy = dtype.get("config") if isinstance(dtype, dict) else None
    name = policy.get("name") if isinstance(policy, dict) else getattr(dtype, "name", dtype)
    if isinstance(name, type):
        name = name.__name__
    if name is not None and not (isinstance(name, str) and name == "float32"):
        raise ValueError(
            f"{owner}: dtype={short(dtype)} is not supported; weights and computations are float32"
        )


def make_class(base, entry, ignored=("dtype",), after=None, members=None):
    """The Python class of a row of a table. `ignored` arguments ask for what is so anyway;
    `after` says which arguments (by name) that are no fields follow which in Keras's order of positional
    arguments, None: the last; `members` adds attributes: under "" to all classes, under a class's name to that one.
    """
    fields = [name for name, _, _ in entry["arguments"]]
    positional = list(fields)
    for name, previous in (after or {}).items():
        if previous is None:
            positional.append(name)
        elif previous in positional and name not in fields:
            positional.insert(positional.index(previous) + 1, name)
    defaults = {name: default for name, default, _ in entry["arguments"]}
    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=inspect.Parameter.empty
            if name in entry["required"]
            else _shown(defaults.get(name)),
        )
        for name in positional
    ]
    lines = [f"    {name}: {doc}" for name, _, doc in entry["arguments"]]
    doc = entry["doc"] + ("\n\nArgs:\n" + "\n".join(lines) if lines else "")
    return type(
        entry["name"],
        (base,),
        {
            "__doc__": doc,
            "__module__": "tegula." + base._module,
            "__signature__": inspect.Signature(parameters),
            "_entry": entry,
            "_fields": frozenset(fields),
            "_positional": tuple(positional),
            "_ignored": frozenset(ignored) - frozenset(fields),
            **options_of(base, fields),
            **(members or {}).get("", {}),
            **(members or {}).get(entry["name"], {}),
        },
    )


def _shown(default):
    """A default as a signature shows it: an object with default arguments as its name."""
    if isinstance(default, dict) and "class_name" in default:
        return _nn.snake_case(default["class_name"])
    return None if default == "" else default


class Made:
    """`make(what)` under each name of {name: what}, made when it is first asked for."""

    def __init__(self, names, make):
        self._names = names
        self._make = make
        self._made = {}

    def __iter__(self):
        return iter(self._names)

    def __contains__(self, name):
        return name in self._names

    def __getitem__(self, name):
        what = self._names[name]
        made = self._made.get(what)
        return self._made.setdefault(what, self._make(what)) if made is None else made


def classes_of(base, **options):
    """Every class of the base's kind, by name; `options` are those of `make_class`."""
    describe = getattr(_nn, "describe_" + base._kind)
    names = {name: name for name in getattr(_nn, base._kind + "_names")()}
    return Made(names, lambda name: make_class(base, describe(name), **options))


def attributes(namespace, *tables):
    """`__getattr__` and `__dir__` of a module that has what the tables make, too."""

    def names():
        return sorted({*namespace, *(name for table in tables for name in table)})

    def attribute(name):
        for table in tables:
            if name in table:
                return namespace.setdefault(name, table[name])
        if name == "__all__":
            return [name for name in names() if not name.startswith("_")]
        _missing.raise_missing(namespace["__name__"], name, sys._getframe(1))

    return attribute, names


def itself(function):
    """For `getter`, where functions serve as they are."""
    return function


def getter(kind, classes, base, of_function=None):
    """Keras's `get` and `deserialize` of a kind: `get` takes None, an object, a class, a name, or
    what `serialize` gave; with `of_function`, which makes an object of it, also a function.
    """
    find = getattr(_nn, "find_" + kind)

    def get(identifier):
        if identifier is None or isinstance(identifier, base):
            return identifier
        if isinstance(identifier, dict):
            return get(_serialization.object_of(identifier, kind))
        if isinstance(identifier, str):
            found = _serialization.get_registered_object(identifier)
            return get(found) if found is not None else classes[find(utf8(identifier))]()
        if isinstance(identifier, type):
            return get(identifier())
        if of_function is not None and callable(identifier):
            return of_function(identifier)
        raise ValueError(f"Could not interpret {kind} identifier: {identifier!r}")

    get.__doc__ = f"The {kind} that a name, a config or an object means; None for None."
    return get


def deserializer(get):
    """Keras's `deserialize` beside a `get`."""

    def deserialize(config, custom_objects=None):
        with _serialization.CustomObjectScope(custom_objects):
            return get(config)

    deserialize.__doc__ = get.__doc__ + " `custom_objects` are found by their names."
    return deserialize
