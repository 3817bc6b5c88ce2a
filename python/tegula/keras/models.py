"""Models: stacks of layers with training, evaluation, prediction, saving and loading."""

import inspect as _inspect
import os as _os
import sys as _sys
import threading as _threading
import weakref as _weakref

import numpy as _np

from .. import _core
from .._framework import Tensor as _Tensor
from .._missing import getattr_of as _getattr_of
from .._text import path as _path
from .._text import utf8 as _utf8
from . import _serialization
from . import layers as _layers
from . import optimizers as _optimizers
from ._arguments import integer as _integer
from ._arguments import listed as _listed
from ._arguments import shape as _shape
from ._compilation import Compiled as _Compiled
from ._compilation import losses_from as _losses_from
from ._data import arrays_of as _arrays_of
from ._training import Trainer
from ._values import as_results as _as_results
from ._values import graph_of as _graph_of
from ._values import is_array as _is_array
from ._values import items as _items
from ._values import leaves as _leaves
from ._values import mapped as _mapped

__getattr__ = _getattr_of(__name__)

_nn = _core.nn
_COMPILED = _threading.RLock()  # held while a model notes what it was compiled with; waits for nothing
_os.register_at_fork(after_in_child=_COMPILED._at_fork_reinit)


# Methods of Keras's models that it calls while it trains, and that nothing calls here.
_DEAD_OVERRIDES = (
    "train_step", "test_step", "predict_step", "compute_metrics", "get_metrics_result",
    "make_train_function", "make_test_function", "make_predict_function", "symbolic_call",
    "stateless_call", "stateless_compute_loss", "compute_mask", "quantize",
)


def _refuse_dead_overrides(cls):
    for name in _DEAD_OVERRIDES:
        if getattr(cls, name, None) is not getattr(Model, name, None):
            raise NotImplementedError(
                f"{cls.__name__} defines `{name}`, which would never be called: steps are compiled "
                "from the graph. Override `call` or `compute_loss`, write a layer, loss or metric "
                "of your own, or act in a callback"
            )


def _is_functional(args, kwargs):
    """Whether these arguments of `Model` are inputs and outputs."""
    return len(args) >= 2 or "inputs" in kwargs or "outputs" in kwargs


