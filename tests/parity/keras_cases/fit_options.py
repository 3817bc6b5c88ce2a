"""Options of fit, evaluate, predict and the *_on_batch methods."""

from parity_harness import CaseTable

from ._common import (
    builtin_error,
    classes,
    history_of,
    linear,
    logs_of,
    mlp,
    normal,
    one_hot,
    uniform,
    weights_of,
)

CASES = CaseTable()

ROWS = 13


def regression():
    return normal(61, ROWS, 4), normal(62, ROWS, 2)


def classification():
    return normal(61, ROWS, 4), classes(63, ROWS, 3)


def compiled(keras, metrics=("mae",), **compile_arguments):
    model = mlp(keras, outputs=2, seed=27)
    model.compile(
        optimizer=keras.optimizers.SGD(0.1, momentum=0.5),
        loss="mse",
        metrics=list(metrics),
        **compile_arguments,
    )
    return model


def classifier(keras, optimizer=None, **arguments):
    model = mlp(keras, outputs=3, output_activation="softmax", seed=27)
    model.compile(
        optimizer=optimizer or keras.optimizers.SGD(0.2),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **arguments,
    )
    return model


def fit_case(**arguments):
    """fit with these arguments on the regression data: curves and weights."""

    def case(keras, np):
        model = compiled(keras)
        history = model.fit(*regression(), shuffle=False, verbose=0, **arguments)
        return {**history_of(history), **weights_of(model)}

    return case


for _name, _arguments in {
    "one_epoch_default_batch": {},
    "batch_1": {"batch_size": 1},
    "batch_5_leaves_3": {"batch_size": 5, "epochs": 3},
    "batch_13": {"batch_size": 13, "epochs": 2},
    "batch_larger_than_data": {"batch_size": 100, "epochs": 2},
    "initial_epoch": {"batch_size": 5, "initial_epoch": 2, "epochs": 5},
    "steps_per_epoch": {"batch_size": 4, "steps_per_epoch": 2, "epochs": 2},
    "steps_per_epoch_all": {"batch_size": 5, "steps_per_epoch": 3, "epochs": 2},
    "validation_split": {"batch_size": 4, "validation_split": 0.3, "epochs": 2},
    "validation_split_half": {"batch_size": 4, "validation_split": 0.5},
    "sample_weight": {"batch_size": 4, "epochs": 2, "sample_weight": uniform(64, ROWS)},
    "sample_weight_with_zeros": {
        "batch_size": 4,
        "epochs": 2,
        "sample_weight": classes(65, ROWS, 2).astype("float32"),
    },
    "sample_weight_column": {"batch_size": 4, "sample_weight": uniform(64, ROWS, 1)},
    "sample_weight_and_split": {
        "batch_size": 4,
        "epochs": 2,
        "sample_weight": uniform(64, ROWS),
        "validation_split": 0.25,
    },
    "validation_data": {
        "batch_size": 4,
        "epochs": 2,
        "validation_data": (normal(66, 6, 4), normal(67, 6, 2)),
    },
    "validation_data_weighted": {
        "batch_size": 4,
        "validation_data": (normal(66, 6, 4), normal(67, 6, 2), uniform(68, 6)),
    },
    "validation_batch_size": {
        "batch_size": 4,
        "validation_batch_size": 5,
        "validation_data": (normal(66, 6, 4), normal(67, 6, 2)),
    },
    "validation_steps": {
        "batch_size": 2,
        "validation_steps": 2,
        "validation_data": (normal(66, 6, 4), normal(67, 6, 2)),
    },
    "validation_freq": {
        "batch_size": 4,
        "epochs": 4,
        "validation_freq": 2,
        "validation_data": (normal(66, 6, 4), normal(67, 6, 2)),
    },
    "validation_freq_list": {
        "batch_size": 4,
        "epochs": 4,
        "validation_freq": [1, 4],
        "validation_data": (normal(66, 6, 4), normal(67, 6, 2)),
    },
    "validation_data_beats_split": {
        "batch_size": 4,
        "validation_split": 0.5,
        "validation_data": (normal(66, 6, 4), normal(67, 6, 2)),
    },
}.items():
    CASES.add(_name, fit_case(**_arguments))


