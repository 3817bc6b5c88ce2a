"""Models: stacks of layers with training, evaluation, prediction, saving and loading."""

import inspect as _inspect
import os as _os
import weakref as _weakref

from .. import _core
from .._framework import Tensor as _Tensor
from .._missing import getattr_of as _getattr_of
from . import _serialization
from . import layers as _layers
from . import losses as _losses
from . import optimizers as _optimizers
from ._arguments import integer as _integer
from ._arguments import listed as _listed
from ._arguments import shape as _shape
from ._compilation import loss_weight as _loss_weight
from ._compilation import metric_list as _metric_list
from ._compilation import of_single_output as _of_single_output
from ._data import arrays_of as _arrays_of
from ._training import Trainer
from ._values import as_array as _as_array
from ._values import as_result as _as_result
from ._values import graph_of as _graph_of
from ._values import is_array as _is_array

__getattr__ = _getattr_of(__name__)

_nn = _core.nn


# Methods of Keras's models that it calls while it trains, and that nothing calls here.
_DEAD_OVERRIDES = (
    "train_step", "test_step", "predict_step", "compute_metrics", "get_metrics_result",
    "make_train_function", "make_test_function", "make_predict_function", "symbolic_call",
    "stateless_call", "stateless_compute_loss", "compute_mask", "quantize", "build",
)


def _refuse_dead_overrides(cls):
    for name in _DEAD_OVERRIDES:
        if getattr(cls, name, None) is not getattr(Model, name, None):
            raise NotImplementedError(
                f"{cls.__name__} defines `{name}`, which would never be called: steps are compiled "
                "from the graph. Override `call` or `compute_loss`, write a layer, loss or metric "
                "of your own, or act in a callback"
            )


