"""Regularizers: their values, their share of the loss, and their gradient."""

from parity_harness import CaseTable

from ._common import history_of, linear, mlp, normal, weights_of

CASES = CaseTable()

REGULARIZERS = {
    "l1": lambda keras: keras.regularizers.L1(0.02),
    "l1_default": lambda keras: keras.regularizers.L1(),
    "l2": lambda keras: keras.regularizers.L2(0.03),
    "l2_default": lambda keras: keras.regularizers.L2(),
    "l1l2": lambda keras: keras.regularizers.L1L2(l1=0.01, l2=0.02),
    "orthogonal_rows": lambda keras: keras.regularizers.OrthogonalRegularizer(0.05, mode="rows"),
    "orthogonal_columns": lambda keras: keras.regularizers.OrthogonalRegularizer(
        0.05, mode="columns"
    ),
    "alias_l1": lambda keras: keras.regularizers.l1(0.02),
    "alias_l2": lambda keras: keras.regularizers.l2(0.03),
    "alias_l1_l2": lambda keras: keras.regularizers.l1_l2(0.01, 0.02),
    "string_l1": lambda keras: "l1",
    "string_l2": lambda keras: "l2",
}


def data():
    return normal(51, 9, 4), normal(52, 9, 3)


def value_case(make):
    def case(keras, np):
        return {"value": keras.regularizers.get(make(keras))(normal(53, 4, 3))}

    return case


def kernel_case(make):
    def case(keras, np):
        model = linear(keras, kernel_regularizer=make(keras))
        model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse", metrics=["mse"])
        history = model.fit(*data(), epochs=2, batch_size=4, shuffle=False, verbose=0)
        return {
            **history_of(history),
            **weights_of(model),
            "evaluated": model.evaluate(*data(), verbose=0),
        }

    return case


for _name, _make in REGULARIZERS.items():
    if _name != "orthogonal_columns":  # of arrays, Keras normalizes the wrong axis
        CASES.add(f"value_{_name}", value_case(_make))
for _name in ("l1", "l2", "l1l2", "string_l2", "orthogonal_rows", "orthogonal_columns"):
    CASES.add(f"kernel_{_name}", kernel_case(REGULARIZERS[_name]))


@CASES.case
def bias(keras, np):
    model = linear(keras, bias_regularizer=keras.regularizers.L2(0.2))
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    return {"losses": [model.train_on_batch(*data()) for _ in range(2)], **weights_of(model)}


@CASES.case
def activity(keras, np):
    """The penalty on a layer's outputs is divided by the batch size."""
    model = mlp(keras, outputs=3, activity_regularizer=keras.regularizers.L2(0.1))
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    history = model.fit(*data(), epochs=2, batch_size=4, shuffle=False, verbose=0)
    return {**history_of(history), **weights_of(model)}


@CASES.case
def activity_l1(keras, np):
    model = linear(keras, activity_regularizer=keras.regularizers.L1(0.1))
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    return {"losses": [model.train_on_batch(*data()) for _ in range(2)], **weights_of(model)}


@CASES.case
def all_three_in_two_layers(keras, np):
    model = mlp(
        keras,
        outputs=3,
        kernel_regularizer="l2",
        bias_regularizer="l1",
        activity_regularizer=keras.regularizers.L1L2(0.01, 0.02),
    )
    model.compile(optimizer=keras.optimizers.Adam(0.05), loss="mae")
    history = model.fit(
        *data(), epochs=2, batch_size=4, shuffle=False, verbose=0, validation_data=data()
    )
    return {**history_of(history), **weights_of(model)}


@CASES.case
def weights_do_not_scale_the_penalty(keras, np):
    model = linear(keras, kernel_regularizer=keras.regularizers.L2(0.3))
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    weights = np.linspace(0.0, 1.0, 9).astype(np.float32)
    return {"loss": model.train_on_batch(*data(), sample_weight=weights), **weights_of(model)}


@CASES.case
def frozen_layer_is_not_penalised(keras, np):
    model = mlp(keras, outputs=3, kernel_regularizer=keras.regularizers.L2(0.3))
    model.layers[0].trainable = False
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    return {"loss": model.train_on_batch(*data()), **weights_of(model)}


@CASES.case
def configs(keras, np):
    return {
        "l1": keras.regularizers.L1(0.25).get_config()["l1"],
        "l2": keras.regularizers.L2(0.5).get_config()["l2"],
        "l1l2": sorted(
            f"{k}={v}" for k, v in keras.regularizers.L1L2(0.125, 0.5).get_config().items()
        ),
    }
