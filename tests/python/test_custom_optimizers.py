"""Optimizers, initializers, regularizers and schedules that Python code derives, in `fit`.

The expected weights and losses are those of Keras 3.15 on TensorFlow.
"""

import numpy as np
import pytest

from tegula import keras
from tegula.keras import ops

X = np.arange(8, dtype="float32").reshape(4, 2) / 8
Y = np.array([[1.0], [0.0], [1.0], [2.0]], "float32")
Schedules = keras.optimizers.schedules


class Momentum(keras.optimizers.Optimizer):
    def __init__(self, learning_rate=0.01, momentum=0.9, name="momentum", **kwargs):
        super().__init__(learning_rate, name=name, **kwargs)
        self.momentum = momentum

    def build(self, variables):
        super().build(variables)
        self.momentums = [
            self.add_variable_from_reference(variable, name="momentum") for variable in variables
        ]

    def update_step(self, gradient, variable, learning_rate):
        learning_rate = ops.cast(learning_rate, variable.dtype)
        gradient = ops.cast(gradient, variable.dtype)
        m = self.momentums[self._get_variable_index(variable)]
        self.assign(
            m,
            ops.subtract(
                ops.multiply(m, ops.cast(self.momentum, variable.dtype)),
                ops.multiply(gradient, learning_rate),
            ),
        )
        self.assign_add(variable, m)

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum}


class Doubled(keras.optimizers.SGD):
    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient * 2.0, variable, learning_rate)


class ByCount(keras.optimizers.Optimizer):
    def update_step(self, gradient, variable, learning_rate):
        count = ops.cast(self.iterations + 1, variable.dtype)
        self.assign_sub(variable, gradient * learning_rate * count)


class AllOnes(keras.initializers.Zeros):
    def __call__(self, shape, dtype=None):
        return super().__call__(shape, dtype) + 1


class Twice(keras.regularizers.L2):
    def __call__(self, x):
        return 2 * super().__call__(x)


class Half(Schedules.ExponentialDecay):
    def __call__(self, step):
        return super().__call__(step) * 0.5


