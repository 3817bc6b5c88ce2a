"""Transfer learning: a network learns the digits 0 to 4; its frozen features, under a new head, learn 5
to 9 from few examples. The result is saved and loaded.
"""

import argparse

import numpy as np
import tegula as tf

keras = tf.keras


def digits(images, labels, low, high, count=None):
    """The images of the digits from `low` to `high`, and their labels from 0 on."""
    chosen = np.flatnonzero((labels >= low) & (labels <= high))[:count]
    return images[chosen], labels[chosen] - low


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", default="transfer.tegula")
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    x_train = x_train[..., None].astype("float32") / 255
    x_test = x_test[..., None].astype("float32") / 255

    inputs = keras.Input((28, 28, 1))
    x = keras.layers.Conv2D(16, 3, activation="relu")(inputs)
    x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.Conv2D(32, 3, activation="relu")(x)
    features = keras.layers.Flatten()(keras.layers.MaxPooling2D()(x))
    outputs = keras.layers.Dense(5, activation="softmax")(features)
    base = keras.Model(inputs, outputs)
    base.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = digits(x_train, y_train, 0, 4)
    base.fit(x, y, batch_size=64, epochs=options.epochs, verbose=2)

    frozen = keras.Model(base.input, base.layers[-2].output)
    frozen.trainable = False
    inputs = keras.Input((28, 28, 1))
    hidden = keras.layers.Dense(64, activation="relu")(frozen(inputs, training=False))
    model = keras.Model(inputs, keras.layers.Dense(5, activation="softmax")(hidden))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.summary()
    x, y = digits(x_train, y_train, 5, 9, 2000)
    test = digits(x_test, y_test, 5, 9)
    model.fit(x, y, batch_size=32, epochs=5 * options.epochs, validation_data=test, verbose=2)

    model.save(options.save)
    loaded = keras.models.load_model(options.save)
    same = (loaded.predict(test[0][:32], verbose=0) == model.predict(test[0][:32], verbose=0)).all()
    print(f"saved to {options.save}; the loaded model predicts the same: {same}")


if __name__ == "__main__":
    main()
