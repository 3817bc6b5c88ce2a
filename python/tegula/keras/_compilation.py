"""The arguments of compile, in all forms that Keras takes for a model with one output."""

from .. import _core
from . import _serialization
from ._arguments import number, shown


def output_name(model):
    """Keras's name of the output: that of the last layer; None where there is none yet."""
    return model._layers[-1].name if model._layers else None


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
        return given
    from . import metrics

    return metrics.get(given)
