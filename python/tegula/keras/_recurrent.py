"""What recurrent layers and their cells have beside what the table of classes says."""

import numpy as np

from .. import _core
from ._input_spec import InputSpec, batch_shapes, is_shape
from ._layer import Layer
from ._serialization import arguments_in as _arguments_in
from ._serialization import deserialize_keras_object as _deserialize
from ._serialization import serialize_keras_object as _serialize
from ._values import is_structure

_nn = _core.nn


def _listed(states):
    """States as a list; None for none."""
    if states is None:
        return []
    return list(states) if isinstance(states, (list, tuple)) else [states]


def _state_sizes(layer):
    return [layer.units] * (2 if type(layer)._entry["name"].startswith("LSTM") else 1)


def _zeros(layer, batch_size):
    """States of zeros, as arrays."""
    if batch_size is None:
        raise ValueError(f"{type(layer).__name__}.get_initial_state needs a batch_size, got None")
    return [np.zeros((batch_size, size), "float32") for size in _state_sizes(layer)]


class RecurrentLayer(Layer):
    """Members of SimpleRNN, LSTM and GRU."""

    def __call__(self, sequences, initial_state=None, mask=None, training=None):
        """The output for a sequence (batch, steps, features), with `return_state` followed by the
        last states. `initial_state` is a state or a list of them, by default zeros; `mask` (batch,
        steps) is False where a step keeps the states.
        """
        if not is_structure(sequences):
            self._build_alone(sequences)
        states = _listed(initial_state)
        if not states:
            return Layer.__call__(self, sequences, mask=mask, training=training)
        if mask is not None:
            mask = [mask, *(None for _ in states)]
        return Layer.__call__(self, [sequences, *states], mask=mask, training=training)

    def _build_alone(self, sequences):
        """A layer that keeps states needs to know the batch."""
        shape = getattr(sequences, "shape", None)
        if self.stateful and not self.built and shape is not None and is_shape(tuple(shape)):
            self._core.build(tuple(shape))

    def _batch_shapes(self, shape):
        """A layer that keeps states is made for one size of batches."""
        return tuple(shape) if self.stateful else batch_shapes(shape)

    @property
    def input_spec(self):
        """What inputs fit."""
        return InputSpec(ndim=3)

    @property
    def state_size(self):
        """Sizes of the states."""
        return _state_sizes(self)

    @property
    def states(self):
        """What the last batch left, of a layer that is stateful; None before it is built."""
        kept = self._core.kept_states
        return [np.asarray(state.get()) for state in kept] if kept else None

    def get_initial_state(self, batch_size):
        """Zeros for each state."""
        return _zeros(self, batch_size)

    def reset_state(self):
        """Makes the states that a stateful layer keeps zeros."""
        self._core.reset_state()

    def reset_states(self):
        """As `reset_state`."""
        self.reset_state()


_SAME = ("stateful", "return_sequences", "return_state")


def _copy_of(layer, prefix, go_backwards):
    """An equal layer with new weights, whose name starts with the prefix."""
    described = _serialize(layer)
    described["config"]["name"] = prefix + layer.name.removeprefix(prefix)
    described["config"]["go_backwards"] = go_backwards
    return _deserialize(described)


