"""Branches and loops within a graph: what the given functions build becomes the body of one operation.

Values of the graph around are captured. Arguments and results are nested tuples, lists and dicts of
tensors. All of it is differentiable.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Callable, Optional

import numpy as np

from . import _core
from ._array_ops import concat, constant_value, expand_dims
from ._dtypes import TensorShape, as_dtype
from ._framework import STACKS, Graph, Tensor, as_tensor, graph_of
from ._math_ops import equal, less, stop_gradient
from ._nested import leaves, replaced

if TYPE_CHECKING:
    from ._typing import Name


@contextlib.contextmanager
def _inside(core, outer):
    """While entered, this thread builds in the graph of a function."""
    graph = Graph(core, building_function=outer.building_function, outer=outer)
    STACKS.functions.append(graph)
    try:
        with graph.as_default():
            yield graph
    finally:
        STACKS.functions.pop()


def _packed(structure, graph, values):
    """The structure with tensors of the values in place of its items; None stays."""
    values = iter(values)
    return replaced(structure, lambda x: None if x is None else graph.tensor(next(values)))


def _values(structure, like=None):
    """The values of a structure's items; numbers take the dtypes of `like`, tensors."""
    items = [x for x in leaves(structure) if x is not None]
    dtypes = [x.dtype for x in like] if like is not None else [None] * len(items)
    return [
        as_tensor(x, hint=dtype)._value if not isinstance(x, Tensor) else x._value
        for x, dtype in zip(items, dtypes)
    ]


def _count(structure):
    return sum(x is not None for x in leaves(structure))


def _check_count(what, expected, given):
    if _count(expected) != _count(given):
        raise _core.InvalidArgument(
            f"{what} must have the structure of {expected!r}, got {given!r}"
        )


def build_cond(pred, true_fn, false_fn, name):
    """The results of true_fn() where the Tensor `pred` is true, else of false_fn()."""
    outer = pred.graph.innermost()
    structures = []

    def branch(function):
        def build(core):
            with _inside(core, outer):
                structures.append(function())
                if len(structures) == 2:
                    _check_count("the result of the second branch", *structures)
                return _values(structures[-1])

        return build

    full = outer.unique_name(name)
    results = _core.cond(pred._value, branch(true_fn), branch(false_fn), full)
    return _packed(structures[0], outer, results)


def build_while_loop(cond, body, loop_vars, maximum_iterations, name):
    """`body(*loop_vars)` as long as `cond(*loop_vars)`. `loop_vars` is a tuple or list."""
    tensors = [as_tensor(x) for x in leaves(loop_vars)]
    outer = graph_of(*tensors)

    def condition_of(core, states):
        with _inside(core, outer) as graph:
            return as_tensor(cond(*_packed(loop_vars, graph, states)))._value

    def body_of(core, states):
        with _inside(core, outer) as graph:
            given = body(*_packed(loop_vars, graph, states))
            _check_count("what the body gives", loop_vars, given)
            return _values(given, tensors)

    limit = -1 if maximum_iterations is None else int(maximum_iterations)
    full = outer.unique_name(name)
    initial = [x._value for x in tensors]
    return _packed(loop_vars, outer, _core.while_loop(condition_of, body_of, initial, limit, full))


def build_scan(function, init, xs, length, reverse, name):
    """`carry, y = function(carry, x)` for each x along the first axis: (last carry, stacked ys)."""
    states = [as_tensor(x) for x in leaves(init) if x is not None]
    sequences = [as_tensor(x) for x in leaves(xs) if x is not None]
    outer = graph_of(*states, *sequences)
    outputs = []

    def body(core, values, elements):
        with _inside(core, outer) as graph:
            carry, output = function(_packed(init, graph, values), _packed(xs, graph, elements))
            _check_count("the carry that the function gives", init, carry)
            outputs.append(output)
            return _values(carry, states), _values(output)

    last, stacked = _core.scan(
        body,
        [x._value for x in states],
        [x._value for x in sequences],
        -1 if length is None else int(length),
        bool(reverse),
        outer.unique_name(name),
    )
    return _packed(init, outer, last), _packed(outputs[0], outer, stacked)


