"""Conversions, shapes, and what runs functions: choices and loops.

Tensors of a graph are chosen and repeated within the graph; with arrays alone, Python runs the functions.
"""

import builtins
import functools

import numpy as np

from ... import _array_ops as _arrays
from ... import _core
from ... import _math_ops as _math
from ..._control_flow import build_choice, build_cond, build_scan, build_while_loop
from ..._dtypes import as_dtype
from ..._framework import Tensor, to_array
from .._values import Array, is_array
from ._dispatch import known, leaves, op, refused, replaced, tensor
from ._indexing import take as _take
from ._shapes import concatenate as _concatenate
from ._shapes import flip as _flip
from ._shapes import stack as _stack


def _function(function):
    """A function of keras.ops that does not build graph itself."""
    function._is_op = True
    return function


@op
def shape(x):
    """The shape: a tuple of ints, with a tensor for each size that is known when the graph runs."""
    x = tensor(x)
    return tuple(
        _arrays.shape(x)[i] if size is None else int(size) for i, size in enumerate(x.shape)
    )


@op
def unstack(x, num=None, axis=0):
    """The slices along an axis, as a list."""
    return _arrays.unstack(tensor(x), num, axis)


@op
def cast(x, dtype):
    """x with its elements converted; floats to integers truncate towards 0."""
    return tensor(x, dtype)


@op
def saturate_cast(x, dtype):
    """x converted, with what is out of the dtype's range at its ends."""
    x, wanted = tensor(x), as_dtype(dtype)
    if x.dtype.is_bool or wanted.is_bool:
        return tensor(x, wanted)
    low, high = wanted.min, wanted.max
    if not wanted.is_floating:
        low, high = (_inside(bound, x.dtype) for bound in (low, high))
    elif x.dtype.is_floating and wanted.size >= x.dtype.size or not x.dtype.is_floating:
        return tensor(x, wanted)
    x = _math.minimum(_math.maximum(x, _bound(low, x)), _bound(high, x))
    return tensor(x, wanted)


def _bound(value, like):
    return tensor(np.asarray(value).astype(like.dtype.numpy_dtype))


def _inside(bound, dtype):
    """The number of a dtype that is nearest to an integer and not beyond it."""
    if not dtype.is_floating:
        return builtins.min(builtins.max(int(bound), int(dtype.min)), int(dtype.max))
    nearest = np.asarray(bound).astype(dtype.numpy_dtype)
    if abs(int(nearest)) > abs(int(bound)):
        nearest = np.nextafter(nearest, np.zeros_like(nearest))
    return nearest


@op
def stop_gradient(variable):
    """The value, through which no gradient flows."""
    return _math.stop_gradient(tensor(variable))


@op
def convert_to_tensor(x, dtype=None, sparse=None, ragged=None):
    """x as an array, or as a tensor where a graph is built."""
    for name, value in (("sparse", sparse), ("ragged", ragged)):
        if value:
            raise refused(name, value, "convert_to_tensor", "tensors are dense")
    return _math.identity(tensor(x, dtype))


@_function
def convert_to_numpy(x):
    """x as a NumPy array."""
    return np.array(x)


@_function
def is_tensor(x):
    """Whether x is a tensor of a graph, or a result."""
    return isinstance(x, (Tensor, Array))


@_function
def dtype(x):
    """The name of x's dtype."""
    of = x.dtype if hasattr(x, "dtype") else to_array(x).dtype
    return as_dtype(of).name


@op
def view(x, dtype=None):
    """The bytes of x, which is known, as elements of another dtype."""
    array = known(tensor(x), "view: x")
    return tensor(np.ascontiguousarray(array).view(as_dtype(dtype or array.dtype).numpy_dtype))


# Choices.


def _is_known(x):
    return is_array(x) or _arrays.constant_value(x) is not None


def _known_value(x):
    value = np.asarray(x) if is_array(x) else _arrays.constant_value(x)
    if value.size != 1:
        raise ValueError(f"a condition must be one truth value, got shape {value.shape}")
    return value.reshape(()).item()


def _graph_of(*structures):
    """The graph that their first tensor of one belongs to; None where there are arrays alone."""
    found = (x for x in leaves(structures) if isinstance(x, Tensor) and not is_array(x))
    first = next(found, None)
    return None if first is None else first.graph.innermost()


