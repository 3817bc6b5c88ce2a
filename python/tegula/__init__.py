"""Tegula: tensors and neural networks as planned static graphs.

The layer API is `tegula.keras`; this package itself speaks TensorFlow 1's names: build a graph of
placeholders, variables and operations, then run parts of it in a `Session`.

    import tegula as tf

    x = tf.placeholder(tf.float32, [None, 784])
    w = tf.Variable(tf.zeros([784, 10]))
    y = tf.nn.softmax(tf.matmul(x, w))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        p = session.run(y, {x: images})
"""

import importlib as _importlib
import sys as _sys

from . import _core, _missing

# Loading typing for its own constant would double the time of `import tegula`.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import (  # noqa: F401
        compat,
        config,
        dlpack,
        errors,
        image,
        initializers,
        keras,
        linalg,
        math,
        nn,
        random,
        train,
    )
    from ._graph_api import *  # noqa: F403
del TYPE_CHECKING

__version__ = _core.__version__

# Loaded on first use, as are the names of _graph_api: who trains a Keras model needs few of them.
_SUBMODULES = (
    "compat",
    "config",
    "dlpack",
    "errors",
    "image",
    "initializers",
    "keras",
    "linalg",
    "math",
    "nn",
    "random",
    "train",
)


def _load_graph_api():
    """The names of _graph_api, which become this module's own."""
    module = _importlib.import_module("._graph_api", __name__)
    names = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    globals().update(names)
    return names


def __getattr__(name):
    if name in _SUBMODULES:
        return _importlib.import_module(f"{__name__}.{name}")
    if name == "__all__":
        return sorted(_load_graph_api())
    if not name.startswith("_"):
        names = _load_graph_api()
        if name in names:
            return names[name]
    if name.endswith("_initializer"):
        initializers = _importlib.import_module(f"{__name__}.initializers")
        if hasattr(initializers, name[: -len("_initializer")]):
            return getattr(initializers, name[: -len("_initializer")])
    _missing.raise_missing(__name__, name, _sys._getframe(1))


def __dir__():
    return sorted({*globals(), *_load_graph_api(), *_SUBMODULES})
