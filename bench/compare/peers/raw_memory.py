"""The machine's memory: a reference for everything that moves more than it computes. Beside an
inference it reads the network's weights.
"""

from ._program import command

TITLE = "memory"
COMMAND = command("memory")
MODES = dict.fromkeys(("copy", "stream", "inference"), ("2 threads", "1 thread"))
