"""Training that keeps less and computes it again: `remat` of layers and models, scopes, functions."""

import numpy as np
import pytest

import tegula as tf
from tegula import keras

L = keras.layers
X = np.random.default_rng(0).normal(size=(24, 6)).astype("float32")
Y = np.random.default_rng(1).normal(size=(24, 2)).astype("float32")


def stack():
    hidden = [layer for _ in range(6) for layer in (L.Dense(8, activation="tanh"), L.Dropout(0.2))]
    return keras.Sequential([keras.Input((6,)), *hidden, L.Dense(2)])


def calls():
    inputs = keras.Input((6,))
    x = L.Dense(8)(inputs)
    for _ in range(6):
        x = L.Add()([x, L.Dense(8, activation="tanh")(L.BatchNormalization()(x))])
    return keras.Model(inputs, L.Dense(2)(x))


def weights_after(make, prepare=lambda model: None):
    keras.utils.set_random_seed(4)
    model = make()
    prepare(model)
    model.compile("adam", "mse")
    model.fit(X, Y, batch_size=8, epochs=2, verbose=0)
    return model.get_weights()


def set_remat(model):
    model.remat = True


def set_remat_of_layers(model):
    for layer in model.layers[1:]:
        layer.remat = True


@pytest.mark.parametrize("make", [stack, calls])
@pytest.mark.parametrize("prepare", [set_remat, set_remat_of_layers])
def test_weights_are_those_of_models_that_keep_everything(make, prepare):
    for kept, again in zip(weights_after(make), weights_after(make, prepare)):
        np.testing.assert_allclose(again, kept, rtol=1e-5, atol=1e-7)


def test_layers_know_what_they_were_told():
    with keras.RematScope():
        first = L.Dense(2)
        with keras.RematScope(mode=None):
            second = L.Dense(2)
        third = L.Dense(2, remat=False)
    with keras.RematScope(mode="list_of_layers", layer_names=["chosen"]):
        chosen, other = L.Dense(2, name="chosen"), L.Dense(2, name="other")
    made = [first, second, third, chosen, other, L.Dense(2), L.Dense(2, remat=True)]
    assert [layer.remat for layer in made] == [True, False, False, True, False, False, True]
    assert "remat" not in made[-1].get_config()


def test_a_function_can_be_computed_again():
    @keras.remat
    def block(x):
        return keras.ops.tanh(keras.ops.sin(x) * 2)

    assert block.__name__ == "block"
    np.testing.assert_allclose(block(X), np.tanh(np.sin(X) * 2), rtol=1e-5, atol=1e-6)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, (None, 6))
        y = block(x)
        (slope,) = tf.gradients(y, [x])
        found = tf.Session().run(slope, {x: X})
    expected = 2 * np.cos(X) / np.cosh(2 * np.sin(X)) ** 2
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)

    class Blocks(L.Layer):
        def build(self, shape):
            self.w = self.add_weight((6, 2), keras.initializers.Constant(0.1))

        def call(self, x):
            return block(x) @ self.w

    model = keras.Sequential([keras.Input((6,)), Blocks()])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.train_on_batch(X, Y)
    h = np.tanh(np.sin(X) * 2)
    gradient = h.T @ (h @ np.full((6, 2), 0.1) - Y) * 2 / Y.size
    np.testing.assert_allclose(model.get_weights()[0], 0.1 - 0.1 * gradient, rtol=1e-4)


def test_what_cannot_be_is_said():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = L.Dense(2)

        def call(self, x):
            return self.dense(x)

    with pytest.raises(NotImplementedError, match="set `remat` of its layers"):
        Own().remat = True
    with pytest.raises(NotImplementedError, match='mode="larger_than" is not supported'):
        keras.RematScope(mode="larger_than")
    with pytest.raises(ValueError, match="`mode` must be"):
        keras.RematScope(mode="everything")
    with pytest.raises(TypeError, match="`remat` must be True or False"):
        L.Dense(2, remat="yes")
