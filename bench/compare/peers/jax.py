"""JAX with optax: jax.jit with donated state, and for training a whole epoch in one lax.scan."""

import numpy as np

from .. import data
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
        """(state, x, y) to the next state; the first state; x and y. The state holds the key for
        dropout and the sum of the losses too, so that a step is one call.
        """
        jax, optax, mlp = self.jax, self.optax, case.mlp
        adam = optax.adam(0.001, eps=1e-7)

        def loss_of(weights, x, y, key):
            outputs = self._forward(mlp, weights, x, key)
            if mlp.loss == "squares":
                return jax.numpy.mean((outputs - y) ** 2)
            return optax.softmax_cross_entropy_with_integer_labels(outputs, y).mean()

        def step(state, x, y):
            weights, moments, key, total = state
            key, used = jax.random.split(key)
            loss, slopes = jax.value_and_grad(loss_of)(weights, x, y, used)
            updates, moments = adam.update(slopes, moments, weights)
            weights = optax.apply_updates(weights, updates)
            return weights, moments, key, total + loss * len(x)

        weights = self._start(mlp)
        state = (weights, adam.init(weights), jax.random.key(1), jax.numpy.zeros(()))
        return step, state, *(jax.device_put(a) for a in data.samples(case))

    def step(self, mode, case):
        step, state, x, y = self._trainer(case)
        compiled = self.jax.jit(step, donate_argnums=0)
        held = [state]

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
            state = (*held[0][:3], np.float32(0))
            if full:
                state = many(state, order[:full].reshape(-1, batch), x, y)
            for begin in range(full, count, batch):
                state = one(state, order[begin : begin + batch], x, y)
            held[0] = jax.block_until_ready(state)
            return float(state[3])

        return call

    def inference(self, mode, case):
        jax = self.jax
        weights = self._start(case.mlp)

        def outputs(weights, x):
            result = self._forward(case.mlp, weights, x)
            return jax.nn.softmax(result) if case.mlp.loss == "classes" else result

        compiled = jax.jit(outputs)
        array = data.samples(case)[0]
        return lambda: np.asarray(compiled(weights, array))


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
