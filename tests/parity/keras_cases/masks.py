"""Masks: which layers hand them on, what becomes of them, and what losses and metrics make of them."""

from parity_harness import CaseTable

from ._common import classes, normal, set_seeded_weights, weights_of

CASES = CaseTable()

IDS = [[1, 2, 0, 0], [3, 0, 2, 1], [0, 0, 0, 0]]


def ids(np):
    return np.array(IDS, np.int32)


def steps(np):
    """[3, 4, 2], empty where `IDS` is 0."""
    return normal(3, 3, 4, 2) * (ids(np) != 0)[..., None]


# One of each class, by its constructor's arguments.
MADE = {
    "Masking": {}, "Dense": {"units": 2}, "Dropout": {"rate": 0.5}, "Flatten": {},
    "Activation": {"activation": "relu"}, "Reshape": {"target_shape": (4,)}, "Permute": {"dims": (2, 1)},
    "RepeatVector": {"n": 2}, "Identity": {}, "ReLU": {}, "LeakyReLU": {}, "ELU": {}, "PReLU": {},
    "Softmax": {}, "Rescaling": {"scale": 2.0}, "ActivityRegularization": {},
    "SpatialDropout1D": {"rate": 0.5}, "SpatialDropout2D": {"rate": 0.5},
    "BatchNormalization": {}, "LayerNormalization": {}, "GroupNormalization": {"groups": 1},
    "RMSNormalization": {}, "UnitNormalization": {}, "Add": {}, "Subtract": {}, "Multiply": {},
    "Average": {}, "Maximum": {}, "Minimum": {}, "Concatenate": {}, "Dot": {"axes": 1},
    "Embedding": {"input_dim": 3, "output_dim": 2}, "GlobalAveragePooling1D": {},
    "GlobalAveragePooling2D": {}, "GlobalMaxPooling1D": {}, "MaxPooling1D": {},
    "Conv1D": {"filters": 2, "kernel_size": 3}, "Conv2D": {"filters": 2, "kernel_size": 3},
    "ZeroPadding1D": {}, "Cropping1D": {}, "UpSampling1D": {},
}


def _supporting(keras, np):
    layers = keras.layers
    made = {name: getattr(layers, name)(**options) for name, options in MADE.items()}
    made["Embedding of masks"] = layers.Embedding(3, 2, mask_zero=True)
    made["Lambda"] = layers.Lambda(lambda x: x)
    made["Lambda with a mask"] = layers.Lambda(lambda x: x, mask=lambda x, mask: mask)

    class Plain(layers.Layer):
        def call(self, x):
            return x

    class Computing(Plain):
        def compute_mask(self, inputs, mask=None):
            return mask

    made["Plain"], made["Computing"] = Plain(), Computing()
    return {name: np.array(layer.supports_masking) for name, layer in made.items()}


CASES.add("supports_masking", _supporting)


def _computed(keras, np):
    layers = keras.layers
    x, mask = steps(np), ids(np) != 0
    other = np.array([[1, 0, 1, 0], [0, 0, 0, 1], [1, 1, 1, 1]], bool)
    merged = {
        name: getattr(layers, name)().compute_mask([x, x], [mask, other])
        for name in ("Add", "Multiply", "Maximum", "Average")
    }
    return {
        **{name: np.array(value) for name, value in merged.items()},
        "concatenated steps": np.array(
            layers.Concatenate(axis=1).compute_mask([x, x], [mask, other])
        ),
        "concatenated features": np.array(
            layers.Concatenate(axis=-1).compute_mask([x, x], [mask, other])
        ),
        "concatenated with none": np.array(
            layers.Concatenate(axis=1).compute_mask([x, x], [mask, None])
        ),
        "masking": np.array(layers.Masking().compute_mask(x)),
        "masking 1": np.array(layers.Masking(1.0).compute_mask(np.ones_like(x))),
        "embedding": np.array(layers.Embedding(4, 2, mask_zero=True).compute_mask(ids(np))),
        "none": np.array(
            [
                layers.Add().compute_mask([x, x], [mask, None]) is None,
                layers.Dot(1).compute_mask([x, x], [mask, mask]) is None,
                layers.GlobalAveragePooling1D().compute_mask(x, mask) is None,
                layers.Embedding(4, 2).compute_mask(ids(np)) is None,
            ]
        ),
    }


CASES.add("compute_mask", _computed)


def _carried(keras, np):
    """Results of calls on arrays carry masks."""
    layers = keras.layers
    masked = layers.Masking()(steps(np))
    dense = layers.Dense(3)(masked)
    return {
        "values": np.array(masked),
        "masked": np.array(masked._keras_mask),
        "dense": np.array(dense._keras_mask),
        "mean": np.array(layers.GlobalAveragePooling1D()(masked)),
        "given": np.array(layers.GlobalAveragePooling1D()(steps(np) + 1, mask=ids(np) > 1)),
        "first": np.array(
            layers.GlobalAveragePooling1D("channels_first")(
                np.swapaxes(steps(np) + 1, 1, 2), mask=ids(np) > 1
            )
        ),
        "softmax": np.array(layers.Softmax()(normal(5, 3, 4), mask=ids(np) != 0)),
    }


