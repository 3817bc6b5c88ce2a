#!/usr/bin/env python3
"""Writes the type stubs of tegula.keras from the live package: most of its classes are made from
tables, where type checkers cannot see them.

    scripts/keras_stubs.py           writes a .pyi beside each module, wherever it is imported from
    scripts/keras_stubs.py --check   exits with 1 when a stub is not up to date
"""

import importlib
import inspect
import pathlib
import sys

MODULES = (
    "activations backend callbacks datasets.fashion_mnist datasets.mnist initializers layers losses "
    "metrics models ops optimizers optimizers.schedules regularizers saving utils"
).split()


def parameter(item):
    text = {item.VAR_POSITIONAL: "*", item.VAR_KEYWORD: "**"}.get(item.kind, "") + item.name
    text += ": Any" if item.name not in ("self", "cls") else ""
    return text if item.default is item.empty else text + " = ..."


def signature(function, first=()):
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return "*args: Any, **kwargs: Any"
    parts = list(first)
    keyword_only = False
    for item in parameters:
        if item.kind is item.VAR_POSITIONAL:
            keyword_only = True
        if item.kind is item.KEYWORD_ONLY and not keyword_only:
            parts.append("*")
            keyword_only = True
        parts.append(parameter(item))
    return ", ".join(parts)


def method(name, item):
    if isinstance(item, property):
        lines = ["    @property", f"    def {name}(self) -> Any: ..."]
        if item.fset is not None:
            lines += [f"    @{name}.setter", f"    def {name}(self, value: Any) -> None: ..."]
        return lines
    if isinstance(item, classmethod):
        return ["    @classmethod", f"    def {name}({signature(item.__func__)}) -> Any: ..."]
    if inspect.isfunction(item):
        result = "None" if name == "__init__" else "Any"
        return [f"    def {name}({signature(item)}) -> {result}: ..."]
    return []


def class_stub(name, cls, module):
    """The nearest public base of the same module stands for all that lie between."""
    bases = [base.__name__ for base in cls.__mro__[1:] if vars(module).get(base.__name__) is base]
    public = [base for base in bases if not base.startswith("_")][:1]
    lines = [f"class {name}({public[0]}):" if public else f"class {name}:"]
    if "__signature__" in vars(cls):
        keywords = ", **kwargs: Any"
        lines.append(f"    def __init__({signature(cls, ['self'])}{keywords}) -> None: ...")
    for member, item in vars(cls).items():
        if member == "__init__" and "__signature__" in vars(cls):
            continue
        if not member.startswith("_") or member in ("__init__", "__call__"):
            lines += method(member, item)
    return lines if len(lines) > 1 else [lines[0] + " ..."]


def module_stub(name):
    module = importlib.import_module("tegula.keras." + name)
    lines = ["# Written by scripts/keras_stubs.py.", "from typing import Any", ""]
    for public in dir(module):
        if public.startswith("_"):
            continue
        item = getattr(module, public)
        if inspect.ismodule(item):
            if item.__name__ == f"{module.__name__}.{public}":
                lines.insert(2, f"from . import {public} as {public}")
            continue
        if inspect.isclass(item):
            if item.__name__ == public:
                lines += class_stub(public, item, module)
            else:
                lines.append(f"{public} = {item.__name__}")
        elif callable(item):
            lines.append(f"def {public}({signature(item)}) -> Any: ...")
    return "\n".join(lines) + "\n"


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
