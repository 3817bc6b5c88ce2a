"""Layers and Sequential: forward values, shapes, weights, names, configs, saving."""

import os
import tempfile

from parity_harness import CaseTable

from ._common import (
    file_ending,
    history_of,
    linear,
    mlp,
    normal,
    set_seeded_weights,
    weights_of,
)

CASES = CaseTable()


def forward_case(layers, shape):
    """The forward pass of a stack with fixed weights."""

    def case(keras, np):
        model = keras.Sequential([keras.Input(shape), *layers(keras)])
        set_seeded_weights(model)
        y = model.predict(normal(81, 5, *shape), verbose=0)
        return {
            "y": y,
            "input_shape": [d or -1 for d in model.input_shape],
            "output_shape": [d or -1 for d in model.output_shape],
            "parameters": model.count_params(),
        }

    return case


for _name, _layers, _shape in [
    ("dense", lambda k: [k.layers.Dense(3)], (4,)),
    ("dense_no_bias", lambda k: [k.layers.Dense(3, use_bias=False)], (4,)),
    ("dense_rank_3", lambda k: [k.layers.Dense(3, activation="tanh")], (2, 4)),
    ("dense_rank_4", lambda k: [k.layers.Dense(2)], (3, 2, 4)),
    ("dense_one_input", lambda k: [k.layers.Dense(3)], (1,)),
    (
        "deep",
        lambda k: [
            k.layers.Dense(6, "tanh"),
            k.layers.Dense(5, "sigmoid"),
            k.layers.Dense(4, "softplus"),
            k.layers.Dense(3, "softmax"),
        ],
        (4,),
    ),
    ("flatten", lambda k: [k.layers.Flatten()], (2, 3, 2)),
    ("flatten_vector", lambda k: [k.layers.Flatten()], (4,)),
    (
        "flatten_channels_first",
        lambda k: [k.layers.Flatten(data_format="channels_first")],
        (2, 3, 4),
    ),
    ("reshape", lambda k: [k.layers.Reshape((3, 2))], (6,)),
    ("reshape_unknown", lambda k: [k.layers.Reshape((-1, 2))], (3, 4)),
    ("reshape_flat", lambda k: [k.layers.Reshape((-1,))], (3, 4)),
    ("activation", lambda k: [k.layers.Activation("sigmoid")], (4,)),
    ("activation_softmax_rank_3", lambda k: [k.layers.Activation("softmax")], (3, 4)),
    ("dropout", lambda k: [k.layers.Dropout(0.4)], (4,)),
    (
        "image_classifier",
        lambda k: [
            k.layers.Flatten(),
            k.layers.Dense(8, "relu"),
            k.layers.Dropout(0.2),
            k.layers.Dense(3, "softmax"),
        ],
        (4, 4),
    ),
    (
        "reshape_between_dense",
        lambda k: [
            k.layers.Dense(6),
            k.layers.Reshape((2, 3)),
            k.layers.Dense(2, "tanh"),
            k.layers.Flatten(),
        ],
        (4,),
    ),
]:
    CASES.add(f"forward_{_name}", forward_case(_layers, _shape))


def training_case(layers, shape, outputs):
    """Two steps of gradient descent: the backward pass of the stack."""

    def case(keras, np):
        model = keras.Sequential([keras.Input(shape), *layers(keras)])
        set_seeded_weights(model)
        model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
        losses = [
            model.train_on_batch(normal(81, 5, *shape), normal(82, 5, *outputs)) for _ in range(2)
        ]
        return {"losses": losses, **weights_of(model)}

    return case


for _name, _layers, _shape, _outputs in [
    ("dense_no_bias", lambda k: [k.layers.Dense(3, use_bias=False)], (4,), (3,)),
    ("dense_rank_3", lambda k: [k.layers.Dense(3, activation="tanh")], (2, 4), (2, 3)),
    (
        "flatten_dense",
        lambda k: [k.layers.Flatten(), k.layers.Dense(3, "tanh"), k.layers.Dense(2)],
        (2, 3),
        (2,),
    ),
    (
        "dense_reshape_dense",
        lambda k: [k.layers.Dense(6), k.layers.Reshape((2, 3)), k.layers.Dense(2, "tanh")],
        (4,),
        (2, 2),
    ),
    (
        "activation_layers",
        lambda k: [
            k.layers.Dense(5),
            k.layers.Activation("tanh"),
            k.layers.Dense(2),
            k.layers.Activation("sigmoid"),
        ],
        (4,),
        (2,),
    ),
    (
        "deep",
        lambda k: [
            k.layers.Dense(6, "tanh"),
            k.layers.Dense(6, "sigmoid"),
            k.layers.Dense(5, "silu"),
            k.layers.Dense(2),
        ],
        (4,),
        (2,),
    ),
]:
    CASES.add(f"train_{_name}", training_case(_layers, _shape, _outputs))


