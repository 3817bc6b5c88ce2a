"""The arrays that every peer gets: MNIST from the repository, or random numbers of one seed."""

import gzip
import pathlib

import numpy as np

_MNIST = pathlib.Path(__file__).parents[2] / "examples" / "mnist" / "data"


def _idx(name, header):
    with gzip.open(_MNIST / name) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def mnist():
    """60,000 images as float32 [n, 784] between 0 and 1, and their digits as int32 [n]."""
    images = _idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 784)
    pixels = images.astype(np.float32)
    pixels /= 255
    return pixels, _idx("train-labels-idx1-ubyte.gz", 8).astype(np.int32)


def random(shape, low=-1.0, high=1.0):
    """float32 in [low, high). Large arrays repeat a block: drawing 1e8 numbers takes seconds."""
    count = int(np.prod(shape))
    block = np.random.default_rng(1).random(min(count, 1 << 20), np.float32) * (high - low) + low
    return np.resize(block, shape)


def samples(case):
    """x and y of a case with a network."""
    count = case.samples or case.batch
    if case.data == "mnist":
        x, y = mnist()
        return np.ascontiguousarray(x[:count]), np.ascontiguousarray(y[:count])
    network = case.mlp or case.network
    shape = (count, *network.input_shape)
    ids_below = getattr(network, "ids_below", 0)
    x = integers(shape, ids_below) if ids_below else random(shape)
    if network.loss == "squares":
        return x, random((count, network.outputs))
    return x, integers(count, network.outputs)


def integers(shape, below):
    """int32 from 0 up to `below`."""
    return np.random.default_rng(2).integers(0, below, shape).astype(np.int32)


def expression_inputs(case):
    """float32 between -1 and 1 for each shape; a shape that ends in ("classes", n) holds class
    indices below n.
    """
    arrays = []
    for shape in case.shapes:
        if "classes" in shape:
            rows, _, classes = shape
            arrays.append(integers(rows, classes))
        else:
            arrays.append(random(shape))
    return arrays
