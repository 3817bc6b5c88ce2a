"""Functions of values for users' own losses, metrics and layers: `keras.ops.mean(x, axis=-1)`."""

from .. import _array_ops as _arrays
from .. import _math_ops as _math
from .. import nn as _nn
from .._missing import getattr_of as _getattr_of

__getattr__ = _getattr_of(__name__)

_NAMES = {
    _math: "abs add ceil cos divide equal exp floor greater greater_equal less less_equal log log1p "
    "logical_and logical_not logical_or matmul maximum minimum multiply negative not_equal pow "
    "round rsqrt sigmoid sign sin sqrt square subtract tanh argmax argmin cast expm1 erf".split(),
    _arrays: "broadcast_to expand_dims ones ones_like one_hot pad reshape shape split squeeze stack "
    "tile transpose where zeros zeros_like".split(),
    _nn: "elu gelu leaky_relu log_softmax relu silu softmax softplus".split(),
}
for _module, _names in _NAMES.items():
    for _name in _names:
        if hasattr(_module, _name):
            globals()[_name] = getattr(_module, _name)
for _name in "all any logsumexp max mean min prod sum".split():
    if hasattr(_math, "reduce_" + _name):
        globals()[_name] = getattr(_math, "reduce_" + _name)


def clip(x, x_min, x_max):
    """min(max(x, x_min), x_max)"""
    return _math.minimum(_math.maximum(x, x_min), x_max)


def concatenate(xs, axis=-1):
    """The values one after the other along an axis."""
    return _arrays.concat(xs, axis)
