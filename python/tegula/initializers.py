"""tf.initializers: first values of variables, as functions of a shape."""

import inspect

from . import _array_ops, _random_ops, _variables
from ._dtypes import DTYPES
from ._missing import getattr_of as _getattr_of

__getattr__ = _getattr_of(__name__)


def _maker(build):
    class Initializer:
        """A function of (shape, dtype); the options are positional or by name, in this order."""

        def __init__(self, *arguments, **options):
            names = list(inspect.signature(build).parameters)[2:]
            self._options = {**dict(zip(names, arguments)), **options}

        def __call__(self, shape, dtype=DTYPES["float32"], partition_info=None):
            return build(shape, dtype, **self._options)

    return Initializer


zeros = _maker(lambda shape, dtype: _array_ops.zeros(shape, dtype))
ones = _maker(lambda shape, dtype: _array_ops.ones(shape, dtype))
constant = _maker(lambda shape, dtype, value=0: _array_ops.constant(value, dtype, shape))
glorot_uniform = _maker(_variables._glorot_uniform)
random_uniform = _maker(
    lambda shape, dtype, minval=-0.05, maxval=0.05, seed=None: _random_ops.random_uniform(
        shape, minval, maxval, dtype, seed
    )
)
random_normal = _maker(
    lambda shape, dtype, mean=0.0, stddev=1.0, seed=None: _random_ops.random_normal(
        shape, mean, stddev, dtype, seed
    )
)
truncated_normal = _maker(
    lambda shape, dtype, mean=0.0, stddev=1.0, seed=None: _random_ops.truncated_normal(
        shape, mean, stddev, dtype, seed
    )
)
