"""Records what real Keras's `serialize_keras_object` gives for objects of every kind, with default
and with other arguments: `fixtures/configs.json`, which `tests/python/test_keras_configs.py` reads.

    python tests/parity/record_configs.py

Needs `keras`, as `record.py` does.
"""

import inspect
import json
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

KINDS = {
    "layer": "layers",
    "loss": "losses",
    "metric": "metrics",
    "optimizer": "optimizers",
    "initializer": "initializers",
    "regularizer": "regularizers",
    "constraint": "constraints",
    "schedule": "optimizers.schedules",
}

LAYERS = (
    "Activation", "ActivityRegularization", "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D", "AdaptiveAveragePooling3D", "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D", "Add", "AdditiveAttention", "AlphaDropout",
    "Attention", "AugMix",
    "AutoContrast", "Average", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D",
    "BatchNormalization", "CenterCrop", "Concatenate", "Conv1D", "Conv1DTranspose", "Conv2D",
    "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "Cropping1D", "Cropping2D", "Cropping3D",
    "CutMix", "Dense", "DepthwiseConv1D", "DepthwiseConv2D", "Dot", "Dropout", "ELU",
    "EinsumDense", "Embedding", "Equalization", "Flatten", "GaussianDropout", "GaussianNoise",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D",
    "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D", "GroupNormalization",
    "GRU", "GRUCell", "GroupQueryAttention", "Identity", "InputLayer", "LSTM", "LSTMCell",
    "LayerNormalization", "LeakyReLU", "Masking", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D",
    "Maximum", "Minimum", "MixUp", "MultiHeadAttention", "Multiply", "PReLU",
    "Permute", "RMSNormalization", "RandAugment", "RandomBrightness", "RandomColorDegeneration",
    "RandomColorJitter", "RandomContrast", "RandomCrop", "RandomElasticTransform",
    "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHue",
    "RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation",
    "RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom",
    "ReLU", "RepeatVector", "Rescaling", "Reshape", "Resizing", "SeparableConv1D",
    "SeparableConv2D", "SimpleRNN", "SimpleRNNCell", "Softmax", "Solarization",
    "SpatialDropout1D", "SpatialDropout2D",
    "SpatialDropout3D", "Subtract", "UnitNormalization", "UpSampling1D", "UpSampling2D",
    "UpSampling3D", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D",
)

# Classes that call themselves otherwise.
OWN_NAMES = {"GroupQueryAttention": "GroupedQueryAttention"}

