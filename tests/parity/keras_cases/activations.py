"""Activations: values over a range, the gradient through a dense layer, and parameters of the
function forms.
"""

from parity_harness import CaseTable

from ._common import linear, normal, weights_of

CASES = CaseTable()

NAMES = [
    "celu",
    "elu",
    "exponential",
    "gelu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
]

# Name of the case, function, arguments.
PARAMETERS = [
    ("relu_slope", "relu", {"negative_slope": 0.1}),
    ("relu_max_value", "relu", {"max_value": 1.5}),
    ("relu_threshold", "relu", {"threshold": 0.7}),
    ("relu_all", "relu", {"negative_slope": 0.2, "max_value": 2.0, "threshold": 0.4}),
    ("leaky_relu_slope", "leaky_relu", {"negative_slope": 0.05}),
    ("elu_alpha", "elu", {"alpha": 0.5}),
    ("celu_alpha", "celu", {"alpha": 0.7}),
    ("gelu_tanh", "gelu", {"approximate": True}),
    ("softmax_axis0", "softmax", {"axis": 0}),
    ("log_softmax_axis0", "log_softmax", {"axis": 0}),
    ("hard_shrink_threshold", "hard_shrink", {"threshold": 0.9}),
    ("soft_shrink_threshold", "soft_shrink", {"threshold": 0.2}),
    ("squareplus_b", "squareplus", {"b": 2}),
    ("glu", "glu", {}),
    ("threshold", "threshold", {"threshold": 0.3, "default_value": -1.0}),
]


def grid(np):
    """Both signs, both tails, no point on a kink of any activation, a moderate range for exp."""
    return (np.linspace(-6.3, 6.1, 60).reshape(10, 6) + 0.013).astype(np.float32)


def layer_case(name):
    def case(keras, np):
        model = keras.Sequential([keras.Input((6,)), keras.layers.Activation(name)])
        return {"y": model.predict(grid(np), verbose=0)}

    return case


def gradient_case(name):
    """One step of gradient descent at rate 1: the change of the weights is the gradient."""

    def case(keras, np):
        model = linear(keras, inputs=3, outputs=4, activation=name, seed=31)
        model.compile(optimizer=keras.optimizers.SGD(1.0), loss="mse")
        loss = model.train_on_batch(normal(33, 6, 3), normal(34, 6, 4))
        return {"loss": loss, **weights_of(model)}

    return case


def function_case(name, arguments):
    def case(keras, np):
        function = getattr(keras.activations, name)
        return {"y": function(grid(np), **arguments)}

    return case


for _name in NAMES:
    CASES.add(f"layer_{_name}", layer_case(_name))
    CASES.add(f"gradient_{_name}", gradient_case(_name))
for _case, _name, _arguments in PARAMETERS:
    CASES.add(f"function_{_case}", function_case(_name, _arguments))


@CASES.case
def get_by_name_and_none(keras, np):
    x = grid(np)
    return {
        "none": keras.activations.get(None)(x),
        "relu": keras.activations.get("relu")(x),
        "function": keras.activations.get(keras.activations.tanh)(x),
    }


@CASES.case
def function_as_dense_argument(keras, np):
    model = linear(keras, inputs=3, outputs=4, activation=keras.activations.softplus, seed=31)
    return {"y": model.predict(normal(33, 6, 3), verbose=0)}
