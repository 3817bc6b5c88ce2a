"""Random numbers: arrays at once, or values of the graph within a layer's `call`.

`seed` is an integer, which gives the same numbers each time; a `SeedGenerator`, which gives others each
time; or None, for the process's own generator, which `keras.utils.set_random_seed` restarts.
"""

import numpy as _np

from .. import _core, _seed
from .. import _random_ops as _graph_ops
from .._framework import Tensor as _Tensor
from .._framework import apply as _apply
from .._framework import building_function as _tracing
from .._missing import getattr_of as _getattr_of
from ._values import as_array as _as_array
from ._values import as_result as _as_result
from .config import floatx as _floatx

__getattr__ = _getattr_of(__name__)
_nn = _core.nn


class SeedGenerator:
    """A stream of seeds: each draw takes the next one.

    Args:
        seed: Where the stream begins; by default anywhere.
        name: By default "seed_generator".
    """

    def __init__(self, seed=None, name=None):
        seed = _seed.take() % 2**31 if seed is None else seed
        if isinstance(seed, bool) or not isinstance(seed, (int, _np.integer)):
            raise ValueError(f"Argument `seed` must be an integer. Received: seed={seed}")
        from ._variables import Variable

        self._initial_seed = int(seed)
        self.name = name or "seed_generator"
        self.state = Variable(
            _np.array([seed, 0], "int64"), trainable=False, name="seed_generator_state"
        )
        self.state.path = f"{self.name}/seed_generator_state"

    def next(self, ordered=True):
        """The present state, which then moves on: an array of the seed and the count of draws."""
        # Also within a graph that is being built, where variables cannot be read.
        state = self.state._array
        self.state._array = state + [0, 1]
        return _as_result(state)

    def get_config(self):
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


_process = {"generator": None, "settings": None}


def _process_generator():
    if _process["settings"] != _seed.settings:
        _process.update(generator=SeedGenerator(), settings=_seed.settings)
    return _process["generator"]


def _drawn(seed):
    """(seed, count): what the numbers of one draw are a function of."""
    if seed is None:
        seed = _process_generator()
    if isinstance(seed, SeedGenerator):
        return tuple(int(word) for word in seed.next())
    if isinstance(seed, bool) or not isinstance(seed, (int, _np.integer)):
        raise ValueError(
            "Argument `seed` must be either an integer or an instance of `SeedGenerator`. "
            f"Received: seed={seed} (of type {type(seed)})"
        )
    return int(seed), 0