def class_weight_case(labels, loss, weight):
    def case(keras, np):
        model = mlp(keras, outputs=3, output_activation="softmax", seed=27)
        model.compile(
            optimizer=keras.optimizers.SGD(0.2),
            loss=loss,
            metrics=["accuracy"],
            weighted_metrics=[loss],
        )
        history = model.fit(
            normal(61, ROWS, 4),
            labels,
            class_weight=weight,
            epochs=2,
            batch_size=5,
            shuffle=False,
            verbose=0,
        )
        return {**history_of(history), **weights_of(model)}

    return case


CASES.add(
    "class_weight_sparse",
    class_weight_case(
        classes(63, ROWS, 3), "sparse_categorical_crossentropy", {0: 0.5, 1: 2.0, 2: 1.5}
    ),
)
CASES.add(
    "class_weight_missing_class_is_one",
    class_weight_case(classes(63, ROWS, 3), "sparse_categorical_crossentropy", {1: 3.0}),
)
CASES.add(
    "class_weight_one_hot",
    class_weight_case(
        one_hot(classes(63, ROWS, 3), 3), "categorical_crossentropy", {0: 0.5, 1: 2.0, 2: 1.5}
    ),
)
CASES.add(
    "class_weight_column",
    class_weight_case(
        classes(63, ROWS, 3).reshape(ROWS, 1),
        "sparse_categorical_crossentropy",
        {0: 0.5, 1: 2.0, 2: 1.5},
    ),
)


@CASES.case
def class_weight_leaves_validation_alone(keras, np):
    model = classifier(keras)
    history = model.fit(
        *classification(),
        class_weight={0: 3.0},
        validation_split=0.4,
        batch_size=4,
        shuffle=False,
        verbose=0,
    )
    return {**history_of(history), **weights_of(model)}


@CASES.case
def class_weight_binary(keras, np):
    model = mlp(keras, outputs=1, output_activation="sigmoid")
    model.compile(optimizer="sgd", loss="binary_crossentropy", metrics=["accuracy"])
    labels = classes(63, ROWS, 2)
    history = model.fit(
        normal(61, ROWS, 4),
        labels,
        class_weight={0: 1.0, 1: 4.0},
        epochs=2,
        batch_size=4,
        shuffle=False,
        verbose=0,
    )
    return {**history_of(history), **weights_of(model)}


@CASES.case
def shuffled_full_batch_equals_unshuffled(keras, np):
    """One batch holds all rows: the order only changes rounding."""
    model = compiled(keras)
    history = model.fit(*regression(), batch_size=ROWS, epochs=2, shuffle=True, verbose=0)
    return {**history_of(history), **weights_of(model)}


@CASES.case
def sparse_classifier_three_epochs(keras, np):
    model = classifier(keras, optimizer=keras.optimizers.Adam(0.05))
    history = model.fit(
        *classification(), epochs=3, batch_size=4, shuffle=False, verbose=0, validation_split=0.3
    )
    return {**history_of(history), **weights_of(model)}


@CASES.case
def two_fits_continue(keras, np):
    model = compiled(keras)
    first = model.fit(*regression(), epochs=2, batch_size=4, shuffle=False, verbose=0)
    second = model.fit(*regression(), epochs=1, batch_size=4, shuffle=False, verbose=0)
    return {
        "first": first.history["loss"],
        "second": second.history["loss"],
        "epochs": second.epoch,
        **weights_of(model),
    }


@CASES.case
def history_params(keras, np):
    history = compiled(keras).fit(*regression(), epochs=2, batch_size=4, shuffle=False, verbose=0)
    return {"params": [f"{key}={history.params[key]}" for key in ("verbose", "epochs", "steps")]}