# Arguments of classes that need some, or that have more to show than the defaults.
ARGUMENTS = {
    "Dense": [{"units": 3}, {"units": 2, "activation": "relu", "use_bias": False,
                             "kernel_initializer": "he_normal", "kernel_regularizer": "l2",
                             "kernel_constraint": "max_norm", "bias_constraint": "non_neg",
                             "name": "d", "trainable": False}],
    **dict.fromkeys(
        ("Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose",
         "SeparableConv1D", "SeparableConv2D"),
        [{"filters": 3, "kernel_size": 2},
         {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu",
          "use_bias": False, "name": "c"}],
    ),
    **dict.fromkeys(
        ("SimpleRNN", "LSTM", "GRU"),
        [{"units": 3}, {"units": 2, "activation": "relu", "use_bias": False, "return_sequences": True,
                        "recurrent_initializer": "he_normal", "recurrent_regularizer": "l2",
                        "recurrent_constraint": "max_norm", "dropout": 0.25, "seed": 3, "name": "r"}],
    ),
    **dict.fromkeys(("SimpleRNNCell", "LSTMCell", "GRUCell"), [{"units": 3}]),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"),
                    [{"kernel_size": 2}, {"kernel_size": 3, "depth_multiplier": 2}]),
    **dict.fromkeys(("AveragePooling1D", "AveragePooling2D", "AveragePooling3D"),
                    [{"pool_size": 2}, {"pool_size": 3, "strides": 1, "padding": "same"}]),
    **dict.fromkeys(("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"), [{"rate": 0.25}]),
    **dict.fromkeys(("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"), [{}, {"padding": 2}]),
    **dict.fromkeys(
        ("AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D", "AdaptiveAveragePooling3D",
         "AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D"),
        [{"output_size": 2}],
    ),
    "GaussianNoise": [{"stddev": 0.5}, {"stddev": 0.5, "seed": 3}],
    **dict.fromkeys(("AlphaDropout", "GaussianDropout"), [{"rate": 0.25}, {"rate": 0.5, "seed": 3}]),
    "AdditiveAttention": [{}, {"use_scale": False, "dropout": 0.5, "seed": 3}],
    "Attention": [{}, {"use_scale": True, "score_mode": "concat", "dropout": 0.5, "seed": 3}],
    "MultiHeadAttention": [
        {"num_heads": 2, "key_dim": 3},
        {"num_heads": 2, "key_dim": 3, "value_dim": 4, "dropout": 0.5, "use_bias": False,
         "output_shape": [2, 3], "attention_axes": [1, 2], "sliding_window": 2, "use_gate": True,
         "kernel_initializer": "he_normal", "kernel_regularizer": "l2",
         "bias_constraint": "non_neg", "seed": 3, "name": "m"},
    ],
    "GroupQueryAttention": [
        {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2},
        {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 1, "dropout": 0.5,
         "use_bias": False, "sliding_window": 2, "use_gate": True, "seed": 3},
    ],
    "EinsumDense": [{"equation": "ab,bc->ac", "output_shape": 3},
                    {"equation": "abc,cd->abd", "output_shape": (None, 3), "bias_axes": "d",
                     "activation": "relu", "name": "e"}],
    "CenterCrop": [{"height": 2, "width": 3}],
    "RandomCrop": [{"height": 2, "width": 3, "seed": 5}],
    "RandomTranslation": [{"height_factor": 0.5, "width_factor": (0.25, 0.5)}],
    "RandomZoom": [{"height_factor": 0.5}, {"height_factor": (-0.5, 0.5), "width_factor": 0.25}],
    **dict.fromkeys(
        ("RandomBrightness", "RandomSaturation", "RandomHue", "RandomContrast", "RandomSharpness",
         "RandomColorDegeneration"),
        [{"factor": 0.5}, {"factor": (0.25, 0.5), "value_range": (0, 1), "seed": 3}],
    ),
    "RandomRotation": [{"factor": 0.5}, {"factor": (-0.25, 0.5), "fill_mode": "wrap", "fill_value": 2.0}],
    "RandomPosterization": [{"factor": 4}, {"factor": (2, 3)}],
    "RandomColorJitter": [{}, {"brightness_factor": 0.5, "hue_factor": (0.25, 0.5)}],
    "RandomErasing": [{}, {"fill_value": 2.0}, {"fill_value": [1.0, 2.0, 3.0]}],
    "RandomGaussianBlur": [{}, {"kernel_size": (3, 5), "sigma": (0.5, 1.0)}],
    "Resizing": [{"height": 2, "width": 3},
                 {"height": 2, "width": 3, "interpolation": "bicubic", "antialias": True,
                  "pad_to_aspect_ratio": True, "fill_value": 0.5}],
    "UpSampling2D": [{}, {"size": (2, 3), "interpolation": "bilinear"}],
    "Dot": [{"axes": 1}, {"axes": [1, 2], "normalize": True}],
    "Embedding": [{"input_dim": 4, "output_dim": 2}],
    "Masking": [{"mask_value": 1.5}],
    "Permute": [{"dims": (2, 1)}],
    "RepeatVector": [{"n": 2}],
    "Rescaling": [{"scale": 0.5}, {"scale": 0.5, "offset": 1.0}],
    "LayerNormalization": [{}, {"axis": [1, 2], "scale": False}],
    "Dropout": [{"rate": 0.25}, {"rate": 0.5, "seed": 3}],
    "Activation": [{"activation": "gelu"}],
    "Reshape": [{"target_shape": (2, 3)}, {"target_shape": (-1,)}],
    "InputLayer": [{"shape": (4,)}, {"batch_shape": (None, 4), "name": "in"}],
    "Constant": [{}, {"value": 0.5}],
    "RandomUniform": [{}, {"minval": -1.0, "maxval": 2.0, "seed": 5}],
    "VarianceScaling": [{}, {"scale": 2.0, "mode": "fan_avg", "distribution": "normal"}],
    "L1": [{}, {"l1": 0.5}],
    "L1L2": [{}, {"l1": 0.5, "l2": 0.25}],
    "MaxNorm": [{}, {"max_value": 0.5, "axis": [0, 1]}],
    "MinMaxNorm": [{}, {"min_value": 0.25, "max_value": 0.5, "rate": 0.5, "axis": 1}],
    "UnitNorm": [{}, {"axis": 1}],
    "OrthogonalRegularizer": [{}, {"factor": 0.5, "mode": "columns"}],
    "ExponentialDecay": [{"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5},
                         {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5,
                          "staircase": True}],
    "InverseTimeDecay": [{"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5}],
    "PolynomialDecay": [{"initial_learning_rate": 0.1, "decay_steps": 3}],
    "CosineDecay": [{"initial_learning_rate": 0.1, "decay_steps": 3},
                    {"initial_learning_rate": 0.0, "decay_steps": 3, "warmup_target": 0.1,
                     "warmup_steps": 2}],
    "CosineDecayRestarts": [{"initial_learning_rate": 0.1, "first_decay_steps": 3}],
    "PiecewiseConstantDecay": [{"boundaries": [2, 5], "values": [1.0, 0.5, 0.1]}],
    "SensitivityAtSpecificity": [{"specificity": 0.5}],
    "SpecificityAtSensitivity": [{"sensitivity": 0.5}],
    "PrecisionAtRecall": [{"recall": 0.5}],
    "RecallAtPrecision": [{"precision": 0.5}],
    "MeanIoU": [{"num_classes": 2}],
    "IoU": [{"num_classes": 2, "target_class_ids": [0]}],
    "OneHotIoU": [{"num_classes": 2, "target_class_ids": [0]}],
    "OneHotMeanIoU": [{"num_classes": 2}],
    "BinaryAccuracy": [{}, {"name": "b", "threshold": 0.25}],
    "AUC": [{}, {"num_thresholds": 5, "curve": "PR"}, {"thresholds": [0.3, 0.5]}],
    "Precision": [{}, {"thresholds": 0.5, "top_k": 2}],
    "F1Score": [{}, {"average": "macro", "threshold": 0.5}],
    "BinaryCrossentropy": [{}, {"from_logits": True, "label_smoothing": 0.1}],
    "CategoricalGeneralizedCrossEntropy": [{}, {"q": 0.75}],
    "Circle": [{}, {"gamma": 64.0, "margin": 0.25, "remove_diagonal": False}],
    "Dice": [{}, {"axis": 1}, {"axis": [1, 2], "reduction": "sum"}],
    "Tversky": [{}, {"alpha": 0.25, "beta": 0.75, "axis": [1, 2]}],
    "BinaryIoU": [{}, {"target_class_ids": [1], "threshold": 0.25}],
    "PearsonCorrelation": [{}, {"axis": 0}],
    "Huber": [{}, {"delta": 0.5, "reduction": "sum"}],
    "SGD": [{}, {"learning_rate": 0.5, "momentum": 0.9, "nesterov": True, "clipnorm": 1.0}],
    "Adam": [{}, {"learning_rate": 0.01, "beta_1": 0.8, "amsgrad": True, "use_ema": True}],
}


def scheduled_optimizer(keras):
    decay = keras.optimizers.schedules.CosineDecay(0.1, 5)
    return keras.optimizers.Adam(learning_rate=decay)


def model(keras):
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(3, activation="relu", kernel_regularizer=keras.regularizers.L2(0.5)),
            layers.Dropout(0.5),
            layers.Dense(2, kernel_initializer=keras.initializers.HeNormal(seed=3)),
        ],
        name="mlp",
    )
    model.compile(
        optimizer=keras.optimizers.SGD(0.1, momentum=0.9),
        loss=keras.losses.mean_squared_error,
        metrics=["mae", keras.metrics.MeanSquaredError(name="m"), keras.metrics.mean_absolute_error],
        weighted_metrics=[],
    )
    return model


