"""ONNX Runtime with all optimizations: `run` with arrays, and IOBinding."""

import numpy as np

from .. import data, networks
from ._namespace import Namespace

TITLE = "ONNX Runtime"
ENVIRONMENT = "onnxruntime"
PACKAGES = ("onnxruntime",)
MODULE = "onnxruntime"
_MODES = ("run", "IOBinding")
MODES = {kind: _MODES for kind in ("expression", "gemm", "inference", "network_inference")}


class Peer:
    def __init__(self, threads):
        import onnx
        import onnxruntime

        self.onnx = onnx
        self.onnxruntime = onnxruntime
        self.threads = threads

    def _session(self, model):
        ort = self.onnxruntime
        options = ort.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        return ort.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def _call(self, mode, model, inputs):
        """inputs: name to array, for a model with one output."""
        session = self._session(model)
        if mode == "run":
            names = [session.get_outputs()[0].name]
            return lambda: session.run(names, inputs)
        output = session.get_outputs()[0].name
        result = self.onnxruntime.OrtValue.ortvalue_from_numpy(session.run([output], inputs)[0])
        binding = session.io_binding()
        for name, array in inputs.items():
            binding.bind_cpu_input(name, array)
        binding.bind_ortvalue_output(output, result)
        return lambda: session.run_with_iobinding(binding)

    def expression(self, mode, function, case):
        builder = _Builder(self.onnx)
        arrays = data.expression_inputs(case)
        arrays = [a.astype(np.int64) if a.dtype == np.int32 else a for a in arrays]
        inputs = {f"x{i}": array for i, array in enumerate(arrays)}
        symbols = [builder.input(name, array) for name, array in inputs.items()]
        model = builder.model(function(_Functions(builder), *symbols))
        return self._call(mode, model, inputs)

    gemm = expression

    def inference(self, mode, case):
        builder = _Builder(self.onnx)
        array = data.samples(case)[0]
        value = builder.input("x", array)
        widths = case.mlp.widths
        for i, shape in enumerate(zip(widths, widths[1:])):
            limit = (6 / sum(shape)) ** 0.5
            weight = builder.constant(data.random(shape, -limit, limit))
            bias = builder.constant(np.zeros(shape[1], np.float32))
            value = builder.node("Gemm", value, weight, bias)
            if i < len(widths) - 2:
                value = builder.node("Relu", value)
        if case.mlp.loss == "classes":
            value = builder.node("Softmax", value, axis=-1)
        return self._call(mode, builder.model(value), {"x": array})

    def network_inference(self, mode, function, case):
        builder, network = _Builder(self.onnx), case.network
        array = data.samples(case)[0]
        if array.ndim == 4:
            array = np.ascontiguousarray(array.transpose(0, 3, 1, 2))
        building = _Layers(builder, networks.draw_weights(function, network))
        outputs = function(building, builder.input("x", array))
        if network.loss == "classes":
            outputs = builder.node("Softmax", outputs, axis=-1)
        return self._call(mode, builder.model(outputs), {"x": array})


