"""Process-wide settings."""

from .._missing import getattr_of as _getattr_of
from .utils import clear_session  # noqa: F401

__getattr__ = _getattr_of(__name__)


def epsilon():
    """The smallest probability and divisor of losses and metrics."""
    return 1e-7


def floatx():
    """The dtype of weights and computations."""
    return "float32"


def image_data_format():
    """Where images have their channels."""
    return "channels_last"


def backend():
    """The name of what computes."""
    return "tegula"
