"""Models of calls of layers."""

from .. import _core
from .._framework import Tensor
from .._text import utf8
from . import layers as _layers
from ._model import Model, is_input
from ._values import leaves, mapped

_nn = _core.nn


class Functional(Model):
    """A model of calls of layers: what `Model(inputs, outputs)` makes."""

    __module__ = "tegula.keras.models"  # where users find it


def core_of(inputs, outputs, name):
    """The core layer of a model of calls, and the layers that were called."""
    graphs = {}
    for tensor in [*leaves(inputs), *leaves(outputs)]:
        if not isinstance(tensor, Tensor):
            raise ValueError(
                "All `inputs` and `outputs` of a model must be tensors that `Input` or a layer "
                f"gave. Received: {tensor!r} (of type {type(tensor).__name__})"
            )
        graphs[tensor.graph] = None
    values = [mapped(lambda tensor: tensor._value, group) for group in (inputs, outputs)]
    core = _nn.FunctionalLayer(*values, utf8(name or ""))
    return core, [_layers.layer_of_core(one, graphs) for one in core.sublayers]


def functional_from(config, layer_of=None):
    """The model of calls that a config describes; `layer_of` makes the layer of an entry."""
    made = {}  # by name of the layer and number of its call
    pending = []
    for entry in config["layers"]:
        layer = (layer_of or _layers.deserialize)(entry)
        if is_input(layer):
            made[layer.name, 0] = [_layers.symbol_of(layer)]
            continue
        for number, node in enumerate(entry["inbound_nodes"]):
            pending.append((layer, number, node))

    def tensor(described):
        if isinstance(described, dict):
            described = described["config"]["keras_history"]
        name, number, index = described
        return made[name, number][index]

    def tensors(described):
        is_place = isinstance(described, (list, tuple)) and isinstance(described[0], str)
        if is_place or (isinstance(described, dict) and "class_name" in described):
            return tensor(described)
        return mapped(tensor, described)

    while pending:
        left = []
        for layer, number, node in pending:
            try:
                arguments = [tensors(argument) for argument in node["args"]]
            except KeyError:
                left.append((layer, number, node))
                continue
            given = {k: v for k, v in node.get("kwargs", {}).items() if v is not None}
            made[layer.name, number] = leaves(layer(*arguments, **given))
        if len(left) == len(pending):
            raise _core.FormatError(
                f"layer {left[0][0].name!r} takes what no layer of the model gives"
            )
        pending = left
    model = Functional(
        tensors(config["input_layers"]), tensors(config["output_layers"]), name=config.get("name")
    )
    if not config.get("trainable", True):
        model.trainable = False
    return model