class Model(Trainer, _layers.Layer):
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
        core = _nn.UserLayer(type(self).__name__, _utf8(name or ""))
        self._take(core, _nn.Model(core), trainable)

    def _start_functional(self, inputs, outputs, name=None, trainable=True):
        graphs = {}
        for tensor in [*_leaves(inputs), *_leaves(outputs)]:
            if not isinstance(tensor, _Tensor):
                raise ValueError(
                    "All `inputs` and `outputs` of a model must be tensors that `Input` or a layer "
                    f"gave. Received: {tensor!r} (of type {type(tensor).__name__})"
                )
            graphs[tensor.graph] = None
        values = [_mapped(lambda tensor: tensor._value, group) for group in (inputs, outputs)]
        core = _nn.FunctionalLayer(*values, _utf8(name or ""))
        self._symbols = {"inputs": inputs, "outputs": outputs}
        self._listed = _Listed([_layers.layer_of_core(one, graphs) for one in core.sublayers])
        self._take(core, _nn.Model(core), trainable)

    def _take(self, core, model, trainable=True):
        """Makes `core` the layer, and `model` what trains it."""
        self._core, self._model = core, model
        core.locate()
        cls = type(self)
        if not _serialization.is_builtin(cls):
            _refuse_dead_overrides(cls)
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
            for layer in _layers._layers_in(value):
                if id(layer) not in known and not _is_input(layer):
                    raise ValueError(
                        f"{type(self).__name__}.{name} holds layer {layer.name}, which is not "
                        f"{self._listed.what}: its weights would be neither trained nor saved"
                    )

    _assigned = True  # whether an attribute was set since the layers in attributes were looked at

    def __setattr__(self, name, value):
        if self._listed is None:
            super().__setattr__(name, value)
        else:  # what is not in the model is found when it is compiled or called
            _layers._refuse_other_state(self, name, value)
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
        return _leaves(self._tensors("inputs"))

    @property
    def outputs(self):
        """The tensors that the model was made of; else what inference makes of the inputs."""
        return _leaves(self._tensors("outputs"))

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
        return _mapped(lambda value: _graph_of(value.graph).tensor(value), values)

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
        self._model.set_weights([_arrays_of(w, "weights") for w in _listed("weights", weights)])

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
            return _layers.Layer.losses.fget(self)
        return [loss for layer in self._listed.layers for loss in layer.losses]

    def build(self, input_shape):
        """Makes the weights for inputs of this shape, which starts with the batch dimension; a list
        or dict of shapes for several inputs.
        """
        if self._building:
            return
        if isinstance(input_shape, (list, dict)) and not _layers._is_shape(input_shape):
            self._model.build(_layers._batch_shapes(input_shape))
        else:
            self._model.build((None, *_shape("input_shape", input_shape)[1:]))

    def build_from_config(self, config):
        """Makes the weights as those of a saved model were made."""
        if not self.built:
            self._model.build(_layers._batch_shapes(config["input_shape"]))

    def _several(self):
        """Whether there are several inputs, and outputs; None where it is not known yet."""
        if isinstance(self._core, _nn.SequentialLayer):
            return False, False
        if not self.built:
            return None, None
        inputs, outputs = self._model.input_shape, self._model.output_shape
        return tuple(
            len(_leaves(shapes)) > 1 if not _layers._is_shape(shapes) else False
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
            print(_printable(text, _sys.stdout), end="")

    def explain(self, batch_size=32, training=True):
        """What the optimizer made of a step at this batch size: passes, kernels, memory."""
        return self._model.explain(_integer("batch_size", batch_size, 1), bool(training))

    # Training.

    def compile(self, optimizer="rmsprop", loss=None, loss_weights=None, metrics=None,
                weighted_metrics=None, run_eagerly=False, steps_per_execution=1,
                jit_compile="auto", auto_scale_loss=True):
        """Chooses what training minimizes, how, and what it reports.

        Steps are always compiled, which is all that `jit_compile` asks for; `auto_scale_loss` is
        about float16 and has no effect on float32, as in Keras. ValueError for `run_eagerly=True`.
        """
        if run_eagerly:
            raise ValueError(
                f"compile: run_eagerly={run_eagerly!r} is not supported: steps are compiled graphs. "
                "To look at values, call the layers on arrays, or use explain()"
            )
        if jit_compile not in ("auto", True, False, None):
            raise ValueError(f"compile: jit_compile must be 'auto', True or False, got {jit_compile!r}")
        self._track()
        steps_per_execution = _integer("steps_per_execution", steps_per_execution, 1)
        if optimizer is None or (isinstance(optimizer, dict) and "class_name" not in optimizer):
            raise _core.InvalidArgument(f"compile needs an optimizer, got {optimizer!r}")
        if metrics is None and weighted_metrics is None and self._compiled is not None:
            metrics, weighted_metrics = self._compiled.metrics[:2]  # as Keras: earlier ones stay
        compiled = _Compiled(self, loss, loss_weights, metrics, weighted_metrics)
        optimizer = _optimizers.get(optimizer)
        number = self._model.compile(  # may refuse: then the model stays as it is
            optimizer._core, *compiled.cores(), steps_per_execution
        )
        with _COMPILED:
            if number < self._compilation:  # another thread has compiled the model since
                return
            self._compilation = number
            optimizer._belongs_to(self)
            self.optimizer = optimizer
            self.loss = loss if not isinstance(compiled.losses, (list, dict)) else compiled.losses
            self.steps_per_execution = steps_per_execution
            self._compiled = compiled
            self._named_metrics = None
            for index, metric in enumerate(compiled.listed_metrics()):
                if not isinstance(metric, str):
                    metric._bound = (_weakref.ref(self), index)

    def get_compile_config(self):
        """The arguments of `compile` as plain data; None before it."""
        if not self.compiled:
            return None
        return {
            "optimizer": _serialization.serialize_keras_object(self.optimizer),
            **self._compiled.plain(),
            "run_eagerly": False,
            "steps_per_execution": self.steps_per_execution,
            "jit_compile": False,
        }

    def compile_from_config(self, config):
        """Compiles as `get_compile_config` says."""
        config = {**config, "optimizer": _optimizers.deserialize(config["optimizer"])}
        config["loss"] = _losses_from(config.get("loss"))
        for key in ("metrics", "weighted_metrics"):
            config[key] = config.get(key) or None
        known = _inspect.signature(self.compile).parameters
        self.compile(**{key: value for key, value in config.items() if key in known})

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
        return [*self._loss_trackers(), *self._compiled_metrics()]

    def _loss_trackers(self):
        if self._compiled.losses is None and type(self).compute_loss is Model.compute_loss:
            return []
        if self._loss_tracker is None:
            from . import metrics

            self._loss_tracker = metrics._loss_tracker(self)
        return [self._loss_tracker]

    def _compiled_metrics(self):
        given = self._compiled.listed_metrics()
        if not any(isinstance(metric, str) for metric in given):
            return given
        from . import metrics

        seen_targets = len(self.metrics_names) > 1
        if self._named_metrics is None or self._named_metrics[0] != seen_targets:
            cores = self._model.metrics()
            named = [metrics._named(m, core, self, i) for i, (m, core) in enumerate(zip(given, cores))]
            self._named_metrics = (seen_targets, named)
        return list(self._named_metrics[1])

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
            _layers._refuse_given(type(self).__name__, {"mask": mask})
        if self._assigned or self._listed is None:
            self._track()
            object.__setattr__(self, "_assigned", False)
        on_one_array = isinstance(x, _np.ndarray)  # as most calls
        if arguments or not (on_one_array or all(map(_is_array, _items(x)))):
            return super().__call__(x, training=training, **arguments)
        arrays = x if on_one_array else _layers._arrays(x)
        return _as_results(self._model.call(arrays, training if training is None else bool(training)))

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
            None if part is None else _mapped(lambda one: one._value, part)
            for part in (y, sample_weight)
        )
        return self._on_tensors(
            "compute_loss", y_pred, lambda p: self._model.base_compute_loss(of_y, p, of_weight)
        )

    def _on_tensors(self, method, tensors, build):
        items = _leaves(tensors)
        if any(map(_is_array, items)):
            kind = type(next(filter(_is_array, items))).__name__
            raise TypeError(f"{method} builds graph and takes tensors, got {kind}")
        return _mapped(items[0].graph.tensor, build(_mapped(lambda one: one._value, tensors)))

    def _compute_loss(self, x, y, y_pred, sample_weight):
        """`compute_loss`, as C++ calls it."""
        graph = _graph_of(_leaves(x)[0].graph)
        tensors = [
            None if part is None else _mapped(graph.tensor, part)
            for part in (x, y, y_pred, sample_weight)
        ]
        with graph.as_default():
            loss = self.compute_loss(*tensors)
        return loss._value if isinstance(loss, _Tensor) else loss

    def get_config(self):
        """The structure as plain data; of a subclass, the arguments of its constructor."""
        if not _serialization.is_builtin(type(self)) or not isinstance(
            self._core, _nn.FunctionalLayer
        ):
            config = {"name": self.name, "trainable": self.trainable, "dtype": _layers._DTYPE}
            if type(self).get_config is Model.get_config:  # then what the constructor takes
                taken = _inspect.signature(type(self)).parameters.values()
                if all(one.kind is not one.VAR_KEYWORD for one in taken):
                    names = {one.name for one in taken}
                    config = {name: value for name, value in config.items() if name in names}
            return {**config, **_serialization.automatic_config(self, Model)}
        by_core = {layer._core.id: layer for layer in self._listed.layers}
        config = self._core.described(lambda core: _layers.serialize(by_core[core.id]))
        return {**config, "trainable": self.trainable}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The model that `get_config` described, with new weights."""
        with _serialization.CustomObjectScope(custom_objects):
            if "input_layers" in config and _serialization.is_builtin(cls):
                return _functional_from(config)
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
        _only(zipped, (None, False), "zipped", "a model is saved as a folder")
        _only(include_optimizer, (True,), "include_optimizer",
              "load with `compile=False` to leave the optimizer out")
        _only(kwargs.pop("save_format", None), (None, "tegula"), "save_format",
              "models are written in Tegula's own format")
        _refuse_others(kwargs, "save")
        path = _writable(filepath, overwrite)
        _os.makedirs(_os.path.dirname(_os.path.abspath(path)), exist_ok=True)
        self._model.save(path)

    def save_weights(self, filepath, overwrite=True, max_shard_size=None):
        """Writes the weights alone, as a safetensors file."""
        _only(max_shard_size, (None,), "max_shard_size", "weights are written as one file")
        self._model.save_weights(_writable(filepath, overwrite))

    def load_weights(self, filepath, skip_mismatch=False, by_name=False, **kwargs):
        """Reads the weights that `save_weights`, `save` or a `ModelCheckpoint` wrote.

        Args:
            filepath: The file, or the folder of a model.
            skip_mismatch: Layers whose weights do not fit keep theirs, with a warning, instead of
                an error.
            by_name: Only False: weights are matched by the place of their layers.
        """
        _only(by_name, (False,), "by_name", "weights are matched by the place of their layers")
        _refuse_others(kwargs, "load_weights")
        self._model.load_weights(_path(filepath), bool(skip_mismatch))

    def to_json(self, **options):
        """The structure as JSON, for `model_from_json`."""
        import json

        return json.dumps(
            {
                **_serialization.serialize_keras_object(self),
            },
            **options,
        )


_ASCII = str.maketrans("┏┳┓┡╇┩├┼┤└┴┘━─┃│…", "+" * 12 + "--||.")


def _printable(text, out):
    """A table with other rules where `out` cannot show Keras's."""
    try:
        text.encode(getattr(out, "encoding", None) or "utf8")
    except UnicodeEncodeError:
        return text.translate(_ASCII)
    return text


