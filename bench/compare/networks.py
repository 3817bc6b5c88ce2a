"""Networks that every peer builds from one statement, and the weights that all of them start with.

A work states a network as a function of (nn, x), where `nn` offers, for images as [batch, height,
width, channels] and ids as [batch, count]:

    nn.conv(x, filters, kernel, strides=1, padding=0, bias=True)
    nn.depthwise(x, kernel, strides=1, padding=0)           without a bias
    nn.batch_norm(x) nn.relu(x) nn.dropout(x, rate) nn.max_pool(x, size) nn.add(x, y)
    nn.mean_of_pixels(x) nn.flatten(x) nn.dense(x, units)
    nn.embedding_mean(ids, rows, width)                     the mean of the ids' rows

`padding` is the number of zeros on every side, which is the one rule that all peers have. A peer whose
images are [batch, channels, height, width] takes its weights from `channels_first`.
"""

from dataclasses import dataclass
from typing import Tuple

import numpy as np

from . import data

EPSILON = 1e-3
"""Of every batch normalization, whose moving averages keep this much of what they were:"""
MOMENTUM = 0.99


@dataclass(frozen=True)
class LayerWeights:
    """Of one layer, as Keras lays them out."""

    kind: str
    trainable: Tuple[np.ndarray, ...]
    state: Tuple[np.ndarray, ...] = ()
    """Moving mean and variance."""
    image: Tuple[int, ...] = ()
    """Of a dense layer after `flatten`: height, width and channels of what was flattened."""


def draw_weights(function, network):
    """The weights of each layer, in the order in which `function` calls the layers."""
    drawing = _Drawing()
    function(drawing, network.input_shape)
    return drawing.layers


def channels_first(layer):
    """The layer's trainable arrays for images whose channels come before height and width; a kernel is
    [filters, channels of a group, height, width] then.
    """
    kernel, *rest = layer.trainable
    if layer.kind == "conv":
        kernel = kernel.transpose(3, 2, 0, 1)
    elif layer.kind == "depthwise":
        kernel = kernel.transpose(2, 3, 0, 1)
    elif layer.image:
        in_order = kernel.reshape(*layer.image, -1).transpose(2, 0, 1, 3)
        kernel = in_order.reshape(kernel.shape)
    return tuple(np.ascontiguousarray(array) for array in (kernel, *rest))


def padded_to(size, kernel, strides, padding):
    return (size + 2 * padding - kernel) // strides + 1


class _Drawing:
    """As `nn`: x is the shape of a sample."""

    def __init__(self):
        self.layers = []
        self.flattened = ()

    def _add(self, kind, *trainable, **more):
        self.layers.append(LayerWeights(kind, trainable, **more))

    def _image(self, x, channels, kernel, strides, padding):
        height, width = (padded_to(size, kernel, strides, padding) for size in x[:2])
        return height, width, channels

    def conv(self, x, filters, kernel, strides=1, padding=0, bias=True):
        shape = (kernel, kernel, x[2], filters)
        biases = (np.zeros(filters, np.float32),) if bias else ()
        self._add("conv", _uniform(shape, kernel * kernel * x[2]), *biases)
        return self._image(x, filters, kernel, strides, padding)

    def depthwise(self, x, kernel, strides=1, padding=0):
        self._add("depthwise", _uniform((kernel, kernel, x[2], 1), kernel * kernel))
        return self._image(x, x[2], kernel, strides, padding)

    def batch_norm(self, x):
        def drawn(low, high):
            return data.random(x[-1:], low, high)

        state = (drawn(-0.1, 0.1), drawn(1.5, 2.5))
        self._add("batch_norm", drawn(0.8, 1.2), drawn(-0.1, 0.1), state=state)
        return x

    def relu(self, x):
        return x

    def dropout(self, x, rate):
        return x

    def max_pool(self, x, size):
        return x[0] // size, x[1] // size, x[2]

    def add(self, x, y):
        assert x == y, (x, y)
        return x

    def mean_of_pixels(self, x):
        return x[2:]

    def flatten(self, x):
        self.flattened = x
        return (int(np.prod(x)),)

    def dense(self, x, units):
        kernel = _uniform((*x, units), *x)
        self._add("dense", kernel, np.zeros(units, np.float32), image=self.flattened)
        self.flattened = ()
        return (units,)

    def embedding_mean(self, ids, rows, width):
        self._add("embedding", data.random((rows, width), -0.05, 0.05))
        return (width,)


def _uniform(shape, inputs):
    """He and others, "Delving deep into rectifiers", 2015: keeps the variance through ReLUs."""
    limit = (6 / inputs) ** 0.5
    return data.random(shape, -limit, limit)