@CASES.case
def input_shape_argument(keras, np):
    """The old way to state the input shape: an argument of the first layer."""
    model = keras.Sequential(
        [keras.layers.Dense(3, activation="tanh", input_shape=(4,)), keras.layers.Dense(2)]
    )
    built = model.built
    set_seeded_weights(model)
    return {
        "built": built,
        "y": model.predict(normal(81, 5, 4), verbose=0),
        "count": len(model.get_weights()),
    }


@CASES.case
def input_dim_argument(keras, np):
    model = keras.Sequential([keras.layers.Dense(3, input_dim=4)])
    return {"shapes": [list(np.shape(w)) for w in model.get_weights()][0]}


@CASES.case
def built_by_the_first_call(keras, np):
    model = keras.Sequential([keras.layers.Dense(3), keras.layers.Dense(2)])
    before = (model.built, len(model.weights))
    model(normal(81, 5, 4))
    set_seeded_weights(model)
    return {
        "before_built": before[0],
        "before_weights": before[1],
        "after_built": model.built,
        "after_weights": len(model.weights),
        "y": model.predict(normal(81, 5, 4), verbose=0),
    }


@CASES.case
def built_by_build(keras, np):
    model = keras.Sequential([keras.layers.Dense(3), keras.layers.Dense(2)])
    model.build((None, 4))
    return {
        "count": model.count_params(),
        "shapes": [str(tuple(np.shape(w))) for w in model.get_weights()],
    }


@CASES.case
def add_and_pop(keras, np):
    model = keras.Sequential()
    model.add(keras.Input((4,)))
    model.add(keras.layers.Dense(3, name="a"))
    model.add(keras.layers.Dense(2, name="b"))
    model.add(keras.layers.Dense(5, name="c"))
    model.pop()
    set_seeded_weights(model)
    return {
        "layers": [layer.name for layer in model.layers],
        "y": model.predict(normal(81, 5, 4), verbose=0),
    }


@CASES.case
def names(keras, np):
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, name="first"),
            keras.layers.Dropout(0.1, name="drop"),
            keras.layers.Dense(2, name="second"),
        ],
        name="named",
    )
    return {
        "model": model.name,
        "layers": [layer.name for layer in model.layers],
        "weights": [w.name for w in model.weights],
        "paths": [w.path for w in model.weights],
        "found": model.get_layer("second").name,
        "indexed": model.get_layer(index=1).name,
    }


@CASES.case
def default_names(keras, np):
    keras.utils.clear_session()
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3),
            keras.layers.Dense(3),
            keras.layers.Dropout(0.1),
            keras.layers.Activation("relu"),
            keras.layers.Flatten(),
            keras.layers.Reshape((3,)),
            keras.layers.Dense(2),
        ]
    )
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    return {
        "models": [model.name, other.name],
        "layers": [layer.name for layer in model.layers + other.layers],
        "optimizers": [
            keras.optimizers.Adam().name,
            keras.optimizers.Adam().name,
            keras.optimizers.SGD().name,
            keras.optimizers.RMSprop().name,
            keras.optimizers.AdamW().name,
        ],
        "metrics": [
            keras.metrics.AUC().name,
            keras.metrics.AUC().name,
            keras.metrics.Precision().name,
        ],
    }


@CASES.case
def weights_of_layers(keras, np):
    model = mlp(keras, outputs=2)
    kernel, bias = model.layers[0].get_weights()
    model.layers[1].set_weights([np.ones((5, 2), np.float32), np.zeros(2, np.float32)])
    return {
        "kernel": kernel,
        "bias": bias,
        "attribute": np.asarray(model.layers[0].kernel),
        "attribute_bias": np.asarray(model.layers[0].bias),
        "y": model.predict(normal(81, 5, 4), verbose=0),
    }


@CASES.case
def shared_values_after_set_weights(keras, np):
    """get_weights gives copies: changing them does not change the model."""
    model = linear(keras)
    copy = model.get_weights()
    copy[0][:] = 0.0
    return {"kernel": model.get_weights()[0]}


