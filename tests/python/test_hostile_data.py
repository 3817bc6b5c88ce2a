"""Data that hold themselves, that do not fit, or that cannot be read: answered with the reason, in
errors of the promised family.
"""

import time

import numpy as np
import pytest
import tegula as tf
from tegula import errors, keras

X = np.random.RandomState(0).randn(8, 4).astype("float32")
Y = X[:, :1] * 2


def itself():
    data = {"a": 1}
    data["b"] = [data]
    return data


def deep(levels=100000):
    data = []
    for _ in range(levels):
        data = [data]
    return data


def drop(data):
    """Takes deep lists apart from the outside: Python's own way may need a deep stack."""
    while isinstance(data, list) and data:
        data = data.pop()


WALKS = {
    "serialize": keras.saving.serialize_keras_object,
    "deserialize": keras.saving.deserialize_keras_object,
    "an argument": lambda data: keras.layers.Dense(3, name=data),
    "a nested argument": lambda data: keras.initializers.Constant(data),
    "from_config": lambda data: keras.layers.Dense.from_config({"units": data}),
    "flatten": keras.tree.flatten,
    "flatten_with_path": keras.tree.flatten_with_path,
    "map_structure": lambda data: keras.tree.map_structure(str, data),
    "traverse": lambda data: keras.tree.traverse(lambda part: None, data),
    "lists_to_tuples": keras.tree.lists_to_tuples,
    "an attribute of a layer": lambda data: setattr(keras.layers.Dense(3), "extra", data),
    "fetches": lambda data: tf.Session(graph=tf.Graph()).run(data),
}


@pytest.mark.parametrize("walk", WALKS)
def test_data_that_hold_themselves_are_refused(walk):
    with pytest.raises(errors.Error):
        WALKS[walk](itself())


@pytest.mark.parametrize("walk", WALKS)
def test_data_of_any_depth_are_refused(walk):
    data = deep()
    try:
        with pytest.raises(errors.Error):
            WALKS[walk](data)
    finally:
        drop(data)


INTEGERS = ("int8", "uint8", "int32", "int64")
LARGE = (2**40, 300, -1, -(2**40), 2.0**40, float("inf"))
def fed(value, dtype):
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(dtype, None if np.ndim(value) == 0 else [None])
        return session.run(tf.identity(x), {x: value})


def evaluated(build):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(build())


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("given", ("int64", "float64", "float32"))
def test_what_an_integer_does_not_hold_is_refused_by_value_and_place(dtype, given):
    info = np.iinfo(dtype)
    for value in LARGE:
        if given == "int64" and value == float("inf"):
            continue
        array = np.array([1, value]).astype(given)
        if info.min <= array[1] <= info.max and array[1] == np.floor(array[1]):
            assert fed(array, dtype).tolist() == [1, value]
            continue
        with pytest.raises(ValueError, match=rf"at \[1\] does not fit {dtype}"):
            fed(array, dtype)


def assigned(value, dtype):
    variable = keras.Variable(np.zeros(np.shape(value)), dtype=dtype)
    variable.assign(value)
    return variable.numpy()


NARROWED = {
    "a new variable": lambda value, dtype: keras.Variable(value, dtype=dtype).numpy(),
    "assign": assigned,
    "feed": fed,
}


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("narrowed", NARROWED)
@pytest.mark.parametrize("given", ("int64", "float64", "float32"))
def test_variables_take_of_what_becomes_an_integer_only_what_it_holds(dtype, narrowed, given):
    info = np.iinfo(dtype)
    for value in (*LARGE, 1.5, float("nan"), 7):
        if given == "int64" and not float(value).is_integer():
            continue
        array = np.array([1, value]).astype(given)
        if info.min <= array[1] <= info.max and array[1] == np.floor(array[1]):
            assert NARROWED[narrowed](array, dtype).tolist() == [1, value]
            continue
        with pytest.raises(errors.Error, match="fit|fraction|float|cannot become"):
            NARROWED[narrowed](array, dtype)


@pytest.mark.parametrize("key", (1.5, 2**70, "1", None, float("nan"), True))
def test_keys_of_class_weights_are_integers(key):
    with pytest.raises(errors.Error, match="`class_weight` must"):
        trained().fit(X, Y, class_weight={key: 1.0}, verbose=0)