# TensorFlow's names.


def _predicate(pred, name):
    """A Tensor, or the bool that is known already."""
    if isinstance(pred, Tensor):
        value = constant_value(pred)
        return pred if value is None else bool(value)
    if isinstance(pred, (bool, np.bool_, int)):
        return bool(pred)
    raise TypeError(f"{name}: pred must be a Tensor or a bool, got {pred!r}")


def _callable(function, name, argument):
    if not callable(function):
        raise TypeError(f"{name}: {argument} must be callable, got {function!r}")
    return function


def cond(
    pred: Any,
    true_fn: Optional[Callable[[], Any]] = None,
    false_fn: Optional[Callable[[], Any]] = None,
    name: Name = None,
) -> Any:
    """The results of `true_fn()` where `pred`, one bool, is true, else of `false_fn()`. Only one of
    them runs; both give tensors of equal dtypes and shapes in one structure.
    """
    _callable(true_fn, "cond", "true_fn")
    _callable(false_fn, "cond", "false_fn")
    pred = _predicate(pred, "cond")
    if isinstance(pred, bool):
        return true_fn() if pred else false_fn()
    return build_cond(pred, true_fn, false_fn, name or "cond")


def switch_case(
    branch_index: Any, branch_fns: Any, default: Optional[Callable[[], Any]] = None, name: Name = None
) -> Any:
    """The results of the function whose place, or key in a dict or in pairs, is `branch_index`; of
    `default`, or the last one, where there is none.
    """
    pairs = dict(branch_fns) if isinstance(branch_fns, dict) else branch_fns
    if not isinstance(pairs, dict):
        numbered = all(isinstance(item, (tuple, list)) for item in pairs)
        pairs = dict(pairs) if numbered else dict(enumerate(pairs))
    if not pairs:
        raise ValueError("switch_case: needs at least one branch")
    default = default or pairs[max(pairs)]
    index = as_tensor(branch_index)
    if not index.dtype.is_integer:
        raise TypeError(f"switch_case: branch_index must be an integer, got {index!r}")
    known = constant_value(index)
    if known is not None:
        return pairs.get(int(known), default)()
    return build_choice(index, sorted(pairs.items()), default, name or "switch_case")


def build_choice(index, branches, default, name):
    """The result of the function with this number, of `default` where there is none. `branches` are
    pairs of numbers and functions, in order.
    """
    if not branches:
        return default()
    middle = len(branches) // 2
    if len(branches) == 1:
        key, function = branches[0]
        if function is default:
            return default()
        return build_cond(equal(index, key), function, default, name)
    key = branches[middle][0]
    return build_cond(
        less(index, key),
        lambda: build_choice(index, branches[:middle], default, name),
        lambda: build_choice(index, branches[middle:], default, name),
        name,
    )


def case(
    pred_fn_pairs: Any,
    default: Optional[Callable[[], Any]] = None,
    exclusive: bool = False,
    strict: bool = False,
    name: Name = "case",
) -> Any:
    """The results of the first function whose predicate is true, else of `default`, or of the last
    function.
    """
    if exclusive:
        raise _core.InvalidArgument(
            "case: exclusive=True, which checks that one predicate at most is true, is not supported"
        )
    pairs = list(pred_fn_pairs.items() if isinstance(pred_fn_pairs, dict) else pred_fn_pairs)
    if not pairs and default is None:
        raise ValueError("case: needs a branch")
    if default is None:
        default = pairs.pop()[1]

    def first_of(rest):
        if not rest:
            return default()
        pred, function = rest[0]
        return cond(pred, function, lambda: first_of(rest[1:]), name=name)

    return first_of(pairs)


