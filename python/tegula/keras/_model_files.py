"""Files of models: what may be asked for, and where they are written."""

import os

from .._text import path as path_of


def only(value, accepted, name, why):
    """Refuses what Keras takes and Tegula does not, by name."""
    if value not in accepted:
        raise ValueError(f"`{name}={value!r}` is not supported: {why}")


def refuse_others(kwargs, function):
    if kwargs:
        raise ValueError(f"{function}: the following arguments are not supported: {sorted(kwargs)}")


def writable(filepath, overwrite):
    path = path_of(filepath)
    if not overwrite and os.path.exists(path):
        raise ValueError(f"{path} exists already, and overwrite is False")
    return path


def save(model, filepath, overwrite, zipped, include_optimizer, others):
    """`Model.save`."""
    only(zipped, (None, False), "zipped", "a model is saved as a folder")
    only(include_optimizer, (True,), "include_optimizer",
         "load with `compile=False` to leave the optimizer out")
    only(others.pop("save_format", None), (None, "tegula"), "save_format",
         "models are written in Tegula's own format")
    refuse_others(others, "save")
    path = writable(filepath, overwrite)
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    model._model.save(path)
