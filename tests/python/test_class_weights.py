"""Class weights, of samples and of their steps, against the sample weights that they stand for."""

import numpy as np
import pytest

from tegula import keras

L = keras.layers
RNG = np.random.default_rng(5)
WEIGHTS = {0: 0.5, 1: 3.0}  # the third class weighs 1
SAMPLES = RNG.normal(size=(8, 4)).astype("float32")
STEPS = RNG.normal(size=(8, 5, 4)).astype("float32")
LABEL = RNG.integers(0, 3, 8)
LABELS = RNG.integers(0, 3, (8, 5))
BITS = RNG.integers(0, 2, (8, 5))


def trained(x, y, units, activation, loss, **weights):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(x.shape[1:]), L.Dense(units, activation=activation)])
    model.compile("sgd", loss, weighted_metrics=["accuracy"])
    history = model.fit(x, y, epochs=2, batch_size=3, shuffle=False, verbose=0, **weights)
    return history.history, [w.tolist() for w in model.get_weights()]


@pytest.mark.parametrize(
    "x, y, labels, units, activation, loss",
    [
        (SAMPLES, LABEL, LABEL, 3, "softmax", "sparse_categorical_crossentropy"),
        (SAMPLES, LABEL[:, None], LABEL, 3, "softmax", "sparse_categorical_crossentropy"),
        (SAMPLES, np.eye(3)[LABEL], LABEL, 3, "softmax", "categorical_crossentropy"),
        (SAMPLES, LABEL % 2, LABEL % 2, 1, "sigmoid", "binary_crossentropy"),
        (STEPS, LABELS, LABELS, 3, "softmax", "sparse_categorical_crossentropy"),
        (STEPS, LABELS[..., None], LABELS, 3, "softmax", "sparse_categorical_crossentropy"),
        (STEPS, np.eye(3)[LABELS], LABELS, 3, "softmax", "categorical_crossentropy"),
        (STEPS, BITS[..., None], BITS, 1, "sigmoid", "binary_crossentropy"),
    ],
    ids=["labels", "column", "one hot", "bits", "steps", "columns of steps", "one hot steps",
         "bits of steps"],
)
def test_each_label_has_the_weight_of_its_class(x, y, labels, units, activation, loss):
    weights = np.vectorize(lambda label: WEIGHTS.get(label, 1.0))(labels).astype("float32")
    arguments = (x, np.asarray(y, "float32"), units, activation, loss)
    assert trained(*arguments, class_weight=WEIGHTS) == trained(*arguments, sample_weight=weights)
