"""What is written against Keras' interface: for Keras 3, whatever its backend, and for Tegula."""

from .. import data, networks

PACKAGES = ("keras",)
MODES = {
    "epoch": ("fit",),
    "step": ("train_on_batch",),
    "inference": ("predict", "predict_on_batch"),
    "network_step": ("train_on_batch",),
    "network_inference": ("predict", "predict_on_batch"),
}


class Peer:
    def __init__(self, keras):
        self.keras = keras

    def _model(self, mlp):
        layers = self.keras.layers
        stack = [layers.Input((mlp.inputs,))]
        for units in mlp.hidden:
            stack.append(layers.Dense(units, activation="relu"))
            if mlp.dropout:
                stack.append(layers.Dropout(mlp.dropout))
        last = "softmax" if mlp.loss == "classes" else None
        model = self.keras.Sequential([*stack, layers.Dense(mlp.outputs, activation=last)])
        self._compile(model, mlp)
        return model

    def _compile(self, model, network):
        losses = {"classes": "sparse_categorical_crossentropy", "squares": "mse"}
        optimizers = {"adam": self.keras.optimizers.Adam(0.001), "sgd": self.keras.optimizers.SGD(0.01)}
        optimizer = optimizers[getattr(network, "optimizer", "adam")]
        model.compile(optimizer=optimizer, loss=losses[network.loss])

    def network(self, function, network):
        """The model, with the weights that all peers start with."""
        keras = self.keras
        x = keras.Input(network.input_shape, dtype="int32" if network.ids_below else "float32")
        building = _Layers(keras.layers, networks.draw_weights(function, network))
        outputs = function(building, x)
        if network.loss == "classes":
            outputs = keras.layers.Softmax()(outputs)
        model = keras.Model(x, outputs)
        self._compile(model, network)
        return model

    def epoch(self, mode, case):
        model = self._model(case.mlp)
        x, y = data.samples(case)
        return lambda: model.fit(x, y, batch_size=case.batch, epochs=1, verbose=0)

    def step(self, mode, case):
        return self._step(self._model(case.mlp), case)

    def network_step(self, mode, function, case):
        return self._step(self.network(function, case.network), case)

    def _step(self, model, case):
        x, y = data.samples(case)
        return lambda: model.train_on_batch(x, y)

    def inference(self, mode, case):
        return self._inference(mode, self._model(case.mlp), case)

    def network_inference(self, mode, function, case):
        return self._inference(mode, self.network(function, case.network), case)

    def _inference(self, mode, model, case):
        x = data.samples(case)[0]
        return {
            "predict": lambda: model.predict(x, batch_size=case.batch, verbose=0),
            "predict_on_batch": lambda: model.predict_on_batch(x),
            "call": lambda: model(x),
        }[mode]


class _Layers:
    """As `nn` of networks.py, on the values of the functional interface."""

    def __init__(self, layers, weights):
        self.layers = layers
        self.weights = iter(weights)

    def _weighted(self, layer, x):
        y = layer(x)
        weights = next(self.weights)
        layer.set_weights([*weights.trainable, *weights.state])
        return y

    def _padded(self, x, kernel, strides, padding):
        """x with zeros around it where the layer cannot add them itself, and the layer's `padding`."""
        if not padding:
            return x, "valid"
        if strides == 1 and 2 * padding == kernel - 1:
            return x, "same"
        return self.layers.ZeroPadding2D(padding)(x), "valid"

    def conv(self, x, filters, kernel, strides=1, padding=0, bias=True):
        x, padding = self._padded(x, kernel, strides, padding)
        layer = self.layers.Conv2D(filters, kernel, strides, padding, use_bias=bias)
        return self._weighted(layer, x)

    def depthwise(self, x, kernel, strides=1, padding=0):
        x, padding = self._padded(x, kernel, strides, padding)
        layer = self.layers.DepthwiseConv2D(kernel, strides, padding, use_bias=False)
        return self._weighted(layer, x)

    def batch_norm(self, x):
        layer = self.layers.BatchNormalization(
            momentum=networks.MOMENTUM, epsilon=networks.EPSILON
        )
        return self._weighted(layer, x)

    def relu(self, x):
        return self.layers.ReLU()(x)

    def dropout(self, x, rate):
        return self.layers.Dropout(rate)(x)

    def max_pool(self, x, size):
        return self.layers.MaxPooling2D(size)(x)

    def add(self, x, y):
        return self.layers.Add()([x, y])

    def mean_of_pixels(self, x):
        return self.layers.GlobalAveragePooling2D()(x)

    def flatten(self, x):
        return self.layers.Flatten()(x)

    def dense(self, x, units):
        return self._weighted(self.layers.Dense(units), x)

    def embedding_mean(self, ids, rows, width):
        embedded = self._weighted(self.layers.Embedding(rows, width), ids)
        return self.layers.GlobalAveragePooling1D()(embedded)
