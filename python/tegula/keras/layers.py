"""Layers. Those of Python derive from `Layer`, define `call(inputs)`, and `build(input_shape)` when
they have weights.
"""

import inspect as _inspect

import numpy as _np

from .. import _core
from .._framework import Graph as _Graph
from .._framework import Tensor as _Tensor
from . import _objects, initializers, regularizers
from ._values import as_array as _as_array
from ._values import as_result as _as_result
from ._variables import variable_of_layer as _variable_of_layer

_nn = _core.nn
_DTYPE = {
    "module": "keras",
    "class_name": "DTypePolicy",
    "config": {"name": "float32"},
    "registered_name": None,
}


class Layer(_objects.Object):
    """Base of all layers.

    Args:
        trainable: Whether training changes the weights.
        name: Name; by default made from the class's.
    """

    _kind = "layer"
    _module = "keras.layers"
    _owner_name = None  # the model's, once the layer is in one
    _alone = None  # the model of a layer that is called outside of any
    _graph = None  # the graph that its weights are in

    def __init__(self, *, trainable=True, dtype=None, autocast=True, name=None, **kwargs):
        shape = _input_shape(kwargs)
        if kwargs:
            raise ValueError(
                f"Unrecognized keyword arguments passed to {type(self).__name__}: {kwargs}"
            )
        self._core = _nn.UserLayer(self, type(self).__name__, name or "")
        self._user_weights = []
        _finish(self, trainable, shape)

    @property
    def name(self):
        return self._core.name

    @property
    def trainable(self):
        return self._core.trainable

    @trainable.setter
    def trainable(self, value):
        self._core.trainable = bool(value)

    @property
    def built(self):
        return self._core.built

    @property
    def weights(self):
        return [_variable_of_layer(self, i) for i in range(len(self._core.weights))]

    variables = weights

    @property
    def trainable_weights(self):
        return [weight for weight in self.weights if weight.trainable]

    trainable_variables = trainable_weights

    @property
    def non_trainable_weights(self):
        return [weight for weight in self.weights if not weight.trainable]

    def _weight_named(self, name):
        for weight in self.weights:
            if weight.name == name:
                return weight
        return None

    @property
    def input_shape(self):
        return self._core.input_type

    @property
    def output_shape(self):
        return self._core.output_type

    def get_weights(self):
        """Copies of the weights, as arrays."""
        return self._core.get_weights()

    def set_weights(self, weights):
        """Replaces all weights. ValueError for a wrong number or shape."""
        self._core.set_weights([_np.asarray(weight) for weight in weights])

    def count_params(self):
        """The number of elements of all weights."""
        return sum(int(_np.prod(value.shape)) for value in self._core.weights)

    def __call__(self, x, training=False):
        """The output: of an array at once, of a tensor as graph."""
        if isinstance(x, _Tensor):
            return x.graph.tensor(self._core.call(x._value, bool(training)))
        x = _as_array(x)
        if not self._core.built:
            self._alone = _nn.Sequential([self._core], "layer")
            self._alone.build((None, *x.shape[1:]))
        return _as_result(self._core.evaluate(x, bool(training)))

    # What a layer of Python's defines, and what C++ calls.

    def build(self, input_shape):
        """Override to make weights with `add_weight`."""

    def call(self, inputs):
        """Override: the output, a tensor made of `inputs`; may take `training`."""
        raise NotImplementedError(f"{type(self).__name__} does not define `call`")

    def add_weight(self, shape=(), initializer="glorot_uniform", dtype=None, trainable=True,
                   regularizer=None, name=None, **_):
        """A weight, for use in `call`; float32."""
        initializer = initializers.get(initializer)
        regularizer = regularizers.get(regularizer)
        value = self._core.add_weight(
            name or f"weight_{len(self._core.weights)}",
            tuple(shape),
            initializer._core,
            None if regularizer is None else regularizer._core,
            trainable,
        )
        return self._graph_of(value).tensor(value)

    def _graph_of(self, value):
        """The layer's graph: one Python object, because tensors of two do not mix."""
        if self._graph is None:
            self._graph = _Graph(value.graph)
        return self._graph

    def _build(self, input_shape):
        self.build(input_shape)

    def _call(self, value, training):
        graph = self._graph_of(value)
        takes_training = "training" in _inspect.signature(self.call).parameters
        with graph.as_default():
            x = graph.tensor(value)
            y = self.call(x, training=training) if takes_training else self.call(x)
        return y._value if isinstance(y, _Tensor) else y

    def get_config(self):
        config = {"name": self.name, "trainable": self.trainable, "dtype": _DTYPE}
        if self._entry is None:
            return config
        own = super().get_config()
        own.pop("name", None)
        if own.get("activity_regularizer", 0) is None:
            own.pop("activity_regularizer")
        return {**config, **own}

    @classmethod
    def from_config(cls, config):
        config = {name: _made(name, value) for name, value in config.items() if name != "dtype"}
        return cls(**config)

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _made(name, value):
    """Objects in a config as what the constructors take."""
    if isinstance(value, dict) and "class_name" in value:
        kinds = {"initializer": initializers, "regularizer": regularizers}
        for suffix, module in kinds.items():
            if name.endswith(suffix):
                return module.get(value)
    return value


