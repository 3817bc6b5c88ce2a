"""Predicts clicks from ids and numbers: a linear model of the ids beside a network on their embeddings
(Cheng and others, "Wide & deep learning for recommender systems", 2016). clicks.py writes the data.

An epoch gives an AUC of 0.76 where the best possible one is 0.8165; most items are seen too rarely to be
known, and a second epoch learns single clicks by heart.
"""

import argparse
import json

import numpy as np
import tegula as tf

keras = tf.keras
layers = keras.layers

ROWS = 1_001_000  # items, then groups of users


def read(path):
    """Arrays by name from a file of the safetensors format, and the best AUC that clicks.py noted there."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        best = float(header.pop("__metadata__")["best_auc"])
        arrays = {}
        for name, entry in header.items():
            dtype = {"I32": np.int32, "F32": np.float32}[entry["dtype"]]
            count = int(np.prod(entry["shape"]))
            arrays[name] = np.fromfile(file, dtype, count).reshape(entry["shape"])
    return arrays, best


def network():
    ids = keras.Input((2,), dtype="int32", name="ids")
    numbers = keras.Input((8,), name="numbers")
    wide = layers.Flatten()(layers.Embedding(ROWS, 1, embeddings_initializer="zeros")(ids))
    embedded = layers.Flatten()(layers.Embedding(ROWS, 16)(ids))
    deep = layers.Concatenate()([embedded, numbers])
    for units in (64, 32):
        deep = layers.Dense(units, activation="relu")(deep)
    both = layers.Concatenate()([wide, numbers, deep])
    clicked = layers.Dense(1, activation="sigmoid", name="clicked")(both)
    return keras.Model({"ids": ids, "numbers": numbers}, clicked)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="clicks.safetensors")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    arrays, best = read(options.data)

    def part(name):
        x = {key: arrays[f"{name}/{key}"] for key in ("ids", "numbers")}
        return x, arrays[f"{name}/clicked"]

    model = network()
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss="binary_crossentropy",
        metrics=[keras.metrics.AUC(name="auc")],
    )
    model.summary()
    x, y = part("train")
    model.fit(x, y, batch_size=1024, epochs=options.epochs, validation_data=part("test"), verbose=2)
    print(f"the best possible AUC is {best:.4f}")


if __name__ == "__main__":
    main()
