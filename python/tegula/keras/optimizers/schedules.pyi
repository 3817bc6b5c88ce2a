# Written by scripts/keras_stubs.py.
from typing import Any, Optional, Sequence, Union

from .._typing import ActivationLike, ConstraintLike, DTypeLike, InitializerLike, LearningRate
from .._typing import RegularizerLike, Shape

class CosineDecay(LearningRateSchedule):
    initial_learning_rate: Any
    decay_steps: Any
    alpha: Any
    name: Any
    warmup_target: Any
    warmup_steps: Any
    def __init__(self, initial_learning_rate: float, decay_steps: int, alpha: float = 0.0, name: str = 'CosineDecay', warmup_target: Optional[float] = None, warmup_steps: int = 0) -> None: ...
class CosineDecayRestarts(LearningRateSchedule):
    initial_learning_rate: Any
    first_decay_steps: Any
    t_mul: Any
    m_mul: Any
    alpha: Any
    def __init__(self, initial_learning_rate: float, first_decay_steps: int, t_mul: float = 2.0, m_mul: float = 1.0, alpha: float = 0.0, *, name: Any = ...) -> None: ...
class ExponentialDecay(LearningRateSchedule):
    initial_learning_rate: Any
    decay_steps: Any
    decay_rate: Any
    staircase: Any
    def __init__(self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False, *, name: Any = ...) -> None: ...
class InverseTimeDecay(LearningRateSchedule):
    initial_learning_rate: Any
    decay_steps: Any
    decay_rate: Any
    staircase: Any
    def __init__(self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False, *, name: Any = ...) -> None: ...
class LearningRateSchedule:
    name: Any
    def __init__(self, *args: Any, name: Any = None, **kwargs: Any) -> None: ...
    def get_config(self) -> Any: ...
    def __call__(self, step: Any) -> Any: ...
    @classmethod
    def from_config(cls, config: Any) -> Any: ...
    def __repr__(self) -> Any: ...
    def __reduce__(self) -> Any: ...
class PiecewiseConstantDecay(LearningRateSchedule):
    boundaries: Any
    values: Any
    def __init__(self, boundaries: Sequence[float], values: Sequence[float], *, name: Any = ...) -> None: ...
class PolynomialDecay(LearningRateSchedule):
    initial_learning_rate: Any
    decay_steps: Any
    end_learning_rate: Any
    power: Any
    cycle: Any
    def __init__(self, initial_learning_rate: float, decay_steps: int, end_learning_rate: float = 0.0001, power: float = 1.0, cycle: bool = False, *, name: Any = ...) -> None: ...
def deserialize(config: Any, custom_objects: Any = None) -> Any: ...
def get(identifier: Any) -> Any: ...
def serialize(obj: Any) -> Any: ...
