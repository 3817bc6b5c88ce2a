"""Keras metrics beyond the foundation's list: operating points, F scores, R2, hinges."""

from parity_harness import CaseTable

from . import metrics
from ._common import distribution, normal, uniform

CASES = CaseTable()


def positive(seed):
    rows, columns = metrics.ROWS, metrics.COLUMNS
    return uniform(seed, rows, columns, low=0.5, high=2.0), uniform(
        seed + 50, rows, columns, low=0.4, high=2.5
    )


def distributions(seed):
    return distribution(seed, metrics.ROWS, metrics.COLUMNS), distribution(
        seed + 50, metrics.ROWS, metrics.COLUMNS
    )


def tall(seed):
    return normal(seed, metrics.ROWS, 2), normal(seed, metrics.ROWS, 2) + normal(
        seed + 50, metrics.ROWS, 2, scale=0.4
    )


CONFIGURATIONS = [
    ("mape", "MeanAbsolutePercentageError", {}, positive),
    ("msle", "MeanSquaredLogarithmicError", {}, positive),
    ("cosine_similarity", "CosineSimilarity", {}, metrics.regression),
    ("logcosh", "LogCoshError", {}, metrics.regression),
    ("kl_divergence", "KLDivergence", {}, distributions),
    ("poisson", "Poisson", {}, positive),
    ("hinge", "Hinge", {}, metrics.multi_label),
    ("squared_hinge", "SquaredHinge", {}, metrics.multi_label),
    ("categorical_hinge", "CategoricalHinge", {}, metrics.categorical),
    (
        "sensitivity_at_specificity",
        "SensitivityAtSpecificity",
        {"specificity": 0.6},
        metrics.binary,
    ),
    (
        "specificity_at_sensitivity",
        "SpecificityAtSensitivity",
        {"sensitivity": 0.6, "num_thresholds": 30},
        metrics.binary,
    ),
    ("precision_at_recall", "PrecisionAtRecall", {"recall": 0.5}, metrics.binary),
    ("recall_at_precision", "RecallAtPrecision", {"precision": 0.55}, metrics.binary),
    ("r2_score", "R2Score", {}, tall),
    ("f1_score_micro", "F1Score", {"average": "micro", "threshold": 0.5}, metrics.multi_label),
    ("f_beta_score", "FBetaScore", {"beta": 2.0, "threshold": 0.4}, metrics.multi_label),
]

for _name, _metric, _arguments, _data in CONFIGURATIONS:
    if _metric in ("R2Score",):  # before the first update its result has no shape

        def _case(keras, np, metric=_metric, arguments=_arguments, data=_data):
            instance = getattr(keras.metrics, metric)(**arguments)
            instance.update_state(*data(20))
            instance.update_state(
                *data(21), sample_weight=uniform(80, metrics.ROWS, low=0.1, high=2.0)
            )
            return {"result": instance.result()}

        CASES.add(_name, _case)
    else:
        CASES.add(_name, metrics.update_case(_metric, _arguments, _data))
