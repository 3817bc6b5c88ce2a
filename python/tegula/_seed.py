"""The seed that sessions and models take when they are given none."""

import os

_default = None
# Counts the calls of set_default: what was made of an earlier seed is to be made anew.
settings = 0


def set_default(seed):
    """Sets the seed for everything that is created from now on; None: a new one each time."""
    global _default, settings
    settings += 1
    _default = None if seed is None else int(seed) & (2**64 - 1)


def take():
    """The seed that was set, else a fresh one."""
    return int.from_bytes(os.urandom(8), "little") if _default is None else _default
