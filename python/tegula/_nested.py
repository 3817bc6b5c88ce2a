"""Nested data of users."""

import functools

from . import _core


def walks(function):
    """Decorator of what walks nested data: those that hold themselves, or are as deep as Python's
    stack, are refused.
    """

    @functools.wraps(function)
    def walk(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except RecursionError:
            raise _core.InvalidArgument(
                f"{function.__name__.strip('_')}: the data are nested too deep, or hold themselves"
            ) from None

    return walk
