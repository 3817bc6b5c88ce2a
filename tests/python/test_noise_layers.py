"""Layers that act only while training, by random numbers."""

import numpy as np
import pytest

from tegula import keras

L = keras.layers
X = np.random.RandomState(1).standard_normal((400, 50)).astype("float32")
LAYERS = {
    "GaussianNoise": lambda **given: L.GaussianNoise(0.5, **given),
    "GaussianDropout": lambda **given: L.GaussianDropout(0.2, **given),
    "AlphaDropout": lambda **given: L.AlphaDropout(0.2, **given),
}


@pytest.mark.parametrize("name", LAYERS)
def test_inputs_pass_at_inference_and_do_not_while_training(name):
    layer = LAYERS[name]()
    np.testing.assert_array_equal(layer(X), X)
    assert (layer(X, training=True) != X).mean() > 0.1
    model = keras.Sequential([keras.Input((50,)), layer])
    np.testing.assert_array_equal(model.predict(X, verbose=0), X)


@pytest.mark.parametrize("name", LAYERS)
def test_a_seed_repeats_the_numbers_and_steps_differ(name):
    first, again = (LAYERS[name](seed=3) for _ in range(2))
    drawn = first(X, training=True)
    np.testing.assert_array_equal(drawn, again(X, training=True))
    assert (drawn != LAYERS[name](seed=4)(X, training=True)).any()
    assert (drawn != first(X, training=True)).any()


def test_moments():
    # 20000 numbers: five standard deviations of the means and variances.
    noise = L.GaussianNoise(0.5, seed=1)(X, training=True) - X
    assert abs(noise.mean()) < 5 * 0.5 / 141 and abs(noise.std() - 0.5) < 5 * 0.5 / 200
    ones = np.ones_like(X)
    factors = L.GaussianDropout(0.2, seed=1)(ones, training=True)
    assert abs(factors.mean() - 1) < 5 * 0.5 / 141 and abs(factors.std() - 0.5) < 5 * 0.5 / 200
    kept = L.AlphaDropout(0.2, seed=1)(X, training=True)
    assert abs(kept.mean()) < 0.05 and abs(kept.std() - 1) < 0.05


def test_alpha_dropout_has_the_values_of_its_formula():
    limit = -1.6732632423543772 * 1.0507009873554805
    factor = (0.75 * (1 + 0.25 * limit**2)) ** -0.5
    given = L.AlphaDropout(0.25, seed=1)(X, training=True)
    dropped = factor * limit - factor * limit * 0.25
    is_dropped = np.isclose(given, dropped, rtol=1e-6)
    np.testing.assert_allclose(
        given[~is_dropped], (X * factor - factor * limit * 0.25)[~is_dropped], rtol=2e-6, atol=2e-7
    )
    assert abs(is_dropped.mean() - 0.25) < 5 * 0.433 / 141


def test_alpha_dropout_shares_its_mask():
    shared = L.AlphaDropout(0.5, noise_shape=(None, 1), seed=1)(np.ones_like(X), training=True)
    assert (shared == shared[:, :1]).all() and len(np.unique(shared)) == 2
    with pytest.raises(ValueError, match="Expected all dimensions to be positive integers or None"):
        L.AlphaDropout(0.5, noise_shape=(0, 1))
    with pytest.raises(ValueError, match=r"noise_shape \(2, 1\) does not fit the input"):
        L.AlphaDropout(0.5, noise_shape=(2, 1))(X, training=True)


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_pass_through(name):
    model = keras.Sequential([keras.Input((50,)), L.Dense(3), LAYERS[name](seed=1), L.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    before = model.get_weights()
    model.fit(X, X[:, :1], verbose=0)
    assert all((a != b).any() for a, b in zip(before, model.get_weights()))


@pytest.mark.parametrize("make", [lambda: L.GaussianNoise(-0.1), lambda: L.GaussianDropout(1.0),
                                  lambda: L.AlphaDropout(1.5)])
def test_rates_out_of_range_are_refused(make):
    with pytest.raises(ValueError, match="must be"):
        make()
