"""tf.nn's convolutions and pools: TensorFlow's arguments in the terms of the ops, which know one to
three spatial axes with the channels last. Other layouts are transposed around the op.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Tuple, Union

import numpy as np

from . import _core
from ._array_ops import reshape, transpose
from ._framework import Tensor, apply, composed, graph_of, operands

if TYPE_CHECKING:
    from ._typing import Name, TensorLike

Padding = Union[None, str, Sequence[Sequence[int]]]
Sizes = Union[None, int, Sequence[int]]

_CHANNELS_LAST = {1: "NWC", 2: "NHWC", 3: "NDHWC"}
_CHANNELS_FIRST = {1: "NCW", 2: "NCHW", 3: "NCDHW"}


class _Layout:
    """Where the spatial axes are among all, by a data_format; `function` is who asks."""

    def __init__(self, function: str, data_format: Optional[str], spatial: int):
        self.function = function
        self.spatial = spatial
        if data_format in (None, _CHANNELS_LAST[spatial]):
            self.channels_first = False
        elif data_format == _CHANNELS_FIRST[spatial]:
            self.channels_first = True
        else:
            raise self.error(
                f"data_format {data_format!r} is not known; expected "
                f"{_CHANNELS_LAST[spatial]!r} or {_CHANNELS_FIRST[spatial]!r}"
            )

    def error(self, text: str) -> Exception:
        return _core.InvalidArgument(f"tf.nn.{self.function}: {text}")

    def only_spatial(self, values: Sequence[Any]) -> List[Any]:
        """Those of the spatial axes, of one per axis of the layout."""
        return list(values[2:] if self.channels_first else values[1:-1])

    def numbers(self, name: str, values: Sizes) -> List[int]:
        """One number per spatial axis, from one, one per spatial axis or one per axis."""
        if values is None:
            return [1] * self.spatial
        listed = [values] if isinstance(values, int) else [int(value) for value in values]
        if len(listed) == 1:
            return listed * self.spatial
        if len(listed) == self.spatial:
            return listed
        if len(listed) != self.spatial + 2:
            raise self.error(
                f"{name} {listed} must be 1, {self.spatial} or {self.spatial + 2} numbers"
            )
        chosen = self.only_spatial(listed)
        if sum(listed) != sum(chosen) + 2 or min(listed) < 1:
            raise self.error(f"{name} {listed} must be 1 along the batch and the channels")
        return chosen

    def padding(self, padding: Padding) -> dict:
        if isinstance(padding, str) and padding.upper() in ("SAME", "VALID"):
            return {"padding": padding.lower(), "pads": []}
        if padding is None or isinstance(padding, str):
            raise self.error(f"padding {padding!r} is not known; expected SAME, VALID or a list")
        pairs = [[int(size) for size in pair] for pair in padding]
        if len(pairs) != self.spatial + 2 or any(len(pair) != 2 for pair in pairs):
            raise self.error(
                f"padding {pairs} must be {self.spatial + 2} pairs: before and after each axis"
            )
        chosen = self.only_spatial(pairs)
        if sum(map(sum, pairs)) != sum(map(sum, chosen)):
            raise self.error(f"padding {pairs} must be 0 along the batch and the channels")
        return {"padding": "explicit", "pads": [size for pair in chosen for size in pair]}

    def attrs(self, strides: Sizes, padding: Padding, dilations: Sizes) -> dict:
        """What a convolution's windows are, as the op names it."""
        return {
            "strides": self.numbers("strides", strides),
            "dilations": self.numbers("dilations", dilations),
            **self.padding(padding),
        }

    def channels_last(self, x: Tensor) -> Tensor:
        if not self.channels_first:
            return x
        return transpose(x, [0, *range(2, self.spatial + 2), 1])

    def build(self, op: str, inputs: List[Tensor], attrs: dict, full: str) -> Tensor:
        """The op on inputs that are channels-last, its result in this layout."""
        if not self.channels_first:
            return apply(op, inputs, attrs, full)
        y = apply(op, inputs, attrs, default=op)
        return transpose(y, [0, self.spatial + 1, *range(1, self.spatial + 1)], name=full)


def _either(function: str, name: str, value: Any, other_name: str, other: Any) -> Any:
    """An argument that has two names."""
    if (value is None) == (other is None):
        raise _core.InvalidArgument(f"tf.nn.{function}: give {name} or {other_name}, one of them")
    return other if value is None else value