@CASES.case
def loss_weights(keras, np):
    model = mlp(keras, outputs=2, kernel_regularizer="l2")
    model.compile(optimizer="sgd", loss="mse", loss_weights=0.25)
    return {"losses": [model.train_on_batch(*regression()) for _ in range(2)], **weights_of(model)}


@CASES.case
def recompile_keeps_weights_and_drops_state(keras, np):
    model = compiled(keras)
    model.fit(*regression(), batch_size=4, shuffle=False, verbose=0)
    model.compile(optimizer=keras.optimizers.SGD(0.01), loss="mae")
    history = model.fit(*regression(), batch_size=4, shuffle=False, verbose=0)
    return {**history_of(history), **weights_of(model)}


@CASES.case
def lists_and_float64_inputs(keras, np):
    """Python lists and float64 arrays are taken as float32."""
    x, y = regression()
    model = compiled(keras)
    history = model.fit(
        x.astype(np.float64), y.astype(np.float64), batch_size=4, shuffle=False, verbose=0
    )
    return {
        **history_of(history),
        "dtype": model.predict(x.astype(np.float64), verbose=0).dtype.name,
        **weights_of(model),
    }


@CASES.case
def integer_inputs(keras, np):
    x = (np.arange(ROWS * 4).reshape(ROWS, 4) % 5).astype(np.int32)
    model = compiled(keras)
    history = model.fit(x, regression()[1], batch_size=4, shuffle=False, verbose=0)
    return {**history_of(history), **weights_of(model)}


@CASES.case
def flat_targets(keras, np):
    """(N,) targets for one output, as users write them."""
    model = mlp(keras, outputs=1)
    model.compile(optimizer="sgd", loss="mse", metrics=["mae"])
    history = model.fit(
        regression()[0], regression()[1][:, 0], batch_size=4, epochs=2, shuffle=False, verbose=0
    )
    return {**history_of(history), **weights_of(model)}


@CASES.case
def train_on_batch(keras, np):
    model = compiled(keras)
    x, y = regression()
    return {
        "list": model.train_on_batch(x, y),
        "weighted": model.train_on_batch(x, y, sample_weight=uniform(64, ROWS)),
        **logs_of(model.train_on_batch(x[:4], y[:4], return_dict=True)),
        **weights_of(model),
    }


@CASES.case
def train_on_batch_class_weight(keras, np):
    model = classifier(keras)
    return {
        "list": model.train_on_batch(*classification(), class_weight={0: 2.0, 2: 0.5}),
        **weights_of(model),
    }


@CASES.case
def test_on_batch(keras, np):
    model = compiled(keras)
    x, y = regression()
    return {
        "list": model.test_on_batch(x, y),
        "weighted": model.test_on_batch(x, y, sample_weight=uniform(64, ROWS)),
        **logs_of(model.test_on_batch(x[:4], y[:4], return_dict=True)),
    }


@CASES.case
def evaluate_options(keras, np):
    model = compiled(keras)
    x, y = regression()
    return {
        "batch_5": model.evaluate(x, y, batch_size=5, verbose=0),
        "steps": model.evaluate(x, y, batch_size=5, steps=2, verbose=0),
        "weighted": model.evaluate(x, y, sample_weight=uniform(64, ROWS), batch_size=5, verbose=0),
        **logs_of(model.evaluate(x, y, return_dict=True, verbose=0)),
    }


@CASES.case
def predict_options(keras, np):
    model = compiled(keras)
    x = regression()[0]
    return {
        "default": model.predict(x, verbose=0),
        "batch_5": model.predict(x, batch_size=5, verbose=0),
        "steps": model.predict(x, batch_size=5, steps=2, verbose=0),
        "one": model.predict(x[:1], verbose=0),
        "on_batch": model.predict_on_batch(x[:3]),
        "call": model(x[:2]),
    }


