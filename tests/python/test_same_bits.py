"""The C++ and the Python program of the same model and seed train the same weights, bit for bit."""

import pathlib
import subprocess

import numpy as np
import pytest

from tegula import keras

ROOT = pathlib.Path(__file__).parents[2]
SEED = 7


def built_example():
    """The newest C++ MNIST example of any build folder, or None."""
    found = list(ROOT.glob("build/*/examples/mnist/mnist"))
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def trained_in_cpp(folder, threads):
    subprocess.run(
        [built_example(), "--epochs", "1", "--seed", str(SEED), "--save", folder,
         "--data", ROOT / "examples" / "mnist" / "data"],
        check=True, stdout=subprocess.DEVNULL, env={"TEGULA_NUM_THREADS": str(threads)})
    return keras.models.load_model(folder).get_weights()


def trained_in_python():
    keras.utils.set_random_seed(SEED)
    (x, y), _ = keras.datasets.mnist.load_data()
    x = x.reshape(-1, 784).astype("float32") / 255.0
    model = keras.Sequential([
        keras.layers.Dense(128, activation="relu", input_shape=(784,)),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=1, verbose=0)
    return model.get_weights()


@pytest.mark.skipif(built_example() is None, reason="the C++ example is not built")
def test_cpp_and_python_and_thread_counts_agree_bit_for_bit(tmp_path):
    python = trained_in_python()
    for threads in (1, 2):
        cpp = trained_in_cpp(tmp_path / str(threads), threads)
        assert len(cpp) == len(python) == 4
        for ours, theirs in zip(python, cpp):
            np.testing.assert_array_equal(ours, theirs)