def _only(value, accepted, name, why):
    """Refuses what Keras takes and Tegula does not, by name."""
    if value not in accepted:
        raise ValueError(f"`{name}={value!r}` is not supported: {why}")


def _refuse_others(kwargs, function):
    if kwargs:
        raise ValueError(f"{function}: the following arguments are not supported: {sorted(kwargs)}")


def _writable(filepath, overwrite):
    path = _path(filepath)
    if not overwrite and _os.path.exists(path):
        raise ValueError(f"{path} exists already, and overwrite is False")
    return path


class _Listed:
    """The layers of a model that were stated when it was made, and what that is."""

    def __init__(self, layers, what="among the layers that were called"):
        self.layers, self.what = layers, what


class Functional(Model):
    """A model of calls of layers: what `Model(inputs, outputs)` makes."""


def _functional_from(config, layer_of=None):
    """The model of calls that a config describes; `layer_of` makes the layer of an entry."""
    made = {}  # by name of the layer and number of its call
    pending = []
    for entry in config["layers"]:
        layer = (layer_of or _layers.deserialize)(entry)
        if _is_input(layer):
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
        return _mapped(tensor, described)

    while pending:
        left = []
        for layer, number, node in pending:
            try:
                arguments = [tensors(argument) for argument in node["args"]]
            except KeyError:
                left.append((layer, number, node))
                continue
            given = {k: v for k, v in node.get("kwargs", {}).items() if v is not None}
            made[layer.name, number] = _leaves(layer(*arguments, **given))
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