def _tensors(structure):
    """Numbers and arrays as tensors of the graph that is being built; None stays."""
    return replaced(structure, lambda x: None if x is None else tensor(x))


def _tensors_of(function):
    """`function`, which is called while a graph is being built, with `_tensors` of its results."""
    return lambda *args: _tensors(function(*args))


@_function
def cond(pred, true_fn, false_fn):
    """true_fn() where pred, one truth value, holds, else false_fn(). Only one of them is computed."""
    if _is_known(pred):
        return true_fn() if _known_value(pred) else false_fn()
    return build_cond(_truth(pred), _tensors_of(true_fn), _tensors_of(false_fn), "cond")


def _truth(x):
    return x if x.dtype.is_bool else _math.cast(x, "bool")


@_function
def switch(index, branches, *operands):
    """branches[index](*operands), with the index moved into range; as `cond` of more branches."""
    if _is_known(index):
        place = builtins.min(builtins.max(int(_known_value(index)), 0), len(branches) - 1)
        return branches[place](*operands)
    functions = [_tensors_of(functools.partial(branch, *operands)) for branch in branches]
    place = _math.maximum(index, 0)
    return build_choice(place, list(enumerate(functions)), functions[-1], "switch")


# Loops.


@_function
def while_loop(cond, body, loop_vars, maximum_iterations=None):
    """`body(*loop_vars)` as long as `cond(*loop_vars)`; both take and body gives the variables, whose
    dtypes and shapes stay what they are.
    """
    single = not isinstance(loop_vars, (tuple, list))
    values = (loop_vars,) if single else tuple(loop_vars)
    graph = _graph_of(values)
    if graph is not None:
        return _while_loop_in(graph, cond, body, values, single, maximum_iterations)
    start, turn = values, 0
    while maximum_iterations is None or turn < maximum_iterations:
        still = cond(*values)
        if not _is_known(still):  # depends on a tensor from outside
            return _while_loop_in(_graph_of(still), cond, body, start, single, maximum_iterations)
        if not _known_value(still):
            break
        new = body(*values)
        values = (new,) if not isinstance(new, (tuple, list)) else tuple(new)
        turn += 1
    return values[0] if single else values


def _while_loop_in(graph, cond, body, values, single, maximum_iterations):
    with graph.as_default():
        values = build_while_loop(
            lambda *variables: _truth(tensor(cond(*variables))), body, _tensors(values),
            maximum_iterations, "while",
        )
    return values[0] if single else values


@_function
def fori_loop(lower, upper, body_fun, init_val):
    """`value = body_fun(i, value)` for i from lower to upper - 1."""
    if _graph_of(lower, upper) is not None:
        return while_loop(
            lambda i, _: i < upper, lambda i, value: (i + 1, body_fun(i, value)), (lower, init_val)
        )[1]
    first, last = (int(known(v, "the bounds of fori_loop")) for v in (lower, upper))
    graph = _graph_of(init_val)
    if graph is not None:
        with graph.as_default():
            carry, _ = build_scan(
                lambda carry, _: ((carry[0] + 1, _tensors(body_fun(*carry))), ()),
                _tensors((np.int32(first), init_val)), (), builtins.max(last - first, 0), False,
                "fori_loop",
            )
        return carry[1]
    value = init_val
    for i in range(first, last):
        value = body_fun(i, value)
    return value


def _lengths(xs, axis=0):
    """The number of parts along an axis of everything in xs."""
    found = {np.shape(x)[axis] if is_array(x) else x.shape[axis] for x in leaves(xs)}
    if len(found) != 1 or None in found:
        raise _core.InvalidArgument(
            f"the length of a loop must be known while the graph is built, and one for all; got {found}"
        )
    return int(found.pop())


def _part(xs, i):
    return replaced(xs, lambda x: _take(x, i, axis=0))


def _stacked(parts):
    """The parts, of one structure, along a new first axis."""
    rows = iter(zip(*(leaves(part) for part in parts)))
    return replaced(parts[0], lambda _: _stack(list(next(rows)), 0))


