"""Which shapes of targets and predictions every loss and metric takes, and what it makes of them.

Left out: scalars as vectors; numbers of labels that Keras does not look at; what Keras takes by
flattening or reshaping targets that do not fit; and [n] beside [n, 1] for the metrics that Keras makes
n x n values of, or refuses, while its losses of the same name make the ranks agree, as all of Tegula's do.
"""

from parity_harness import CaseTable

from ._measures import LOSSES, METRICS, attempt, loss_values, metric_result, row_name

CASES = CaseTable()

SHAPES = [
    ((3,), (3,)),
    ((3, 1), (3,)),
    ((3,), (3, 1)),
    ((3, 1), (3, 1)),
    ((3, 1), (3, 3)),
    ((3, 3), (3, 1)),
    ((1, 3), (3, 3)),
    ((3, 3), (1, 3)),
    ((3, 3), (3,)),
    ((3,), (3, 3)),
    ((3, 2), (3, 3)),
    ((2, 3), (3, 3)),
    ((), ()),
    ((), (3, 3)),
    ((3, 3), ()),
    ((2, 3, 3), (2, 3, 3)),
    ((2, 3), (2, 3, 3)),
    ((2, 3, 1), (2, 3, 3)),
    ((2, 3, 3), (2, 3)),
    ((2, 3, 3), (2, 1, 3)),
    ((2, 3), (2, 3, 1)),
    ((2, 3, 1), (2, 3)),
]


def filled(np, shape, values):
    """An array of this shape of the first of these values, repeated as often as needed."""
    return np.resize(np.array(values, np.float32), shape)


# Metrics for which Keras does not make the ranks agree.
UNMATCHED = {
    "KLDivergence", "Poisson", "Hinge", "SquaredHinge", "CategoricalHinge", "BinaryCrossentropy",
    "CategoricalCrossentropy",
}


def left_out(kind, row, of_targets, of_predictions):
    class_name, arguments, _ = row
    if class_name == "CosineSimilarity":
        return () in (of_targets, of_predictions)
    if class_name.startswith("SparseTopK") or "ignore_class" in arguments:
        return {of_targets, of_predictions} == {(1, 3), (3, 3)}
    if class_name == "Precision" and "class_id" in arguments:
        return (of_targets, of_predictions) == ((3, 2), (3, 3))
    if class_name == "R2Score":
        return {of_targets, of_predictions} in ({(2, 3, 1), (2, 3)}, {(3, 1), (3,)})
    if "multi_label" in arguments:
        accident = {of_targets, of_predictions} == {(2, 3, 1), (2, 3)}
        return accident or (3, 1) in (of_targets, of_predictions)
    if class_name == "AUC" or "At" in class_name:
        return of_targets == of_predictions == ()
    ranks_differ = abs(len(of_targets) - len(of_predictions)) == 1
    column = (of_targets + (0,))[-2:-1] == (1,) or (of_predictions + (0,))[-2:-1] == (1,)
    return kind == "metric" and class_name in UNMATCHED and ranks_differ and column


def variants(np, kind, row):
    integer_targets = row[0].startswith("Sparse")
    targets = [0, 1, 2, 1, 0, 2, 2] if integer_targets else [0, 1, 1, 0, 1, 0, 0]
    for of_targets, of_predictions in SHAPES:
        if left_out(kind, row, of_targets, of_predictions):
            continue
        key = f"{list(of_targets)} {list(of_predictions)}"
        predictions = [0.3, 0.6, 0.2, 0.8, 0.45, 0.15, 0.7, 0.35]
        yield key, filled(np, of_targets, targets), filled(np, of_predictions, predictions)


def loss_case(row):
    def case(keras, np):
        loss = loss_values(keras, row)
        table = variants(np, "loss", row)
        return {key: attempt(lambda: loss(t, p)) for key, t, p in table}

    return case


def metric_case(row):
    def case(keras, np):
        table = variants(np, "metric", row)
        return {key: attempt(lambda: metric_result(keras, row, t, p)) for key, t, p in table}

    return case


for _row in LOSSES:
    if not set(_row[1]) - {"ignore_class"}:
        CASES.add("loss_" + row_name(*_row[:2]), loss_case(_row))
for _row in METRICS:
    CASES.add("metric_" + row_name(*_row[:2]), metric_case(_row))
