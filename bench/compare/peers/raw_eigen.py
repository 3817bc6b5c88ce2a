"""Eigen called directly: a reference for matrix products."""

from ._program import command

TITLE = "Eigen"
COMMAND = command("eigen")
MODES = {"gemm": ("product", "1 thread")}
