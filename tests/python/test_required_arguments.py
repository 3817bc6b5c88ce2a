"""Arguments without a default in Keras 3.15 are required: at the call, and in the signature."""

import inspect

import pytest

from tegula import _core, keras

KINDS = {
    "layer": keras.layers,
    "loss": keras.losses,
    "metric": keras.metrics,
    "optimizer": keras.optimizers,
    "initializer": keras.initializers,
    "regularizer": keras.regularizers,
    "schedule": keras.optimizers.schedules,
}
REQUIRED = {
    **dict.fromkeys(
        ("Dense", "SimpleRNN", "SimpleRNNCell", "LSTM", "LSTMCell", "GRU", "GRUCell"), ["units"]
    ),
    "Dropout": ["rate"],
    "MultiHeadAttention": ["num_heads", "key_dim"],
    "GroupQueryAttention": ["head_dim", "num_query_heads", "num_key_value_heads"],
    "GaussianNoise": ["stddev"],
    **dict.fromkeys(("GaussianDropout", "AlphaDropout"), ["rate"]),
    "EinsumDense": ["equation", "output_shape"],
    **dict.fromkeys(("Resizing", "CenterCrop", "RandomCrop"), ["height", "width"]),
    "RandomTranslation": ["height_factor", "width_factor"],
    "RandomZoom": ["height_factor"],
    **dict.fromkeys(
        ("RandomRotation", "RandomBrightness", "RandomContrast", "RandomSaturation", "RandomHue",
         "RandomColorDegeneration", "RandomPosterization", "RandomSharpness"),
        ["factor"],
    ),
    **dict.fromkeys(
        ("AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D", "AdaptiveAveragePooling3D",
         "AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D"),
        ["output_size"],
    ),
    "Activation": ["activation"],
    "Reshape": ["target_shape"],
    **dict.fromkeys(
        ("Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose",
         "SeparableConv1D", "SeparableConv2D"),
        ["filters", "kernel_size"],
    ),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), ["kernel_size"]),
    **dict.fromkeys(("AveragePooling1D", "AveragePooling2D", "AveragePooling3D"), ["pool_size"]),
    **dict.fromkeys(("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"), ["rate"]),
    "Dot": ["axes"],
    "Embedding": ["input_dim", "output_dim"],
    "Permute": ["dims"],
    "RepeatVector": ["n"],
    "Rescaling": ["scale"],
    "SensitivityAtSpecificity": ["specificity"],
    "SpecificityAtSensitivity": ["sensitivity"],
    "PrecisionAtRecall": ["recall"],
    "RecallAtPrecision": ["precision"],
    **dict.fromkeys(("IoU", "OneHotIoU"), ["num_classes", "target_class_ids"]),
    **dict.fromkeys(("MeanIoU", "OneHotMeanIoU"), ["num_classes"]),
    "ExponentialDecay": ["initial_learning_rate", "decay_steps", "decay_rate"],
    "InverseTimeDecay": ["initial_learning_rate", "decay_steps", "decay_rate"],
    "PiecewiseConstantDecay": ["boundaries", "values"],
    "PolynomialDecay": ["initial_learning_rate", "decay_steps"],
    "CosineDecay": ["initial_learning_rate", "decay_steps"],
    "CosineDecayRestarts": ["initial_learning_rate", "first_decay_steps"],
}
CLASSES = [
    (kind, name) for kind in KINDS for name in getattr(_core.nn, kind + "_names")()
]


@pytest.mark.parametrize("kind, name", CLASSES, ids=lambda value: value)
def test_class(kind, name):
    if not hasattr(KINDS[kind], name):
        pytest.skip("not a class of Keras's")
    cls = getattr(KINDS[kind], name)
    parameters = inspect.signature(cls).parameters.values()
    assert [p.name for p in parameters if p.default is p.empty] == REQUIRED.get(name, [])
    if name in REQUIRED:
        with pytest.raises(TypeError, match=r"missing \d required positional arguments?: '"):
            cls()


def test_words():
    with pytest.raises(TypeError, match=r"Dense\(\) missing 1 required positional argument: 'units'"):
        keras.layers.Dense()
    text = "missing 2 required positional arguments: 'decay_steps' and 'decay_rate'"
    with pytest.raises(TypeError, match=text):
        keras.optimizers.schedules.ExponentialDecay(0.1)
