"""Compiling models, whose arguments may have all forms that Keras takes."""

import inspect
import os
import threading
import weakref

from .. import _core
from .._text import utf8
from . import _serialization, optimizers
from ._arguments import integer, number, shown

_NOTING = threading.RLock()  # held while a model notes what it was compiled with; waits for nothing
os.register_at_fork(after_in_child=_NOTING._at_fork_reinit)


class Compiled:
    """The arguments of `compile` as the model has them: of a model with one output plain, of others
    by output.
    """

    def __init__(self, model, loss, loss_weights, metrics, weighted_metrics):
        if _is_of_several(model, loss, metrics, loss_weights):
            self.losses = losses_from(loss)
            self.weights = _weights(loss_weights)
            names = model.output_names if model.built else None
            self.metrics = tuple(
                _metrics_by_output(given, names) for given in (metrics, weighted_metrics)
            )
            return
        self.losses = _losses_module()._object_of(of_single_output("loss", loss, model))
        weight = loss_weight(loss_weights, model)
        self.weights = None if weight == 1.0 else weight
        self.metrics = tuple(metric_list(given) or [] for given in (metrics, weighted_metrics))

    def listed_metrics(self):
        """All metrics, weighted ones last."""
        listed = []
        for group in self.metrics:
            listed += [m for of in group.values() for m in of] if isinstance(group, dict) else group
        return listed

    def cores(self):
        """Losses, metrics, weighted metrics and weights, as C++ takes them."""
        return (
            _of_each(lambda loss: None if loss is None else loss._core, self.losses),
            *(_of_each_group(_metric_core, group) for group in self.metrics),
            self.weights,
        )

    def plain(self):
        """The arguments as plain data."""
        to_plain = _serialization.serialize_keras_object
        given = _losses_module().given
        return {
            "loss": _of_each(lambda loss: to_plain(given(loss)), self.losses),
            "loss_weights": self.weights,
            "metrics": _of_each_group(_metric_plain, self.metrics[0]),
            "weighted_metrics": _of_each_group(_metric_plain, self.metrics[1]),
        }


def compile_model(
    model, optimizer, loss, loss_weights, metrics, run_eagerly, steps_per_execution, jit_compile
):
    """`Model.compile`; `metrics` are those without and those with weights."""
    if run_eagerly:
        raise ValueError(
            f"compile: run_eagerly={run_eagerly!r} is not supported: steps are compiled graphs. "
            "To look at values, call the layers on arrays, or use explain()"
        )
    if jit_compile not in ("auto", True, False, None):
        raise ValueError(f"compile: jit_compile must be 'auto', True or False, got {jit_compile!r}")
    model._track()
    steps_per_execution = integer("steps_per_execution", steps_per_execution, 1)
    if optimizer is None or (isinstance(optimizer, dict) and "class_name" not in optimizer):
        raise _core.InvalidArgument(f"compile needs an optimizer, got {optimizer!r}")
    if model._compiled is not None and all(given is None for given in metrics):
        metrics = model._compiled.metrics  # as Keras: earlier ones stay
    compiled = Compiled(model, loss, loss_weights, *metrics)
    optimizer = optimizers.get(optimizer)
    number = model._model.compile(  # may refuse: then the model stays as it is
        optimizer._core, *compiled.cores(), steps_per_execution
    )
    with _NOTING:
        if number < model._compilation:  # another thread has compiled the model since
            return
        model._compilation = number
        optimizer._belongs_to(model)
        model.optimizer = optimizer
        model.loss = loss if not isinstance(compiled.losses, (list, dict)) else compiled.losses
        model.steps_per_execution = steps_per_execution
        model._compiled = compiled
        model._named_metrics = None
        for index, metric in enumerate(compiled.listed_metrics()):
            if not isinstance(metric, str):
                metric._bound = (weakref.ref(model), index)


def compile_config(model):
    """`Model.get_compile_config`."""
    if not model.compiled:
        return None
    return {
        "optimizer": _serialization.serialize_keras_object(model.optimizer),
        **model._compiled.plain(),
        "run_eagerly": False,
        "steps_per_execution": model.steps_per_execution,
        "jit_compile": False,
    }


def compile_from(model, config):
    """`Model.compile_from_config`."""
    config = {**config, "optimizer": optimizers.deserialize(config["optimizer"])}
    config["loss"] = losses_from(config.get("loss"))
    for key in ("metrics", "weighted_metrics"):
        config[key] = config.get(key) or None
    known = inspect.signature(model.compile).parameters
    model.compile(**{key: value for key, value in config.items() if key in known})


def compiled_metrics(model):
    """The metric objects of compile, weighted ones last, and those that names mean."""
    given = model._compiled.listed_metrics()
    if not any(isinstance(metric, str) for metric in given):
        return given
    from . import metrics

    seen_targets = len(model.metrics_names) > 1
    if model._named_metrics is None or model._named_metrics[0] != seen_targets:
        cores = model._model.metrics()
        named = [metrics._named(m, core, model, i) for i, (m, core) in enumerate(zip(given, cores))]
        model._named_metrics = (seen_targets, named)
    return list(model._named_metrics[1])


def _losses_module():
    from . import losses

    return losses


