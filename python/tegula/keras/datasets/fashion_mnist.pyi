# Written by scripts/keras_stubs.py.
from typing import Any, Optional, Sequence, Union

from .._typing import ActivationLike, ConstraintLike, DTypeLike, InitializerLike, LearningRate
from .._typing import RegularizerLike, Shape

def load_data() -> Any: ...
