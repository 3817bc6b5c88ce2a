"""Names of argument types, for annotations only."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Sequence, Union

# A name, an object, a class, a function, or what `serialize` gave.
InitializerLike = Union[None, str, Callable[..., Any], Dict[str, Any]]
RegularizerLike = Union[None, str, Callable[..., Any], Dict[str, Any]]
ConstraintLike = Union[None, str, Callable[..., Any], Dict[str, Any]]
ActivationLike = Union[None, str, Callable[..., Any], Dict[str, Any]]
LearningRate = Union[float, Callable[..., Any], Dict[str, Any]]
Shape = Sequence[Optional[int]]
DTypeLike = Any
