"""Layers for images, sequences and tables: what they give, their weights, and one training step."""

from parity_harness import CaseTable

from ._common import normal

CASES = CaseTable()


def set_seeded_weights(model):
    """Gives every weight fixed values; variances positive ones."""
    values = [normal(7 + i, *w.shape, scale=0.6) for i, w in enumerate(model.weights)]
    model.set_weights(
        [abs(v) + 0.2 if "variance" in w.name else v for v, w in zip(values, model.weights)]
    )


def layer_case(make, shape):
    """A layer behind a Dense one, whose update shows the gradient with respect to the layer's input.
    Gives the outputs, the outputs as in training, names and shapes of the weights, and all weights
    after a step.
    """

    def case(keras, np):
        layer = make(keras.layers)
        inputs = keras.Input(shape)
        first = keras.layers.Dense(shape[-1], name="first")
        model = keras.Model(inputs, layer(first(inputs)))
        set_seeded_weights(model)
        x = normal(11, 2, *shape)
        y = model.predict(x, verbose=0)
        names = [f"{w.name} {tuple(w.shape)}" for w in layer.weights]
        training = {}
        if "BatchNormalization" in type(layer).__name__:
            training["training"] = np.array(model(x, training=True))
        set_seeded_weights(model)
        model.compile(keras.optimizers.SGD(0.1), "mse")
        loss = model.train_on_batch(x, normal(12, *y.shape))
        return {"y": y, "names": names, "loss": np.array(loss), **training,
                **{f"weight_{i}": w for i, w in enumerate(model.get_weights())}}

    return case


def add(name, make, shape):
    CASES.add(name, layer_case(make, shape))


# Names by the number of spatial axes.
CONV = {1: "Conv1D", 2: "Conv2D", 3: "Conv3D"}
TRANSPOSED = {1: "Conv1DTranspose", 2: "Conv2DTranspose", 3: "Conv3DTranspose"}
DEPTHWISE = {1: "DepthwiseConv1D", 2: "DepthwiseConv2D"}
SEPARABLE = {1: "SeparableConv1D", 2: "SeparableConv2D"}
POOLING = {
    "Max": {1: "MaxPooling1D", 2: "MaxPooling2D", 3: "MaxPooling3D"},
    "Average": {1: "AveragePooling1D", 2: "AveragePooling2D", 3: "AveragePooling3D"},
}
GLOBAL_POOLING = {
    "Max": {1: "GlobalMaxPooling1D", 2: "GlobalMaxPooling2D", 3: "GlobalMaxPooling3D"},
    "Average": {
        1: "GlobalAveragePooling1D", 2: "GlobalAveragePooling2D", 3: "GlobalAveragePooling3D",
    },
}
PADDING = {1: "ZeroPadding1D", 2: "ZeroPadding2D", 3: "ZeroPadding3D"}
CROPPING = {1: "Cropping1D", 2: "Cropping2D", 3: "Cropping3D"}
UPSAMPLING = {1: "UpSampling1D", 2: "UpSampling2D", 3: "UpSampling3D"}
_SHAPES = {1: (9, 4), 2: (7, 6, 4), 3: (5, 5, 5, 2)}
for rank in (1, 2, 3):
    shape = _SHAPES[rank]
    for name, options in {
        "plain": {},
        "same": {"padding": "same"},
        "strides": {"strides": 2},
        "strides_same": {"strides": 2, "padding": "same"},
        "dilation": {"dilation_rate": 2},
        "dilation_same": {"dilation_rate": 2, "padding": "same"},
        "groups": {"groups": 2},
        "no_bias": {"use_bias": False},
        "activation": {"activation": "tanh"},
        "even_window": {"kernel_size": 2, "padding": "same"},
        "window_of_one": {"kernel_size": 1},
        "window_of_one_strides": {"kernel_size": 1, "strides": 2},
        "penalties": {"kernel_regularizer": "l2", "bias_regularizer": "l1"},
    }.items():
        options = {"kernel_size": 3, **options}
        add(f"conv{rank}d_{name}",
            lambda L, r=rank, o=options: getattr(L, CONV[r])(4, **o), shape)
    for name, options in {
        "plain": {},
        "same": {"padding": "same"},
        "strides": {"strides": 2},
        "strides_same": {"strides": 2, "padding": "same"},
        "wide_strides": {"strides": 3, "kernel_size": 2},
        "no_bias": {"use_bias": False, "activation": "sigmoid"},
    }.items():
        if rank == 3 and "strides" in options and options["strides"] == 3:
            continue
        options = {"kernel_size": 3, **options}
        add(f"conv{rank}d_transpose_{name}",
            lambda L, r=rank, o=options: getattr(L, TRANSPOSED[r])(5, **o), shape)
    for kind in ("Max", "Average"):
        for name, options in {
            "plain": {"pool_size": 2},
            "same": {"pool_size": 2, "padding": "same"},
            "overlapping": {"pool_size": 3, "strides": 1},
            "overlapping_same": {"pool_size": 3, "strides": 2, "padding": "same"},
        }.items():
            add(f"{kind.lower()}_pooling{rank}d_{name}",
                lambda L, r=rank, k=kind, o=options: getattr(L, POOLING[k][r])(**o), shape)
        for keepdims in (False, True):
            add(f"global_{kind.lower()}_pooling{rank}d_{keepdims}",
                lambda L, r=rank, k=kind, d=keepdims: getattr(L, GLOBAL_POOLING[k][r])(keepdims=d),
                shape)
    add(f"zero_padding{rank}d", lambda L, r=rank: getattr(L, PADDING[r])(2), shape)
    add(f"cropping{rank}d", lambda L, r=rank: getattr(L, CROPPING[r])(1), shape)
    add(f"upsampling{rank}d", lambda L, r=rank: getattr(L, UPSAMPLING[r])(2), shape)

