"""MNIST: 70,000 handwritten digits of 28 x 28 pixels."""

import os as _os
import pathlib as _pathlib

from ... import _core
from ..._missing import getattr_of as _getattr_of
from . import _files

__getattr__ = _getattr_of(__name__)

_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path="mnist.npz"):
    """((x_train, y_train), (x_test, y_test)): uint8 images [n, 28, 28] and labels [n].

    Args:
        path: A folder with the four IDX files, or an .npz file; a bare name is looked for among
            what is installed with the package, in $TEGULA_DATA_DIR and in ~/.keras/datasets, and
            downloaded if it is nowhere.
    """
    given = _pathlib.Path(_os.fspath(path))
    if given.is_dir():
        return _core.nn.mnist(str(given))
    if given.is_file():
        return _from_npz(given)
    if given.is_absolute():
        raise FileNotFoundError(f"there is no {given}")
    for folder in _files.data_folders("mnist"):
        if _files.holds_mnist_files(folder):
            return _core.nn.mnist(str(folder))
    cached = _files.cache_folder() / given.name
    if not cached.is_file():
        _files.download(_URL, cached, "sha256", _SHA256)
    return _from_npz(cached)


def _from_npz(path):
    x_train, y_train, x_test, y_test = _files.npz_arrays(
        path, ("x_train", "y_train", "x_test", "y_test")
    )
    return (x_train, y_train), (x_test, y_test)