def _stopped(structure, back_prop):
    if back_prop:
        return structure
    return replaced(structure, lambda x: stop_gradient(x) if isinstance(x, Tensor) else x)


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: Name = None,
    maximum_iterations: Optional[int] = None,
    return_same_structure: bool = False,
) -> Any:
    """Applies `body(*loop_vars)` as long as `cond(*loop_vars)` is true, and gives the last values: one
    by itself unless `return_same_structure`. Shapes stay what they are. The gradient computes the body
    again; `parallel_iterations` and `swap_memory` change nothing: iterations run one after the other.
    """
    _callable(cond, "while_loop", "cond")
    _callable(body, "while_loop", "body")
    if not isinstance(loop_vars, (tuple, list)) or not leaves(loop_vars):
        raise ValueError(f"while_loop: loop_vars must be a list of values, got {loop_vars!r}")
    if shape_invariants is not None:
        for invariant, value in zip(list(shape_invariants), leaves(loop_vars)):
            if TensorShape(invariant).as_list() != as_tensor(value).shape.as_list():
                raise _core.InvalidArgument(
                    f"while_loop: shapes cannot change from iteration to iteration; the shape "
                    f"invariant {invariant} is not that of {value!r}"
                )
    result = build_while_loop(cond, body, loop_vars, maximum_iterations, name or "while")
    result = _stopped(result, back_prop)
    return result[0] if len(result) == 1 and not return_same_structure else result


def map_fn(
    fn: Callable[[Any], Any],
    elems: Any,
    dtype: Any = None,
    parallel_iterations: Optional[int] = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: Name = None,
    fn_output_signature: Any = None,
) -> Any:
    """`fn` of every element along the first axis, stacked. `dtype` or `fn_output_signature`, when given,
    must be what `fn` gives.
    """
    _callable(fn, "map_fn", "fn")
    _, result = build_scan(lambda _, x: ((), fn(x)), (), elems, None, False, name or "map")
    _check_dtypes(result, dtype if fn_output_signature is None else fn_output_signature)
    return _stopped(result, back_prop)


def _check_dtypes(result, expected):
    if expected is None:
        return
    for one, dtype in zip(leaves(result), leaves(expected)):
        wanted = as_dtype(getattr(dtype, "dtype", dtype))
        if one.dtype != wanted:
            raise TypeError(f"map_fn: fn gives {one.dtype.name}, but {wanted.name} is announced")


def _without_first(xs, reverse):
    """The element that a fold without an initializer starts from, and the others."""
    first = replaced(xs, lambda x: as_tensor(x)[-1 if reverse else 0])
    rest = replaced(xs, lambda x: as_tensor(x)[:-1] if reverse else as_tensor(x)[1:])
    return first, rest


def scan(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: Name = None,
) -> Any:
    """`a = fn(a, x)` for each element x along the first axis: all a, stacked. Without an initializer
    the first element is the first a.
    """
    _callable(fn, "scan", "fn")

    def step(state, x):
        following = fn(state, x)
        return following, following

    name = name or "scan"
    if initializer is not None:
        return _stopped(build_scan(step, initializer, elems, None, reverse, name)[1], back_prop)
    first, rest = _without_first(elems, reverse)
    others = iter(leaves(build_scan(step, first, rest, None, reverse, name)[1]))

    def whole(one):
        parts = [expand_dims(one, 0), next(others)]
        return concat(parts[::-1] if reverse else parts, 0)

    return _stopped(replaced(first, whole), back_prop)


def _fold(fn, elems, initializer, reverse, name, back_prop):
    _callable(fn, name, "fn")
    if initializer is None:
        initializer, elems = _without_first(elems, reverse)
    last, _ = build_scan(lambda a, x: (fn(a, x), ()), initializer, elems, None, reverse, name)
    return _stopped(last, back_prop)


def foldl(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: Name = None,
) -> Any:
    """`a = fn(a, x)` for each element x along the first axis, in order: the last a. Without an
    initializer the first element is the first a.
    """
    return _fold(fn, elems, initializer, False, name or "foldl", back_prop)


def foldr(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: Name = None,
) -> Any:
    """As `foldl`, from the last element to the first."""
    return _fold(fn, elems, initializer, True, name or "foldr", back_prop)


def vectorized_map(
    fn: Callable[[Any], Any], elems: Any, fallback_to_while_loop: bool = True, warn: bool = True
) -> Any:
    """`fn` of every element along the first axis, stacked: as `map_fn`."""
    return map_fn(fn, elems, name="vectorized_map")
