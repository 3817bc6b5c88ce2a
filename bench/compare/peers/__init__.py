"""The peers, one per file. Files whose name begins with an underscore are shared by several.

A file states
    TITLE        what reports call it
    ENVIRONMENT  the virtual environment that it runs in: requirements/ENVIRONMENT.txt
    MODES        kind of case to the ways in which it can do that, the best documented ones
    MODULE       what `import` is timed with, and PACKAGES, whose sizes count; of peers in Python
and either the class `Peer(threads)`, with one method per kind that returns a function of no
arguments, or `COMMAND`, a program that speaks the same protocol. It is imported by the driver too,
so the peer's own modules are imported inside the class.
"""

import importlib
import pathlib


# Kinds of cases that need no code of the peer's: what they need is there or not.
_FRESH = {
    "import": lambda module: hasattr(module, "MODULE"),
    "size": lambda module: hasattr(module, "PACKAGES"),
    "stripped_size": lambda module: hasattr(module, "NATIVE_MODULE"),
    "first_step": lambda module: hasattr(module, "MODULE") and "step" in module.MODES,
    "first_inference": lambda module: hasattr(module, "MODULE") and "inference" in module.MODES,
    "peak_memory": lambda module: hasattr(module, "MODULE") and "epoch" in module.MODES,
}


def modes(module, kind):
    """The ways in which a peer can do a case of this kind; none when it cannot."""
    if kind in _FRESH:
        return ("",) if _FRESH[kind](module) else ()
    return module.MODES.get(kind, ())


TEGULA, RAW, FRAMEWORKS = "Tegula", "raw libraries", "frameworks"


def group(name):
    """Who competes with whom; a raw library is called on plain arrays, without a graph."""
    return {"tegula": TEGULA, "raw": RAW}.get(name.split("_")[0], FRAMEWORKS)


def names():
    return sorted(p.stem for p in pathlib.Path(__file__).parent.glob("[a-z]*.py"))


def load(name):
    return importlib.import_module(f"compare.peers.{name}")