@CASES.case
def dropout_is_inactive_outside_training(keras, np):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.5), keras.layers.Dense(2)])
    model.set_weights([normal(7, 4, 2), normal(8, 2)])
    model.compile(loss="mse")
    x, y = regression()
    return {
        "predict": model.predict(x, verbose=0),
        "evaluate": model.evaluate(x, y, verbose=0),
        "call": model(x, training=False),
    }


@CASES.case
def dropout_rate_zero_trains_like_none(keras, np):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.0), keras.layers.Dense(2)])
    model.set_weights([normal(7, 4, 2), normal(8, 2)])
    model.compile(optimizer="sgd", loss="mse")
    history = model.fit(*regression(), epochs=2, batch_size=4, shuffle=False, verbose=0)
    return {**history_of(history), **weights_of(model)}


@CASES.case
def dropout_scales_what_it_keeps(keras, np):
    """Inverted dropout on ones: outputs are 0 or 1 / (1 - rate), about the right share of each."""
    y = np.asarray(keras.layers.Dropout(0.25, seed=1)(np.ones((50, 80), np.float32), training=True))
    kept = y[y != 0]
    return {
        "kept_value": kept[:5],
        "only_two_values": bool(np.isclose(kept, 4.0 / 3.0, rtol=1e-6).all()),
        "share": bool(abs((y == 0).mean() - 0.25) < 0.03),
    }


@CASES.case
def errors(keras, np):
    x, y = regression()
    model = compiled(keras)
    uncompiled = linear(keras)
    return {
        "uncompiled": builtin_error(lambda: uncompiled.fit(x, y, verbose=0)),
        "cardinality": builtin_error(lambda: model.fit(x, y[:5], verbose=0)),
        "features": builtin_error(lambda: model.fit(x[:, :2], y, verbose=0)),
        "two_weightings": builtin_error(
            lambda: model.fit(x, y, sample_weight=np.ones(ROWS), class_weight={0: 1.0}, verbose=0)
        ),
        "split_too_large": builtin_error(lambda: model.fit(x, y, validation_split=0.99, verbose=0)),
        "loss": builtin_error(lambda: keras.losses.get("nonsense")),
        "metric": builtin_error(lambda: keras.metrics.get("nonsense")),
        "optimizer": builtin_error(lambda: keras.optimizers.get("nonsense")),
        "activation": builtin_error(lambda: keras.layers.Dense(2, activation="nonsense")),
        "regularizer": builtin_error(lambda: keras.regularizers.get("nonsense")),
        "units": builtin_error(lambda: keras.layers.Dense(0)),
        "rate": builtin_error(lambda: keras.layers.Dropout(1.5)),
        "keyword": builtin_error(lambda: keras.layers.Dense(2, nonsense=1)),
        "two_clips": builtin_error(lambda: keras.optimizers.SGD(clipnorm=1.0, clipvalue=1.0)),
        "integer_rate": builtin_error(lambda: keras.optimizers.SGD(1)),
        "accumulation": builtin_error(lambda: keras.optimizers.SGD(gradient_accumulation_steps=1)),
        "reduction": builtin_error(lambda: keras.losses.MeanSquaredError(reduction="average")),
        "threshold": builtin_error(lambda: keras.metrics.Precision(thresholds=1.5)),
        "weights_count": builtin_error(lambda: model.set_weights([x])),
        "weights_shape": builtin_error(lambda: model.set_weights([x, x, x, x])),
        "not_a_layer": builtin_error(lambda: keras.Sequential([3])),
        "same_name": builtin_error(
            lambda: keras.Sequential(
                [keras.layers.Dense(1, name="a"), keras.layers.Dense(1, name="a")]
            )
        ),
        "decay_steps": builtin_error(
            lambda: keras.optimizers.schedules.ExponentialDecay(0.1, 0, 0.5)
        ),
    }
