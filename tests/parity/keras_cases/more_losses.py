"""Keras losses beyond the foundation's list: percentage and logarithmic errors, hinges,
divergences, focal forms.
"""

from parity_harness import CaseTable

from ._common import classes, distribution, linear, normal, one_hot, uniform, weights_of

CASES = CaseTable()

ROWS, COLUMNS = 7, 3


def regression():
    return uniform(1, ROWS, COLUMNS, low=0.5, high=2.0), uniform(
        2, ROWS, COLUMNS, low=0.4, high=2.5
    )


def signed():
    return normal(1, ROWS, COLUMNS), normal(2, ROWS, COLUMNS)


def binary():
    return classes(3, ROWS * COLUMNS, 2).reshape(ROWS, COLUMNS).astype("float32"), uniform(
        4, ROWS, COLUMNS
    )


def categorical():
    return one_hot(classes(6, ROWS, COLUMNS), COLUMNS), distribution(7, ROWS, COLUMNS)


def distributions():
    return distribution(8, ROWS, COLUMNS), distribution(9, ROWS, COLUMNS)


# Class, string, data.
LOSSES = [
    ("MeanAbsolutePercentageError", "mape", regression),
    ("MeanSquaredLogarithmicError", "msle", regression),
    ("CosineSimilarity", "cosine_similarity", signed),
    ("LogCosh", "log_cosh", signed),
    ("Hinge", "hinge", binary),
    ("SquaredHinge", "squared_hinge", binary),
    ("CategoricalHinge", "categorical_hinge", categorical),
    ("KLDivergence", "kl_divergence", distributions),
    ("Poisson", "poisson", regression),
    ("BinaryFocalCrossentropy", "binary_focal_crossentropy", binary),
    ("CategoricalFocalCrossentropy", "categorical_focal_crossentropy", categorical),
]


def call_case(loss, function, data):
    def case(keras, np):
        y_true, y_pred = data()
        weights = np.linspace(0.2, 1.6, ROWS).astype(np.float32)
        instance = getattr(keras.losses, loss)()
        return {
            "plain": instance(y_true, y_pred),
            "weighted": instance(y_true, y_pred, sample_weight=weights),
            "none": getattr(keras.losses, loss)(reduction="none")(y_true, y_pred),
        }

    return case


def train_case(function, data):
    def case(keras, np):
        y_true, _ = data()
        model = linear(keras, outputs=COLUMNS, activation="softplus")
        model.compile(optimizer=keras.optimizers.SGD(0.05), loss=function)
        losses = [model.train_on_batch(normal(11, ROWS, 4), y_true) for _ in range(2)]
        return {"losses": losses, **weights_of(model)}

    return case


for _loss, _function, _data in LOSSES:
    CASES.add(f"call_{_loss}", call_case(_loss, _function, _data))
    if "Focal" not in _loss:
        CASES.add(f"train_{_function}", train_case(_function, _data))


@CASES.case
def hinge_keeps_signed_labels(keras, np):
    y_true = np.where(binary()[0] > 0, 1.0, -1.0).astype(np.float32)
    return {
        "hinge": keras.losses.Hinge()(y_true, signed()[1]),
        "squared": keras.losses.SquaredHinge()(y_true, signed()[1]),
    }


@CASES.case
def focal_arguments(keras, np):
    y_true, y_pred = binary()
    labels, probabilities = categorical()
    return {
        "balanced": keras.losses.BinaryFocalCrossentropy(
            apply_class_balancing=True, alpha=0.4, gamma=1.5
        )(y_true, y_pred),
        "logits": keras.losses.BinaryFocalCrossentropy(from_logits=True, label_smoothing=0.1)(
            y_true, signed()[1]
        ),
        "categorical": keras.losses.CategoricalFocalCrossentropy(
            alpha=0.4, gamma=1.5, label_smoothing=0.1
        )(labels, probabilities),
        "categorical_logits": keras.losses.CategoricalFocalCrossentropy(from_logits=True)(
            labels, signed()[1]
        ),
    }