def _rank(function: str, x: TensorLike, allowed: Tuple[int, ...]) -> int:
    """Spatial axes of a value, which must be in `allowed`."""
    spatial = (x.ndim if isinstance(x, Tensor) else np.ndim(x)) - 2
    if spatial not in allowed:
        raise _core.InvalidArgument(
            f"tf.nn.{function}: the input has {spatial + 2} axes; expected "
            + " or ".join(str(count + 2) for count in allowed)
        )
    return spatial


def _groups(x: Tensor, w: Tensor) -> int:
    """Into how many groups the channels of x are cut, by the number that w takes."""
    channels, taken = x.shape.as_list()[-1], w.shape.as_list()[-2]
    if not channels or not taken or channels % taken:
        return 1
    return channels // taken


def _convolve(
    layout: _Layout,
    x: TensorLike,
    w: TensorLike,
    strides: Sizes,
    padding: Padding,
    dilations: Sizes,
    name: Name,
    default: str,
) -> Tensor:
    attrs = layout.attrs(strides, padding, dilations)
    with composed(name, default, x, w) as full:
        x, w = operands(graph_of(x, w), [x, w], full[:-1])
        x = layout.channels_last(x)
        return layout.build("convolution", [x, w], {**attrs, "groups": _groups(x, w)}, full)


def conv1d(
    value: Optional[TensorLike] = None,
    filters: Optional[TensorLike] = None,
    stride: Sizes = None,
    padding: Padding = None,
    use_cudnn_on_gpu: Optional[bool] = None,
    data_format: Optional[str] = None,
    name: Name = None,
    input: Optional[TensorLike] = None,  # noqa: A002 - TensorFlow's name
    dilations: Sizes = None,
) -> Tensor:
    """Convolution of value [batch, width, channels] by filters [width, channels, n]."""
    x = _either("conv1d", "value", value, "input", input)
    layout = _Layout("conv1d", data_format, 1)
    return _convolve(layout, x, filters, stride, padding, dilations, name, "conv1d")


def conv2d(
    input: TensorLike,  # noqa: A002 - TensorFlow's name
    filter: Optional[TensorLike] = None,  # noqa: A002
    strides: Sizes = None,
    padding: Padding = None,
    use_cudnn_on_gpu: bool = True,
    data_format: Optional[str] = "NHWC",
    dilations: Sizes = None,
    name: Name = None,
    filters: Optional[TensorLike] = None,
) -> Tensor:
    """Convolution of input [batch, height, width, channels] by filter [height, width, channels, n].

    With a divisor of the channels in the filter, the channels are cut into groups.
    """
    w = _either("conv2d", "filter", filter, "filters", filters)
    layout = _Layout("conv2d", data_format, 2)
    return _convolve(layout, input, w, strides, padding, dilations, name, "Conv2D")


def conv3d(
    input: TensorLike,  # noqa: A002 - TensorFlow's name
    filter: Optional[TensorLike] = None,  # noqa: A002
    strides: Sizes = None,
    padding: Padding = None,
    data_format: Optional[str] = "NDHWC",
    dilations: Sizes = None,
    name: Name = None,
    filters: Optional[TensorLike] = None,
) -> Tensor:
    """Convolution of input [batch, depth, height, width, channels] by filter
    [depth, height, width, channels, n].
    """
    w = _either("conv3d", "filter", filter, "filters", filters)
    layout = _Layout("conv3d", data_format, 3)
    return _convolve(layout, input, w, strides, padding, dilations, name, "Conv3D")


def convolution(
    input: TensorLike,  # noqa: A002 - TensorFlow's name
    filter: Optional[TensorLike] = None,  # noqa: A002
    padding: Padding = None,
    strides: Sizes = None,
    dilation_rate: Sizes = None,
    name: Name = None,
    data_format: Optional[str] = None,
    filters: Optional[TensorLike] = None,
    dilations: Sizes = None,
) -> Tensor:
    """Convolution along one to three axes."""
    w = _either("convolution", "filter", filter, "filters", filters)
    layout = _Layout("convolution", data_format, _rank("convolution", input, (1, 2, 3)))
    rate = dilation_rate if dilations is None else dilations
    return _convolve(layout, input, w, strides, padding, rate, name, "convolution")


def atrous_conv2d(
    value: TensorLike, filters: TensorLike, rate: int, padding: Padding, name: Name = None
) -> Tensor:
    """conv2d whose taps are `rate` apart."""
    layout = _Layout("atrous_conv2d", None, 2)
    return _convolve(layout, value, filters, 1, padding, rate, name, "atrous_conv2d")


