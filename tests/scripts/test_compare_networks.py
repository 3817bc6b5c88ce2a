"""The comparison's networks, in Tegula and in plain NumPy. What the driver does with peers that compute
something else is in test_compare.py.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from compare import data, networks, peers, works  # noqa: E402

INFERENCE = {
    case.network.name: (name, case)
    for name in ("vision", "embedding")
    for case in works.load(name).cases(False)
    if case.kind == "network_inference"
}


class Reference:
    """As `nn` of networks.py, on arrays."""

    def __init__(self, weights):
        self.weights = iter(weights)

    def _windows(self, x, kernel, strides, padding):
        """[batch, height, width, channels, kernel, kernel]"""
        x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), (1, 2))
        return windows[:, ::strides, ::strides]

    def conv(self, x, filters, kernel, strides=1, padding=0, bias=True):
        weight, *biases = next(self.weights).trainable
        windows = self._windows(x, kernel, strides, padding)
        return np.einsum("nyxcij,ijcf->nyxf", windows, weight) + (biases[0] if bias else 0)

    def depthwise(self, x, kernel, strides=1, padding=0):
        (weight,) = next(self.weights).trainable
        windows = self._windows(x, kernel, strides, padding)
        return np.einsum("nyxcij,ijc->nyxc", windows, weight[..., 0])

    def batch_norm(self, x):
        layer = next(self.weights)
        (gain, offset), (mean, variance) = layer.trainable, layer.state
        return (x - mean) / np.sqrt(variance + 1e-3) * gain + offset

    def relu(self, x):
        return np.maximum(x, 0)

    def dropout(self, x, rate):
        return x

    def max_pool(self, x, size):
        return self._windows(x, size, size, 0).max((-1, -2))

    def add(self, x, y):
        return x + y

    def mean_of_pixels(self, x):
        return x.mean((1, 2))

    def flatten(self, x):
        return x.reshape(len(x), -1)

    def dense(self, x, units):
        kernel, bias = next(self.weights).trainable
        return x @ kernel + bias

    def embedding_mean(self, ids, rows, width):
        return next(self.weights).trainable[0][ids].mean(1)


@pytest.mark.parametrize("name", INFERENCE)
def test_a_network_computes_what_numpy_does(name):
    work, case = INFERENCE[name]
    case = replace(case, batch=3)
    function = works.load(work).NETWORKS[name]
    peer = peers.load("tegula").Peer(2)
    found = np.asarray(peer.network_inference("predict", function, case)())
    drawn = networks.draw_weights(function, case.network)
    expected = function(Reference(drawn), data.samples(case)[0])
    if case.network.loss == "classes":
        expected = np.exp(expected) / np.exp(expected).sum(-1, keepdims=True)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "weights"),
    [("cnn", 234_282), ("resnet", 274_042), ("separable", 549_578), ("bag", 64_000_065)],
)
def test_a_network_has_as_many_weights_in_a_model_as_are_drawn(name, weights):
    work, case = INFERENCE[name]
    function = works.load(work).NETWORKS[name]
    model = peers.load("tegula").Peer(2).network(function, case.network)
    assert model.count_params() == weights
    assert sum(
        array.size
        for layer in networks.draw_weights(function, case.network)
        for array in (*layer.trainable, *layer.state)
    ) == weights


def test_a_dense_layer_takes_pixels_in_the_order_of_its_peer():
    x = np.arange(2 * 3 * 4).reshape(2, 3, 4)
    kernel = np.random.default_rng(1).random((24, 5))
    layer = networks.LayerWeights("dense", (kernel, np.zeros(5)), image=x.shape)
    turned, _ = networks.channels_first(layer)
    np.testing.assert_allclose(x.transpose(2, 0, 1).ravel() @ turned, x.ravel() @ kernel)