class Sequential(Model):
    """A plain stack of layers, each one's output the next one's input.

    Args:
        layers: The layers, maybe an `Input` first.
        name: Name; "sequential", "sequential_1", ... by default.
    """

    def __init__(self, layers=None, trainable=True, name=None):
        given = [_checked_layer(layer) for layer in ([] if layers is None else layers)]
        core = _nn.SequentialLayer(_utf8(name or ""))
        self._listed = _Listed([one for one in given if not _is_input(one)], "in the stack")
        self._input = next((one for one in given if _is_input(one)), None)
        self._take(core, _nn.Sequential(core, [layer._core for layer in given]), trainable)

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    def add(self, layer, rebuild=True):
        """Appends a layer."""
        layer = _checked_layer(layer)
        self._model.add(layer._core)
        if _is_input(layer):
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
        config = {"name": self.name, "trainable": self.trainable, "dtype": _layers._DTYPE}
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
        if shape and dtype and not any(map(_is_input, listed)):
            listed.insert(0, _layers._CLASSES["InputLayer"](batch_shape=shape, dtype=dtype))
        model = cls(listed, name=config.get("name"))
        if not config.get("trainable", True):
            model.trainable = False
        if shape and not model.built:
            model.build(shape)
        return model


def _is_input(layer):
    return layer._core.class_name == "InputLayer"


