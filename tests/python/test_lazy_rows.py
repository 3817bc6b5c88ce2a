"""Tables of which a step looks up few rows: the others rest where the rule lets them, or is told to."""

import numpy as np
import pytest
import tegula
from tegula import keras

ROWS, WIDTH = 2000, 4


def trained(optimizer, steps=3):
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((3,), dtype="int32"),
            keras.layers.Embedding(ROWS, WIDTH),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )
    model.compile(optimizer, "mse")
    ids = np.random.default_rng(0).integers(0, 50, (steps * 8, 3)).astype("int32")
    before = model.get_weights()[0]
    model.fit(ids, ids.sum(axis=1, keepdims=True) * 0.1, batch_size=8, epochs=1, verbose=0)
    return model, before, ids


def rows_by_hand(table, dense_kernel, dense_bias, ids, targets, rate):
    """One step of gradient descent on the table, as loops."""
    looked_up = table[ids].reshape(len(ids), -1).astype("float64")
    error = looked_up @ dense_kernel + dense_bias - targets
    gradient = (2 / len(ids)) * error @ dense_kernel.T
    result = table.astype("float64")
    for sample, row_ids in enumerate(ids):
        for place, row in enumerate(row_ids):
            result[row] -= rate * gradient[sample, place * WIDTH : (place + 1) * WIDTH]
    return result


def test_sgd_steps_are_those_of_the_sum_of_all_lookups():
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((3,), dtype="int32"),
            keras.layers.Embedding(ROWS, WIDTH),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.SGD(0.5), "mse")
    ids = np.array([[1, 1, 7], [7, 1999, 1]], "int32")
    targets = np.array([[1.0], [-1.0]], "float32")
    table, kernel, bias = model.get_weights()
    model.train_on_batch(ids, targets)
    assert "sum_rows_by_index" in model.explain(2)
    assert "gather_gradient" not in model.explain(2)
    expected = rows_by_hand(table, kernel, bias, ids, targets, 0.5)
    np.testing.assert_allclose(model.get_weights()[0], expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("lazy", [False, True])
def test_adam_moves_rows_that_rest_only_without_lazy_rows(lazy):
    model, before, ids = trained(keras.optimizers.Adam(0.1, lazy_rows=lazy))
    table = model.get_weights()[0]
    seen = np.unique(ids)
    rest = np.setdiff1d(np.arange(ROWS), seen)
    assert (table[seen] != before[seen]).any(axis=1).all()
    np.testing.assert_array_equal(table[rest], before[rest])
    model.train_on_batch(np.full((8, 3), ROWS - 1, "int32"), np.ones((8, 1), "float32"))
    moved = (model.get_weights()[0][seen] != table[seen]).any(axis=1)
    assert moved.all() != lazy and moved.any() != lazy


def test_lazy_rows_are_an_option_like_others(tmp_path):
    model, _, ids = trained(keras.optimizers.Adam(0.1, lazy_rows=True))
    model.save(tmp_path / "model")
    loaded = keras.models.load_model(tmp_path / "model")
    assert loaded.optimizer.get_config()["lazy_rows"] is True
    targets = np.ones((len(ids), 1), "float32")
    assert loaded.train_on_batch(ids, targets) == model.train_on_batch(ids, targets)
    for weight, expected in zip(loaded.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(weight, expected)
    with pytest.raises(tegula.errors.InvalidArgument, match="`lazy_rows` leaves rows out"):
        keras.optimizers.Adam(clipnorm=1.0, lazy_rows=True)
    with pytest.raises(tegula.errors.InvalidArgument, match="updates each row by itself"):
        trained(keras.optimizers.Muon(lazy_rows=True))


def test_rows_out_of_range_are_refused():
    model, _, _ = trained(keras.optimizers.SGD())
    with pytest.raises(tegula.errors.Error, match="index 2000"):
        model.train_on_batch(np.full((8, 3), ROWS, "int32"), np.ones((8, 1), "float32"))
