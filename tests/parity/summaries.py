"""Models and the options of their `summary`, for Keras and for Tegula.

    python tests/parity/summaries.py

records what real Keras prints: `fixtures/summaries.json`, which `tests/python/test_summary.py` reads.
Needs `keras`, as `record.py` does.
"""

import json
import os
import pathlib

FIXTURE = pathlib.Path(__file__).parent / "fixtures" / "summaries.json"


def stack(keras):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax", name="a_name_that_is_wider_than_its_column_and_is_cut"),
        ],
        name="stack",
    )


def branches(keras):
    layers = keras.layers
    image, words = keras.Input((8, 8, 3), name="image"), keras.Input((12,), name="words")
    seen = layers.Flatten(name="flat")(layers.Conv2D(4, 3, name="see")(image))
    read = layers.Dense(16, activation="relu", name="read")(words)
    both = layers.Concatenate(name="both")([seen, read])
    shared = layers.Dense(16, name="shared")
    return keras.Model(
        [image, words],
        [layers.Dense(1, name="score")(shared(both)), layers.Add(name="sum")([shared(both), read])],
        name="branches",
    )


def nested(keras):
    layers = keras.layers
    x = keras.Input((6,), name="features")
    body = keras.Model(x, layers.Dense(4, name="inner")(layers.Dense(5, name="outer")(x)), name="body")
    head = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="wide"), layers.Dense(2, name="narrow")],
                            name="head")
    y = keras.Input((6,), name="given")
    return keras.Model(y, head(body(y)), name="nested")


def nested_branches(keras):
    layers = keras.layers
    core = nested(keras)
    y = keras.Input((6,), name="y")
    return keras.Model(
        y, layers.Add(name="sum")([core(y), layers.Dense(2, name="beside")(y)]), name="around"
    )


def frozen(keras):
    model = nested(keras)
    model.get_layer("body").trainable = False
    return model


def trained(keras):
    import numpy as np

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="d")], name="trained")
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 3), "float32"), np.ones((4, 2), "float32"), verbose=0)
    return model


def unbuilt(keras):
    return keras.Sequential([keras.layers.Dense(2, name="d")], name="unbuilt")


CASES = {
    "stack": (stack, {}),
    "narrow stack": (stack, {"line_length": 60}),
    "positions": (stack, {"line_length": 100, "positions": [0.3, 0.6, 0.8]}),
    "range": (stack, {"layer_range": ["batch", "flatten"]}),
    "branches": (branches, {}),
    "wide branches": (branches, {"line_length": 130}),
    "trainable branches": (branches, {"show_trainable": True}),
    "nested": (nested, {}),
    "nested, expanded": (nested, {"expand_nested": True}),
    "nested with branches, expanded": (nested_branches, {"expand_nested": True}),
    "frozen": (frozen, {"show_trainable": True}),
    "frozen, expanded": (frozen, {"show_trainable": True, "expand_nested": True, "line_length": 90}),
    "trained": (trained, {}),
    "unbuilt": (unbuilt, {}),
}


def texts(keras):
    """What each case prints."""
    found = {}
    for name, (make, options) in CASES.items():
        keras.utils.clear_session()
        printed = []
        make(keras).summary(print_fn=printed.append, **options)
        found[name] = "".join(printed).splitlines()
    return found


def main():
    for name, value in {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "",
                        "KERAS_BACKEND": "tensorflow", "COLUMNS": "200"}.items():
        os.environ.setdefault(name, value)
    import keras

    document = {"keras": keras.__version__, "texts": texts(keras)}
    FIXTURE.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf8")
    print(f"wrote {FIXTURE}")


if __name__ == "__main__":
    main()
