"""NaN and both infinities in the predictions and in the targets of every loss and metric.

Left out is what TensorFlow leaves to chance or to its kernels: the place of a NaN among the largest
of a row (`argmax`, `top_k`), and infinite labels of logits.
"""

from parity_harness import CaseTable

from ._measures import LOSSES, METRICS, REDUCTIONS, attempt, loss_values, metric_result, row_name

CASES = CaseTable()

SPECIAL = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}


def spoiled(np, array, value, everywhere=False):
    """A copy with `value` in its second row, or everywhere."""
    copy = array.copy()
    where = ... if everywhere else (1,) * array.ndim
    copy[where] = value
    return copy


def left_out(row, key):
    class_name, arguments, _ = row
    if class_name == "CategoricalCrossentropy" and "from_logits" in arguments:
        return key in ("target inf", "target -inf")
    if class_name in ("CategoricalAccuracy", "SparseCategoricalAccuracy") or "top_k" in arguments:
        return key in ("prediction nan", "target nan")
    return False


def variants(np, row):
    """(key, targets, predictions) with each special value in each place."""
    targets, predictions = row[2]()
    for name, value in SPECIAL.items():
        places = {
            f"prediction {name}": (targets, spoiled(np, predictions, value)),
            f"all predictions {name}": (targets, spoiled(np, predictions, value, True)),
            f"target {name}": (spoiled(np, targets, value), predictions),
        }
        for key, batch in places.items():
            if not left_out(row, key):
                yield key, *batch


def loss_case(row):
    def case(keras, np):
        loss = loss_values(keras, row)
        return {key: attempt(lambda: loss(t, p)) for key, t, p in variants(np, row)}

    return case


def metric_case(row):
    def case(keras, np):
        return {
            key: attempt(lambda: metric_result(keras, row, t, p)) for key, t, p in variants(np, row)
        }

    return case


def reduction_case(name):
    def case(keras, np):
        values = np.array([1.0, 2.0, 4.0], np.float32)
        return {
            key: attempt(lambda: metric_result(keras, (name, {}), spoiled(np, values, value)))
            for key, value in SPECIAL.items()
        }

    return case


for _row in LOSSES:
    CASES.add("loss_" + row_name(*_row[:2]), loss_case(_row))
for _row in METRICS:
    CASES.add("metric_" + row_name(*_row[:2]), metric_case(_row))
for _name in REDUCTIONS:
    CASES.add("metric_" + _name, reduction_case(_name))
