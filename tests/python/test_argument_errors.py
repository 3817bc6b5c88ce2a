"""Arguments of wrong types and values: every public call of the layer API answers with an error of
the promised family, in words about the argument and never in those of the binding behind it.
"""

import inspect
import warnings

import numpy as np
import pytest
from tegula import errors, keras

X = np.random.RandomState(0).randn(8, 4).astype("float32")
Y = X[:, :1] * 2

# What the binding or Python's internals say, which means nothing to users.
FOREIGN = (
    "incompatible function arguments", "incompatible constructor arguments", "Unable to cast",
    "Invoked with", "pybind", "NoneType' object", "KeyError", "object is not subscriptable",
    "has no attribute '_core'", "object is not iterable", "unhashable",
)
WRONG = {
    "text": "nonsense", "a fraction": 2.5, "a negative": -7, "nothing": None, "a dict": {"a": object()},
    "an object": object(), "a list": ["a", None], "NaN": float("nan"), "an array of text":
    np.array(["a"]), "a complex": 1j, "a class": int, "a huge integer": 10**30,
}


def model():
    built = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, name="out")])
    built.compile("sgd", "mse")
    return built


def check(call, *, where):
    """Runs it; an error must be of the family, or a built-in that Keras promises, in plain words."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call()
    except Exception as error:  # noqa: BLE001: the kinds are what is tested
        text = str(error)
        assert isinstance(error, (errors.Error, ValueError, TypeError, NotImplementedError)), (
            f"{where}: {type(error).__name__}: {text}"
        )
        for phrase in FOREIGN:
            assert phrase not in text, f"{where}: {text}"


def options_of(function):
    return [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        and name not in ("self", "kwargs")
    ]


METHODS = {
    "fit": {"x": X, "y": Y, "verbose": 0},
    "evaluate": {"x": X, "y": Y, "verbose": 0},
    "predict": {"x": X},
    "train_on_batch": {"x": X, "y": Y},
    "test_on_batch": {"x": X, "y": Y},
    "predict_on_batch": {"x": X},
    "compile": {"optimizer": "sgd", "loss": "mse"},
    "set_weights": {"weights": [np.zeros((4, 1)), np.zeros(1)]},
    "get_layer": {"name": "out"},
    "build": {"input_shape": (None, 4)},
    "summary": {},
    "explain": {},
    "add": {"layer": None},
}


@pytest.mark.parametrize("method", METHODS)
def test_arguments_of_models(method):
    given = METHODS[method]
    for option in options_of(getattr(keras.Sequential, method)):
        if option in ("line_length", "positions", "print_fn"):
            continue
        for what, wrong in WRONG.items():
            built = model()
            arguments = {**given, option: wrong}
            check(
                lambda: getattr(built, method)(**arguments),
                where=f"{method}({option}={what})",
            )


def classes(module):
    for name in dir(module):
        item = getattr(module, name)
        if inspect.isclass(item) and getattr(item, "_entry", None) is not None:
            yield item


# Arguments that a class needs.
NEEDED = {
    "units": 3, "rate": 0.5, "target_shape": (2, 2), "dims": (1, 2), "n": 2, "shape": (4,),
    "activation": "relu", "filepath": "path", "filename": "path", "backup_dir": "path",
    "initial_learning_rate": 0.1,
    "decay_steps": 10, "decay_rate": 0.5, "boundaries": [1], "values": [1.0, 0.5],
    "first_decay_steps": 10, "num_classes": 2, "target_class_ids": [0], "k": 2, "recall": 0.5,
    "precision": 0.5, "specificity": 0.5, "sensitivity": 0.5, "stddev": 0.5, "filters": 2,
    "kernel_size": 3, "pool_size": 2, "axes": 1, "input_dim": 4, "output_dim": 2,
    "equation": "ab,bc->ac", "output_shape": 3, "output_size": 2, "height": 2, "width": 2,
    "num_heads": 2, "key_dim": 3, "head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2,
    "factor": 1, "height_factor": 0.5, "width_factor": 0.5,
}
MODULES = (
    "callbacks", "initializers", "layers", "losses", "metrics", "optimizers", "regularizers",
    "optimizers.schedules",
)


@pytest.mark.parametrize("module", MODULES)
def test_arguments_of_classes(module):
    found = keras
    for part in module.split("."):
        found = getattr(found, part)
    for cls in classes(found):
        names = options_of(cls)
        needed = {name: NEEDED[name] for name in names if name in NEEDED}
        for option in names:
            for what, wrong in WRONG.items():
                arguments = {**needed, option: wrong}
                check(lambda: cls(**arguments), where=f"{cls.__name__}({option}={what})")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.fit(X, Y, epochs="3"), "`epochs` must be an integer, got '3' of type str"),
        (lambda m: m.fit(X, Y, epochs=2.5), "`epochs` must be an integer, got 2.5"),
        (lambda m: m.fit(X, Y, epochs=-1), "`epochs` must be >= 0, got -1"),
        (lambda m: m.fit(X, Y, batch_size=0), "`batch_size` must be >= 1, got 0"),
        (lambda m: m.fit(X, Y, steps_per_epoch=0), "`steps_per_epoch` must be >= 1, got 0"),
        (lambda m: m.fit(X, Y, validation_steps=-1), "`validation_steps` must be >= 1, got -1"),
        (lambda m: m.evaluate(X, Y, steps=-1), "`steps` must be >= 1, got -1"),
        (lambda m: m.predict(X, steps=-1), "`steps` must be >= 1, got -1"),
        (lambda m: m.fit(X, Y, class_weight="balanced"), "must be a dict {class: weight}"),
        (lambda m: m.fit(X, Y, class_weight={"a": 1}), "`class_weight` must be an integer"),
        (lambda m: m.fit(X, Y, verbose=7), '`verbose` must be "auto", 0, 1 or 2, got 7'),
        (lambda m: m.fit(X, Y, shuffle="batch"), "`shuffle` must be True or False"),
        (lambda m: m.compile("adam", "mse", ["mae"]), "give metrics as `metrics=...`"),
        (lambda m: m.compile("adam", ["mse", "mae"]), "`loss` has 2 entries"),
        (lambda m: m.compile("adam", {"other": "mse"}), "speaks of the output 'other'"),
        (lambda m: m.compile("adam", "mse", steps_per_execution=0), "must be >= 1, got 0"),
    ],
)
def test_messages_speak_of_the_argument(call, message):
    with pytest.raises(errors.Error) as caught:
        call(model())
    assert message in str(caught.value)


def test_floats_without_a_fraction_are_integers():
    built = model()
    assert len(built.fit(X, Y, epochs=2.0, batch_size=4.0, verbose=0).epoch) == 2
    assert len(built.fit(X, Y, epochs=np.float32(3), initial_epoch=np.int64(1), verbose=0).epoch) == 2


def test_dicts_and_lists_speak_of_the_one_output():
    plain = model()
    plain.compile("sgd", "mse", loss_weights=0.5, metrics=["mae", "mse"])
    expected = plain.evaluate(X, Y, verbose=0, return_dict=True)
    for options in (
        {"loss": {"out": "mse"}, "loss_weights": {"out": 0.5}, "metrics": {"out": ["mae", "mse"]}},
        {"loss": ["mse"], "loss_weights": [0.5], "metrics": [["mae", "mse"]]},
        {"loss": "mse", "loss_weights": {"any": 0.5}, "metrics": {"a": "mae", "b": "mse"}},
    ):
        other = model()
        other.set_weights(plain.get_weights())
        other.compile("sgd", **options)
        assert other.evaluate(X, Y, verbose=0, return_dict=True) == expected


def test_positional_loss_weights_are_keras_s():
    built = model()
    built.compile("sgd", "mse", [0.5])
    half = built.evaluate(X, Y, verbose=0)
    built.compile("sgd", "mse")
    assert half == pytest.approx(built.evaluate(X, Y, verbose=0) / 2)


ONE_HOT = np.eye(2, dtype="float32")[[0, 1, 1]]
CALLS = {
    "losses": lambda made, wrong: [
        lambda: made(wrong, ONE_HOT), lambda: made(ONE_HOT, wrong),
        lambda: made(ONE_HOT, ONE_HOT, sample_weight=wrong),
    ],
    "metrics": lambda made, wrong: [
        lambda: made.update_state(wrong, ONE_HOT), lambda: made.update_state(ONE_HOT, wrong),
        lambda: made.update_state(ONE_HOT, ONE_HOT, sample_weight=wrong),
    ],
    "optimizers": lambda made, wrong: [lambda: setattr(made, "learning_rate", wrong)],
    "optimizers.schedules": lambda made, wrong: [lambda: made(wrong)],
    "initializers": lambda made, wrong: [lambda: made(wrong), lambda: made((2, 2), wrong)],
    "regularizers": lambda made, wrong: [lambda: made(wrong)],
    "layers": lambda made, wrong: [lambda: made(wrong), lambda: made.set_weights(wrong)],
}


@pytest.mark.parametrize("module", CALLS)
def test_arguments_of_calls(module):
    found = keras
    for part in module.split("."):
        found = getattr(found, part)
    for cls in classes(found):
        needed = {name: NEEDED[name] for name in options_of(cls) if name in NEEDED}
        if cls.__name__ == "Rescaling":
            needed["scale"] = 0.5
        made = cls(**needed)
        for what, wrong in WRONG.items():
            for i, call in enumerate(CALLS[module](made, wrong)):
                check(call, where=f"{cls.__name__}: call {i} with {what}")


def test_an_error_of_index_is_the_users():
    class Broken:
        def __index__(self):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        keras.layers.Reshape([Broken()])
