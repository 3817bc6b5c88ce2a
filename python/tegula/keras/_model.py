"""The base of all models: what is in it, and what it is called, compiled, trained and saved by."""

import inspect
import sys

import numpy as np

from .. import _core
from .._framework import Tensor
from .._text import path as path_of
from .._text import printable, utf8
from . import _serialization
from ._arguments import integer, listed
from ._arguments import shape as shape_of
from ._compilation import compile_config, compile_from, compile_model, compiled_metrics
from ._data import arrays_of
from ._dead_overrides import OF_MODELS, refuse_dead_overrides
from ._input_spec import batch_shapes, is_shape
from ._layer import Layer, layers_in, refuse_other_state
from ._layer_arguments import DTYPE, refuse_given
from ._layer_calls import arrays_in
from ._model_files import only, refuse_others, save, writable
from ._training import Trainer
from ._values import as_results, graph_of, is_array, items, leaves, mapped

_nn = _core.nn


def _is_functional(args, kwargs):
    """Whether these arguments of `Model` are inputs and outputs."""
    return len(args) >= 2 or "inputs" in kwargs or "outputs" in kwargs


class Model(Trainer, Layer):
    """A layer with training, evaluation, prediction, saving and loading.

    `Model(inputs, outputs)` is made of calls of layers: `inputs` are what `Input` gives, `outputs`
    what layers and operations make of it, each one tensor, a list or a dict. A subclass may make
    layers in its constructor and define `call(inputs, training)`, which builds graph; and
    `compute_loss(x, y, y_pred, sample_weight)`.

    Args:
        inputs, outputs: Tensors.
        name: Name; made from the class's by default.
        trainable: Whether training changes the weights.
    """

    __module__ = "tegula.keras.models"  # where users find it
    _is_model = True
    optimizer = None
    loss = None
    steps_per_execution = 1
    _module = "keras"
    _model = None
    _compilation = 0  # number of the last compile
    _compiled = None  # its arguments
    _loss_tracker = None
    _named_metrics = None  # whether targets were seen, and the objects that names became

    def __new__(cls, *args, **kwargs):
        if cls is Model and _is_functional(args, kwargs):
            from ._functional import Functional

            cls = Functional
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args, **kwargs):
        if _is_functional(args, kwargs):
            self._start_functional(*args, **kwargs)
            return
        name, trainable = kwargs.pop("name", None), kwargs.pop("trainable", True)
        kwargs.pop("dtype", None)
        if args or kwargs:
            raise ValueError(
                f"Unrecognized arguments passed to {type(self).__name__}: {[*args, *kwargs]}"
            )
        core = _nn.UserLayer(type(self).__name__, utf8(name or ""))
        self._take(core, _nn.Model(core), trainable)

    def _start_functional(self, inputs, outputs, name=None, trainable=True):
        from ._functional import core_of

        core, layers = core_of(inputs, outputs, name)
        self._symbols = {"inputs": inputs, "outputs": outputs}
        self._listed = Listed(layers)
        self._take(core, _nn.Model(core), trainable)

    def _take(self, core, model, trainable=True):
        """Makes `core` the layer, and `model` what trains it."""
        self._core, self._model = core, model
        core.locate()
        cls = type(self)
        if not _serialization.is_builtin(cls):
            refuse_dead_overrides(cls, Model, OF_MODELS)
            self._override(core, Model)
            if cls.compute_loss is not Model.compute_loss:
                _nn.override_model(model, self)
        self._owner_name = self.name
        for layer in self._sublayers():
            layer._adopt(self.name)
        if not trainable:
            self.trainable = False

    def _sublayers(self):
        if self._listed is not None:
            return [layer for layer in self._listed.layers]
        return super()._sublayers()

    _listed = None  # the layers of a stack or of a model of calls

    def _track(self):
        if self._core is None or self._listed is None:
            if self._core is not None:
                super()._track()
            return
        known = {id(layer) for layer in self._listed.layers}
        for name, value in vars(self).items():
            for layer in layers_in(value):
                if id(layer) not in known and not is_input(layer):
                    raise ValueError(
                        f"{type(self).__name__}.{name} holds layer {layer.name}, which is not "
                        f"{self._listed.what}: its weights would be neither trained nor saved"
                    )

    _assigned = True  # whether an attribute was set since the layers in attributes were looked at

    def __setattr__(self, name, value):
        if self._listed is None:
            super().__setattr__(name, value)
        else:  # what is not in the model is found when it is compiled or called
            refuse_other_state(self, name, value)
            object.__setattr__(self, name, value)
            object.__setattr__(self, "_assigned", True)

    def _call(self, values, training, others=(), arguments=None):
        """`call`, as C++ calls it, which may meet layers that are not in the model."""
        result = super()._call(values, training, others, arguments)
        self._track()
        return result

    @property
    def path(self):
        return self.name

    @property
    def built(self):
        return self._model is not None and self._model.built

    @built.setter
    def built(self, value):
        """As models of Keras do at the end of `build`; the model knows."""

    def _has_own_call(self):
        return not isinstance(self._core, _nn.UserLayer)

    @property
    def inputs(self):
        """The tensors that the model was made of; else those that batches are fed to. AttributeError
        before the model is built.
        """
        return leaves(self._tensors("inputs"))

    @property
    def outputs(self):
        """The tensors that the model was made of; else what inference makes of the inputs."""
        return leaves(self._tensors("outputs"))

    @property
    def input(self):
        """The inputs, in the structure that they were given in."""
        return self._tensors("inputs")

    @property
    def output(self):
        """The outputs, in the structure that they were given in."""
        return self._tensors("outputs")

    def _tensors(self, which):
        symbols = vars(self).get("_symbols")
        if symbols is not None:
            return symbols[which]
        if not self.built:
            raise AttributeError(
                f"{type(self).__name__} model '{self.name}' has no defined {which} yet."
            )
        values = getattr(self._model, which)
        return mapped(lambda value: graph_of(value.graph).tensor(value), values)

    @property
    def input_names(self):
        """Names of the inputs."""
        return [tensor._value.name.partition(":")[0] for tensor in self.inputs]

    @property
    def output_names(self):
        """Names of the outputs, for losses, metrics and targets."""
        return self._model.output_names

    @property
    def compiled(self):
        return self._model.compiled

    @property
    def layers(self):
        """The layers: of a stack without the input, of a model of calls with its inputs."""
        return list(self._sublayers())

    def get_layer(self, name=None, index=None):
        """The layer of this name or at this index. ValueError when there is none."""
        if (name is None) == (index is None):
            raise ValueError("get_layer takes either a name or an index")
        layers = self._sublayers()
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    f"Was asked to retrieve layer at index {index} but model only has "
                    f"{len(layers)} layers."
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in layers]
        raise ValueError(f"No such layer: {name}. Existing layers are: {names}.")

    def get_weights(self):
        """Copies of all weights, layer by layer, as arrays."""
        self._track()
        return self._model.get_weights()

    def set_weights(self, weights):
        """Replaces all weights. ValueError for a wrong number or shape."""
        self._track()
        self._model.set_weights([arrays_of(w, "weights") for w in listed("weights", weights)])

    def _shape(self, which, _shapes=None):
        if not self.built:
            raise AttributeError(
                f"{type(self).__name__} model '{self.name}' has no defined {which} shape yet."
            )
        return getattr(self._model, which + "_shape")

    @property
    def losses(self):
        """What the layers' last calls added to the loss, and the penalties of weights."""
        if self._listed is None:
            return Layer.losses.fget(self)
        return [loss for layer in self._listed.layers for loss in layer.losses]

    def build(self, input_shape):
        """Makes the weights for inputs of this shape, which starts with the batch dimension; a list
        or dict of shapes for several inputs.
        """
        if self._building:
            return
        if isinstance(input_shape, (list, dict)) and not is_shape(input_shape):
            self._model.build(batch_shapes(input_shape))
        else:
            self._model.build((None, *shape_of("input_shape", input_shape)[1:]))

    def build_from_config(self, config):
        """Makes the weights as those of a saved model were made."""
        if not self.built:
            self._model.build(batch_shapes(config["input_shape"]))

    def _several(self):
        """Whether there are several inputs, and outputs; None where it is not known yet."""
        if isinstance(self._core, _nn.SequentialLayer):
            return False, False
        if not self.built:
            return None, None
        inputs, outputs = self._model.input_shape, self._model.output_shape
        return tuple(
            len(leaves(shapes)) > 1 if not is_shape(shapes) else False
            for shapes in (inputs, outputs)
        )

    def summary(self, line_length=None, positions=None, print_fn=None, expand_nested=False,
                show_trainable=False, layer_range=None):
        """Prints a table of layers, output shapes, parameter counts and, where the layers are no
        chain, of what they take.

        Args:
            line_length: Characters of a line; by default as the terminal has room.
            positions: Where the columns end, as shares of a line.
            print_fn: Called with the text instead of printing it.
            expand_nested: Whether the layers of models among the layers are shown.
            show_trainable: Whether a column tells which layers are trainable.
            layer_range: The first and the last layer to show: names, or regular expressions that
                match their beginnings.
        """
        self._track()
        given = {"line_length": line_length, "positions": positions, "layer_range": layer_range,
                 "expand_nested": expand_nested, "show_trainable": show_trainable}
        text = self._model.summary({k: v for k, v in given.items() if v is not None})
        if print_fn is not None:
            print_fn(text)
        else:
            print(printable(text, sys.stdout), end="")

    def explain(self, batch_size=32, training=True):
        """What the optimizer made of a step at this batch size: passes, kernels, memory."""
        return self._model.explain(integer("batch_size", batch_size, 1), bool(training))

    # Training.

    def compile(self, optimizer="rmsprop", loss=None, loss_weights=None, metrics=None,
                weighted_metrics=None, run_eagerly=False, steps_per_execution=1,
                jit_compile="auto", auto_scale_loss=True):
        """Chooses what training minimizes, how, and what it reports.

        Steps are always compiled, which is all that `jit_compile` asks for; `auto_scale_loss` is
        about float16 and has no effect on float32, as in Keras. ValueError for `run_eagerly=True`.
        """
        compile_model(
            self, optimizer, loss, loss_weights, (metrics, weighted_metrics), run_eagerly,
            steps_per_execution, jit_compile,
        )

    def get_compile_config(self):
        """The arguments of `compile` as plain data; None before it."""
        return compile_config(self)

    def compile_from_config(self, config):
        """Compiles as `get_compile_config` says."""
        compile_from(self, config)

    def _copied_state(self):
        core = self._model
        state = {"random": core.random_state}
        if self.built:
            state["input_shape"] = core.input_shape
            state["weights"] = core.get_weights()
            state["optimizer"] = [core.get(value) for value in core.optimizer_variables]
        return state

    def _set_copied_state(self, state):
        core = self._model
        if "weights" in state:
            self.build_from_config(state)
            core.set_weights(state["weights"])
            for variable, value in zip(core.optimizer_variables, state["optimizer"]):
                core.set(variable, value)
        core.random_state = state["random"]

    @property
    def metrics(self):
        """The mean of the loss, if there is one, and the metric objects of compile, weighted ones
        last. What "accuracy" and its like mean is known when the model is built.
        """
        if self._compiled is None:
            return []
        return [*self._loss_trackers(), *compiled_metrics(self)]

    def _loss_trackers(self):
        if self._compiled.losses is None and type(self).compute_loss is Model.compute_loss:
            return []
        if self._loss_tracker is None:
            from . import metrics

            self._loss_tracker = metrics._loss_tracker(self)
        return [self._loss_tracker]

    @property
    def metrics_names(self):
        """Names of what `evaluate` returns."""
        return self._model.metrics_names

    def compute_output_shape(self, input_shape):
        """The shape that inputs of this shape give; builds nothing."""
        if isinstance(self._core, _nn.SequentialLayer):
            for layer in self._listed.layers:
                input_shape = layer.compute_output_shape(input_shape)
            return tuple(input_shape)
        return super().compute_output_shape(input_shape)

    def __call__(self, x, training=None, mask=None, **arguments):
        """The outputs of one batch, computed as in training or not; of tensors as graph."""
        if mask is not None:
            refuse_given(type(self).__name__, {"mask": mask})
        if self._assigned or self._listed is None:
            self._track()
            object.__setattr__(self, "_assigned", False)
        on_one_array = isinstance(x, np.ndarray)  # as most calls
        if arguments or not (on_one_array or all(map(is_array, items(x)))):
            return super().__call__(x, training=training, **arguments)
        arrays = x if on_one_array else arrays_in(x)
        return as_results(self._model.call(arrays, training if training is None else bool(training)))

    def call(self, inputs, training=None, mask=None):
        """The output for a tensor: of a stack, or of a model of calls. A subclass may define its
        own, made of layers.
        """
        if mask is not None:
            raise ValueError("call: there are no masks; weight the samples instead")
        if not self._has_own_call():
            raise NotImplementedError(
                f"Model {type(self).__name__} does not have a `call()` method implemented."
            )
        return self._on_tensors(
            "call", inputs, lambda x: self._core.base_call(x, bool(training))
        )

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The loss of `compile` for tensors, plus what layers and regularizers add. A subclass may
        define its own.
        """
        of_y, of_weight = (
            None if part is None else mapped(lambda one: one._value, part)
            for part in (y, sample_weight)
        )
        return self._on_tensors(
            "compute_loss", y_pred, lambda p: self._model.base_compute_loss(of_y, p, of_weight)
        )

    def _on_tensors(self, method, tensors, build):
        items = leaves(tensors)
        if any(map(is_array, items)):
            kind = type(next(filter(is_array, items))).__name__
            raise TypeError(f"{method} builds graph and takes tensors, got {kind}")
        return mapped(items[0].graph.tensor, build(mapped(lambda one: one._value, tensors)))

    def _compute_loss(self, x, y, y_pred, sample_weight):
        """`compute_loss`, as C++ calls it."""
        graph = graph_of(leaves(x)[0].graph)
        tensors = [
            None if part is None else mapped(graph.tensor, part)
            for part in (x, y, y_pred, sample_weight)
        ]
        with graph.as_default():
            loss = self.compute_loss(*tensors)
        return loss._value if isinstance(loss, Tensor) else loss

    def get_config(self):
        """The structure as plain data; of a subclass, the arguments of its constructor."""
        if not _serialization.is_builtin(type(self)) or not isinstance(
            self._core, _nn.FunctionalLayer
        ):
            config = {"name": self.name, "trainable": self.trainable, "dtype": DTYPE}
            if type(self).get_config is Model.get_config:  # then what the constructor takes
                taken = inspect.signature(type(self)).parameters.values()
                if all(one.kind is not one.VAR_KEYWORD for one in taken):
                    names = {one.name for one in taken}
                    config = {name: value for name, value in config.items() if name in names}
            return {**config, **_serialization.automatic_config(self, Model)}
        by_core = {layer._core.id: layer for layer in self._listed.layers}
        config = self._core.described(lambda core: _serialization.serialize_keras_object(by_core[core.id]))
        return {**config, "trainable": self.trainable}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The model that `get_config` described, with new weights."""
        with _serialization.CustomObjectScope(custom_objects):
            if "input_layers" in config and _serialization.is_builtin(cls):
                from ._functional import functional_from

                return functional_from(config)
            config = {name: value for name, value in config.items() if name != "dtype"}
            return cls(**config)

    # Files.

    def save(self, filepath, overwrite=True, zipped=None, include_optimizer=True, **kwargs):
        """Writes structure, weights, compile settings, optimizer state and the state of the random
        streams into a folder.

        Args:
            filepath: The folder; no name that ends as a file of another format, such as ".keras".
            overwrite: Whether a model that is there already is replaced; else a ValueError.
            zipped, include_optimizer: Only the defaults: a folder, with the optimizer.
        """
        save(self, filepath, overwrite, zipped, include_optimizer, kwargs)

    def save_weights(self, filepath, overwrite=True, max_shard_size=None):
        """Writes the weights alone, as a safetensors file."""
        only(max_shard_size, (None,), "max_shard_size", "weights are written as one file")
        self._model.save_weights(writable(filepath, overwrite))

    def load_weights(self, filepath, skip_mismatch=False, by_name=False, **kwargs):
        """Reads the weights that `save_weights`, `save` or a `ModelCheckpoint` wrote.

        Args:
            filepath: The file, or the folder of a model.
            skip_mismatch: Layers whose weights do not fit keep theirs, with a warning, instead of
                an error.
            by_name: Only False: weights are matched by the place of their layers.
        """
        only(by_name, (False,), "by_name", "weights are matched by the place of their layers")
        refuse_others(kwargs, "load_weights")
        self._model.load_weights(path_of(filepath), bool(skip_mismatch))

    def to_json(self, **options):
        """The structure as JSON, for `model_from_json`."""
        import json

        return json.dumps(
            {
                **_serialization.serialize_keras_object(self),
            },
            **options,
        )


class Listed:
    """The layers of a model that were stated when it was made, and what that is."""

    def __init__(self, layers, what="among the layers that were called"):
        self.layers, self.what = layers, what


def is_input(layer):
    return layer._core.class_name == "InputLayer"