def undecayed():
    optimizer = keras.optimizers.SGD(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


# Optimizer, kernel initializer and regularizer, kernel, bias, losses, number of variables.
CASES = {
    "documented pattern": (
        lambda: Momentum(0.1), "ones", None,
        [0.9393491148948669, 0.968545138835907], 0.23356865346431732,
        [0.3282948136329651, 0.3141013979911804, 0.31471043825149536], 4),
    "with clipping": (
        lambda: Momentum(0.1, clipnorm=0.5), "ones", None,
        None, None, None, 4),
    "update_step of SGD": (
        lambda: Doubled(0.1), "ones", None,
        [0.9845154285430908, 1.002130389213562], 0.1409206986427307,
        [0.3285113573074341, 0.31813696026802063, 0.31662118434906006], 2),
    "update_step of SGD with momentum": (
        lambda: Doubled(0.1, momentum=0.5), "ones", None,
        [0.9332834482192993, 0.9554228186607361], 0.1771143227815628,
        [0.3285113573074341, 0.31415125727653503, 0.31438571214675903], 4),
    "iterations and weight decay": (
        lambda: ByCount(0.05, weight_decay=0.1), "ones", None,
        [0.9947736859321594, 1.0134660005569458], 0.1495387852191925,
        [0.32938238978385925, 0.32281750440597534, 0.31966525316238403], 2),
    "initializer": (
        lambda: keras.optimizers.SGD(0.1), AllOnes, None,
        [0.9986305236816406, 1.0106621980667114], 0.09625329077243805,
        [0.3282948136329651, 0.31977027654647827, 0.3168445825576782], 2),
    "regularizer": (
        lambda: keras.optimizers.SGD(0.1), "ones", lambda: Twice(0.1),
        [0.8288980722427368, 0.8485661149024963], 0.17281654477119446,
        [0.7179052829742432, 0.6664694547653198, 0.6250412464141846], 2),
    "schedule": (
        lambda: keras.optimizers.SGD(Half(0.2, 2, 0.5)), "ones", None,
        [0.995305061340332, 1.0030306577682495], 0.06180473044514656,
        [0.3282948136329651, 0.32001954317092896, 0.3176165819168091], 1),
    "function as learning rate": (
        lambda: keras.optimizers.SGD(lambda: 0.1), "ones", None,
        [0.9986305236816406, 1.0106621980667114], 0.09625329077243805,
        [0.3282948136329651, 0.31977027654647827, 0.3168445825576782], 1),
    "exclude_from_weight_decay": (
        undecayed, "ones", None,
        [0.7914744019508362, 0.8127521872520447], 0.190536230802536,
        [0.34209612011909485, 0.3391113877296448, 0.33620673418045044], 2),
}


def fitted(make, initializer, regularizer, epochs=3):
    initializer = initializer() if isinstance(initializer, type) else initializer
    dense = keras.layers.Dense(
        1, kernel_initializer=initializer, kernel_regularizer=regularizer and regularizer()
    )
    model = keras.Sequential([keras.Input((2,)), dense])
    model.compile(optimizer=make(), loss="mse")
    return model, model.fit(X, Y, epochs=epochs, batch_size=2, shuffle=False, verbose=0).history


@pytest.mark.parametrize("case", CASES)
def test_user_defined_rules_train_as_in_keras(case):
    make, initializer, regularizer, kernel, bias, losses, count = CASES[case]
    model, history = fitted(make, initializer, regularizer)
    if kernel is not None:
        np.testing.assert_allclose(model.get_weights()[0].ravel(), kernel, rtol=1e-5)
        np.testing.assert_allclose(model.get_weights()[1], [bias], rtol=1e-5)
        np.testing.assert_allclose(history["loss"], losses, rtol=1e-5)
    assert int(model.optimizer.iterations) == 6
    assert len(model.optimizer.variables) == count


def test_the_configuration_makes_an_equal_optimizer():
    config = Momentum(0.5, momentum=0.25, weight_decay=0.125).get_config()
    again = Momentum.from_config(config)
    assert again.momentum == 0.25 and float(again.learning_rate) == 0.5
    assert again.weight_decay == 0.125 and again.name == "momentum"


def test_an_optimizer_without_a_rule_says_so():
    class Nothing(keras.optimizers.Optimizer):
        pass

    with pytest.raises(Exception, match="does not define `update_step`"):
        fitted(lambda: Nothing(0.1), "ones", None)


def test_the_common_options_are_checked():
    with pytest.raises(ValueError, match="Momentum|clipnorm"):
        Momentum(0.1, clipnorm=-1.0)
    with pytest.raises(ValueError, match="learning_rate"):
        Momentum(float("nan"))
    with pytest.raises(ValueError, match="not recognized"):
        Momentum(0.1, momentun=0.5)


def test_state_can_be_replaced():
    model, _ = fitted(lambda: Momentum(0.1), "ones", None, epochs=1)
    optimizer = model.optimizer
    values = [np.zeros(variable.shape, "float32") for variable in optimizer.variables]
    optimizer.set_weights(values)
    assert int(optimizer.iterations) == 0
    with pytest.raises(ValueError, match="4 variables, got 1"):
        optimizer.set_weights(values[:1])
    with pytest.raises(ValueError, match="not yet been built"):
        keras.optimizers.SGD().set_weights([])


@pytest.mark.parametrize("method", ["apply", "apply_gradients", "minimize", "stateless_apply"])
def test_what_needs_eager_variables_is_refused_by_name(method):
    with pytest.raises(NotImplementedError, match=f"Optimizer.{method} .*fit"):
        getattr(keras.optimizers.SGD(), method)([])
    with pytest.raises(NotImplementedError, match="Optimizer.build"):
        keras.optimizers.SGD().build([])


def step_values(schedule, steps):
    return [round(float(schedule(step)), 7) for step in steps]


STEPS = (-1, 0, 1, 4, 5, 100, 101, 110, 111, 1000)
SCHEDULES = [
    (Schedules.PiecewiseConstantDecay([100, 110], [1.0, 0.1, 0.01]),
     [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.1, 0.1, 0.01, 0.01]),
    (Schedules.ExponentialDecay(0.5, 4, 0.5),
     [0.5946035, 0.5, 0.4204482, 0.25, 0.2102241, 0.0, 0.0, 0.0, 0.0, 0.0]),
    (Schedules.ExponentialDecay(0.5, 4, 0.5, staircase=True),
     [1.0, 0.5, 0.5, 0.25, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0]),
    (Schedules.InverseTimeDecay(0.5, 4, 0.5),
     [0.5714286, 0.5, 0.4444444, 0.3333333, 0.3076923, 0.037037, 0.0366972, 0.0338983, 0.0336134,
      0.0039683]),
    (Schedules.InverseTimeDecay(0.5, 4, 0.5, staircase=True),
     [1.0, 0.5, 0.5, 0.3333333, 0.3333333, 0.037037, 0.037037, 0.0344828, 0.0344828, 0.0039683]),
    (Schedules.PolynomialDecay(0.5, 4, 0.1), [0.6, 0.5, 0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]),
    (Schedules.PolynomialDecay(0.5, 4, 0.1, power=2.0),
     [0.725, 0.5, 0.325, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]),
    (Schedules.CosineDecay(0.5, 4, alpha=0.1),
     [0.434099, 0.5, 0.434099, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05]),
    (Schedules.CosineDecay(0.1, 4, warmup_target=0.5, warmup_steps=2),
     [-0.1, 0.1, 0.3, 0.25, 0.0732233, 0.0, 0.0, 0.0, 0.0, 0.0]),
    (Schedules.CosineDecayRestarts(0.5, 4),
     [0.25, 0.5, 0.4267767, 0.5, 0.4809699, 0.1543291, 0.1431112, 0.0567474, 0.0491981, 0.0018801]),
]


@pytest.mark.parametrize("schedule, values", SCHEDULES)
def test_schedules_at_edge_steps(schedule, values):
    np.testing.assert_allclose(step_values(schedule, STEPS), values, rtol=2e-5, atol=2e-7)


def test_boundaries_that_fall_are_refused():
    with pytest.raises(ValueError, match="`boundaries` must be increasing"):
        Schedules.PiecewiseConstantDecay([110, 100], [1.0, 0.1, 0.01])
