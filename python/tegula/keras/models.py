"""Models: stacks of layers with training, evaluation, prediction, saving and loading."""

from .. import _core
from .._framework import Tensor as _Tensor
from .._missing import getattr_of as _getattr_of
from .._text import path as _path
from . import _serialization
from . import layers as _layers
from ._functional import Functional  # noqa: F401
from ._functional import functional_from as _functional_from
from ._model import Model
from ._model import is_input as _is_input
from ._sequential import Sequential  # noqa: F401
from ._training import Trainer  # noqa: F401

__getattr__ = _getattr_of(__name__)

_nn = _core.nn


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
