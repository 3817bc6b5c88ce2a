"""PyTorch: eager with fused Adam, torch.compile, and TorchScript for inference. Images have their
channels last in memory.
"""

import pathlib

from .. import data, networks
from ._namespace import Namespace

TITLE = "torch"
ENVIRONMENT = "torch"
PACKAGES = ("torch",)
MODULE = "torch"
# Compiles in the process itself, and keeps what was compiled for the next run.
ENVIRONMENT_VARIABLES = {
    "TORCHINDUCTOR_COMPILE_THREADS": "1",
    "TORCHINDUCTOR_CACHE_DIR": str(pathlib.Path("build/compare/torchinductor").resolve()),
}
MODES = {
    "expression": ("eager", "compile"),
    "gemm": ("eager",),
    "epoch": ("eager", "compile"),
    "step": ("eager", "compile"),
    "inference": ("eager", "TorchScript", "compile"),
    "network_step": ("eager", "compile"),
    "network_inference": ("eager", "TorchScript", "compile"),
}


class Peer:
    def __init__(self, threads):
        import torch

        torch.set_num_threads(threads)
        torch.set_num_interop_threads(1)
        torch._dynamo.config.cache_size_limit = 64
        self.torch = torch
        self.compiled = {}
        self.xp = _functions(torch)

    def expression(self, mode, function, case):
        torch, xp = self.torch, self.xp
        arrays = [torch.from_numpy(a) for a in data.expression_inputs(case)]
        arrays = [a.long() if a.dtype == torch.int32 else a for a in arrays]

        def evaluate(*tensors):
            return function(xp, *tensors)

        if mode == "compile":
            # One compilation, of half a minute, serves an expression in all sizes.
            key = (case.expression, len(arrays))
            if key not in self.compiled:
                torch._dynamo.reset()
                self.compiled = {key: torch.compile(evaluate, dynamic=True)}
            evaluate = self.compiled[key]

        def call():
            with torch.inference_mode():
                evaluate(*arrays)

        return call

    gemm = expression

    def _network(self, mlp):
        nn = self.torch.nn
        layers = []
        for inputs, units in zip(mlp.widths, mlp.widths[1:-1]):
            layers += [nn.Linear(inputs, units), nn.ReLU()]
            if mlp.dropout:
                layers.append(nn.Dropout(mlp.dropout))
        return nn.Sequential(*layers, nn.Linear(*mlp.widths[-2:]))

    def _trainer(self, mode, case):
        return self._training(mode, case, case.mlp, self._network(case.mlp))

    def _optimizer(self, network, parameters):
        optim = self.torch.optim
        if getattr(network, "optimizer", "adam") == "sgd":
            return optim.SGD(parameters, lr=0.01)
        return optim.Adam(parameters, lr=0.001, eps=1e-7, fused=True)

    def _training(self, mode, case, network, model):
        torch = self.torch
        model.train()
        optimizer = self._optimizer(network, model.parameters())
        losses = {
            "classes": torch.nn.functional.cross_entropy,
            "squares": torch.nn.functional.mse_loss,
        }
        loss_of = losses[network.loss]

        def forward(x, y):
            return loss_of(model(x), y)

        if mode == "compile":
            torch._dynamo.reset()
            forward = torch.compile(forward, dynamic=False)

        def step(x, y):
            optimizer.zero_grad(set_to_none=True)
            loss = forward(x, y)
            loss.backward()
            optimizer.step()
            return loss.detach()

        x, y = (torch.from_numpy(a) for a in data.samples(case))
        return step, self._input(x), y.long() if network.loss == "classes" else y

    def _input(self, x):
        """As the networks take it: images have their channels last in memory only."""
        return x.permute(0, 3, 1, 2) if x.ndim == 4 else x

    def step(self, mode, case):
        step, x, y = self._trainer(mode, case)
        return lambda: step(x, y)

    def network_step(self, mode, function, case):
        model = _network(self.torch, function, case.network)
        step, x, y = self._training(mode, case, case.network, model)
        return lambda: step(x, y)

    def epoch(self, mode, case):
        step, x, y = self._trainer(mode, case)
        torch = self.torch

        def call():
            order = torch.randperm(case.samples)
            total = torch.zeros(())
            for rows in order.split(case.batch):
                total += step(x[rows], y[rows]) * len(rows)
            return total.item()

        return call

    def inference(self, mode, case):
        return self._inference(mode, case, case.mlp, self._network(case.mlp))

    def network_inference(self, mode, function, case):
        model = _network(self.torch, function, case.network)
        return self._inference(mode, case, case.network, model)

    def _inference(self, mode, case, network, model):
        torch = self.torch
        if network.loss == "classes":
            model = torch.nn.Sequential(model, torch.nn.Softmax(dim=-1))
        model.eval()
        array = data.samples(case)[0]
        if mode == "TorchScript":
            with torch.no_grad():
                example = self._input(torch.from_numpy(array))
                model = torch.jit.freeze(torch.jit.trace(model, example))
                model = torch.jit.optimize_for_inference(model)
        elif mode == "compile":
            torch._dynamo.reset()
            model = torch.compile(model, dynamic=False)

        def call():
            with torch.inference_mode():
                return model(self._input(torch.from_numpy(array))).numpy()

        return call


