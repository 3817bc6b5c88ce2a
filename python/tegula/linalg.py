"""tf.linalg: matrix products, norms and standard matrices."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from . import _core
from ._array_ops import (
    eye as eye,
    matrix_transpose as matrix_transpose,
)
from ._framework import apply, as_tensor, composed
from ._math_ops import (
    abs,
    global_norm as global_norm,
    matmul as matmul,
    reduce_max,
    reduce_sum,
    reduction,
    tensordot as tensordot,
)
from ._missing import getattr_of as _getattr_of
from .nn import l2_normalize as l2_normalize

if TYPE_CHECKING:
    from ._framework import Tensor
    from ._typing import Axis, Name, TensorLike

__getattr__ = _getattr_of(__name__)


def norm(
    tensor: TensorLike,
    ord: Any = "euclidean",
    axis: Axis = None,
    keepdims: Optional[bool] = None,
    name: Name = None,
) -> Tensor:  # noqa: A002
    """The norm over `axis` (default: all elements): "euclidean" (2), 1 or infinity."""
    keepdims = builtins.bool(keepdims)
    with composed(name, "norm", tensor) as full:
        x = as_tensor(tensor)
        if ord in ("euclidean", "fro", 2):
            return reduction("norm", x, axis, keepdims, full, "")
        if ord == 1:
            return apply("identity", [reduce_sum(abs(x), axis, keepdims)], None, full)
        if ord == np.inf:
            return apply("identity", [reduce_max(abs(x), axis, keepdims)], None, full)
    raise _core.InvalidArgument(f"tf.norm: ord {ord!r} is not supported")


def matvec(a: TensorLike, b: TensorLike, transpose_a: bool = False, name: Name = None) -> Tensor:
    """a[..., m, k] times the vector b[..., k]."""
    from ._array_ops import expand_dims

    with composed(name, "MatVec", a, b) as full:
        product = matmul(a, expand_dims(b, -1), transpose_a)
        return apply("squeeze", [product], {"axes": (product.ndim - 1,)}, full)


def trace(x: TensorLike, name: Name = None) -> Tensor:
    """The sum of the main diagonal of a square matrix."""
    with composed(name, "Trace", x) as full:
        x = as_tensor(x)
        mask = eye(x.shape[-2], x.shape[-1], dtype=x.dtype)
        return apply("identity", [reduce_sum(x * mask, [-2, -1])], None, full)
