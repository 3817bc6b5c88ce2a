"""Python's collector frees models, losses and metrics that refer to each other."""

import gc
import weakref

import numpy as np
import pytest
import tegula as tf

K = tf.keras
X = np.ones((4, 3), np.float32)
Y = np.ones((4, 1), np.float32)


def loss_closure(model):
    def loss(y, p):
        assert model is not None
        return K.losses.mean_squared_error(y, p)

    model.compile("sgd", loss)


def metric_closure(model):
    def metric(y, p):
        assert model is not None
        return K.losses.mean_absolute_error(y, p)

    model.compile("sgd", "mse", metrics=[metric])


def loss_object(model):
    class Loss(K.losses.Loss):
        def call(self, y, p):
            return K.losses.mean_squared_error(y, p)

    loss = Loss()
    loss.model = model
    model.compile("sgd", loss)


def metric_object(model):
    class Metric(K.metrics.Metric):
        def __init__(self):
            super().__init__(name="own")
            self.total = self.add_weight(name="total", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.total.assign_add(tf.reduce_sum(y_pred))

        def result(self):
            return self.total

    metric = Metric()
    metric.model = model
    model.compile("sgd", "mse", metrics=[metric])


def layer_object(model):
    class Layer(K.layers.Layer):
        def call(self, x):
            return x * 1.0

    layer = Layer()
    layer.kept = [lambda: model]
    model.add(layer)
    model.compile("sgd", "mse")


def callback_object(model):
    model.compile("sgd", "mse")
    callback = K.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: model.name)
    model.fit(X, Y, verbose=0, callbacks=[callback])
    model.kept = callback


@pytest.mark.parametrize("refer", [loss_closure, metric_closure, loss_object, metric_object,
                                   layer_object, callback_object])
def test_a_model_is_freed_though_it_is_referred_to_by(refer):
    def use():
        model = K.Sequential([K.Input((3,)), K.layers.Dense(1)])
        refer(model)
        model.fit(X, Y, verbose=0)
        model.predict(X)
        return weakref.ref(model), weakref.ref(model._core)

    references = use()
    gc.collect()
    assert [reference() for reference in references] == [None, None]


def test_a_loss_and_a_metric_of_the_users_are_freed():
    loss = K.losses.get(lambda y, p: K.losses.mean_squared_error(y, p))
    metric = K.metrics.MeanMetricWrapper(lambda y, p: K.losses.mean_squared_error(y, p), name="m")
    metric.update_state(Y, Y)
    references = [weakref.ref(loss._core), weakref.ref(metric._core)] if hasattr(loss, "_core") else [
        weakref.ref(metric._core)
    ]
    del loss, metric
    gc.collect()
    assert all(reference() is None for reference in references)
