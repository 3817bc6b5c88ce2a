"""The machine's memory: a reference for everything that moves more than it computes."""

from ._program import command

TITLE = "memory"
COMMAND = command("memory")
MODES = {"copy": ("2 threads", "1 thread"), "stream": ("2 threads", "1 thread")}