def _stream(seed):
    """The seed of an op, 0 to 2^63 - 1, by SplitMix64's mixing of both words (Steele et al., "Fast
    splittable pseudorandom number generators", 2014).
    """
    mask = 2**64 - 1
    seed, count = _drawn(seed)
    z = (seed + (count + 1) * 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return (z ^ (z >> 31)) >> 1


def _floating(dtype, function):
    name = _core.dtype_name(dtype or _floatx())
    if "float" not in name:
        raise ValueError(
            f"`keras.random.{function}` requires a floating point `dtype`. Received: dtype={name}"
        )
    return name


def _source(op, shape, dtype, seed, **attrs):
    """Numbers of a random op, as an array or, while a graph is built, as its value."""
    drawn = dtype if dtype in ("float32", "float64") else "float32"
    attrs = {name: float(value) for name, value in attrs.items()}
    if _tracing():
        stream = -1 if seed is None else _stream(seed)
        value = _graph_ops._source(op, shape, None if stream < 0 else stream, drawn, None, op, attrs)
        return value if drawn == dtype else _graph_ops.cast(value, dtype)
    attrs.update(shape=tuple(int(size) for size in shape), dtype=drawn, seed=_stream(seed))
    array = _nn.evaluate([], lambda graph, _: _core.build(graph, op, [], attrs)[0])
    return _as_result(array if drawn == dtype else array.astype(_core.numpy_dtype(dtype)))


def _arrays_only(function, *values):
    if _tracing() or any(isinstance(value, _Tensor) for value in values):
        raise _core.InvalidArgument(
            f"keras.random.{function} gives arrays only: it cannot be part of a graph"
        )


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Of the normal distribution."""
    dtype = _floating(dtype, "normal")
    return _source("random_normal", shape, dtype, seed, mean=mean, stddev=stddev)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Of the normal distribution within two standard deviations of the mean."""
    dtype = _floating(dtype, "truncated_normal")
    return _source("truncated_normal", shape, dtype, seed, mean=mean, stddev=stddev)


def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Uniform in [minval, maxval)."""
    return _source("random_uniform", shape, _floating(dtype, "uniform"), seed, low=minval, high=maxval)


def randint(shape, minval, maxval, dtype="int32", seed=None):
    """Integers in minval <= x < maxval."""
    dtype = _core.dtype_name(dtype)
    if "int" not in dtype:
        raise ValueError(f"`keras.random.randint` requires an integer `dtype`. Received: dtype={dtype}")
    if not minval < maxval:
        raise ValueError(f"randint: minval must be less than maxval, got {minval} and {maxval}")
    if _tracing():
        stream = None if seed is None else _stream(seed)
        return _graph_ops.random_uniform(shape, minval, maxval, dtype, stream)
    unit = _fine_uniform(shape, seed)
    drawn = _np.floor(unit * (int(maxval) - int(minval))).astype("int64") + int(minval)
    return _as_result(drawn.astype(_core.numpy_dtype(dtype)))


def _fine_uniform(shape, seed):
    """Multiples of 2^-48 in [0, 1), float64: the op's are of 2^-24."""
    high, low = _source("random_uniform", (2, *shape), "float64", seed, low=0, high=1)
    return _np.asarray(high) + _np.asarray(low) * 2.0**-24


def categorical(logits, num_samples, dtype="int32", seed=None):
    """Class indices [n, num_samples], each class with the probability softmax(logits) of its row."""
    _arrays_only("categorical", logits)
    logits = _np.asarray(logits, "float64")
    if logits.ndim != 2:
        raise ValueError(
            "`logits` should be a 2-D tensor with shape [batch_size, num_classes]. "
            f"Received: logits={logits}"
        )
    rows, classes = logits.shape
    unit = _fine_uniform((rows, int(num_samples), classes), seed) + 2.0**-49
    # The largest of logits with Gumbel noise is distributed as softmax says.
    chosen = (logits[:, None, :] - _np.log(-_np.log(unit))).argmax(-1)
    return _as_result(chosen.astype(_core.numpy_dtype(_core.dtype_name(dtype))))


def dropout(inputs, rate, noise_shape=None, seed=None):
    """`inputs` with a fraction `rate` of zeros, the others divided by 1 - rate. Along axes where
    `noise_shape` is 1, all or none are kept.
    """
    if not 0 <= rate < 1:
        raise ValueError(
            f"`rate` must be a scalar tensor or a float in the range [0, 1). Received: rate={rate}"
        )
    if isinstance(inputs, _Tensor):
        if noise_shape is not None:
            raise _core.InvalidArgument("keras.random.dropout: noise_shape takes arrays only")
        attrs = {"rate": float(rate), "seed": -1 if seed is None else _stream(seed)}
        return _apply("dropout", [inputs], attrs, None, "dropout")
    inputs = _as_array(inputs)
    shape = inputs.shape if noise_shape is None else tuple(noise_shape)
    shape = tuple(size if wanted is None else wanted for size, wanted in zip(inputs.shape, shape))
    kept = _np.asarray(_source("random_uniform", shape, "float32", seed, low=0, high=1)) >= rate
    return _as_result(_np.where(kept, inputs / (1 - rate), 0).astype(inputs.dtype))


def shuffle(x, axis=0, seed=None):
    """The parts along `axis` in another order."""
    _arrays_only("shuffle", x)
    x = _as_array(x)
    order = _core.shuffled_order(x.shape[axis], _stream(seed), 0)
    return _as_result(_np.take(x, order, axis))


def _numpy_generator(seed):
    return _np.random.Generator(_np.random.Philox(key=_stream(seed)))


def gamma(shape, alpha, dtype=None, seed=None):
    """Of the gamma distribution of shape `alpha` and scale 1; arrays only. Like those of `beta` and
    `binomial`, the numbers are NumPy's and may change with its version.
    """
    _arrays_only("gamma", alpha)
    drawn = _numpy_generator(seed).gamma(_as_array(alpha), size=tuple(shape))
    return _as_result(drawn.astype(_core.numpy_dtype(_floating(dtype, "gamma"))))


def beta(shape, alpha, beta, dtype=None, seed=None):
    """Of the beta distribution; arrays only."""
    _arrays_only("beta", alpha, beta)
    drawn = _numpy_generator(seed).beta(_as_array(alpha), _as_array(beta), tuple(shape))
    return _as_result(drawn.astype(_core.numpy_dtype(_floating(dtype, "beta"))))


def binomial(shape, counts, probabilities, dtype=None, seed=None):
    """Successes among `counts` trials; arrays only."""
    _arrays_only("binomial", counts, probabilities)
    counts = _as_array(counts).astype("int64")
    drawn = _numpy_generator(seed).binomial(counts, _as_array(probabilities), tuple(shape))
    return _as_result(drawn.astype(_core.numpy_dtype(_floating(dtype, "binomial"))))
