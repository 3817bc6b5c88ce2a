"""Data, models and result dicts that the layer-API cases share. Everything is fixed by explicit
seeds.
"""

import numpy as np


def normal(seed, *shape, scale=1.0):
    """float32 samples of a normal distribution, the same on every machine."""
    return (np.random.RandomState(seed).standard_normal(shape) * scale).astype(np.float32)


def uniform(seed, *shape, low=0.05, high=0.95):
    """float32 samples inside (low, high): probabilities away from the clipping at 0 and 1."""
    return np.random.RandomState(seed).uniform(low, high, shape).astype(np.float32)


def classes(seed, count, num_classes):
    """int32 labels in which every class occurs (count >= num_classes)."""
    labels = np.arange(count) % num_classes
    np.random.RandomState(seed).shuffle(labels)
    return labels.astype(np.int32)


def one_hot(labels, num_classes):
    return np.eye(num_classes, dtype=np.float32)[labels]


def distribution(seed, rows, columns):
    """float32 rows that sum to one."""
    values = uniform(seed, rows, columns, low=0.1)
    return (values / values.sum(axis=1, keepdims=True)).astype(np.float32)


def set_seeded_weights(model, seed=7, scale=0.6):
    """Gives every weight of a built model fixed values."""
    model.set_weights(
        [normal(seed + i, *w.shape, scale=scale) for i, w in enumerate(model.get_weights())]
    )
    return model


def mlp(
    keras, inputs=4, hidden=5, outputs=1, activation="tanh", output_activation=None, seed=7, **dense
):
    """Two dense layers with fixed weights. tanh by default: smooth, without kinks."""
    model = keras.Sequential(
        [
            keras.Input((inputs,)),
            keras.layers.Dense(hidden, activation=activation, **dense),
            keras.layers.Dense(outputs, activation=output_activation),
        ]
    )
    return set_seeded_weights(model, seed)


def linear(keras, inputs=4, outputs=3, activation=None, seed=7, scale=0.6, **dense):
    """One dense layer with fixed weights: the smallest model whose training shows the gradient of a
    loss.
    """
    model = keras.Sequential(
        [keras.Input((inputs,)), keras.layers.Dense(outputs, activation=activation, **dense)]
    )
    return set_seeded_weights(model, seed, scale)


def weights_of(model):
    return {f"weight{i}": w for i, w in enumerate(model.get_weights())}


def history_of(history):
    """The keys of a History in order, the epochs it counted, and every curve."""
    curves = {
        f"history/{key}": np.asarray(values, np.float64) for key, values in history.history.items()
    }
    return {"keys": np.array(list(history.history)), "epochs": np.array(history.epoch), **curves}


def logs_of(logs):
    """A dict of scalar logs: keys in order, and values."""
    return {"keys": np.array(list(logs)), "values": np.array([float(v) for v in logs.values()])}


def builtin_error(function):
    """The built-in exception family of what `function`, which must fail, raises."""
    try:
        function()
    except Exception as error:  # noqa: BLE001 - the class is what is examined
        for family in (ValueError, TypeError, KeyError, RuntimeError):
            if isinstance(error, family):
                return family.__name__
        return type(error).__name__
    return "no error"


def file_ending(keras, weights=False):
    """How the names of saved models end; with `weights` those of files of weights. Each library
    insists on its own.
    """
    if keras.__name__ == "keras":
        return ".weights.h5" if weights else ".keras"
    return ".safetensors" if weights else ".tegula"
