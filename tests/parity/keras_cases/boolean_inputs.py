"""Boolean arrays as what models take."""

from parity_harness import CaseTable

from ._common import history_of, normal, set_seeded_weights, weights_of

CASES = CaseTable()

ROWS = 12


def answers(np):
    return normal(81, ROWS, 4) > 0


def first_layers(layers):
    return {
        "dense": [layers.Dense(3, activation="tanh")],
        "embedding": [layers.Embedding(2, 3), layers.Flatten()],
        "batch_normalization": [layers.BatchNormalization(momentum=0.5, epsilon=0.1)],
        "rescaling": [layers.Rescaling(2.0, -1.0)],
        "flatten": [layers.Reshape((2, 2)), layers.Flatten()],
    }


def fitted(name, dtype):
    def case(keras, np):
        layers = keras.layers
        model = keras.Sequential(
            [keras.Input((4,), dtype=dtype), *first_layers(layers)[name], layers.Dense(2)]
        )
        set_seeded_weights(model, scale=0.3)
        model.compile(keras.optimizers.SGD(0.05), "mse", metrics=["mae"])
        x, y = answers(np), normal(82, ROWS, 2)
        history = model.fit(x, y, epochs=2, batch_size=5, shuffle=False, verbose=0)
        return {
            **history_of(history),
            **weights_of(model),
            "evaluated": np.array(model.evaluate(x, y, verbose=0)),
            "predicted": model.predict(x, verbose=0),
        }

    return case


# LayerNormalization is left out: Keras casts its result back to bool.
for _name in ("dense", "embedding", "batch_normalization", "rescaling", "flatten"):
    CASES.add(f"{_name} bool", fitted(_name, "bool"))
for _dtype in ("float32", "int32"):
    CASES.add(f"dense {_dtype}", fitted("dense", _dtype))


@CASES.case
def gates(keras, np):
    """A boolean input beside one of numbers."""
    layers = keras.layers
    x, open_ = keras.Input((4,)), keras.Input((4,), dtype="bool")
    gated = layers.Multiply()([x, open_])
    model = keras.Model([x, open_], [gated, layers.Concatenate()([open_, x])])
    product, both = model.predict([normal(83, ROWS, 4), answers(np)], verbose=0)
    return {"product": product, "both": both}


@CASES.case
def integers(keras, np):
    """Integers beside numbers."""
    layers = keras.layers
    x, counts = keras.Input((4,)), keras.Input((4,), dtype="int32")
    model = keras.Model([counts, x], [layers.Add()([counts, x]), layers.Concatenate()([x, counts])])
    whole = np.round(normal(84, ROWS, 4)).astype("int32")
    total, both = model.predict([whole, normal(83, ROWS, 4)], verbose=0)
    return {"total": total, "both": both}
