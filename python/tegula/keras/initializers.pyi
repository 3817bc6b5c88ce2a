# Written by scripts/keras_stubs.py.
from typing import Any, Optional, Sequence, Union

from ._typing import ActivationLike, ConstraintLike, DTypeLike, InitializerLike, LearningRate
from ._typing import RegularizerLike, Shape

class Constant(Initializer):
    value: Any
    def __init__(self, value: Union[float, Sequence[float], None] = 0.0) -> None: ...
class GlorotNormal(Initializer):
    seed: Any
    input_axes: Any
    output_axes: Any
    def __init__(self, seed: Optional[int] = None, input_axes: Optional[Sequence[int]] = None, output_axes: Optional[Sequence[int]] = None) -> None: ...
class GlorotUniform(Initializer):
    seed: Any
    input_axes: Any
    output_axes: Any
    def __init__(self, seed: Optional[int] = None, input_axes: Optional[Sequence[int]] = None, output_axes: Optional[Sequence[int]] = None) -> None: ...
class HeNormal(Initializer):
    seed: Any
    input_axes: Any
    output_axes: Any
    def __init__(self, seed: Optional[int] = None, input_axes: Optional[Sequence[int]] = None, output_axes: Optional[Sequence[int]] = None) -> None: ...
class HeUniform(Initializer):
    seed: Any
    input_axes: Any
    output_axes: Any
    def __init__(self, seed: Optional[int] = None, input_axes: Optional[Sequence[int]] = None, output_axes: Optional[Sequence[int]] = None) -> None: ...
class Identity(Initializer):
    gain: Any
    def __init__(self, gain: float = 1.0) -> None: ...
IdentityInitializer = Identity
class Initializer:
    def __call__(self, shape: Any, dtype: Any = None) -> Any: ...
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def get_config(self) -> Any: ...
    @classmethod
    def from_config(cls, config: Any) -> Any: ...
    def __repr__(self) -> Any: ...
    def __reduce__(self) -> Any: ...
class LecunNormal(Initializer):
    seed: Any
    input_axes: Any
    output_axes: Any
    def __init__(self, seed: Optional[int] = None, input_axes: Optional[Sequence[int]] = None, output_axes: Optional[Sequence[int]] = None) -> None: ...
class LecunUniform(Initializer):
    seed: Any
    input_axes: Any
    output_axes: Any
    def __init__(self, seed: Optional[int] = None, input_axes: Optional[Sequence[int]] = None, output_axes: Optional[Sequence[int]] = None) -> None: ...
class Ones(Initializer):
    def __init__(self) -> None: ...
class Orthogonal(Initializer):
    gain: Any
    seed: Any
    def __init__(self, gain: float = 1.0, seed: Optional[int] = None) -> None: ...
OrthogonalInitializer = Orthogonal
class RandomNormal(Initializer):
    mean: Any
    stddev: Any
    seed: Any
    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Optional[int] = None) -> None: ...
class RandomUniform(Initializer):
    minval: Any
    maxval: Any
    seed: Any
    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Optional[int] = None) -> None: ...
class TruncatedNormal(Initializer):
    mean: Any
    stddev: Any
    seed: Any
    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Optional[int] = None) -> None: ...
class VarianceScaling(Initializer):
    scale: Any
    mode: Any
    distribution: Any
    seed: Any
    input_axes: Any
    output_axes: Any
    def __init__(self, scale: float = 1.0, mode: str = 'fan_in', distribution: str = 'truncated_normal', seed: Optional[int] = None, input_axes: Optional[Sequence[int]] = None, output_axes: Optional[Sequence[int]] = None) -> None: ...
class Zeros(Initializer):
    def __init__(self) -> None: ...
constant = Constant
def deserialize(config: Any, custom_objects: Any = None) -> Any: ...
def get(identifier: Any) -> Any: ...
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
identity = Identity
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
orthogonal = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
def serialize(obj: Any) -> Any: ...
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros
