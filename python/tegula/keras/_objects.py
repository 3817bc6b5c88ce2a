"""Classes made from C++'s tables: names, arguments, defaults and documentation come from there.

A program uses few of them, so each is made when it is first asked for.
"""

import importlib
import inspect
import sys

from .. import _core, _missing

_nn = _core.nn

# Keras's module of the objects that an argument takes.
_MODULES = {
    "initializer": "keras.initializers",
    "regularizer": "keras.regularizers",
    "learning_rate": "keras.optimizers.schedules",
}
# Arguments of Keras that mean nothing here unless they are given: then they are refused.
_UNSUPPORTED = {
    "kernel_constraint",
    "bias_constraint",
    "lora_rank",
    "lora_alpha",
    "quantization_config",
    "noise_shape",
    "input_axes",
    "output_axes",
}


def plain(name, value):
    """An argument as the plain data that C++ makes objects from."""
    if isinstance(value, type) and issubclass(value, Object):
        value = value()
    if isinstance(value, Object):
        return value._plain()
    if callable(value):
        for suffix, module in _CALLABLES.items():
            if name.endswith(suffix):
                return importlib.import_module(module, __package__)._registered(value)
    if isinstance(value, (list, tuple)):
        return [plain(name, item) for item in value]
    if hasattr(value, "tolist"):
        return value.tolist()
    return value


# The modules whose `_registered` makes a function of the user's the value of an argument, by the end
# of the argument's name.
_CALLABLES = {
    "activation": ".activations",
    "initializer": ".initializers",
    "regularizer": ".regularizers",
}


class Object:
    """Base of layers, losses, metrics, optimizers, initializers, regularizers and schedules."""

    _kind = ""
    _module = ""
    _entry = None  # the class's row of the table; None for classes that Python code derives

    def __init__(self, *args, **kwargs):
        self._core = self._make(bind(type(self), args, kwargs))

    @classmethod
    def _make(cls, options):
        return getattr(_nn, "make_" + cls._kind)(cls._entry["name"], options)

    @classmethod
    def _of(cls, core):
        """The Python object of one that C++ made."""
        self = object.__new__(cls)
        self._core = core
        return self

    def _plain(self):
        return {"class_name": self._core.class_name, "config": self._core.config()}

    def get_config(self):
        """The arguments that make an equal object, as plain data."""
        return {name: _serialized(name, value) for name, value in self._core.config().items()}

    @classmethod
    def from_config(cls, config):
        """The object that `get_config` described."""
        return cls(**config)

    def __repr__(self):
        arguments = ", ".join(f"{k}={v!r}" for k, v in self._core.config().items())
        return f"{type(self).__name__}({arguments})"


def _serialized(name, value):
    if not isinstance(value, dict) or "class_name" not in value:
        return value
    for suffix, module in _MODULES.items():
        if name.endswith(suffix):
            return {
                "module": module,
                "class_name": value["class_name"],
                "config": {k: _serialized(k, v) for k, v in value["config"].items()},
                "registered_name": None,
            }
    return value


def serialize(item):
    """Any object of this package as plain data that `deserialize` reads."""
    return {
        "module": item._module,
        "class_name": type(item).__name__,
        "config": item.get_config(),
        "registered_name": None if item._entry is not None else type(item).__name__,
    }


def bind(cls, args, kwargs):
    """The options that a call of the class means, as plain data."""
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
        options[name] = plain(name, value)
    return options


def check_dtype(owner, dtype):
    """A `dtype` argument: float32 however it is said; ValueError for anything else."""
    if isinstance(dtype, dict):
        dtype = dtype.get("config", {}).get("name")
    name = getattr(dtype, "name", dtype)
    if isinstance(name, type):
        name = name.__name__
    if name not in (None, "float32"):
        raise ValueError(
            f"{owner}: dtype={dtype!r} is not supported; weights and computations are float32"
        )


def make_class(base, entry, ignored=("dtype",), after=None, members=None):
    """The Python class of a row of a table. `ignored` arguments ask for what is so anyway;
    `after` says which arguments (by name) follow which in Keras's order of positional arguments;
    `members` adds attributes: under "" to all classes, under a class's name to that one.
    """
    fields = [name for name, _, _ in entry["arguments"]]
    positional = list(fields)
    for name, previous in (after or {}).items():
        if previous in positional:
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
            "_ignored": frozenset(ignored),
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


def getter(kind, classes, base):
    """Keras's `get`: None, an object, a class, a name, or what `serialize` gave."""
    find = getattr(_nn, "find_" + kind)

    def get(identifier):
        if identifier is None or isinstance(identifier, base):
            return identifier
        if isinstance(identifier, type) and issubclass(identifier, base):
            return identifier()
        if isinstance(identifier, str):
            return classes[find(identifier)]()
        if isinstance(identifier, dict):
            return classes[find(identifier["class_name"])].from_config(identifier["config"])
        raise ValueError(f"Could not interpret {kind} identifier: {identifier!r}")

    get.__doc__ = f"The {kind} that a name, a config or an object means; None for None."
    return get