@_function
def scan(f, init, xs=None, length=None, reverse=False, unroll=1):
    """`carry, y = f(carry, x)` for each x along the first axis; (the last carry, all y stacked).
    `unroll` changes nothing but how much is computed between two turns elsewhere.
    """
    if xs is None and length is None:
        raise ValueError("Got no `xs` to scan over and `length` not provided.")
    graph = _graph_of(init, xs)
    if graph is not None:
        with graph.as_default():
            init, xs = _tensors((init, xs))
            return build_scan(_tensors_of(f), init, xs, length, reverse, "scan")
    count = int(length) if xs is None else _lengths(xs)
    if length is not None and int(length) != count:
        raise ValueError(f"`length` {length} is not the length {count} of `xs`")
    carry, parts = init, [None] * count
    for i in reversed(range(count)) if reverse else range(count):
        carry, parts[i] = f(carry, None if xs is None else _part(xs, i))
    empty = not parts or all(leaf is None for leaf in leaves(parts[0]))
    return carry, None if empty else _stacked(parts)


@_function
def map(f, xs):  # noqa: A001 - Keras's name
    """The results of f for each part along the first axis, stacked."""
    graph = _graph_of(xs)
    if graph is not None:
        with graph.as_default():
            return build_scan(
                lambda _, x: ((), _tensors(f(x))), (), _tensors(xs), None, False, "map"
            )[1]
    return _stacked([f(_part(xs, i)) for i in range(_lengths(xs))])


@_function
def vectorized_map(function, elements):
    """The results of the function for each part along the first axis, stacked."""
    return map(function, elements)


@_function
def vectorize(pyfunc, *, excluded=None, signature=None):
    """A function that applies `pyfunc`, of single elements, to all elements of arrays."""
    for name, value in (("excluded", excluded), ("signature", signature)):
        if value:
            raise refused(name, value, "vectorize", "use map over the first axis")

    def function(*args):
        arrays = _arrays_together(*args)
        shape = arrays[0].shape
        flat = [x.reshape(-1) if is_array(x) else _arrays.reshape(x, [-1]) for x in arrays]
        result = map(lambda parts: pyfunc(*parts), tuple(flat))
        return replaced(result, lambda x: _reshaped(x, shape))

    return function


@op
def _arrays_together(*args):
    """All repeated to their common shape."""
    xs = [tensor(x) for x in args]
    shape = np.broadcast_shapes(*(tuple(_static(x)) for x in xs))
    return [_arrays.broadcast_to(x, list(shape)) for x in xs]


def _static(x):
    return _arrays.static_dims(x.shape.as_list(), "a shape")


@op
def _reshaped(x, shape):
    return _arrays.reshape(tensor(x), list(shape))


@_function
def associative_scan(f, elems, reverse=False, axis=0):
    """f of all parts up to each one along an axis, for an associative f of two."""
    count = _lengths(elems, axis)
    if reverse:
        elems = replaced(elems, lambda x: _flip(x, axis))
    result = _prefixes(f, elems, count, axis)
    return replaced(result, lambda x: _flip(x, axis)) if reverse else result


def _every(x, axis, begin, end, step):
    return _take(x, np.arange(begin, end, step, dtype=np.int32), axis=axis)


def _prefixes(f, elems, count, axis):
    """Pairs are combined, their prefixes found, and what lies between made of these."""
    if count < 2:
        return elems

    def parts(x, begin, end, step=2):
        return replaced(x, lambda one: _every(one, axis, begin, end, step))

    pairs = f(parts(elems, 0, count - 1), parts(elems, 1, count))
    odd = _prefixes(f, pairs, count // 2, axis)
    if count == 2:
        even = parts(elems, 0, 1)
    else:
        before = parts(odd, 0, (count - 1) // 2, 1)
        after = f(before, parts(elems, 2, count))
        rest = iter(leaves(after))
        even = replaced(parts(elems, 0, 1), lambda x: _concatenate([x, next(rest)], axis))
    order = np.argsort(np.concatenate([np.arange(0, count, 2), np.arange(1, count, 2)]))
    others = iter(leaves(odd))
    return replaced(
        even, lambda x: _take(_concatenate([x, next(others)], axis), order.astype(np.int32), axis=axis)
    )
