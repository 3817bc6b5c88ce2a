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


def in_options(**options):
    """A layer some of whose options are functions, or objects of the user's, that know the model."""

    def refer(model):
        layer = K.layers.Dense(1, **{name: make(model) for name, make in options.items()})
        model.add(layer)
        model.compile("sgd", "mse")

    refer.__name__ = "_".join(options)
    return refer


def function_of(result):
    return lambda model: lambda x, **kwargs: result(x) if model is not None else None


def object_of(base, result):
    class Known(base):
        def __call__(self, x, **kwargs):
            return result(x)

        def get_config(self):
            return {}

    def make(model):
        known = Known()
        known.model = model
        return known

    return make


def zeros(shape):
    return np.zeros(shape, np.float32)


def penalty(x):
    return tf.reduce_sum(x) * 0.01


LAYER_OPTIONS = [
    in_options(kernel_initializer=function_of(zeros)),
    in_options(bias_initializer=object_of(K.initializers.Initializer, zeros)),
    in_options(kernel_regularizer=function_of(penalty)),
    in_options(activity_regularizer=object_of(K.regularizers.Regularizer, penalty)),
    in_options(kernel_constraint=function_of(tf.abs)),
    in_options(bias_constraint=object_of(K.constraints.Constraint, tf.abs)),
    in_options(activation=function_of(tf.abs)),
]


def own_weight(model):
    class Layer(K.layers.Layer):
        def build(self, input_shape):
            self.scale = self.add_weight(
                shape=(1,), initializer=function_of(zeros)(model),
                regularizer=function_of(penalty)(model), constraint=function_of(tf.abs)(model),
            )

        def call(self, x):
            return x * self.scale

    model.add(Layer())
    model.compile("sgd", "mse")


def schedule_object(model):
    class Schedule(K.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.1

    schedule = Schedule()
    schedule.model = model
    model.compile(K.optimizers.SGD(schedule), "mse")


def schedule_function(model):
    model.compile(K.optimizers.SGD(lambda: 0.1 if model is not None else 0.2), "mse")


@pytest.mark.parametrize("refer", [loss_closure, metric_closure, loss_object, metric_object,
                                   layer_object, callback_object, *LAYER_OPTIONS, own_weight,
                                   schedule_object, schedule_function])
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


@pytest.mark.parametrize("functional", [False, True])
def test_functions_that_only_a_model_knows_of_live_as_long_as_it_does(functional):
    def make():
        layers = [
            K.layers.Dense(2, activation=lambda x: x * 2.0, kernel_initializer=lambda shape, dtype: np.ones(shape)),
            K.layers.Dense(1, kernel_regularizer=penalty, kernel_constraint=lambda w: tf.abs(w)),
        ]
        if not functional:
            return K.Sequential([K.Input((3,)), *layers])
        x = K.Input((3,))
        return K.Model(x, layers[1](layers[0](x)))

    model = make()
    gc.collect()
    model.compile(K.optimizers.SGD(lambda: 0.01), "mse")
    gc.collect()
    model.fit(X, Y, verbose=0)
    model.compile("sgd", "mse")
    gc.collect()
    model.fit(X, Y, verbose=0)
    assert np.all(model.get_weights()[2] >= 0)
    assert K.models.clone_model(model).predict(X, verbose=0).shape == (4, 1)
