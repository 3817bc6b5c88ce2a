"""Constraints: what they make of a weight, and training under them."""

from parity_harness import CaseTable

from ._common import history_of, linear, mlp, normal, weights_of

CASES = CaseTable()

CONSTRAINTS = {
    "max_norm": lambda keras: keras.constraints.MaxNorm(0.7),
    "max_norm_default": lambda keras: keras.constraints.MaxNorm(),
    "max_norm_rows": lambda keras: keras.constraints.MaxNorm(max_value=0.5, axis=1),
    "max_norm_axes": lambda keras: keras.constraints.MaxNorm(max_value=0.5, axis=[0, 1]),
    "non_neg": lambda keras: keras.constraints.NonNeg(),
    "unit_norm": lambda keras: keras.constraints.UnitNorm(),
    "unit_norm_rows": lambda keras: keras.constraints.UnitNorm(axis=1),
    "min_max_norm": lambda keras: keras.constraints.MinMaxNorm(0.8, 1.2),
    "min_max_norm_default": lambda keras: keras.constraints.MinMaxNorm(),
    "min_max_norm_rate": lambda keras: keras.constraints.MinMaxNorm(0.8, 1.2, rate=0.3, axis=1),
    "alias_max_norm": lambda keras: keras.constraints.max_norm(0.6),
    "alias_min_max_norm": lambda keras: keras.constraints.min_max_norm(0.1, 0.6),
    "alias_non_neg": lambda keras: keras.constraints.non_neg(),
    "alias_unit_norm": lambda keras: keras.constraints.unit_norm(),
    "string_max_norm": lambda keras: "max_norm",
    "string_MaxNorm": lambda keras: "MaxNorm",
    "string_non_neg": lambda keras: "non_neg",
    "string_unit_norm": lambda keras: "unit_norm",
    "string_min_max_norm": lambda keras: "min_max_norm",
}


def data():
    return normal(61, 9, 4), normal(62, 9, 3)


def value_case(make):
    def case(keras, np):
        constraint = keras.constraints.get(make(keras))
        return {
            "matrix": constraint(normal(63, 4, 3)),
            "zeros": constraint(np.zeros((4, 3), "float32")),
            "options": sorted(constraint.get_config()),
            "values": [float(np.sum(v)) for _, v in sorted(constraint.get_config().items())],
        }

    return case


def kernel_case(make):
    def case(keras, np):
        model = linear(keras, kernel_constraint=make(keras))
        model.compile(optimizer=keras.optimizers.Adam(0.1), loss="mse")
        history = model.fit(*data(), epochs=2, batch_size=4, shuffle=False, verbose=0)
        return {**history_of(history), **weights_of(model)}

    return case


for _name, _make in CONSTRAINTS.items():
    CASES.add(f"value_{_name}", value_case(_make))
    if not _name.startswith(("alias", "string_Max")):
        CASES.add(f"kernel_{_name}", kernel_case(_make))


@CASES.case
def kernel_and_bias_of_two_layers(keras, np):
    model = mlp(
        keras,
        outputs=3,
        kernel_constraint=keras.constraints.UnitNorm(),
        bias_constraint="non_neg",
    )
    model.compile(optimizer=keras.optimizers.SGD(0.3, momentum=0.5), loss="mse")
    history = model.fit(*data(), epochs=3, batch_size=4, shuffle=False, verbose=0)
    return {**history_of(history), **weights_of(model)}


OPTIONS = {
    "accumulation": {"gradient_accumulation_steps": 2},
    "averages": {"use_ema": True, "ema_momentum": 0.7},
    "averages_that_overwrite": {
        "use_ema": True,
        "ema_momentum": 0.7,
        "ema_overwrite_frequency": 2,
    },
    "decay": {"weight_decay": 0.2},
}


def option_case(options):
    def case(keras, np):
        rate = keras.constraints.MinMaxNorm(0.3, 0.6, rate=0.5)
        model = linear(keras, kernel_constraint=rate, bias_constraint="non_neg")
        model.compile(optimizer=keras.optimizers.SGD(0.3, **options), loss="mse")
        results = {}
        for step in range(4):
            model.train_on_batch(*data())
            results.update({f"{step}/{k}": v for k, v in weights_of(model).items()})
        history = model.fit(*data(), epochs=2, batch_size=4, shuffle=False, verbose=0)
        return {**results, **history_of(history), **weights_of(model)}

    return case


for _name, _options in OPTIONS.items():
    CASES.add(_name, option_case(_options))


@CASES.case
def a_function_and_a_class_of_the_users(keras, np):
    class Halved(keras.constraints.Constraint):
        def __call__(self, w):
            return w * 0.5

    model = linear(keras, kernel_constraint=Halved(), bias_constraint=lambda w: w * w)
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    losses = [model.train_on_batch(*data()) for _ in range(3)]
    return {"losses": losses, **weights_of(model)}


@CASES.case
def a_weight_of_a_users_layer(keras, np):
    class Scale(keras.layers.Layer):
        def build(self, input_shape):
            self.scale = self.add_weight(
                shape=(input_shape[-1],), initializer="ones", constraint="non_neg", name="scale"
            )

        def call(self, inputs):
            return inputs * self.scale

    model = keras.Sequential([keras.Input((4,)), Scale()])
    model.compile(optimizer=keras.optimizers.SGD(2.0), loss="mse")
    x, y = normal(64, 9, 4), normal(65, 9, 4)
    losses = [model.train_on_batch(x, y) for _ in range(3)]
    return {"losses": losses, **weights_of(model)}


@CASES.case
def a_frozen_layer_is_left_alone(keras, np):
    model = mlp(keras, outputs=3, kernel_constraint="unit_norm")
    model.layers[0].trainable = False
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    model.train_on_batch(*data())
    return weights_of(model)


@CASES.case
def weights_that_are_set_are_not_constrained(keras, np):
    model = linear(keras, kernel_constraint="non_neg")
    return {**weights_of(model), "output": model.predict(data()[0], verbose=0)}
