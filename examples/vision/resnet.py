"""Trains a small residual network on Fashion-MNIST: at least 92.5 % of the test images in eight epochs.

The four files of the data set are in the Debian package dataset-fashion-mnist; without it they are
downloaded.
"""

import argparse

import numpy as np
import tegula as tf

keras = tf.keras
layers = keras.layers

class Varied(keras.utils.PyDataset):
    """Batches in a new order each epoch, every image mirrored or not and moved by up to two pixels."""

    def __init__(self, x, y, batch_size, seed):
        super().__init__()
        self.x = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))
        self.y = y
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0
        self.order = tf.random.shuffled_order(len(y), seed, 0)

    def __len__(self):
        return -(-len(self.y) // self.batch_size)

    def on_epoch_end(self):
        self.epoch += 1
        self.order = tf.random.shuffled_order(len(self.y), self.seed, self.epoch)

    def __getitem__(self, index):
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        random = np.random.default_rng((self.seed, self.epoch, index))
        x = np.empty((len(rows), 28, 28, 1), "float32")
        choices = zip(rows, random.integers(0, 5, (len(rows), 2)), random.random(len(rows)) < 0.5)
        for image, (row, (top, left), mirrored) in zip(x, choices):
            moved = self.x[row, top : top + 28, left : left + 28]
            image[...] = moved[:, ::-1] if mirrored else moved
        return x, self.y[rows]


def convolution_and_norm(x, filters, kernel_size, strides=1):
    x = layers.Conv2D(filters, kernel_size, strides, padding="same", use_bias=False,
                      kernel_initializer="he_normal",
                      kernel_regularizer=keras.regularizers.L2(2.5e-4))(x)
    return layers.BatchNormalization(momentum=0.9)(x)


def residual(x, filters, strides):
    """He and others, "Deep residual learning for image recognition", 2016."""
    y = layers.ReLU()(convolution_and_norm(x, filters, 3, strides))
    y = convolution_and_norm(y, filters, 3)
    if strides > 1:
        x = convolution_and_norm(x, filters, 1, strides)
    return layers.ReLU()(layers.Add()([x, y]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--samples", type=int, default=60000, help="at most, of each part")
    parser.add_argument("--blocks", type=int, default=2, help="per size of image")
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    (x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
    x_train, y_train = x_train[: options.samples], y_train[: options.samples]
    x_test, y_test = x_test[: options.samples], y_test[: options.samples]
    x_train = x_train[..., None].astype("float32") / 255
    x_test = x_test[..., None].astype("float32") / 255

    images = keras.Input((28, 28, 1))
    x = layers.ReLU()(convolution_and_norm(images, 16, 3))
    for filters, first_strides in ((16, 1), (32, 2), (64, 2)):
        for block in range(options.blocks):
            x = residual(x, filters, 1 if block else first_strides)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(images, layers.Dense(10, activation="softmax")(x))

    train = Varied(x_train, y_train, 128, options.seed)
    steps, warmup = options.epochs * len(train), len(train) // 2
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warmup, warmup_target=0.1, warmup_steps=warmup)
    model.compile(
        optimizer=keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.summary()
    model.fit(train, epochs=options.epochs, validation_data=(x_test, y_test),
              validation_batch_size=500, verbose=2)


if __name__ == "__main__":
    main()
