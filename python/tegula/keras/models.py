"""Models: stacks of layers with training, evaluation, prediction, saving and loading."""

import inspect as _inspect
import os as _os
import warnings as _warnings

import numpy as _np

from .. import _core
from .._framework import Tensor as _Tensor
from .._missing import getattr_of as _getattr_of
from . import callbacks as _callbacks
from . import layers as _layers
from . import losses as _losses
from . import optimizers as _optimizers
from ._data import arrays_of as _arrays_of
from ._data import verbosity as _verbosity
from ._values import as_array as _as_array
from ._values import as_result as _as_result
from ._values import graph_of as _graph_of
from ._values import is_array as _is_array

__getattr__ = _getattr_of(__name__)

_nn = _core.nn
_Silent = (None, 0)


def _metric_list(given):
    """Metrics of compile as C++ takes them: names, or objects."""
    if given is None:
        return []
    if not isinstance(given, (list, tuple)):
        given = [given]
    if len(given) == 1 and isinstance(given[0], (list, tuple)):
        given = given[0]
    return [_metric(item) for item in given]


def _metric(given):
    if isinstance(given, str):
        return given
    from . import metrics

    return metrics.get(given)


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


class Model:
    """What all models share; make a `Sequential`.

    A subclass of `Sequential` may define `call(inputs, training)` and `compute_loss(x, y, y_pred,
    sample_weight)`; both build graph.
    """

    _is_model = True
    optimizer = None
    loss = None
    history = None
    _module = "keras"
    _entry = None
    _compiled = None  # the arguments of compile

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
        self._core.set_weights([_np.asarray(weight) for weight in weights])

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
        self._core.build((None, *tuple(input_shape)[1:]))

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
        return self._core.explain(batch_size, training)

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
        if isinstance(loss, (list, tuple)) and len(loss) == 1:
            loss = loss[0]
        if isinstance(loss_weights, (list, tuple)):
            (loss_weights,) = loss_weights
        self.optimizer = _optimizers.get(optimizer)
        self.loss = loss
        weight = 1.0 if loss_weights is None else float(loss_weights)
        if metrics is None and weighted_metrics is None and self._compiled is not None:
            metrics, weighted_metrics = self._compiled[1:3]  # as Keras: earlier metrics stay
        self._compiled = (
            _losses.get(loss), _metric_list(metrics), _metric_list(weighted_metrics), weight
        )
        self._recompile()

    def _recompile(self):
        loss, metrics, weighted, weight = self._compiled
        self.optimizer._belongs_to(self)
        cores = [
            [item if isinstance(item, str) else item._core for item in group]
            for group in (metrics, weighted)
        ]
        self._core.compile(
            self.optimizer._core, None if loss is None else loss._core, *cores, weight
        )

    @property
    def metrics(self):
        """The metric objects of compile."""
        return [m for m in (self._compiled or ((), []))[1] if not isinstance(m, str)]

    @property
    def metrics_names(self):
        """Names of what `evaluate` returns."""
        return self._core.metrics_names

    @property
    def stop_training(self):
        """Set to True by callbacks: `fit` returns after the current batch."""
        return self._core.training_stopped

    @stop_training.setter
    def stop_training(self, stop):
        self._core.stop_training(bool(stop))

    def _callback_list(self, callbacks, *more):
        if callbacks is None:
            callbacks = []
        elif isinstance(callbacks, _callbacks.CallbackList):
            callbacks = callbacks.callbacks
        elif not isinstance(callbacks, (list, tuple)):
            callbacks = [callbacks]
        for callback in callbacks:
            if not isinstance(callback, _callbacks.Callback):
                raise TypeError(f"a callback must be a keras.callbacks.Callback, got {callback!r}")
        return _callbacks.CallbackList([*callbacks, *more], self)

    def fit(self, x=None, y=None, batch_size=None, epochs=1, verbose="auto", callbacks=None,
            validation_split=0.0, validation_data=None, shuffle=True, class_weight=None,
            sample_weight=None, initial_epoch=0, steps_per_epoch=None, validation_steps=None,
            validation_batch_size=None, validation_freq=1):
        """Trains for `epochs` passes over the data; returns the History.

        Args:
            x, y: Inputs and targets, arrays with one row per sample.
            batch_size: Samples per step; 32 by default.
            validation_split: Fraction of the last samples that is held out.
            validation_data: (x, y) or (x, y, sample_weight), instead of a split.
            class_weight: Weight of the loss by class, {class: weight}; others weigh 1.
            sample_weight: Weight of the loss by sample.
        """
        train = _arrays_of(x, y, sample_weight)
        if batch_size is None and steps_per_epoch is not None and len(train[0]):
            batch_size = -(-len(train[0]) // steps_per_epoch)
        options = {
            "batch_size": 32 if batch_size is None else batch_size,
            "epochs": epochs,
            "validation_split": float(validation_split or 0.0),
            "shuffle": bool(shuffle),
            "initial_epoch": initial_epoch,
            "steps_per_epoch": steps_per_epoch,
            "validation_steps": validation_steps,
            "validation_batch_size": validation_batch_size,
            "verbose": _verbosity(verbose),
        }
        if class_weight is not None:
            options["class_weight"] = dict(class_weight)
        if validation_data is not None:
            options["validation_data"] = _arrays_of(*validation_data)
        if isinstance(validation_freq, int):
            options["validation_freq"] = validation_freq
        else:
            options["validation_epochs"] = list(validation_freq)
        history = _callbacks.History()
        hooks = self._callback_list(callbacks, history)
        self.history = history
        if self.built and not self._core.has_trainable_weights:
            _warnings.warn("The model does not have any trainable weights.", stacklevel=2)
        self._core.fit(train, hooks, hooks.wants_batches, options)
        return history

    def evaluate(self, x=None, y=None, batch_size=None, verbose="auto", sample_weight=None,
                 steps=None, callbacks=None, return_dict=False, **_):
        """Loss and metrics: a list in the order of `metrics_names`, a float when there is only the
        loss, or a dict.
        """
        hooks = self._callback_list(callbacks)
        options = {"batch_size": batch_size or 32, "steps": steps, "verbose": _verbosity(verbose)}
        data = _arrays_of(x, y, sample_weight)
        logs = self._core.evaluate(data, hooks, hooks.wants_batches, options)
        return _results(logs, return_dict)

    def predict(self, x, batch_size=None, verbose=0, steps=None, callbacks=None):
        """The outputs, one row per row of `x`, as an array."""
        if callbacks is None and steps is None and verbose in _Silent:
            return self._core.predict(x, batch_size or 32)
        hooks = self._callback_list(callbacks)
        options = {"batch_size": batch_size or 32, "steps": steps, "verbose": _verbosity(verbose)}
        return self._core.predict_with_callbacks(
            _as_array(x), hooks, hooks.wants_batches, options
        )

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict=False):
        """One step on one batch; returns loss and metrics as `evaluate` does."""
        data = _arrays_of(x, y, sample_weight)
        logs = self._core.train_on_batch(data, dict(class_weight or {}))
        return _results(logs, return_dict)

    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=False):
        """Loss and metrics of one batch."""
        return _results(self._core.test_on_batch(_arrays_of(x, y, sample_weight)), return_dict)

    def predict_on_batch(self, x):
        """The outputs of one batch."""
        return self._core.predict_on_batch(_as_array(x))

    def reset_metrics(self):
        """Forgets the batches that metrics have seen."""
        self._core.reset_metrics()

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

    def save(self, filepath, overwrite=True, **_):
        """Writes structure, weights, compile settings and optimizer state into a folder."""
        path = _os.fspath(filepath)
        if not overwrite and _os.path.exists(path):
            raise ValueError(f"{path} exists already, and overwrite is False")
        _os.makedirs(_os.path.dirname(_os.path.abspath(path)), exist_ok=True)
        self._core.save(path)

    def save_weights(self, filepath, overwrite=True):
        """Writes the weights alone, as a safetensors file."""
        path = _os.fspath(filepath)
        if not overwrite and _os.path.exists(path):
            raise ValueError(f"{path} exists already, and overwrite is False")
        self._core.save_weights(path)

    def load_weights(self, filepath, **_):
        """Reads what `save_weights` wrote."""
        self._core.load_weights(_os.fspath(filepath))

    def to_json(self, **options):
        """The structure as JSON, for `model_from_json`."""
        import json

        return json.dumps(
            {
                "module": "keras",
                "class_name": type(self).__name__,
                "config": self.get_config(),
                "registered_name": None,
            },
            **options,
        )


