"""TensorFlow below Keras: tf.function, with and without XLA."""

import numpy as np

from .. import data
from ._namespace import Namespace
from ._tensorflow import import_tensorflow

TITLE = "tf.function"
ENVIRONMENT = "tensorflow"
PACKAGES = ("tensorflow_cpu", "keras")
MODULE = "tensorflow"
_MODES = ("graph", "jit_compile")
MODES = {kind: _MODES for kind in ("expression", "gemm", "epoch", "step", "inference")}


class Peer:
    def __init__(self, threads):
        self.tf = import_tensorflow(threads)
        self.xp = _functions(self.tf)

    def _function(self, mode, function):
        return self.tf.function(function, jit_compile=mode == "jit_compile")

    def expression(self, mode, function, case):
        arrays = [self.tf.constant(a) for a in data.expression_inputs(case)]
        evaluate = self._function(mode, lambda *values: function(self.xp, *values))
        return lambda: evaluate(*arrays)

    gemm = expression

    def _weights(self, mlp):
        tf = self.tf
        uniform = tf.keras.initializers.GlorotUniform(1)
        return [
            (tf.Variable(uniform((inputs, units))), tf.Variable(tf.zeros(units)))
            for inputs, units in zip(mlp.widths, mlp.widths[1:])
        ]

    def _forward(self, mlp, weights, x, training=False):
        tf = self.tf
        for weight, bias in weights[:-1]:
            x = tf.nn.relu(tf.matmul(x, weight) + bias)
            if training and mlp.dropout:
                x = tf.nn.dropout(x, mlp.dropout)
        weight, bias = weights[-1]
        return tf.matmul(x, weight) + bias

    def _trainer(self, mode, case):
        tf, mlp = self.tf, case.mlp
        weights = self._weights(mlp)
        flat = [variable for pair in weights for variable in pair]
        adam = tf.keras.optimizers.Adam(0.001)
        adam.build(flat)

        def step(x, y):
            with tf.GradientTape() as tape:
                outputs = self._forward(mlp, weights, x, training=True)
                if mlp.loss == "squares":
                    loss = tf.reduce_mean(tf.square(outputs - y))
                else:
                    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, outputs)
                    loss = tf.reduce_mean(losses)
            adam.apply(tape.gradient(loss, flat), flat)
            return loss

        return step, *(tf.constant(a) for a in data.samples(case))

    def step(self, mode, case):
        step, x, y = self._trainer(mode, case)
        compiled = self._function(mode, step)
        return lambda: compiled(x, y).numpy()

    def epoch(self, mode, case):
        tf = self.tf
        step, x, y = self._trainer(mode, case)

        def step_on_rows(rows, x, y):
            return step(tf.gather(x, rows), tf.gather(y, rows))

        compiled = self._function(mode, step_on_rows)
        random = np.random.default_rng(1)

        def call():
            order = random.permutation(case.samples).astype(np.int32)
            total = 0
            for begin in range(0, case.samples, case.batch):
                rows = order[begin : begin + case.batch]
                total += compiled(tf.constant(rows), x, y) * len(rows)
            return total.numpy()

        return call

    def inference(self, mode, case):
        tf = self.tf
        weights = self._weights(case.mlp)

        def outputs(x):
            result = self._forward(case.mlp, weights, x)
            return tf.nn.softmax(result) if case.mlp.loss == "classes" else result

        compiled = self._function(mode, outputs)
        array = data.samples(case)[0]
        return lambda: compiled(tf.constant(array)).numpy()


def _functions(tf):
    class Functions(Namespace):
        exp, tanh, sqrt, rsqrt, abs = tf.exp, tf.tanh, tf.sqrt, tf.math.rsqrt, tf.abs
        sigmoid, relu, maximum, minimum = tf.sigmoid, tf.nn.relu, tf.maximum, tf.minimum
        sum, mean, max = tf.reduce_sum, tf.reduce_mean, tf.reduce_max
        softmax = tf.nn.softmax

        def cross_entropy(self, logits, labels):
            return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))

        def matmul(self, a, b, ta, tb):
            return tf.matmul(a, b, transpose_a=ta, transpose_b=tb)

    for name, function in list(vars(Functions).items()):
        if callable(function) and getattr(function, "__module__", "").startswith("tensorflow"):
            setattr(Functions, name, staticmethod(function))
    return Functions()
