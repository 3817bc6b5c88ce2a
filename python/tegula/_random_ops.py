"""Random numbers: a function of the session's seed, the op's place in the graph and the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from . import _seed
from ._array_ops import static_dims
from ._dtypes import DTYPES, as_dtype
from ._framework import as_tensor, composed, get_default_graph
from ._math_ops import cast

if TYPE_CHECKING:
    from ._framework import Tensor
    from ._typing import DTypeLike, Name, ShapeLike, TensorLike

_FLOAT = DTYPES["float32"]


def _source(op, shape, seed, dtype, name, default, attrs):
    graph = get_default_graph()
    attrs = {
        **attrs,
        "shape": static_dims(shape, f"the shape of tf.{op}"),
        "dtype": as_dtype(dtype).name,
        "seed": -1 if seed is None else int(seed),
    }
    return graph.build(op, (), attrs, graph.unique_name(name or default))[0]


def random_uniform(
    shape: ShapeLike,
    minval: float = 0,
    maxval: Optional[float] = None,
    dtype: DTypeLike = _FLOAT,
    seed: Optional[int] = None,
    name: Name = None,
) -> Tensor:
    """Uniform in [minval, maxval); maxval is 1 unless given. Integers need a maxval."""
    dtype = as_dtype(dtype)
    maxval = 1 if maxval is None else maxval
    bounds = {"low": float(minval), "high": float(maxval)}
    if not dtype.is_integer:
        return _source("random_uniform", shape, seed, dtype, name, "random_uniform", bounds)
    with composed(name, "random_uniform") as full:
        drawn = _source("random_uniform", shape, seed, "float64", None, "uniform", bounds)
        return cast(_floor(drawn), dtype, full)


def _floor(x):
    from ._math_ops import floor

    return floor(x)


def random_normal(
    shape: ShapeLike,
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: DTypeLike = _FLOAT,
    seed: Optional[int] = None,
    name: Name = None,
) -> Tensor:
    """A normal distribution."""
    attrs = {"mean": float(mean), "stddev": float(stddev)}
    return _source("random_normal", shape, seed, dtype, name, "random_normal", attrs)


def truncated_normal(
    shape: ShapeLike,
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: DTypeLike = _FLOAT,
    seed: Optional[int] = None,
    name: Name = None,
) -> Tensor:
    """A normal distribution restricted to two standard deviations around the mean."""
    attrs = {"mean": float(mean), "stddev": float(stddev)}
    return _source("truncated_normal", shape, seed, dtype, name, "truncated_normal", attrs)


def dropout(
    x: TensorLike,
    keep_prob: Optional[float] = None,
    noise_shape: None = None,
    seed: Optional[int] = None,
    name: Name = None,
    rate: Optional[float] = None,
) -> Tensor:
    """Zeroes a fraction `rate` (or 1 - keep_prob) of the elements, scales the others by
    1 / (1 - rate).
    """
    from . import _core
    from ._framework import apply

    if noise_shape is not None:
        raise _core.InvalidArgument("tf.nn.dropout: noise_shape is not supported")
    if (keep_prob is None) == (rate is None):
        raise _core.InvalidArgument("tf.nn.dropout: give exactly one of rate and keep_prob")
    rate = 1.0 - float(keep_prob) if rate is None else float(rate)
    attrs = {"rate": rate, "seed": -1 if seed is None else int(seed)}
    return apply("dropout", [as_tensor(x)], attrs, name, "dropout")


def set_random_seed(seed: Optional[int]) -> None:
    """Fixes all random numbers of sessions of the default graph that are created from now on."""
    get_default_graph().seed = int(seed)


def set_seed(seed: Optional[int]) -> None:
    """Fixes all random numbers of sessions that are created from now on."""
    _seed.set_default(seed)
    get_default_graph().seed = int(seed)
