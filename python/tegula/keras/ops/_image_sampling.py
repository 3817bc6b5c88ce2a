"""Images of other sizes, and images and arrays at places between their elements."""

import functools
import itertools
import math
import operator
import typing

import numpy as np

from ... import _array_ops as _arrays
from ... import _math_ops as _math
from ... import image as _tf_image
from ..._framework import Tensor, apply
from .. import random as _random
from ._convolutions import _spatial
from ._core import saturate_cast
from ._dispatch import axis_in, floating, gathered, is_computed, known_size, op, refused, tensor
from ._image import _bell, _checked, _filtered
from ._linalg import solve
from ._products import tensordot
from ._shapes import _cut, continued, moveaxis, pad


def _one_of(name, value, allowed):
    if value not in allowed:
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected one of {tuple(allowed)}. Received: "
            f"{name}={value}"
        )


def _batch(images, data_format):
    """(images [batch, height, width, channels], what gives a result of them the given layout)."""
    x = _checked(images)
    single = x.ndim == 3
    x, back = _spatial(_arrays.expand_dims(x, 0) if single else x, data_format)
    return x, (lambda y: _arrays.squeeze(back(y), [0])) if single else back


def _plane(x):
    """Height and width of a batch."""
    return [known_size(x, axis, "the size of images") for axis in (1, 2)]


# Other sizes.

_INTERPOLATIONS = ("bilinear", "nearest", "lanczos3", "lanczos5", "bicubic", "area")


