"""Tegula from C++, built without oneDNN."""

from . import tegula_cpp
from ._program import command

TITLE = "Tegula C++ without oneDNN"
COMMAND = command("tegula", preset="no-onednn")
MODES = {kind: tegula_cpp.MODES[kind] for kind in ("epoch", "step", "inference")}
