"""JAX with optax: jax.jit with donated state, and for training a whole epoch in one lax.scan."""

import numpy as np

from .. import data, networks
from ._namespace import Namespace

TITLE = "jax"
ENVIRONMENT = "jax"
PACKAGES = ("jax", "jaxlib", "optax")
MODULE = "jax"
MODES = {
    "expression": ("jit",),
    "gemm": ("jit",),
    "epoch": ("jit", "scan"),
    "step": ("jit",),
    "inference": ("jit",),
    "network_step": ("jit",),
    "network_inference": ("jit",),
}


class Peer:
    def __init__(self, threads):
        import jax
        import optax

        self.jax = jax
        self.optax = optax
        self.xp = _functions(jax, optax)

    def expression(self, mode, function, case):
        jax = self.jax
        arrays = [jax.device_put(a) for a in data.expression_inputs(case)]
        evaluate = jax.jit(lambda *values: function(self.xp, *values))
        evaluate(*arrays).block_until_ready()
        return lambda: evaluate(*arrays).block_until_ready()

    gemm = expression

    def _start(self, mlp):
        jax = self.jax
        keys = jax.random.split(jax.random.key(1), len(mlp.widths))
        uniform = jax.nn.initializers.glorot_uniform()
        return [
            (uniform(key, shape, "float32"), jax.numpy.zeros(shape[1]))
            for key, shape in zip(keys, zip(mlp.widths, mlp.widths[1:]))
        ]

    def _forward(self, mlp, weights, x, key=None):
        jax = self.jax
        for weight, bias in weights[:-1]:
            x = jax.nn.relu(x @ weight + bias)
            if key is not None and mlp.dropout:
                key, used = jax.random.split(key)
                keep = jax.random.bernoulli(used, 1 - mlp.dropout, x.shape)
                x = jax.numpy.where(keep, x / (1 - mlp.dropout), 0)
        weight, bias = weights[-1]
        return x @ weight + bias

    def _trainer(self, case):
        weights = self._start(case.mlp)

        def outputs_of(weights, state, x, key):
            return self._forward(case.mlp, weights, x, key), state

        return self._training(case, case.mlp, weights, (), outputs_of)

    def _training(self, case, network, weights, state, outputs_of):
        """(held, x, y) to what is held next; what is held first; x and y. `outputs_of` maps weights,
        state, x and a key to outputs and the next state. What is held has the key for dropout and the
        sum of the losses too, so that a step is one call.
        """
        jax, optax = self.jax, self.optax
        optimizers = {"adam": optax.adam(0.001, eps=1e-7), "sgd": optax.sgd(0.01)}
        optimizer = optimizers[getattr(network, "optimizer", "adam")]

        def loss_of(weights, state, x, y, key):
            outputs, state = outputs_of(weights, state, x, key)
            if network.loss == "squares":
                return jax.numpy.mean((outputs - y) ** 2), state
            losses = optax.softmax_cross_entropy_with_integer_labels(outputs, y)
            return losses.mean(), state

        slopes_of = jax.value_and_grad(loss_of, has_aux=True)

        def step(held, x, y):
            weights, state, moments, key, total = held
            key, used = jax.random.split(key)
            (loss, state), slopes = slopes_of(weights, state, x, y, used)
            updates, moments = optimizer.update(slopes, moments, weights)
            weights = optax.apply_updates(weights, updates)
            return weights, state, moments, key, total + loss * len(x)

        held = (weights, state, optimizer.init(weights), jax.random.key(1), jax.numpy.zeros(()))
        return step, held, *(jax.device_put(a) for a in data.samples(case))

    def step(self, mode, case):
        return self._step(*self._trainer(case))

    def _step(self, step, held, x, y):
        compiled = self.jax.jit(step, donate_argnums=0)
        held = [held]

        def call():
            held[0] = compiled(held[0], x, y)
            self.jax.block_until_ready(held[0])

        return call

    def epoch(self, mode, case):
        jax = self.jax
        step, state, x, y = self._trainer(case)
        count, batch = case.samples, case.batch
        full = count // batch * batch if mode == "scan" else 0

        def step_on_rows(state, rows, x, y):
            return step(state, x[rows], y[rows])

        def scan(state, batches, x, y):
            return jax.lax.scan(
                lambda state, rows: (step_on_rows(state, rows, x, y), None), state, batches
            )[0]

        one = jax.jit(step_on_rows, donate_argnums=0)
        many = jax.jit(scan, donate_argnums=0)
        random = np.random.default_rng(1)
        held = [state]

        def call():
            order = random.permutation(count).astype(np.int32)
            state = (*held[0][:-1], np.float32(0))
            if full:
                state = many(state, order[:full].reshape(-1, batch), x, y)
            for begin in range(full, count, batch):
                state = one(state, order[begin : begin + batch], x, y)
            held[0] = jax.block_until_ready(state)
            return float(state[-1])

        return call

    def inference(self, mode, case):
        weights = self._start(case.mlp)
        return self._inference(
            case, case.mlp, weights, lambda weights, x: self._forward(case.mlp, weights, x)
        )

    def _inference(self, case, network, weights, outputs_of):
        jax = self.jax

        def outputs(weights, x):
            result = outputs_of(weights, x)
            return jax.nn.softmax(result) if network.loss == "classes" else result

        compiled = jax.jit(outputs)
        array = data.samples(case)[0]
        return lambda: np.asarray(compiled(weights, array))

    def _drawn(self, function, network):
        """Trainable weights and state of each layer."""
        layers = networks.draw_weights(function, network)
        return tuple(
            self.jax.device_put([getattr(layer, part) for layer in layers])
            for part in ("trainable", "state")
        )

    def network_step(self, mode, function, case):
        def outputs_of(weights, state, x, key):
            nn = _Layers(self.jax, weights, state, key)
            return function(nn, x), nn.next_state

        weights, state = self._drawn(function, case.network)
        return self._step(*self._training(case, case.network, weights, state, outputs_of))

    def network_inference(self, mode, function, case):
        def outputs_of(weights, x):
            return function(_Layers(self.jax, *weights), x)

        weights = self._drawn(function, case.network)
        return self._inference(case, case.network, weights, outputs_of)


