"""Layers of the user's own: sublayers, state that `call` assigns, losses, overrides, freezing."""

from parity_harness import CaseTable

from ._common import normal, set_seeded_weights

CASES = CaseTable()


def block(keras):
    """Sublayers in an attribute, a list that is filled later, and a dict; weights of its own."""

    class Block(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.first = keras.layers.Dense(5, activation="tanh")
            self.inner = []
            self.last = keras.layers.Dense(4)
            self.inner.append(keras.layers.Dense(3, activation="sigmoid"))
            self.named = {"same": keras.layers.Activation("linear")}

        def build(self, input_shape):
            self.shift = self.add_weight(shape=(4,), initializer="ones", name="shift")

        def call(self, x):
            y = self.last(self.inner[0](self.named["same"](self.first(x))))
            return x + y * self.shift

    return Block()


def centered(keras):
    """Subtracts the batch's mean in training and a moving one else."""

    class Centered(keras.layers.Layer):
        def build(self, input_shape):
            self.seen = self.add_weight(
                shape=(), initializer="zeros", trainable=False, name="seen"
            )
            self.mean = self.add_weight(
                shape=(input_shape[-1],), initializer="zeros", trainable=False, name="mean"
            )

        def call(self, x, training=False):
            self.seen.assign_add(1.0)
            if not training:
                return x - self.mean
            mean = keras.ops.mean(x, axis=0)
            self.mean.assign(self.mean * 0.9)
            self.mean.assign_add(mean * 0.1)
            return x - mean + 0.1 * self.mean

    return Centered()


def penalized(keras):
    """Adds a loss of its own."""

    class Penalized(keras.layers.Layer):
        def call(self, x):
            self.add_loss(0.01 * keras.ops.sum(keras.ops.square(x)))
            return x

    return Penalized(activity_regularizer=keras.regularizers.L2(0.1))


def squared(keras):
    """A built-in layer with another `call`."""

    class Squared(keras.layers.Dense):
        def call(self, inputs):
            return keras.ops.square(super().call(inputs))

    return Squared(3, kernel_regularizer=keras.regularizers.L1(0.01))


def trained(make, frozen=()):
    """Three epochs of a stack with the layer in it, then its predictions and weights."""

    def case(keras, np):
        model = keras.Sequential([keras.Input((4,)), make(keras), keras.layers.Dense(2)])
        set_seeded_weights(model)
        model.compile(keras.optimizers.Adam(0.01), "mse")
        for index in frozen:
            model.layers[index].trainable = False
        x, y = normal(91, 12, 4), normal(92, 12, 2)
        history = model.fit(x, y, batch_size=5, epochs=3, shuffle=False, verbose=0)
        result = {
            "loss": history.history["loss"],
            "evaluated": model.evaluate(x, y, batch_size=5, verbose=0),
            "predicted": model.predict(x, batch_size=5, verbose=0),
            "trainable": len(model.trainable_weights),
            "parameters": model.count_params(),
        }
        return {**result, **{f"w{i}": w for i, w in enumerate(model.get_weights())}}

    return case


for _name, _make in [
    ("sublayers", block), ("state", centered), ("losses", penalized), ("override", squared),
]:
    CASES.add(_name, trained(_make))
CASES.add("sublayers_frozen", trained(block, frozen=[0]))
CASES.add("state_frozen", trained(centered, frozen=[0]))


@CASES.case
def built_alone(keras, np):
    """A layer's weights exist without a model, and come along into one."""
    layer = keras.layers.Dense(3)
    layer.build((None, 4))
    layer.set_weights([normal(93, 4, 3), normal(94, 3)])
    x = normal(95, 5, 4)
    alone = np.asarray(layer(x))
    model = keras.Sequential([keras.Input((4,)), layer])
    return {"alone": alone, "in_model": model.predict(x, verbose=0), "kernel": model.get_weights()[0]}
