"""tf.gradients: derivatives as nodes of the same graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional

from . import _core
from ._array_ops import zeros_like
from ._framework import Tensor, as_tensor

if TYPE_CHECKING:
    from ._typing import Name


class UnconnectedGradients:
    """What `gradients` gives for an x that no y depends on."""

    NONE = "none"
    ZERO = "zero"


def _as_list(items):
    return list(items) if isinstance(items, (list, tuple)) else [items]


def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: Name = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: Any = False,
    aggregation_method: Any = None,
    stop_gradients: Any = None,
    unconnected_gradients: str = UnconnectedGradients.NONE,
) -> List[Any]:
    """The gradients of the sum of all ys with respect to each x, as a list.

    `grad_ys` weights the ys. Nothing flows through the values in `stop_gradients`. An x that no y
    depends on has the gradient None, or zeros with unconnected_gradients="zero".
    """
    ys = [as_tensor(y) for y in _as_list(ys)]
    xs = _as_list(xs)
    for x in xs:
        if not isinstance(x, Tensor):
            raise TypeError(f"gradients are taken with respect to values of the graph, got {x!r}")
    weights = [None] * len(ys) if grad_ys is None else _as_list(grad_ys)
    if len(weights) != len(ys):
        raise _core.InvalidArgument(f"{len(weights)} grad_ys are given for {len(ys)} ys")
    weights = [
        None if w is None else as_tensor(w, hint=y.dtype, graph=y.graph)
        for w, y in zip(weights, ys)
    ]
    # Only floating values have derivatives: an integer y contributes nothing.
    pairs = [(y, w) for y, w in zip(ys, weights) if y.dtype.is_floating]
    results = [None] * len(xs)
    floating = [i for i, x in enumerate(xs) if x.dtype.is_floating]
    if pairs and floating:
        found = _core.gradients(
            [y._value for y, _ in pairs],
            [xs[i]._value for i in floating],
            [None if w is None else w._value for _, w in pairs],
            [
                as_tensor(s)._value
                for s in _as_list([] if stop_gradients is None else stop_gradients)
            ],
        )
        for i, gradient in zip(floating, found):
            results[i] = None if gradient is None else xs[i].graph.tensor(gradient)
    if getattr(unconnected_gradients, "value", unconnected_gradients) == UnconnectedGradients.ZERO:
        results = [zeros_like(x) if g is None else g for x, g in zip(xs, results)]
    return results


def hessians(ys: Any, xs: Any, name: Name = "hessians") -> List[Tensor]:
    """The matrix of second derivatives of the sum of ys for each vector x."""
    from ._array_ops import stack
    from ._math_ops import reduce_sum

    matrices = []
    for x in _as_list(xs):
        if x.ndim != 1 or x.shape[0] is None:
            raise _core.ShapeError(f"tf.hessians takes vectors of known length, got {x!r}")
        (first,) = gradients(ys, x)
        rows = [gradients(reduce_sum(first[i : i + 1]), x)[0] for i in range(x.shape[0])]
        matrices.append(stack([zeros_like(x) if r is None else r for r in rows]))
    return matrices