class _Layers:
    """As `nn` of networks.py. After training, `next_state` holds the moving averages."""

    def __init__(self, jax, weights, state, key=None):
        self.jax = jax
        self.weights = iter(weights)
        self.state = iter(state)
        self.key = key
        self.next_state = []

    def _weights(self):
        return next(self.weights), next(self.state)

    def _convolution(self, x, kernel, strides, padding, groups=1):
        return self.jax.lax.conv_general_dilated(
            x,
            kernel,
            (strides, strides),
            [(padding, padding)] * 2,
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            feature_group_count=groups,
        )

    def conv(self, x, filters, kernel, strides=1, padding=0, bias=True):
        (weight, *biases), state = self._weights()
        self.next_state.append(state)
        y = self._convolution(x, weight, strides, padding)
        return y + biases[0] if bias else y

    def depthwise(self, x, kernel, strides=1, padding=0):
        (weight,), state = self._weights()
        self.next_state.append(state)
        weight = weight.transpose(0, 1, 3, 2)
        return self._convolution(x, weight, strides, padding, groups=x.shape[-1])

    def batch_norm(self, x):
        (gain, offset), (mean, variance) = self._weights()
        jnp, keep = self.jax.numpy, networks.MOMENTUM
        if self.key is not None:
            moving = mean, variance
            mean = jnp.mean(x, (0, 1, 2))
            variance = jnp.mean(x * x, (0, 1, 2)) - mean * mean
            pairs = zip(moving, (mean, variance))
            self.next_state.append(tuple(keep * old + (1 - keep) * new for old, new in pairs))
        scale = gain * self.jax.lax.rsqrt(variance + networks.EPSILON)
        return x * scale + (offset - mean * scale)

    def relu(self, x):
        return self.jax.nn.relu(x)

    def dropout(self, x, rate):
        if self.key is None:
            return x
        self.key, used = self.jax.random.split(self.key)
        keep = self.jax.random.bernoulli(used, 1 - rate, x.shape)
        return self.jax.numpy.where(keep, x / (1 - rate), 0)

    def max_pool(self, x, size):
        window = (1, size, size, 1)
        lowest = -self.jax.numpy.inf
        return self.jax.lax.reduce_window(x, lowest, self.jax.lax.max, window, window, "VALID")

    def add(self, x, y):
        return x + y

    def mean_of_pixels(self, x):
        return x.mean((1, 2))

    def flatten(self, x):
        return x.reshape(x.shape[0], -1)

    def dense(self, x, units):
        (kernel, bias), state = self._weights()
        self.next_state.append(state)
        return x @ kernel + bias

    def embedding_mean(self, ids, rows, width):
        (table,), state = self._weights()
        self.next_state.append(state)
        return table[ids].mean(1)


def _functions(jax, optax):
    jnp = jax.numpy

    class Functions(Namespace):
        def __getattr__(self, name):
            return getattr(jnp, name)

        def sum(self, x, axis, keepdims):
            return jnp.sum(x, axis, keepdims=keepdims)

        def mean(self, x, axis, keepdims):
            return jnp.mean(x, axis, keepdims=keepdims)

        def max(self, x, axis, keepdims):
            return jnp.max(x, axis, keepdims=keepdims)

        def rsqrt(self, x):
            return jax.lax.rsqrt(x)

        sigmoid = staticmethod(jax.nn.sigmoid)
        relu = staticmethod(jax.nn.relu)
        softmax = staticmethod(jax.nn.softmax)

        def cross_entropy(self, logits, labels):
            return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

        def matmul(self, a, b, ta, tb):
            return jnp.matmul(a.T if ta else a, b.T if tb else b)

    return Functions()
