"""Seeds, names, labels, data in batches, and pictures of models."""

import os as _os
import sys as _sys

import numpy as _np

from .. import _core, _seed
from .._missing import getattr_of as _getattr_of
from .._text import path as _path
from ._data import PyDataset
from ._sequence_data import pad_sequences, timeseries_dataset_from_array
from ._serialization import *  # noqa: F403
from .models import Model as _Model

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


def model_to_dot(model, show_shapes=False, show_dtype=False, show_layer_names=True, rankdir="TB",
                 expand_nested=False, dpi=200, subgraph=False, show_layer_activations=False,
                 show_trainable=False, splines="ortho"):
    """The picture of a model in the DOT language, as text; the arguments are those of `plot_model`.

    `subgraph` is only False: the text is that of a whole graph.
    """
    if subgraph is not False:
        raise ValueError(f"`subgraph={subgraph!r}` is not supported: the text is that of a whole graph")
    return _built(model)._model.to_dot(
        {"show_shapes": show_shapes, "show_dtype": show_dtype, "show_layer_names": show_layer_names,
         "rankdir": rankdir, "expand_nested": expand_nested, "dpi": dpi,
         "show_layer_activations": show_layer_activations, "show_trainable": show_trainable,
         "splines": splines}
    )


def plot_model(model, to_file="model.png", show_shapes=False, show_dtype=False,
               show_layer_names=False, rankdir="TB", expand_nested=False, dpi=200,
               show_layer_activations=False, show_trainable=False, splines="ortho"):
    """Draws a model: a box per layer, an arrow per connection.

    Args:
        model: A built model.
        to_file: A file whose name ends with .svg, which is drawn without other programs, with .dot,
            which is text for Graphviz, or with another of Graphviz's formats (.png, .pdf ...), which
            its program `dot` draws.
        show_shapes: Whether the shapes of inputs and outputs are shown.
        show_dtype: Whether the dtypes of outputs are shown.
        show_layer_names: Whether names are shown beside classes.
        rankdir: Where the arrows go: "TB", "LR", "BT" or "RL".
        expand_nested: Whether the layers of models among the layers are shown.
        dpi: Dots per inch.
        show_layer_activations: Whether activations are shown.
        show_trainable: Whether it is shown which layers are trainable.
        splines: Form of the arrows: "ortho", "line", or another of Graphviz's.

    Returns:
        In a notebook the picture, which it shows then; else None.
    """
    options = {"show_shapes": show_shapes, "show_dtype": show_dtype,
               "show_layer_names": show_layer_names, "rankdir": rankdir,
               "expand_nested": expand_nested, "dpi": dpi,
               "show_layer_activations": show_layer_activations,
               "show_trainable": show_trainable, "splines": splines}
    path = _os.fsdecode(_path(to_file))
    ending = _os.path.splitext(path)[1].lower().removeprefix(".")
    if not ending:
        raise ValueError(f"plot_model: the name of the file must end with .svg, .dot, .png or the like, "
                         f"got {to_file!r}")
    model = _built(model)._model
    if ending == "svg":
        _write(path, model.to_svg(options))
    elif ending == "dot":
        _write(path, model.to_dot(options))
    else:
        _draw(model.to_dot(options), path, ending)
    display = _sys.modules.get("IPython.display")
    if display is None or ending not in ("svg", "png", "jpg", "jpeg"):
        return None
    return (display.SVG if ending == "svg" else display.Image)(filename=path)


def _built(model):
    if not isinstance(model, _Model):
        raise ValueError(f"a picture is made of a model, got {model!r}")
    model._track()
    return model


def _write(path, text):
    with open(path, "w", encoding="utf8") as file:
        file.write(text)


def _draw(dot, path, ending):
    """Lets Graphviz draw a picture."""
    import shutil
    import subprocess

    program = shutil.which("dot")
    if program is None:
        raise ImportError(
            f"plot_model: a .{ending} file needs Graphviz's program `dot`, which is not installed. "
            "Install graphviz, or let the name of the file end with .svg, which needs nothing"
        )
    done = subprocess.run([program, f"-T{ending}", "-o", path], input=dot.encode("utf8"),
                          capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"plot_model: Graphviz could not write {path!r}: "
                           + done.stderr.decode("utf8", "replace").strip())
