"""Losses whose targets have a form of their own: labels of embeddings, of sequences, of noisy classes;
and those of overlaps of regions with axes of their own.
"""

from parity_harness import CaseTable

from ._common import classes, distribution, linear, normal, uniform, weights_of

CASES = CaseTable()

REDUCTIONS = ["none", "sum", "sum_over_batch_size", "mean_with_sample_weight"]


def unit_rows(np, seed, rows, columns):
    vectors = normal(seed, rows, columns)
    return (vectors / np.sqrt((vectors**2).sum(axis=1, keepdims=True))).astype(np.float32)


def labels_of_sequences(np):
    return np.array([[1, 2, 2], [3, 1, 0], [2, 0, 0], [0, 0, 0]], np.int32)


# Class, arguments, targets and predictions.
ROWS = {
    "gce": ("CategoricalGeneralizedCrossEntropy", {},
            lambda np: (classes(1, 6, 3), distribution(2, 6, 3))),
    "gce_q": ("CategoricalGeneralizedCrossEntropy", {"q": 0.8},
              lambda np: (classes(1, 6, 3).astype(np.float32), distribution(2, 6, 3))),
    "circle": ("Circle", {}, lambda np: (classes(3, 6, 3), unit_rows(np, 4, 6, 4))),
    "circle_column": ("Circle", {"gamma": 16.0},
                      lambda np: (classes(3, 6, 3)[:, None], unit_rows(np, 4, 6, 4))),
    "circle_margin": ("Circle", {"gamma": 8.0, "margin": 0.25},
                      lambda np: (classes(3, 6, 2), unit_rows(np, 4, 6, 4))),
    "circle_diagonal": ("Circle", {"gamma": 8.0, "remove_diagonal": False},
                        lambda np: (classes(3, 6, 3), unit_rows(np, 4, 6, 4))),
    "ctc": ("CTC", {}, lambda np: (labels_of_sequences(np), normal(5, 4, 6, 5))),
    "ctc_short": ("CTC", {}, lambda np: (labels_of_sequences(np)[:, :2], normal(6, 4, 4, 4))),
    "dice_images": ("Dice", {"axis": [1, 2]},
                    lambda np: ((uniform(7, 3, 4, 4, 2) > 0.5).astype(np.float32),
                                uniform(8, 3, 4, 4, 2))),
    "dice_all": ("Dice", {}, lambda np: ((uniform(7, 3, 4) > 0.5).astype(np.int32),
                                         uniform(8, 3, 4))),
    "tversky_images": ("Tversky", {"alpha": 0.25, "beta": 1.5, "axis": [1, 2, 3]},
                       lambda np: ((uniform(7, 3, 4, 4, 2) > 0.5).astype(np.float32),
                                   uniform(8, 3, 4, 4, 2))),
    "tversky": ("Tversky", {}, lambda np: ((uniform(7, 3, 4) > 0.5).astype(np.float32),
                                           uniform(8, 3, 4))),
}


def values_case(class_name, arguments, data):
    def case(keras, np):
        y_true, y_pred = data(np)
        results = {}
        for reduction in REDUCTIONS:
            loss = getattr(keras.losses, class_name)(**arguments, reduction=reduction)
            results[reduction] = loss(y_true, y_pred)
        loss = getattr(keras.losses, class_name)(**arguments)
        if np.shape(results["none"]) == y_true.shape[:1]:
            weights = uniform(9, len(y_true), high=2)
            results["weighted"] = loss(y_true, y_pred, sample_weight=weights)
        config = loss.get_config()
        results["config"] = [f"{key}={config[key]}" for key in sorted(config)]
        return results

    return case


for _name, _row in ROWS.items():
    CASES.add("values_" + _name, values_case(*_row))


@CASES.case
def functions(keras, np):
    """Values per sample; defaults where there are any."""
    losses = keras.losses
    labels, vectors = classes(3, 6, 3), unit_rows(np, 4, 6, 4)
    others, references = classes(10, 5, 3), unit_rows(np, 11, 5, 4)
    masks, scores = (uniform(7, 3, 4) > 0.5).astype(np.float32), uniform(8, 3, 4)
    return {
        "gce": losses.categorical_generalized_cross_entropy(labels, distribution(2, 6, 3), 0.7),
        "circle": losses.circle(labels, vectors),
        "circle_options": losses.circle(
            labels, vectors, remove_diagonal=False, gamma=12.0, margin=0.3
        ),
        "circle_references": losses.circle(
            labels, vectors, ref_labels=others, ref_embeddings=references, remove_diagonal=False
        ),
        "dice": losses.dice(masks, scores),
        "dice_axis": losses.dice(masks, scores, axis=-1),
        "tversky": losses.tversky(masks, scores),
        "tversky_options": losses.tversky(masks, scores, 0.2, 0.9, axis=0),
        "ctc": losses.ctc(labels_of_sequences(np), normal(5, 4, 6, 5)),
    }


@CASES.case
def a_class_of_one_has_no_partner(keras, np):
    """Such samples lose nothing, and do not count in the mean."""
    labels, vectors = np.array([0, 1, 1, 2]), unit_rows(np, 4, 4, 3)
    return {
        reduction: keras.losses.Circle(reduction=reduction)(labels, vectors)
        for reduction in REDUCTIONS
    }


@CASES.case
def gradients_of_overlaps_and_noisy_classes(keras, np):
    """One step of gradient descent shows the gradient."""
    results = {}
    x = normal(12, 6, 4)
    masks = (uniform(13, 6, 3) > 0.5).astype(np.float32)
    for name, loss, y, activation in (
        ("dice", keras.losses.Dice(), masks, "sigmoid"),
        ("dice_axis", keras.losses.Dice(axis=1), masks, "sigmoid"),
        ("tversky", keras.losses.Tversky(alpha=0.3, beta=0.7), masks, "sigmoid"),
        ("gce", keras.losses.CategoricalGeneralizedCrossEntropy(q=0.7), classes(1, 6, 3),
         "softmax"),
        ("gce_name", "categorical_generalized_cross_entropy", classes(1, 6, 3), "softmax"),
    ):
        if name == "gce_name":
            continue  # its function has no default for q
        model = linear(keras, activation=activation)
        model.compile(optimizer=keras.optimizers.SGD(0.5), loss=loss)
        results[f"{name}/loss"] = model.train_on_batch(x, y)
        results.update({f"{name}/{key}": value for key, value in weights_of(model).items()})
    return results


@CASES.case
def gradient_of_circle(keras, np):
    model = linear(keras, scale=0.2)
    model.compile(optimizer=keras.optimizers.SGD(0.01), loss=keras.losses.Circle(gamma=4.0))
    losses = [model.train_on_batch(normal(12, 6, 4, scale=0.5), classes(3, 6, 2)) for _ in range(2)]
    return {"losses": losses, **weights_of(model)}


@CASES.case
def gradient_of_ctc(keras, np):
    model = keras.Sequential([keras.Input((6, 4)), keras.layers.Dense(5)])
    model.set_weights([normal(14, 4, 5, scale=0.5), normal(15, 5, scale=0.5)])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss=keras.losses.CTC())
    x = normal(16, 4, 6, 4)
    losses = [model.train_on_batch(x, labels_of_sequences(np)) for _ in range(3)]
    return {"losses": losses, **weights_of(model)}