def _checked_layer(layer):
    """A layer; of a tensor that `Input` gave its input layer."""
    given = _layers.input_layer_of(layer) if isinstance(layer, _Tensor) else layer
    if isinstance(given, _layers.Layer):
        return given
    raise ValueError(
        f"Only instances of `keras.Layer` can be added to a Sequential model. Received: "
        f"{layer!r} (of type {type(layer)})"
    )


def load_model(filepath, custom_objects=None, compile=True, safe_mode=True):  # noqa: A002
    """The model that `save` wrote.

    Args:
        filepath: The folder.
        custom_objects: {name: class or function} for those of the model that are not registered.
        compile: Whether the model is compiled as it was, with the optimizer's state.
        safe_mode: Without effect: the files hold no code, and loading runs none.
    """
    path = _path(filepath)
    saved = _nn.SavedModel(path)
    description = saved.description
    try:
        with _serialization.CustomObjectScope(custom_objects):
            model = _serialization.object_of(description["model"])
            if compile and description.get("compile"):
                model.compile_from_config(description["compile"])
        saved.restore(model._model)
    except _core.Error as error:
        if str(path) in str(error):
            raise
        raise type(error)(f'"{path}": {error}') from error
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise _core.FormatError(
            f'"{path}" holds no description that a model can be made from: {type(error).__name__}: '
            f"{error}"
        ) from error
    return model


def save_model(model, filepath, overwrite=True, zipped=None, **kwargs):
    """`model.save(filepath)`."""
    model.save(filepath, overwrite, zipped, **kwargs)


def model_from_json(json_string, custom_objects=None):
    """The model that `to_json` described, with new weights."""
    import json

    return _serialization.deserialize_keras_object(json.loads(json_string), custom_objects)


def clone_model(model, input_tensors=None, clone_function=None, call_function=None,
                recursive=False):
    """A model of the same structure with new weights, compiled alike.

    Args:
        model: The model.
        input_tensors: An `Input`, or a list of one, that takes the place of the model's.
        clone_function: Makes the clone's layer of each layer but the input; by default an equal
            one with new weights.
        call_function: None: layers are called as in the model.
        recursive: Without effect: models among the layers are cloned as layers.
    """
    if not isinstance(model, Model):
        raise ValueError(f"clone_model takes a model, got {model!r}")
    if call_function is not None:
        raise ValueError(
            "`call_function` is not supported: the clone's layers are called as the model's are"
        )
    copied = _copy_of if clone_function is None else clone_function
    if isinstance(model._core, _nn.SequentialLayer):
        layers = [copied(layer) for layer in model.layers]
        clone = type(model)([*_input_for_clone(model, input_tensors), *layers], name=model.name)
        clone._core.own_trainable = model.trainable
        if model.built and not clone.built:
            clone.build(model.input_shape)
    elif input_tensors is not None:
        raise ValueError("clone_model: `input_tensors` is supported for Sequential models only")
    elif _serialization.is_builtin(type(model)):
        by_name = {layer.name: layer for layer in model.layers}
        clone = _functional_from(
            model.get_config(),
            lambda entry: (_copy_of if _is_input(by_name[entry["name"]]) else copied)(
                by_name[entry["name"]]
            ),
        )
    else:
        clone = _copy_of(model)
    if model.compiled:
        data, known, _ = _serialization.parts_of(_Compilation(model))
        with _serialization.CustomObjectScope(known):
            clone.compile_from_config(data["config"])
    return clone


def _copy_of(layer):
    return _serialization.made_of(*_serialization.parts_of(layer))


def _input_for_clone(model, given):
    if given is None:
        return [] if model._input is None else [_copy_of(model._input)]
    given = given if isinstance(given, (list, tuple)) else [given]
    layers = [
        _layers.input_layer_of(one) if isinstance(one, _Tensor) else one for one in given
    ]
    if len(layers) != 1 or not isinstance(layers[0], _layers.Layer) or not _is_input(layers[0]):
        raise ValueError(
            "clone_model: `input_tensors` takes a `keras.Input`, or a list of one; got "
            f"{given!r}"
        )
    return layers


class _Compilation:
    """The compilation of a model as an object that can be serialized."""

    def __init__(self, model):
        self.get_config = model.get_compile_config
