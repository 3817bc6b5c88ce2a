"""Errors of layers, losses and metrics speak of shapes and dtypes as Keras does, name the object and
the user's line, and no line of the library: for each class, inputs that do not fit.
"""

import inspect
import itertools
import re

import numpy as np
import pytest
import tegula
from tegula import keras
from test_argument_errors import NEEDED

INTERNAL = re.compile(
    r"\b[fiu](8|16|32|64)\b|\bbool\[|\[\?|\[\d+(,\d+)*\]|\.cpp:|object has no attribute"
    r"|incompatible function|unsupported operand|NoneType|list index"
)
# They are made of a layer or function of the user's.
MADE_OF_OTHERS = {"Lambda", "TimeDistributed", "Wrapper", "InputLayer"}


def classes(module):
    for name in dir(module):
        item = getattr(module, name)
        if inspect.isclass(item) and getattr(item, "_entry", None) and name not in MADE_OF_OTHERS:
            yield item


def made(cls):
    needed = {name: NEEDED[name] for name in cls._entry["required"]}
    if cls.__name__ in ("IoU", "OneHotIoU"):
        needed["target_class_ids"] = [0]
    return cls(**needed)


def complaint(run):
    try:
        run()
    except Exception as error:  # any class: the message counts
        return str(error)
    return ""


@pytest.mark.parametrize("cls", classes(keras.layers), ids=lambda cls: cls.__name__)
def test_layers(cls):
    for rank, size, dtype in itertools.product(range(7), (1, 3), ("float32", "int32", "bool")):
        shape = ((2,) + (size,) * (rank - 1))[:rank]
        x = np.ones(shape, dtype)
        for run in (
            lambda: made(cls)(x),
            lambda: made(cls)(keras.Input(shape[1:], dtype=dtype)),
            lambda: made(cls)([x, x[..., :1] if rank else x]),
            lambda: made(cls).build(shape),
            lambda: made(cls).compute_output_shape(shape),
        ):
            assert not INTERNAL.search(complaint(run)), complaint(run)


SHAPES = [(), (4,), (4, 1), (4, 3), (3, 4), (4, 3, 2), (4, 1, 1)]
WEIGHTS = [(), (4,), (4, 1), (5,), (4, 3), (4, 3, 1)]


def pairs():
    for y, p in itertools.product(SHAPES, SHAPES):
        yield y, p, None
    for y, weight in itertools.product(SHAPES, WEIGHTS):
        yield y, y, weight


@pytest.mark.parametrize("cls", classes(keras.losses), ids=lambda cls: cls.__name__)
def test_losses(cls):
    check(lambda: made(cls))


@pytest.mark.parametrize("cls", classes(keras.metrics), ids=lambda cls: cls.__name__)
def test_metrics(cls):
    check(lambda: made(cls).update_state)


def check(make):
    for (y, p, weight), dtype in itertools.product(pairs(), ("float32", "int32")):
        given = {} if weight is None else {"sample_weight": np.ones(weight, "float32")}

        def run():
            make()(np.ones(y, dtype), np.full(p, 0.5, "float32"), **given)

        assert not INTERNAL.search(complaint(run)), complaint(run)


def test_errors_of_running_steps():
    class Custom(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)

    classifier = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    classifier.compile("sgd", Custom())
    table = keras.Sequential([keras.Input((4,), dtype="int32"), keras.layers.Embedding(3, 2)])
    cases = [
        (lambda: classifier.fit(np.zeros((8, 4), "f"), np.full(8, 5), verbose=0), "label 5", "(8, 3)"),
        (lambda: table.predict(np.full((2, 4), 7, "int32")), "index 7", "(3, 2)"),
    ]
    for run, problem, shape in cases:
        with pytest.raises(tegula.errors.Error) as caught:
            run()
        text = str(caught.value)
        assert problem in text and shape in text and f"called at: {__file__}:" in text
        assert not re.search(INTERNAL, text), text