def _depthwise_filter(layout: _Layout, w: Tensor) -> Tuple[Tensor, int]:
    """A filter [height, width, channels, multiplier] as one for as many groups as channels."""
    height, width, channels, multiplier = w.shape.as_list()
    if None in (height, width, channels, multiplier):
        raise layout.error(f"the filter's shape must be known, got {w.shape}")
    return reshape(w, [height, width, 1, channels * multiplier]), channels


def depthwise_conv2d(
    input: TensorLike,  # noqa: A002 - TensorFlow's name
    filter: Optional[TensorLike] = None,  # noqa: A002
    strides: Sizes = None,
    padding: Padding = None,
    rate: Sizes = None,
    name: Name = None,
    data_format: Optional[str] = None,
    dilations: Sizes = None,
) -> Tensor:
    """Each channel by filters of its own, filter [height, width, channels, multiplier]: result
    [batch, height, width, channels * multiplier].
    """
    layout = _Layout("depthwise_conv2d", data_format, 2)
    attrs = layout.attrs(strides, padding, rate if dilations is None else dilations)
    with composed(name, "depthwise", input, filter) as full:
        x, w = operands(graph_of(input, filter), [input, filter], full[:-1])
        w, channels = _depthwise_filter(layout, w)
        attrs["groups"] = channels
        return layout.build("convolution", [layout.channels_last(x), w], attrs, full)


def separable_conv2d(
    input: TensorLike,  # noqa: A002 - TensorFlow's name
    depthwise_filter: TensorLike,
    pointwise_filter: TensorLike,
    strides: Sizes,
    padding: Padding,
    rate: Sizes = None,
    name: Name = None,
    data_format: Optional[str] = None,
    dilations: Sizes = None,
) -> Tensor:
    """depthwise_conv2d, then conv2d by pointwise_filter [1, 1, channels * multiplier, n]."""
    layout = _Layout("separable_conv2d", data_format, 2)
    attrs = layout.attrs(strides, padding, rate if dilations is None else dilations)
    with composed(name, "separable_conv2d", input, depthwise_filter, pointwise_filter) as full:
        graph = graph_of(input, depthwise_filter, pointwise_filter)
        inputs = [input, depthwise_filter, pointwise_filter]
        x, w, pointwise = operands(graph, inputs, full[:-1])
        w, channels = _depthwise_filter(layout, w)
        attrs["groups"] = channels
        seen = apply("convolution", [layout.channels_last(x), w], attrs, default="depthwise")
        return layout.build("convolution", [seen, pointwise], {}, full)


def _transposed(
    layout: _Layout,
    y: TensorLike,
    w: TensorLike,
    output_shape: Any,
    strides: Sizes,
    padding: Padding,
    dilations: Sizes,
    name: Name,
    default: str,
) -> Tensor:
    attrs = layout.attrs(strides, padding, dilations)
    with composed(name, default, y, w) as full:
        y, w = operands(graph_of(y, w), [y, w], full[:-1])
        shape = _listed_shape(layout, output_shape)
        if len(shape) == layout.spatial + 2:
            _check_ends(layout, shape, y, w)
            shape = layout.only_spatial(shape)
        if len(shape) != layout.spatial:
            raise layout.error(f"output_shape {shape} must be {layout.spatial + 2} sizes")
        return layout.build(
            "convolution_input_gradient",
            [layout.channels_last(y), w],
            {**attrs, "spatial": [-1 if size is None else size for size in shape]},
            full,
        )


def _listed_shape(layout: _Layout, shape: Any) -> List[Any]:
    if isinstance(shape, Tensor):
        raise layout.error("output_shape must be numbers, not a Tensor; -1 stands for the batch")
    sizes = shape.as_list() if hasattr(shape, "as_list") else list(shape)
    if any(isinstance(size, Tensor) for size in sizes[1:]):
        raise layout.error("output_shape must be numbers; only the batch may be a Tensor")
    return sizes


def _check_ends(layout: _Layout, shape: List[Any], y: Tensor, w: Tensor) -> None:
    """The batch and the channels of a stated shape are those that follow from the operands."""
    batch, channels = shape[0], shape[1 if layout.channels_first else -1]
    known = y.shape.as_list()[0]
    if isinstance(batch, int) and batch >= 0 and known is not None and batch != known:
        raise layout.error(f"output_shape {shape} has batch {batch}, the input {known}")
    made = w.shape.as_list()[-2]
    if made is not None and channels not in (None, -1, made):
        raise layout.error(f"output_shape {shape} has {channels} channels, the filter gives {made}")


