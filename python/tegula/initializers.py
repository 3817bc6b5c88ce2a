"""tf.initializers: first values of variables, as functions of a shape."""

from . import _array_ops, _random_ops
from ._dtypes import DTYPES


def _maker(build):
    class Initializer:
        def __init__(self, **options):
            self._options = options

        def __call__(self, shape, dtype=DTYPES["float32"], partition_info=None):
            return build(shape, dtype, **self._options)

    return Initializer


zeros = _maker(lambda shape, dtype: _array_ops.zeros(shape, dtype))
ones = _maker(lambda shape, dtype: _array_ops.ones(shape, dtype))
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