@pytest.mark.parametrize("weight", (float("nan"), float("inf"), 1e300, 10**400, "1", None))
def test_class_weights_are_numbers_that_float32_holds(weight):
    with pytest.raises(errors.Error, match="`class_weight` must"):
        trained().fit(X, Y, class_weight={0: weight}, verbose=0)


@pytest.mark.parametrize(
    "given", ([2**70] * 8, np.zeros(8, complex), np.zeros(8, "datetime64[s]"), ["1"] * 8)
)
def test_weights_are_real_numbers_of_64_bits(given):
    model = trained()
    kept = model.get_weights()
    with pytest.raises(errors.Error):
        model.fit(X, Y, sample_weight=given, verbose=0)
    with pytest.raises(errors.Error):
        model.set_weights([np.reshape(given[:4], (4, 1)), given[:1]])
    with pytest.raises(errors.Error):
        model.weights[0].assign(np.reshape(given[:4], (4, 1)))
    for before, after in zip(kept, model.get_weights()):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("dtype", ("int64", "float32", "float64"))
def test_labels_beyond_32_bits_are_refused(dtype):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    labels = np.array([0, 1, 2, 0, 1, 2**32 + (1 if "64" in dtype else 512), 0, 1], dtype)
    with pytest.raises(ValueError, match=r"label 42949\d+ in row 5"):
        model.fit(X, labels, verbose=0)


def test_labels_beyond_32_bits_are_no_class_of_losses_and_metrics():
    predictions = np.array([[0.1, 0.8, 0.1]], "float32")
    for labels in (np.array([2**32 + 1]), np.array([2.0**32 + 512], "float32")):
        accuracy = keras.metrics.SparseCategoricalAccuracy()
        accuracy.update_state(labels, predictions)
        assert float(accuracy.result()) == 0
        top = keras.metrics.SparseTopKCategoricalAccuracy(k=1)
        top.update_state(labels, predictions)
        assert float(top.result()) == 0
        with pytest.raises(errors.Error, match="is outside the 3 classes"):
            keras.losses.SparseCategoricalCrossentropy()(labels, predictions)


class Unreadable:
    def __array__(self, *args, **kwargs):
        raise RuntimeError("the sensor is off")


def trained():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


RAGGED = [[1.0, 2.0], [3.0]]
READS = {
    "fit": lambda data: trained().fit(data, Y, verbose=0),
    "targets": lambda data: trained().fit(X, data, verbose=0),
    "weights": lambda data: trained().fit(X, Y, sample_weight=data, verbose=0),
    "predict": lambda data: trained().predict(data),
    "predict_on_batch": lambda data: trained().predict_on_batch(data),
    "model": lambda data: trained()(data),
    "layer": lambda data: keras.layers.Dense(2)(data),
    "loss": lambda data: keras.losses.MeanSquaredError()(data, Y),
    "metric": lambda data: keras.metrics.MeanSquaredError().update_state(data, Y),
    "set_weights": lambda data: trained().set_weights([data, data]),
    "feed": lambda data: fed(data, "float32"),
    "constant": lambda data: evaluated(lambda: tf.constant(data)),
}


@pytest.mark.parametrize("read", READS)
def test_the_reason_why_an_array_cannot_be_had_is_told(read):
    with pytest.raises((ValueError, TypeError), match="inhomogeneous|[Rr]agged"):
        READS[read](RAGGED)
    with pytest.raises((RuntimeError, ValueError), match="the sensor is off"):
        READS[read](Unreadable())


TENSORS = {
    **{name: READS[name] for name in READS if name not in ("model", "layer", "loss", "constant")},
    "validation_data": lambda data: trained().fit(X, Y, validation_data=(data, data), verbose=0),
    "class_weight": lambda data: trained().fit(X, Y, class_weight={0: data}, verbose=0),
    "evaluate": lambda data: trained().evaluate(data, data, verbose=0),
    "train_on_batch": lambda data: trained().train_on_batch(data, data),
    "to_categorical": keras.utils.to_categorical,
    "a variable": keras.Variable,
    "assign": lambda data: keras.Variable(np.ones((4, 2))).assign(data),
    "an argument": lambda data: keras.layers.Dropout(data),
    "a number": lambda data: keras.optimizers.SGD(data),
    "epochs": lambda data: trained().fit(X, Y, epochs=data),
    "an attribute": lambda data: setattr(trained().optimizer, "learning_rate", data),
    "array": np.asarray,
    "float": float,
    "bool": bool,
    "list": list,
    "dlpack": tf.dlpack.to_dlpack,
}


