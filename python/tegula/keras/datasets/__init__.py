"""Data sets, from disk where they are there, else downloaded."""

from ..._missing import getattr_of as _getattr_of
from . import fashion_mnist, mnist  # noqa: F401

__getattr__ = _getattr_of(__name__)
