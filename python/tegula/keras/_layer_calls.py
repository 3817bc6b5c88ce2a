"""Calls of layers, on arrays at once and on tensors as graph."""

import functools
import inspect
import weakref

import numpy as np

from .. import _core
from .._framework import Tensor, as_tensor
from ._input_spec import check_input
from ._values import as_array, as_result, as_results, graph_of, is_array, is_structure, items, leaves
from ._values import mapped

_nn = _core.nn
_signature = functools.lru_cache(maxsize=64)(inspect.signature)


def arrays_in(x):
    """The inputs of a layer that is called on arrays."""
    return mapped(as_array, x) if is_structure(x) else as_array(x)


def tensor_or_none(value):
    return None if value is None else graph_of(value.graph).tensor(value)


def values_or_none(tensors):
    return [None if tensor is None else tensor._value for tensor in tensors]


def masks_of_arrays(x, mask):
    """For each input its mask, given or carried, or None; none at all where there is no mask."""
    if mask is None and isinstance(x, np.ndarray):  # most calls
        own = getattr(x, "_keras_mask", None)
        return [] if own is None else [np.asarray(own)]
    if mask is None:
        masks = [getattr(one, "_keras_mask", None) for one in items(x)]
    else:
        masks = leaves(mask) if is_structure(x) else [mask]
        if len(masks) != len(items(x)):
            raise ValueError(f"`mask` has {len(masks)} entries for {len(items(x))} inputs")
    if all(one is None for one in masks):
        return []
    return [None if one is None else np.asarray(one) for one in masks]


def masked_results(evaluated):
    """The results of a layer, which carry their masks as `_keras_mask`."""
    arrays, masks = evaluated
    results = as_results(arrays)
    if masks:
        for result, mask in zip(leaves(results), masks):
            if mask is not None:
                result._keras_mask = as_result(mask)
    return results


def with_masks(graph, x, mask):
    """The tensors, carrying these masks."""
    with graph.as_default():
        masks = [None if one is None else as_tensor(one)._value for one in leaves(mask)]
    rest = iter(masks)

    def masked(tensor):
        own = next(rest, None)
        return tensor if own is None else graph.tensor(_nn.with_mask(tensor._value, own))

    return mapped(masked, x)


# Of the graphs of symbols: the layers that were called in them, which nobody else may keep, by the
# identities of their core layers.
_SYMBOLIC = weakref.WeakKeyDictionary()


def note_symbolic(graph, layer):
    if graph in _SYMBOLIC or _nn.is_symbolic_graph(graph._core):
        _SYMBOLIC.setdefault(graph, {})[layer._core.id] = layer


def symbolic_layer(core, graphs):
    """The layer that was called on tensors of these graphs; None where it is not known."""
    for graph in graphs:
        known = _SYMBOLIC.get(graph, {}).get(core.id)
        if known is not None:
            return known
    return None


def key_of(others, arguments):
    """Tells calls with other arguments apart; empty when that cannot be told."""
    if others or not all(isinstance(x, (bool, int, float, str)) for x in arguments.values()):
        return ""
    return repr(sorted(arguments.items()))


def parameters_of_call(layer, x, others, arguments):
    """The parameters of the layer's `call`, which must fit what a call gives."""
    signature = _signature(type(layer).call)
    if others or arguments:
        signature.bind(layer, x, *others, **arguments)
    for other in others:
        if not isinstance(other, (Tensor, np.ndarray)):
            raise ValueError(
                "Only input tensors may be passed as positional arguments. The following "
                f"argument value should be passed as a keyword argument: {other!r} (of type "
                f"{type(other)})"
            )
    return signature.parameters


def call_on_tensors(layer, x, mask, training, call):
    """The graph of a call; `call` stands for the layer's own where it has further arguments."""
    graph = next(item.graph for item in leaves(x) if not is_array(item))
    if is_structure(x):
        with graph.as_default():
            x = mapped(as_tensor, x)
    else:
        check_input(layer, x.shape)
    if mask is not None:
        x = with_masks(graph, x, mask)
    values = mapped(lambda tensor: tensor._value, x)
    given = None if training is None else bool(training)
    results = layer._core.call(values, given, call)
    note_symbolic(graph, layer)
    return mapped(graph.tensor, results)


def call_with_arguments(layer, x, masks, training, arguments):
    """The results of a layer of C++'s that takes several values and further `arguments`, as configs
    hold them. `masks` are those of the values: as many, None where a value's own counts.
    """
    layer._track()
    if all(map(is_array, items(x))):
        masks = [getattr(one, "_keras_mask", None) if given is None else given
                 for one, given in zip(leaves(x), leaves(masks))]
        masks = [None if one is None else np.asarray(one) for one in masks]
        if all(one is None for one in masks):
            masks = []
        key = repr(sorted(arguments.items())) if arguments else ""
        return masked_results(layer._core.evaluate(
            mapped(as_array, x), masks, bool(layer._mode(training)), None, key, arguments
        ))
    graph = next(item.graph for item in leaves(x) if not is_array(item))
    with graph.as_default():
        x = mapped(as_tensor, x)
    values = mapped(lambda tensor: tensor._value, with_masks(graph, x, masks))
    given = None if training is None else bool(training)
    results = layer._core.call(values, given, None, arguments)
    note_symbolic(graph, layer)
    return mapped(graph.tensor, results)


def call_on_values(layer, values, training, others, arguments):
    """The layer's `call` of core values."""
    graph = graph_of(leaves(values)[0].graph)
    arguments = dict(arguments or {})
    parameters = list(_signature(type(layer).call).parameters)
    if "training" in parameters:
        arguments["training"] = training
    if "mask" in parameters[2 + len(others) :]:
        arguments["mask"] = mapped(lambda value: tensor_or_none(_nn.mask_of(value)), values)
    with graph.as_default():
        inputs = mapped(graph.tensor, values)
        if not is_structure(inputs):
            check_input(layer, inputs.shape)
        y = layer.call(inputs, *others, **arguments)
    return mapped(lambda one: one._value if isinstance(one, Tensor) else one, y)


def call_own(layer, inputs, training, mask):
    """What C++ knows that the layer computes."""
    if not all(map(is_array, items(inputs))):
        graph = leaves(inputs)[0].graph
        if mask is not None:
            inputs = with_masks(graph, inputs, mask)
        values = mapped(lambda tensor: tensor._value, inputs)
        return mapped(graph.tensor, layer._core.base_call(values, training))
    masks = masks_of_arrays(inputs, mask)
    return masked_results(
        layer._core.evaluate(arrays_in(inputs), masks, training, layer._core.base_call, "call")
    )


def compute_own_mask(layer, inputs, previous_mask):
    """The mask of the output, as C++ makes it."""
    if not all(map(is_array, items(inputs))):
        graph = leaves(inputs)[0].graph
        with graph.as_default():
            masks = leaves(previous_mask) if is_structure(inputs) else [previous_mask]
            masks = [None if one is None else as_tensor(one) for one in masks]
        values = mapped(lambda tensor: tensor._value, inputs)
        found = layer._core.base_compute_mask(values, values_or_none(masks))
        return graph.tensor(found[0]) if found and found[0] is not None else None
    found = []

    def mask(values, training):
        of_inputs = [_nn.mask_of(value) for value in leaves(values)]
        found[:] = layer._core.base_compute_mask(values, of_inputs)
        return found[0] if found and found[0] is not None else leaves(values)[0]

    masks = masks_of_arrays(inputs, previous_mask)
    result, _ = layer._core.evaluate(arrays_in(inputs), masks, False, mask, "")
    return as_result(result) if found and found[0] is not None else None