add("conv1d_causal", lambda L: L.Conv1D(5, 3, padding="causal"), (8, 3))
add("conv1d_causal_dilation", lambda L: L.Conv1D(5, 3, padding="causal", dilation_rate=2), (8, 3))
add("conv2d_uneven", lambda L: L.Conv2D(5, (3, 2), strides=(1, 2)), (7, 6, 3))
add("conv2d_transpose_uneven", lambda L: L.Conv2DTranspose(4, (3, 2), strides=(2, 1)), (4, 5, 3))
for rank, shape in ((1, (9, 4)), (2, (7, 6, 4))):
    for name, options in {
        "plain": {},
        "same": {"padding": "same"},
        "multiplier": {"depth_multiplier": 2},
        "strides": {"strides": 2},
        "dilation": {"dilation_rate": 2},
        "no_bias": {"use_bias": False, "activation": "tanh"},
    }.items():
        add(f"depthwise_conv{rank}d_{name}",
            lambda L, r=rank, o=options: getattr(L, DEPTHWISE[r])(3, **o), shape)
        add(f"separable_conv{rank}d_{name}",
            lambda L, r=rank, o=options: getattr(L, SEPARABLE[r])(5, 3, **o), shape)

for name, options in {
    "plain": {},
    "no_scale": {"scale": False},
    "no_center": {"center": False},
    "epsilon": {"epsilon": 0.1, "momentum": 0.9},
    "axis": {"axis": 1},
}.items():
    for kind, shape in {"vector": (5,), "image": (4, 3, 5)}.items():
        add(f"batch_normalization_{name}_{kind}",
            lambda L, o=options: L.BatchNormalization(**o), shape)
for name, options, shape in [
    ("plain", {}, (5,)),
    ("image", {}, (4, 3, 5)),
    ("two_axes", {"axis": [2, 3]}, (4, 3, 5)),
    ("first_axis", {"axis": 1}, (4, 3)),
    ("no_scale", {"scale": False, "center": False}, (6,)),
]:
    add(f"layer_normalization_{name}", lambda L, o=options: L.LayerNormalization(**o), shape)
for name, options, shape in [
    ("plain", {"groups": 2}, (3, 4, 6)),
    ("channels", {"groups": -1}, (3, 4, 6)),
    ("one", {"groups": 1}, (5, 4)),
    ("no_scale", {"groups": 3, "scale": False}, (3, 6)),
]:
    add(f"group_normalization_{name}", lambda L, o=options: L.GroupNormalization(**o), shape)
add("rms_normalization", lambda L: L.RMSNormalization(), (3, 5))
add("unit_normalization", lambda L: L.UnitNormalization(), (3, 5))
add("unit_normalization_axis", lambda L: L.UnitNormalization(axis=1), (3, 5))

add("permute", lambda L: L.Permute((2, 1)), (3, 4))
add("repeat_vector", lambda L: L.RepeatVector(3), (4,))
add("identity", lambda L: L.Identity(), (4,))
add("relu", lambda L: L.ReLU(), (5,))
add("relu_bounded", lambda L: L.ReLU(max_value=0.5), (5,))
add("relu_sloped", lambda L: L.ReLU(negative_slope=0.2, threshold=0.3, max_value=1.0), (5,))
add("leaky_relu", lambda L: L.LeakyReLU(), (5,))
add("leaky_relu_slope", lambda L: L.LeakyReLU(negative_slope=0.1), (5,))
add("elu", lambda L: L.ELU(), (5,))
add("elu_alpha", lambda L: L.ELU(alpha=0.5), (5,))
add("prelu", lambda L: L.PReLU(), (5,))
add("prelu_shared", lambda L: L.PReLU(shared_axes=[1, 2]), (3, 4, 5))
add("softmax", lambda L: L.Softmax(), (5,))
add("softmax_axis", lambda L: L.Softmax(axis=1), (3, 5))
add("rescaling", lambda L: L.Rescaling(0.5, offset=1.0), (5,))
add("activity_regularization", lambda L: L.ActivityRegularization(l1=0.01, l2=0.02), (5,))


