"""Images: the functions of keras.ops.image."""

from ..._missing import getattr_of as _getattr_of
from . import _image, _image_sampling
from ._dispatch import exported as _exported

__getattr__ = _getattr_of(__name__)

globals().update(_exported(_image, _image_sampling))
