"""Images: colors, borders, patches and filters. The channels come last, or first where `data_format` says."""

import math

import numpy as np

from ... import _array_ops as _arrays
from ... import _math_ops as _math
from ._convolutions import _channels_first, _listed, _spatial, conv, depthwise_conv
from ._dispatch import axis_in, floating, known_size, op, tensor
from ._shapes import _cut, _sizes, pad


def _checked(images, ranks=(3, 4)):
    x = tensor(images)
    if x.ndim not in ranks:
        raise ValueError(
            f"Invalid images rank: expected rank {' or '.join(map(str, ranks))}. Received input with "
            f"shape: images.shape={x.shape}"
        )
    return x


def _channel_axis(data_format):
    return -3 if _channels_first(data_format) else -1


def _colors(images, data_format, floats=False):
    """(the channel axis, red, green and blue as floats); `floats` refuses images of integers."""
    given = tensor(images).dtype
    if floats and not given.is_floating:
        raise ValueError(f"Invalid images dtype: expected float dtype. Received: {given}")
    x = floating(_checked(images))
    axis = axis_in(_channel_axis(data_format), x.ndim)
    if known_size(x, axis, "the colors of images") != 3:
        raise ValueError(f"images must have 3 channels, got shape {x.shape}")
    return axis, [_cut(x, axis, i, i + 1) for i in range(3)]


@op
def rgb_to_grayscale(images, data_format=None):
    """The luma 0.2989 R + 0.587 G + 0.114 B, in one channel."""
    given = tensor(images).dtype
    _, (r, g, b) = _colors(images, data_format)
    return tensor(r * 0.2989 + g * 0.587 + b * 0.114, given)


@op
def rgb_to_hsv(images, data_format=None):
    """Hue, saturation and value, 0 to 1, of colors 0 to 1."""
    axis, (r, g, b) = _colors(images, data_format, floats=True)
    value = _math.maximum(_math.maximum(r, g), b)
    spread = value - _math.minimum(_math.minimum(r, g), b)
    gray, dark = _math.equal(spread, 0.0), _math.equal(value, 0.0)
    scale = 1.0 / _arrays.where(gray, 1.0, spread)
    hue = _arrays.where(
        _math.equal(r, value),
        (g - b) * scale,
        _arrays.where(_math.equal(g, value), 2.0 + (b - r) * scale, 4.0 + (r - g) * scale),
    )
    hue = _math.floormod(hue * (1 / 6), 1.0)
    hue = _arrays.where(gray, 0.0, hue)
    saturation = _arrays.where(dark, 0.0, spread / _arrays.where(dark, 1.0, value))
    return _arrays.concat([hue, saturation, value], axis)


@op
def hsv_to_rgb(images, data_format=None):
    """Colors of hue, saturation and value, all 0 to 1."""
    axis, (hue, saturation, value) = _colors(images, data_format, floats=True)
    six = _math.floormod(hue, 1.0) * 6.0

    def channel(low, sign):
        distance = _math.abs(six - low)
        ramp = _math.clip_by_value(distance - 1.0 if sign > 0 else 2.0 - distance, 0.0, 1.0)
        return value * (1.0 - saturation * (1.0 - ramp))

    return _arrays.concat([channel(3.0, 1), channel(2.0, -1), channel(4.0, -1)], axis)


def _planes(x, data_format):
    """The axes of height and width."""
    first = x.ndim - 3 + (1 if _channels_first(data_format) else 0)
    return first, first + 1


def _ends(before, after, target, missing, names):
    """(before, after) of one axis, of which two of three numbers are given; `missing` is target less
    size.
    """
    if (before is None) + (after is None) + (target is None) != 1:
        raise ValueError(f"Must specify exactly two of {', '.join(names)}. "
                         f"Received: {before}, {after}, {target}")
    if before is None:
        return missing - after, after
    return before, missing - before if after is None else after


@op
def pad_images(
    images, top_padding=None, left_padding=None, bottom_padding=None, right_padding=None,
    target_height=None, target_width=None, data_format=None,
):
    """Images with zeros around them; of before, after and target size two are given."""
    x = _checked(images)
    widths = [(0, 0)] * x.ndim
    rows, columns = _planes(x, data_format)
    for axis, before, after, target, names in (
        (rows, top_padding, bottom_padding, target_height, ("top_padding", "bottom_padding", "target_height")),
        (columns, left_padding, right_padding, target_width, ("left_padding", "right_padding", "target_width")),
    ):
        size = known_size(x, axis, "pad_images")
        ends = _ends(before, after, target, 0 if target is None else target - size, names)
        if min(ends) < 0:
            raise ValueError(f"pad_images: paddings must be >= 0, got {ends}")
        widths[axis] = ends
    return pad(x, widths)


