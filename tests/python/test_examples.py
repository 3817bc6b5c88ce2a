"""The examples print the same figures, whichever level of the library they use."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import tegula as tf

EXAMPLES = Path(__file__).parents[2] / "examples" / "mnist"


def test_the_graph_level_prints_the_losses_of_the_layers():
    run = subprocess.run(
        [sys.executable, str(EXAMPLES / "mnist_graph.py"), "--epochs", "2", "--seed", "3"],
        capture_output=True,
        text=True,
        check=True,
    )
    printed = re.findall(r"accuracy: (\S+) - loss: (\S+) - val_accuracy: (\S+) - val_loss: (\S+)", run.stdout)

    keras = tf.keras
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.layers.Dense(128, activation="relu", input_shape=(784,)),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    x_train = x_train.reshape(60000, 784).astype("float32") / 255
    x_test = x_test.reshape(10000, 784).astype("float32") / 255
    history = model.fit(x_train, y_train, epochs=2, validation_data=(x_test, y_test), verbose=0)
    columns = [history.history[name] for name in ("accuracy", "loss", "val_accuracy", "val_loss")]
    assert printed == [tuple(f"{value:.4f}" for value in row) for row in zip(*columns)]


def test_the_order_of_an_epoch_is_a_permutation_that_seed_and_epoch_choose():
    order = tf.random.shuffled_order(1000, seed=1, epoch=0)
    assert sorted(order) == list(range(1000))
    assert (order == tf.random.shuffled_order(1000, 1, 0)).all()
    for other in (tf.random.shuffled_order(1000, 2, 0), tf.random.shuffled_order(1000, 1, 1)):
        assert (order != other).any()
    assert tf.random.shuffled_order(0, 1, 0).dtype == np.int64
