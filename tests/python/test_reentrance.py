"""A callback, a layer, a loss, a metric or a generator that uses the model which is calling it."""

import numpy as np
import pytest
import tegula as tf

K = tf.keras
X = np.linspace(-1, 1, 24, dtype=np.float32).reshape(8, 3)
Y = X.sum(axis=1, keepdims=True)


def make():
    model = K.Sequential([K.Input((3,)), K.layers.Dense(4), K.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


# What is done, and whether it can be done within a run of the model's own. The others say why not.
ACTIONS = {
    "compile": (lambda m, tmp: m.compile("adam", "mae"), False),
    "add": (lambda m, tmp: m.add(K.layers.Dense(1)), False),
    "pop": (lambda m, tmp: m.pop(), False),
    "fit": (lambda m, tmp: m.fit(X, Y, verbose=0), False),
    "evaluate": (lambda m, tmp: m.evaluate(X, Y, verbose=0), True),
    "train_on_batch": (lambda m, tmp: m.train_on_batch(X, Y), True),
    "test_on_batch": (lambda m, tmp: m.test_on_batch(X, Y), True),
    "predict": (lambda m, tmp: m.predict(X), True),
    "predict_on_batch": (lambda m, tmp: m.predict_on_batch(X[:5]), True),
    "call": (lambda m, tmp: m(X, training=True), True),
    "get_weights": (lambda m, tmp: m.get_weights(), True),
    "set_weights": (lambda m, tmp: m.set_weights([w * 0.5 for w in m.get_weights()]), True),
    "load_weights": (lambda m, tmp: m.load_weights(tmp / "w.weights.safetensors"), True),
    "save": (lambda m, tmp: m.save(tmp / "again.tegula"), True),
    "reset_metrics": (lambda m, tmp: m.reset_metrics(), True),
    "learning rate": (lambda m, tmp: setattr(m.optimizer, "learning_rate", 0.01), True),
    "option": (lambda m, tmp: setattr(m.layers[0], "activation", "relu"), True),
    "trainable": (lambda m, tmp: setattr(m.layers[0], "trainable", False), True),
}

HOOKS = [
    "on_train_begin", "on_epoch_begin", "on_train_batch_begin", "on_train_batch_end",
    "on_epoch_end", "on_test_begin", "on_test_batch_end", "on_test_end", "on_train_end",
]


def check_usable(model):
    """Whether it still trains: a step lowers the loss of its batch."""
    model.compile(K.optimizers.SGD(0.01), "mse", metrics=[])
    model.trainable = True
    first = model.train_on_batch(X, Y)
    for _ in range(5):
        last = model.train_on_batch(X, Y)
    assert np.isfinite(last) and last < first
    assert model.predict(X).shape == (8, model.output_shape[-1])


@pytest.fixture
def prepared(tmp_path):
    model = make()
    model.save_weights(tmp_path / "w.weights.safetensors")
    return model, tmp_path


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("action", ACTIONS)
def test_in_a_callback(prepared, action, hook):
    model, tmp = prepared
    run, works = ACTIONS[action]
    calls = []

    class Within(K.callbacks.Callback):
        pass

    def act(self, *args, **kwargs):
        if not calls:  # once: an evaluation calls the hooks of tests again
            calls.append(hook)
            run(model, tmp)

    setattr(Within, hook, act)
    fit = lambda: model.fit(X, Y, batch_size=4, epochs=2, verbose=0, callbacks=[Within()],
                            validation_data=(X, Y))
    if works:
        history = fit().history
        assert len(history["loss"]) == 2 and np.isfinite(history["val_loss"]).all()
    else:
        with pytest.raises(tf.errors.RunError, match=f"`{action}` cannot be called while model .* is in `"):
            fit()
    assert calls
    check_usable(model)


@pytest.mark.parametrize("action", ACTIONS)
def test_in_a_generator(prepared, action):
    model, tmp = prepared
    run, works = ACTIONS[action]

    def batches():
        yield X, Y
        run(model, tmp)
        yield X, Y

    fit = lambda: model.fit(batches(), steps_per_epoch=2, verbose=0)
    if works:
        fit()
    else:
        with pytest.raises(tf.errors.RunError, match=f"`{action}` cannot be called"):
            fit()
    check_usable(model)


@pytest.mark.parametrize("part", ["layer", "loss", "metric"])
@pytest.mark.parametrize("action", ACTIONS)
def test_while_the_model_is_built(prepared, action, part):
    _, tmp = prepared
    run, _ = ACTIONS[action]
    holder = {}
    acting = [False]

    def act():
        if acting[0]:
            acting[0] = False
            run(holder["model"], tmp)

    class Layer(K.layers.Layer):
        def call(self, x):
            if part == "layer":
                act()
            return x * 1.0

    def loss(y, p):
        if part == "loss":
            act()
        return K.losses.mean_squared_error(y, p)

    def metric(y, p):
        if part == "metric":
            act()
        return K.losses.mean_absolute_error(y, p)

    model = holder["model"] = K.Sequential([K.Input((3,)), Layer(), K.layers.Dense(1)])
    model.compile("sgd", loss, metrics=[metric])
    model.save_weights(tmp / "w.weights.safetensors")
    acting[0] = True
    try:
        model.fit(X, Y, verbose=0)
    except tf.errors.Error as error:
        assert len(str(error)) < 600
    acting[0] = False
    check_usable(model)


def test_an_evaluation_within_fit_leaves_the_metrics_of_fit_as_they_are():
    class Evaluates(K.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.evaluate(X[:2], Y[:2] + 100, verbose=0)

    results = []
    for callbacks in ([], [Evaluates()]):
        K.utils.set_random_seed(1)
        results.append(make().fit(X, Y, batch_size=2, verbose=0, callbacks=callbacks).history)
    assert results[0] == results[1]