def conv1d_transpose(
    input: TensorLike,  # noqa: A002 - TensorFlow's name
    filters: TensorLike,
    output_shape: Any,
    strides: Sizes,
    padding: Padding = "SAME",
    data_format: Optional[str] = "NWC",
    dilations: Sizes = None,
    name: Name = None,
) -> Tensor:
    """The gradient of conv1d: input [batch, width, n] by filters [width, channels, n]."""
    layout = _Layout("conv1d_transpose", data_format, 1)
    return _transposed(
        layout, input, filters, output_shape, strides, padding, dilations, name, "conv1d_transpose"
    )


def conv2d_transpose(
    value: Optional[TensorLike] = None,
    filter: Optional[TensorLike] = None,  # noqa: A002 - TensorFlow's name
    output_shape: Any = None,
    strides: Sizes = None,
    padding: Padding = "SAME",
    data_format: Optional[str] = "NHWC",
    name: Name = None,
    input: Optional[TensorLike] = None,  # noqa: A002
    filters: Optional[TensorLike] = None,
    dilations: Sizes = None,
) -> Tensor:
    """The gradient of conv2d: value [batch, height, width, n] by filter
    [height, width, channels, n].
    """
    y = _either("conv2d_transpose", "value", value, "input", input)
    w = _either("conv2d_transpose", "filter", filter, "filters", filters)
    layout = _Layout("conv2d_transpose", data_format, 2)
    return _transposed(
        layout, y, w, output_shape, strides, padding, dilations, name, "conv2d_transpose"
    )


def conv3d_transpose(
    value: Optional[TensorLike] = None,
    filter: Optional[TensorLike] = None,  # noqa: A002 - TensorFlow's name
    output_shape: Any = None,
    strides: Sizes = None,
    padding: Padding = "SAME",
    data_format: Optional[str] = "NDHWC",
    name: Name = None,
    input: Optional[TensorLike] = None,  # noqa: A002
    filters: Optional[TensorLike] = None,
    dilations: Sizes = None,
) -> Tensor:
    """The gradient of conv3d: value [batch, depth, height, width, n] by filter
    [depth, height, width, channels, n].
    """
    y = _either("conv3d_transpose", "value", value, "input", input)
    w = _either("conv3d_transpose", "filter", filter, "filters", filters)
    layout = _Layout("conv3d_transpose", data_format, 3)
    return _transposed(
        layout, y, w, output_shape, strides, padding, dilations, name, "conv3d_transpose"
    )


def conv_transpose(
    input: TensorLike,  # noqa: A002 - TensorFlow's name
    filters: TensorLike,
    output_shape: Any,
    strides: Sizes,
    padding: Padding = "SAME",
    data_format: Optional[str] = None,
    dilations: Sizes = None,
    name: Name = None,
) -> Tensor:
    """The gradient of a convolution along one to three axes."""
    layout = _Layout("conv_transpose", data_format, _rank("conv_transpose", input, (1, 2, 3)))
    return _transposed(
        layout, input, filters, output_shape, strides, padding, dilations, name, "conv_transpose"
    )


def _pool(layout, op, x, ksize, strides, padding, name, default) -> Tensor:
    if ksize is None:
        raise layout.error("ksize is missing: give the window's sizes")
    attrs = {
        "window": layout.numbers("ksize", ksize),
        "strides": layout.numbers("strides", strides),
        **layout.padding(padding),
    }
    if attrs["padding"] == "explicit" and op == "average_pool":
        raise layout.error("padding must be 'SAME' or 'VALID'")
    with composed(name, default, x) as full:
        (x,) = operands(graph_of(x), [x], full[:-1])
        return layout.build(op, [layout.channels_last(x)], attrs, full)


def max_pool(
    value: Optional[TensorLike] = None,
    ksize: Sizes = None,
    strides: Sizes = None,
    padding: Padding = None,
    data_format: Optional[str] = "NHWC",
    name: Name = None,
    input: Optional[TensorLike] = None,  # noqa: A002 - TensorFlow's name
) -> Tensor:
    """The largest element of each window of value [batch, height, width, channels]; NaN wins."""
    x = _either("max_pool", "value", value, "input", input)
    layout = _Layout("max_pool", data_format, 2)
    return _pool(layout, "max_pool", x, ksize, strides, padding, name, "MaxPool")


def max_pool1d(
    input: TensorLike,  # noqa: A002 - TensorFlow's name
    ksize: Sizes,
    strides: Sizes,
    padding: Padding,
    data_format: Optional[str] = "NWC",
    name: Name = None,
) -> Tensor:
    """The largest element of each window of input [batch, width, channels]; NaN wins."""
    layout = _Layout("max_pool1d", data_format, 1)
    return _pool(layout, "max_pool", input, ksize, strides, padding, name, "max_pool1d")


