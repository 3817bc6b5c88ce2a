"""NumPy's functions: those of keras.ops with their names in keras.ops.numpy."""

from ..._missing import getattr_of as _getattr_of
from . import _core, _creation, _elementwise, _indexing, _products, _reductions, _shapes
from . import _linalg
from ._dispatch import exported as _exported

__getattr__ = _getattr_of(__name__)

globals().update(_exported(_creation, _elementwise, _indexing, _products, _reductions, _shapes))
slogdet, vectorize, view = _linalg.slogdet, _core.vectorize, _core.view
