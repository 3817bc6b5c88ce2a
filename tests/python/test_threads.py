"""Models used from several threads, by a process that forks, and by one that ends meanwhile."""

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import tegula as tf

K = tf.keras
X = np.linspace(-1, 1, 60, dtype=np.float32).reshape(20, 3)
Y = X.sum(axis=1, keepdims=True)


def make(*layers):
    model = K.Sequential([*layers, K.layers.Dense(4, activation="relu"), K.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def together(*works):
    """Runs the works on threads of their own and returns what they raised."""
    raised = []

    def guarded(work):
        try:
            work()
        except Exception as error:  # noqa: BLE001: looked at by the test
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a thread hangs"
    return raised


class Slow(K.layers.Layer):
    """Gives other threads their turn while it is built."""

    def call(self, x):
        time.sleep(0.01)
        return x * 1.0


def test_first_steps_of_a_model_on_several_threads():
    for _ in range(5):
        model = make(Slow())
        assert together(*[lambda: model.train_on_batch(X, Y)] * 4) == []


def test_a_model_that_threads_compile_at_once_has_the_optimizer_and_the_metrics_of_one_of_them():
    model = make()
    optimizers = [K.optimizers.SGD(0.1), K.optimizers.Adam(0.2), K.optimizers.RMSprop(0.3)]
    metrics = [[], ["mae"], ["mse", "mae"]]

    def compile_often(which):
        for _ in range(50):
            model.compile(optimizers[which], "mse", metrics=metrics[which])
            time.sleep(0)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(10):
            assert together(*[lambda which=which: compile_often(which) for which in range(3)]) == []
            assert model.optimizer._core is model._model.optimizer
            assert model._compiled.metrics[0] == metrics[optimizers.index(model.optimizer)]
    finally:
        sys.setswitchinterval(interval)
    model.train_on_batch(X, Y)  # builds the optimizer
    assert float(model.optimizer.learning_rate) == pytest.approx(model._model.learning_rate())


def test_layers_with_functions_are_made_on_several_threads():
    def make_often():
        for _ in range(100):
            layer = K.layers.Dense(1, activation=lambda x: x * 2.0, kernel_regularizer=lambda w: tf.reduce_sum(w),
                                   kernel_initializer=lambda shape: np.ones(shape, np.float32))
            assert layer(np.ones((1, 2), np.float32)) == 4

    assert together(*[make_often] * 3) == []


def test_predictions_of_new_sizes_beside_the_first_fit():
    model = make(Slow())

    def predict():
        for rows in range(1, 20):
            assert model.predict(X[:rows], verbose=0).shape == (rows, 1)

    assert together(lambda: model.fit(X, Y, epochs=20, verbose=0), predict, predict) == []


def test_what_needs_the_model_for_itself_is_refused_during_fit():
    model = make()
    inside = threading.Event()
    done = threading.Event()

    class Waits(K.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            inside.set()
            assert done.wait(30)

    def others():
        assert inside.wait(30)
        try:
            for refused in (
                lambda: model.fit(X, Y, verbose=0),
                lambda: model.evaluate(X, Y, verbose=0),
                lambda: model.train_on_batch(X, Y),
                lambda: model.compile("sgd", "mse"),
                lambda: model.add(K.layers.Dense(1)),
                lambda: model.pop(),
            ):
                with pytest.raises(tf.errors.RunError, match="is in `fit` on another thread"):
                    refused()
            assert model.predict(X, verbose=0).shape == (20, 1)
            model.set_weights(model.get_weights())
        finally:
            done.set()

    fit = lambda: model.fit(X, Y, verbose=0, callbacks=[Waits()])
    assert together(fit, others) == []


def test_other_threads_run_beside_a_long_prediction_and_it_answers_ctrl_c():
    code = """
import os, signal, threading, time
import numpy as np, tegula as tf
model = tf.keras.Sequential([tf.keras.Input((256,)), tf.keras.layers.Dense(512), tf.keras.layers.Dense(512)])
x = np.zeros((400_000, 256), np.float32)
ticks = []
def tick():
    while True:
        ticks.append(1); time.sleep(0.005)
threading.Thread(target=tick, daemon=True).start()
threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
start = time.time()
try:
    while True:
        model.predict(x, batch_size=256)
except KeyboardInterrupt:
    print(time.time() - start < 3, len(ticks) > 10)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.stdout.split() == ["True", "True"], result.stderr


@pytest.mark.parametrize("work", ["model.predict(x)", "model.fit(x, y, epochs=1000, verbose=0)",
                                  "model.fit(x, y, epochs=1000, verbose=0, callbacks=[Busy()])",
                                  "model.train_on_batch(x, y)"])
def test_the_interpreter_ends_while_a_daemon_thread_is_at_work(work):
    code = f"""
import threading, time
import numpy as np, tegula as tf
K = tf.keras
class Busy(K.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        for _ in range(100000): pass
model = K.Sequential([K.Input((64,)), K.layers.Dense(64), K.layers.Dense(1)])
model.compile("sgd", "mse")
x = np.zeros((512, 64), np.float32); y = np.zeros((512, 1), np.float32)
def run():
    while True:
        {work}
threading.Thread(target=run, daemon=True).start()
time.sleep(0.2)
print("end")
"""
    for _ in range(3):
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                                timeout=60)
        assert (result.returncode, result.stdout, result.stderr) == (0, "end\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_the_child_of_a_fork_uses_a_model_that_another_thread_was_running():
    code = """
import os, sys, threading, time
import numpy as np, tegula as tf
K = tf.keras
model = K.Sequential([K.Input((32,)), K.layers.Dense(64), K.layers.Dense(1)])
model.compile("sgd", "mse")
x = np.ones((256, 32), np.float32); y = np.ones((256, 1), np.float32)
model.train_on_batch(x, y)
stop = False
def run():
    while not stop:
        model.train_on_batch(x, y)
        model.predict(x[:np.random.randint(1, 200)], verbose=0)
thread = threading.Thread(target=run)
thread.start()
for i in range(12):
    time.sleep(0.02)
    child = os.fork()
    if child == 0:
        model.predict(x[:7], verbose=0)
        model.train_on_batch(x, y)
        model.fit(x, y, verbose=0)
        os._exit(0)
    for _ in range(1000):
        done, status = os.waitpid(child, os.WNOHANG)
        if done: break
        time.sleep(0.01)
    else:
        os.kill(child, 9); print("hang")
    if status != 0: print("status", status)
stop = True
thread.join()
print("end")
"""
    result = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True,
                            text=True, timeout=120)
    assert result.stdout == "end\n", result.stdout + result.stderr


def test_memory_of_optimizers_that_a_compilation_replaces_is_freed():
    model = K.Sequential([K.Input((500,)), K.layers.Dense(1000)])
    x = np.zeros((4, 500), np.float32)
    y = np.zeros((4, 1000), np.float32)

    def step():
        model.compile("adam", "mse")
        model.train_on_batch(x, y)

    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    for _ in range(3):
        step()
    before = resident()
    for _ in range(10):
        step()  # of 4 MB state each
    assert resident() - before < 12e6
