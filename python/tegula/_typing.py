"""Names of argument types, for annotations only."""

from __future__ import annotations

from typing import Any, Callable, Optional, Sequence, Union

import numpy as np

from ._dtypes import DType, TensorShape
from ._framework import Operation, Tensor

# A value of the graph, or anything that becomes a constant.
TensorLike = Union[Tensor, np.ndarray, np.generic, float, int, bool, Sequence[Any]]
DTypeLike = Union[DType, np.dtype, type, str]
ShapeLike = Union[TensorShape, Tensor, np.ndarray, int, Sequence[Any]]
Axis = Union[None, int, Sequence[int]]
Fetch = Union[Tensor, Operation, str]
Initial = Union[TensorLike, Callable[[], TensorLike]]
Name = Optional[str]