CASES.add("calls on arrays", _carried)


def _sequence_model(keras, last):
    inputs = keras.Input((4,), dtype="int32")
    x = keras.layers.Embedding(5, 3, mask_zero=True)(inputs)
    x = keras.layers.Dense(4, activation="tanh")(keras.layers.LayerNormalization()(x))
    model = keras.Model(inputs, last(x))
    return set_seeded_weights(model)


# Loss and targets.
TRAINED = {
    "mse": ("mse", lambda: normal(8, 3, 4, 2)),
    "mae": ("mae", lambda: normal(8, 3, 4, 2)),
    "classes": ("sparse_categorical_crossentropy", lambda: classes(8, 12, 2).reshape(3, 4)),
}


def _train(name, last):
    loss, targets = TRAINED[name]

    def case(keras, np):
        model = _sequence_model(keras, last(keras.layers))
        metrics = ["mse"] if loss != "sparse_categorical_crossentropy" else ["accuracy"]
        model.compile(
            keras.optimizers.SGD(0.1), loss, metrics=metrics, weighted_metrics=metrics
        )
        first = model.train_on_batch(ids(np), targets(), return_dict=True)
        logs = model.evaluate(ids(np), targets(), batch_size=3, verbose=0, return_dict=True)
        names = ["loss", metrics[0], "weighted_" + metrics[0]]
        return {**{f"first {name}": np.array(first[name]) for name in names},
                **{name: np.array(logs[name]) for name in names}, **weights_of(model)}

    return case


for _name in TRAINED:
    if _name == "classes":
        _last = lambda layers: layers.Dense(2, activation="softmax")  # noqa: E731
    else:
        _last = lambda layers: layers.Dense(2)  # noqa: E731
    CASES.add(f"training {_name}", _train(_name, _last))


def _normalized(keras, np):
    inputs = keras.Input((4, 2))
    x = keras.layers.BatchNormalization(momentum=0.8)(keras.layers.Masking()(inputs))
    model = set_seeded_weights(keras.Model(inputs, keras.layers.Dense(2)(x)))
    model.set_weights([abs(w) + 0.1 for w in model.get_weights()])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    loss = model.train_on_batch(steps(np), normal(8, 3, 4, 2))
    return {"loss": np.array(loss), **weights_of(model)}


CASES.add("batch normalization", _normalized)


def _custom(keras, np):
    """A layer that reads masks, and one that makes others."""

    class Counting(keras.layers.Layer):
        supports_masking = True

        def call(self, x, mask=None):
            return x * keras.ops.cast(keras.ops.expand_dims(mask, -1), "float32") + 1.0

    class Shifting(keras.layers.Layer):
        def call(self, x):
            return x[:, 1:]

        def compute_mask(self, inputs, mask=None):
            return None if mask is None else mask[:, 1:]

    inputs = keras.Input((4, 2))
    x = Counting()(keras.layers.Masking()(inputs))
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling1D()(Shifting()(x)))
    return {"y": model.predict(steps(np)[:2], verbose=0)}


CASES.add("custom layers", _custom)


def _lambda(keras, np):
    layers = keras.layers
    inputs = keras.Input((4, 2))
    double = layers.Lambda(lambda x, scale: x * scale, arguments={"scale": 3.0})
    kept = layers.Lambda(lambda x, mask: x + 1.0, mask=lambda x, mask: mask)
    x = kept(double(layers.Masking()(inputs)) + 0.0)
    masked = kept(layers.Masking()(inputs))
    model = keras.Model(inputs, [x, layers.GlobalAveragePooling1D()(masked)])
    y = model.predict(steps(np)[:2], verbose=0)
    shape = layers.Lambda(lambda x: x[:, :1]).compute_output_shape((None, 4, 2))
    return {"sum": y[0], "mean": y[1], "shape": np.array(shape[1:])}


CASES.add("lambda", _lambda)


def _time_distributed(keras, np):
    layers = keras.layers
    inputs = keras.Input((4, 5, 5, 2))
    conv = layers.TimeDistributed(layers.Conv2D(3, 2, activation="tanh"))
    x = layers.TimeDistributed(layers.Flatten())(conv(inputs))
    model = set_seeded_weights(keras.Model(inputs, layers.TimeDistributed(layers.Dense(2))(x)))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x = normal(3, 2, 4, 5, 5, 2)
    y = model.predict(x, verbose=0)
    loss = model.train_on_batch(x, normal(4, 2, 4, 2))
    shape = conv.compute_output_shape((None, 4, 5, 5, 2))
    return {"y": y, "loss": np.array(loss), "shape": np.array(shape[1:]), **weights_of(model)}


CASES.add("time distributed", _time_distributed)


def _masked_time_distributed(keras, np):
    layers = keras.layers
    x = layers.TimeDistributed(layers.Dense(3))(layers.Masking()(steps(np)))
    return {"mask": np.array(x._keras_mask)}


CASES.add("masked time distributed", _masked_time_distributed)