class _Builder:
    """Makes an ONNX model out of what is called."""

    def __init__(self, onnx):
        self.onnx = onnx
        self.nodes = []
        self.inputs = []
        self.constants = []
        self.count = 0

    def _name(self):
        self.count += 1
        return f"v{self.count}"

    def input(self, name, array):
        kind = self.onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
        info = self.onnx.helper.make_tensor_value_info(name, kind, array.shape)
        self.inputs.append(info)
        return _Symbol(self, name)

    def constant(self, array):
        name = self._name()
        self.constants.append(self.onnx.numpy_helper.from_array(np.asarray(array), name))
        return _Symbol(self, name)

    def node(self, op, *operands, outputs=1, **attributes):
        names = [
            (o if isinstance(o, _Symbol) else self.constant(np.float32(o))).name for o in operands
        ]
        results = [self._name() for _ in range(outputs)]
        self.nodes.append(self.onnx.helper.make_node(op, names, results, **attributes))
        return _Symbol(self, results[0])

    def model(self, result):
        helper = self.onnx.helper
        output = helper.make_tensor_value_info(result.name, self.onnx.TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "case", self.inputs, [output], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


class _Symbol:
    def __init__(self, builder, name):
        self.builder = builder
        self.name = name

    def __add__(self, other):
        return self.builder.node("Add", self, other)

    def __sub__(self, other):
        return self.builder.node("Sub", self, other)

    def __mul__(self, other):
        return self.builder.node("Mul", self, other)

    def __truediv__(self, other):
        return self.builder.node("Div", self, other)


class _Functions(Namespace):
    def __init__(self, builder):
        self.node = builder.node
        self.builder = builder

    def __getattr__(self, name):
        ops = dict(
            exp="Exp", tanh="Tanh", sqrt="Sqrt", abs="Abs", sigmoid="Sigmoid", relu="Relu",
            maximum="Max", minimum="Min",
        )  # fmt: skip
        return lambda *operands: self.node(ops[name], *operands)

    def rsqrt(self, x):
        return self.node("Reciprocal", self.node("Sqrt", x))

    def _reduce(self, op, x, axis, keepdims):
        axes = () if axis is None else (self.builder.constant(np.array([axis], np.int64)),)
        return self.node(op, x, *axes, keepdims=int(keepdims))

    def sum(self, x, axis, keepdims):
        return self._reduce("ReduceSum", x, axis, keepdims)

    def mean(self, x, axis, keepdims):
        return self._reduce("ReduceMean", x, axis, keepdims)

    def max(self, x, axis, keepdims):
        return self._reduce("ReduceMax", x, axis, keepdims)

    def softmax(self, x):
        return self.node("Softmax", x, axis=-1)

    def cross_entropy(self, logits, labels):
        return self.node("SoftmaxCrossEntropyLoss", logits, labels, reduction="mean")

    def layer_norm(self, x, gain, bias, epsilon=1e-5):
        return self.node("LayerNormalization", x, gain, bias, axis=-1, epsilon=epsilon)

    def matmul(self, a, b, ta, tb):
        return self.node("Gemm", a, b, transA=int(ta), transB=int(tb))


class _Layers:
    """As `nn` of networks.py; images have their channels before height and width."""

    def __init__(self, builder, weights):
        self.builder = builder
        self.node = builder.node
        self.weights = iter(weights)

    def _weights(self):
        layer = next(self.weights)
        arrays = (*networks.channels_first(layer), *layer.state)
        return [self.builder.constant(array) for array in arrays]

    def conv(self, x, filters, kernel, strides=1, padding=0, bias=True):
        return self.node(
            "Conv", x, *self._weights(), strides=[strides] * 2, pads=[padding] * 4
        )

    def depthwise(self, x, kernel, strides=1, padding=0):
        (weight,) = networks.channels_first(next(self.weights))
        return self.node(
            "Conv",
            x,
            self.builder.constant(weight),
            strides=[strides] * 2,
            pads=[padding] * 4,
            group=len(weight),
        )

    def batch_norm(self, x):
        return self.node("BatchNormalization", x, *self._weights(), epsilon=networks.EPSILON)

    def relu(self, x):
        return self.node("Relu", x)

    def dropout(self, x, rate):
        return x

    def max_pool(self, x, size):
        return self.node("MaxPool", x, kernel_shape=[size] * 2, strides=[size] * 2)

    def add(self, x, y):
        return self.node("Add", x, y)

    def mean_of_pixels(self, x):
        return self.flatten(self.node("GlobalAveragePool", x))

    def flatten(self, x):
        return self.node("Flatten", x, axis=1)

    def dense(self, x, units):
        return self.node("Gemm", x, *self._weights())

    def embedding_mean(self, ids, rows, width):
        axes = self.builder.constant(np.array([1], np.int64))
        return self.node("ReduceMean", self.node("Gather", *self._weights(), ids), axes, keepdims=0)
