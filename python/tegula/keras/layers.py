"""Layers. Those of Python derive from `Layer`, define `call(inputs)`, and `build(input_shape)` when
they have weights.
"""

import functools as _functools
import inspect as _inspect
import weakref as _weakref

import numpy as _np

from .. import _core
from .._framework import Tensor as _Tensor
from .._framework import as_tensor as _as_tensor
from .._nested import walks as _walks
from .._text import utf8 as _utf8
from .._variables import Variable as _GraphVariable
from . import _objects, _serialization, constraints, initializers, regularizers
from ._arguments import listed as _listed
from ._data import arrays_of as _arrays_of
from ._input_spec import InputSpec
from ._values import as_array as _as_array
from ._values import as_result as _as_result
from ._values import as_results as _as_results
from ._values import graph_of as _graph_of
from ._values import is_array as _is_array
from ._values import is_structure as _is_structure
from ._values import items as _items
from ._values import leaves as _leaves
from ._values import mapped as _mapped
from ._values import tracing as _tracing
from ._weights import weight_of as _weight_of

_nn = _core.nn
_DTYPE = {
    "module": "keras",
    "class_name": "DTypePolicy",
    "config": {"name": "float32"},
    "registered_name": None,
}


class Layer(_objects.Object):
    """Base of all layers. Layers that are assigned to attributes, also in lists and dicts, become
    part of the layer: trained, counted, saved and loaded with it.

    Args:
        activity_regularizer: Penalty on the output.
        trainable: Whether training changes the weights.
        dtype: "float32", which is what there is.
        autocast: Whether inputs are cast to float32; they always are float32.
        name: Name; by default made from the class's.
    """

    _kind = "layer"
    _module = "keras.layers"
    _owner_name = None  # the model's, once the layer is in one
    _core = None
    _building = False
    _supports_masking = None  # as the class says
    input_spec = None

    def __init__(self, *, activity_regularizer=None, trainable=True, dtype=None, autocast=True,
                 name=None, **kwargs):
        kwargs.update(activity_regularizer=activity_regularizer, trainable=trainable, dtype=dtype,
                      autocast=autocast)
        common = _common_arguments(type(self), kwargs)
        if kwargs:
            raise ValueError(
                f"Unrecognized keyword arguments passed to {type(self).__name__}: {kwargs}"
            )
        self._core = self._new_core(_utf8(name or ""))
        self._start(common)

    def _new_core(self, name):
        """What C++ knows of the layer."""
        return _nn.UserLayer(type(self).__name__, name)

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if "build" in vars(cls) and not _serialization.is_builtin(cls):
            cls.build = _entering(vars(cls)["build"])
        if isinstance(vars(cls).get("supports_masking"), bool):
            cls._supports_masking = cls.supports_masking
            del cls.supports_masking

    def _start(self, common):
        """What follows the making of the core layer."""
        cls = type(self)
        core = self._core
        core.locate()
        core.trainable = bool(common["trainable"])
        if common["input_shape"] is not None:
            core.input_shape = common["input_shape"]
        if common["activity_regularizer"] is not None:
            self.activity_regularizer = common["activity_regularizer"]
        if "_entry" not in vars(cls):
            _refuse_dead_overrides(cls)
            self._override(core, Layer)

    def _override(self, core, base):
        """Lets C++ call the methods that the class has of its own, beside those of `base`."""
        cls = type(self)
        masks = cls.compute_mask is not Layer.compute_mask
        _nn.override_layer(
            core, self, cls.__name__, cls.build is not base.build, cls.call is not base.call, masks
        )
        if cls._supports_masking is not None:
            core.supports_masking = cls._supports_masking
        elif masks:
            core.supports_masking = True

    def __setattr__(self, name, value):
        _refuse_other_state(self, name, value)
        if not isinstance(value, (Layer, list, tuple, dict, set)):
            return super().__setattr__(name, value)
        layers = _layers_in(value)
        if self._core is None:
            if layers:
                raise RuntimeError(
                    f"{type(self).__name__}: call super().__init__() before layers are assigned"
                )
            return super().__setattr__(name, value)
        self._track()
        for layer in layers:
            _nn.add_sublayer(self._core, layer._core)  # may refuse: then nothing is assigned
        super().__setattr__(name, value)
        self._track()

    def _track(self):
        """Makes the layers in attributes sublayers, those that came last at the end."""
        for name, value in vars(self).items():
            for layer in _layers_in(value):
                _nn.add_sublayer(self._core, layer._core)
                layer._adopt(self._owner_name)

    def _sublayers(self):
        return [layer for value in vars(self).values() for layer in _layers_in(value)]

    def _adopt(self, owner):
        """Takes the name of the model that it is part of."""
        self._owner_name = owner
        for layer in self._sublayers():
            layer._adopt(owner)

    @property
    def name(self):
        return self._core.name

    @property
    def path(self):
        """The name, after the model's; None before the weights are made."""
        if not self.built:
            return None
        return f"{self._owner_name}/{self.name}" if self._owner_name else self.name

    @property
    def trainable(self):
        """Whether training changes the weights. Setting it sets the sublayers', too; it counts from
        the next `compile` on, or before the first training step after one.
        """
        return self._core.trainable

    @trainable.setter
    def trainable(self, value):
        self._track()
        self._core.trainable = bool(value)

    @property
    def activity_regularizer(self):
        """Penalty on the output, or None."""
        core = self._core.activity_regularizer
        if core is None or "_regularizer" in vars(self):
            return vars(self).get("_regularizer")
        return regularizers._CLASSES[core.class_name]._of(core)

    @activity_regularizer.setter
    def activity_regularizer(self, value):
        if "activity_regularizer" in getattr(type(self), "_fields", ()):
            if not hasattr(self, "_set_option"):
                raise AttributeError(
                    f"{type(self).__name__}.activity_regularizer is an option: give it when the "
                    "layer is made"
                )
            self._set_option("activity_regularizer", value)
            return
        self._regularizer = value if callable(value) else regularizers.get(value)
        self._core.activity_regularizer = _objects.core_of(
            regularizers, self._regularizer, self, "activity_regularizer"
        )

    @property
    def dtype(self):
        """The dtype of weights and computations."""
        return "float32"

    compute_dtype = variable_dtype = dtype

    @property
    def supports_masking(self):
        """Whether outputs carry masks, which `compute_mask` makes of those of the inputs. By default
        where the class defines `compute_mask`.
        """
        return self._core.supports_masking

    @supports_masking.setter
    def supports_masking(self, value):
        self._core.supports_masking = bool(value)

    @property
    def built(self):
        return self._core.built

    @built.setter
    def built(self, value):
        """As layers of Keras do at the end of `build`; the layer knows."""

    @property
    def weights(self):
        """All weights in Keras's order: own trainable ones, own others, those of sublayers."""
        self._track()
        return [_weight_of(weight, self) for weight in self._core.weights]

    variables = weights

    @property
    def trainable_weights(self):
        """Those that training changes."""
        self._track()
        return [_weight_of(weight, self) for weight in self._core.trainable_weights]

    trainable_variables = trainable_weights

    @property
    def non_trainable_weights(self):
        """Those that training leaves alone."""
        # A weight is the same object only while it is in use.
        weights, trainable = self.weights, {id(weight) for weight in self.trainable_weights}
        return [weight for weight in weights if id(weight) not in trainable]

    non_trainable_variables = non_trainable_weights

    def _weight_named(self, name):
        for weight in self.weights:
            if weight.name == name:
                return weight
        return None

    @property
    def losses(self):
        """What the last call added to the loss: `add_loss`, `activity_regularizer`, penalties of
        weights; sublayers' included. Tensors in `call`, else values.
        """
        if not _tracing():
            values = [*self._core.evaluated_losses, *self._core.regularization_values()]
            return [_as_result(value) for value in values]
        values = [*self._call_losses(), *self._core.regularization]
        return [_graph_of(value.graph).tensor(value) for value in values]

    def _call_losses(self):
        losses = list(self._core.call_losses)
        for layer in self._sublayers():
            losses += layer._call_losses()
        return losses

    def add_loss(self, loss):
        """In `call`: adds a tensor, or each of a list, to what training minimizes."""
        for one in loss if isinstance(loss, (list, tuple)) else [loss]:
            _nn.add_loss(self._core, _as_tensor(one)._value)

    @property
    def input_shape(self):
        """With the batch dimension. AttributeError before the layer is built."""
        return self._shape("input", self._core.input_shapes)

    @property
    def output_shape(self):
        """Of the last call. AttributeError before the layer is called."""
        return self._shape("output", self._core.output_shapes)

    def _shape(self, which, shape):
        if self.built and len(shape):
            return shape
        raise AttributeError(
            f"The layer {self.name} has never been called and thus has no defined {which} shape."
        )

    @property
    def input(self):
        """The tensor that the layer was called on, of a layer of a model of calls. ValueError when
        there were several calls, or none.
        """
        return self._symbolic("symbolic_inputs")

    @property
    def output(self):
        """What the layer made of `input`: for another `keras.Model`."""
        return self._symbolic("symbolic_outputs")

    def _symbolic(self, which):
        values = getattr(self._core, which)
        if not _leaves(values):  # an input layer has no inputs
            values = self._core.symbolic_outputs
        return _mapped(lambda value: _graph_of(value.graph).tensor(value), values)

    def compute_output_shape(self, input_shape):
        """The shape that inputs of this shape give. NotImplementedError for layers with a `call` of
        their own, which may define it.
        """
        if type(self).call is not Layer.call:
            raise NotImplementedError(
                f"Layer {type(self).__name__} does not have a `compute_output_shape` method "
                "implemented. Should implement `def compute_output_shape(self, input_shape)`."
            )
        return self._core.compute_output_shape(_plain_shapes(input_shape))

    def get_weights(self):
        """Copies of the weights, as arrays."""
        self._track()
        return self._core.get_weights()

    def set_weights(self, weights):
        """Replaces all weights. ValueError for a wrong number or shape."""
        self._track()
        self._core.set_weights([_arrays_of(w, "weights") for w in _listed("weights", weights)])

    def count_params(self):
        """The number of elements of all weights."""
        return sum(int(_np.prod(weight.shape)) for weight in self.weights)

    def __call__(self, x, *others, training=None, **arguments):
        """The output: of an array at once, of a tensor as graph; of `Input` and of what layers make
        of it as a tensor for `keras.Model`. A layer of several inputs takes a list or a dict.
        Further arguments are those of `call`; `training` is by default that of the enclosing call,
        else False, but True for layers that vary images, and `mask` what the inputs carry.
        """
        if self._core is None:
            raise RuntimeError(
                f"In layer {type(self).__name__}, you forgot to call `super().__init__()` as the first "
                "statement in the `__init__()` method."
            )
        signature = _signature(type(self).call)
        parameters = signature.parameters
        if others or arguments:
            signature.bind(self, x, *others, **arguments)
        for other in others:
            if not isinstance(other, (_Tensor, _np.ndarray)):
                raise ValueError(
                    "Only input tensors may be passed as positional arguments. The following "
                    f"argument value should be passed as a keyword argument: {other!r} (of type "
                    f"{type(other)})"
                )
        if training is None:
            default = parameters["training"].default if "training" in parameters else None
            if default is True and _nn.enclosing_training() is None:
                training = True
        self._track()
        mask = arguments.pop("mask", None)
        call = None
        if others or arguments:
            call = lambda value, mode: self._call(value, mode, others, arguments)  # noqa: E731
        if not all(map(_is_array, _items(x))):
            return self._call_on_tensors(x, mask, training, call)
        masks = _masks_of_arrays(x, mask)
        x = _arrays(x)
        if not _is_structure(x):
            _check_input(self, x.shape)
        training = self._mode(training)
        return _masked_results(
            self._core.evaluate(x, masks, bool(training), call, _key(others, arguments))
        )

    def _mode(self, training):
        """What `training` is where it is None."""
        if training is None:
            training = _nn.enclosing_training()
        return self._core.trains_alone if training is None else training

    def _call_on_tensors(self, x, mask, training, call):
        graph = next(item.graph for item in _leaves(x) if not _is_array(item))
        if _is_structure(x):
            with graph.as_default():
                x = _mapped(_as_tensor, x)
        else:
            _check_input(self, x.shape)
        if mask is not None:
            x = _with_masks(graph, x, mask)
        values = _mapped(lambda tensor: tensor._value, x)
        given = None if training is None else bool(training)
        results = self._core.call(values, given, call)
        _note_symbolic(graph, self)
        return _mapped(graph.tensor, results)

    # What a layer of Python's defines, and what C++ calls.

    def build(self, input_shape):
        """Makes the weights. Override to make them with `add_weight`."""
        if self._building:
            self._core.base_build(_plain_shapes(input_shape))
        else:
            self._core.build(_batch_shapes(input_shape))

    def call(self, inputs, training=None, mask=None):
        """Override: the output, a tensor made of `inputs`; may take `training`, `mask` (what the
        inputs carry, or None) and more.
        """
        if not self._has_own_call():
            raise NotImplementedError(
                f"Layer {type(self).__name__} does not have a `call()` method implemented."
            )
        training = bool(self._mode(training))
        if not all(map(_is_array, _items(inputs))):
            graph = _leaves(inputs)[0].graph
            if mask is not None:
                inputs = _with_masks(graph, inputs, mask)
            values = _mapped(lambda tensor: tensor._value, inputs)
            return _mapped(graph.tensor, self._core.base_call(values, training))
        masks = _masks_of_arrays(inputs, mask)
        return _masked_results(
            self._core.evaluate(_arrays(inputs), masks, training, self._core.base_call, "call")
        )

    def compute_mask(self, inputs, previous_mask=None):
        """Override: the mask of the output, or one for each, for inputs with these masks. By default
        the same.
        """
        if not self._has_own_call():
            return previous_mask
        if not all(map(_is_array, _items(inputs))):
            graph = _leaves(inputs)[0].graph
            with graph.as_default():
                masks = _leaves(previous_mask) if _is_structure(inputs) else [previous_mask]
                masks = [None if one is None else _as_tensor(one) for one in masks]
            values = _mapped(lambda tensor: tensor._value, inputs)
            found = self._core.base_compute_mask(values, _values_or_none(masks))
            return graph.tensor(found[0]) if found and found[0] is not None else None
        found = []

        def mask(values, training):
            of_inputs = [_nn.mask_of(value) for value in _leaves(values)]
            found[:] = self._core.base_compute_mask(values, of_inputs)
            return found[0] if found and found[0] is not None else _leaves(values)[0]

        masks = _masks_of_arrays(inputs, previous_mask)
        result, _ = self._core.evaluate(_arrays(inputs), masks, False, mask, "")
        return _as_result(result) if found and found[0] is not None else None

    def _has_own_call(self):
        """Whether C++ knows what the layer computes."""
        return self._entry is not None

    def add_weight(self, shape=None, initializer=None, dtype=None, trainable=True, autocast=True,
                   regularizer=None, constraint=None, aggregation="none", overwrite_with_gradient=False,
                   name=None):
        """A weight, for use in `call`; float32. By default a scalar, Glorot-uniform."""
        _objects.check_dtype(type(self).__name__, dtype)
        _refuse_given(
            f"{type(self).__name__}.add_weight",
            {"overwrite_with_gradient": overwrite_with_gradient or None,
             "aggregation": None if aggregation in (None, "none", "mean") else aggregation},
        )
        count = len(self._core.weights)

        def core_of(module, given, kind):
            return _objects.core_of(module, given, self, f"{kind} of weight {count}")

        core = _nn.add_weight(
            self._core,
            _utf8(name or (f"variable_{count}" if count else "variable")),
            () if shape is None else tuple(shape),
            core_of(initializers, "glorot_uniform" if initializer is None else initializer, "initializer"),
            core_of(regularizers, regularizer, "regularizer"),
            core_of(constraints, constraint, "constraint"),
            bool(trainable),
        )
        return _weight_of(core, self)

    def _build(self, input_shape):
        self._building = True
        try:
            self.build(input_shape)
        finally:
            self._building = False
        self._track()

    def _call(self, values, training, others=(), arguments=None):
        graph = _graph_of(_leaves(values)[0].graph)
        arguments = dict(arguments or {})
        parameters = list(_signature(type(self).call).parameters)
        if "training" in parameters:
            arguments["training"] = training
        if "mask" in parameters[2 + len(others) :]:
            arguments["mask"] = _mapped(lambda value: _tensor_or_none(_nn.mask_of(value)), values)
        with graph.as_default():
            inputs = _mapped(graph.tensor, values)
            if not _is_structure(inputs):
                _check_input(self, inputs.shape)
            y = self.call(inputs, *others, **arguments)
        return _mapped(lambda one: one._value if isinstance(one, _Tensor) else one, y)

    def _compute_mask(self, values, masks):
        graph = _graph_of(_leaves(values)[0].graph)
        with graph.as_default():
            inputs = _mapped(graph.tensor, values)
            given = [_tensor_or_none(mask) for mask in masks]
            found = self.compute_mask(inputs, given if _is_structure(values) else given[0])
            found = [None if one is None else _as_tensor(one) for one in _leaves(found)]
        return _values_or_none(found)

    def _copied_state(self):
        return (self.input_shape, self.get_weights()) if self.built else None

    def _set_copied_state(self, state):
        shape, weights = state
        self._core.build(_batch_shapes(shape))
        self.set_weights(weights)

    def _described(self):
        return _serialization.described(self)

    def get_config(self):
        """The arguments that make an equal layer, as plain data."""
        config = {"name": self.name, "trainable": self.trainable, "dtype": _DTYPE}
        regularizer = self.activity_regularizer
        if regularizer is not None:
            config["activity_regularizer"] = _objects.serialize(regularizer)
        if self._entry is None:
            return {**config, **_serialization.automatic_config(self, Layer)}
        own = self._described_options(self._core.base_config())
        own.pop("name", None)
        if own.get("activity_regularizer", 0) is None:
            own.pop("activity_regularizer")
        return {**config, **own}

    @classmethod
    def from_config(cls, config):
        """The layer that `get_config` described, with new weights."""
        config = _serialization.arguments_in(cls, config)
        return cls(**{name: _made(name, value) for name, value in config.items()})

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


