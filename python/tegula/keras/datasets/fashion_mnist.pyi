# Written by scripts/keras_stubs.py.
from typing import Any, Optional, Sequence, Union

from .._typing import ActivationLike, DTypeLike, InitializerLike, LearningRate, RegularizerLike, Shape

def load_data() -> Any: ...
