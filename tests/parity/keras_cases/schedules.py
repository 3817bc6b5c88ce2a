"""Learning-rate schedules: the curve, and training under it."""

from parity_harness import CaseTable

from .optimizers import train

CASES = CaseTable()

# Name of the case, class, arguments.
CONFIGURATIONS = [
    (
        "exponential",
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.7},
    ),
    (
        "exponential_staircase",
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.7, "staircase": True},
    ),
    (
        "inverse_time",
        "InverseTimeDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5},
    ),
    (
        "inverse_time_staircase",
        "InverseTimeDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5, "staircase": True},
    ),
    ("piecewise", "PiecewiseConstantDecay", {"boundaries": [2, 5], "values": [0.1, 0.05, 0.01]}),
    ("polynomial", "PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 6}),
    (
        "polynomial_power",
        "PolynomialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 6, "end_learning_rate": 0.02, "power": 2.0},
    ),
    (
        "polynomial_cycle",
        "PolynomialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 4, "end_learning_rate": 0.01, "cycle": True},
    ),
    ("cosine", "CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 7}),
    ("cosine_alpha", "CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "alpha": 0.2}),
    (
        "cosine_warmup",
        "CosineDecay",
        {"initial_learning_rate": 0.01, "decay_steps": 6, "warmup_target": 0.1, "warmup_steps": 3},
    ),
    (
        "cosine_restarts",
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 4},
    ),
    (
        "cosine_restarts_options",
        "CosineDecayRestarts",
        {
            "initial_learning_rate": 0.1,
            "first_decay_steps": 3,
            "t_mul": 1.5,
            "m_mul": 0.8,
            "alpha": 0.1,
        },
    ),
]


def curve_case(name, arguments):
    def case(keras, np):
        schedule = getattr(keras.optimizers.schedules, name)(**arguments)
        return {"rates": np.array([float(schedule(step)) for step in range(11)])}

    return case


def training_case(name, arguments):
    def case(keras, np):
        schedule = getattr(keras.optimizers.schedules, name)(**arguments)
        model, results = train(keras, keras.optimizers.SGD(schedule))
        return {**results, "rate": float(model.optimizer.learning_rate)}

    return case


for _case, _name, _arguments in CONFIGURATIONS:
    CASES.add(f"curve_{_case}", curve_case(_name, _arguments))
    CASES.add(f"train_{_case}", training_case(_name, _arguments))


@CASES.case
def adam_with_schedule(keras, np):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.05, 3, 0.5)
    return train(keras, keras.optimizers.Adam(schedule, weight_decay=0.1))[1]


@CASES.case
def schedule_with_accumulation_follows_the_calls(keras, np):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.2, 3, 0.5)
    return train(keras, keras.optimizers.SGD(schedule, gradient_accumulation_steps=2))[1]


@CASES.case
def config_round_trip(keras, np):
    results = {}
    for case, name, arguments in CONFIGURATIONS:
        cls = getattr(keras.optimizers.schedules, name)
        config = cls(**arguments).get_config()
        results[f"{case}/keys"] = sorted(config)
        results[f"{case}/rate"] = float(cls.from_config(config)(5))
    return results
