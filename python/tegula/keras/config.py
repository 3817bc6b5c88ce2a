"""Settings of the process. Those that Tegula has one value for can be set to that value only."""

from .. import _core
from .._missing import getattr_of as _getattr_of

__getattr__ = _getattr_of(__name__)


def floatx():
    """The dtype of weights and computations."""
    return "float32"


def epsilon():
    """The smallest probability and divisor of losses and metrics."""
    return 1e-7


def image_data_format():
    """Where images have their channels."""
    return "channels_last"


def backend():
    """The name of what computes."""
    return "tegula"


def _fixed(setting, value, known, only):
    if value not in known:
        raise ValueError(f"Unknown `{setting}` value: {value}. Expected one of {sorted(known)}")
    if value != only:
        raise _core.InvalidArgument(f"`{setting}` is always {only!r} in Tegula, got {value!r}")


def set_floatx(value):
    """Accepts "float32"; ValueError for another dtype."""
    _fixed("floatx", value, {"float16", "float32", "float64", "bfloat16"}, floatx())


def set_image_data_format(data_format):
    """Accepts "channels_last"; ValueError for "channels_first"."""
    _fixed("data_format", data_format, {"channels_first", "channels_last"}, image_data_format())


def set_backend(backend):
    """Accepts "tegula"; ValueError for another backend."""
    _fixed("backend", backend, {"tegula", "tensorflow", "jax", "torch", "openvino"}, "tegula")


def set_dtype_policy(policy):
    """Accepts "float32"; ValueError for another policy."""
    known = {"float16", "float32", "float64", "bfloat16", "mixed_float16", "mixed_bfloat16"}
    _fixed("dtype_policy", getattr(policy, "name", policy), known, floatx())


def set_epsilon(value):
    """Accepts 1e-7; ValueError for another number."""
    if not value == epsilon():
        raise _core.InvalidArgument(f"`epsilon` is always {epsilon()} in Tegula, got {value!r}")
