"""OpenBLAS called directly: a reference for matrix products."""

from ._program import command

TITLE = "OpenBLAS"
COMMAND = command("openblas")
MODES = {"gemm": ("sgemm", "1 thread")}
