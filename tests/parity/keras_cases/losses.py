"""Losses of the foundation: cross-entropies, squared, absolute and Huber; arguments, reductions,
weights, names.
"""

from parity_harness import CaseTable

from ._common import classes, distribution, linear, normal, one_hot, uniform, weights_of

CASES = CaseTable()

ROWS, COLUMNS = 7, 3


def regression():
    return normal(1, ROWS, COLUMNS), normal(2, ROWS, COLUMNS)


def binary():
    return classes(3, ROWS * COLUMNS, 2).reshape(ROWS, COLUMNS).astype("float32"), uniform(
        4, ROWS, COLUMNS
    )


def binary_logits():
    return binary()[0], normal(5, ROWS, COLUMNS, scale=2.0)


def categorical():
    return one_hot(classes(6, ROWS, COLUMNS), COLUMNS), distribution(7, ROWS, COLUMNS)


def categorical_unnormalised():
    return categorical()[0], uniform(8, ROWS, COLUMNS)


def categorical_soft():
    return distribution(9, ROWS, COLUMNS), distribution(7, ROWS, COLUMNS)


def categorical_logits():
    return categorical()[0], normal(10, ROWS, COLUMNS, scale=2.0)


def sparse():
    return classes(6, ROWS, COLUMNS), distribution(7, ROWS, COLUMNS)


def sparse_unnormalised():
    return classes(6, ROWS, COLUMNS), uniform(8, ROWS, COLUMNS)


def sparse_column():
    return classes(6, ROWS, COLUMNS).reshape(ROWS, 1), distribution(7, ROWS, COLUMNS)


def sparse_logits():
    return classes(6, ROWS, COLUMNS), normal(10, ROWS, COLUMNS, scale=2.0)


# Name of the case, class, arguments, (y_true, y_pred).
CONFIGURATIONS = [
    ("mse", "MeanSquaredError", {}, regression),
    ("mae", "MeanAbsoluteError", {}, regression),
    ("huber", "Huber", {}, regression),
    ("huber_delta", "Huber", {"delta": 0.4}, regression),
    ("bce", "BinaryCrossentropy", {}, binary),
    ("bce_smoothing", "BinaryCrossentropy", {"label_smoothing": 0.1}, binary),
    ("bce_logits", "BinaryCrossentropy", {"from_logits": True}, binary_logits),
    (
        "bce_logits_smoothing",
        "BinaryCrossentropy",
        {"from_logits": True, "label_smoothing": 0.2},
        binary_logits,
    ),
    ("bce_axis0", "BinaryCrossentropy", {"axis": 0}, binary),
    ("cce", "CategoricalCrossentropy", {}, categorical),
    ("cce_unnormalised", "CategoricalCrossentropy", {}, categorical_unnormalised),
    ("cce_soft_labels", "CategoricalCrossentropy", {}, categorical_soft),
    ("cce_smoothing", "CategoricalCrossentropy", {"label_smoothing": 0.1}, categorical),
    ("cce_logits", "CategoricalCrossentropy", {"from_logits": True}, categorical_logits),
    (
        "cce_logits_smoothing",
        "CategoricalCrossentropy",
        {"from_logits": True, "label_smoothing": 0.3},
        categorical_logits,
    ),
    ("scce", "SparseCategoricalCrossentropy", {}, sparse),
    ("scce_unnormalised", "SparseCategoricalCrossentropy", {}, sparse_unnormalised),
    ("scce_column_labels", "SparseCategoricalCrossentropy", {}, sparse_column),
    ("scce_logits", "SparseCategoricalCrossentropy", {"from_logits": True}, sparse_logits),
    (
        "scce_ignore_class",
        "SparseCategoricalCrossentropy",
        {"from_logits": True, "ignore_class": 1},
        sparse_logits,
    ),
]

# Name of the function, as string and in keras.losses; data; arguments.
FUNCTIONS = [
    ("mean_squared_error", regression, {}),
    ("mean_absolute_error", regression, {}),
    ("huber", regression, {}),
    ("huber", regression, {"delta": 0.7}),
    ("binary_crossentropy", binary, {}),
    ("binary_crossentropy", binary_logits, {"from_logits": True}),
    ("categorical_crossentropy", categorical, {}),
    ("categorical_crossentropy", categorical_logits, {"from_logits": True, "label_smoothing": 0.1}),
    ("sparse_categorical_crossentropy", sparse, {}),
    ("sparse_categorical_crossentropy", sparse_logits, {"from_logits": True}),
]

