"""Layers of the user's own: sublayers, state, overrides. Right values are those of Keras 3.15."""

import gc

import numpy as np
import pytest

import tegula as tf
from tegula import keras
from tegula.keras import layers as L

X = np.arange(32, dtype="float32").reshape(8, 4) / 10


class Block(L.Layer):
    """Sublayers in an attribute, a list, a list that is filled later, and a dict."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.units = units
        self.first = L.Dense(units, kernel_initializer="ones")
        self.inner = []
        self.last = L.Dense(2, kernel_initializer="ones")
        self.inner.append(L.Dense(3, kernel_initializer="ones"))
        self.named = {"drop": L.Dropout(0.0)}
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def build(self, input_shape):
        self.count = self.add_weight((), "zeros", trainable=False, name="count")
        self.more = self.add_weight((1,), "ones", name="more")

    def call(self, x):
        return self.last(self.inner[0](self.named["drop"](self.first(x)))) * self.scale

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def block_model(name=None):
    return keras.Sequential([keras.Input((4,)), Block(5), L.Dense(2)], name=name)


def test_sublayers_are_counted_and_named_in_the_order_of_keras():
    model = block_model("m")
    expected = [
        "scale", "more", "count", "first/kernel", "first/bias", "last/kernel", "last/bias",
        "inner/kernel", "inner/bias",
    ]
    block = model.layers[0]
    names = {block.first: "first", block.last: "last", block.inner[0]: "inner"}
    found = [w.path for w in block.weights]
    for layer, name in names.items():
        found = [path.replace(f"/{layer.name}/", f"/{name}/") for path in found]
    assert found == [f"m/{block.name}/{name}" for name in expected]
    assert [w.shape for w in block.weights] == [
        (), (1,), (), (4, 5), (5,), (3, 2), (2,), (5, 3), (3,)
    ]
    assert model.count_params() == 60
    assert block.weights[0] is block.scale
    assert block.weights[3] is block.first.kernel
    text = []
    model.summary(print_fn=text.append)
    assert " 54 │" in text[0]
    assert "Trainable params: 59" in text[0]


def test_sublayers_are_trained():
    model = block_model()
    model.compile(keras.optimizers.SGD(1e-4), "mse")
    before = model.get_weights()
    model.fit(X, np.ones((8, 2), "float32"), verbose=0)
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights())]
    # All but `more`, which is not used, and `count`.
    assert changed == [True, False, False] + 8 * [True]


def test_sublayers_are_saved_and_loaded(tmp_path):
    model = block_model()
    model.set_weights([np.random.default_rng(0).normal(size=w.shape) for w in model.weights])
    model.save_weights(tmp_path / "w.safetensors")
    other = block_model()
    other.load_weights(tmp_path / "w.safetensors")
    np.testing.assert_array_equal(other.predict(X), model.predict(X))
    third = block_model()
    third.layers[0].set_weights(model.layers[0].get_weights())
    np.testing.assert_array_equal(third.layers[0](X), model.layers[0](X))


def test_trainable_reaches_sublayers_and_weights():
    model = block_model()
    block = model.layers[0]
    block.trainable = False
    assert not block.first.trainable and not block.scale.trainable
    assert [w.path for w in model.trainable_weights] == [w.path for w in model.layers[1].weights]
    block.trainable = True
    assert block.scale.trainable and not block.count.trainable
    block.first.trainable = False
    assert len(block.trainable_weights) == 6
    block.scale.trainable = False
    assert len(block.trainable_weights) == 5
    model.compile(keras.optimizers.SGD(1e-4), "mse")
    before = block.scale.numpy()
    model.fit(X, np.ones((8, 2), "float32"), verbose=0)
    assert block.scale.numpy() == before


def test_dropout_in_a_custom_layer_follows_the_training_flag():
    class Wrapped(L.Layer):
        def __init__(self):
            super().__init__()
            self.drop = L.Dropout(1.0)

        def call(self, x):
            return self.drop(x)

    layer = Wrapped()
    np.testing.assert_array_equal(layer(X), X)
    np.testing.assert_array_equal(layer(X, training=True), np.zeros_like(X))
    model = keras.Sequential([keras.Input((4,)), Wrapped()])
    np.testing.assert_array_equal(model(X, training=True), np.zeros_like(X))
    np.testing.assert_array_equal(model.predict(X), X)


@pytest.mark.parametrize("make", [lambda: tf.Variable(1.0)])
def test_state_that_no_step_would_know_is_refused(make):
    layer = Block(2)
    with pytest.raises(TypeError, match="Block.extra is a"):
        layer.extra = make()


def test_layers_before_the_base_class_and_after_building_are_refused():
    class Early(L.Layer):
        def __init__(self):
            self.dense = L.Dense(2)

    with pytest.raises(RuntimeError, match=r"call super\(\).__init__\(\) before"):
        Early()

    class Without(L.Layer):
        def __init__(self):
            self.units = 2

    with pytest.raises(RuntimeError, match=r"you forgot to call `super\(\).__init__\(\)`"):
        Without()(X)
    built = Block(2)
    built(X)
    with pytest.raises(ValueError, match="cannot add new elements of state"):
        built.late = L.Dense(2)
    with pytest.raises(ValueError, match="cannot add new elements of state"):
        built.add_weight(())


class Moving(L.Layer):
    """Assigns its state three times a call and reads it in between."""

    def build(self, input_shape):
        self.mm = self.add_weight((), "zeros", trainable=False, name="mm")
        self.w = self.add_weight((4,), "ones", name="w")

    def call(self, x):
        before = self.mm + 0.0
        self.mm.assign_add(1.0)
        self.mm.assign(self.mm * 2.0)
        self.mm.assign_sub(0.5)
        return x * self.w * 0 + before * 100 + self.mm


def test_assignments_in_call_act_in_every_kind_of_step():
    model = keras.Sequential([keras.Input((4,)), Moving()])
    state = model.layers[0].mm
    np.testing.assert_array_equal(model(X)[0], 4 * [1.5])
    assert state.numpy() == 1.5
    np.testing.assert_array_equal(model.predict(X, batch_size=4)[:, 0], 4 * [154.5] + 4 * [460.5])
    assert state.numpy() == 10.5
    model.compile("sgd", "mse")
    targets = np.zeros((8, 4), "float32")
    model.evaluate(X, targets, batch_size=4, verbose=0)
    assert state.numpy() == 46.5
    state.assign(0.0)
    model.fit(X, targets, batch_size=4, verbose=0)
    assert state.numpy() == 4.5
    alone = Moving()
    alone(X)
    alone(X)
    assert alone.mm.numpy() == 4.5


def test_moving_mean_in_training_only():
    class Center(L.Layer):
        def build(self, input_shape):
            self.mean = self.add_weight((input_shape[-1],), "zeros", trainable=False)

        def call(self, x, training=False):
            if training:
                mean = tf.reduce_mean(x, axis=0)
                self.mean.assign(self.mean * 0.9 + mean * 0.1)
                return x - mean
            return x - self.mean

    model = keras.Sequential([keras.Input((4,)), Center(), L.Dense(1)])
    model.compile("sgd", "mse")
    model.predict(X)
    model.fit(X, X[:, :1], batch_size=8, epochs=3, verbose=0)
    expected = np.zeros(4, "float32")
    for _ in range(3):
        expected = expected * np.float32(0.9) + X.mean(0) * np.float32(0.1)
    np.testing.assert_allclose(model.layers[0].mean.numpy(), expected, rtol=1e-6)


def test_assignments_that_no_step_could_run_are_refused():
    class Lost(L.Layer):
        def call(self, x):
            variable = tf.Variable(0.0)
            tf.assign_add(variable, 1.0)
            return x

    with pytest.raises(ValueError, match="builds an assignment in `call`, which no step would run"):
        keras.Sequential([keras.Input((4,)), Lost()])
    layer = Moving()
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, (None, 4))
        with pytest.raises(ValueError, match="put the layer into a model"):
            layer(x)

    class Both(L.Layer):
        def build(self, input_shape):
            self.w = self.add_weight((4,), "ones")

        def call(self, x):
            self.w.assign(self.w * 0.5)
            return x * self.w

    model = keras.Sequential([keras.Input((4,)), Both()])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    for _ in range(2):
        held = model.get_weights()[0] * 0.5
        model.train_on_batch(X, X)
        gradient = (2 * X * (X * held - X)).mean(0) / 4
        np.testing.assert_allclose(model.get_weights()[0], held - 0.1 * gradient, rtol=1e-5)
    with pytest.raises(ValueError, match="must match. variable.shape=\\(4,\\)"):
        model.layers[0].w.assign(np.ones(3))


def test_weights_are_values_outside_of_call():
    layer = L.Dense(2, kernel_initializer="ones")
    layer.build((None, 3))
    kernel = layer.kernel
    np.testing.assert_array_equal(kernel.numpy(), np.ones((3, 2)))
    np.testing.assert_array_equal(np.asarray(kernel), np.ones((3, 2)))
    np.testing.assert_array_equal(kernel * 2 + kernel, np.full((3, 2), 3))
    np.testing.assert_array_equal(np.ones((1, 3)) @ kernel, [[3, 3]])
    assert np.sum(kernel) == 6
    np.testing.assert_array_equal(keras.activations.relu(kernel), np.ones((3, 2)))
    assert kernel.dtype == "float32" and kernel.shape == (3, 2)
    assert repr(layer.bias) == (
        f"<Variable path={layer.name}/bias, shape=(2,), dtype=float32, value=[0. 0.]>"
    )


def test_a_layer_built_alone_keeps_its_values_in_a_model():
    layer = L.Dense(2)
    assert layer.weights == [] and layer.path is None
    with pytest.raises(AttributeError, match="build the layer before accessing `kernel`"):
        layer.kernel
    layer.build((None, 3))
    assert layer.built and layer.kernel.shape == (3, 2) and layer.path == layer.name
    kernel = layer.kernel.numpy()
    model = keras.Sequential([keras.Input((3,)), layer], name="later")
    np.testing.assert_array_equal(model.get_weights()[0], kernel)
    assert layer.path == f"later/{layer.name}"
    model.compile("sgd", "mse")
    model.fit(X[:, :3], X[:, :2], verbose=0)
    assert not np.array_equal(layer.kernel.numpy(), kernel)
    kernel = layer.kernel.numpy()
    other = keras.Sequential([keras.Input((3,)), layer])
    np.testing.assert_array_equal(other.predict(X[:, :3]), model.predict(X[:, :3]))
    del model, other
    gc.collect()
    again = keras.Sequential([keras.Input((3,)), layer])
    np.testing.assert_array_equal(again.get_weights()[0], kernel)


def test_custom_layers_build_their_sublayers_by_hand():
    class Hand(L.Layer):
        def build(self, input_shape):
            self.dense = L.Dense(2, kernel_initializer="ones")
            self.dense.build(input_shape)
            self.dense.bias.assign([1.0, 2.0])

        def call(self, x):
            return self.dense(x)

    layer = Hand()
    layer.build((None, 4))
    assert [w.path for w in layer.weights] == [
        f"{layer.name}/{layer.dense.name}/{name}" for name in ("kernel", "bias")
    ]
    expected = X.sum(1, keepdims=True) + [[1, 2]]
    np.testing.assert_allclose(layer(X), expected, rtol=1e-6)
    model = keras.Sequential([keras.Input((4,)), layer])
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-6)
    fresh = keras.Sequential([keras.Input((4,)), Hand()])
    np.testing.assert_allclose(fresh.predict(X), expected, rtol=1e-6)


class Three(L.Dense):
    def call(self, inputs):
        return super().call(inputs) * 0 + 3


class Doubled(L.Dropout):
    def call(self, inputs, training=None):
        return super().call(inputs, training=training) * 2


class Extra(L.Dense):
    def build(self, input_shape):
        super().build(input_shape)
        self.gain = self.add_weight((), "ones", name="gain")

    def call(self, inputs):
        return super().call(inputs) * self.gain


@pytest.mark.parametrize(
    "make, expected",
    [
        (lambda: Three(2), np.full((8, 2), 3)),
        (lambda: Doubled(0.5), X * 2),
        (lambda: Extra(2, kernel_initializer="zeros", bias_initializer="ones"), np.ones((8, 2))),
    ],
)
def test_overrides_of_built_in_layers_act_everywhere(make, expected):
    np.testing.assert_array_equal(make()(X), expected)
    layer = make()
    model = keras.Sequential([keras.Input((4,)), layer])
    np.testing.assert_array_equal(model.predict(X), expected)
    model.compile("sgd", "mse")
    assert model.evaluate(X, expected.astype("float32"), verbose=0) == 0
    assert layer.get_config()["name"] == layer.name
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


def test_weights_of_a_subclass_are_trained():
    model = keras.Sequential([keras.Input((4,)), Extra(2)])
    assert [w.name for w in model.weights] == ["kernel", "bias", "gain"]
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(X, X[:, :2], verbose=0)
    assert all(not np.array_equal(a, b) for a, b in zip(before, model.get_weights()))


def test_further_arguments_of_call():
    class Scale(L.Layer):
        def call(self, x, scale=1.0, shift=None):
            return x * scale if shift is None else x * scale + shift

    layer = Scale()
    np.testing.assert_array_equal(layer(X), X)
    np.testing.assert_array_equal(layer(X, scale=3.0), X * 3)
    np.testing.assert_array_equal(layer(X, scale=2.0), X * 2)
    np.testing.assert_array_equal(layer(X, shift=np.ones(4, "float32")), X + 1)
    with pytest.raises(TypeError, match="unexpected keyword argument 'scal'"):
        layer(X, scal=3.0)
    with pytest.raises(ValueError, match="Only input tensors may be passed as positional"):
        layer(X, 3.0)
    with pytest.raises(ValueError, match="takes one input, got 2"):
        L.Dense(2)([X, X])

    class Outer(L.Layer):
        def __init__(self):
            super().__init__()
            self.scale = Scale()

        def call(self, x):
            return self.scale(x, scale=4.0) + self.scale(x, scale=5.0)

    model = keras.Sequential([keras.Input((4,)), Outer()])
    np.testing.assert_allclose(model.predict(X), X * 9, rtol=1e-6)


def test_losses_of_layers():
    class Adds(L.Layer):
        def call(self, x):
            self.add_loss(tf.reduce_sum(x) * 0.1)
            self.add_loss(x)
            return x

    ones, zeros = np.ones((2, 2), "float32"), np.zeros((2, 2), "float32")
    layer = Adds()
    layer(ones)
    layer(ones)
    np.testing.assert_allclose(layer.losses, [0.4, 4.0], rtol=1e-6)
    model = keras.Sequential([keras.Input((2,)), Adds()])
    model.compile("sgd", "mse")
    assert model.evaluate(ones, zeros, verbose=0) == pytest.approx(5.4)

    class Same(L.Layer):
        def call(self, x):
            return x

    for make in (Same, lambda **options: L.Dropout(0.5, **options)):
        layer = make(activity_regularizer=keras.regularizers.L2(0.1))
        layer(ones)
        np.testing.assert_allclose(layer.losses, [0.2], rtol=1e-6)
        model = keras.Sequential([keras.Input((2,)), layer])
        model.compile("sgd", "mse")
        assert model.evaluate(ones, zeros, verbose=0) == pytest.approx(1.2)
    dense = L.Dense(1, kernel_initializer="ones", kernel_regularizer=keras.regularizers.L1(0.5))
    dense.build((None, 4))
    np.testing.assert_allclose(dense.losses, [2.0])


def test_a_shared_sublayer_adds_its_penalty_for_each_call():
    class Twice(L.Layer):
        def __init__(self):
            super().__init__()
            self.drop = L.Dropout(0.5, activity_regularizer=keras.regularizers.L2(0.1))

        def call(self, x):
            return self.drop(self.drop(x))

    model = keras.Sequential([keras.Input((2,)), Twice()])
    model.compile("sgd", "mse")
    loss = model.evaluate(np.ones((2, 2)), np.zeros((2, 2)), verbose=0)
    assert loss == pytest.approx(1.4)


@pytest.mark.parametrize("name", ["__call__", "save_own_variables", "quantize"])
def test_methods_of_layers_that_would_never_be_called_are_refused(name):
    method = {name: lambda self, *args, **kwargs: None}
    for base, make in ((L.Layer, lambda c: c()), (L.Dense, lambda c: c(2))):
        with pytest.raises(NotImplementedError, match=f"`{name}`, which would never be called"):
            make(type("Mine", (base,), method))


@pytest.mark.parametrize(
    "name",
    ["train_step", "test_step", "predict_step", "compute_metrics", "make_train_function"],
)
def test_methods_of_models_that_would_never_be_called_are_refused(name):
    mine = type("Mine", (keras.Sequential,), {name: lambda self, *args, **kwargs: None})
    with pytest.raises(NotImplementedError, match=f"Mine defines `{name}`, which would never be"):
        mine([L.Dense(2)])


def test_call_and_compute_loss_of_a_sequential_subclass():
    class Mine(keras.Sequential):
        def call(self, inputs, training=None):
            return super().call(inputs, training=training) * 0 + 3

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return super().compute_loss(x, y, y_pred, sample_weight) + 10.0

    for layers in ([keras.Input((4,)), L.Dense(2)], [L.Dense(2)]):
        model = Mine(layers)
        np.testing.assert_array_equal(model.predict(X), np.full((8, 2), 3))
        np.testing.assert_array_equal(model(X), np.full((8, 2), 3))
        model.compile("sgd", "mse")
        targets = np.zeros((8, 2), "float32")
        assert model.evaluate(X, targets, verbose=0) == 19
        assert model.fit(X, targets, verbose=0).history["loss"] == [19]

    model = Mine([keras.Input((4,)), L.Dense(2)])
    assert "mul" in model.explain(8, training=False)

    class Skip(keras.Sequential):
        def call(self, inputs):
            return inputs + self.layers[0](inputs)

    model = Skip([keras.Input((4,)), L.Dense(4, kernel_initializer="ones")])
    np.testing.assert_allclose(model.predict(X), X + X.sum(1, keepdims=True), rtol=1e-6)

    class Hidden(keras.Sequential):
        def __init__(self):
            super().__init__([L.Dense(2)])
            self.other = L.Dense(2)

        def call(self, inputs):
            return self.other(inputs)

    with pytest.raises(ValueError, match="Hidden.other holds layer .* not in the stack"):
        Hidden().predict(X)
