"""oneDNN called directly: a reference for matrix products."""

from ._program import command

TITLE = "oneDNN"
COMMAND = command("onednn")
MODES = {"gemm": ("matmul", "sgemm", "matmul, 1 thread", "sgemm, 1 thread")}
