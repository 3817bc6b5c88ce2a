"""Metrics of the foundation, alone: several updates, weights, thresholds, reset, names, configs."""

from parity_harness import CaseTable

from ._common import classes, distribution, normal, one_hot, uniform

CASES = CaseTable()

BATCHES = 3
ROWS, COLUMNS = 8, 6


def regression(seed):
    return normal(seed, ROWS, COLUMNS), normal(seed + 50, ROWS, COLUMNS)


def binary(seed):
    return classes(seed, ROWS, 2).astype("float32"), uniform(seed + 50, ROWS)


def binary_column(seed):
    return classes(seed, ROWS, 2).reshape(ROWS, 1), uniform(seed + 50, ROWS, 1)


def multi_label(seed):
    labels = classes(seed, ROWS * COLUMNS, 2).reshape(ROWS, COLUMNS)
    return labels.astype("float32"), uniform(seed + 50, ROWS, COLUMNS)


def categorical(seed):
    return one_hot(classes(seed, ROWS, COLUMNS), COLUMNS), distribution(seed + 50, ROWS, COLUMNS)


def sparse(seed):
    return classes(seed, ROWS, COLUMNS), distribution(seed + 50, ROWS, COLUMNS)


def sparse_column(seed):
    return classes(seed, ROWS, COLUMNS).reshape(ROWS, 1), distribution(seed + 50, ROWS, COLUMNS)


def sparse_logits(seed):
    return classes(seed, ROWS, COLUMNS), normal(seed + 50, ROWS, COLUMNS)


def binary_logits(seed):
    return classes(seed, ROWS, 2).astype("float32"), normal(seed + 50, ROWS, scale=2.0)


def equal_labels(seed):
    return classes(seed, ROWS, 3), classes(seed + 50, ROWS, 3)


# Name of the case, class, arguments, data of one batch.
CONFIGURATIONS = [
    ("accuracy", "Accuracy", {}, equal_labels),
    ("binary_accuracy", "BinaryAccuracy", {}, binary),
    ("binary_accuracy_column", "BinaryAccuracy", {}, binary_column),
    ("binary_accuracy_multi_label", "BinaryAccuracy", {}, multi_label),
    ("binary_accuracy_threshold", "BinaryAccuracy", {"threshold": 0.3}, binary),
    ("categorical_accuracy", "CategoricalAccuracy", {}, categorical),
    ("sparse_categorical_accuracy", "SparseCategoricalAccuracy", {}, sparse),
    ("sparse_categorical_accuracy_column", "SparseCategoricalAccuracy", {}, sparse_column),
    ("top_k_default", "TopKCategoricalAccuracy", {}, categorical),
    ("top_k_2", "TopKCategoricalAccuracy", {"k": 2}, categorical),
    ("sparse_top_k_3", "SparseTopKCategoricalAccuracy", {"k": 3}, sparse),
    ("sparse_top_k_1", "SparseTopKCategoricalAccuracy", {"k": 1}, sparse),
    ("mse", "MeanSquaredError", {}, regression),
    ("mae", "MeanAbsoluteError", {}, regression),
    ("rmse", "RootMeanSquaredError", {}, regression),
    ("bce", "BinaryCrossentropy", {}, multi_label),
    ("bce_smoothing", "BinaryCrossentropy", {"label_smoothing": 0.2}, multi_label),
    ("cce", "CategoricalCrossentropy", {}, categorical),
    ("cce_smoothing", "CategoricalCrossentropy", {"label_smoothing": 0.1}, categorical),
    ("scce", "SparseCategoricalCrossentropy", {}, sparse),
    ("scce_logits", "SparseCategoricalCrossentropy", {"from_logits": True}, sparse_logits),
    ("precision", "Precision", {}, binary),
    ("precision_threshold", "Precision", {"thresholds": 0.35}, binary),
    ("precision_thresholds", "Precision", {"thresholds": [0.2, 0.5, 0.83]}, binary),
    ("precision_multi_label", "Precision", {}, multi_label),
    ("precision_class_id", "Precision", {"class_id": 2, "thresholds": 0.1}, categorical),
    ("precision_top_k", "Precision", {"top_k": 2}, multi_label),
    ("recall", "Recall", {}, binary),
    ("recall_threshold", "Recall", {"thresholds": 0.65}, binary),
    ("recall_thresholds", "Recall", {"thresholds": [0.1, 0.45, 0.9]}, binary),
    ("recall_class_id", "Recall", {"class_id": 0, "thresholds": 0.15}, categorical),
    ("recall_top_k", "Recall", {"top_k": 3}, multi_label),
    ("auc", "AUC", {}, binary),
    ("auc_column", "AUC", {}, binary_column),
    ("auc_logits", "AUC", {"from_logits": True}, binary_logits),
    ("auc_num_thresholds", "AUC", {"num_thresholds": 11}, binary),
    ("auc_pr", "AUC", {"curve": "PR"}, binary),
    ("auc_pr_minoring", "AUC", {"curve": "PR", "summation_method": "minoring"}, binary),
    ("auc_majoring", "AUC", {"summation_method": "majoring", "num_thresholds": 20}, binary),
    ("auc_minoring", "AUC", {"summation_method": "minoring", "num_thresholds": 20}, binary),
    ("auc_thresholds", "AUC", {"thresholds": [0.2, 0.33, 0.71]}, binary),
    ("auc_multi_label", "AUC", {"multi_label": True}, multi_label),
    ("auc_flat_multi_label", "AUC", {}, multi_label),
    (
        "auc_label_weights",
        "AUC",
        {"multi_label": True, "label_weights": [1.0, 2.0, 0.5, 1.0, 0.25, 3.0]},
        multi_label,
    ),
    ("true_positives", "TruePositives", {}, binary),
    ("true_negatives", "TrueNegatives", {"thresholds": [0.25, 0.6]}, binary),
    ("false_positives", "FalsePositives", {}, binary),
    ("false_negatives", "FalseNegatives", {"thresholds": 0.7}, binary),
]