_signature = _functools.lru_cache(maxsize=64)(_inspect.signature)


def _entering(build):
    """`build` as a class defines it, but so that calling it makes the layer built."""

    @_functools.wraps(build)
    def entered(self, input_shape=None):
        if self._building:
            return build(self, input_shape)
        self._core.build(_batch_shapes(input_shape))

    return entered


# Methods that Keras calls and that nothing calls here, and what to do instead.
_DEAD_OVERRIDES = {
    "__call__": "define `call`",
    "save_own_variables": "weights are saved as they are, in the order of `weights`",
    "load_own_variables": "weights are loaded as they are, in the order of `weights`",
    "quantize": "there is no quantization",
    "stateless_call": "define `call`",
}


def _refuse_dead_overrides(cls):
    for name, instead in _DEAD_OVERRIDES.items():
        if getattr(cls, name, None) is not getattr(Layer, name, None):
            raise NotImplementedError(
                f"{cls.__name__} defines `{name}`, which would never be called: {instead}"
            )


@_walks
def _layers_in(value):
    """The layers in a value of an attribute: itself, or those in lists, tuples, dicts and sets."""
    if isinstance(value, Layer):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif isinstance(value, (set, frozenset)):
        value = sorted((one for one in value if isinstance(one, Layer)), key=lambda one: one.name)
    elif not isinstance(value, (list, tuple)):
        return []
    return [layer for item in value for layer in _layers_in(item)]


