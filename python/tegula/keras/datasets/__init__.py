"""Data sets, from disk where they are there, else downloaded."""

from . import fashion_mnist, mnist  # noqa: F401
