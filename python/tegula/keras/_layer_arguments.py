"""The arguments that all layers take, and how they stand in descriptions."""

from . import _objects, _serialization, constraints, initializers, regularizers

DTYPE = {
    "module": "keras",
    "class_name": "DTypePolicy",
    "config": {"name": "float32"},
    "registered_name": None,
}


def refuse_given(owner, arguments):
    """Arguments of Keras that would have no effect."""
    for name, value in arguments.items():
        if value is not None and value is not False:
            raise ValueError(f"{owner}: `{name}` is not supported, got {value!r}")


def common_arguments(cls, given):
    """Takes the arguments that all layers have out of `given`."""
    _objects.check_dtype(cls.__name__, given.pop("dtype", None))
    autocast = given.pop("autocast", True)
    if not isinstance(autocast, bool):
        raise ValueError(f"{cls.__name__}: `autocast` must be True or False, got {autocast!r}")
    refuse_given(
        cls.__name__,
        {name: given.pop(name, None) for name in ("sparse", "ragged", "tensor", "input_tensor",
                                                  "optional")},
    )
    common = {
        "trainable": given.pop("trainable", True),
        "remat": given.pop("remat", None),
        "activity_regularizer": None,
        "input_shape": input_shape(given, cls._fields),
    }
    if cls._entry is None or "activity_regularizer" not in cls._fields:
        common["activity_regularizer"] = given.pop("activity_regularizer", None)
    return common


def input_shape(kwargs, known=()):
    """Takes the old ways to state a first layer's input out of the arguments."""
    shape = kwargs.pop("input_shape", None)
    size = None if "input_dim" in known else kwargs.pop("input_dim", None)
    batch_shape = kwargs.pop("batch_input_shape", None)
    if size is not None:
        shape = (size,)
    if batch_shape is not None:
        shape = tuple(batch_shape)[1:]
    return None if shape is None else tuple(shape) if isinstance(shape, (list, tuple)) else (shape,)


def made(name, value):
    """Objects in a config as what the constructors take."""
    if isinstance(value, str) and name.endswith("activation"):
        return _serialization.function_of(value, "activation")
    if isinstance(value, dict) and "class_name" in value:
        for module in (initializers, regularizers, constraints):
            if name.endswith(module.__name__.rsplit(".", 1)[-1].removesuffix("s")):
                return module.get(value)
    return value