def _refuse_other_state(layer, name, value):
    """State that no step would know of."""
    if isinstance(value, _GraphVariable):
        raise TypeError(
            f"{type(layer).__name__}.{name} is a tf.Variable, which is neither trained nor saved "
            "with the layer: make it with `self.add_weight`"
        )


def _is_shape(shape):
    return not isinstance(shape, dict) and not any(
        isinstance(dim, (list, tuple, dict)) for dim in (shape or ())
    )


def _plain_shapes(shapes):
    """A shape as a tuple, or those of a list or dict."""
    return tuple(shapes) if _is_shape(shapes) else _mapped(tuple, shapes)


def _batch_shapes(shapes):
    """Shapes of batches, whose first dimension may be any."""

    def batch_shape(shape):
        if shape is None or not len(shape):
            raise ValueError(f"an input shape starts with the batch dimension, got {shape}")
        return (None, *tuple(shape)[1:])

    return batch_shape(shapes) if _is_shape(shapes) else _mapped(batch_shape, shapes)


def _arrays(x):
    """The inputs of a layer that is called on arrays."""
    return _mapped(_as_array, x) if _is_structure(x) else _as_array(x)


def _tensor_or_none(value):
    return None if value is None else _graph_of(value.graph).tensor(value)


def _values_or_none(tensors):
    return [None if tensor is None else tensor._value for tensor in tensors]