class Bidirectional(RecurrentLayer):
    """A sequence through two recurrent layers, one from the first step to the last and one back,
    whose outputs are merged. Masked steps of sequences give 0.

    Args:
        layer: A recurrent layer; a layer of its options is made for each direction.
        merge_mode: "concat", "sum", "mul", "ave", or None: both outputs.
        weights: Only None: give weights by `set_weights`.
        backward_layer: The layer of the backward direction itself.
        **kwargs: As for `Layer`.
    """

    build = Layer.build

    def __init__(self, layer, merge_mode="concat", weights=None, backward_layer=None, **kwargs):
        for given, name in ((layer, "layer"), (backward_layer, "backward_layer")):
            if not isinstance(given, Layer) and (given is not None or name == "layer"):
                raise ValueError(
                    f"Please initialize `Bidirectional` layer with a `keras.layers.Layer` instance as "
                    f"`{name}`. Received: {given}"
                )
            for attribute in ("go_backwards", *_SAME):
                if given is not None and not hasattr(given, attribute):
                    raise ValueError(
                        f"Bidirectional takes recurrent layers, which have `{attribute}`. "
                        f"Received: {given}"
                    )
        if merge_mode not in ("sum", "mul", "ave", "concat", None):
            raise ValueError(
                f"Invalid merge mode. Received: {merge_mode}. Merge mode should be one of "
                '{"sum", "mul", "ave", "concat", None}'
            )
        if weights is not None:
            raise ValueError("Bidirectional: `weights` is not supported; use `set_weights`")
        forward = _copy_of(layer, "forward_", layer.go_backwards)
        if backward_layer is None:
            backward_layer = _copy_of(layer, "backward_", not layer.go_backwards)
        vars(self).update(forward_layer=forward, backward_layer=backward_layer,  # for `_new_core`
                          merge_mode=merge_mode)
        super().__init__(**kwargs)
        self.forward_layer, self.backward_layer = forward, backward_layer

    def _new_core(self, name):
        return _nn.BidirectionalLayer(self.forward_layer._core, self.backward_layer._core,
                                      self.merge_mode or "", name)

    def _has_own_call(self):
        return True

    @property
    def stateful(self):
        """Whether a batch goes on with the states that the last one left."""
        return self.forward_layer.stateful

    @property
    def return_sequences(self):
        """Whether the output of every step is given."""
        return self.forward_layer.return_sequences

    @property
    def return_state(self):
        """Whether the last states are given."""
        return self.forward_layer.return_state

    @property
    def state_size(self):
        """Sizes of the states, the forward layer's first."""
        return [*self.forward_layer.state_size, *self.backward_layer.state_size]

    def get_initial_state(self, batch_size):
        """Zeros for each state, the forward layer's first."""
        return [*self.forward_layer.get_initial_state(batch_size),
                *self.backward_layer.get_initial_state(batch_size)]

    def compute_output_shape(self, input_shape):
        """The shape that inputs of this shape give."""
        return self._core.compute_output_shape(tuple(input_shape))

    def get_config(self):
        """The arguments that make an equal layer, as plain data."""
        return {**super().get_config(), "merge_mode": self.merge_mode,
                "layer": _serialize(self.forward_layer),
                "backward_layer": _serialize(self.backward_layer)}

    @classmethod
    def from_config(cls, config):
        """The layer that `get_config` described, with new weights."""
        config = _arguments_in(cls, config)
        config["layer"] = _deserialize(config["layer"])
        if config.get("backward_layer") is not None:
            config["backward_layer"] = _deserialize(config["backward_layer"])
        return cls(**config)


class RecurrentCell(Layer):
    """Members of SimpleRNNCell, LSTMCell and GRUCell."""

    def __call__(self, inputs, states, training=None):
        """The output for one step's inputs (batch, features), and the states after the step: a list
        where `states` is one.
        """
        result = Layer.__call__(self, [inputs, *_listed(states)], training=training)
        return result[0], list(result[1:]) if isinstance(states, (list, tuple)) else result[1]

    @property
    def state_size(self):
        """Sizes of the states: a number where there is one."""
        sizes = _state_sizes(self)
        return sizes if len(sizes) > 1 else sizes[0]

    @property
    def output_size(self):
        """Size of the output."""
        return self.units

    def get_initial_state(self, batch_size=None):
        """Zeros for each state."""
        return _zeros(self, batch_size)


def _members_of(cls):
    return {name: member for name, member in vars(cls).items()
            if name not in ("__module__", "__doc__", "__dict__", "__weakref__", "__qualname__")}


def _checked_cudnn(make):
    """`make` with the argument `use_cudnn`, of which there is none."""

    def made(self, *args, use_cudnn="auto", **kwargs):
        if use_cudnn not in ("auto", True, False):
            raise ValueError(
                "Invalid valid received for argument `use_cudnn`. Expected one of {'auto', True, "
                f"False}}. Received: use_cudnn={use_cudnn}"
            )
        if use_cudnn is True:
            raise ValueError(
                "use_cudnn=True was specified, but cuDNN is not supported. Pass use_cudnn='auto'."
            )
        make(self, *args, **kwargs)

    return made


def members(make):
    """The members of each class, by its name; `make` is what `__init__` of classes of the table is."""
    layer, cell = _members_of(RecurrentLayer), _members_of(RecurrentCell)
    with_cudnn = {**layer, "__init__": _checked_cudnn(make)}
    return {"SimpleRNN": layer, "LSTM": with_cudnn, "GRU": with_cudnn,
            **dict.fromkeys(("SimpleRNNCell", "LSTMCell", "GRUCell"), cell)}
