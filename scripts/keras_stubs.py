#!/usr/bin/env python3
"""Writes the type stubs of tegula.keras from the live package: most of its classes are made from
tables, where type checkers cannot see them.

    scripts/keras_stubs.py           writes a .pyi beside each module, wherever it is imported from
    scripts/keras_stubs.py --check   exits with 1 when a stub is not up to date
"""

import ast
import importlib
import inspect
import pathlib
import re
import sys
import textwrap

from tegula.keras._objects import Option

MODULES = (
    "activations backend callbacks config constraints datasets.fashion_mnist datasets.mnist initializers "
    "layers losses metrics models ops ops.image ops.linalg ops.nn ops.numpy optimizers optimizers.schedules random regularizers saving tree utils"
).split()

# How the tables call the types of arguments, which may be "optional X" and "list of X", to Python's.
TYPES = {
    "bool": "bool",
    "int": "int",
    "float": "float",
    "str": "str",
    "shape": "Shape",
    "initializer": "InitializerLike",
    "regularizer": "RegularizerLike",
    "constraint": "ConstraintLike",
    "activation": "ActivationLike",
    "learning rate": "LearningRate",
    "number or list": "Union[float, Sequence[float], None]",
    "float or list": "float | Sequence[float]",
    "axes": "Union[int, Sequence[int], None]",
    "int or list": "int | Sequence[int] | Sequence[Sequence[int]]",
    "int or shape": "Union[int, Shape]",
}
INPUT_ONLY = {"sparse", "ragged", "tensor", "optional"}
# Arguments of layers beside those of the tables.
LAYER_ARGUMENTS = {
    "trainable": "bool",
    "remat": "Optional[bool]",
    "input_shape": "Optional[Shape]",
    "input_dim": "Optional[int]",
    "batch_input_shape": "Optional[Shape]",
}
HEADER = """# Written by scripts/keras_stubs.py.
from typing import Any, Optional, Sequence, Union

from {dots}_typing import ActivationLike, ConstraintLike, DTypeLike, InitializerLike, LearningRate
from {dots}_typing import RegularizerLike, Shape
"""


def python_type(name):
    if name.startswith("optional "):
        return f"Optional[{python_type(name[len('optional '):])}]"
    if name.startswith("list of "):
        return f"Sequence[{python_type(name[len('list of '):])}]"
    return TYPES[name]


def default_text(default):
    plain = default is None or type(default) in (bool, int, float, str)
    return " = " + (repr(default) if plain and "inf" not in repr(default) else "...")


def parameter(item):
    text = {item.VAR_POSITIONAL: "*", item.VAR_KEYWORD: "**"}.get(item.kind, "") + item.name
    annotation = item.annotation if isinstance(item.annotation, str) else "Any"
    text += f": {annotation}" if item.name not in ("self", "cls") else ""
    return text if item.default is item.empty else text + default_text(item.default)


def signature(function):
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return "*args: Any, **kwargs: Any"
    parts = []
    keyword_only = False
    for item in parameters:
        if item.kind is item.VAR_POSITIONAL:
            keyword_only = True
        if item.kind is item.KEYWORD_ONLY and not keyword_only:
            parts.append("*")
            keyword_only = True
        parts.append(parameter(item))
    return ", ".join(parts)


def table_init(cls):
    """The constructor of a class that is made from a table: its arguments in Keras's order, then those
    that all classes of the kind take.
    """
    types = cls._entry["types"]
    parts = ["self"]
    for item in inspect.signature(cls).parameters.values():
        kind = python_type(types[item.name]) if item.name in types else "Any"
        if item.default is None and not kind.startswith("Optional") and kind[-4:] not in ("Like", "one]"):
            kind = f"Optional[{kind}]"
        default = "" if item.default is item.empty else default_text(item.default)
        parts.append(f"{item.name}: {kind}{default}")
    others = sorted(set(cls._ignored) - (set() if cls.__name__ == "InputLayer" else INPUT_ONLY)) + list(LAYER_ARGUMENTS if cls._kind == "layer" else ())
    more = [name for name in others if name not in inspect.signature(cls).parameters]
    if more:
        parts += ["*"] + [f"{name}: {LAYER_ARGUMENTS.get(name, 'Any')} = ..." for name in more]
    return f"    def __init__({', '.join(parts)}) -> None: ..."


