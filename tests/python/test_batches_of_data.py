"""What fit, evaluate and predict take for data: arrays of any dtype, and everything that gives
batches. Values and behaviour are those of Keras 3.15 unless the test says otherwise.
"""

import itertools
import signal
import threading
import time
import warnings

import numpy as np
import pytest
from tegula import errors, keras

RANDOM = np.random.RandomState(3)
X = RANDOM.randn(12, 4).astype("float32")
Y = RANDOM.randn(12, 1).astype("float32")


def model():
    keras.utils.set_random_seed(1)
    built = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, name="out")])
    built.compile("sgd", "mse", metrics=["mae"])
    return built


def batches(count=3):
    return [(X[4 * i : 4 * i + 4], Y[4 * i : 4 * i + 4]) for i in range(count)]


class Data(keras.utils.PyDataset):
    def __init__(self, **options):
        super().__init__(**options)
        self.calls = []

    def __len__(self):
        return 3

    def __getitem__(self, index):
        self.calls.append(index)
        return batches()[index]

    def on_epoch_begin(self):
        self.calls.append("(")

    def on_epoch_end(self):
        self.calls.append(")")


class Indexed:
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return batches()[index]  # raises nothing beyond the end that iteration would notice


class Iterable:
    def __len__(self):
        return 3

    def __iter__(self):
        return iter(batches())


SOURCES = {
    "list": batches,
    "lists in a list": lambda: [list(batch) for batch in batches()],
    "PyDataset": Data,
    "PyDataset with workers": lambda: Data(workers=3, max_queue_size=2),
    "object with __len__ and __getitem__": Indexed,
    "iterable": Iterable,
}


def trained(*data, **options):
    built = model()
    history = built.fit(*data, epochs=2, verbose=0, shuffle=False, **options).history
    return built.get_weights(), history


@pytest.mark.parametrize("source", SOURCES)
def test_batches_train_to_the_bits_of_their_arrays(source):
    weights, history = trained(X, Y, batch_size=4)
    of_batches, history_of_batches = trained(SOURCES[source]())
    for a, b in zip(weights, of_batches):
        np.testing.assert_array_equal(a, b)
    assert history == history_of_batches


@pytest.mark.parametrize("source", SOURCES)
def test_batches_validate_evaluate_and_predict_as_their_arrays(source):
    built = model()
    expected = built.evaluate(X, Y, batch_size=4, verbose=0)
    assert built.evaluate(SOURCES[source](), verbose=0) == expected
    predicted = built.predict(X)
    if source != "lists in a list":
        np.testing.assert_array_equal(built.predict(SOURCES[source]()), predicted)
    a = model().fit(X, Y, validation_data=(X, Y), validation_batch_size=4, verbose=0)
    b = model().fit(X, Y, validation_data=SOURCES[source](), verbose=0)
    assert a.history["val_loss"] == b.history["val_loss"]


def test_sequence_is_the_earlier_name():
    assert keras.utils.Sequence is keras.utils.PyDataset


def test_generators_train_with_steps():
    weights, history = trained(X, Y, batch_size=4)
    for endless in (itertools.cycle(batches()), (batch for batch in itertools.cycle(batches()))):
        of_batches, history_of_batches = trained(endless, steps_per_epoch=3)
        np.testing.assert_array_equal(weights[0], of_batches[0])
        assert history == history_of_batches


def test_an_endless_generator_validates_with_steps():
    history = model().fit(
        X, Y, epochs=2, verbose=0, validation_data=itertools.cycle(batches()), validation_steps=3
    ).history
    assert len(history["val_loss"]) == 2


class Endless(keras.utils.PyDataset):
    num_batches = None

    def __getitem__(self, index):
        return batches()[index % 3]


@pytest.mark.parametrize(
    ("run", "argument"),
    [
        (lambda m, data: m.fit(data, verbose=0), "steps_per_epoch"),
        (lambda m, data: m.fit(X, Y, validation_data=data, verbose=0), "validation_steps"),
        (lambda m, data: m.evaluate(data, verbose=0), "steps"),
        (lambda m, data: m.predict(data), "steps"),
    ],
)
def test_what_is_known_never_to_end_needs_steps(run, argument):
    for data in (itertools.cycle(batches()), itertools.repeat(batches()[0]), Endless()):
        with pytest.raises(ValueError, match=f"never end: give `{argument}`"):
            run(model(), data)