@CASES.case
def layer_configs(keras, np):
    dense = keras.layers.Dense(3, activation="relu", kernel_regularizer="l2", name="d").get_config()
    dropout = keras.layers.Dropout(0.25, seed=4, name="p").get_config()
    return {
        "dense_keys": sorted(
            set(dense)
            & {
                "name",
                "trainable",
                "dtype",
                "units",
                "activation",
                "use_bias",
                "kernel_initializer",
                "bias_initializer",
                "kernel_regularizer",
                "bias_regularizer",
            }
        ),
        "dense_values": [
            str(dense[key]) for key in ("name", "trainable", "units", "activation", "use_bias")
        ],
        "initializer": dense["kernel_initializer"]["class_name"],
        "regularizer": dense["kernel_regularizer"]["config"]["l2"],
        "dropout": [str(dropout[key]) for key in ("name", "rate", "seed")],
        "reshape": list(keras.layers.Reshape((2, 3)).get_config()["target_shape"]),
        "activation": keras.layers.Activation("gelu").get_config()["activation"],
        "flatten": keras.layers.Flatten().get_config()["data_format"],
    }


@CASES.case
def layer_from_config(keras, np):
    layer = keras.layers.Dense.from_config(
        keras.layers.Dense(3, activation="tanh", bias_initializer="ones", name="copy").get_config()
    )
    model = keras.Sequential([keras.Input((4,)), layer])
    model.set_weights([normal(7, 4, 3), model.get_weights()[1]])
    return {"name": layer.name, "y": model.predict(normal(81, 5, 4), verbose=0)}


@CASES.case
def sequential_from_config(keras, np):
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(5, "tanh", name="a"),
            keras.layers.Dropout(0.3, name="b"),
            keras.layers.Reshape((5, 1), name="c"),
            keras.layers.Flatten(name="d"),
            keras.layers.Dense(2, "softmax", name="e"),
        ],
        name="whole",
    )
    config = model.get_config()
    clone = keras.Sequential.from_config(config)
    set_seeded_weights(clone)
    return {
        "name": clone.name,
        "layers": [layer.name for layer in clone.layers],
        "classes": [layer["class_name"] for layer in config["layers"]],
        "y": clone.predict(normal(81, 5, 4), verbose=0),
    }


@CASES.case
def json_round_trip(keras, np):
    model = mlp(keras, outputs=2)
    clone = keras.models.model_from_json(model.to_json())
    clone.set_weights(model.get_weights())
    return {"y": clone.predict(normal(81, 5, 4), verbose=0)}


@CASES.case
def clone_model(keras, np):
    model = mlp(keras, outputs=2)
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    return {"y": clone.predict(normal(81, 5, 4), verbose=0)}


@CASES.case
def save_and_load_continue_training(keras, np):
    """Optimizer state is part of the file: the loaded model trains on as the saved one would."""
    x, y = normal(81, 12, 4), normal(82, 12, 2)
    model = mlp(keras, outputs=2)
    model.compile(optimizer=keras.optimizers.Adam(0.05), loss="mse", metrics=["mae"])
    model.fit(x, y, epochs=2, batch_size=5, shuffle=False, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model" + file_ending(keras))
        model.save(path)
        loaded = keras.models.load_model(path)
    history = loaded.fit(x, y, epochs=1, batch_size=5, shuffle=False, verbose=0)
    return {
        **history_of(history),
        **weights_of(loaded),
        "iterations": int(loaded.optimizer.iterations),
    }


@CASES.case
def save_and_load_weights(keras, np):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model" + file_ending(keras, weights=True))
        mlp(keras, outputs=2, seed=7).save_weights(path)
        other = mlp(keras, outputs=2, seed=99)
        other.load_weights(path)
    return weights_of(other)


@CASES.case
def layer_called_on_an_array(keras, np):
    layer = keras.layers.Dense(
        3,
        activation="tanh",
        kernel_initializer=keras.initializers.Constant(0.3),
        bias_initializer="ones",
    )
    return {
        "y": layer(normal(81, 5, 4)),
        "flat": keras.layers.Flatten()(normal(81, 2, 3, 4)),
        "reshaped": keras.layers.Reshape((4, 3))(normal(81, 2, 12)),
    }


@CASES.case
def counts(keras, np):
    model = mlp(keras, inputs=7, hidden=11, outputs=3)
    return {
        "model": model.count_params(),
        "layer": model.layers[0].count_params(),
        "weights": len(model.weights),
        "trainable": len(model.trainable_weights),
        "fixed": len(model.non_trainable_weights),
    }


@CASES.case
def to_categorical(keras, np):
    return {
        "inferred": keras.utils.to_categorical([0, 2, 1, 2]),
        "given": keras.utils.to_categorical(np.array([[1], [0]]), num_classes=4),
    }
