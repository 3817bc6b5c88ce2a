"""Keras's layer API: models of layers, their training, saving and loading.

    from tegula import keras

    model = keras.Sequential([
        keras.layers.Dense(128, activation="relu", input_shape=(784,)),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=5)

Names, arguments, defaults and numerics are those of Keras 3.
"""

import importlib as _importlib
import sys as _sys
import typing as _typing

from .. import _missing
from . import callbacks, constraints, initializers, layers, losses, models, optimizers, regularizers
from .initializers import Initializer
from .layers import Input, InputSpec, Layer
from .losses import Loss
from .models import Model, Sequential
from .optimizers import Optimizer
from .regularizers import Regularizer

if _typing.TYPE_CHECKING:
    from . import activations, backend, config, datasets, metrics, ops, random, saving, tree, utils
    from ._remat import RematScope, remat
    from ._variables import Variable
    from .metrics import Metric

_BY_NAME = {
    "Metric": "metrics", "RematScope": "_remat", "Variable": "_variables", "remat": "_remat",
}
_LAZY = (
    "activations", "backend", "config", "datasets", "metrics", "ops", "random", "saving", "tree",
    "utils",
)


def __getattr__(name):
    if name in _LAZY:
        return _importlib.import_module(f"{__name__}.{name}")
    if name in _BY_NAME:
        return getattr(_importlib.import_module(f"{__name__}.{_BY_NAME[name]}"), name)
    _missing.raise_missing(__name__, name, _sys._getframe(1))


def __dir__():
    return sorted({*globals(), *__all__})


__all__ = [
    "Initializer", "Input", "InputSpec", "Layer", "Loss", "Metric", "Model", "Optimizer",
    "Regularizer", "RematScope", "Sequential", "Variable", "activations", "backend", "callbacks", "config",
    "constraints", "datasets",
    "initializers", "layers", "losses", "metrics", "models", "ops", "optimizers", "random",
    "regularizers", "remat", "saving", "tree", "utils",
]
