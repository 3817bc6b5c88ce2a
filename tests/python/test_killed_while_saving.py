"""A process that is killed while it saves leaves the old model or the new one, whole. $TEGULA_KILLS
processes are killed, each at a random moment.
"""

import os
import random
import signal
import subprocess
import sys

import numpy as np
from tegula import keras

KILLS = int(os.environ.get("TEGULA_KILLS", "10"))

# Saves for ever; the weights, the optimizer's rate and the name of a metric tell the version.
SAVER = """
import sys
import numpy as np
from tegula import keras

folder, version = sys.argv[1], int(sys.argv[2])
model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64), keras.layers.Dense(1)])
while True:
    metric = keras.metrics.MeanSquaredError(name=f"version_{version}")
    model.compile(keras.optimizers.SGD(float(version)), "mse", metrics=[metric])
    model.set_weights([np.full_like(w, version) for w in model.get_weights()])
    model.save(folder)
    print(version, flush=True)
    version += 1
"""


def version_of(folder):
    model = keras.models.load_model(folder)
    found = {float(value) for weight in model.get_weights() for value in np.unique(weight)}
    found.add(float(model.optimizer.learning_rate))
    found.add(float(model.metrics[-1].name.removeprefix("version_")))
    assert len(found) == 1, found
    return int(found.pop())


def test_a_process_killed_while_it_saves_leaves_the_old_model_or_the_new_one(tmp_path):
    folder = tmp_path / "m"
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    version, saves = 0, 0
    for _ in range(KILLS):
        command = [sys.executable, "-c", SAVER, str(folder), str(version + 1)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as saver:
            saver.stdout.readline()
            try:
                saver.wait(chance.uniform(0, 0.02))
            except subprocess.TimeoutExpired:
                pass
            saver.send_signal(signal.SIGKILL)
            told = saver.stdout.read().split()
        last = int(told[-1]) if told else version + 1
        found = version_of(folder)
        assert found in (last, last + 1), (seed, found, last)
        saves += found - version
        version = found
        # What the killed process was writing goes with the next save.
        assert len(list(tmp_path.iterdir())) <= 3
    keras.models.load_model(folder).save(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    print(f"killed {KILLS} processes in {saves} saves, seed {seed}")