def _cropped(x, size, wanted):
    """The largest part in the middle that has the ratio of `wanted`."""
    ratio = (size[1] * wanted[0] // wanted[1], size[0] * wanted[1] // wanted[0])
    for axis, (given, at_ratio) in enumerate(zip(size, ratio), 1):
        kept = max(min(given, at_ratio), 1)
        begin = (given - kept) // 2
        x = _cut(x, axis, begin, begin + kept)
    return x


def _padded(x, size, wanted, value):
    """With borders, so that it has the ratio of `wanted`."""
    ratio = (size[1] * wanted[0] // wanted[1], size[0] * wanted[1] // wanted[0])
    margins = [(max(given, at_ratio) - given) // 2 for given, at_ratio in zip(size, ratio)]
    return pad(x, ((0, 0), *((margin, margin) for margin in margins), (0, 0)), constant_values=value)


@op
def resize(
    images, size, interpolation="bilinear", antialias=False, crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False, fill_mode="constant", fill_value=0.0, data_format=None,
):
    """Images of another size (height, width). The ratio of width to height stays where they are cropped
    or padded to that of `size` before.
    """
    _one_of("interpolation", interpolation, _INTERPOLATIONS)
    _one_of("fill_mode", fill_mode, ("constant",))
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("Only one of `pad_to_aspect_ratio` & `crop_to_aspect_ratio` can be `True`.")
    wanted = [int(one) for one in size]
    if len(wanted) != 2 or min(wanted) <= 0:
        raise ValueError(f"`size` must be a positive (height, width). Received: size={size}")
    x, back = _batch(images, data_format)
    dtype = x.dtype
    if crop_to_aspect_ratio:
        x = _cropped(x, _plane(x), wanted)
    if pad_to_aspect_ratio:
        x = _padded(x, _plane(x), wanted, fill_value)
    x = back(_tf_image.resize(x, wanted, interpolation, antialias=bool(antialias)))
    if x.dtype == dtype:
        return x
    return saturate_cast(_math.round(x) if dtype.is_integer else x, dtype)


def _triangle(x):
    return _math.maximum(1 - x, 0.0)


def _cubic(x):
    """Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -1/2."""
    near = ((1.5 * x - 2.5) * x) * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return _arrays.where(x < 1.0, near, _arrays.where(x < 2.0, far, 0.0))


def _lanczos(radius):
    def kernel(x):
        wave = radius * _math.sin(math.pi * x) * _math.sin(math.pi / radius * x)
        middle = x <= 1e-3  # where the quotient is of nearly equal small numbers
        inside = wave / _arrays.where(middle, 1.0, math.pi**2 * x * x)
        return _arrays.where(middle, 1.0, _arrays.where(x > radius, 0.0, inside))

    return kernel


_KERNELS = {
    **dict.fromkeys(("linear", "bilinear", "trilinear", "triangle"), _triangle),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), _cubic),
    "lanczos3": _lanczos(3.0),
    "lanczos5": _lanczos(5.0),
}


def _shares(given, wanted, scale, translation, kernel, antialias):
    """[given, wanted]: how much of each element of an axis is in each of the result's."""
    step = 1.0 / scale
    number = scale.dtype.numpy_dtype
    at = (np.arange(wanted, dtype=number) + number.type(0.5)) * step - translation * step - 0.5
    distance = _math.abs(_arrays.expand_dims(at, 0) - np.arange(given, dtype=number)[:, None])
    shares = kernel(distance / _math.maximum(step, 1.0) if antialias else distance)
    total = _math.reduce_sum(shares, 0, True)
    counts = _math.abs(total) > 1000 * float(np.finfo("float32").eps)
    inside = _math.logical_and(at >= -0.5, at <= given - 0.5)
    return _arrays.where(
        _math.logical_and(counts, inside), shares / _arrays.where(counts, total, 1.0), 0.0
    )


@op
def scale_and_translate(images, output_shape, scale, translation, spatial_dims, method, antialias=True):
    """An array whose element at x along each of `spatial_dims` is at x * scale + translation of the
    result; 0 where there is none. Elements are one wide, and the first begins at 0.
    """
    _one_of("method", method, _KERNELS)
    x = tensor(images)
    if not len(spatial_dims):
        return x
    given, dtype = x, x.dtype
    scale, translation = floating(scale, translation)
    x = x if dtype.is_floating else tensor(x, "float32")
    for i, axis in enumerate(axis_in(axis, x.ndim) for axis in spatial_dims):
        size = known_size(x, axis, "scale_and_translate")
        shares = _shares(
            size, int(output_shape[axis]), scale[i], translation[i], _KERNELS[method], antialias
        )
        x = moveaxis(tensordot(x, tensor(shares, x.dtype), ([axis], [0])), -1, axis)
    if dtype.is_floating:
        return x
    low, high = (tensor(reduce(given), x.dtype) for reduce in (_math.reduce_min, _math.reduce_max))
    return tensor(_math.minimum(_math.maximum(_math.round(x), low), high), dtype)


# Places between elements.

_ORDERS = {"nearest": 0, "bilinear": 1}
# Fill modes, and what `continued` calls them.
_CONTINUED = {"wrap": "wrap", "reflect": "symmetric", "mirror": "reflect"}
_FILL_MODES = ("constant", "nearest", "wrap", "reflect")


class _Node(typing.NamedTuple):
    """An element beside each of some places along an axis."""

    number: Tensor  # its index, as a float
    inside: typing.Optional[Tensor] = None  # elsewhere the fill value stands for it; None: everywhere
    share: typing.Optional[Tensor] = None  # its weight; None: 1


def _node(number, size, fill_mode, share=None):
    if fill_mode == "constant":
        inside = _math.logical_and(number >= 0, number < size)
        return _Node(_arrays.where(inside, number, 0.0), inside, share)
    if fill_mode == "nearest":
        number = _math.minimum(number, size - 1)
    else:
        number = continued(number, size, _CONTINUED[fill_mode])
    return _Node(_arrays.where(number >= 0, number, 0.0), None, share)  # NaN is no index


def _nodes(at, size, order, fill_mode):
    """The elements that places along an axis are interpolated from."""
    if not at.dtype.is_floating:
        return [_node(tensor(at, "float64"), size, fill_mode)]
    if order == 0:
        return [_node(_math.round(at), size, fill_mode)]
    low = _math.floor(at)
    share = at - low
    return [_node(low, size, fill_mode, 1 - share), _node(low + 1, size, fill_mode, share)]


def _mixed(elements, sizes, axes, fill_value, first=0):
    """The sum of `elements`, numbers or rows of them, of an array of these sizes, at all combinations of
    the nodes of its axes by their shares. There may be several arrays; `first` is where each begins.
    """
    dtype = elements.dtype
    if any(node.share is not None for nodes in axes for node in nodes):
        shares = (node.share for nodes in axes for node in nodes if node.share is not None)
        elements = floating(elements, next(shares))[0]
    fill_value = tensor(tensor(fill_value, dtype), elements.dtype)
    strides = [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]

    def of_each(x):
        return _arrays.expand_dims(x, -1) if elements.ndim > 1 else x

    def found_at(nodes):
        # In floats, which are computed faster than integers, and exactly up to 2^53.
        place = sum(tensor(node.number, "float64") * stride for node, stride in zip(nodes, strides))
        found = gathered(elements, tensor(place + first, "int64"), 0)
        for node in nodes:
            if node.inside is not None:
                found = _arrays.where(of_each(node.inside), found, fill_value)
        for node in nodes:
            if node.share is not None:
                found = found * tensor(of_each(node.share), elements.dtype)
        return found

    return functools.reduce(operator.add, map(found_at, itertools.product(*axes)))


def _rounded(x, dtype):
    """x in a dtype, rounded where that is of integers."""
    return tensor(_math.round(x) if dtype.is_integer and x.dtype.is_floating else x, dtype)


@op
def map_coordinates(inputs, coordinates, order, fill_mode="constant", fill_value=0.0):
    """The elements of an array at places, of which `coordinates` [rank, ...] gives the index along each
    axis, of the nearest element (order 0) or between the neighbours (order 1).
    """
    x, at = tensor(inputs), tensor(coordinates)
    if at.shape[0] != x.ndim:
        raise ValueError(
            "First dim of `coordinates` must be the same as the rank of `inputs`. Received inputs with "
            f"shape: {x.shape} and coordinate leading dim of {at.shape[0]}"
        )
    if at.ndim < 2:
        raise ValueError(
            f"Invalid coordinates rank: expected at least rank 2. Received input with shape: {at.shape}"
        )
    _one_of("fill_mode", fill_mode, (*_FILL_MODES, "mirror"))
    if order not in (0, 1):
        raise refused("order", order, "image.map_coordinates", "0 and 1 are")
    sizes = [known_size(x, axis, "map_coordinates") for axis in range(x.ndim)]
    axes = [_nodes(at[i], size, order, fill_mode) for i, size in enumerate(sizes)]
    return _rounded(_mixed(_arrays.reshape(x, [-1]), sizes, axes, fill_value), x.dtype)


def _sampled(x, rows, columns, fill_value):
    """Images [batch, height, width, channels] at places whose nodes are [batch, height, width]."""
    size = _plane(x)
    first = tensor(apply("positions", [x[:, :1, :1, 0]], {"axis": 0}), "float64") * math.prod(size)
    pixels = _arrays.reshape(x, [-1, known_size(x, 3, "the channels of images")])
    return _mixed(pixels, size, (rows, columns), fill_value, first)


def _grid(x):
    """(row numbers [1, height, 1], column numbers [1, 1, width]) of images."""
    height, width = _plane(x)
    return np.arange(height, dtype="float32")[:, None][None], np.arange(width, dtype="float32")[None, None]


def _within(at, size, fill_mode):
    """Places beyond the ends of an axis as ones within, unless the fill value stands there."""
    if fill_mode == "constant":
        return at
    if fill_mode == "reflect":
        turned = _math.floormod(at, 2.0 * size)
        at = _math.minimum(turned, 2.0 * size - 1 - turned)
    if fill_mode == "wrap" and size > 1:
        last = size - 1.0  # TensorFlow's period, which is that of places and not of elements
        below = at + size * (_math.floor(-at / last) + 1.0)
        above = at - size * _math.floor(at / last)
        at = _arrays.where(at < 0.0, below, _arrays.where(at > last, above, at))
    return _math.clip_by_value(at, 0.0, size - 1.0)


def _projected(x, transform, interpolation, fill_mode, fill_value):
    """Images whose pixel at (column, row) comes from the place that the eight numbers of a transform
    give: (a x + b y + c, d x + e y + f) / (g x + h y + 1).
    """
    numbers = tensor(transform, "float32")
    if None not in (numbers.shape[0], x.shape[0]) and numbers.shape[0] not in (1, x.shape[0]):
        raise ValueError(
            f"{numbers.shape[0]} transforms do not fit {x.shape[0]} images: one for each, or one for all, "
            "is expected"
        )
    a, b, c, d, e, f, g, h = (_arrays.reshape(numbers[:, i], [-1, 1, 1]) for i in range(8))
    row, column = _grid(x)
    divisor = g * column + h * row + 1.0
    finite = _math.not_equal(divisor, 0.0)
    divisor = _arrays.where(finite, divisor, 1.0)
    nodes = []
    for place, size in zip(
        ((d * column + e * row + f) / divisor, (a * column + b * row + c) / divisor), _plane(x)
    ):
        at = _within(place, size, fill_mode)
        if interpolation == "nearest":  # halves away from 0
            at = _math.sign(at) * _math.floor(_math.abs(at) + 0.5)
        mode = "constant" if fill_mode == "constant" else "nearest"
        nodes.append(_nodes(at, size, _ORDERS[interpolation], mode))
    y = _sampled(x, *nodes, fill_value)
    y = _arrays.where(_arrays.expand_dims(finite, -1), y, tensor(fill_value, y.dtype))
    return tensor(y, x.dtype)


@op
def affine_transform(
    images, transform, interpolation="bilinear", fill_mode="constant", fill_value=0, data_format=None
):
    """Images whose pixel at (x, y) comes from ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k), with
    k = c0 x + c1 y + 1; `transform` is (a0, a1, a2, b0, b1, b2, c0, c1) for all images or for each.
    """
    _one_of("interpolation", interpolation, _ORDERS)
    _one_of("fill_mode", fill_mode, _FILL_MODES)
    numbers = tensor(transform)
    if numbers.ndim not in (1, 2) or numbers.shape[-1] != 8:
        raise ValueError(
            f"Invalid transform shape: expected (8,) or (batch, 8). Received: transform.shape={numbers.shape}"
        )
    x, back = _batch(images, data_format)
    numbers = _arrays.reshape(numbers, [-1, 8])
    return back(_projected(x, numbers, interpolation, fill_mode, fill_value))


def _homography(start, end):
    """The eight numbers of the transforms that take points `end` [n, 4, 2] to `start`: per point (x, y)
    of `end`, two of the equations whose unknowns they are.
    """
    ones = _arrays.ones_like(end[:, :, :1])
    known = _arrays.concat([end, ones], 2)
    none = _arrays.zeros_like(known)
    equations = [
        _arrays.concat([*group, -start[:, :, i : i + 1] * end], 2)
        for i, group in enumerate(((known, none), (none, known)))
    ]
    matrix = _arrays.reshape(_arrays.stack(equations, 2), [-1, 8, 8])
    return _arrays.reshape(solve(matrix, _arrays.reshape(start, [-1, 8, 1])), [-1, 8])


@op
def perspective_transform(
    images, start_points, end_points, interpolation="bilinear", fill_value=0, data_format=None
):
    """Images in which what was at the start points, four (x, y) for all images or for each, is at the
    end points.
    """
    _one_of("interpolation", interpolation, _ORDERS)
    start, end = tensor(start_points, "float32"), tensor(end_points, "float32")
    for name, points in (("start_points", start), ("end_points", end)):
        if points.ndim not in (2, 3) or list(points.shape[-2:]) != [4, 2]:
            raise ValueError(
                f"Invalid {name} shape: expected (4, 2) for a single image or (N, 4, 2) for a batch. "
                f"Received shape: {points.shape}"
            )
    if list(start.shape) != list(end.shape):
        raise ValueError(
            "start_points and end_points must have the same shape. Received "
            f"start_points.shape={start.shape}, end_points.shape={end.shape}"
        )
    x, back = _batch(images, data_format)
    start, end = (_arrays.reshape(points, [-1, 4, 2]) for points in (start, end))
    return back(_projected(x, _homography(start, end), interpolation, "constant", fill_value))


@op
def elastic_transform(
    images, alpha=20.0, sigma=5.0, interpolation="bilinear", fill_mode="reflect", fill_value=0.0,
    seed=None, data_format=None,
):
    """Images whose pixels come from random places nearby: `alpha` times normal noise of deviation
    `sigma`, which a Gaussian filter of that deviation has smoothed. As in Keras, pixels move as far down
    as to the right.
    """
    _one_of("interpolation", interpolation, _ORDERS)
    _one_of("fill_mode", fill_mode, _FILL_MODES)
    x, back = _batch(images, data_format)
    stream = -1 if seed is None and not is_computed() else _random._stream(seed)
    noise = apply(
        "random_normal_like", [tensor(x[..., :1], "float32")], {"stddev": float(sigma), "seed": stream}
    )
    bell = _bell(6 * int(sigma) | 1, float(sigma))
    for window in (bell[:, None], bell[None]):
        noise = _filtered(noise, window, "same", "channels_last")
    moved = noise[..., 0] * alpha
    order = _ORDERS[interpolation]
    nodes = [_nodes(moved + at, size, order, fill_mode) for at, size in zip(_grid(x), _plane(x))]
    y = _sampled(x, *nodes, fill_value)
    return back(_rounded(y, x.dtype))
