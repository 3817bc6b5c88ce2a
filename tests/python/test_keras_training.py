"""The layer API's bindings: callbacks across the language border, Ctrl-C, streams, memory, files."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from tegula import keras


def data(rows=40):
    random = np.random.RandomState(3)
    return random.randn(rows, 4).astype("float32"), random.randn(rows, 2).astype("float32")


def model(*hidden):
    built = keras.Sequential([keras.Input((4,)), *hidden, keras.layers.Dense(2)])
    built.compile("sgd", "mse", metrics=["mae"])
    return built


def test_exception_of_a_callback_leaves_fit_and_the_model_usable():
    class Failing(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyError("mine")

    trained = model()
    with pytest.raises(KeyError, match="mine"):
        trained.fit(*data(), epochs=3, verbose=0, callbacks=[Failing()])
    assert trained.predict(data()[0]).shape == (40, 2)
    assert trained.fit(*data(), verbose=0).epoch == [0]


@pytest.fixture
def interrupts():
    """Ctrl-C raises KeyboardInterrupt even where the tests run in the background of a shell, which
    has SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_interrupt_stops_fit_and_the_model_stays_usable(interrupts):
    trained = model()
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        trained.fit(*data(2000), epochs=1_000_000, batch_size=4, verbose=0)
    assert time.monotonic() - started < 5
    assert trained.predict(data()[0]).shape == (40, 2)


def test_progress_goes_through_sys_stdout(capsys):
    model().fit(*data(), epochs=2, verbose=2)
    out = capsys.readouterr().out
    assert "Epoch 2/2" in out and "loss:" in out and "mae:" in out


def test_silent_fit_prints_nothing(capsys):
    model().fit(*data(), epochs=2, verbose=0)
    assert capsys.readouterr().out == ""


def test_other_threads_run_during_fit():
    counted = []

    def count():
        while not done.is_set():
            counted.append(1)
            time.sleep(0.001)

    done = threading.Event()
    thread = threading.Thread(target=count)
    thread.start()
    model(keras.layers.Dense(64)).fit(*data(4000), epochs=5, batch_size=16, verbose=0)
    done.set()
    thread.join()
    assert len(counted) > 3


def test_layer_of_python_trains_as_the_built_in_one():
    class Affine(keras.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units

        def build(self, input_shape):
            self.w = self.add_weight((input_shape[-1], self.units), "ones", name="w")
            self.b = self.add_weight((self.units,), "zeros", name="b")

        def call(self, inputs):
            import tegula as tf

            return tf.matmul(inputs, self.w) + self.b

    mine = keras.Sequential([keras.Input((4,)), Affine(2)])
    built_in = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(2, kernel_initializer="ones")]
    )
    for one in (mine, built_in):
        one.compile("adam", "mse")
        one.fit(*data(), epochs=2, shuffle=False, verbose=0)
    for a, b in zip(mine.get_weights(), built_in.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_activation_function_of_the_user():
    layer = keras.layers.Dense(3, activation=lambda x: x * x, kernel_initializer="ones")
    y = layer(np.full((2, 4), 0.5, np.float32))
    np.testing.assert_allclose(y, 4.0)


def test_save_to_a_folder_and_load(tmp_path):
    x, y = data()
    trained = model(keras.layers.Dense(5, activation="relu"), keras.layers.Dropout(0.2))
    trained.fit(x, y, epochs=2, verbose=0)
    trained.save(tmp_path / "saved_model" / "mine")
    loaded = keras.models.load_model(tmp_path / "saved_model" / "mine")
    np.testing.assert_array_equal(loaded.predict(x), trained.predict(x))
    assert type(loaded.optimizer) is keras.optimizers.SGD
    assert loaded.evaluate(x, y, verbose=0) == trained.evaluate(x, y, verbose=0)


def test_same_seed_same_weights():
    results = []
    for _ in range(2):
        keras.utils.set_random_seed(7)
        trained = model(keras.layers.Dense(8), keras.layers.Dropout(0.5))
        trained.fit(*data(), epochs=2, verbose=0)
        results.append(trained.get_weights())
    for a, b in zip(*results):
        np.testing.assert_array_equal(a, b)


def test_predict_reads_the_array_without_keeping_it():
    x = data()[0]
    before = sys.getrefcount(x)
    model().predict(x)
    assert sys.getrefcount(x) == before


def test_mnist_is_found_without_network():
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    assert x_train.shape == (60000, 28, 28) and x_train.dtype == np.uint8
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert x_test.shape == (10000, 28, 28) and y_test.shape == (10000,)


def test_learning_rate_of_a_schedule_cannot_be_set():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    optimizer = keras.optimizers.SGD(schedule)
    with pytest.raises(TypeError, match="not settable"):
        optimizer.learning_rate = 0.1


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.layers.Dense(3, nonsense=1),
        lambda: keras.layers.Dense(-1),
        lambda: keras.losses.get("nonsense"),
        lambda: keras.Sequential([3]),
        lambda: keras.Input(),
        lambda: keras.layers.Dense(3, lora_rank=2),
    ],
)
def test_wrong_arguments_are_value_errors(make):
    with pytest.raises(ValueError):
        make()


