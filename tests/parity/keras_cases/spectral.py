"""Layers whose kernels are divided by their spectral norms, and the deprecated scaling by deviations."""

from parity_harness import CaseTable

from ._common import normal
from .vision import layer_case, set_seeded_weights

CASES = CaseTable()

for _name, _make, _shape in (
    ("dense", lambda L: L.SpectralNormalization(L.Dense(3)), (4,)),
    ("dense 3 iterations", lambda L: L.SpectralNormalization(L.Dense(3), power_iterations=3), (4,)),
    ("conv", lambda L: L.SpectralNormalization(L.Conv2D(3, 2, activation="tanh")), (4, 5, 2)),
    ("depthwise", lambda L: L.SpectralNormalization(L.Conv1D(4, 3, groups=2)), (6, 2)),
    ("rms", lambda L: L.LayerNormalization(rms_scaling=True), (3, 4)),
    ("rms without gamma", lambda L: L.LayerNormalization(scale=False, rms_scaling=True), (3, 4)),
    ("rms axes", lambda L: L.LayerNormalization(axis=[1, 2], center=False, rms_scaling=True), (3, 4)),
):
    CASES.add(_name, layer_case(_make, _shape))


@CASES.case
def shared(keras, np):
    """Two calls in a step: each divides the kernel again. The optimizer starts from the last one."""
    layers = keras.layers
    inner = layers.Dense(4, use_bias=False, kernel_regularizer=keras.regularizers.L2(0.1))
    layer = layers.SpectralNormalization(inner)
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layer(layers.Activation("tanh")(layer(inputs))))
    set_seeded_weights(model)
    model.compile(keras.optimizers.Adam(0.1), "mse")
    x, y = normal(21, 6, 4), normal(22, 6, 4)
    losses = [model.train_on_batch(x, y) for _ in range(3)]
    return {"losses": np.array(losses), "y": model.predict(x, verbose=0),
            **{f"weight_{i}": w for i, w in enumerate(model.get_weights())}}


@CASES.case
def nothing(keras, np):
    """A kernel of zeros stays what it is."""
    layers = keras.layers
    layer = layers.SpectralNormalization(layers.Dense(2, kernel_initializer="zeros"))
    model = keras.Sequential([keras.Input((3,)), layer])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.train_on_batch(normal(23, 4, 3), normal(24, 4, 2))
    return {"kernel": model.get_weights()[0], "bias": model.get_weights()[-1]}


@CASES.case
def config(keras, np):
    layers = keras.layers
    layer = layers.SpectralNormalization(layers.Dense(3), power_iterations=2, name="kept")
    again = layers.SpectralNormalization.from_config(layer.get_config())
    return {"iterations": np.array(again.power_iterations), "name": again.name,
            "units": np.array(again.layer.units)}
