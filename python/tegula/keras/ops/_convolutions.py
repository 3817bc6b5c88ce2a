"""Convolutions, pools and the like over spatial axes."""

import math

import numpy as np

from ... import _array_ops as _arrays
from ... import _math_ops as _math
from ... import nn as _tf_nn
from ..._convolution_ops import _CHANNELS_FIRST, _CHANNELS_LAST
from ..._framework import apply
from .. import config as _config
from ._dispatch import floating, gathered, known_size, op, tensor
from ._shapes import _sizes


def _channels_first(data_format):
    """Whether the channels come first: as given, or as Keras is configured."""
    data_format = data_format or _config.image_data_format()
    if data_format not in ("channels_first", "channels_last"):
        raise ValueError(
            "Argument `data_format` must be 'channels_first' or 'channels_last'. "
            f"Received: data_format={data_format}"
        )
    return data_format == "channels_first"


def _format(x, data_format):
    """TensorFlow's name of the layout of x."""
    names = _CHANNELS_FIRST if _channels_first(data_format) else _CHANNELS_LAST
    if x.ndim - 2 not in names:
        raise ValueError(f"one to three spatial axes are expected, got shape {x.shape}")
    return names[x.ndim - 2]


def _listed(numbers, count):
    return [int(numbers)] * count if hasattr(numbers, "__index__") else [int(n) for n in numbers]


def _padding(padding):
    if padding.lower() not in ("valid", "same"):
        raise ValueError(f"`padding` must be 'valid' or 'same'. Received: padding={padding}")
    return padding.upper()


def _pooled(inputs, pool_size, strides, padding, data_format, kind):
    x = floating(inputs)
    window = _listed(pool_size, x.ndim - 2)
    strides = window if strides is None else _listed(strides, x.ndim - 2)
    return _tf_nn.pool(
        x, window, kind, _padding(padding), strides=strides, data_format=_format(x, data_format)
    )


@op
def max_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """The largest element of each window; by default windows do not overlap."""
    return _pooled(inputs, pool_size, strides, padding, data_format, "MAX")


@op
def average_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """The mean of each window, without padding."""
    return _pooled(inputs, pool_size, strides, padding, data_format, "AVG")


