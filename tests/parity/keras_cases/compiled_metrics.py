"""Metrics inside compile: what a string resolves to, names, order, weighted metrics, what evaluate
returns.
"""

from parity_harness import CaseTable

from ._common import classes, history_of, linear, logs_of, mlp, normal, one_hot, uniform

CASES = CaseTable()

ROWS = 10


def labels_of(kind):
    return {
        "binary": classes(3, ROWS, 2).reshape(ROWS, 1),
        "binary_flat": classes(3, ROWS, 2),
        "sparse": classes(6, ROWS, 3),
        "sparse_column": classes(6, ROWS, 3).reshape(ROWS, 1),
        "categorical": one_hot(classes(6, ROWS, 3), 3),
        "regression": normal(5, ROWS, 3),
    }[kind]


# Name of the case, outputs, activation, loss, kind of labels, metrics.
STRINGS = [
    ("accuracy_binary", 1, "sigmoid", "binary_crossentropy", "binary", ["accuracy"]),
    ("accuracy_binary_flat", 1, "sigmoid", "binary_crossentropy", "binary_flat", ["accuracy"]),
    ("accuracy_sparse", 3, "softmax", "sparse_categorical_crossentropy", "sparse", ["accuracy"]),
    (
        "accuracy_sparse_column",
        3,
        "softmax",
        "sparse_categorical_crossentropy",
        "sparse_column",
        ["accuracy"],
    ),
    ("accuracy_categorical", 3, "softmax", "categorical_crossentropy", "categorical", ["accuracy"]),
    ("acc_sparse", 3, "softmax", "sparse_categorical_crossentropy", "sparse", ["acc"]),
    ("binary_accuracy", 1, "sigmoid", "bce", "binary", ["binary_accuracy", "BinaryAccuracy"]),
    (
        "sparse_categorical_accuracy",
        3,
        "softmax",
        "sparse_categorical_crossentropy",
        "sparse",
        ["sparse_categorical_accuracy", "sparse_categorical_crossentropy"],
    ),
    (
        "categorical_accuracy",
        3,
        "softmax",
        "categorical_crossentropy",
        "categorical",
        ["categorical_accuracy", "categorical_crossentropy", "top_k_categorical_accuracy"],
    ),
    (
        "regression",
        3,
        None,
        "mse",
        "regression",
        ["mae", "mse", "mean_absolute_error", "root_mean_squared_error"],
    ),
    ("regression_capital", 3, None, "mse", "regression", ["MAE", "MSE", "MeanSquaredError"]),
    ("precision_recall_auc", 1, "sigmoid", "bce", "binary", ["precision", "recall", "auc"]),
    ("crossentropy", 1, "sigmoid", "mse", "binary", ["binary_crossentropy", "bce"]),
]


def string_case(outputs, activation, loss, kind, metrics):
    def case(keras, np):
        model = mlp(keras, outputs=outputs, output_activation=activation)
        model.compile(optimizer=keras.optimizers.SGD(0.1), loss=loss, metrics=metrics)
        x, y = normal(11, ROWS, 4), labels_of(kind)
        history = model.fit(x, y, epochs=2, batch_size=4, shuffle=False, verbose=0)
        return {**history_of(history), "evaluated": model.evaluate(x, y, verbose=0)}

    return case


for _name, *_setting in STRINGS:
    CASES.add(f"string_{_name}", string_case(*_setting))


@CASES.case
def objects_keep_their_names(keras, np):
    model = linear(keras, outputs=1, activation="sigmoid")
    model.compile(
        loss="bce",
        metrics=[
            keras.metrics.AUC(name="area"),
            keras.metrics.Precision(name="hits", thresholds=0.3),
            keras.metrics.BinaryAccuracy(threshold=0.6),
        ],
    )
    x, y = normal(11, ROWS, 4), labels_of("binary")
    return {
        "list": model.evaluate(x, y, verbose=0),
        **logs_of(model.evaluate(x, y, verbose=0, return_dict=True)),
    }


@CASES.case
def functions_become_means(keras, np):
    def largest_gap(y_true, y_pred):
        return (y_true - y_pred) * (y_true - y_pred)

    model = linear(keras)
    model.compile(loss="mae", metrics=[keras.losses.mean_squared_error, largest_gap])
    return logs_of(
        model.evaluate(
            normal(11, ROWS, 4), labels_of("regression"), verbose=0, return_dict=True, batch_size=4
        )
    )


@CASES.case
def weighted_metrics_use_sample_weights(keras, np):
    model = mlp(keras, outputs=3)
    model.compile(
        optimizer=keras.optimizers.SGD(0.05), loss="mse", metrics=["mae"], weighted_metrics=["mse"]
    )
    x, y = normal(11, ROWS, 4), labels_of("regression")
    history = model.fit(
        x, y, sample_weight=uniform(12, ROWS), epochs=2, batch_size=4, shuffle=False, verbose=0
    )
    return {
        **history_of(history),
        "list": model.evaluate(x, y, sample_weight=uniform(13, ROWS), verbose=0),
    }


@CASES.case
def same_metric_plain_and_weighted(keras, np):
    model = linear(keras)
    model.compile(loss="mse", metrics=["mae"], weighted_metrics=["mae"])
    x, y = normal(11, ROWS, 4), labels_of("regression")
    return logs_of(
        model.evaluate(x, y, sample_weight=uniform(12, ROWS), verbose=0, return_dict=True)
    )


@CASES.case
def same_metric_twice(keras, np):
    model = linear(keras)
    model.compile(loss="mse", metrics=["mae", "mae"])
    return logs_of(
        model.evaluate(normal(11, ROWS, 4), labels_of("regression"), verbose=0, return_dict=True)
    )


@CASES.case
def accuracy_weighted(keras, np):
    model = linear(keras, outputs=3, activation="softmax")
    model.compile(loss="sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
    x, y = normal(11, ROWS, 4), labels_of("sparse")
    return logs_of(
        model.evaluate(x, y, sample_weight=uniform(12, ROWS), verbose=0, return_dict=True)
    )


@CASES.case
def no_metrics_returns_a_scalar(keras, np):
    model = linear(keras)
    model.compile(optimizer="sgd", loss="mse")
    x, y = normal(11, ROWS, 4), labels_of("regression")
    return {
        "evaluate": model.evaluate(x, y, verbose=0),
        "test": model.test_on_batch(x, y),
        "train": model.train_on_batch(x, y),
    }


@CASES.case
def order_of_results(keras, np):
    """The list follows compile (loss first); dictionaries follow the alphabet."""
    model = linear(keras)
    model.compile(
        loss="mae",
        metrics=["mse", "cosine_similarity", "mae"],
        weighted_metrics=["root_mean_squared_error"],
    )
    x, y = normal(11, ROWS, 4), labels_of("regression")
    return {
        "list": model.evaluate(x, y, verbose=0),
        **logs_of(model.evaluate(x, y, verbose=0, return_dict=True)),
    }


@CASES.case
def batches_of_unequal_size(keras, np):
    """10 rows in batches of 4: the mean over the data, not the mean of the means of batches."""
    model = linear(keras, outputs=3, activation="softmax")
    model.compile(
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(k=2)],
    )
    x, y = normal(11, ROWS, 4), labels_of("sparse")
    return {
        "by4": model.evaluate(x, y, batch_size=4, verbose=0),
        "by10": model.evaluate(x, y, batch_size=10, verbose=0),
        "weighted": model.evaluate(x, y, batch_size=4, sample_weight=uniform(12, ROWS), verbose=0),
    }
