"""Linear algebra: the functions of keras.ops with their names in keras.ops.linalg."""

from ..._missing import getattr_of as _getattr_of
from . import _linalg
from ._dispatch import exported as _exported

__getattr__ = _getattr_of(__name__)

globals().update(_exported(_linalg))