def _of_each(function, given):
    if isinstance(given, dict):
        return {name: function(item) for name, item in given.items()}
    return [function(item) for item in given] if isinstance(given, list) else function(given)


def _of_each_group(function, group):
    if isinstance(group, dict):
        return {name: [function(item) for item in items] for name, items in group.items()}
    return [function(item) for item in group]


def _metric_core(metric):
    return metric if isinstance(metric, str) else metric._core


def _metric_plain(metric):
    if getattr(metric, "_plain_function", False):
        metric = metric._fn
    return _serialization.serialize_keras_object(metric)


def _is_of_several(model, loss, metrics, loss_weights):
    """Whether the arguments are for a model with several outputs; of a model that is not built yet
    they tell.
    """
    several = model._several()[1]
    if several is not None:
        return several
    return any(
        isinstance(given, (list, tuple, dict)) and len(given) > 1 and "class_name" not in given
        for given in (loss, loss_weights)
    ) or (isinstance(metrics, dict) and len(metrics) > 1)


def losses_from(given):
    """Loss objects: one, or of a list or dict one for each output."""
    make = _losses_module()._object_of
    if isinstance(given, dict) and "class_name" not in given:
        return {str(name): make(item) for name, item in given.items()}
    if isinstance(given, (list, tuple)):
        return [make(item) for item in given]
    return make(given)


def _weights(given):
    if given is None:
        return None
    if isinstance(given, dict):
        return {str(name): number("loss_weights", item) for name, item in given.items()}
    if isinstance(given, (list, tuple)):
        return [number("loss_weights", item) for item in given]
    raise _core.DTypeError(
        "compile: `loss_weights` of a model with several outputs must be a list or a dict, got "
        f"{shown(given)}"
    )


def _metrics_by_output(given, names):
    """{name of output: its metrics}."""
    if not given:
        return []
    if isinstance(given, dict):
        return {str(name): metric_list(items) for name, items in given.items()}
    if not isinstance(given, (list, tuple)):
        given = [given]
    if names is None:
        names = [f"output_{i + 1}" for i in range(len(given))]
    if len(given) != len(names):
        raise _core.InvalidArgument(
            "For a model with multiple outputs, when providing the `metrics` argument as a list, it "
            f"should have as many entries as the model has outputs. Received:\nmetrics={given}\nof "
            f"length {len(given)} whereas the model has {len(names)} outputs."
        )
    return {name: metric_list(items) or [] for name, items in zip(names, given)}


def output_name(model):
    """Keras's name of the output: that of the last layer; None where there is none yet."""
    if model.built:
        names = model.output_names
        if not names[0].startswith("output_"):
            return names[0]
    layers = model.layers
    return layers[-1].name if layers else None


def of_single_output(argument, given, model):
    """What `given` says of the one output: itself, or the entry of a list or dict."""
    if isinstance(given, (list, tuple)):
        if len(given) != 1:
            raise _core.InvalidArgument(
                f"compile: `{argument}` has {len(given)} entries, but the model has one output"
            )
        return given[0]
    if not isinstance(given, dict) or "class_name" in given:
        return given
    if len(given) != 1:
        raise _core.InvalidArgument(
            f"compile: `{argument}` has entries for {sorted(map(str, given))}, but the model has one "
            f"output, {_known(model)}"
        )
    ((name, value),) = given.items()
    if argument == "loss":  # Keras looks at the names of losses only
        _check_name(name, model)
    return value


def _known(model):
    name = output_name(model)
    return "of a layer still to be added" if name is None else f"{name!r}, after its last layer"


def _check_name(name, model):
    if output_name(model) not in (None, name):
        raise _core.InvalidArgument(
            f"compile: `loss` speaks of the output {name!r}, but the model's is {_known(model)}"
        )


def loss_weight(given, model):
    """The factor of the loss."""
    if given is None:
        return 1.0
    if isinstance(given, (str, bytes)):
        raise _core.DTypeError(
            f"compile: `loss_weights` must be a number, a list or a dict, got {shown(given)}"
        )
    if isinstance(given, (list, tuple)) and any(isinstance(item, str) for item in given):
        raise _core.DTypeError(
            f"compile: `loss_weights` must be numbers, got {given!r}. It is the third positional "
            "argument, as in Keras: give metrics as `metrics=...`"
        )
    return number("loss_weights", of_single_output("loss_weights", given, model))


def metric_list(given):
    """Names and metric objects, as C++ takes them; None for None."""
    if given is None:
        return None
    if isinstance(given, dict) and "class_name" not in given:
        return [_metric(item) for item in _of_dict(given)]
    if not isinstance(given, (list, tuple)):
        given = [given]
    if len(given) == 1 and isinstance(given[0], (list, tuple)):
        given = given[0]
    return [_metric(item) for item in given if item is not None]


def _of_dict(given):
    """The metrics of {"output": metric or metrics}, all of which are of the one output."""
    listed = []
    for item in given.values():
        listed += item if isinstance(item, (list, tuple)) else [item]
    return listed


def _metric(given):
    if isinstance(given, str) and _serialization.get_registered_object(given) is None:
        return utf8(given)
    from . import metrics

    return metrics.get(given)
