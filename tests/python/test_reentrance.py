"""A callback, a layer, a loss, a metric or a generator that uses the model which is calling it."""

import numpy as np
import pytest
import tegula as tf

K = tf.keras
X = np.linspace(-1, 1, 24, dtype=np.float32).reshape(8, 3)
Y = X.sum(axis=1, keepdims=True)


def stack():
    return K.Sequential([K.Input((3,)), K.layers.Dense(4), K.layers.Dense(1)])


def graph_of_calls():
    """Two inputs, two outputs, and a layer that is called for both."""
    inputs = [K.Input((3,)), K.Input((3,))]
    shared = K.layers.Dense(4)
    return K.Model(inputs, [K.layers.Dense(1)(shared(x)) for x in inputs])


FORMS = {"sequential": stack, "functional": graph_of_calls}


def make(form="sequential"):
    model = FORMS[form]()
    model.compile("sgd", "mse", metrics=["mae"] if form == "sequential" else [["mae"], ["mae"]])
    return model


def x_of(model, rows=8):
    return X[:rows] if len(model.inputs) == 1 else [X[:rows], X[:rows]]


def data_of(model):
    return x_of(model), Y if len(model.outputs) == 1 else [Y, Y]


def dense(model):
    return next(layer for layer in model.layers if isinstance(layer, K.layers.Dense))


# What is done, and whether it can be done within a run of the model's own. The others say why not.
ACTIONS = {
    "compile": (lambda m, tmp: m.compile("adam", "mae"), False),
    "add": (lambda m, tmp: m.add(K.layers.Dense(1)), False),
    "pop": (lambda m, tmp: m.pop(), False),
    "fit": (lambda m, tmp: m.fit(*data_of(m), verbose=0), False),
    "evaluate": (lambda m, tmp: m.evaluate(*data_of(m), verbose=0), True),
    "train_on_batch": (lambda m, tmp: m.train_on_batch(*data_of(m)), True),
    "test_on_batch": (lambda m, tmp: m.test_on_batch(*data_of(m)), True),
    "predict": (lambda m, tmp: m.predict(x_of(m)), True),
    "predict_on_batch": (lambda m, tmp: m.predict_on_batch(x_of(m, 5)), True),
    "call": (lambda m, tmp: m(x_of(m), training=True), True),
    "get_weights": (lambda m, tmp: m.get_weights(), True),
    "set_weights": (lambda m, tmp: m.set_weights([w * 0.5 for w in m.get_weights()]), True),
    "load_weights": (lambda m, tmp: m.load_weights(tmp / "w.weights.safetensors"), True),
    "save": (lambda m, tmp: m.save(tmp / "again.tegula"), True),
    "reset_metrics": (lambda m, tmp: m.reset_metrics(), True),
    "learning rate": (lambda m, tmp: setattr(m.optimizer, "learning_rate", 0.01), True),
    "option": (lambda m, tmp: setattr(dense(m), "activation", "relu"), True),
    "trainable": (lambda m, tmp: setattr(dense(m), "trainable", False), True),
}

# A model of calls has no layers to add or take away.
CASES = [(form, action) for form in FORMS for action in ACTIONS
         if form == "sequential" or action not in ("add", "pop")]

HOOKS = [
    "on_train_begin", "on_epoch_begin", "on_train_batch_begin", "on_train_batch_end",
    "on_epoch_end", "on_test_begin", "on_test_batch_end", "on_test_end", "on_train_end",
]


def check_usable(model):
    """Whether it still trains: a step lowers the loss of its batch."""
    model.compile(K.optimizers.SGD(0.01), "mse", metrics=[])
    model.trainable = True
    losses = [np.ravel(model.train_on_batch(*data_of(model)))[0] for _ in range(6)]
    assert np.isfinite(losses).all() and losses[-1] < losses[0]
    y = model.predict(x_of(model))
    assert np.shape(y[0] if isinstance(y, list) else y)[0] == 8


@pytest.fixture
def prepared(tmp_path, form):
    model = make(form)
    model.save_weights(tmp_path / "w.weights.safetensors")
    return model, tmp_path


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize(("form", "action"), CASES)
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
    fit = lambda: model.fit(*data_of(model), batch_size=4, epochs=2, verbose=0,
                            callbacks=[Within()], validation_data=data_of(model))
    if works:
        history = fit().history
        assert len(history["loss"]) == 2 and np.isfinite(history["val_loss"]).all()
    else:
        with pytest.raises(tf.errors.RunError, match=f"`{action}` cannot be called while model .* is in `"):
            fit()
    assert calls
    check_usable(model)


@pytest.mark.parametrize(("form", "action"), CASES)
def test_in_a_generator(prepared, action):
    model, tmp = prepared
    run, works = ACTIONS[action]

    def batches():
        yield data_of(model)
        run(model, tmp)
        yield data_of(model)

    fit = lambda: model.fit(batches(), steps_per_epoch=2, verbose=0)
    if works:
        fit()
    else:
        with pytest.raises(tf.errors.RunError, match=f"`{action}` cannot be called"):
            fit()
    check_usable(model)


@pytest.mark.parametrize("part", ["layer", "loss", "metric"])
@pytest.mark.parametrize(("form", "action"), CASES)
def test_while_the_model_is_built(tmp_path, form, action, part):
    tmp, run = tmp_path, ACTIONS[action][0]
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

    if form == "sequential":
        model = K.Sequential([K.Input((3,)), Layer(), K.layers.Dense(1)])
    else:
        x = K.Input((3,))
        model = K.Model(x, K.layers.Dense(1)(Layer()(x)))
    holder["model"] = model
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
