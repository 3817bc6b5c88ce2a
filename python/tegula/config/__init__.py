"""tf.config: settings of the process."""

from .._missing import getattr_of as _getattr_of
from . import threading  # noqa: F401

__getattr__ = _getattr_of(__name__)
