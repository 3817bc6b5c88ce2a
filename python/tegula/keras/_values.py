"""Arrays on one side, values of a graph on the other: the same function serves both.

Losses, activations and the like called on arrays are computed at once; called on a tensor of a
graph they build graph, which is what happens inside of a user's own loss, metric or layer.
"""

import weakref

import numpy as np

from .. import _core
from .._framework import STACKS, Graph, Tensor, as_tensor

_nn = _core.nn
_GRAPHS = weakref.WeakValueDictionary()  # identity of a core graph -> Graph


def graph_of(core):
    """The Graph of a core graph: always the same object while it is in use, because tensors of two
    do not mix.
    """
    for function in STACKS.functions:
        if function._core == core:
            return function
    graph = _GRAPHS.get(core.id)
    if graph is None or graph._core != core:
        graph = _GRAPHS[core.id] = Graph(core, building_function=True)
    return graph


def tracing():
    """Whether a layer's `call` is being traced on this thread."""
    return _nn.enclosing_training() is not None


class Array(np.ndarray):
    """A result: a NumPy array that also answers to `numpy()`."""

    def numpy(self):
        """The same memory as a plain array; a NumPy scalar for rank 0."""
        return self.view(np.ndarray)[()] if self.ndim == 0 else self.view(np.ndarray)


def as_result(array):
    return np.asarray(array).view(Array)


def as_results(arrays):
    """`as_result` of an array, or of each of a structure."""
    if type(arrays) is np.ndarray:  # as most calls give
        return arrays.view(Array)
    return mapped(as_result, arrays)


def as_array(x):
    """What the caller gave as an array; Python floats become float32, as in Keras."""
    if isinstance(x, np.ndarray):
        return x
    array = np.asarray(x)
    if array.dtype == np.float64 and not hasattr(x, "dtype"):
        array = array.astype(np.float32)
    return array




def is_structure(x):
    """Whether `x` is a list, tuple or dict of arrays or tensors, and not an array itself."""
    if isinstance(x, dict):
        return True
    return isinstance(x, (list, tuple)) and any(isinstance(one, (np.ndarray, Tensor)) for one in x)


def items(x):
    """The items of a structure; of anything else, such as numbers in lists, the thing itself."""
    return leaves(x) if is_structure(x) else [x]


def leaves(x):
    """The items of a list, tuple or dict, or the thing itself."""
    if isinstance(x, dict):
        return list(x.values())
    return list(x) if isinstance(x, (list, tuple)) else [x]


def mapped(function, x):
    """What `function` makes of each item of a structure, or of the thing itself."""
    if isinstance(x, dict):
        return {str(key): function(item) for key, item in x.items()}
    return [function(item) for item in x] if isinstance(x, (list, tuple)) else function(x)


def tensors_of(values):
    """The Tensors of core values, which are of one graph; and that graph."""
    graph = graph_of(values[0].graph)
    return graph, [graph.tensor(value) for value in values]


def on_core_values(function):
    """`function`, which takes and returns Tensors, as one of core values."""

    def call(*values):
        graph, tensors = tensors_of(values)
        with graph.as_default():
            result = function(*tensors)
            if isinstance(result, (int, float, np.number, np.ndarray)):  # independent of the values
                result = as_tensor(np.asarray(result, np.float32), graph=graph)
        return result._value if isinstance(result, Tensor) else result

    return call


def is_array(x):
    """Whether `x` is to be computed at once: anything but a tensor of a graph. The weights of layers
    are both: values, and tensors while a `call` is traced.
    """
    return not isinstance(x, Tensor) or (getattr(x, "_is_weight", False) and not tracing())


def build_or_evaluate(build, *inputs):
    """`build(*core values)` as a Tensor when an input is a Tensor, else evaluated on arrays."""
    tensor = next((x for x in inputs if isinstance(x, Tensor) and not is_array(x)), None)
    if tensor is None:
        arrays = [as_array(x) for x in inputs]
        return as_result(_nn.evaluate(arrays, lambda graph, values: build(*values)))
    graph = tensor.graph
    with graph.as_default():
        values = [_in_graph(x)._value for x in inputs]
        return graph.tensor(build(*values))


def _in_graph(x):
    if isinstance(x, Tensor):
        return x
    from .._framework import convert_to_tensor

    return convert_to_tensor(as_array(x))
