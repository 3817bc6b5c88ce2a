"""Process-wide settings; keras.config has them, too."""

from .._missing import getattr_of as _getattr_of
from .config import (  # noqa: F401
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from .utils import clear_session  # noqa: F401

__getattr__ = _getattr_of(__name__)
