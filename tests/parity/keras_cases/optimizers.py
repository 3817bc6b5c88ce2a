"""Optimizers with their options: weights and losses after a few epochs of a small smooth model."""

from parity_harness import CaseTable

from ._common import history_of, linear, mlp, normal, weights_of

CASES = CaseTable()

# Name of the case, class, arguments.
CONFIGURATIONS = [
    ("sgd_default", "SGD", {}),
    ("sgd_rate", "SGD", {"learning_rate": 0.2}),
    ("sgd_momentum", "SGD", {"learning_rate": 0.05, "momentum": 0.9}),
    ("sgd_nesterov", "SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}),
    ("sgd_weight_decay", "SGD", {"learning_rate": 0.1, "weight_decay": 0.05}),
    (
        "sgd_momentum_weight_decay",
        "SGD",
        {"learning_rate": 0.1, "momentum": 0.5, "weight_decay": 0.02},
    ),
    ("sgd_clipnorm", "SGD", {"learning_rate": 0.3, "clipnorm": 0.2}),
    ("sgd_clipvalue", "SGD", {"learning_rate": 0.3, "clipvalue": 0.05}),
    ("sgd_global_clipnorm", "SGD", {"learning_rate": 0.3, "global_clipnorm": 0.4}),
    ("sgd_clipnorm_inactive", "SGD", {"learning_rate": 0.1, "clipnorm": 1000.0}),
    ("sgd_accumulation", "SGD", {"learning_rate": 0.2, "gradient_accumulation_steps": 2}),
    (
        "sgd_accumulation_clip",
        "SGD",
        {"learning_rate": 0.3, "gradient_accumulation_steps": 3, "global_clipnorm": 0.3},
    ),
    (
        "sgd_accumulation_decay",
        "SGD",
        {"learning_rate": 0.1, "gradient_accumulation_steps": 4, "weight_decay": 0.1},
    ),
    ("sgd_ema", "SGD", {"learning_rate": 0.2, "use_ema": True, "ema_momentum": 0.8}),
    (
        "sgd_ema_overwrite",
        "SGD",
        {"learning_rate": 0.2, "use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 2},
    ),
    ("sgd_loss_scale", "SGD", {"learning_rate": 0.1, "loss_scale_factor": 8.0}),
    (
        "sgd_everything",
        "SGD",
        {
            "learning_rate": 0.1,
            "momentum": 0.8,
            "nesterov": True,
            "weight_decay": 0.01,
            "global_clipnorm": 0.5,
            "use_ema": True,
            "ema_momentum": 0.9,
            "gradient_accumulation_steps": 2,
        },
    ),
    ("rmsprop_default", "RMSprop", {}),
    ("rmsprop_rho", "RMSprop", {"learning_rate": 0.01, "rho": 0.7}),
    ("rmsprop_momentum", "RMSprop", {"learning_rate": 0.01, "momentum": 0.6}),
    ("rmsprop_centered", "RMSprop", {"learning_rate": 0.01, "centered": True, "epsilon": 1e-3}),
    (
        "rmsprop_centered_momentum",
        "RMSprop",
        {"learning_rate": 0.01, "centered": True, "momentum": 0.4, "epsilon": 1e-3},
    ),
    ("rmsprop_epsilon", "RMSprop", {"learning_rate": 0.01, "epsilon": 0.05}),
    (
        "rmsprop_weight_decay_clip",
        "RMSprop",
        {"learning_rate": 0.01, "weight_decay": 0.04, "clipvalue": 0.1},
    ),
    ("rmsprop_accumulation", "RMSprop", {"learning_rate": 0.02, "gradient_accumulation_steps": 2}),
    ("adagrad_default", "Adagrad", {}),
    ("adagrad_rate", "Adagrad", {"learning_rate": 0.1}),
    ("adagrad_accumulator", "Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.5}),
    ("adagrad_epsilon", "Adagrad", {"learning_rate": 0.1, "epsilon": 0.1}),
    (
        "adagrad_options",
        "Adagrad",
        {"learning_rate": 0.1, "weight_decay": 0.05, "clipnorm": 0.3, "use_ema": True},
    ),
    ("adam_default", "Adam", {}),
    ("adam_betas", "Adam", {"learning_rate": 0.02, "beta_1": 0.8, "beta_2": 0.95}),
    ("adam_epsilon", "Adam", {"learning_rate": 0.02, "epsilon": 0.01}),
    ("adam_amsgrad", "Adam", {"learning_rate": 0.05, "amsgrad": True, "beta_2": 0.6}),
    ("adam_weight_decay", "Adam", {"learning_rate": 0.02, "weight_decay": 0.1}),
    ("adam_clipnorm", "Adam", {"learning_rate": 0.02, "clipnorm": 0.1}),
    ("adam_clipvalue", "Adam", {"learning_rate": 0.02, "clipvalue": 0.05}),
    ("adam_global_clipnorm", "Adam", {"learning_rate": 0.02, "global_clipnorm": 0.2}),
    ("adam_accumulation", "Adam", {"learning_rate": 0.02, "gradient_accumulation_steps": 3}),
    ("adam_ema", "Adam", {"learning_rate": 0.02, "use_ema": True, "ema_momentum": 0.9}),
    ("adamw_default", "AdamW", {}),
    ("adamw_weight_decay", "AdamW", {"learning_rate": 0.02, "weight_decay": 0.2}),
    (
        "adamw_amsgrad",
        "AdamW",
        {"learning_rate": 0.02, "amsgrad": True, "weight_decay": 0.05, "beta_2": 0.7},
    ),
    (
        "adamw_accumulation_ema",
        "AdamW",
        {
            "learning_rate": 0.02,
            "gradient_accumulation_steps": 2,
            "use_ema": True,
            "ema_momentum": 0.6,
        },
    ),
]


def data():
    return normal(41, 20, 4), normal(42, 20, 2)


def train(keras, optimizer, epochs=3):
    """9 steps in batches of 8, 8 and 4."""
    model = mlp(keras, outputs=2, seed=17)
    model.compile(optimizer=optimizer, loss="mse")
    history = model.fit(*data(), epochs=epochs, batch_size=8, shuffle=False, verbose=0)
    return model, {**history_of(history), **weights_of(model)}


def option_case(name, arguments):
    def case(keras, np):
        return train(keras, getattr(keras.optimizers, name)(**arguments))[1]

    return case


for _case, _name, _arguments in CONFIGURATIONS:
    CASES.add(_case, option_case(_name, _arguments))


def string_case(name):
    def case(keras, np):
        return train(keras, name)[1]

    return case


for _name in (
    "sgd",
    "SGD",
    "rmsprop",
    "RMSprop",
    "adagrad",
    "Adagrad",
    "adam",
    "Adam",
    "adamw",
    "AdamW",
):
    CASES.add(f"string_{_name}", string_case(_name))


@CASES.case
def default_of_compile_is_rmsprop(keras, np):
    model = linear(keras)
    model.compile(loss="mse")
    model.train_on_batch(normal(11, 7, 4), normal(1, 7, 3))
    return weights_of(model)


@CASES.case
def positional_arguments(keras, np):
    results = {}
    for name, arguments in (
        ("SGD", (0.1, 0.9, True)),
        ("RMSprop", (0.01, 0.8, 0.5, 1e-5)),
        ("Adam", (0.01, 0.8, 0.9, 1e-4)),
        ("AdamW", (0.01, 0.3, 0.8, 0.9)),
        ("Adagrad", (0.1, 0.3, 1e-4)),
    ):
        trained = train(keras, getattr(keras.optimizers, name)(*arguments), epochs=1)[1]
        results.update({f"{name}/{key}": trained[key] for key in ("weight0", "weight1")})
    return results


@CASES.case
def iterations_count_steps(keras, np):
    model, _ = train(keras, keras.optimizers.Adam(0.01))
    accumulating, _ = train(keras, keras.optimizers.Adam(0.01, gradient_accumulation_steps=2))
    return {
        "plain": int(model.optimizer.iterations),
        "accumulating": int(accumulating.optimizer.iterations),
    }


@CASES.case
def learning_rate_can_be_set(keras, np):
    model, _ = train(keras, keras.optimizers.SGD(0.1, momentum=0.9), epochs=1)
    before = float(model.optimizer.learning_rate)
    model.optimizer.learning_rate = 0.02
    model.fit(*data(), epochs=1, batch_size=8, shuffle=False, verbose=0)
    return {"before": before, "after": float(model.optimizer.learning_rate), **weights_of(model)}


@CASES.case
def state_survives_between_fits(keras, np):
    model, _ = train(keras, keras.optimizers.Adam(0.05), epochs=1)
    model.fit(*data(), epochs=1, batch_size=8, shuffle=False, verbose=0)
    model.train_on_batch(*data())
    return weights_of(model)


@CASES.case
def accumulation_carries_over_epochs(keras, np):
    """3 batches an epoch, 2 to an update: the odd one waits for the next epoch."""
    model = mlp(keras, outputs=2, seed=17)
    model.compile(optimizer=keras.optimizers.SGD(0.2, gradient_accumulation_steps=2), loss="mse")
    results = {}
    for epoch in range(3):
        model.fit(*data(), batch_size=8, shuffle=False, verbose=0)
        results[f"epoch{epoch}"] = model.get_weights()[0]
    return results


@CASES.case
def frozen_layer_does_not_move(keras, np):
    model = mlp(keras, outputs=2, seed=17)
    model.layers[0].trainable = False
    model.compile(optimizer=keras.optimizers.Adam(0.05, weight_decay=0.1), loss="mse")
    model.fit(*data(), epochs=2, batch_size=8, shuffle=False, verbose=0)
    return {
        **weights_of(model),
        "trainable": len(model.trainable_weights),
        "all": len(model.weights),
    }


@CASES.case
def ema_without_fit_leaves_the_weights(keras, np):
    """train_on_batch does not copy the averages into the model; fit does at its end."""
    model = mlp(keras, outputs=2, seed=17)
    model.compile(optimizer=keras.optimizers.SGD(0.2, use_ema=True, ema_momentum=0.5), loss="mse")
    for _ in range(3):
        model.train_on_batch(*data())
    return weights_of(model)


@CASES.case
def configs(keras, np):
    results = {}
    for name, arguments in (
        ("SGD", {"momentum": 0.5}),
        ("RMSprop", {"rho": 0.8}),
        ("Adagrad", {}),
        ("Adam", {"amsgrad": True}),
        ("AdamW", {"weight_decay": 0.1}),
    ):
        config = getattr(keras.optimizers, name)(
            learning_rate=0.25, clipnorm=2.0, **arguments
        ).get_config()
        config.pop("name")
        results[f"{name}/keys"] = sorted(config)
        results[f"{name}/values"] = [f"{key}={config[key]}" for key in sorted(config)]
    return results


@CASES.case
def config_round_trip(keras, np):
    optimizer = keras.optimizers.Adam(
        0.03, beta_1=0.7, amsgrad=True, global_clipnorm=0.5, name="mine"
    )
    clone = keras.optimizers.Adam.from_config(optimizer.get_config())
    return {"name": clone.name, **train(keras, clone)[1]}


@CASES.case
def get_by_name(keras, np):
    optimizer = keras.optimizers.get("adam")
    return {
        "class": type(optimizer).__name__,
        "rate": float(optimizer.learning_rate),
        **train(keras, optimizer)[1],
    }
