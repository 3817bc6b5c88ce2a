"""Sample weights of every shape, with every reduction, on every loss and metric; with classes that
are ignored, too. Left out: one weight per sample beside several values per sample, which Keras
refuses for losses.
"""

from parity_harness import CaseTable

from ._common import uniform
from ._measures import (
    COLUMNS, LOSSES, METRICS, REDUCTIONS, ROWS, attempt, loss_values, metric_result, row_name,
)

CASES = CaseTable()

REDUCTION_NAMES = ["none", "sum", "sum_over_batch_size", "mean", "mean_with_sample_weight"]
WEIGHT_SHAPES = [(), (1,), (ROWS,), (ROWS, 1), (1, ROWS), (COLUMNS,), (ROWS, COLUMNS), (ROWS + 1,)]


def weights():
    return {str(list(shape)): uniform(21, *shape, high=2) for shape in WEIGHT_SHAPES}


def loss_case(row):
    def case(keras, np):
        targets, predictions = row[2]()
        results = {}
        for reduction in REDUCTION_NAMES:
            loss = loss_values(keras, row, reduction)
            results[reduction] = attempt(lambda: loss(targets, predictions))
            for key, weight in weights().items():
                results[f"{reduction} {key}"] = attempt(
                    lambda: loss(targets, predictions, sample_weight=weight)
                )
        return results

    return case


def metric_case(row):
    def case(keras, np):
        batch = row[2]()
        return {
            key: attempt(lambda: metric_result(keras, row, *batch, sample_weight=weight))
            for key, weight in weights().items()
        }

    return case


def deep_loss_case(row):
    """Targets and predictions with a time axis: one value per sample and time."""

    def case(keras, np):
        targets, predictions = (np.stack([part, part[::-1]]) for part in row[2]())
        shapes = [(2, 1), (2, ROWS), (2, ROWS, 1), (2, ROWS, COLUMNS)]
        loss = loss_values(keras, row, "sum_over_batch_size")
        return {
            str(list(shape)): attempt(
                lambda: loss(targets, predictions, sample_weight=uniform(22, *shape, high=2))
            )
            for shape in shapes
        }

    return case


def deep_metric_case(row):
    def case(keras, np):
        batch = [np.stack([part, part[::-1]]) for part in row[2]()]
        shapes = [(2, 1), (2, ROWS), (2, ROWS, 1), (2, ROWS, COLUMNS)]
        if "ignore_class" not in row[1]:
            shapes.append((2,))
        return {
            str(list(shape)): attempt(
                lambda: metric_result(keras, row, *batch, sample_weight=uniform(22, *shape, high=2))
            )
            for shape in shapes
        }

    return case


def values_case(name):
    def case(keras, np):
        values = uniform(23, ROWS, COLUMNS)
        return {
            key: attempt(lambda: metric_result(keras, (name, {}), values, sample_weight=weight))
            for key, weight in weights().items()
        }

    return case


for _row in LOSSES:
    CASES.add("loss_" + row_name(*_row[:2]), loss_case(_row))
    CASES.add("deep_loss_" + row_name(*_row[:2]), deep_loss_case(_row))
for _row in METRICS:
    CASES.add("metric_" + row_name(*_row[:2]), metric_case(_row))
    CASES.add("deep_metric_" + row_name(*_row[:2]), deep_metric_case(_row))
for _name in REDUCTIONS:
    CASES.add("metric_" + _name, values_case(_name))


@CASES.case
def ignored_class_with_weights(keras, np):
    """The divisor is the weights of the samples that count."""
    targets = np.array([0, 1, 2])
    predictions = np.array([[0.8, 0.1, 0.1], [0.05, 0.95, 0], [0.1, 0.8, 0.1]], np.float32)
    weight = np.array([0.5, 1.5, 2], np.float32)
    results = {}
    for ignored in (None, 0, 1, 2, 3, -1):
        metric = keras.metrics.SparseCategoricalCrossentropy(ignore_class=ignored)
        metric.update_state(targets, predictions, sample_weight=weight)
        results[f"metric {ignored}"] = metric.result()
        loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=ignored)
        results[f"loss {ignored}"] = loss(targets, predictions, sample_weight=weight)
        results[f"plain {ignored}"] = loss(targets, predictions)
    return results