def _masks_of_arrays(x, mask):
    """For each input its mask, given or carried, or None; none at all where there is no mask."""
    if mask is None and isinstance(x, _np.ndarray):  # most calls
        own = getattr(x, "_keras_mask", None)
        return [] if own is None else [_np.asarray(own)]
    if mask is None:
        masks = [getattr(one, "_keras_mask", None) for one in _items(x)]
    else:
        masks = _leaves(mask) if _is_structure(x) else [mask]
        if len(masks) != len(_items(x)):
            raise ValueError(f"`mask` has {len(masks)} entries for {len(_items(x))} inputs")
    if all(one is None for one in masks):
        return []
    return [None if one is None else _np.asarray(one) for one in masks]


def _masked_results(evaluated):
    """The results of a layer, which carry their masks as `_keras_mask`."""
    arrays, masks = evaluated
    results = _as_results(arrays)
    if masks:
        for result, mask in zip(_leaves(results), masks):
            if mask is not None:
                result._keras_mask = _as_result(mask)
    return results


def _with_masks(graph, x, mask):
    """The tensors, carrying these masks."""
    with graph.as_default():
        masks = [None if one is None else _as_tensor(one)._value for one in _leaves(mask)]
    rest = iter(masks)

    def masked(tensor):
        own = next(rest, None)
        return tensor if own is None else graph.tensor(_nn.with_mask(tensor._value, own))

    return _mapped(masked, x)


