"""How every function of keras.ops treats arrays, tensors and numbers: `op` makes a function that builds
graph compute at once where no tensor of a graph is given, and operands get Keras's dtypes.
"""

import functools
import threading

import numpy as np

from ... import _core
from ..._array_ops import constant_value
from ..._dtypes import DTYPES, as_dtype
from ..._framework import Tensor, apply, as_tensor
from ..._math_ops import cast
from ..._nested import leaves, replaced
from .._values import as_result, graph_of, is_array
from ..config import floatx


class _State(threading.local):
    building = False  # whether a graph for results at once is being built


_state = _State()


def op(function):
    """`function` builds graph. On arrays and numbers its results are computed at once."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        args, kwargs = replaced((args, kwargs), _element)
        if _state.building:
            return function(*args, **kwargs)
        given = (*args, *kwargs.values())
        tensors = (x for x in leaves(given) if isinstance(x, Tensor) and not is_array(x))
        tensor = next(tensors, None)
        if tensor is None:
            return _computed(function, args, kwargs)
        with tensor.graph.as_default():
            return function(*args, **kwargs)

    call._is_op = True
    return call


def is_computed():
    """Whether the graph that is being built is for results at once."""
    return _state.building


def named(name, doc, function):
    """The op of a function that a family of functions was made of."""
    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return op(function)


def _computed(function, args, kwargs):
    """The result of a function that builds graph, on arrays and numbers."""
    args, kwargs = replaced((args, kwargs), _value_of_weight)
    results = []

    def build(core):
        _state.building = True
        try:
            with graph_of(core).as_default():
                results.append(function(*args, **kwargs))
        finally:
            _state.building = False
        return [x._value for x in leaves(results) if isinstance(x, Tensor)]

    arrays = iter(_core.nn.evaluate_all(build))
    return replaced(
        results[0], lambda x: as_result(next(arrays)) if isinstance(x, Tensor) else x
    )


def _element(x):
    """Of a metric's variable what it is at this point: a tensor or an array."""
    return x._as_graph_element() if hasattr(x, "_as_graph_element") else x


def _value_of_weight(x):
    return np.asarray(x) if isinstance(x, Tensor) or hasattr(x, "assign") else x


def exported(*modules):
    """{name: function} of the ops that the modules define."""
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if getattr(value, "_is_op", False)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    }


# Dtypes. Python's numbers take the dtype of what they meet, as far as its kind allows.

_INTEGERS = ("uint8", "int8", "int32", "int64")
_FLOATS = ("bfloat16", "float16", "float32", "float64")


def _name_of(x):
    return x.__name__ if x is int or x is float or x is bool else as_dtype(x).name


def result_type(*dtypes):
    """The name of the dtype that operands of these dtypes are computed in; `int` and `float` stand for
    Python's numbers.
    """
    names = {_name_of(dtype) for dtype in dtypes}
    floats = [name for name in _FLOATS if name in names]
    if {"bfloat16", "float16"} <= names:
        floats.append("float32")
    if floats:
        return max(floats, key=_FLOATS.index)
    if "float" in names:
        return floatx()
    integers = [name for name in _INTEGERS if name in names]
    if integers == ["uint8", "int8"]:
        raise _core.DTypeError("uint8 and int8 meet in int16, which Tegula has not; cast one of them")
    if integers:
        return integers[-1]
    return "int32" if "int" in names else "bool"


def tensor(x, dtype=None):
    """`x` as a Tensor of the graph that is being built, converted to `dtype` when it is given."""
    x = as_tensor(x)
    return x if dtype is None else cast(x, dtype)


def promoted(*xs, meet=()):
    """The operands in their common dtype; `meet` are further dtypes that count."""
    xs = [x if type(x) in (int, float) else tensor(x) for x in xs]
    dtype = result_type(*(getattr(x, "dtype", type(x)) for x in xs), *meet)
    return [tensor(x, dtype) if isinstance(x, Tensor) else as_tensor(x, DTYPES[dtype]) for x in xs]


def floating(*xs):
    """The operands in their common floating dtype; the operand itself when it is one."""
    found = promoted(*xs, meet=(float,))
    return found[0] if len(found) == 1 else found


def number(x):
    """`x` as a Tensor that can be counted: truth values become int32."""
    x = tensor(x)
    return cast(x, "int32") if x.dtype.is_bool else x


def known(x, what):
    """The value, an array, of what a shape of the result depends on. InvalidArgument when it is not
    known before the graph runs.
    """
    value = constant_value(x) if isinstance(x, Tensor) else np.asarray(x)
    if value is None:
        raise _core.InvalidArgument(
            f"{what} must be known while the graph is built: the shape of the result depends on it. "
            "Give an array, or compute it outside of the graph"
        )
    return value


def known_size(x, axis, what):
    """The size of an axis. InvalidArgument when it is not known before the graph runs."""
    size = x.shape[axis]
    if size is None:
        raise _core.InvalidArgument(
            f"{what}: the size of axis {axis} of shape {x.shape} must be known while the graph is built"
        )
    return int(size)


def gathered(x, indices, axis):
    """Elements of x along an axis, at indices, which are an array of integers or a Tensor."""
    return apply("gather", [x, tensor(indices)], {"axis": axis})


def axis_in(axis, rank):
    """An axis as 0 … rank - 1."""
    if not -rank <= axis < rank:
        raise _core.ShapeError(f"axis {axis} is out of range for rank {rank}")
    return axis % rank


def refused(argument, value, function, allowed):
    """The error for an argument that the function does not take."""
    return _core.InvalidArgument(
        f"keras.ops.{function}: {argument}={value!r} is not supported; {allowed}"
    )