def recorded(keras):
    """[{"kind", "name", "arguments", "config"}] of all classes that can be made."""
    entries = []
    for kind, module in KINDS.items():
        namespace = keras
        for part in module.split("."):
            namespace = getattr(namespace, part)
        for name, cls in sorted(vars(namespace).items()):
            wanted = name in LAYERS if kind == "layer" else inspect.isclass(cls)
            if not wanted or cls.__name__ != OWN_NAMES.get(name, name):
                continue
            for arguments in ARGUMENTS.get(name, [{}]):
                try:
                    config = keras.saving.serialize_keras_object(cls(**arguments))
                except (TypeError, ValueError, NotImplementedError, ImportError):
                    continue  # needs arguments; Tegula's classes stand in the table above
                entries.append(
                    {"kind": kind, "name": name, "arguments": arguments, "config": config}
                )
    for kind, name, made in (
        ("optimizer", "Adam", scheduled_optimizer(keras)),
        ("model", "Sequential", model(keras)),
    ):
        config = keras.saving.serialize_keras_object(made)
        entries.append({"kind": kind, "name": name, "arguments": None, "config": config})
    return entries


def main():
    import keras

    lines = []
    for entry in recorded(keras):
        try:
            lines.append(json.dumps(entry))
        except TypeError:
            continue  # holds other objects, as MeanMetricWrapper does
    path = pathlib.Path(__file__).parent / "fixtures" / "configs.json"
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(f"{path.name}: {len(lines)} objects of Keras {keras.__version__}")


if __name__ == "__main__":
    main()
