"""tf.compat: `tegula.compat.v1` is tegula itself, whose names are TensorFlow 1's."""

import sys

import tegula as _tegula
from .._missing import getattr_of as _getattr_of

__getattr__ = _getattr_of(__name__)

v1 = _tegula
sys.modules[__name__ + ".v1"] = v1