def update_case(metric, arguments, data):
    """Running results after each batch, then with weights after a reset."""

    def case(keras, np):
        instance = getattr(keras.metrics, metric)(**arguments)
        results = {}
        for batch in range(BATCHES):
            instance.update_state(*data(20 + batch))
            results[f"after{batch + 1}"] = np.asarray(instance.result())
        instance.reset_state()
        results["reset"] = np.asarray(instance.result())
        for batch in range(BATCHES):
            weights = uniform(80 + batch, ROWS, low=0.1, high=2.0)
            instance.update_state(*data(20 + batch), sample_weight=weights)
        results["weighted"] = np.asarray(instance.result())
        return results

    return case


for _name, _metric, _arguments, _data in CONFIGURATIONS:
    CASES.add(_name, update_case(_metric, _arguments, _data))


def values_case(metric):
    """Mean and Sum take values instead of labels and predictions."""

    def case(keras, np):
        instance = getattr(keras.metrics, metric)()
        results = {"empty": np.asarray(instance.result())}
        instance.update_state(2.5)
        instance.update_state([1.0, 2.0, 6.0])
        results["list"] = np.asarray(instance.result())
        instance.update_state(
            normal(1, 4, 3), sample_weight=np.array([0.5, 1.0, 0.0, 2.0], np.float32)
        )
        results["weighted"] = np.asarray(instance.result())
        instance.reset_state()
        instance.update_state(4.0, sample_weight=0.25)
        results["reset"] = np.asarray(instance.result())
        return results

    return case


CASES.add("mean", values_case("Mean"))
CASES.add("sum", values_case("Sum"))


@CASES.case
def mean_metric_wrapper(keras, np):
    metric = keras.metrics.MeanMetricWrapper(keras.losses.mean_absolute_error, name="wrapped")
    metric.update_state(*regression(20))
    metric.update_state(
        *regression(21), sample_weight=np.linspace(0.0, 1.0, ROWS).astype(np.float32)
    )
    return {"result": metric.result(), "name": metric.name}


@CASES.case
def call_updates_and_returns(keras, np):
    metric = keras.metrics.BinaryAccuracy()
    return {
        "first": metric(*binary(20)),
        "second": metric(*binary(21)),
        "third": metric(*binary(22)),
    }


@CASES.case
def threshold_is_strict(keras, np):
    """A prediction equal to the threshold is negative."""
    y_true, y_pred = np.array([1.0, 0.0, 1.0], np.float32), np.array([0.5, 0.5, 0.75], np.float32)
    accuracy, positives = keras.metrics.BinaryAccuracy(), keras.metrics.TruePositives()
    accuracy.update_state(y_true, y_pred)
    positives.update_state(y_true, y_pred)
    return {"accuracy": accuracy.result(), "positives": positives.result()}


@CASES.case
def precision_and_recall_without_positives_are_zero(keras, np):
    precision, recall = keras.metrics.Precision(), keras.metrics.Recall()
    precision.update_state(np.array([1.0, 0.0]), np.array([0.1, 0.2]))
    recall.update_state(np.array([0.0, 0.0]), np.array([0.9, 0.2]))
    return {"precision": precision.result(), "recall": recall.result()}


@CASES.case
def functions(keras, np):
    return {
        "binary_accuracy": keras.metrics.binary_accuracy(*multi_label(20), threshold=0.4),
        "categorical_accuracy": keras.metrics.categorical_accuracy(*categorical(20)),
        "sparse_categorical_accuracy": keras.metrics.sparse_categorical_accuracy(*sparse(20)),
        "top_k": keras.metrics.top_k_categorical_accuracy(*categorical(20), k=2),
        "sparse_top_k": keras.metrics.sparse_top_k_categorical_accuracy(*sparse(20), k=2),
        "mean_squared_error": keras.metrics.mean_squared_error(*regression(20)),
        "mean_absolute_error": keras.metrics.mean_absolute_error(*regression(20)),
    }


@CASES.case
def default_names(keras, np):
    fixed = [
        "Accuracy",
        "BinaryAccuracy",
        "CategoricalAccuracy",
        "SparseCategoricalAccuracy",
        "TopKCategoricalAccuracy",
        "SparseTopKCategoricalAccuracy",
        "Mean",
        "Sum",
        "MeanSquaredError",
        "MeanAbsoluteError",
        "RootMeanSquaredError",
        "BinaryCrossentropy",
        "CategoricalCrossentropy",
        "SparseCategoricalCrossentropy",
    ]
    return {"names": [getattr(keras.metrics, name)().name for name in fixed]}


@CASES.case
def config_round_trip(keras, np):
    metric = keras.metrics.AUC(
        num_thresholds=15, curve="PR", summation_method="majoring", name="area"
    )
    clone = keras.metrics.AUC.from_config(metric.get_config())
    top = keras.metrics.TopKCategoricalAccuracy.from_config(
        keras.metrics.TopKCategoricalAccuracy(k=2, name="two").get_config()
    )
    clone.update_state(*binary(20))
    top.update_state(*categorical(20))
    return {"area": clone.result(), "name": clone.name, "top": top.result(), "top_name": top.name}
