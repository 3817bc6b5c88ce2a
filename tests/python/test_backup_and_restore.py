"""Training whose process is killed goes on with the bits of the run that nothing interrupted; the
server of RemoteMonitor; moving averages that are exchanged with the weights.
"""

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.parse

import numpy as np
import pytest
from tegula import keras

X = np.linspace(-1, 1, 120, dtype="float32").reshape(-1, 2)
Y = (X[:, :1] * X[:, 1:]).astype("float32")

# Trains, killing itself in place of batch number argv[2] of all; at the end writes what came out.
TRAINER = """
import os, signal, sys
import numpy as np
from tegula import keras

folder, killed_at, frequency = sys.argv[1], int(sys.argv[2]), sys.argv[3]
x = np.linspace(-1, 1, 120, dtype="float32").reshape(-1, 2)
y = (x[:, :1] * x[:, 1:]).astype("float32")
keras.utils.set_random_seed(5)
inputs = keras.Input((2,))
hidden = keras.layers.Dropout(0.2)(keras.layers.Dense(8, activation="relu")(inputs))
model = keras.Model(inputs, keras.layers.Dense(1)(hidden))
model.compile("adam", "mse", metrics=["mae"])

class Kill(keras.callbacks.Callback):
    batches = 0
    def on_train_batch_begin(self, batch, logs=None):
        if self.batches == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.batches += 1

backup = keras.callbacks.BackupAndRestore(
    os.path.join(folder, "backup"), save_freq=frequency if frequency == "epoch" else int(frequency)
)
history = model.fit(x, y, batch_size=8, epochs=3, verbose=0, callbacks=[backup, Kill()]).history
np.savez(os.path.join(folder, "end.npz"), *model.get_weights(), history["loss"][-1], history["mae"][-1])
"""


def train(folder, killed_at, frequency):
    command = [sys.executable, "-c", TRAINER, str(folder), str(killed_at), frequency]
    return subprocess.run(command, check=False).returncode


def outcome(folder):
    with np.load(folder / "end.npz") as end:
        return [end[name].tobytes() for name in end.files]


def test_training_goes_on_after_its_process_was_killed(tmp_path):
    whole = tmp_path / "whole"
    whole.mkdir()
    assert train(whole, -1, "epoch") == 0
    assert os.listdir(whole) == ["end.npz"]  # the backup is removed at the end
    for frequency, first, second in (("epoch", 11, 9), ("3", 13, 5)):
        folder = tmp_path / frequency
        folder.mkdir()
        assert train(folder, first, frequency) == -signal.SIGKILL
        assert train(folder, second, frequency) == -signal.SIGKILL
        assert train(folder, -1, frequency) == 0
        assert outcome(folder) == outcome(whole)


def test_save_freq_is_an_epoch_or_a_number_of_batches():
    with pytest.raises(ValueError, match="save_freq"):
        keras.callbacks.BackupAndRestore("backup", save_freq="often")
    with pytest.raises(ValueError, match="backup_dir"):
        keras.callbacks.BackupAndRestore("")


def small_model(**options):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1, **options), "mse")
    return model


def test_moving_averages_predict_and_evaluate():
    model = small_model(use_ema=True, ema_momentum=0.9)
    seen = {}

    class Watch(keras.callbacks.Callback):
        def on_test_begin(self, logs=None):
            seen["tested"] = self.model.get_weights()

        def on_epoch_end(self, epoch, logs=None):
            seen["trained"] = self.model.get_weights()

    swap = keras.callbacks.SwapEMAWeights()
    model.fit(X, Y, verbose=0, validation_data=(X, Y), callbacks=[swap, Watch()])
    for ended, tested in zip(model.get_weights(), seen["tested"]):
        assert np.array_equal(ended, tested)
    assert not np.array_equal(seen["trained"][0], seen["tested"][0])
    model.predict(X, verbose=0, callbacks=[swap])
    with pytest.raises(ValueError, match="use_ema"):
        small_model().predict(X, verbose=0, callbacks=[swap])


@pytest.mark.parametrize("send_as_json", [False, True])
def test_remote_monitor_posts_the_logs_of_each_epoch(send_as_json):
    received = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.append((self.path, self.headers["X-Key"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://127.0.0.1:{server.server_port}"
        monitor = keras.callbacks.RemoteMonitor(
            root, headers={"X-Key": "k"}, send_as_json=send_as_json
        )
        losses = small_model().fit(X, Y, epochs=2, verbose=0, callbacks=[monitor]).history["loss"]
        server.shutdown()
    for epoch, (path, key, body) in enumerate(received):
        text = body if send_as_json else urllib.parse.parse_qs(body)["data"][0]
        assert (path, key) == ("/publish/epoch/end/", "k")
        assert json.loads(text) == {"epoch": epoch, "loss": losses[epoch]}
    assert len(received) == 2


def test_remote_monitor_warns_when_there_is_no_server():
    monitor = keras.callbacks.RemoteMonitor("http://127.0.0.1:9")
    with pytest.warns(UserWarning, match="Could not reach RemoteMonitor root server"):
        small_model().fit(X, Y, verbose=0, callbacks=[monitor])


def test_weights_per_step_are_those_of_keras():
    """Loss of Keras 3.15: sum(weight * (p - y)^2) / (samples * steps), for weights (n, steps)."""
    x = X.reshape(20, 3, 2)
    y = Y.reshape(20, 3, 1)
    weight = np.linspace(0, 2, 60, dtype="float32").reshape(20, 3)
    model = keras.Sequential([keras.Input((3, 2)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", weighted_metrics=["mae"])
    error = np.abs(model.predict(x, verbose=0) - y)[..., 0]
    loss, mae = model.evaluate(x, y, sample_weight=weight, batch_size=20, verbose=0)
    assert loss == pytest.approx((weight * error**2).mean(), rel=1e-5)
    assert mae == pytest.approx((weight * error).sum() / weight.sum(), rel=1e-5)
    model.fit(x, y, sample_weight=weight, verbose=0)
