"""Less memory for more computation: what training computes again instead of keeping it."""

import functools
import threading

from .. import _core
from .._framework import Tensor
from ._arguments import listed, shown
from ._values import is_array, leaves, mapped


class _Open(threading.local):
    def __init__(self):
        self.scopes = []


_open = _Open()


class RematScope:
    """Layers that are made within have `remat` set: training keeps what they take and give, and
    computes what lies between again for the gradient.

    Args:
        mode: "full": every layer; "list_of_layers": those of these names; None: none, also within
            another scope. Keras's "activations" and "larger_than" are not supported.
        output_size_threshold: Of "larger_than".
        layer_names: Names of layers, for "list_of_layers".
    """

    def __init__(self, mode="full", output_size_threshold=1024, layer_names=None):
        if mode in ("activations", "larger_than"):
            raise NotImplementedError(
                f'RematScope: mode="{mode}" is not supported; use "full" or "list_of_layers", or '
                "set `remat` of a layer"
            )
        if mode not in ("full", "list_of_layers", None):
            raise ValueError(
                f"RematScope: `mode` must be 'full', 'list_of_layers' or None, got {shown(mode)}"
            )
        self.mode = mode
        self.output_size_threshold = output_size_threshold
        self.layer_names = [] if layer_names is None else listed("layer_names", layer_names)

    def __enter__(self):
        _open.scopes.append(self)
        return self

    def __exit__(self, *_):
        _open.scopes.pop()

    def _takes(self, name):
        return self.mode == "full" or (self.mode is not None and name in self.layer_names)


def remat_of(name):
    """Whether a layer of this name that is made now has `remat` set."""
    return bool(_open.scopes) and _open.scopes[-1]._takes(name)


def remat(f):
    """The function `f` of tensors, such that training keeps its arguments and results, and computes
    what lies between again for the gradient.
    """

    @functools.wraps(f)
    def recomputing(*args, **kwargs):
        results = f(*args, **kwargs)
        given = [
            one._value
            for argument in (*args, *kwargs.values())
            for one in leaves(argument)
            if isinstance(one, Tensor) and not is_array(one)
        ]
        return mapped(lambda result: _recomputed(result, given), results)

    return recomputing


def _recomputed(result, given):
    if not isinstance(result, Tensor) or is_array(result) or not given:
        return result
    return result.graph.tensor(_core.recomputed(result._value, given))