def method(name, item):
    if name == "call":  # users' classes override it with arguments of their own
        return ["    def call(self, *args: Any, **kwargs: Any) -> Any: ..."]
    if isinstance(item, property):
        lines = ["    @property", f"    def {name}(self) -> Any: ..."]
        if item.fset is not None:
            lines += [f"    @{name}.setter", f"    def {name}(self, value: Any) -> None: ..."]
        return lines
    if isinstance(item, (classmethod, staticmethod)):
        kind = type(item).__name__
        return [f"    @{kind}", f"    def {name}({signature(item.__func__)}) -> Any: ..."]
    if inspect.isfunction(item):
        result = "None" if name == "__init__" else "Any"
        return [f"    def {name}({signature(item)}) -> {result}: ..."]
    return [f"    {name}: Any"] if not name.startswith("_") else []


def option_attributes(cls):
    """The options of a class of a table that are attributes without more."""
    if not hasattr(cls, "_defined_here"):
        return []
    return [f"    {name}: Any" for name in cls._entry["types"] if not hasattr(cls, name)]


def assigned_attributes(cls):
    """The public names that the class's own code assigns to `self`."""
    functions = [
        function
        for item in vars(cls).values()
        for function in ((item.fget, item.fset) if isinstance(item, property) else (item,))
        if inspect.isfunction(function)
    ]
    # Function by function, because the class may say that it is of another module than its file.
    bodies = [ast.parse(textwrap.dedent(inspect.getsource(function))) for function in functions]
    names = {
        node.attr: None
        for body in bodies
        for node in ast.walk(body)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
        and not node.attr.startswith("_")
    }
    return [name for name in names if not hasattr(cls, name)]


def class_stub(name, cls, module):
    """The nearest public base of the same module stands for all that lie between."""
    bases = [base.__name__ for base in cls.__mro__[1:] if vars(module).get(base.__name__) is base]
    public = [base for base in bases if not base.startswith("_")][:1]
    of_others = [f"_{of}.{base.__name__}" for base, of in bases_of_other_modules(cls, module)]
    listed = ", ".join(public + of_others)
    lines = [f"class {name}({listed}):" if listed else f"class {name}:"]
    made = "__signature__" in vars(cls)
    if made:
        lines += option_attributes(cls)
        lines.append(table_init(cls))
    else:
        lines += [f"    {attribute}: Any" for attribute in assigned_attributes(cls)]
    for member, item in members(cls, public):
        if member == "__init__" and made:
            continue
        # The options that these serve are listed, so that other names are errors.
        if isinstance(item, Option) or (
            member in ("__getattr__", "__setattr__") and hasattr(cls, "_defined_here")
        ):
            continue
        if member == "__new__":  # type checkers would take its result for that of the class
            continue
        if not member.startswith("_") or re.fullmatch(r"__(init|call|r?\w{2,8})__", member):
            lines += method(member, item)
    return lines if len(lines) > 1 else [lines[0] + " ..."]


def bases_of_other_modules(cls, module):
    """The direct bases that another module of the stubs has, with its name."""
    found = []
    for base in cls.__bases__:
        of = base.__module__.removeprefix("tegula.keras.")
        if of in MODULES and base.__module__ != module.__name__ and cls.__module__ == module.__name__:
            found.append((base, of))
    return found


def members(cls, public):
    """The members of the class and of the private ones between it and its public base."""
    found = {}
    for base in cls.__mro__:
        if base is object or base.__name__ in public:
            break
        for name, item in vars(base).items():
            found.setdefault(name, item)
    return found.items()


def module_stub(name):
    module = importlib.import_module("tegula.keras." + name)
    is_package = hasattr(module, "__path__")
    lines = []
    for public in dir(module):
        if public.startswith("_"):
            continue
        item = getattr(module, public)
        if inspect.ismodule(item):
            if item.__name__ == f"{module.__name__}.{public}":
                lines.insert(0, f"from . import {public} as {public}")
            continue
        if inspect.isclass(item):
            if item.__name__ == public:
                lines += class_stub(public, item, module)
            else:
                lines.append(f"{public} = {item.__name__}")
        elif callable(item):
            lines.append(f"def {public}({signature(item)}) -> Any: ...")
    for of in sorted(set(re.findall(r"[(,] ?_(\w+)\.", "\n".join(
            line for line in lines if line.startswith("class "))))):
        lines.insert(0, f"from . import {of} as _{of}")
    dots = "." * (name.count(".") + 1 + is_package)
    return HEADER.format(dots=dots) + "\n" + "\n".join(lines) + "\n"


def main():
    stale = []
    for name in MODULES:
        module = importlib.import_module("tegula.keras." + name)
        target = pathlib.Path(module.__file__).with_suffix(".pyi")
        text = module_stub(name)
        if target.exists() and target.read_text() == text:
            continue
        stale.append(str(target))
        if "--check" not in sys.argv:
            target.write_text(text)
    for path in stale:
        print("not up to date:" if "--check" in sys.argv else "wrote", path)
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