def _results(logs, as_dict):
    if as_dict:
        return dict(sorted(logs.items()))
    values = list(logs.values())
    return values[0] if len(values) == 1 else values


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
        self._trainable = True
        self._input = next((one for one in layers if _is_input(one)), None)
        self._layers = [layer for layer in layers if not _is_input(layer)]
        for layer in self._layers:
            layer._adopt(core.name)

    @classmethod
    def _of(cls, core):
        self = cls.__new__(cls)
        self._take(core, [_layers._layer_of(layer) for layer in core.layers])
        return self

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
        from .saving import custom_object_scope

        with custom_object_scope(custom_objects or {}):
            listed = [_layers.deserialize(entry) for entry in config["layers"]]
        return cls(listed, trainable=config.get("trainable", True), name=config.get("name"))


def _is_input(layer):
    return layer._core.class_name == "InputLayer"


def _check_layer(layer):
    if not isinstance(layer, _layers.Layer):
        raise ValueError(
            f"Only instances of `keras.Layer` can be added to a Sequential model. Received: "
            f"{layer!r} (of type {type(layer)})"
        )


def load_model(filepath, custom_objects=None, compile=True, safe_mode=True):  # noqa: A002
    """The model that `save` wrote, compiled if it was."""
    core = _nn.load_model(_os.fspath(filepath))
    model = Sequential._of(core)
    if core.compiled:
        settings = core.compile_config()
        optimizer = core.optimizer
        model.optimizer = _optimizers._CLASSES[optimizer.class_name]._of(optimizer)
        model.optimizer._belongs_to(model)
        model.loss = _losses.get(settings["loss"])
        metrics = [_metric_list(settings[k]) for k in ("metrics", "weighted_metrics")]
        model._compiled = (model.loss, *metrics, 1.0)
    return model


def save_model(model, filepath, overwrite=True, **_):
    """`model.save(filepath)`."""
    model.save(filepath, overwrite)


def model_from_json(json_string, custom_objects=None):
    """The model that `to_json` described, with new weights."""
    import json

    return Sequential.from_config(json.loads(json_string)["config"], custom_objects)


def clone_model(model):
    """A model of the same structure, with new weights."""
    return type(model).from_config(model.get_config())
