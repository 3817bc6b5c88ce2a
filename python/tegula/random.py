"""tf.random: random numbers in the graph, and their seed."""

from . import _random_ops
from ._core import shuffled_order as shuffled_order
from ._missing import getattr_of as _getattr_of
from ._random_ops import (
    set_random_seed as set_random_seed,
    set_seed as set_seed,
    truncated_normal as truncated_normal,
)

__getattr__ = _getattr_of(__name__)

normal = _random_ops.random_normal
uniform = _random_ops.random_uniform