def max_pool2d(
    input: TensorLike,  # noqa: A002 - TensorFlow's name
    ksize: Sizes,
    strides: Sizes,
    padding: Padding,
    data_format: Optional[str] = "NHWC",
    name: Name = None,
) -> Tensor:
    """The largest element of each window of input [batch, height, width, channels]; NaN wins."""
    layout = _Layout("max_pool2d", data_format, 2)
    return _pool(layout, "max_pool", input, ksize, strides, padding, name, "max_pool2d")


def max_pool3d(
    input: TensorLike,  # noqa: A002 - TensorFlow's name
    ksize: Sizes,
    strides: Sizes,
    padding: Padding,
    data_format: Optional[str] = "NDHWC",
    name: Name = None,
) -> Tensor:
    """The largest element of each window of input [batch, depth, height, width, channels]; NaN
    wins.
    """
    layout = _Layout("max_pool3d", data_format, 3)
    return _pool(layout, "max_pool", input, ksize, strides, padding, name, "MaxPool3D")


def avg_pool(
    value: Optional[TensorLike] = None,
    ksize: Sizes = None,
    strides: Sizes = None,
    padding: Padding = None,
    data_format: Optional[str] = "NHWC",
    name: Name = None,
    input: Optional[TensorLike] = None,  # noqa: A002 - TensorFlow's name
) -> Tensor:
    """The mean of each window of value [batch, height, width, channels], without padding."""
    x = _either("avg_pool", "value", value, "input", input)
    layout = _Layout("avg_pool", data_format, 2)
    return _pool(layout, "average_pool", x, ksize, strides, padding, name, "AvgPool")


avg_pool2d = avg_pool


def avg_pool1d(
    input: TensorLike,  # noqa: A002 - TensorFlow's name
    ksize: Sizes,
    strides: Sizes,
    padding: Padding,
    data_format: Optional[str] = "NWC",
    name: Name = None,
) -> Tensor:
    """The mean of each window of input [batch, width, channels], without padding."""
    layout = _Layout("avg_pool1d", data_format, 1)
    return _pool(layout, "average_pool", input, ksize, strides, padding, name, "avg_pool1d")


def avg_pool3d(
    input: TensorLike,  # noqa: A002 - TensorFlow's name
    ksize: Sizes,
    strides: Sizes,
    padding: Padding,
    data_format: Optional[str] = "NDHWC",
    name: Name = None,
) -> Tensor:
    """The mean of each window of input [batch, depth, height, width, channels], without padding."""
    layout = _Layout("avg_pool3d", data_format, 3)
    return _pool(layout, "average_pool", input, ksize, strides, padding, name, "AvgPool3D")


def pool(
    input: TensorLike,  # noqa: A002 - TensorFlow's name
    window_shape: Sizes,
    pooling_type: str,
    padding: Padding,
    dilation_rate: Sizes = None,
    strides: Sizes = None,
    name: Name = None,
    data_format: Optional[str] = None,
    dilations: Sizes = None,
) -> Tensor:
    """max_pool or avg_pool, as `pooling_type` "MAX" or "AVG" says, along one to three axes."""
    layout = _Layout("pool", data_format, _rank("pool", input, (1, 2, 3)))
    ops = {"MAX": "max_pool", "AVG": "average_pool"}
    if pooling_type not in ops:
        raise layout.error(f"pooling_type {pooling_type!r} is not known; expected 'MAX' or 'AVG'")
    rate = dilation_rate if dilations is None else dilations
    if any(step != 1 for step in layout.numbers("dilations", rate)):
        raise layout.error(f"dilations {rate} must be 1: the elements of a window are neighbours")
    default = f"{pooling_type.lower()}_pool"
    return _pool(layout, ops[pooling_type], input, window_shape, strides, padding, name, default)


def bias_add(
    value: TensorLike, bias: TensorLike, data_format: Optional[str] = None, name: Name = None
) -> Tensor:
    """value + bias, with a vector along the channels: the last axis, or the second for "NC..."."""
    if data_format in (None, "NHWC", "N...C", *_CHANNELS_LAST.values()):
        return apply("add", [value, bias], None, name, "BiasAdd")
    if data_format not in ("NC...", *_CHANNELS_FIRST.values()):
        raise _core.InvalidArgument(f"tf.nn.bias_add: data_format {data_format!r} is not known")
    with composed(name, "BiasAdd", value, bias) as full:
        value, bias = operands(graph_of(value, bias), [value, bias], full[:-1])
        bias = reshape(bias, [-1] + [1] * (value.ndim - 2))
        return apply("add", [value, bias], None, full)
