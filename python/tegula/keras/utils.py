"""Seeds, names, labels, and data in batches."""

import numpy as _np

from .. import _core, _seed
from .._missing import getattr_of as _getattr_of
from ._data import PyDataset
from ._serialization import *  # noqa: F403

__getattr__ = _getattr_of(__name__)
Sequence = PyDataset  # its name in earlier Keras


def set_random_seed(seed):
    """Fixes everything that is random from here on: Python's and NumPy's generators, initial
    weights, dropout, shuffling.
    """
    import random

    if isinstance(seed, bool) or not isinstance(seed, (int, _np.integer)) or seed < 0:
        raise ValueError(f"the seed must be an integer >= 0, got {seed!r}")
    random.seed(int(seed))
    _np.random.seed(int(seed) % 2**32)
    _seed.set_default(int(seed))
    _core.nn.set_random_seed(int(seed))


def clear_session(free_memory=True):
    """Restarts the default names ("dense", "dense_1", ...)."""
    _core.nn.reset_layer_names()


def to_categorical(x, num_classes=None):
    """One-hot rows of integer labels, float64; a last axis of size 1 is dropped first."""
    x = _np.asarray(x, dtype="int64")
    if x.ndim > 1 and x.shape[-1] == 1:
        x = x.reshape(x.shape[:-1])
    count = int(x.max()) + 1 if num_classes is None else num_classes
    if x.size and (x.min() < 0 or x.max() >= count):
        raise ValueError(f"labels must be in 0..{count - 1}, got {x.min()}..{x.max()}")
    return _np.eye(count)[x]


def normalize(x, axis=-1, order=2):
    """`x` divided by its norms along `axis`."""
    norms = _np.atleast_1d(_np.linalg.norm(x, order, axis))
    norms[norms == 0] = 1
    return x / _np.expand_dims(norms, axis)
