"""Layers. Those of Python derive from `Layer`, define `call(inputs)`, and `build(input_shape)` when
they have weights.
"""

import numpy as _np

from .. import _core
from .._framework import Tensor as _Tensor
from . import _objects, _recurrent, _serialization
from ._attention_layers import MEMBERS as _ATTENTION
from ._composed_layers import Lambda, SpectralNormalization, TimeDistributed, Wrapper
from ._input_spec import InputSpec
from ._layer import Layer
from ._layer_arguments import common_arguments as _common_arguments
from ._layer_arguments import input_shape as _input_shape
from ._layer_calls import note_symbolic as _note_symbolic
from ._layer_calls import symbolic_layer as _symbolic_layer
from ._recurrent import Bidirectional
from ._values import graph_of as _graph_of

_nn = _core.nn


def _table_init(self, *args, **kwargs):
    own = {}
    if self._entry["name"] == "InputLayer":
        own = _input_arguments(kwargs)
    common = _common_arguments(type(self), kwargs)
    _objects.Object.__init__(self, *args, **kwargs, **own)
    self._start(common)


def _input_arguments(arguments):
    """Takes the dtype of an input and the ways to state its shape out of the arguments."""
    own = {}
    dtype = arguments.pop("dtype", None)
    if dtype is not None:
        own["dtype"] = _np.dtype(getattr(dtype, "name", dtype)).name
    shape = arguments.pop("batch_shape", None) or arguments.pop("batch_input_shape", None)
    if shape is not None:
        if arguments.get("shape") is not None:
            raise ValueError("You cannot pass both `shape` and `batch_shape` at the same time.")
        own["batch_size"], own["shape"] = shape[0], tuple(shape)[1:]
    if "input_shape" in arguments or "input_dim" in arguments:
        own["shape"] = _input_shape(arguments)
    return own


def _kernel(dense):
    """The weight matrix. AttributeError before the layer is built."""
    if not dense.built:
        raise AttributeError("You must build the layer before accessing `kernel`.")
    return dense._weight_named("kernel")


def _bias(dense):
    """The bias, or None."""
    if not dense.built:
        raise AttributeError("You must build the layer before accessing `bias`.")
    return dense._weight_named("bias")


def _dense_input_spec(dense):
    """What inputs fit."""
    axes = {-1: dense._core.input_shapes[-1]} if dense.built else None
    return InputSpec(min_ndim=2, axes=axes)


def _input_config(self):
    options = self._core.config()
    return {
        "batch_shape": (options["batch_size"], *options["shape"]),
        "dtype": options["dtype"],
        "sparse": False,
        "ragged": False,
        "name": self.name,
        "optional": False,
    }


_CLASSES = _objects.classes_of(
    Layer,
    ignored=(),
    members={
        "": {"__init__": _table_init},
        "InputLayer": {"get_config": _input_config},
        "Dense": {
            "kernel": property(_kernel),
            "bias": property(_bias),
            "input_spec": property(_dense_input_spec),
        },
        **_recurrent.members(_table_init),
        **_ATTENTION,
    },
)
_ALIASES = {
    alias: name for name, aliases in _nn.layer_names().items() for alias in aliases
}
__getattr__, __dir__ = _objects.attributes(
    globals(), _CLASSES, _objects.Made(_ALIASES, lambda name: _CLASSES[name])
)


def _merging(name):
    def merge(inputs, **kwargs):
        return _CLASSES[name](**kwargs)(inputs)

    merge.__name__ = merge.__qualname__ = name.lower()
    merge.__doc__ = f"`{name}(**kwargs)(inputs)`."
    return merge


add, subtract, multiply = _merging("Add"), _merging("Subtract"), _merging("Multiply")
average, maximum, minimum = _merging("Average"), _merging("Maximum"), _merging("Minimum")


def concatenate(inputs, axis=-1, **kwargs):
    """`Concatenate(axis)(inputs)`."""
    return _CLASSES["Concatenate"](axis=axis, **kwargs)(inputs)


def dot(inputs, axes=-1, **kwargs):
    """`Dot(axes)(inputs)`."""
    return _CLASSES["Dot"](axes=axes, **kwargs)(inputs)


def Input(shape=None, batch_size=None, dtype=None, sparse=None, ragged=None, batch_shape=None,
          name=None, tensor=None, optional=False):
    """A tensor that stands for a model's input: to call layers on, or as a `Sequential`'s first
    entry. States the shape of one sample (`shape`), or of a batch (`batch_shape`).
    """
    if (shape is None) == (batch_shape is None):
        raise ValueError("Input takes either `shape` or `batch_shape`, got "
                         f"shape={shape}, batch_shape={batch_shape}")
    if batch_shape is not None:
        batch_size, shape = batch_shape[0], tuple(batch_shape)[1:]
    if isinstance(shape, int):
        raise ValueError(f"Input: `shape` must be a tuple of integers, got {shape}")
    layer = _CLASSES["InputLayer"](
        shape=tuple(shape), batch_size=batch_size, dtype=dtype, sparse=sparse, ragged=ragged,
        tensor=tensor, optional=optional, name=name,
    )
    return symbol_of(layer)


def symbol_of(layer):
    """A new tensor of an input layer."""
    core_graph, value = _nn.input_symbol(layer._core)
    graph = _graph_of(core_graph)
    _note_symbolic(graph, layer)
    return graph.tensor(value)


def input_layer_of(tensor):
    """The input layer that gave a tensor, or None."""
    core = _nn.input_layer_of(tensor._value) if isinstance(tensor, _Tensor) else None
    return None if core is None else layer_of_core(core, [tensor.graph])


def layer_of_core(core, graphs):
    """The Python object of a layer that was called on tensors of these graphs."""
    known = _symbolic_layer(core, graphs)
    if known is not None:
        return known
    for made_by_core in (Operation, Masked):
        if core.class_name == made_by_core.__name__:
            return made_by_core._of(core)
    return _layer_of(core)


class _MadeByCore(Layer):
    """What C++ puts between the layers of a model of calls."""

    def _has_own_call(self):
        return True

    def get_config(self):
        """The arguments that make an equal layer, as plain data."""
        return dict(self._core.config())

    def _refuse_arguments(self, given):
        """`trainable` and `dtype` stand in Keras's descriptions of all layers."""
        unknown = sorted(set(given) - {"trainable", "dtype"})
        if unknown:
            raise ValueError(f"{type(self).__name__}: unknown arguments {unknown}")


class Operation(_MadeByCore):
    """Operations between layers, as a layer of a model of calls."""

    def __init__(self, graph, name=None, **kwargs):
        self._refuse_arguments(kwargs)
        self._core = _nn.OperationLayer(graph, name or "")


class Masked(_MadeByCore):
    """A value with a mask that was given to a call (`layer(x, mask=mask)`), as a layer of a model of
    calls: its inputs are the two.
    """

    def __init__(self, name=None, **kwargs):
        self._refuse_arguments(kwargs)
        self._core = _nn.MaskedLayer(name or "")


def _layer_of(core):
    """The Python object of a layer that C++ made."""
    return _CLASSES[core.class_name]._of(core)


def deserialize(config, custom_objects=None):
    """The layer that `serialize` described. `custom_objects` are found by their names."""
    with _serialization.CustomObjectScope(custom_objects):
        layer = _serialization.object_of(config, "layer")
    if "trainable" in config:
        layer.trainable = config["trainable"]
    return layer


serialize = _objects.serialize