# Of the graphs of symbols: the layers that were called in them, which nobody else may keep, by the
# identities of their core layers.
_SYMBOLIC = _weakref.WeakKeyDictionary()


def _note_symbolic(graph, layer):
    if graph in _SYMBOLIC or _nn.is_symbolic_graph(graph._core):
        _SYMBOLIC.setdefault(graph, {})[layer._core.id] = layer


def layer_of_core(core, graphs):
    """The Python object of a layer that was called on tensors of these graphs."""
    for graph in graphs:
        known = _SYMBOLIC.get(graph, {}).get(core.id)
        if known is not None:
            return known
    for made_by_core in (Operation, Masked):
        if core.class_name == made_by_core.__name__:
            return made_by_core._of(core)
    return _layer_of(core)


def _check_input(layer, shape):
    specs = layer.input_spec
    for spec in specs if isinstance(specs, (list, tuple)) else [specs]:
        if spec is not None:
            spec.check(shape, layer.name)


def _key(others, arguments):
    """Tells calls with other arguments apart; empty when that cannot be told."""
    if others or not all(isinstance(x, (bool, int, float, str)) for x in arguments.values()):
        return ""
    return repr(sorted(arguments.items()))


def _refuse_given(owner, arguments):
    """Arguments of Keras that would have no effect."""
    for name, value in arguments.items():
        if value is not None and value is not False:
            raise ValueError(f"{owner}: `{name}` is not supported, got {value!r}")


