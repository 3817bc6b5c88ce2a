"""Initializers without randomness, by value; random ones by what does not depend on the generator:
bounds and shape.
"""

from parity_harness import CaseTable

from ._common import builtin_error

CASES = CaseTable()

EXACT = {
    "zeros": lambda keras: keras.initializers.Zeros(),
    "ones": lambda keras: keras.initializers.Ones(),
    "constant": lambda keras: keras.initializers.Constant(1.25),
    "constant_default": lambda keras: keras.initializers.Constant(),
    "identity": lambda keras: keras.initializers.Identity(),
    "identity_gain": lambda keras: keras.initializers.Identity(gain=0.5),
    "string_zeros": lambda keras: keras.initializers.get("zeros"),
    "string_Ones": lambda keras: keras.initializers.get("Ones"),
    "string_identity": lambda keras: keras.initializers.get("identity"),
    "alias_constant": lambda keras: keras.initializers.constant(-0.75),
}

# Case, maker, shape, bound that every sample must respect (2 standard deviations for truncated
# normals), formula of the paper.
BOUNDED = {
    "glorot_uniform": (
        lambda keras: keras.initializers.GlorotUniform(seed=3),
        lambda i, o: (6.0 / (i + o)) ** 0.5,
    ),
    "he_uniform": (
        lambda keras: keras.initializers.HeUniform(seed=3),
        lambda i, o: (6.0 / i) ** 0.5,
    ),
    "lecun_uniform": (
        lambda keras: keras.initializers.LecunUniform(seed=3),
        lambda i, o: (3.0 / i) ** 0.5,
    ),
    "glorot_normal": (
        lambda keras: keras.initializers.GlorotNormal(seed=3),
        lambda i, o: 2 / 0.87962566 * (2.0 / (i + o)) ** 0.5,
    ),
    "he_normal": (
        lambda keras: keras.initializers.HeNormal(seed=3),
        lambda i, o: 2 / 0.87962566 * (2.0 / i) ** 0.5,
    ),
    "lecun_normal": (
        lambda keras: keras.initializers.LecunNormal(seed=3),
        lambda i, o: 2 / 0.87962566 * (1.0 / i) ** 0.5,
    ),
    "random_uniform": (
        lambda keras: keras.initializers.RandomUniform(-0.2, 0.3, seed=3),
        lambda i, o: 0.3,
    ),
    "truncated_normal": (
        lambda keras: keras.initializers.TruncatedNormal(0.0, 0.1, seed=3),
        lambda i, o: 0.2,
    ),
    "variance_scaling": (
        lambda keras: keras.initializers.VarianceScaling(2.0, "fan_out", "uniform", seed=3),
        lambda i, o: (6.0 / o) ** 0.5,
    ),
}


def value_case(make):
    def case(keras, np):
        return {"value": make(keras)((3, 4))}

    return case


def bounded_case(make, bound):
    def case(keras, np):
        values = np.asarray(make(keras)((40, 60)))
        limit = bound(40, 60)
        return {
            "within": bool((np.abs(values) <= limit * 1.00001).all()),
            "fills": bool(np.abs(values).max() > 0.97 * limit),
            "centred": bool(abs(values.mean()) < 0.2 * limit),
            "shape": values.shape,
        }

    return case


for _name, _make in EXACT.items():
    CASES.add(_name, value_case(_make))
for _name, (_make, _bound) in BOUNDED.items():
    CASES.add(f"bounds_{_name}", bounded_case(_make, _bound))


@CASES.case
def random_normal_moments(keras, np):
    values = np.asarray(keras.initializers.RandomNormal(1.0, 0.5, seed=3)((100, 100)))
    return {
        "mean": bool(abs(values.mean() - 1.0) < 0.03),
        "deviation": bool(abs(values.std() - 0.5) < 0.03),
    }


@CASES.case
def orthogonal_is_orthogonal(keras, np):
    results = {}
    for name, shape in (("square", (5, 5)), ("tall", (6, 4)), ("wide", (4, 6))):
        q = np.asarray(keras.initializers.Orthogonal(gain=2.0, seed=3)(shape)).astype(np.float64)
        gram = q.T @ q if shape[0] >= shape[1] else q @ q.T
        results[name] = gram.round(4) + 0.0
    return results


@CASES.case
def same_seed_same_values(keras, np):
    first = np.asarray(keras.initializers.GlorotUniform(seed=5)((4, 4)))
    return {
        "same": bool((first == np.asarray(keras.initializers.GlorotUniform(seed=5)((4, 4)))).all()),
        "different": bool(
            (first == np.asarray(keras.initializers.GlorotUniform(seed=6)((4, 4)))).all()
        ),
    }


@CASES.case
def in_dense(keras, np):
    layer = keras.layers.Dense(
        3, kernel_initializer=keras.initializers.Constant(0.25), bias_initializer="ones"
    )
    model = keras.Sequential([keras.Input((2,)), layer])
    kernel, bias = model.get_weights()
    default = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)]).get_weights()
    return {
        "kernel": kernel,
        "bias": bias,
        "default_bias": default[1],
        "default_shape": default[0].shape,
    }


@CASES.case
def configs(keras, np):
    config = keras.initializers.VarianceScaling(2.0, "fan_avg", "normal", seed=4).get_config()
    return {
        "scaling": [config["mode"], config["distribution"]],
        "scale": config["scale"],
        "seed": config["seed"],
        "normal": keras.initializers.RandomNormal(0.5, 0.25).get_config()["stddev"],
    }


@CASES.case
def errors(keras, np):
    return {
        "unknown": builtin_error(lambda: keras.initializers.get("nonsense")),
        "mode": builtin_error(lambda: keras.initializers.VarianceScaling(mode="fan")),
        "scale": builtin_error(lambda: keras.initializers.VarianceScaling(scale=-1.0)),
        "identity": builtin_error(lambda: keras.initializers.Identity()((2, 2, 2))),
    }