@pytest.mark.parametrize("read", TENSORS)
def test_a_tensor_of_the_graph_where_values_are_needed_is_refused_within_the_family(read):
    with tf.Graph().as_default():
        with pytest.raises(errors.Error, match="tf.Tensor 'Const:0'"):
            TENSORS[read](tf.constant(X))


@pytest.mark.parametrize("text", ("\ud800", "a\udcff"))
@pytest.mark.parametrize(
    "call",
    [
        lambda text: keras.Sequential([keras.layers.Dense(1)], name=text),
        lambda text: keras.layers.Dense(3, name=text),
        lambda text: keras.layers.Dense(3, activation=text),
        lambda text: keras.layers.Dense(3).add_weight((1,), name=text),
        lambda text: keras.metrics.Mean(name=text),
        lambda text: keras.Variable(1.0, name=text),
        lambda text: keras.optimizers.get(text),
        lambda text: trained().compile("sgd", "mse", metrics=[text]),
        lambda text: trained().compile("sgd", text),
        lambda text: tf.placeholder(tf.float32, [2], name=text),
        lambda text: tf.placeholder(text, [2]),
        lambda text: tf.constant(1.0, name=text),
        lambda text: tf.get_default_graph().get_tensor_by_name(text + ":0"),
        lambda text: tf.get_default_graph().get_operation_by_name(text),
    ],
)
def test_text_without_a_utf8_form_is_refused(call, text):
    with tf.Graph().as_default(), pytest.raises(errors.Error, match="half a character"):
        call(text)


@pytest.mark.parametrize(
    "call",
    [
        lambda path: trained().save(path),
        lambda path: trained().save_weights(path),
        lambda path: trained().load_weights(path),
        keras.models.load_model,
    ],
)
def test_a_path_that_no_file_can_have_is_refused(tmp_path, call):
    with pytest.raises(errors.Error, match="half a character"):
        call(str(tmp_path / "a\ud800"))
    assert not list(tmp_path.iterdir())


def test_a_layer_that_would_be_part_of_itself_is_refused_and_stays_as_it_was():
    layer = keras.layers.Dense(3)
    for data in (layer, [layer], {"a": (layer,)}):
        with pytest.raises(errors.Error, match="part of itself"):
            layer.extra = data
    with pytest.raises(errors.Error, match="hold themselves"):
        layer.extra = itself()
    assert not hasattr(layer, "extra")
    assert keras.Sequential([layer])(X).shape == (8, 3)


def test_messages_are_short():
    name = "n" * 100000
    for call in (
        lambda: keras.losses.get(name),
        lambda: keras.layers.Dense(name),
        lambda: keras.layers.Dense(3, activation=name),
        lambda: trained().compile(name, "mse"),
        lambda: trained().compile("sgd", "mse", metrics=[name]),
        lambda: keras.optimizers.SGD(**{name: 1}),
        lambda: trained().fit(X, Y, epochs=name),
        lambda: trained().load_weights(name),
    ):
        with pytest.raises(Exception) as caught:
            call()
        assert len(str(caught.value)) < 2000, str(caught.value)[:200]


def seconds(call):
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def test_many_metrics_of_one_name_take_linear_time():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"] * 2000)
    assert seconds(lambda: model.evaluate(X, Y, verbose=0)) < 20
    assert model.metrics_names[-1] == "mae_1999"


@pytest.mark.parametrize("steps", (0, -1))
def test_numbers_of_steps_are_refused_by_name(steps):
    built = trained()
    for call, argument in (
        (lambda: built.fit(X, Y, steps_per_epoch=steps), "steps_per_epoch"),
        (lambda: built.fit(iter([(X, Y)]), steps_per_epoch=steps), "steps_per_epoch"),
        (lambda: built.fit(X, Y, validation_data=(X, Y), validation_steps=steps), "validation_steps"),
        (lambda: built.evaluate(X, Y, steps=steps), "steps"),
        (lambda: built.evaluate(iter([(X, Y)]), steps=steps), "steps"),
        (lambda: built.predict(X, steps=steps), "steps"),
    ):
        with pytest.raises(errors.Error, match=rf"`{argument}` must be >= 1, got {steps}"):
            call()
