"""Integers, booleans, lists and numbers as targets and predictions of every loss and metric.

Keras's metrics compute in the dtype of the predictions, where some refuse integers, and some wrap
around or divide by an epsilon of 0; Tegula's compute in float32. Such metrics are left out for
integer predictions.
"""

from parity_harness import CaseTable

from ._measures import LOSSES, METRICS, REDUCTIONS, attempt, loss_values, metric_result, row_name

CASES = CaseTable()


def batches(np, sparse):
    targets = [2, 1] if sparse else [[1, 2, 0], [0, 1, 1]]
    predictions = [[2, 4, 1], [0, 3, 1]]
    for dtype in ("int32", "int64", "uint8", "int8", "float16", "float64", "bool"):
        yield dtype, np.array(targets, dtype), np.array(predictions, dtype)
    yield "lists", targets, predictions
    yield "integer targets", np.array(targets), np.array(predictions, np.float32) / 8
    yield "float64 targets", np.array(targets, np.float64), np.array(predictions, np.float32) / 8
    yield "integer predictions", np.array(targets, np.float32), np.array(predictions)


# Metrics that Keras computes in integer arithmetic as in float32.
EXACT_IN_INTEGERS = {
    "Accuracy", "BinaryAccuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy",
    "MeanSquaredError", "RootMeanSquaredError", "MeanSquaredLogarithmicError", "TruePositives",
    "TrueNegatives", "FalsePositives", "FalseNegatives", "Precision", "Recall", "F1Score",
    "FBetaScore", "R2Score",
}
FLOAT_PREDICTIONS = ("float64", "integer targets", "float64 targets")


def metric_batches(np, row):
    for key, targets, predictions in batches(np, row[0].startswith("Sparse")):
        exact = row[0] in EXACT_IN_INTEGERS and key not in ("float16", "bool")
        if exact or key in FLOAT_PREDICTIONS:
            yield key, targets, predictions


def loss_case(row):
    def case(keras, np):
        loss = loss_values(keras, row)
        sparse = row[0].startswith("Sparse")
        return {
            key: attempt(lambda: loss(t, p))
            for key, t, p in batches(np, sparse)
            if not (sparse and key == "lists")  # Keras asks a list for its shape
        }

    return case


def function_case(name, sparse):
    def case(keras, np):
        function = getattr(keras.losses, name)
        return {
            key: function(t, p)
            for key, t, p in batches(np, sparse)
            if key in ("float64 targets", "integer targets") or (key == "lists" and not sparse)
        }

    return case


def metric_case(row):
    def case(keras, np):
        return {
            key: attempt(lambda: metric_result(keras, row, t, p))
            for key, t, p in metric_batches(np, row)
        }

    return case


def values_case(name):
    def case(keras, np):
        return {
            str(values): metric_result(keras, (name, {}), values)
            for values in (3, 2.5, [1, 2], [1.0, 2.5], [[1, 2], [4, 5]], [True, False, True])
        }

    return case


for _row in LOSSES:
    CASES.add("loss_" + row_name(*_row[:2]), loss_case(_row))
for _name in ("mean_squared_error", "mean_absolute_error"):
    CASES.add("function_" + _name, function_case(_name, False))
for _row in METRICS:
    if "TopK" not in _row[0]:  # Keras takes float32 predictions only
        CASES.add("metric_" + row_name(*_row[:2]), metric_case(_row))
for _name in REDUCTIONS:
    CASES.add("metric_" + _name, values_case(_name))