def merging_case(make, shapes):
    """A layer of several inputs, each behind a Dense layer."""

    def case(keras, np):
        inputs = [keras.Input(shape) for shape in shapes]
        behind = [keras.layers.Dense(shape[-1])(x) for shape, x in zip(shapes, inputs)]
        model = keras.Model(inputs, make(keras.layers)(behind))
        set_seeded_weights(model)
        xs = [normal(20 + i, 3, *shape) for i, shape in enumerate(shapes)]
        y = model.predict(xs, verbose=0)
        model.compile(keras.optimizers.SGD(0.1), "mse")
        model.train_on_batch(xs, normal(12, *y.shape))
        return {"y": y, **{f"weight_{i}": w for i, w in enumerate(model.get_weights())}}

    return case


for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"):
    CASES.add(f"{name.lower()}_layer", merging_case(lambda L, n=name: getattr(L, n)(), [(4,), (4,)]))
    if name != "Subtract":
        CASES.add(f"{name.lower()}_layer_of_three",
                  merging_case(lambda L, n=name: getattr(L, n)(), [(3, 4), (3, 4), (3, 4)]))
        CASES.add(f"{name.lower()}_layer_broadcast",
                  merging_case(lambda L, n=name: getattr(L, n)(), [(3, 4), (1, 4)]))
CASES.add("concatenate_layer", merging_case(lambda L: L.Concatenate(), [(3, 4), (3, 2)]))
CASES.add("concatenate_layer_axis", merging_case(lambda L: L.Concatenate(axis=1), [(3, 4), (2, 4)]))
CASES.add("dot_layer", merging_case(lambda L: L.Dot(axes=1), [(4,), (4,)]))
CASES.add("dot_layer_normalized", merging_case(lambda L: L.Dot(axes=1, normalize=True), [(4,), (4,)]))
CASES.add("dot_layer_matrices", merging_case(lambda L: L.Dot(axes=(2, 1)), [(3, 4), (4, 2)]))
CASES.add("dot_layer_last_axes", merging_case(lambda L: L.Dot(axes=2), [(3, 4), (2, 4)]))


@CASES.case
def embedding(keras, np):
    model = keras.Sequential([keras.Input((5,), dtype="int32"), keras.layers.Embedding(7, 3)])
    set_seeded_weights(model)
    x = np.array([[0, 1, 6, 1, 3], [2, 2, 2, 0, 5]], "int32")
    y = model.predict(x, verbose=0)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.train_on_batch(x, normal(12, *y.shape))
    return {"y": y, "table": model.get_weights()[0], "name": model.weights[0].name}


@CASES.case
def small_cnn(keras, np):
    L = keras.layers
    model = keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            L.Conv2D(4, 3, activation="relu"),
            L.MaxPooling2D(),
            L.Conv2D(6, 3, activation="relu", padding="same"),
            L.BatchNormalization(),
            L.GlobalAveragePooling2D(),
            L.Dense(3, activation="softmax"),
        ]
    )
    set_seeded_weights(model)
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "sparse_categorical_crossentropy")
    x = normal(31, 8, 12, 12, 1)
    losses = [float(model.train_on_batch(x, np.arange(8) % 3)) for _ in range(3)]
    return {"losses": np.array(losses, "float32"), "y": model.predict(x, verbose=0)}


@CASES.case
def residual_blocks(keras, np):
    L = keras.layers

    def block(x, filters, strides):
        h = L.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
        h = L.ReLU()(L.BatchNormalization()(h))
        h = L.BatchNormalization()(L.Conv2D(filters, 3, padding="same", use_bias=False)(h))
        if strides > 1:
            x = L.Conv2D(filters, 1, strides=strides)(x)
        return L.ReLU()(L.Add()([h, x]))

    inputs = keras.Input((8, 8, 4))
    h = block(block(inputs, 4, 1), 8, 2)
    model = keras.Model(inputs, L.Dense(3)(L.GlobalAveragePooling2D()(h)))
    set_seeded_weights(model)
    model.compile(keras.optimizers.SGD(0.01), "mse")
    x = normal(31, 4, 8, 8, 4)
    loss = model.train_on_batch(x, normal(32, 4, 3))
    return {"loss": np.array(loss), "y": model.predict(x, verbose=0),
            "shapes": [str(tuple(np.shape(w))) for w in model.get_weights()]}


for rank, name in ((1, "SpatialDropout1D"), (2, "SpatialDropout2D"), (3, "SpatialDropout3D")):
    add(f"spatial_dropout{rank}d_of_nothing", lambda L, n=name: getattr(L, n)(0.0), _SHAPES[rank])