def _common_arguments(cls, given):
    """Takes the arguments that all layers have out of `given`."""
    _objects.check_dtype(cls.__name__, given.pop("dtype", None))
    autocast = given.pop("autocast", True)
    if not isinstance(autocast, bool):
        raise ValueError(f"{cls.__name__}: `autocast` must be True or False, got {autocast!r}")
    _refuse_given(
        cls.__name__,
        {name: given.pop(name, None) for name in ("sparse", "ragged", "tensor", "input_tensor",
                                                  "optional")},
    )
    common = {
        "trainable": given.pop("trainable", True),
        "activity_regularizer": None,
        "input_shape": _input_shape(given, cls._fields),
    }
    if cls._entry is None or "activity_regularizer" not in cls._fields:
        common["activity_regularizer"] = given.pop("activity_regularizer", None)
    return common


def _made(name, value):
    """Objects in a config as what the constructors take."""
    if isinstance(value, str) and name.endswith("activation"):
        return _serialization.function_of(value, "activation")
    if isinstance(value, dict) and "class_name" in value:
        for module in (initializers, regularizers, constraints):
            if name.endswith(module.__name__.rsplit(".", 1)[-1].removesuffix("s")):
                return module.get(value)
    return value


def _input_shape(kwargs, known=()):
    """Takes the old ways to state a first layer's input out of the arguments."""
    shape = kwargs.pop("input_shape", None)
    size = None if "input_dim" in known else kwargs.pop("input_dim", None)
    batch_shape = kwargs.pop("batch_input_shape", None)
    if size is not None:
        shape = (size,)
    if batch_shape is not None:
        shape = tuple(batch_shape)[1:]
    return None if shape is None else tuple(shape) if isinstance(shape, (list, tuple)) else (shape,)


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

from ._composed_layers import Lambda, TimeDistributed, Wrapper  # noqa: E402  (subclasses of Layer)