def test_list_of_batches_trains_as_their_arrays():
    x, y = data()
    results = []
    for arguments in ((x, y), ([(x[:20], y[:20]), (x[20:], y[20:])],)):
        keras.utils.set_random_seed(1)
        trained = model()
        trained.fit(*arguments, batch_size=20, shuffle=False, verbose=0)
        results.append(trained.get_weights()[0])
    np.testing.assert_array_equal(*results)


def test_data_that_are_known_to_be_endless_are_refused_without_steps():
    with pytest.raises(ValueError, match="steps_per_epoch"):
        model().fit(itertools.cycle([data()]), verbose=0)


def test_the_metrics_of_a_model_begin_with_the_loss():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    assert model.metrics == []
    model.compile("sgd", metrics=["mae"])
    assert [metric.name for metric in model.metrics] == ["mean_absolute_error"]
    model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=[keras.metrics.Sum(name="s")])
    assert [metric.name for metric in model.metrics] == ["loss", "mean_absolute_error", "s"]
    assert model.metrics[0] is model.metrics[0]
    assert float(model.metrics[0].result()) == 0
    x = np.ones((4, 3), "float32")
    loss = model.evaluate(x, np.ones((4, 1)), verbose=0)[0]
    assert float(model.metrics[0].result()) == np.float32(loss)


@pytest.mark.parametrize(
    ("make", "thresholds"),
    [
        (lambda: keras.metrics.Precision(), [0.5]),
        (lambda: keras.metrics.Recall(thresholds=0.3), [0.3]),
        (lambda: keras.metrics.Precision(thresholds=[0.2, 0.7]), [0.2, 0.7]),
        (lambda: keras.metrics.Precision(top_k=3), [-1e10]),
        (lambda: keras.metrics.TruePositives(), [0.5]),
        (lambda: keras.metrics.SensitivityAtSpecificity(0.5, num_thresholds=3), [0.0, 0.5, 1.0]),
        (lambda: keras.metrics.AUC(num_thresholds=3), [-1e-7, 0.5, 1.0000001]),
    ],
)
def test_thresholds_are_those_in_use(make, thresholds):
    metric = make()
    assert metric.thresholds == thresholds
    assert "thresholds" not in repr(keras.metrics.Precision())


def test_predict_shows_progress_where_a_bar_can_be_redrawn(capsys, monkeypatch):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    x = np.ones((4, 3), "float32")
    model.predict(x)
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda self: True, raising=False)
    model.predict(x)
    assert "1/1 ━" in capsys.readouterr().out
    model.predict(x, verbose=0)
    assert capsys.readouterr().out == ""


def test_predict_asks_the_terminal_once():
    asked = """
import sys
import numpy as np
from tegula import keras

class Terminal:
    asked = 0
    def isatty(self):
        self.asked += 1
        return False
    def flush(self):
        pass

sys.stdout = sys.__stdout__ = terminal = Terminal()
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
for _ in range(5):
    model.predict(np.ones((1, 3), "float32"))
sys.exit(terminal.asked)
"""
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 1


@pytest.mark.parametrize(
    ("make", "y", "words"),
    [
        (lambda: ("mse", []), (4, 3), r"targets of shape \(None, 3\) do not fit predictions"),
        (lambda: ("huber", ["mae"]), (4, 3), r"targets of shape \(None, 3\) do not fit predictions"),
        (lambda: ("mse", [keras.metrics.Precision(class_id=7)]), (4, 2), "`class_id` is 7"),
        (lambda: ("mse", [keras.metrics.AUC(multi_label=True)]), (4, 5), r"\(None, 5\)"),
        (lambda: ("categorical_crossentropy", []), (4, 5), r"target.shape=\(None, 5\)"),
        (lambda: ("sparse_categorical_crossentropy", []), (4, 2), "class indices as targets"),
    ],
)
def test_errors_about_compiled_losses_and_metrics_speak_of_shapes_as_keras_does(make, y, words):
    loss, metrics = make()
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", loss, metrics=metrics)
    with pytest.raises(ValueError, match=words) as caught:
        model.fit(np.ones((4, 3)), np.ones(y), verbose=0)
    assert "[?" not in str(caught.value) and "f32" not in str(caught.value)
    assert "broadcast" not in str(caught.value)
