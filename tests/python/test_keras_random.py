"""keras.random: the same numbers for the same seed, the moments of each distribution, refusals."""

import numpy as np
import pytest

from tegula import keras

COUNT = 20000
# Draws of COUNT numbers with their mean and variance.
DRAWS = {
    "normal": (lambda **k: keras.random.normal((COUNT,), 1.0, 2.0, **k), 1, 4),
    # The variance of a standard normal within two deviations is .7737413.
    "truncated_normal": (
        lambda **k: keras.random.truncated_normal((COUNT,), 1.0, 2.0, **k), 1, 4 * 0.7737413
    ),
    "uniform": (lambda **k: keras.random.uniform((COUNT,), 2.0, 5.0, **k), 3.5, 0.75),
    "randint": (lambda **k: keras.random.randint((COUNT,), -1, 4, **k), 1, 2),
    "categorical": (
        lambda **k: keras.random.categorical(np.log([[0.2, 0.3, 0.5]]), COUNT, **k), 1.3, 0.61
    ),
    "dropout": (lambda **k: keras.random.dropout(np.ones(COUNT, "float32"), 0.5, **k), 1, 1),
    "shuffle": (
        lambda **k: keras.random.shuffle(np.arange(COUNT, dtype="float32"), **k),
        (COUNT - 1) / 2,
        (COUNT**2 - 1) / 12,
    ),
    "gamma": (lambda **k: keras.random.gamma((COUNT,), 3.0, **k), 3, 3),
    "beta": (lambda **k: keras.random.beta((COUNT,), 2.0, 3.0, **k), 0.4, 0.04),
    "binomial": (lambda **k: keras.random.binomial((COUNT,), 4.0, 0.5, **k), 2, 1),
}


@pytest.mark.parametrize("name", DRAWS)
def test_draws(name):
    draw, mean, variance = DRAWS[name]
    drawn = np.asarray(draw(seed=1), "float64")
    deviation = np.sqrt(variance)
    assert abs(drawn.mean() - mean) < 5 * deviation / np.sqrt(COUNT)
    assert abs(drawn.var() / variance - 1) < 0.06
    np.testing.assert_array_equal(draw(seed=1), draw(seed=1))
    assert not np.array_equal(draw(seed=1), draw(seed=2))
    generator = keras.random.SeedGenerator(5)
    first, second = draw(seed=generator), draw(seed=generator)
    assert not np.array_equal(first, second)
    again = keras.random.SeedGenerator.from_config(keras.random.SeedGenerator(5).get_config())
    np.testing.assert_array_equal(draw(seed=again), first)
    np.testing.assert_array_equal(draw(seed=again), second)
    keras.utils.set_random_seed(3)
    first, second = draw(), draw()
    assert not np.array_equal(first, second)
    keras.utils.set_random_seed(3)
    np.testing.assert_array_equal(draw(), first)


def test_every_function_is_drawn():
    public = {name for name in dir(keras.random) if not name.startswith("_")}
    assert public == {*DRAWS, "SeedGenerator"}


def test_dtypes():
    assert keras.random.normal((2,), dtype="float64", seed=1).dtype == np.float64
    assert keras.random.uniform((2,), dtype="float16", seed=1).dtype == np.float16
    assert keras.random.randint((2,), 0, 9, seed=1).dtype == np.int32
    assert keras.random.randint((2,), 0, 9, dtype="uint8", seed=1).dtype == np.uint8
    assert keras.random.categorical(np.zeros((2, 3)), 4, seed=1).shape == (2, 4)
    large = keras.random.randint((1000,), 0, 2**40, dtype="int64", seed=1)
    assert len(np.unique(large & 0xFFFF)) > 900


def test_noise_shape_keeps_rows_together():
    kept = keras.random.dropout(np.ones((50, 4), "float32"), 0.5, noise_shape=(50, 1), seed=1)
    assert set(kept.sum(-1)) == {0.0, 8.0}


def test_the_state_counts_draws():
    generator = keras.random.SeedGenerator(5)
    assert generator.get_config() == {"seed": 5, "name": "seed_generator"}
    np.testing.assert_array_equal(generator.next(), [5, 0])
    np.testing.assert_array_equal(generator.state, [5, 1])
    assert generator.state.path == "seed_generator/seed_generator_state"


@pytest.mark.parametrize(
    "draw, text",
    [
        (lambda: keras.random.normal((2,), seed="a"), "must be either an integer or an instance of"),
        (lambda: keras.random.SeedGenerator("a"), "Argument `seed` must be an integer. Received: seed=a"),
        (lambda: keras.random.dropout(np.ones(3), 1.5), r"a float in the range \[0, 1\). Received: rate=1.5"),
        (lambda: keras.random.uniform((2,), dtype="int32"), "requires a floating point `dtype`"),
        (lambda: keras.random.normal((2,), dtype="int32"), "requires a floating point `dtype`"),
        (lambda: keras.random.randint((2,), 0, 3, dtype="float32"), "requires an integer `dtype`"),
        (lambda: keras.random.randint((2,), 5, 1), "minval must be less than maxval"),
        (lambda: keras.random.categorical(np.ones(3), 2), "should be a 2-D tensor"),
    ],
)
def test_refusals(draw, text):
    with pytest.raises(ValueError, match=text):
        draw()


def test_within_a_layer_each_run_draws_anew():
    class Noise(keras.layers.Layer):
        def __init__(self, seed):
            super().__init__()
            self.generator = keras.random.SeedGenerator(seed)

        def call(self, inputs):
            noise = keras.random.normal((4,), seed=self.generator)
            return keras.random.dropout(inputs + noise, 0.5, seed=self.generator)

    x = np.zeros((3, 4), "float32")
    model = keras.Sequential([keras.layers.Input((4,)), Noise(1)])
    first, second = model.predict(x, verbose=0), model.predict(x, verbose=0)
    assert np.any(first != 0) and not np.array_equal(first, second)

    class Chosen(keras.layers.Layer):
        def call(self, inputs):
            return inputs + keras.random.gamma((4,), 1.0)

    with pytest.raises(ValueError, match="keras.random.gamma gives arrays only"):
        keras.Sequential([keras.layers.Input((4,)), Chosen()]).predict(x, verbose=0)