STRINGS = [
    ("mse", regression),
    ("MSE", regression),
    ("mean_squared_error", regression),
    ("MeanSquaredError", regression),
    ("mae", regression),
    ("MAE", regression),
    ("mean_absolute_error", regression),
    ("MeanAbsoluteError", regression),
    ("huber", regression),
    ("Huber", regression),
    ("bce", binary),
    ("BCE", binary),
    ("binary_crossentropy", binary),
    ("BinaryCrossentropy", binary),
    ("categorical_crossentropy", categorical),
    ("CategoricalCrossentropy", categorical),
    ("sparse_categorical_crossentropy", sparse),
    ("SparseCategoricalCrossentropy", sparse),
]

WEIGHTS = {
    "rows": lambda np: np.linspace(0.2, 1.6, ROWS).astype(np.float32),
    "column": lambda np: np.linspace(0.2, 1.6, ROWS).reshape(ROWS, 1).astype(np.float32),
    "zeros": lambda np: (np.arange(ROWS) % 2).astype(np.float32),
}

REDUCTIONS = ["sum_over_batch_size", "sum", "none", "mean", "mean_with_sample_weight"]


def call_case(loss, arguments, data):
    """The class called on arrays, with and without weights."""

    def case(keras, np):
        y_true, y_pred = data()
        function = getattr(keras.losses, loss)(**arguments)
        results = {"plain": function(y_true, y_pred)}
        if arguments.get("axis") != 0:
            results["weighted"] = function(y_true, y_pred, sample_weight=WEIGHTS["rows"](np))
        return results

    return case


def train_case(loss, arguments, data):
    """One step of gradient descent on `sigmoid`, `softmax` or linear outputs: reported loss and
    gradient.
    """

    def case(keras, np):
        y_true, _ = data()
        from_logits = arguments.get("from_logits", False)
        activation = (
            None if from_logits else {"B": "sigmoid", "C": "softmax", "S": "softmax"}.get(loss[0])
        )
        model = linear(keras, outputs=COLUMNS, activation=activation)
        model.compile(
            optimizer=keras.optimizers.SGD(0.5), loss=getattr(keras.losses, loss)(**arguments)
        )
        x = normal(11, ROWS, 4)
        losses = [model.train_on_batch(x, y_true) for _ in range(2)]
        losses.append(model.train_on_batch(x, y_true, sample_weight=WEIGHTS["rows"](np)))
        return {"losses": losses, **weights_of(model)}

    return case


def function_case(name, data, arguments):
    def case(keras, np):
        y_true, y_pred = data()
        return {"values": getattr(keras.losses, name)(y_true, y_pred, **arguments)}

    return case


def string_case(name, data):
    """The string given to compile, on outputs that no activation produced, so that probabilities
    are taken as they are.
    """

    def case(keras, np):
        y_true, y_pred = data()
        model = keras.Sequential([keras.Input((COLUMNS,)), keras.layers.Reshape((COLUMNS,))])
        model.compile(loss=name)
        return {
            "loss": model.test_on_batch(y_pred, y_true),
            "got": keras.losses.get(name) is not None,
        }

    return case


def reduction_case(loss, data, reduction, weights):
    def case(keras, np):
        y_true, y_pred = data()
        function = getattr(keras.losses, loss)(reduction=reduction)
        weight = None if weights is None else WEIGHTS[weights](np)
        return {"value": function(y_true, y_pred, sample_weight=weight)}

    return case


for _name, _loss, _arguments, _data in CONFIGURATIONS:
    CASES.add(f"call_{_name}", call_case(_loss, _arguments, _data))
    if not {"axis"} & set(_arguments) and "unnormalised" not in _name:
        CASES.add(f"train_{_name}", train_case(_loss, _arguments, _data))
for _name, _data, _arguments in FUNCTIONS:
    CASES.add("_".join(["function", _name, *_arguments]), function_case(_name, _data, _arguments))
for _name, _data in STRINGS:
    CASES.add(f"string_{_name}", string_case(_name, _data))
for _reduction in REDUCTIONS:
    for _weights in (None, "rows", "column", "zeros"):
        CASES.add(
            f"reduction_mse_{_reduction}_{_weights}",
            reduction_case("MeanSquaredError", regression, _reduction, _weights),
        )
    CASES.add(
        f"reduction_scce_{_reduction}",
        reduction_case("SparseCategoricalCrossentropy", sparse, _reduction, "rows"),
    )


@CASES.case
def elementwise_weights(keras, np):
    y_true, y_pred = normal(1, ROWS, 2, 3), normal(2, ROWS, 2, 3)
    weights = uniform(12, ROWS, 2)
    return {
        "mse": keras.losses.MeanSquaredError()(y_true, y_pred, sample_weight=weights),
        "mean": keras.losses.MeanSquaredError(reduction="mean_with_sample_weight")(
            y_true, y_pred, sample_weight=weights
        ),
    }