class Unsized:
    def __iter__(self):
        return iter(batches())


@pytest.mark.parametrize("source", [Unsized, lambda: iter(batches()), lambda: (b for b in batches()),
                                    lambda: itertools.chain(batches())])
def test_what_has_no_length_is_read_to_its_end(source):
    built = model()
    expected = built.evaluate(X, Y, batch_size=4, verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert built.evaluate(source(), verbose=0) == expected
        np.testing.assert_array_equal(built.predict(source()), built.predict(X))
        of_source = model().fit(source(), validation_data=source(), verbose=0).history
    of_arrays = model().fit(
        X, Y, batch_size=4, shuffle=False, validation_data=(X, Y), validation_batch_size=4, verbose=0
    ).history
    assert of_source == of_arrays


def test_epochs_of_what_has_no_length():
    weights, history = trained(X, Y, batch_size=4)
    of_batches, history_of_batches = trained(Unsized())
    np.testing.assert_array_equal(weights[0], of_batches[0])
    assert history == history_of_batches
    with pytest.warns(UserWarning, match="ran out of data"):
        assert len(model().fit(iter(batches()), epochs=3, verbose=0).epoch) == 1


def test_callbacks_hear_of_an_unknown_number_of_steps():
    class Steps(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen.append(self.params["steps"])

        def on_train_batch_end(self, batch, logs=None):
            seen.append(batch)

    seen = []
    model().fit(iter(batches()), verbose=0, callbacks=[Steps()])
    assert seen == [None, 0, 1, 2]


def test_the_progress_of_an_unknown_number_of_steps(capsys):
    model().fit(iter(batches()), validation_data=iter(batches()), verbose=2)
    assert "\n3/3 " in capsys.readouterr().out
    model().fit((time.sleep(0.15) or batch for batch in batches()), verbose=1)
    shown = capsys.readouterr().out
    assert "2/Unknown " in shown and "\r3/3 ━" in shown


def test_an_interrupt_ends_a_run_without_an_end():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main = threading.main_thread().ident
    timer = threading.Timer(0.3, lambda: signal.pthread_kill(main, signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        model().fit(map(tuple, itertools.cycle(batches())), verbose=0)
    timer.join()


def test_an_endless_dataset_runs_with_steps():
    assert len(model().fit(Endless(), steps_per_epoch=5, epochs=2, verbose=0).epoch) == 2
    assert model().predict(Endless(), steps=5).shape == (20, 1)


def test_data_that_end_early_are_told():
    with pytest.warns(UserWarning, match="ran out of data"):
        history = model().fit(iter(batches()), steps_per_epoch=2, epochs=5, verbose=0)
    assert len(history.epoch) == 2  # of two batches and of one
    with pytest.warns(UserWarning, match="ran out of data"):
        model().fit(X, Y, batch_size=4, steps_per_epoch=7, verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model().fit(X, Y, batch_size=4, steps_per_epoch=3, epochs=2, verbose=0)
        with pytest.raises(UserWarning, match="ran out of data"):
            model().fit(X, Y, batch_size=4, steps_per_epoch=7, verbose=0)


def test_a_dataset_hears_of_epochs():
    data = Data()
    model().fit(data, epochs=2, verbose=0, shuffle=False)
    # The first batch builds the model before the first epoch.
    assert data.calls == [0, "(", 0, 1, 2, ")", "(", 0, 1, 2, ")"]


def test_shuffle_changes_the_order_of_a_datasets_batches():
    class Many(Data):
        def __len__(self):
            return 50

        def __getitem__(self, index):
            self.calls.append(index)
            return batches(1)[0]

    data = Many()
    model().fit(data, verbose=0)
    visited = [call for call in data.calls[data.calls.index("(") :] if isinstance(call, int)]
    assert sorted(visited) == list(range(50)) and visited != list(range(50))


def test_a_generator_that_raises_leaves_fit():
    def failing():
        yield batches()[0]
        raise KeyError("mine")

    built = model()
    with pytest.raises(KeyError, match="mine"):
        built.fit(failing(), steps_per_epoch=3, verbose=0)
    assert built.predict(X).shape == (12, 1)


def test_batches_with_weights_and_class_weights():
    weights = np.arange(12, dtype="float32")
    labels = (Y > 0).astype("int32")
    listed = [(X[:6], Y[:6], weights[:6]), (X[6:], Y[6:], weights[6:])]
    a, _ = trained(X, Y, batch_size=6, sample_weight=weights)
    b, _ = trained(listed)
    np.testing.assert_array_equal(a[0], b[0])
    a, _ = trained(X, labels, batch_size=6, class_weight={0: 1.0, 1: 3.0})
    b, _ = trained([(X[:6], labels[:6]), (X[6:], labels[6:])], class_weight={0.0: 1.0, 1.0: 3.0})
    np.testing.assert_array_equal(a[0], b[0])


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda m: m.fit(iter(batches()), Y, steps_per_epoch=1), "must come with the batches"),
        (lambda m: m.fit(batches(), sample_weight=np.ones(12)), "must come with the batches"),
        (lambda m: m.fit(Data(), validation_split=0.5), "only for arrays"),
        (lambda m: m.fit([(X,)]), "there are no targets"),
        (lambda m: m.fit([(X, Y, Y, Y)]), "got 4 parts"),
        (lambda m: m.fit([]), "source of batches has none|is needed|has none"),
        (lambda m: m.fit(X), "both x and y are needed"),
        (lambda m: m.fit([X, X], Y), "one input and one output"),
        (lambda m: m.fit({"a": X}, Y), "several inputs"),
        (lambda m: m.predict({"a": X}), "several inputs"),
        (lambda m: keras.utils.PyDataset(use_multiprocessing=True), "not supported"),
        (lambda m: m.fit([(X, Y), (X[:, :2], Y)]), r"\(None, 4\).*\(12, 2\)"),
    ],
)
def test_what_cannot_be_data_is_refused(run, message):
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        run(model())
    assert isinstance(caught.value, errors.Error)


@pytest.mark.parametrize(
    "dtype",
    "int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 float32 float64 bool".split(),
)
def test_arrays_of_every_number_dtype(dtype):
    x = (RANDOM.rand(8, 4) * 2).astype(dtype)
    y = (RANDOM.rand(8, 1) * 2).astype(dtype)
    weight = np.ones(8, dtype)
    a = model()
    b = model()
    history = a.fit(x, y, sample_weight=weight, verbose=0).history
    floats = [part.astype("float32") for part in (x, y, weight)]
    assert history == b.fit(*floats[:2], sample_weight=floats[2], verbose=0).history
    np.testing.assert_array_equal(a.predict(x), b.predict(floats[0]))
    np.testing.assert_array_equal(a.predict_on_batch(x), b.predict_on_batch(floats[0]))
    assert a.evaluate(x, y, verbose=0) == b.evaluate(*floats[:2], verbose=0)


def test_large_uint64_values_become_floats():
    built = model()
    x = np.full((2, 4), 2**63 + 2**62, np.uint64)
    np.testing.assert_array_equal(built.predict(x), built.predict(x.astype("float32")))


@pytest.mark.parametrize("dtype", "int16 uint16 uint32 uint64 bool".split())
def test_labels_of_every_integer_dtype(dtype):
    built = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])
    built.compile("sgd", "sparse_categorical_crossentropy")
    y = (Y[:, 0] > 0).astype(dtype)
    assert built.evaluate(X, y, verbose=0) == built.evaluate(X, y.astype("int32"), verbose=0)


def test_lists_of_one_array_are_that_array():
    a, b = model(), model()
    expected = a.fit(X, Y, verbose=0).history
    assert b.fit([X], [Y], verbose=0).history == expected
    np.testing.assert_array_equal(b.predict([X]), a.predict(X))
    assert b.evaluate([X], [Y], verbose=0) == a.evaluate(X, Y, verbose=0)


def test_label_errors_name_row_and_line():
    built = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    built.compile("sgd", "sparse_categorical_crossentropy")
    labels = np.zeros(12, "int64")
    labels[7] = 3
    with pytest.raises(ValueError, match="label 3 in row 7 is outside the 3 classes") as caught:
        built.fit(X, labels, batch_size=2, verbose=0)
    assert f"fit called at: {__file__}:" in str(caught.value)
    with pytest.raises(ValueError, match="use CategoricalCrossentropy"):
        built.fit(X, np.eye(3)[labels % 3], verbose=0)
    with pytest.raises(ValueError, match=r"\(None, 4\).*\(12, 3\)") as caught:
        built.predict(X[:, :3])
    assert f"predict called at: {__file__}:" in str(caught.value)
