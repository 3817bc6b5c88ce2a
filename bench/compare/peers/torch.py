"""PyTorch: eager with fused Adam, torch.compile, and TorchScript for inference."""

import pathlib

from .. import data
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
        torch = self.torch
        model = self._network(case.mlp).train()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.001, eps=1e-7, fused=True)
        losses = {
            "classes": torch.nn.functional.cross_entropy,
            "squares": torch.nn.functional.mse_loss,
        }
        loss_of = losses[case.mlp.loss]

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
        return step, x, y.long() if case.mlp.loss == "classes" else y

    def step(self, mode, case):
        step, x, y = self._trainer(mode, case)
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
        torch = self.torch
        model = self._network(case.mlp)
        if case.mlp.loss == "classes":
            model.append(torch.nn.Softmax(dim=-1))
        model.eval()
        array = data.samples(case)[0]
        if mode == "TorchScript":
            with torch.no_grad():
                model = torch.jit.freeze(torch.jit.trace(model, torch.from_numpy(array)))
                model = torch.jit.optimize_for_inference(model)
        elif mode == "compile":
            torch._dynamo.reset()
            model = torch.compile(model, dynamic=False)

        def call():
            with torch.inference_mode():
                return model(torch.from_numpy(array)).numpy()

        return call


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