def _input_shape(kwargs):
    """Takes the old ways to state a first layer's input out of the arguments."""
    shape = kwargs.pop("input_shape", None)
    size = kwargs.pop("input_dim", None)
    batch_shape = kwargs.pop("batch_input_shape", None)
    if size is not None:
        shape = (size,)
    if batch_shape is not None:
        shape = tuple(batch_shape)[1:]
    return None if shape is None else tuple(shape) if isinstance(shape, (list, tuple)) else (shape,)


def _finish(layer, trainable, shape):
    layer._core.locate()
    layer._core.trainable = bool(trainable)
    if shape is not None:
        layer._core.input_shape = shape


def _table_init(self, *args, trainable=True, **kwargs):
    shape = _input_shape(kwargs)
    if self._entry["name"] == "InputLayer":
        kwargs["shape"] = shape if shape is not None else kwargs.get("shape")
        shape = None
    _objects.Object.__init__(self, *args, **kwargs)
    _finish(self, trainable, shape)


_CLASSES = _objects.classes_of(
    Layer,
    ignored=("dtype", "autocast", "sparse", "ragged", "tensor", "optional"),
    after={"noise_shape": "rate"},
    members={
        "": {"__init__": _table_init},
        "Dense": {
            "kernel": property(lambda self: self._weight_named("kernel")),
            "bias": property(lambda self: self._weight_named("bias")),
        },
    },
)
__getattr__, __dir__ = _objects.attributes(globals(), _CLASSES)


def Input(shape=None, batch_size=None, dtype=None, sparse=None, ragged=None, batch_shape=None,
          name=None, tensor=None, optional=False):
    """States the shape of one sample (`shape`), or of a batch (`batch_shape`)."""
    if (shape is None) == (batch_shape is None):
        raise ValueError("Input takes either `shape` or `batch_shape`, got "
                         f"shape={shape}, batch_shape={batch_shape}")
    if batch_shape is not None:
        batch_size, shape = batch_shape[0], tuple(batch_shape)[1:]
    if isinstance(shape, int):
        raise ValueError(f"Input: `shape` must be a tuple of integers, got {shape}")
    options = {"shape": tuple(shape), "batch_size": batch_size, "name": name}
    return _CLASSES["InputLayer"](**options)


def _layer_of(core):
    """The Python object of a layer that C++ made."""
    return _CLASSES[core.class_name]._of(core)


def deserialize(config):
    """The layer that `serialize` described."""
    name = config["class_name"]
    if name in _CLASSES:
        cls = _CLASSES[name]
        options = dict(config["config"])
        if name == "InputLayer" and "batch_shape" in options:
            return Input(batch_shape=options["batch_shape"], name=options.get("name"))
        return cls.from_config(options)
    from .saving import get_registered_object

    cls = get_registered_object(name)
    if cls is None:
        raise ValueError(f"Unknown layer: {name!r}; pass it in custom_objects or register it")
    return cls.from_config(config["config"])


serialize = _objects.serialize