def _adaptive(inputs, output_size, data_format, reduce):
    """Each axis cut into so many windows, of n elements from floor(i n / size) to ceil((i + 1) n / size)."""
    x = floating(inputs)
    spatial = x.ndim - 2
    first = 2 if "C" in _format(x, data_format)[:2] else 1
    for axis, size in enumerate(_listed(output_size, spatial), first):
        length = known_size(x, axis, "an adaptive pool")
        begins = [i * length // size for i in range(size)]
        ends = [-(-(i + 1) * length // size) for i in range(size)]
        key = (slice(None),) * axis
        parts = [reduce(x[(*key, slice(b, e))], axis, True) for b, e in zip(begins, ends)]
        x = _arrays.concat(parts, axis)
    return x


@op
def adaptive_max_pool(inputs, output_size, data_format=None):
    """The largest elements of so many windows of nearly one size."""
    return _adaptive(inputs, output_size, data_format, _math.reduce_max)


@op
def adaptive_average_pool(inputs, output_size, data_format=None):
    """The means of so many windows of nearly one size."""
    return _adaptive(inputs, output_size, data_format, _math.reduce_mean)


@op
def conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolution with a kernel [window…, channels / groups, filters]."""
    x, w = floating(inputs, kernel)
    count = x.ndim - 2
    return _tf_nn.convolution(
        x, w, _padding(padding), _listed(strides, count), _listed(dilation_rate, count),
        data_format=_format(x, data_format),
    )


def _grouped(x, w, strides, padding, data_format, dilation_rate):
    """Each channel by filters of its own: w [window…, channels, multiplier]."""
    *window, channels, multiplier = _sizes(w)
    grouped = _arrays.reshape(w, [*window, 1, channels * multiplier])
    return conv(x, grouped, strides, padding, data_format, dilation_rate)


@op
def depthwise_conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Each channel by filters of its own: kernel [window…, channels, multiplier]."""
    x, w = floating(inputs, kernel)
    return _grouped(x, w, strides, padding, data_format, dilation_rate)


@op
def separable_conv(
    inputs, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None,
    dilation_rate=1,
):
    """depthwise_conv, then a convolution of single elements."""
    x, w, pointwise = floating(inputs, depthwise_kernel, pointwise_kernel)
    seen = _grouped(x, w, strides, padding, data_format, dilation_rate)
    return conv(seen, pointwise, 1, "valid", data_format)


def _transposed_pads(length, stride, dilation, padding, output_padding):
    """(pads before, after; size of the result per size n of the input, as a function)."""
    extent = (length - 1) * dilation + 1
    if padding == "same" and output_padding is None:
        total = max(extent - stride, 0)
        return total // 2, total - total // 2, lambda n: n * stride
    if output_padding is None:
        return 0, 0, lambda n: (n - 1) * stride + max(extent, stride)
    before = extent // 2 if padding == "same" else 0
    return before, before, lambda n: (n - 1) * stride + extent - 2 * before + output_padding


@op
def conv_transpose(
    inputs, kernel, strides=1, padding="valid", output_padding=None, data_format=None, dilation_rate=1
):
    """The gradient of a convolution: kernel [window…, filters, channels]."""
    y, w = floating(inputs, kernel)
    layout = _format(y, data_format)
    first = 2 if layout[1] == "C" else 1
    count = y.ndim - 2
    strides, rates = _listed(strides, count), _listed(dilation_rate, count)
    extra = [None] * count if output_padding is None else _listed(output_padding, count)
    _padding(padding)
    pads, sizes = [[0, 0]], [-1]
    for i in range(count):
        taps = known_size(w, i, "conv_transpose")
        before, after, size = _transposed_pads(taps, strides[i], rates[i], padding.lower(), extra[i])
        pads.append([before, after])
        length = y.shape[first + i]
        sizes.append(-1 if length is None else size(int(length)))
    sizes.append(known_size(w, count, "conv_transpose"))
    pads.append([0, 0])
    if first == 2:
        pads, sizes = [pads[0], pads[-1], *pads[1:-1]], [sizes[0], sizes[-1], *sizes[1:-1]]
    return _tf_nn.conv_transpose(
        y, w, sizes, strides, pads, data_format=layout, dilations=rates
    )


# Blocks of images.


def _spatial(x, data_format, count=2):
    """(x with the channels last, what puts its result back)."""
    if _format(x, data_format)[1] != "C":
        return x, lambda y: y
    back = [0, count + 1, *range(1, count + 1)]
    return _arrays.transpose(x, [0, *range(2, count + 2), 1]), lambda y: _arrays.transpose(y, back)


@op
def depth_to_space(x, block_size, data_format="channels_last"):
    """Blocks of channels as blocks of pixels."""
    x, back = _spatial(tensor(x), data_format)
    n, (_, height, width, channels) = int(block_size), _sizes(x)
    kept = channels // n**2
    x = _arrays.reshape(x, [-1, height, width, n, n, kept])
    x = _arrays.transpose(x, [0, 1, 3, 2, 4, 5])
    return back(_arrays.reshape(x, [-1, height * n, width * n, kept]))


@op
def space_to_depth(x, block_size, data_format="channels_last"):
    """Blocks of pixels as blocks of channels."""
    x, back = _spatial(tensor(x), data_format)
    n, (_, height, width, channels) = int(block_size), _sizes(x)
    x = _arrays.reshape(x, [-1, height // n, n, width // n, n, channels])
    x = _arrays.transpose(x, [0, 1, 3, 2, 4, 5])
    return back(_arrays.reshape(x, [-1, height // n, width // n, channels * n * n]))


def _window_places(size, kernel, dilation, padding, stride):
    """(padded sizes, numbers of windows, places [window elements, windows] in a padded plane)."""
    padded = [s + 2 * p for s, p in zip(size, padding)]
    counts = [(s - d * (k - 1) - 1) // t + 1 for s, k, d, t in zip(padded, kernel, dilation, stride)]
    rows, columns = (
        np.arange(k)[:, None] * d + np.arange(n)[None, :] * t
        for k, n, d, t in zip(kernel, counts, dilation, stride)
    )
    places = rows[:, None, :, None] * padded[1] + columns[None, :, None, :]
    return padded, counts, places.reshape(math.prod(kernel), math.prod(counts))


@op
def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """The windows of images [batch, channels, height, width] as columns:
    [batch, channels · window elements, windows].
    """
    x = tensor(x)
    kernel, rates, pads, steps = (_listed(v, 2) for v in (kernel_size, dilation, padding, stride))
    size = [known_size(x, i, "unfold") for i in (2, 3)]
    channels = known_size(x, 1, "unfold")
    padded, _, places = _window_places(size, kernel, rates, pads, steps)
    x = apply("pad", [x], {"before": [0, 0, *pads], "after": [0, 0, *pads], "value": 0.0})
    flat = _arrays.reshape(x, [-1, channels, math.prod(padded)])
    windows = gathered(flat, places, 2)
    return _arrays.reshape(windows, [-1, channels * places.shape[0], places.shape[1]])


@op
def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """The sums of columns of windows in the places that `unfold` took them from."""
    x = tensor(x)
    size, kernel, rates, pads, steps = (
        _listed(v, 2) for v in (output_size, kernel_size, dilation, padding, stride)
    )
    padded, _, places = _window_places(size, kernel, rates, pads, steps)
    channels = known_size(x, 1, "fold") // places.shape[0]
    columns = _arrays.reshape(x, [-1, channels, places.size])
    columns = _arrays.transpose(columns, [2, 0, 1])
    batch = known_size(x, 0, "fold")
    zeros = _arrays.zeros([math.prod(padded), batch, channels], x.dtype)
    attrs = {"reduction": "add"}
    plane = apply("scatter", [zeros, tensor(places.reshape(-1)), columns], attrs)
    plane = _arrays.transpose(plane, [1, 2, 0])
    plane = _arrays.reshape(plane, [-1, channels, *padded])
    return plane[:, :, pads[0] : pads[0] + size[0], pads[1] : pads[1] + size[1]]
