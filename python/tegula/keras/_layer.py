"""The base of all layers: what it holds, and what classes of the user's override."""

import functools

import numpy as np

from .. import _core
from .._framework import as_tensor
from .._nested import walks
from .._text import utf8
from .._variables import Variable as GraphVariable
from . import _objects, _serialization, constraints, initializers, regularizers
from ._arguments import flag, listed
from ._data import arrays_of
from ._dead_overrides import OF_LAYERS, refuse_dead_overrides
from ._input_spec import batch_shapes, check_input, plain_shapes
from ._layer_arguments import DTYPE, common_arguments, made, refuse_given
from ._layer_calls import arrays_in, call_on_tensors, call_on_values, call_own
from ._layer_calls import compute_own_mask, key_of, masked_results, masks_of_arrays, parameters_of_call
from ._layer_calls import tensor_or_none, values_or_none
from ._remat import remat_of
from ._values import as_result, graph_of, is_array, is_structure, items, leaves, mapped, tracing
from ._weights import weight_of

_nn = _core.nn


class Layer(_objects.Object):
    """Base of all layers. Layers that are assigned to attributes, also in lists and dicts, become
    part of the layer: trained, counted, saved and loaded with it.

    Args:
        activity_regularizer: Penalty on the output.
        trainable: Whether training changes the weights.
        dtype: "float32", which is what there is.
        autocast: Whether inputs are cast to float32; they always are float32.
        remat: As the attribute of this name; by default what the enclosing `RematScope` says.
        name: Name; by default made from the class's.
    """

    __module__ = "tegula.keras.layers"  # where users find it
    _kind = "layer"
    _module = "keras.layers"
    _owner_name = None  # the model's, once the layer is in one
    _core = None
    _building = False
    _is_model = False
    _supports_masking = None  # as the class says
    input_spec = None
    _batch_shapes = staticmethod(batch_shapes)  # that the weights are made for

    def __init__(self, *, activity_regularizer=None, trainable=True, dtype=None, autocast=True,
                 name=None, **kwargs):
        kwargs.update(activity_regularizer=activity_regularizer, trainable=trainable, dtype=dtype,
                      autocast=autocast)
        common = common_arguments(type(self), kwargs)
        if kwargs:
            raise ValueError(
                f"Unrecognized keyword arguments passed to {type(self).__name__}: {kwargs}"
            )
        self._core = self._new_core(utf8(name or ""))
        self._start(common)

    def _new_core(self, name):
        """What C++ knows of the layer."""
        return _nn.UserLayer(type(self).__name__, name)

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if "build" in vars(cls) and not _serialization.is_builtin(cls):
            cls.build = entering(vars(cls)["build"])
        if isinstance(vars(cls).get("supports_masking"), bool):
            cls._supports_masking = cls.supports_masking
            del cls.supports_masking

    def _start(self, common):
        """What follows the making of the core layer."""
        cls = type(self)
        core = self._core
        core.locate()
        core.trainable = bool(common["trainable"])
        remat = remat_of(self.name) if common["remat"] is None else common["remat"]
        if remat:
            self.remat = remat
        if common["input_shape"] is not None:
            core.input_shape = common["input_shape"]
        if common["activity_regularizer"] is not None:
            self.activity_regularizer = common["activity_regularizer"]
        if "_entry" not in vars(cls):
            library = next(base for base in cls.__mro__ if base.__module__.startswith("tegula."))
            refuse_dead_overrides(cls, library, OF_LAYERS)
            made = (base for base in cls.__mro__ if vars(base).get("_entry") is not None)
            self._override(core, next(made, Layer))

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
        refuse_other_state(self, name, value)
        if not isinstance(value, (Layer, list, tuple, dict, set)):
            return super().__setattr__(name, value)
        layers = layers_in(value)
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
            for layer in layers_in(value):
                _nn.add_sublayer(self._core, layer._core)
                layer._adopt(self._owner_name)

    def _sublayers(self):
        return [layer for value in vars(self).values() for layer in layers_in(value)]

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
    def remat(self):
        """Whether training keeps only what the layer takes and gives, and computes what lies between
        again for the gradient: less memory for one more forward pass. A model of layers is cut into
        parts, of which all but the last are treated so. It is not saved.
        """
        return self._core.remat

    @remat.setter
    def remat(self, value):
        value = flag("remat", value)
        if value and self._is_model and not self._has_own_call():
            raise NotImplementedError(
                f"{type(self).__name__} defines `call`, which cannot be cut into parts: set `remat` "
                "of its layers"
            )
        self._core.remat = value

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
        return [weight_of(weight, self) for weight in self._core.weights]

    variables = weights

    @property
    def trainable_weights(self):
        """Those that training changes."""
        self._track()
        return [weight_of(weight, self) for weight in self._core.trainable_weights]

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
        if not tracing():
            values = [*self._core.evaluated_losses, *self._core.regularization_values()]
            return [as_result(value) for value in values]
        values = [*self._call_losses(), *self._core.regularization]
        return [graph_of(value.graph).tensor(value) for value in values]

    def _call_losses(self):
        losses = list(self._core.call_losses)
        for layer in self._sublayers():
            losses += layer._call_losses()
        return losses

    def add_loss(self, loss):
        """In `call`: adds a tensor, or each of a list, to what training minimizes."""
        for one in loss if isinstance(loss, (list, tuple)) else [loss]:
            _nn.add_loss(self._core, as_tensor(one)._value)

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
        if not leaves(values):  # an input layer has no inputs
            values = self._core.symbolic_outputs
        return mapped(lambda value: graph_of(value.graph).tensor(value), values)

    def compute_output_shape(self, input_shape):
        """The shape that inputs of this shape give. NotImplementedError for layers with a `call` of
        their own, which may define it.
        """
        if type(self).call is not Layer.call:
            raise NotImplementedError(
                f"Layer {type(self).__name__} does not have a `compute_output_shape` method "
                "implemented. Should implement `def compute_output_shape(self, input_shape)`."
            )
        return self._core.compute_output_shape(plain_shapes(input_shape))

    def get_weights(self):
        """Copies of the weights, as arrays."""
        self._track()
        return self._core.get_weights()

    def set_weights(self, weights):
        """Replaces all weights. ValueError for a wrong number or shape."""
        self._track()
        self._core.set_weights([arrays_of(w, "weights") for w in listed("weights", weights)])

    def count_params(self):
        """The number of elements of all weights."""
        return sum(int(np.prod(weight.shape)) for weight in self.weights)

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
        parameters = parameters_of_call(self, x, others, arguments)
        if training is None:
            default = parameters["training"].default if "training" in parameters else None
            if default is True and _nn.enclosing_training() is None:
                training = True
        self._track()
        mask = arguments.pop("mask", None)
        call = None
        if others or arguments:
            call = lambda value, mode: self._call(value, mode, others, arguments)  # noqa: E731
        if not all(map(is_array, items(x))):
            return call_on_tensors(self, x, mask, training, call)
        masks = masks_of_arrays(x, mask)
        x = arrays_in(x)
        if not is_structure(x):
            check_input(self, x.shape)
        training = self._mode(training)
        return masked_results(
            self._core.evaluate(x, masks, bool(training), call, key_of(others, arguments))
        )

    def _mode(self, training):
        """What `training` is where it is None."""
        if training is None:
            training = _nn.enclosing_training()
        return self._core.trains_alone if training is None else training

    # What a layer of Python's defines, and what C++ calls.

    def build(self, input_shape):
        """Makes the weights. Override to make them with `add_weight`."""
        if self._building:
            self._core.base_build(plain_shapes(input_shape))
        else:
            self._core.build(self._batch_shapes(input_shape))

    def call(self, inputs, training=None, mask=None):
        """Override: the output, a tensor made of `inputs`; may take `training`, `mask` (what the
        inputs carry, or None) and more.
        """
        if not self._has_own_call():
            raise NotImplementedError(
                f"Layer {type(self).__name__} does not have a `call()` method implemented."
            )
        return call_own(self, inputs, bool(self._mode(training)), mask)

    def compute_mask(self, inputs, previous_mask=None):
        """Override: the mask of the output, or one for each, for inputs with these masks. By default
        the same.
        """
        if not self._has_own_call():
            return previous_mask
        return compute_own_mask(self, inputs, previous_mask)

    def _has_own_call(self):
        """Whether C++ knows what the layer computes."""
        return self._entry is not None

    def add_weight(self, shape=None, initializer=None, dtype=None, trainable=True, autocast=True,
                   regularizer=None, constraint=None, aggregation="none", overwrite_with_gradient=False,
                   name=None):
        """A weight, for use in `call`; float32. By default a scalar, Glorot-uniform."""
        _objects.check_dtype(type(self).__name__, dtype)
        refuse_given(
            f"{type(self).__name__}.add_weight",
            {"overwrite_with_gradient": overwrite_with_gradient or None,
             "aggregation": None if aggregation in (None, "none", "mean") else aggregation},
        )
        count = len(self._core.weights)

        def core_of(module, given, kind):
            return _objects.core_of(module, given, self, f"{kind} of weight {count}")

        core = _nn.add_weight(
            self._core,
            utf8(name or (f"variable_{count}" if count else "variable")),
            () if shape is None else tuple(shape),
            core_of(initializers, "glorot_uniform" if initializer is None else initializer, "initializer"),
            core_of(regularizers, regularizer, "regularizer"),
            core_of(constraints, constraint, "constraint"),
            bool(trainable),
        )
        return weight_of(core, self)

    def _build(self, input_shape):
        self._building = True
        try:
            self.build(input_shape)
        finally:
            self._building = False
        self._track()

    def _call(self, values, training, others=(), arguments=None):
        return call_on_values(self, values, training, others, arguments)

    def _compute_mask(self, values, masks):
        graph = graph_of(leaves(values)[0].graph)
        with graph.as_default():
            inputs = mapped(graph.tensor, values)
            given = [tensor_or_none(mask) for mask in masks]
            found = self.compute_mask(inputs, given if is_structure(values) else given[0])
            found = [None if one is None else as_tensor(one) for one in leaves(found)]
        return values_or_none(found)

    def _copied_state(self):
        return (self.input_shape, self.get_weights()) if self.built else None

    def _set_copied_state(self, state):
        shape, weights = state
        self._core.build(batch_shapes(shape))
        self.set_weights(weights)

    def _described(self):
        return _serialization.described(self)

    def get_config(self):
        """The arguments that make an equal layer, as plain data."""
        config = {"name": self.name, "trainable": self.trainable, "dtype": DTYPE}
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
        return cls(**{name: made(name, value) for name, value in config.items()})

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def entering(build):
    """`build` as a class defines it, but so that calling it makes the layer built."""

    @functools.wraps(build)
    def entered(self, input_shape=None):
        if self._building:
            return build(self, input_shape)
        self._core.build(batch_shapes(input_shape))

    return entered


@walks
def layers_in(value):
    """The layers in a value of an attribute: itself, or those in lists, tuples, dicts and sets."""
    if isinstance(value, Layer):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif isinstance(value, (set, frozenset)):
        value = sorted((one for one in value if isinstance(one, Layer)), key=lambda one: one.name)
    elif not isinstance(value, (list, tuple)):
        return []
    return [layer for item in value for layer in layers_in(item)]


def refuse_other_state(layer, name, value):
    """State that no step would know of."""
    if isinstance(value, GraphVariable):
        raise TypeError(
            f"{type(layer).__name__}.{name} is a tf.Variable, which is neither trained nor saved "
            "with the layer: make it with `self.add_weight`"
        )
