"""tf.random: random numbers in the graph, and their seed."""

from ._core import shuffled_order  # noqa: F401
from ._missing import getattr_of as _getattr_of
from ._random_ops import random_normal as normal  # noqa: F401
from ._random_ops import random_uniform as uniform  # noqa: F401
from ._random_ops import (  # noqa: F401
    set_random_seed,
    set_seed,
    truncated_normal,
)

__getattr__ = _getattr_of(__name__)
