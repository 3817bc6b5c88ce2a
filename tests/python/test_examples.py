"""The examples run, and print the same figures whichever level of the library they use."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tegula as tf

EXAMPLES = Path(__file__).parents[2] / "examples"
FASHION = Path("/usr/share/datasets/fashion-mnist")


def output_of(program, *options):
    """What a program of the examples prints."""
    command = [sys.executable, str(EXAMPLES / program), *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_graph_level_prints_the_losses_of_the_layers():
    output = output_of("mnist/mnist_graph.py", "--epochs", 2, "--seed", 3)
    printed = re.findall(r"accuracy: (\S+) - loss: (\S+) - val_accuracy: (\S+) - val_loss: (\S+)", output)

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


@pytest.mark.skipif(not FASHION.exists(), reason="Fashion-MNIST is not installed")
def test_the_residual_network_learns_from_a_few_images():
    output = output_of("vision/resnet.py", "--epochs", 3, "--samples", 1024, "--blocks", 1)
    losses = [float(loss) for loss in re.findall(r" - loss: (\S+)", output)]
    assert losses[2] < losses[1] < losses[0]


def test_the_recommender_learns_who_clicks_what(tmp_path):
    data = tmp_path / "clicks.safetensors"
    made = output_of("recommender/clicks.py", data, "--samples", 20_000)
    (best,) = re.findall(r"the best possible AUC of its test part is (\S+)", made)
    output = output_of("recommender/wide_and_deep.py", "--data", data, "--epochs", 2)
    *_, found = re.findall(r"val_auc: (\S+)", output)
    assert f"the best possible AUC is {best}" in output
    assert 0.55 < float(found) < float(best) < 0.9


def test_the_best_auc_is_the_share_of_pairs_in_the_right_order():
    sys.path.insert(0, str(EXAMPLES / "recommender"))
    import clicks

    random = np.random.default_rng(1)
    probability = random.random(200)
    clicked = random.random(200) < probability
    pairs = probability[clicked][:, None] > probability[~clicked]
    assert clicks.auc(probability, clicked) == pytest.approx(pairs.mean())
