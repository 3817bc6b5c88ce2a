"""Keras's functions: of tensors they build graph, of arrays and numbers they compute at once."""

from ..._missing import getattr_of as _getattr_of
from . import (
    _axes,
    _convolutions,
    _core,
    _creation,
    _elementwise,
    _indexing,
    _nn,
    _products,
    _reductions,
    _shapes,
    _signal,
    _special,
    _updates,
)
from . import image as image
from . import linalg as linalg
from . import nn as nn
from . import numpy as numpy
from ._dispatch import exported as _exported

__getattr__ = _getattr_of(__name__)

globals().update(
    _exported(
        _axes, _convolutions, _core, _creation, _elementwise, _indexing, linalg._linalg, _nn, _products,
        _reductions, _shapes, _signal, _special, _updates,
    )
)