class Model(Trainer, _serialization.Copied):
    """What all models share; make a `Sequential`.

    A subclass of `Sequential` may define `call(inputs, training)` and `compute_loss(x, y, y_pred,
    sample_weight)`; both build graph.
    """

    _is_model = True
    optimizer = None
    loss = None
    steps_per_execution = 1
    _module = "keras"
    _entry = None
    _compiled = None  # the arguments of compile
    _loss_tracker = None
    _named_metrics = None  # whether targets were seen, and the objects that names became

    def __new__(cls, *_, **__):
        if not hasattr(cls, "_take"):
            raise NotImplementedError(
                f"{cls.__name__}: models of layers that are called on each other, and subclasses of "
                "keras.Model, are not there yet; use keras.Sequential or a subclass of it, with a "
                "keras.layers.Layer of your own for what is no stack"
            )
        return super().__new__(cls)

    def _override(self):
        """Makes the core model call what a subclass defines."""
        cls = type(self)
        _refuse_dead_overrides(cls)
        calls = cls.call is not Model.call
        computes_loss = cls.compute_loss is not Model.compute_loss
        if calls or computes_loss:
            _nn.override_model(self._core, self, calls, computes_loss)

    @property
    def name(self):
        return self._core.name

    path = name

    @property
    def dtype(self):
        """The dtype of weights and computations."""
        return "float32"

    compute_dtype = variable_dtype = dtype

    @property
    def built(self):
        return self._core.built

    @property
    def inputs(self):
        """The tensor that batches are fed to, in a list. AttributeError before the model is built."""
        return [self._symbolic("input")]

    @property
    def outputs(self):
        """The tensor that inference makes of the inputs, in a list."""
        return [self._symbolic("output")]

    def _symbolic(self, which):
        if not self.built:
            raise AttributeError(
                f"{type(self).__name__} model '{self.name}' has no defined {which}s yet."
            )
        value = getattr(self._core, which)
        return _graph_of(value.graph).tensor(value)

    @property
    def compiled(self):
        return self._core.compiled

    @property
    def layers(self):
        """The layers, without the input."""
        return list(self._layers)

    def get_layer(self, name=None, index=None):
        """The layer of this name or at this index. ValueError when there is none."""
        if (name is None) == (index is None):
            raise ValueError("get_layer takes either a name or an index")
        if index is not None:
            if not -len(self._layers) <= index < len(self._layers):
                raise ValueError(
                    f"Was asked to retrieve layer at index {index} but model only has "
                    f"{len(self._layers)} layers."
                )
            return self._layers[index]
        for layer in self._layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in self._layers]
        raise ValueError(f"No such layer: {name}. Existing layers are: {names}.")

    # Weights.

    @property
    def weights(self):
        return [weight for layer in self._layers for weight in layer.weights]

    variables = weights

    @property
    def trainable_weights(self):
        """Those that training changes."""
        return [weight for layer in self._layers for weight in layer.trainable_weights]

    trainable_variables = trainable_weights

    @property
    def non_trainable_weights(self):
        """Those that training leaves alone."""
        return [weight for layer in self._layers for weight in layer.non_trainable_weights]

    non_trainable_variables = non_trainable_weights

    @property
    def trainable(self):
        return self._trainable

    @trainable.setter
    def trainable(self, value):
        self._trainable = bool(value)
        for layer in self._layers:
            layer.trainable = value

    def get_weights(self):
        """Copies of all weights, layer by layer, as arrays."""
        return self._core.get_weights()

    def set_weights(self, weights):
        """Replaces all weights. ValueError for a wrong number or shape."""
        self._core.set_weights([_arrays_of(w, "weights") for w in _listed("weights", weights)])

    def count_params(self):
        """The number of elements of all weights."""
        return sum(layer.count_params() for layer in self._layers)

    @property
    def losses(self):
        """What the layers' last calls added to the loss, and the penalties of weights."""
        return [loss for layer in self._layers for loss in layer.losses]

    @property
    def input_shape(self):
        """With the batch dimension. AttributeError before the model is built."""
        return self._shape("input")

    @property
    def output_shape(self):
        """With the batch dimension. AttributeError before the model is built."""
        return self._shape("output")

    def _shape(self, which):
        if not self.built:
            raise AttributeError(
                f"{type(self).__name__} model '{self.name}' has no defined {which} shape yet."
            )
        return getattr(self._core, which + "_shape")

    def build(self, input_shape):
        """Makes the weights for inputs of this shape, which starts with the batch dimension."""
        self._core.build((None, *_shape("input_shape", input_shape)[1:]))

    def summary(self, line_length=None, positions=None, print_fn=None, expand_nested=False,
                show_trainable=False, layer_range=None):
        """Prints a table of layers, output shapes and parameter counts, as wide as it needs."""
        _layers._refuse_given(
            "summary",
            {"line_length": line_length, "positions": positions, "expand_nested": expand_nested,
             "show_trainable": show_trainable, "layer_range": layer_range},
        )
        (print if print_fn is None else print_fn)(self._core.summary())

    def explain(self, batch_size=32, training=True):
        """What the optimizer made of a step at this batch size: passes, kernels, memory."""
        return self._core.explain(_integer("batch_size", batch_size, 1), bool(training))

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
        self._check_attributes()
        loss = _of_single_output("loss", loss, self)
        weight = _loss_weight(loss_weights, self)
        steps_per_execution = _integer("steps_per_execution", steps_per_execution, 1)
        metrics = _metric_list(metrics)
        weighted_metrics = _metric_list(weighted_metrics)
        if optimizer is None or (isinstance(optimizer, dict) and "class_name" not in optimizer):
            raise _core.InvalidArgument(f"compile needs an optimizer, got {optimizer!r}")
        optimizer = _optimizers.get(optimizer)
        if metrics is None and weighted_metrics is None and self._compiled is not None:
            metrics, weighted_metrics = self._compiled[1:3]  # as Keras: earlier metrics stay
        metrics, weighted = metrics or [], weighted_metrics or []
        loss_object = _losses._object_of(loss)
        cores = [
            [item if isinstance(item, str) else item._core for item in group]
            for group in (metrics, weighted)
        ]
        self._core.compile(  # may refuse: then the model stays as it is
            optimizer._core, None if loss_object is None else loss_object._core, *cores, weight,
            steps_per_execution,
        )
        optimizer._belongs_to(self)
        self.optimizer = optimizer
        self.loss = loss
        self.steps_per_execution = steps_per_execution
        self._compiled = (loss_object, metrics, weighted, weight)
        self._named_metrics = None
        for index, metric in enumerate([*metrics, *weighted]):
            if not isinstance(metric, str):
                metric._bound = (_weakref.ref(self), index)

    def get_compile_config(self):
        """The arguments of `compile` as plain data; None before it."""
        if not self.compiled:
            return None
        loss, metrics, weighted, weight = self._compiled
        to_plain = _serialization.serialize_keras_object
        return {
            "optimizer": to_plain(self.optimizer),
            "loss": to_plain(_losses.given(loss)),
            "loss_weights": None if weight == 1.0 else weight,
            "metrics": [_metric_plain(item) for item in metrics],
            "weighted_metrics": [_metric_plain(item) for item in weighted],
            "run_eagerly": False,
            "steps_per_execution": self.steps_per_execution,
            "jit_compile": False,
        }

    def compile_from_config(self, config):
        """Compiles as `get_compile_config` says."""
        config = {**config, "optimizer": _optimizers.deserialize(config["optimizer"])}
        config["loss"] = _losses._object_of(config.get("loss"))
        for key in ("metrics", "weighted_metrics"):
            config[key] = _metric_list(config.get(key)) or None
        known = _inspect.signature(self.compile).parameters
        self.compile(**{key: value for key, value in config.items() if key in known})

    def _copied_state(self):
        state = {"random": self._core.random_state}
        if self.built:
            core = self._core
            state["weights"] = core.get_weights()
            state["optimizer"] = [core.get(value) for value in core.optimizer_variables]
        return state

    def _set_copied_state(self, state):
        core = self._core
        if "weights" in state:
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
        if self._compiled[0] is None and type(self).compute_loss is Model.compute_loss:
            return []
        if self._loss_tracker is None:
            from . import metrics

            self._loss_tracker = metrics._loss_tracker(self)
        return [self._loss_tracker]

    def _compiled_metrics(self):
        given = [*self._compiled[1], *self._compiled[2]]
        if not any(isinstance(metric, str) for metric in given):
            return given
        from . import metrics

        seen_targets = len(self.metrics_names) > 1
        if self._named_metrics is None or self._named_metrics[0] != seen_targets:
            cores = self._core.metrics()
            named = [metrics._named(m, core, self, i) for i, (m, core) in enumerate(zip(given, cores))]
            self._named_metrics = (seen_targets, named)
        return list(self._named_metrics[1])

    @property
    def metrics_names(self):
        """Names of what `evaluate` returns."""
        return self._core.metrics_names

    def compute_output_shape(self, input_shape):
        """The shape that inputs of this shape give; builds nothing."""
        for layer in self._layers:
            input_shape = layer.compute_output_shape(input_shape)
        return tuple(input_shape)

    def __call__(self, x, training=None, mask=None):
        """The outputs of one batch, computed as in training or not."""
        _layers._refuse_given(type(self).__name__, {"mask": mask})
        if training is None:
            training = _nn.enclosing_training() or False
        if _is_array(x):
            return _as_result(self._core.call(_as_array(x), bool(training)))
        if type(self).call is not Model.call:
            return self._traced_call(x, training)
        for layer in self._layers:
            x = layer(x, training=training)
        return x

    def call(self, inputs, training=None, mask=None):
        """The stack's output for a tensor. A subclass may define its own, made of the layers."""
        if mask is not None:
            raise ValueError("call: there are no masks; weight the samples instead")
        return self._on_tensor("call", inputs, lambda x: self._core.base_call(x, bool(training)))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The loss of `compile` for tensors, plus what layers and regularizers add. A subclass may
        define its own.
        """
        weight = None if sample_weight is None else sample_weight._value
        return self._on_tensor(
            "compute_loss", y_pred, lambda p: self._core.base_compute_loss(y._value, p, weight)
        )

    def _on_tensor(self, method, tensor, build):
        if _is_array(tensor):
            raise TypeError(f"{method} builds graph and takes tensors, got {type(tensor).__name__}")
        return tensor.graph.tensor(build(tensor._value))

    def _traced_call(self, x, training):
        named = "training" in _inspect.signature(self.call).parameters
        return self.call(x, training=training) if named else self.call(x)

    def _call(self, value, training):
        """`call`, as C++ calls it."""
        graph = _graph_of(value.graph)
        with graph.as_default():
            y = self._traced_call(graph.tensor(value), training)
        self._check_attributes()
        return y._value if isinstance(y, _Tensor) else y

    def _compute_loss(self, x, y, y_pred, sample_weight):
        """`compute_loss`, as C++ calls it."""
        graph = _graph_of(x.graph)
        tensors = [None if v is None else graph.tensor(v) for v in (x, y, y_pred, sample_weight)]
        with graph.as_default():
            loss = self.compute_loss(*tensors)
        return loss._value if isinstance(loss, _Tensor) else loss

    def _check_attributes(self):
        """Layers of a subclass that are no part of the stack would not be trained."""
        known = {id(layer) for layer in self._layers}
        for name, value in vars(self).items():
            for layer in () if name in ("_layers", "_input") else _layers._layers_in(value):
                if id(layer) not in known and not _is_input(layer):
                    raise ValueError(
                        f"{type(self).__name__}.{name} holds layer {layer.name}, which is not in the "
                        "stack: its weights would be neither trained nor saved; add() it"
                    )

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
        self._core.save(path)

    def save_weights(self, filepath, overwrite=True, max_shard_size=None):
        """Writes the weights alone, as a safetensors file."""
        _only(max_shard_size, (None,), "max_shard_size", "weights are written as one file")
        self._core.save_weights(_writable(filepath, overwrite))

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
        self._core.load_weights(_os.fspath(filepath), bool(skip_mismatch))

    def to_json(self, **options):
        """The structure as JSON, for `model_from_json`."""
        import json

        return json.dumps(
            {
                **_serialization.serialize_keras_object(self),
            },
            **options,
        )


def _only(value, accepted, name, why):
    """Refuses what Keras takes and Tegula does not, by name."""
    if value not in accepted:
        raise ValueError(f"`{name}={value!r}` is not supported: {why}")


def _refuse_others(kwargs, function):
    if kwargs:
        raise ValueError(f"{function}: the following arguments are not supported: {sorted(kwargs)}")


def _writable(filepath, overwrite):
    path = _os.fspath(filepath)
    if not overwrite and _os.path.exists(path):
        raise ValueError(f"{path} exists already, and overwrite is False")
    return path


def _metric_plain(metric):
    """A metric of compile as plain data: a name, a function or an object."""
    if getattr(metric, "_plain_function", False):
        metric = metric._fn
    return _serialization.serialize_keras_object(metric)


class Sequential(Model):
    """A plain stack of layers, each one's output the next one's input.

    Args:
        layers: The layers, maybe an `Input` first.
        name: Name; "sequential", "sequential_1", ... by default.
    """

    def __init__(self, layers=None, trainable=True, name=None):
        given = [] if layers is None else list(layers)
        for layer in given:
            _check_layer(layer)
        self._take(_nn.Sequential([layer._core for layer in given], name or ""), given)
        self._override()
        if not trainable:
            self.trainable = False

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    def _take(self, core, layers):
        self._core = core
        cls = type(self)
        if not _serialization.is_builtin(cls):
            core.describe_as(cls.__name__, _serialization.get_registered_name(cls))
        self._trainable = True
        self._input = next((one for one in layers if _is_input(one)), None)
        self._layers = [layer for layer in layers if not _is_input(layer)]
        for layer in self._layers:
            layer._adopt(core.name)

    def add(self, layer, rebuild=True):
        """Appends a layer."""
        _check_layer(layer)
        self._core.add(layer._core)
        if _is_input(layer):
            self._input = layer
        else:
            self._layers.append(layer)
            layer._adopt(self.name)

    def pop(self, rebuild=True):
        """Removes the last layer and returns it."""
        if self._layers:
            self._core.pop()
            return self._layers.pop()
        return None

    def get_config(self):
        """The structure as plain data."""
        listed = [_layers.serialize(layer) for layer in self._layers]
        config = {"name": self.name, "trainable": self._trainable, "dtype": _layers._DTYPE}
        if self.built:
            shape = self.input_shape
            name = self._input.name if self._input is not None else "input_layer"
            options = {
                "batch_shape": shape, "dtype": "float32", "sparse": False, "ragged": False,
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
        model = cls(listed, name=config.get("name"))
        if not config.get("trainable", True):
            model.trainable = False
        if config.get("build_input_shape") and not model.built:
            model.build(config["build_input_shape"])
        return model


def _is_input(layer):
    return layer._core.class_name == "InputLayer"


def _check_layer(layer):
    if not isinstance(layer, _layers.Layer):
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
    path = _os.fspath(filepath)
    saved = _nn.SavedModel(path)
    description = saved.description
    with _serialization.CustomObjectScope(custom_objects):
        model = _serialization.object_of(description["model"])
        if compile and description.get("compile"):
            model.compile_from_config(description["compile"])
    saved.restore(model._core)
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
        call_function: None: the layers of a `Sequential` are listed, not called.
        recursive: Without effect: there are no models among the layers.
    """
    if not isinstance(model, Model):
        raise ValueError(f"clone_model takes a model, got {model!r}")
    if call_function is not None:
        raise ValueError(
            "`call_function` is not supported with Sequential models: their layers are listed, not "
            "called, when the model is made"
        )
    copied = _copy_of if clone_function is None else clone_function
    layers = [copied(layer) for layer in model._layers]
    clone = type(model)([*_input_for_clone(model, input_tensors), *layers], name=model.name)
    clone._trainable = model._trainable
    if model.built and not clone.built:
        clone.build(model.input_shape)
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
    if len(given) != 1 or not isinstance(given[0], _layers.Layer) or not _is_input(given[0]):
        raise ValueError(
            "clone_model: `input_tensors` takes a `keras.Input`, or a list of one; got "
            f"{given!r}"
        )
    return given


class _Compilation:
    """The compilation of a model as an object that can be serialized."""

    def __init__(self, model):
        self.get_config = model.get_compile_config
