"""Stacks of layers."""

from .. import _core
from .._framework import Tensor
from .._text import utf8
from . import _serialization
from . import layers as _layers
from ._layer import Layer
from ._layer_arguments import DTYPE
from ._model import Listed, Model, is_input

_nn = _core.nn


class Sequential(Model):
    """A plain stack of layers, each one's output the next one's input.

    Args:
        layers: The layers, maybe an `Input` first.
        name: Name; "sequential", "sequential_1", ... by default.
    """

    __module__ = "tegula.keras.models"  # where users find it

    def __init__(self, layers=None, trainable=True, name=None):
        given = [checked_layer(layer) for layer in ([] if layers is None else layers)]
        core = _nn.SequentialLayer(utf8(name or ""))
        self._listed = Listed([one for one in given if not is_input(one)], "in the stack")
        self._input = next((one for one in given if is_input(one)), None)
        self._take(core, _nn.Sequential(core, [layer._core for layer in given]), trainable)

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    def add(self, layer, rebuild=True):
        """Appends a layer."""
        layer = checked_layer(layer)
        self._model.add(layer._core)
        if is_input(layer):
            self._input = layer
        else:
            self._listed.layers.append(layer)
            layer._adopt(self.name)

    def pop(self, rebuild=True):
        """Removes the last layer and returns it."""
        if self._listed.layers:
            self._model.pop()
            return self._listed.layers.pop()
        return None

    def get_config(self):
        """The structure as plain data."""
        listed = [_layers.serialize(layer) for layer in self._listed.layers]
        config = {"name": self.name, "trainable": self.trainable, "dtype": DTYPE}
        if self.built:
            shape = self.input_shape
            given = self._input
            name = given.name if given is not None else "input_layer"
            options = {
                "batch_shape": shape, "dtype": self._model.input_dtype, "sparse": False, "ragged": False,
                "name": name, "optional": False,
            }
            first = {
                "module": "keras.layers", "class_name": "InputLayer", "config": options,
                "registered_name": None,
            }
            listed.insert(0, first)
            config["build_input_shape"] = shape
        return {**config, "layers": listed}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The model that `get_config` described, with new weights."""
        with _serialization.CustomObjectScope(custom_objects):
            listed = [_layers.deserialize(entry) for entry in config["layers"]]
        shape, dtype = config.get("build_input_shape"), config.get("build_input_dtype")
        if shape and dtype and not any(map(is_input, listed)):
            listed.insert(0, _layers._CLASSES["InputLayer"](batch_shape=shape, dtype=dtype))
        model = cls(listed, name=config.get("name"))
        if not config.get("trainable", True):
            model.trainable = False
        if shape and not model.built:
            model.build(shape)
        return model


def checked_layer(layer):
    """A layer; of a tensor that `Input` gave its input layer."""
    given = _layers.input_layer_of(layer) if isinstance(layer, Tensor) else layer
    if isinstance(given, Layer):
        return given
    raise ValueError(
        f"Only instances of `keras.Layer` can be added to a Sequential model. Received: "
        f"{layer!r} (of type {type(layer)})"
    )
