"""Saving and loading, objects as plain data, and the names of classes and functions of the user's."""

from .._missing import getattr_of as _getattr_of
from ._serialization import *  # noqa: F403
from .models import load_model, save_model  # noqa: F401

__getattr__ = _getattr_of(__name__)


def save_weights(model, filepath, overwrite=True, max_shard_size=None):
    """`model.save_weights(filepath)`."""
    model.save_weights(filepath, overwrite, max_shard_size)


def load_weights(model, filepath, skip_mismatch=False, **kwargs):
    """`model.load_weights(filepath)`."""
    model.load_weights(filepath, skip_mismatch, **kwargs)