@CASES.case
def clipped_probabilities(keras, np):
    """Certain and wrong: the value is what clipping at 1e-7 leaves."""
    p = np.array([[1.0, 0.0, 0.0]], np.float32)
    return {
        "categorical": keras.losses.CategoricalCrossentropy()(
            np.array([[0.0, 1.0, 0.0]], np.float32), p
        ),
        "sparse": keras.losses.SparseCategoricalCrossentropy()(np.array([1]), p),
        "binary": keras.losses.BinaryCrossentropy()(np.array([[0.0, 1.0, 0.0]], np.float32), p),
    }


def saturated_case(activation, loss, labels):
    """Behind softmax or sigmoid the loss is computed from the logits: no clipping, and the gradient
    survives.
    """

    def case(keras, np):
        model = linear(keras, inputs=2, outputs=3, activation=activation, scale=15.0)
        model.compile(optimizer=keras.optimizers.SGD(0.1), loss=loss, metrics=[loss])
        x = normal(13, 4, 2, scale=2.0)
        evaluated = model.evaluate(x, labels(np), verbose=0)
        model.train_on_batch(x, labels(np))
        return {"evaluated": evaluated, **weights_of(model)}

    return case


CASES.add(
    "saturated_softmax_sparse",
    saturated_case("softmax", "sparse_categorical_crossentropy", lambda np: np.array([0, 1, 2, 0])),
)
CASES.add(
    "saturated_softmax_categorical",
    saturated_case(
        "softmax", "categorical_crossentropy", lambda np: np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
    ),
)
CASES.add(
    "saturated_sigmoid_binary",
    saturated_case(
        "sigmoid", "binary_crossentropy", lambda np: np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
    ),
)


@CASES.case
def large_logits(keras, np):
    logits = np.array([[80.0, -90.0, 3.0], [-100.0, 20.0, 60.0]], np.float32)
    return {
        "sparse": keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")(
            np.array([1, 0]), logits
        ),
        "categorical": keras.losses.CategoricalCrossentropy(from_logits=True, reduction="none")(
            np.array([[0.2, 0.3, 0.5], [0.0, 1.0, 0.0]], np.float32), logits
        ),
        "binary": keras.losses.BinaryCrossentropy(from_logits=True, reduction="none")(
            np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]], np.float32), logits
        ),
    }


@CASES.case
def labels_one_rank_short(keras, np):
    """(N,) labels against (N, 1) outputs are compared row by row, not as an outer difference."""
    y_true, y_pred = normal(1, ROWS), normal(2, ROWS, 1)
    return {
        "mse": keras.losses.MeanSquaredError()(y_true, y_pred),
        "mae": keras.losses.MeanAbsoluteError()(y_true, y_pred),
        "binary": keras.losses.BinaryCrossentropy()(classes(3, ROWS, 2), uniform(4, ROWS, 1)),
    }


@CASES.case
def user_function(keras, np):
    """Keras accepts a function of the model's own tensors; arithmetic alone keeps it independent of
    the backend.
    """

    def quartic(y_true, y_pred):
        difference = y_true - y_pred
        return difference * difference * difference * difference

    model = linear(keras, outputs=COLUMNS)
    model.compile(optimizer=keras.optimizers.SGD(0.01), loss=quartic)
    losses = [model.train_on_batch(normal(11, ROWS, 4), normal(1, ROWS, COLUMNS)) for _ in range(2)]
    return {"losses": losses, **weights_of(model)}


@CASES.case
def names_and_configs(keras, np):
    names, reductions = [], []
    for loss in (
        "MeanSquaredError",
        "MeanAbsoluteError",
        "Huber",
        "BinaryCrossentropy",
        "CategoricalCrossentropy",
        "SparseCategoricalCrossentropy",
    ):
        config = getattr(keras.losses, loss)().get_config()
        names.append(config["name"])
        reductions.append(config["reduction"])
    clone = keras.losses.BinaryCrossentropy.from_config(
        keras.losses.BinaryCrossentropy(
            from_logits=True, label_smoothing=0.25, name="b"
        ).get_config()
    )
    return {
        "names": names,
        "reductions": reductions,
        "clone_name": clone.name,
        "clone": clone(*binary_logits()),
    }


@CASES.case
def crossentropy_string_resolves_by_shape(keras, np):
    results = {}
    for name, outputs, activation, labels in (
        ("binary", 1, "sigmoid", classes(3, ROWS, 2).reshape(ROWS, 1)),
        ("sparse", 3, "softmax", classes(6, ROWS, 3)),
        ("categorical", 3, "softmax", one_hot(classes(6, ROWS, 3), 3)),
    ):
        model = linear(keras, outputs=outputs, activation=activation)
        model.compile(loss="crossentropy")
        results[name] = model.test_on_batch(normal(11, ROWS, 4), labels)
    return results
