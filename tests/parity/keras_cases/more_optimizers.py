"""The optimizers that Keras has beside the usual ones, with their options, and each with the options
that all optimizers share.
"""

from parity_harness import CaseTable

from ._common import mlp, normal, weights_of
from .optimizers import option_case, string_case, train

CASES = CaseTable()

# Class, and the arguments of its cases. ScheduleFreeAdamW: see below.
CONFIGURATIONS = {
    "Adadelta": [
        {},
        {"learning_rate": 1.0},
        {"learning_rate": 0.5, "rho": 0.7, "epsilon": 1e-3},
    ],
    "Adamax": [
        {},
        {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.9},
        {"learning_rate": 0.05, "epsilon": 0.01},
    ],
    "Nadam": [
        {},
        {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.9},
        {"learning_rate": 0.05, "epsilon": 0.01},
    ],
    "Ftrl": [
        {},
        {"learning_rate": 0.1, "learning_rate_power": -0.3},
        {"learning_rate": 0.1, "initial_accumulator_value": 0.5, "beta": 0.2},
        {"learning_rate": 0.2, "l1_regularization_strength": 0.02},
        {
            "learning_rate": 0.2,
            "l2_regularization_strength": 0.1,
            "l2_shrinkage_regularization_strength": 0.05,
        },
    ],
    "Lion": [{}, {"learning_rate": 0.02, "beta_1": 0.7, "beta_2": 0.8}],
    "Lamb": [
        {},
        {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.9},
        {"learning_rate": 0.05, "epsilon": 0.01},
    ],
    "Adafactor": [
        {},
        {"learning_rate": 0.5, "beta_2_decay": -0.5},
        {"learning_rate": 0.05, "relative_step": False, "clip_threshold": 0.5},
        {"learning_rate": 0.05, "epsilon_1": 1e-3, "epsilon_2": 0.8},
    ],
    "Muon": [
        {},
        {"learning_rate": 0.05, "momentum": 0.8, "nesterov": False},
        {"learning_rate": 0.05, "ns_steps": 2, "rms_rate": None, "adam_lr_ratio": 0.5},
        {"learning_rate": 0.05, "muon_a": 2.0, "muon_b": -1.5, "muon_c": 0.5},
        {"learning_rate": 0.05, "weight_decay": 0.3, "adam_weight_decay": 0.1},
        {"learning_rate": 0.05, "weight_decay": None, "adam_weight_decay": None},
        {"learning_rate": 0.05, "adam_beta_1": 0.7, "adam_beta_2": 0.8, "epsilon": 0.01},
        {"learning_rate": 0.05, "exclude_layers": ["dense.*kernel"]},
    ],
}
# Those that all optimizers take.
SHARED = {
    "clipnorm": {"clipnorm": 0.2},
    "clipvalue": {"clipvalue": 0.05},
    "global_clipnorm": {"global_clipnorm": 0.3},
    "weight_decay": {"weight_decay": 0.1},
    "accumulation": {"gradient_accumulation_steps": 2},
    "ema": {"use_ema": True, "ema_momentum": 0.8},
    "ema_overwrite": {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 2},
    "loss_scale": {"loss_scale_factor": 8.0},
    "everything": {
        "global_clipnorm": 0.5,
        "weight_decay": 0.02,
        "use_ema": True,
        "ema_momentum": 0.9,
        "gradient_accumulation_steps": 2,
    },
}

for _name, _cases in CONFIGURATIONS.items():
    for _number, _arguments in enumerate(_cases):
        CASES.add(f"{_name}_{_number}", option_case(_name, _arguments))
    for _option, _arguments in SHARED.items():
        CASES.add(
            f"{_name}_{_option}", option_case(_name, {"learning_rate": 0.05, **_arguments})
        )
    if _name != "Lamb":  # which Keras does not know by name
        CASES.add(f"string_{_name}", string_case(_name))
        CASES.add(f"string_{_name.lower()}", string_case(_name.lower()))


@CASES.case
def positional_arguments(keras, np):
    results = {}
    for name, arguments in (
        ("Adadelta", (0.5, 0.7, 1e-3)),
        ("Adamax", (0.05, 0.8, 0.9, 0.01)),
        ("Nadam", (0.05, 0.8, 0.9, 0.01)),
        ("Ftrl", (0.1, -0.4, 0.3, 0.01, 0.02, 0.03, 0.1)),
        ("Lion", (0.02, 0.8, 0.9)),
        ("Lamb", (0.05, 0.8, 0.9, 0.01)),
        ("Adafactor", (0.5, -0.6, 1e-4, 0.2, 0.5, False)),
        ("Muon", (0.05, 0.8, 0.9, 0.1, 0.01, 0.2)),
    ):
        trained = train(keras, getattr(keras.optimizers, name)(*arguments), epochs=1)[1]
        results.update({f"{name}/{key}": trained[key] for key in ("weight0", "weight1")})
    return results


@CASES.case
def with_a_schedule(keras, np):
    results = {}
    for name in CONFIGURATIONS:
        decay = keras.optimizers.schedules.ExponentialDecay(0.05, 3, 0.5)
        trained = train(keras, getattr(keras.optimizers, name)(decay), epochs=2)[1]
        results.update({f"{name}/{key}": trained[key] for key in ("weight0", "weight1")})
    return results


@CASES.case
def configs_and_the_shapes_of_the_state(keras, np):
    results = {}
    for name in CONFIGURATIONS:
        model, _ = train(keras, getattr(keras.optimizers, name)(learning_rate=0.25), epochs=1)
        config = model.optimizer.get_config()
        config.pop("name")
        results[f"{name}/values"] = [f"{k}={float(v) if isinstance(v, int) else v}"
                                     for k, v in sorted(config.items())]
        results[f"{name}/state"] = [str(tuple(v.shape)) for v in model.optimizer.variables]
    return results


@CASES.case
def state_continues_after_another_fit(keras, np):
    results = {}
    for name in CONFIGURATIONS:
        model, _ = train(keras, getattr(keras.optimizers, name)(0.05), epochs=1)
        for _ in range(2):
            model.train_on_batch(normal(41, 20, 4), normal(42, 20, 2))
        results.update({f"{name}/{key}": value for key, value in weights_of(model).items()})
    return results


@CASES.case
def schedule_free_adamw_in_its_first_step(keras, np):
    """Later ones are those of its paper here: on TensorFlow, Keras uses z after the update where the
    one before is meant.
    """
    results = {}
    for number, arguments in enumerate(
        [{}, {"learning_rate": 0.1, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 0.01},
         {"learning_rate": 0.1, "warmup_steps": 4}, {"learning_rate": 0.1, "clipnorm": 0.1}]
    ):
        model = mlp(keras, outputs=2, seed=17)
        optimizer = keras.optimizers.ScheduleFreeAdamW(**arguments)
        model.compile(optimizer=optimizer, loss="mse")
        if keras.__name__ == "keras":
            optimizer.build(model.trainable_variables)  # within a step, z would start as zeros
        model.train_on_batch(normal(41, 20, 4), normal(42, 20, 2))
        config = optimizer.get_config()
        config.pop("name")
        results[f"{number}/config"] = [f"{k}={v}" for k, v in sorted(config.items())]
        results.update({f"{number}/{k}": v for k, v in weights_of(model).items()})
    return results