def _network(torch, function, network):
    """A module that computes `function`, with the weights that all peers start with."""
    drawn = networks.draw_weights(function, network)

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weights = []
            for i, layer in enumerate(drawn):
                arrays = (*networks.channels_first(layer), *layer.state)
                self.weights.append(tuple(self._add(i, *pair) for pair in enumerate(arrays)))

        def _add(self, layer, number, array):
            tensor = torch.from_numpy(array)
            if drawn[layer].kind == "dense" and array.ndim == 2:
                tensor = tensor.T.contiguous()
            elif array.ndim == 4:
                tensor = tensor.contiguous(memory_format=torch.channels_last)
            name = f"weight_{layer}_{number}"
            if number < len(drawn[layer].trainable):
                self.register_parameter(name, torch.nn.Parameter(tensor))
            else:
                self.register_buffer(name, tensor)
            return getattr(self, name)

        def forward(self, x):
            sparse = network.optimizer == "sgd"  # Adam's averages change every row
            return function(_Layers(torch, self.weights, self.training, sparse), x)

    return Network()


class _Layers:
    """As `nn` of networks.py. `sparse`: gradients of tables hold only the rows that were used."""

    def __init__(self, torch, weights, training, sparse):
        self.functional = torch.nn.functional
        self.weights = iter(weights)
        self.training = training
        self.sparse = sparse

    def conv(self, x, filters, kernel, strides=1, padding=0, bias=True):
        return self.functional.conv2d(x, *next(self.weights), stride=strides, padding=padding)

    def depthwise(self, x, kernel, strides=1, padding=0):
        (weight,) = next(self.weights)
        return self.functional.conv2d(
            x, weight, stride=strides, padding=padding, groups=x.shape[1]
        )

    def batch_norm(self, x):
        gain, offset, mean, variance = next(self.weights)
        return self.functional.batch_norm(
            x, mean, variance, gain, offset, self.training, 1 - networks.MOMENTUM, networks.EPSILON
        )

    def relu(self, x):
        return self.functional.relu(x)

    def dropout(self, x, rate):
        return self.functional.dropout(x, rate, self.training)

    def max_pool(self, x, size):
        return self.functional.max_pool2d(x, size)

    def add(self, x, y):
        return x + y

    def mean_of_pixels(self, x):
        return x.mean((2, 3))

    def flatten(self, x):
        return x.flatten(1)

    def dense(self, x, units):
        return self.functional.linear(x, *next(self.weights))

    def embedding_mean(self, ids, rows, width):
        (table,) = next(self.weights)
        return self.functional.embedding_bag(ids, table, mode="mean", sparse=self.sparse)


def _functions(torch):
    functional = torch.nn.functional

    class Functions(Namespace):
        exp, tanh, sqrt, rsqrt, abs = torch.exp, torch.tanh, torch.sqrt, torch.rsqrt, torch.abs
        sigmoid, relu = torch.sigmoid, torch.relu

        def maximum(self, x, y):
            return torch.clamp(x, min=y)

        def minimum(self, x, y):
            return torch.clamp(x, max=y)

        def sum(self, x, axis, keepdims):
            return torch.sum(x) if axis is None else torch.sum(x, axis, keepdims)

        def mean(self, x, axis, keepdims):
            return torch.mean(x) if axis is None else torch.mean(x, axis, keepdims)

        def max(self, x, axis, keepdims):
            return torch.max(x) if axis is None else torch.amax(x, axis, keepdims)

        def softmax(self, x):
            return torch.softmax(x, -1)

        def cross_entropy(self, logits, labels):
            return functional.cross_entropy(logits, labels)

        def layer_norm(self, x, gain, bias, epsilon=1e-5):
            return functional.layer_norm(x, (x.shape[-1],), gain, bias, epsilon)

        def matmul(self, a, b, ta, tb):
            return torch.matmul(a.T if ta else a, b.T if tb else b)

    return Functions()
