"""Tegula from Python: layers, and graphs in a session."""

import contextlib

from .. import data
from . import _keras
from ._namespace import Namespace

TITLE = "Tegula"
ENVIRONMENT = "tegula"
PACKAGES = ("tegula",)
MODULE = "tegula"
NATIVE_MODULE = "tegula._core"
MODES = {
    "expression": ("session",),
    "gemm": ("session",),
    "epoch": ("fit",),
    "step": ("session", "train_on_batch"),
    "inference": ("call", "predict", "session"),
    "network_step": _keras.MODES["network_step"],
    "network_inference": ("call", "predict"),
}


class Peer(_keras.Peer):
    def __init__(self, threads):
        import tegula

        super().__init__(tegula.keras)
        tegula.config.threading.set_intra_op_parallelism_threads(threads)
        self.tf = tegula

    @contextlib.contextmanager
    def _graph(self):
        graph = self.tf.Graph()
        with graph.as_default():
            yield graph

    def _expression(self, function, case):
        tf = self.tf
        arrays = data.expression_inputs(case)
        places = [
            tf.placeholder(tf.as_dtype(a.dtype), a.shape, name=f"x{i}")
            for i, a in enumerate(arrays)
        ]
        return function(_functions(tf), *places), dict(zip(places, arrays))

    def expression(self, mode, function, case):
        with self._graph() as graph:
            value, feeds = self._expression(function, case)
            session = self.tf.Session(graph=graph)
        return lambda: session.run(value, feeds)

    gemm = expression

    def graph_text(self, function, case):
        """The expression as text; its result is named "result"."""
        with self._graph() as graph:
            self.tf.identity(self._expression(function, case)[0], name="result")
        return graph.to_text()

    def step(self, mode, case):
        if mode != "session":
            return super().step(mode, case)
        x, y = data.samples(case)
        tf = self.tf
        with self._graph() as graph:
            images = tf.placeholder(tf.float32, [None, case.mlp.inputs])
            outputs = self._forward(case.mlp, images, training=True)
            if case.mlp.loss == "squares":
                targets = tf.placeholder(tf.float32, [None, case.mlp.outputs])
                loss = tf.reduce_mean(tf.square(outputs - targets))
            else:
                targets = tf.placeholder(tf.int32, [None])
                loss = tf.reduce_mean(
                    tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=outputs)
                )
            train = tf.train.AdamOptimizer(0.001, epsilon=1e-7).minimize(loss)
            session = tf.Session(graph=graph)
            session.run(tf.global_variables_initializer())
        fetches, feeds = [train, loss], {images: x, targets: y}
        return lambda: session.run(fetches, feeds)

    def _forward(self, mlp, x, training):
        tf = self.tf
        layers = list(zip(mlp.widths, mlp.widths[1:]))
        for i, (inputs, units) in enumerate(layers):
            weights = tf.get_variable(f"w{i}", [inputs, units])
            x = tf.matmul(x, weights) + tf.Variable(tf.zeros([units]))
            if i + 1 < len(layers):
                x = tf.nn.relu(x)
                if training and mlp.dropout:
                    x = tf.nn.dropout(x, rate=mlp.dropout)
        return x

    def inference(self, mode, case):
        if mode != "session":
            return super().inference(mode, case)
        array = data.samples(case)[0]
        tf = self.tf
        with self._graph() as graph:
            x = tf.placeholder(tf.float32, [None, case.mlp.inputs])
            outputs = self._forward(case.mlp, x, training=False)
            if case.mlp.loss == "classes":
                outputs = tf.nn.softmax(outputs)
            session = tf.Session(graph=graph)
            session.run(tf.global_variables_initializer())
        feeds = {x: array}
        return lambda: session.run(outputs, feeds)


def _functions(tf):
    class Functions(Namespace):
        def __getattr__(self, name):
            return getattr(tf, name)

        relu = staticmethod(tf.nn.relu)
        softmax = staticmethod(tf.nn.softmax)

        def sum(self, x, axis, keepdims):
            return tf.reduce_sum(x, axis, keepdims)

        def mean(self, x, axis, keepdims):
            return tf.reduce_mean(x, axis, keepdims)

        def max(self, x, axis, keepdims):
            return tf.reduce_max(x, axis, keepdims)

        def cross_entropy(self, logits, labels):
            return tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
            )

        def matmul(self, a, b, ta, tb):
            return tf.matmul(a, b, transpose_a=ta, transpose_b=tb)

    return Functions()