@op
def crop_images(
    images, top_cropping=None, left_cropping=None, bottom_cropping=None, right_cropping=None,
    target_height=None, target_width=None, data_format=None,
):
    """Images without their borders; of before, after and target size two are given."""
    x = _checked(images)
    rows, columns = _planes(x, data_format)
    for axis, before, after, target, names in (
        (rows, top_cropping, bottom_cropping, target_height, ("top_cropping", "bottom_cropping", "target_height")),
        (columns, left_cropping, right_cropping, target_width, ("left_cropping", "right_cropping", "target_width")),
    ):
        size = known_size(x, axis, "crop_images")
        ends = _ends(before, after, target, 0 if target is None else size - target, names)
        if min(ends) < 0 or sum(ends) >= size:
            raise ValueError(f"crop_images: {ends} cannot be cut off an axis of size {size}")
        x = _cut(x, axis, ends[0], size - ends[1])
    return x


def _patches(x, spatial, size, strides, dilation_rate, padding, data_format):
    """By a convolution whose filters each take one element of a window."""
    size = _listed(size, spatial)
    strides = size if strides is None else _listed(strides, spatial)
    batch = x if x.ndim == spatial + 2 else _arrays.expand_dims(x, 0)
    axis = 1 if _channels_first(data_format) else spatial + 1
    channels = known_size(batch, axis, "patches")
    count = math.prod(size) * channels
    filters = np.eye(count).reshape([*size, channels, count]).astype(x.dtype.numpy_dtype)
    found = conv(batch, filters, strides, padding, data_format, dilation_rate)
    return found if batch is x else _arrays.squeeze(found, [0])


@op
def extract_patches(images, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """The windows of images, their elements as channels."""
    x = floating(_checked(images))
    return _patches(x, 2, size, strides, dilation_rate, padding, data_format)


@op
def extract_patches_3d(volumes, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """The windows of volumes, their elements as channels."""
    x = floating(_checked(volumes, (4, 5)))
    return _patches(x, 3, size, strides, dilation_rate, padding, data_format)


# Filters of each channel alone.


def _filtered(x, kernel, padding, data_format):
    """Images by one filter [height, width] in every channel."""
    batch = x if x.ndim == 4 else _arrays.expand_dims(x, 0)
    channels = known_size(batch, 1 if _channels_first(data_format) else 3, "the channels of images")
    filters = np.repeat(kernel[:, :, None, None], channels, 2).astype(x.dtype.numpy_dtype)
    found = depthwise_conv(batch, filters, 1, padding, data_format)
    return found if batch is x else _arrays.squeeze(found, [0])


def _bell(size, sigma):
    """A normal distribution around the middle of `size` places, of sum 1."""
    places = np.arange(size) - (size - 1) / 2
    bell = np.exp(-0.5 * (places / sigma) ** 2)
    return bell / bell.sum()


@op
def gaussian_blur(images, kernel_size=(3, 3), sigma=(1.0, 1.0), data_format=None):
    """Images by a Gaussian filter, with zeros beyond the borders."""
    x = floating(_checked(images))
    sigma = sigma if isinstance(sigma, (tuple, list)) else (sigma, sigma)
    rows, columns = (_bell(n, float(s)) for n, s in zip(_listed(kernel_size, 2), sigma))
    return _filtered(x, np.outer(rows, columns), "same", data_format)


_SOBEL_DOWN = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], "float32")
_SOBEL = np.stack([_SOBEL_DOWN, _SOBEL_DOWN.T], -1)


@op
def sobel_edges(images, data_format=None):
    """How much brighter images get downwards and to the right, along a new last axis; the pixels are
    mirrored at the borders.
    """
    x, back = _spatial(floating(_checked(images, (4,))), data_format)
    channels = known_size(x, 3, "the channels of images")
    filters = np.repeat(_SOBEL[:, :, None], channels, 2).astype(x.dtype.numpy_dtype)
    bordered = pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect")
    edges = depthwise_conv(bordered, filters, 1, "valid", "channels_last")
    edges = _arrays.reshape(edges, [*_sizes(x), 2])
    return _arrays.stack([back(edges[..., i]) for i in range(2)], -1)


@op
def ssim(
    image1, image2, max_val=1.0, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03, data_format=None
):
    """The structural similarity of images, at most 1, of each pair (Wang et al., "Image quality
    assessment: from error visibility to structural similarity", 2004).
    """
    a = floating(_checked(image1))
    b = tensor(_checked(image2), a.dtype)
    bell = _bell(int(filter_size), float(filter_sigma))
    window = np.outer(bell, bell)

    def local_mean(x):
        return _filtered(x, window, "valid", data_format)

    mean_a, mean_b = local_mean(a), local_mean(b)
    variances = local_mean(a * a) - mean_a * mean_a + local_mean(b * b) - mean_b * mean_b
    covariance = local_mean(a * b) - mean_a * mean_b
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    alike = (2.0 * mean_a * mean_b + c1) * (2.0 * covariance + c2)
    alike = alike / ((mean_a * mean_a + mean_b * mean_b + c1) * (variances + c2))
    return tensor(_math.reduce_mean(alike, [-3, -2, -1]), tensor(image1).dtype)
