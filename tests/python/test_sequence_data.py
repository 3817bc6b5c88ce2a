"""Padding and windows: what is refused, and that windows train."""

import numpy as np
import pytest

from tegula import keras

SERIES = np.sin(np.arange(60) * 0.3).astype(np.float32)


def windows(**options):
    return keras.utils.timeseries_dataset_from_array(SERIES, SERIES[8:], 8, **options)


def test_a_model_trains_on_windows_of_a_series():
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    losses = model.fit(windows(batch_size=8, shuffle=True, seed=1), epochs=20, verbose=0).history
    assert losses["loss"][-1] < 0.05 * losses["loss"][0]
    assert model.predict(windows(batch_size=8), verbose=0).shape == (52, 1)


def test_shuffled_windows_are_all_there_once_in_another_order_each_epoch():
    data = windows(batch_size=16, shuffle=True, seed=3)
    first = np.concatenate([y for _, y in data])
    data.on_epoch_end()
    second = np.concatenate([y for _, y in data])
    np.testing.assert_array_equal(np.sort(first), np.sort(SERIES[8:60]))
    np.testing.assert_array_equal(np.sort(second), np.sort(first))
    assert not np.array_equal(first, second)
    again = windows(batch_size=16, shuffle=True, seed=3)
    np.testing.assert_array_equal(np.concatenate([y for _, y in again]), first)


REFUSED = [
    (dict(sampling_rate=0), "sampling_rate"),
    (dict(sequence_stride=60), "sequence_stride"),
    (dict(start_index=60), "start_index"),
    (dict(start_index=9, end_index=9), "in order"),
    (dict(end_index=61), "within the data of length 60"),
    (dict(format="arrow"), "format"),
    (dict(batch_size=0), "batch_size"),
]


@pytest.mark.parametrize("options, words", REFUSED)
def test_windows_that_cannot_be_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        windows(**options)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((3,), "must be iterable"),
        (([1, 2],), "item 0 is 1"),
        (([[1]], None, "int32", "left"), "padding must be one of"),
        (([[1]], None, "int32", "pre", "middle"), "truncating must be one of"),
        (([["a"]], None, "int32", "pre", "pre", "x"), "give dtype=object"),
        (([[[1, 2]], [[1]]],), "items of sequence 1 have shape"),
        (([[1]], -1), "maxlen"),
    ],
)
def test_sequences_that_cannot_be_padded_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        keras.utils.pad_sequences(*arguments)


def test_strings_are_padded_as_objects():
    rows = keras.utils.pad_sequences([["a", "b"], ["c"]], dtype=object, value="", padding="post")
    assert rows.tolist() == [["a", "b"], ["c", ""]]
