"""Uses that a type checker accepts; the examples and this file are checked by test_types.py."""

from typing import Any

import numpy as np

import tegula as tf
from tegula import keras


class Scale(keras.layers.Layer):
    def __init__(self, factor: float = 2.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        return inputs * self.factor


def squared(y_true: Any, y_pred: Any) -> Any:
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


x = np.zeros((8, 4), "float32")
y = np.zeros((8,), "int64")

model = keras.Sequential(
    [
        keras.layers.Input((4,)),
        keras.layers.Dense(3, activation="relu", kernel_initializer=keras.initializers.HeNormal()),
        keras.layers.Dense(units=3, activation=keras.activations.relu, use_bias=False, name="d"),
        keras.layers.Dropout(0.5, seed=1),
        Scale(3.0, name="scale"),
        keras.layers.Dense(2, kernel_regularizer=keras.regularizers.L2(0.01), trainable=True),
    ]
)
rate = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=rate, clipnorm=1.0),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(k=1, name="top")],
)
history = model.fit(x, y, epochs=1, verbose=0, callbacks=[keras.callbacks.EarlyStopping(patience=2)])
print(history.history["loss"], model.optimizer, model.layers, model.predict(x))
model.compile("sgd", squared)
print(model.layers[0].weights, model.trainable_weights, model.get_config())
print(keras.metrics.Precision(thresholds=[0.5], name="p").name, keras.metrics.AUC(from_logits=True))
keras.utils.set_random_seed(1)
noise = keras.random.normal((2, 3), seed=keras.random.SeedGenerator(1))
variable = keras.Variable(1.0, name="v")
variable.assign_add(2.0)
print(variable.value + 1, keras.tree.map_structure(lambda leaf: leaf, {"a": noise}))

graph_x = tf.placeholder(tf.float32, [None, 4], name="x")
w = tf.Variable(tf.zeros([4, 2]))
probabilities = tf.nn.softmax(tf.matmul(graph_x, w))
probabilities = tf.math.exp(tf.nn.dropout(tf.nn.sigmoid(probabilities), 0.5))
print(tf.linalg.eye(2), tf.linalg.matmul(w, w, transpose_b=True), tf.random.normal([2]))
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    session.run(probabilities, {graph_x: x})
try:
    model.predict(np.zeros((1, 5)))
except tf.errors.ShapeError:
    pass
