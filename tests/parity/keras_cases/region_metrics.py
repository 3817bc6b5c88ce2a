"""Intersections over unions, and correlations with axes of their own."""

from parity_harness import CaseTable

from ._common import classes, linear, normal, one_hot, uniform

CASES = CaseTable()


def labels(np):
    return classes(1, 24, 3).reshape(2, 3, 4), classes(2, 24, 3).reshape(2, 3, 4)


def scores(np):
    targets = one_hot(classes(1, 24, 3), 3).reshape(2, 12, 3)
    return targets, uniform(3, 2, 12, 3)


def scored(np):
    return labels(np)[0].reshape(2, 12), uniform(3, 2, 12, 3)


def channels_first(np):
    return tuple(np.moveaxis(part, -1, 1) for part in scores(np))


def binary(np):
    return (uniform(4, 2, 9) > 0.5).astype(np.float32), uniform(5, 2, 9)


def outside(np):
    return np.array([0, 1, 2, 5, -1, 1]), np.array([0, 2, 2, 1, 1, 9])


ROWS = {
    "iou": ("IoU", {"num_classes": 3, "target_class_ids": [0, 2]}, labels),
    "iou_of_one": ("IoU", {"num_classes": 3, "target_class_ids": [1]}, labels),
    "iou_of_a_class_twice": ("IoU", {"num_classes": 3, "target_class_ids": [1, 1, 0]}, labels),
    "iou_ignoring": ("IoU", {"num_classes": 3, "target_class_ids": [0, 1], "ignore_class": 1},
                     labels),
    "iou_of_absent_classes": ("IoU", {"num_classes": 6, "target_class_ids": [0, 4]}, labels),
    "iou_of_scores": ("IoU", {"num_classes": 3, "target_class_ids": [0, 1],
                              "sparse_y_pred": False}, scored),
    "iou_outside": ("IoU", {"num_classes": 3, "target_class_ids": [0, 1, 2]}, outside),
    "mean_iou": ("MeanIoU", {"num_classes": 3}, labels),
    "mean_iou_ignoring": ("MeanIoU", {"num_classes": 4, "ignore_class": 0}, labels),
    "mean_iou_of_scores": ("MeanIoU", {"num_classes": 3, "sparse_y_true": False,
                                       "sparse_y_pred": False}, scores),
    "mean_iou_floats": ("MeanIoU", {"num_classes": 3, "dtype": "float32"}, labels),
    "mean_iou_outside": ("MeanIoU", {"num_classes": 3}, outside),
    "one_hot_iou": ("OneHotIoU", {"num_classes": 3, "target_class_ids": [0, 2]}, scores),
    "one_hot_mean_iou": ("OneHotMeanIoU", {"num_classes": 3}, scores),
    "binary_iou": ("BinaryIoU", {}, binary),
    "binary_iou_of_one": ("BinaryIoU", {"target_class_ids": [1], "threshold": 0.3}, binary),
    "binary_iou_of_zero": ("BinaryIoU", {"target_class_ids": [0], "threshold": 0.7}, binary),
    "pearson": ("PearsonCorrelation", {}, lambda np: (normal(6, 4, 5), normal(7, 4, 5))),
    "pearson_columns": ("PearsonCorrelation", {"axis": 0},
                        lambda np: (normal(6, 4, 5), normal(7, 4, 5))),
    "concordance": ("ConcordanceCorrelation", {},
                    lambda np: (normal(6, 4, 5), normal(7, 4, 5) + 0.5)),
    "concordance_columns": ("ConcordanceCorrelation", {"axis": 0},
                            lambda np: (normal(6, 4, 5), normal(7, 4, 5) * 2)),
}


def metric_case(class_name, arguments, data):
    def case(keras, np):
        metric = getattr(keras.metrics, class_name)(**arguments, name="m")
        y_true, y_pred = data(np)
        before = metric.result()
        metric.update_state(y_true, y_pred)
        first = metric.result()
        metric.update_state(y_true[::-1], y_pred)
        second = metric.result()
        state = [variable.numpy() for variable in metric.variables]
        metric.reset_state()
        metric.update_state(y_true[:1], y_pred[:1])
        config = metric.get_config()
        return {
            "before": before, "first": first, "second": second, "again": metric.result(),
            "options": [f"{key}={config[key]}" for key in sorted(config) if key != "dtype"],
            **{f"state{i}": np.asarray(value, np.float32) for i, value in enumerate(state)},
        }

    return case


for _name, _row in ROWS.items():
    CASES.add(_name, metric_case(*_row))


@CASES.case
def with_weights(keras, np):
    """As integers weights are truncated, as floats they are not."""
    y_true, y_pred = (part.reshape(-1) for part in labels(np))
    weights = uniform(8, 24, high=3)
    results = {}
    for dtype in (None, "int32", "float32"):
        metric = keras.metrics.MeanIoU(num_classes=3, dtype=dtype)
        metric.update_state(y_true, y_pred, sample_weight=weights)
        results[f"{dtype}/whole"] = metric.result()
        metric.update_state(y_true, y_pred, sample_weight=np.array(2.0, np.float32))
        results[f"{dtype}/scalar"] = metric.result()
    correlation = keras.metrics.PearsonCorrelation()
    correlation.update_state(normal(6, 4, 5), normal(7, 4, 5), sample_weight=uniform(9, 4))
    return {**results, "pearson": correlation.result()}


@CASES.case
def functions(keras, np):
    y_true, y_pred = normal(6, 4, 5), normal(7, 4, 5)
    return {
        "pearson": keras.metrics.pearson_correlation(y_true, y_pred),
        "pearson_axis": keras.metrics.pearson_correlation(y_true, y_pred, axis=0),
        "concordance": keras.metrics.concordance_correlation(y_true, y_pred),
        "concordance_axis": keras.metrics.concordance_correlation(y_true, y_pred, axis=0),
        "constant": keras.metrics.pearson_correlation(np.ones((1, 3), "float32"), y_pred[:1, :3]),
    }


@CASES.case
def compiled(keras, np):
    model = linear(keras, activation="softmax")
    model.compile(
        optimizer="sgd",
        loss="mse",
        metrics=[
            keras.metrics.OneHotMeanIoU(num_classes=3, name="iou"),
            keras.metrics.ConcordanceCorrelation(name="ccc"),
        ],
    )
    x, y = normal(10, 9, 4), one_hot(classes(11, 9, 3), 3)
    logs = model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    return {key: value for key, value in logs.items()}
