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


def leaves(x):
    """The items of nested tuples, lists and dicts."""
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, (tuple, list)):
        return [leaf for item in x for leaf in leaves(item)]
    return [x]


def replaced(x, function):
    """Nested tuples, lists and dicts with `function(item)` for each item."""
    if isinstance(x, dict):
        return {key: replaced(item, function) for key, item in x.items()}
    if isinstance(x, (tuple, list)):
        items = [replaced(item, function) for item in x]
        return type(x)(*items) if hasattr(x, "_fields") else type(x)(items)
    return function(x)
