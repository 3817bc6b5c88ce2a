"""Checks of arguments, whose errors speak of the argument instead of the binding behind it."""

import operator

from .. import _core


def integer(name, value, least=None):
    """`value` as an int: what is one, or a float without a fraction."""
    number = _whole(value)
    if number is None:
        raise _core.DTypeError(f"`{name}` must be an integer, got {shown(value)}")
    if least is not None and number < least:
        raise _core.InvalidArgument(f"`{name}` must be >= {least}, got {number}")
    if not -(2**63) <= number < 2**63:
        raise _core.InvalidArgument(f"`{name}` must fit 64 bits, got {number}")
    return number


def shape(name, value):
    """`value` as a tuple of ints and None."""
    if hasattr(value, "as_list"):
        value = value.as_list()
    return tuple(None if dim is None else integer(name, dim) for dim in listed(name, value))


def listed(name, value):
    """`value` as a list: any iterable but text."""
    if isinstance(value, (str, bytes, dict)) or not hasattr(value, "__iter__"):
        raise _core.DTypeError(f"`{name}` must be a list or tuple, got {shown(value)}")
    return list(value)


def _whole(value):
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)
    except TypeError:
        pass
    if isinstance(value, float) or getattr(getattr(value, "dtype", None), "kind", "") == "f":
        return int(value) if value == int_or_none(value) else None
    return None


def int_or_none(value):
    """`value` rounded towards zero; None for NaN, infinities and what is no number."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def number(name, value):
    """`value` as a float: any real number, or an array of one."""
    if isinstance(value, (str, bytes, bool)) or value is None:
        raise _core.DTypeError(f"`{name}` must be a number, got {shown(value)}")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise _core.DTypeError(f"`{name}` must be a number, got {shown(value)}") from None


def flag(name, value):
    """`value` as a bool: True, False, or 0 or 1 of any type."""
    if isinstance(value, (str, bytes)) or int_or_none(value) not in (0, 1):
        raise _core.DTypeError(f"`{name}` must be True or False, got {shown(value)}")
    return bool(value)


def short(value, most=60):
    """The value as text of so many characters at most."""
    text = repr(value)
    return text if len(text) <= most else text[: most - 3] + "..."


def shown(value):
    """The value and its type, short."""
    return f"{short(value)} of type {type(value).__name__}"
