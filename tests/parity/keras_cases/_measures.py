"""Every loss and metric of the registries, with data that suits it: what the sweeps run over."""

import numpy as np

from ._common import classes, distribution, normal, one_hot, uniform

ROWS, COLUMNS = 4, 3


def regression():
    return normal(1, ROWS, COLUMNS), normal(2, ROWS, COLUMNS)


def positive():
    return uniform(3, ROWS, COLUMNS, low=0.5, high=2), uniform(4, ROWS, COLUMNS, low=0.4, high=2.5)


def binary():
    labels = (uniform(5, ROWS, COLUMNS) > 0.5).astype(np.float32)
    return labels, uniform(6, ROWS, COLUMNS)


def categorical():
    return one_hot(classes(7, ROWS, COLUMNS), COLUMNS), distribution(8, ROWS, COLUMNS)


def sparse():
    return classes(9, ROWS, COLUMNS).astype(np.float32), distribution(10, ROWS, COLUMNS)


def logits(data):
    """The same targets with predictions that may have any value."""

    def make():
        targets, _ = data()
        return targets, normal(11, ROWS, COLUMNS)

    return make


def sorted_ids():
    order = np.array([[0, 1, 2], [2, 1, 0], [1, 0, 2], [0, 2, 1]], np.float32)
    return classes(9, ROWS, COLUMNS).astype(np.float32), order


# (class, arguments, data) of every loss; the first row of a class has its defaults.
LOSSES = [
    ("MeanSquaredError", {}, regression),
    ("MeanAbsoluteError", {}, regression),
    ("MeanAbsolutePercentageError", {}, positive),
    ("MeanSquaredLogarithmicError", {}, positive),
    ("Huber", {}, regression),
    ("LogCosh", {}, regression),
    ("CosineSimilarity", {}, regression),
    ("Hinge", {}, binary),
    ("SquaredHinge", {}, binary),
    ("CategoricalHinge", {}, categorical),
    ("KLDivergence", {}, categorical),
    ("Poisson", {}, positive),
    ("BinaryCrossentropy", {}, binary),
    ("BinaryCrossentropy", {"from_logits": True}, logits(binary)),
    ("CategoricalCrossentropy", {}, categorical),
    ("CategoricalCrossentropy", {"from_logits": True}, logits(categorical)),
    ("SparseCategoricalCrossentropy", {}, sparse),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, logits(sparse)),
    ("SparseCategoricalCrossentropy", {"ignore_class": 0}, sparse),
    ("SparseCategoricalCrossentropy", {"ignore_class": 7}, sparse),
    ("BinaryFocalCrossentropy", {}, binary),
    ("BinaryFocalCrossentropy", {"from_logits": True}, logits(binary)),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True}, binary),
    ("CategoricalFocalCrossentropy", {}, categorical),
    ("CategoricalFocalCrossentropy", {"from_logits": True}, logits(categorical)),
    ("Dice", {}, binary),
    ("Dice", {"axis": 1}, binary),
    ("Tversky", {"alpha": 0.25, "beta": 0.75}, binary),
]

# The same of every metric of targets and predictions.
METRICS = [
    ("Accuracy", {}, regression),
    ("BinaryAccuracy", {}, binary),
    ("CategoricalAccuracy", {}, categorical),
    ("SparseCategoricalAccuracy", {}, sparse),
    ("TopKCategoricalAccuracy", {"k": 2}, categorical),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, sparse),
    ("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True}, sorted_ids),
    ("MeanSquaredError", {}, regression),
    ("RootMeanSquaredError", {}, regression),
    ("MeanAbsoluteError", {}, regression),
    ("MeanAbsolutePercentageError", {}, positive),
    ("MeanSquaredLogarithmicError", {}, positive),
    ("LogCoshError", {}, regression),
    ("CosineSimilarity", {}, regression),
    ("KLDivergence", {}, categorical),
    ("Poisson", {}, positive),
    ("Hinge", {}, binary),
    ("SquaredHinge", {}, binary),
    ("CategoricalHinge", {}, categorical),
    ("BinaryCrossentropy", {}, binary),
    ("BinaryCrossentropy", {"from_logits": True}, logits(binary)),
    ("CategoricalCrossentropy", {}, categorical),
    ("CategoricalCrossentropy", {"from_logits": True}, logits(categorical)),
    ("SparseCategoricalCrossentropy", {}, sparse),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, logits(sparse)),
    ("SparseCategoricalCrossentropy", {"ignore_class": 0}, sparse),
    ("SparseCategoricalCrossentropy", {"ignore_class": 7}, sparse),
    ("TruePositives", {}, binary),
    ("TrueNegatives", {}, binary),
    ("FalsePositives", {}, binary),
    ("FalseNegatives", {}, binary),
    ("Precision", {}, binary),
    ("Precision", {"top_k": 2}, binary),
    ("Precision", {"class_id": 1}, binary),
    ("Recall", {}, binary),
    ("Recall", {"top_k": 2}, binary),
    ("Recall", {"thresholds": [0.25, 0.75]}, binary),
    ("AUC", {}, binary),
    ("AUC", {"from_logits": True}, logits(binary)),
    ("AUC", {"multi_label": True, "num_labels": COLUMNS}, binary),
    ("SensitivityAtSpecificity", {"specificity": 0.5}, binary),
    ("SpecificityAtSensitivity", {"sensitivity": 0.5}, binary),
    ("PrecisionAtRecall", {"recall": 0.5}, binary),
    ("RecallAtPrecision", {"precision": 0.5}, binary),
    ("F1Score", {}, binary),
    ("F1Score", {"threshold": 0.5}, binary),
    ("FBetaScore", {"average": "micro"}, binary),
    ("R2Score", {}, regression),
    ("PearsonCorrelation", {}, regression),
    ("ConcordanceCorrelation", {}, regression),
]
# Those whose data have a form of their own: compared in `region_metrics` and `structured_losses`.
STRUCTURED_LOSSES = ["CategoricalGeneralizedCrossEntropy", "Circle", "CTC"]
STRUCTURED_METRICS = ["IoU", "BinaryIoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU"]
# Metrics of values alone.
REDUCTIONS = ["Mean", "Sum"]


def row_name(class_name, arguments):
    """"Precision_top_k_2"."""
    parts = [f"{key}_{value}" for key, value in arguments.items() if value is not True]
    parts += [key for key, value in arguments.items() if value is True]
    return "_".join([class_name, *parts]).replace("[", "").replace("]", "").replace(", ", "_")


def attempt(function):
    """What the function returns as an array, or "refused" when it raises."""
    try:
        result = function()
    except Exception:  # noqa: BLE001 - whether it is refused is what is examined
        return np.array("refused")
    return np.asarray(result)


def loss_values(keras, row, reduction="none"):
    class_name, arguments, _ = row
    return getattr(keras.losses, class_name)(**arguments, reduction=reduction)


def metric_result(keras, row, *batch, **weights):
    """The result after one batch."""
    metric = getattr(keras.metrics, row[0])(**row[1])
    metric.update_state(*batch, **weights)
    return metric.result()
