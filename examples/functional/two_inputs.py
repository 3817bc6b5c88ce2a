"""A model of two inputs and two outputs: of two digits, which the first is, and whether it is the larger
one. Both go through the same layers.
"""

import argparse

import numpy as np
import tegula as tf

keras = tf.keras


def pairs(images, labels, seed):
    """Each image beside another one, and which of the two shows the larger digit."""
    other = np.random.RandomState(seed).permutation(len(images))
    x = {"first": images, "second": images[other]}
    larger = (labels > labels[other]).astype("float32")[:, None]
    return x, {"digit": labels, "larger": larger}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    x_train = x_train.reshape(-1, 784).astype("float32") / 255
    x_test = x_test.reshape(-1, 784).astype("float32") / 255

    first, second = keras.Input((784,), name="first"), keras.Input((784,), name="second")
    seen = keras.layers.Dense(128, activation="relu")
    classes = keras.layers.Dense(10, activation="softmax", name="digit")
    features = [seen(first), seen(second)]
    digit = classes(features[0])
    both = keras.layers.Concatenate()([*features, digit, classes(features[1])])
    hidden = keras.layers.Dense(64, activation="relu")(both)
    larger = keras.layers.Dense(1, activation="sigmoid", name="larger")(hidden)
    model = keras.Model({"first": first, "second": second}, {"digit": digit, "larger": larger})
    model.compile(
        optimizer="adam",
        loss={"digit": "sparse_categorical_crossentropy", "larger": "binary_crossentropy"},
        loss_weights={"digit": 0.5, "larger": 1.0},
        metrics={"digit": ["accuracy"], "larger": ["accuracy"]},
    )
    model.summary()
    x, y = pairs(x_train, y_train, 1)
    model.fit(x, y, batch_size=64, epochs=options.epochs,
              validation_data=pairs(x_test, y_test, 2), verbose=2)


if __name__ == "__main__":
    main()
