"""Activations, losses, convolutions: the functions of keras.ops with their names in keras.ops.nn."""

from ..._missing import getattr_of as _getattr_of
from . import _convolutions, _nn
from ._dispatch import exported as _exported

__getattr__ = _getattr_of(__name__)

globals().update(_exported(_convolutions, _nn))
