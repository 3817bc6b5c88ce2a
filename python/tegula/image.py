"""tf.image: images, [batch, height, width, channels] or one of them without the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _core
from ._framework import apply, as_tensor, composed
from ._math_ops import cast
from ._missing import getattr_of as _getattr_of

if TYPE_CHECKING:
    from ._framework import Tensor
    from ._typing import Name, TensorLike

__getattr__ = _getattr_of(__name__)


class ResizeMethod:
    """How `resize` interpolates."""

    BILINEAR = "bilinear"
    NEAREST_NEIGHBOR = "nearest"
    BICUBIC = "bicubic"
    AREA = "area"
    LANCZOS3 = "lanczos3"
    LANCZOS5 = "lanczos5"
    GAUSSIAN = "gaussian"
    MITCHELLCUBIC = "mitchellcubic"


def resize(
    images: TensorLike,
    size: Any,
    method: str = ResizeMethod.BILINEAR,
    preserve_aspect_ratio: bool = False,
    antialias: bool = False,
    name: Name = None,
) -> Tensor:
    """Images of another size, (height, width), in float32; in their own dtype with "nearest", or
    where the size is theirs. Height and width of `images` must be known.
    """
    with composed(name, "resize", images) as full:
        images = as_tensor(images)
        height, width = (int(one) for one in size)
        given = images.shape.as_list()[-3:-1]
        if preserve_aspect_ratio and None not in given:
            scale = min(height / given[0], width / given[1])
            height, width = (int(round(scale * one)) for one in given)
        if method != ResizeMethod.NEAREST_NEIGHBOR and given != [height, width]:
            images = cast(images, "float32")
        value = _core.resize(images._value, height, width, method, antialias)
        return apply("identity", [images.graph.tensor(value)], None, full)
