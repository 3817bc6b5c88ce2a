"""Texts and paths of users as C++ takes them, and texts as users' terminals can show them."""

import os

from . import _core


def utf8(text):
    """The text. InvalidArgument for one that holds half a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _without_utf8(text) from None
    return text


def path(given):
    """The path as text or bytes. InvalidArgument for one that no file can have."""
    result = os.fspath(given)
    try:
        os.fsencode(result)
    except UnicodeEncodeError:
        raise _without_utf8(result) from None
    return result


def _without_utf8(text):
    return _core.InvalidArgument(
        f"the text {text!r} holds half a character (a lone surrogate), which UTF-8 has no form of"
    )


_ASCII = str.maketrans("┏┳┓┡╇┩├┼┤└┴┘━─┃│…", "+" * 12 + "--||.")


def printable(text, out):
    """A table with other rules where `out` cannot show Keras's."""
    try:
        text.encode(getattr(out, "encoding", None) or "utf8")
    except UnicodeEncodeError:
        return text.translate(_ASCII)
    return text
