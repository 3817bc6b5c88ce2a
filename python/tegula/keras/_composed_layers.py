"""Layers that are made of a function or of another layer.

Ops are imported where they are used: few models have such layers, and `import tegula.keras` is to be
quick.
"""

import inspect

from .. import _core
from .._framework import Graph, Tensor
from ._arguments import integer as _integer
from ._input_spec import is_shape as _is_shape
from ._layer import Layer
from ._layer import entering as _entering
from ._serialization import arguments_in as _arguments_in
from ._serialization import deserialize_keras_object as _deserialize
from ._serialization import serialize_keras_object as _serialize
from ._values import mapped

_nn = _core.nn


class Lambda(Layer):
    """What a function makes of the input. It has no weights: those that the function uses are not
    trained with it.

    Models with it are saved with the function's name; to load them, register the function
    (`keras.saving.register_keras_serializable`) or pass it in `custom_objects`. The code of a lambda
    is neither saved nor run.

    Args:
        function: Takes the input, a tensor or a structure, and builds graph; also `mask` and
            `training` if it names them.
        output_shape: Shape of one sample of the output, or a function of the input's shape; found
            out by default.
        mask: The output's mask, or a function of the input and its mask. None: the input's mask is
            dropped.
        arguments: Further arguments of the function, by name.
        **kwargs: As for `Layer`.
    """

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **kwargs):
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(f"Lambda takes a function, got {function!r}")
        self.function = function
        self.mask = mask
        self.arguments = dict(arguments or {})
        self._output_shape = output_shape
        self._expected = set(inspect.signature(function).parameters)
        self.supports_masking = mask is not None

    def call(self, inputs, mask=None, training=None):
        """The function's result."""
        own = {"mask": mask, "training": training}
        own = {name: value for name, value in own.items() if name in self._expected}
        return self.function(inputs, **{**self.arguments, **own})

    def compute_mask(self, inputs, mask=None):
        """The output's mask."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape):
        """The shape that inputs of this shape give."""
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        if self._output_shape is not None:
            first = input_shape if _is_shape(input_shape) else next(iter(input_shape))
            return (first[0], *self._output_shape)
        from .._array_ops import placeholder

        with Graph().as_default():
            if _is_shape(input_shape):
                inputs = placeholder("float32", tuple(input_shape))
            else:
                inputs = mapped(lambda shape: placeholder("float32", tuple(shape)), input_shape)
            return mapped(lambda tensor: tuple(tensor.shape), self.call(inputs))

    def get_config(self):
        """The arguments that make an equal layer, as plain data; functions by their names."""
        config = {"function": _serialize(self.function)}
        if self._output_shape is not None:
            config["output_shape"] = _serialize(self._output_shape)
        if self.mask is not None:
            if isinstance(self.mask, Tensor):
                raise NotImplementedError(
                    "Lambda: a mask that is a tensor cannot be described; give a function"
                )
            config["mask"] = _serialize(self.mask)
        config["arguments"] = _serialize(self.arguments)
        return {**super().get_config(), **config}

    @classmethod
    def from_config(cls, config):
        """The layer that `get_config` described."""
        config = _arguments_in(cls, config)
        for name in ("function", "output_shape", "mask", "arguments"):
            if config.get(name) is not None:
                config[name] = _deserialize(config[name])
        return cls(**config)


class Wrapper(Layer):
    """Base of layers that hold another one, which is trained, saved and loaded with them.

    Args:
        layer: The other layer.
        **kwargs: As for `Layer`.
    """

    def __init__(self, layer, **kwargs):
        if not isinstance(layer, Layer):
            raise ValueError(
                f"Layer {layer} supplied to Wrapper isn't a supported layer type. Please ensure "
                "wrapped layer is a valid Keras layer."
            )
        vars(self)["layer"] = layer  # for what C++ shall know of it
        super().__init__(**kwargs)
        self.layer = layer

    @_entering
    def build(self, input_shape=None):
        """Makes the other layer's weights for the same inputs."""
        if not self.layer.built:
            self.layer.build(input_shape)

    def get_config(self):
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(),
                "layer": _serialize(self.layer)}

    @classmethod
    def from_config(cls, config):
        """The layer that `get_config` described, with new weights."""
        config = _arguments_in(cls, config)
        return cls(_deserialize(config.pop("layer")), **config)


class TimeDistributed(Wrapper):
    """Another layer, applied to every step: (batch, steps, ...) to (batch, steps, ...). All steps of
    all samples are one batch of the other layer, so that one that takes moments of its batch, such
    as `BatchNormalization`, takes them over the steps, too.

    Args:
        layer: The other layer.
        **kwargs: As for `Layer`.
    """

    build = Layer.build

    def _new_core(self, name):
        return _nn.TimeDistributedLayer(self.layer._core, name)

    def _has_own_call(self):
        return True

    def compute_output_shape(self, input_shape):
        """The shape that inputs of this shape give."""
        if not _is_shape(input_shape) or len(input_shape) < 3:
            raise ValueError(
                "`TimeDistributed` Layer should be passed an `input_shape` with at least 3 "
                f"dimensions, received: {input_shape}"
            )
        of_step = self.layer.compute_output_shape((input_shape[0], *input_shape[2:]))
        return (input_shape[0], input_shape[1], *of_step[1:])


class SpectralNormalization(Wrapper):
    """Another layer, whose kernel (or table of embeddings) every training step first divides by its
    largest singular value, as power iteration finds it (Miyato et al. 2018, arXiv:1802.05957).

    Args:
        layer: The other layer.
        power_iterations: Rounds of power iteration in a step, 1 or more.
        **kwargs: As for `Layer`.
    """

    build = Layer.build

    def __init__(self, layer, power_iterations=1, **kwargs):
        vars(self)["_iterations"] = _integer("power_iterations", power_iterations)
        super().__init__(layer, **kwargs)

    def _new_core(self, name):
        return _nn.SpectralNormalizationLayer(self.layer._core, self._iterations, name)

    def _has_own_call(self):
        return True

    @property
    def power_iterations(self):
        """Rounds of power iteration in a step."""
        return self._iterations

    def compute_output_shape(self, input_shape):
        """The shape that inputs of this shape give."""
        return self.layer.compute_output_shape(input_shape)

    def get_config(self):
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "power_iterations": self.power_iterations}
