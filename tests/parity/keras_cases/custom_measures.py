"""Metrics and losses of users' classes and functions, compiled and called directly: the documented
pattern of a metric with variables, and overrides of built-in classes.
"""

from parity_harness import CaseTable

from ._common import classes, history_of, linear, normal, uniform

CASES = CaseTable()

ROWS = 10


def _regression(keras, loss="mse", **metrics):
    model = linear(keras, outputs=1)
    model.compile(keras.optimizers.SGD(0.05), loss, **metrics)
    return model, normal(11, ROWS, 4), normal(12, ROWS, 1)


def _trained(model, x, y, np):
    weights = uniform(13, ROWS, high=2)
    history = model.fit(
        x, y, epochs=2, batch_size=4, shuffle=False, verbose=0, sample_weight=weights
    )
    return {
        **history_of(history),
        "evaluated": np.array(model.evaluate(x, y, verbose=0)),
        "bias": model.get_weights()[1],
    }


def true_positives(keras):
    ops = keras.ops

    class BinaryTruePositives(keras.metrics.Metric):
        def __init__(self, name="binary_true_positives", **kwargs):
            super().__init__(name=name, **kwargs)
            self.true_positives = self.add_variable(
                shape=(), initializer="zeros", name="true_positives"
            )

        def update_state(self, y_true, y_pred, sample_weight=None):
            y_true = ops.cast(y_true, "bool")
            y_pred = ops.cast(ops.greater(y_pred, 0.5), "bool")
            values = ops.logical_and(ops.equal(y_true, True), ops.equal(y_pred, True))
            values = ops.cast(values, self.dtype)
            if sample_weight is not None:
                sample_weight = ops.cast(sample_weight, self.dtype)
                values = ops.multiply(ops.reshape(values, (-1,)), sample_weight)
            self.true_positives.assign(self.true_positives + ops.sum(values))

        def result(self):
            return self.true_positives

    return BinaryTruePositives


def largest_error(keras):
    ops = keras.ops

    class LargestError(keras.metrics.Metric):
        """A state that is not summed, with a reset of its own and two assignments to one variable."""

        def __init__(self, name=None):
            super().__init__(name=name)
            self.largest = self.add_weight(name="largest", initializer="ones")
            self.batches = self.add_weight(shape=(2,), initializer="zeros", name="batches")

        def update_state(self, y_true, y_pred, sample_weight=None):
            error = ops.max(ops.abs(ops.cast(y_true, "float32") - y_pred))
            self.largest.assign(ops.maximum(self.largest, error))
            self.batches.assign_add([1.0, 2.0])
            self.batches.assign(self.batches * 2.0)

        def result(self):
            return self.largest + ops.sum(self.batches)

        def reset_state(self):
            self.largest.assign(0.25)
            self.batches.assign([0.0, 1.0])

    return LargestError


@CASES.case
def metric_with_variables_compiled(keras, np):
    model = linear(keras, outputs=1, activation="sigmoid")
    cls = true_positives(keras)
    model.compile(
        keras.optimizers.SGD(0.05), "bce", metrics=[cls()], weighted_metrics=[cls(name="weighted")]
    )
    y = classes(3, ROWS, 2).reshape(ROWS, 1)
    return _trained(model, normal(11, ROWS, 4), y, np)


@CASES.case
def metric_with_variables_directly(keras, np):
    metric = true_positives(keras)()
    results = {"count": np.array(len(metric.variables)), "first": np.array(metric.result())}
    batch = np.array([0, 1, 1, 1]), np.array([1, 1, 0, 1], np.float32)
    metric.update_state(*batch)
    results["one"] = np.array(metric.result())
    results["two"] = np.array(metric(*batch, sample_weight=np.array([1, 2, 3, 4], np.float32)))
    results["variable"] = np.array(metric.true_positives.numpy())
    metric.reset_state()
    results["reset"] = np.array(metric.result())
    return results


@CASES.case
def metric_with_a_reset_compiled(keras, np):
    model, x, y = _regression(keras, metrics=[largest_error(keras)(name="largest")])
    model.evaluate(x, y, verbose=0)  # Keras makes the metric in its first run, and resets none before
    return _trained(model, x, y, np)


@CASES.case
def metric_with_a_reset_directly(keras, np):
    metric = largest_error(keras)(name="largest")
    results = {"first": np.array(metric.result())}
    metric.update_state([[1], [5]], np.array([[2], [2]], np.float32))
    results["one"] = np.array(metric.result())
    metric.reset_state()
    results["reset"] = np.array(metric.result())
    results["state"] = np.array([float(metric.largest.numpy()), *metric.batches.numpy()])
    return results


def overridden_metrics(keras):
    base = keras.metrics.MeanSquaredError

    class Doubled(base):
        def update_state(self, y_true, y_pred, sample_weight=None):
            return super().update_state(y_true * 2, y_pred, sample_weight)

    class Twice(base):
        def update_state(self, y_true, y_pred, sample_weight=None):
            super().update_state(y_true, y_pred, sample_weight)
            super().update_state(y_true, y_pred + 1, sample_weight)

    class After(base):
        def update_state(self, y_true, y_pred, sample_weight=None):
            self.total.assign_add(7.0)
            super().update_state(y_true, y_pred, sample_weight)

    class Shifted(base):
        def result(self):
            return super().result() + 100

    class Ahead(base):
        def reset_state(self):
            super().reset_state()
            self.total.assign(1000.0)

    class Absolute(keras.metrics.Mean):
        def update_state(self, y_true, y_pred, sample_weight=None):
            super().update_state(keras.ops.abs(y_true - y_pred), sample_weight)

    return [Doubled, Twice, After, Shifted, Ahead, Absolute]


@CASES.case
def overrides_of_metrics_compiled(keras, np):
    metrics = [cls(name=cls.__name__.lower()) for cls in overridden_metrics(keras)]
    model, x, y = _regression(keras, metrics=metrics)
    model.evaluate(x, y, verbose=0)  # as above
    return _trained(model, x, y, np)


@CASES.case
def overrides_of_metrics_directly(keras, np):
    results = {}
    y = normal(12, ROWS, 1)
    for cls in overridden_metrics(keras):
        metric = cls(name="m")
        metric.update_state(y, y + 1)
        values = [float(metric.result())]
        metric.update_state(y, y - 3, sample_weight=uniform(13, ROWS, high=2))
        values.append(float(metric.result()))
        metric.reset_state()
        values.append(float(metric.result()))
        results[cls.__name__] = np.array(values)
    return results


def overridden_losses(keras):
    base = keras.losses.MeanSquaredError

    class Doubled(base):
        def call(self, y_true, y_pred):
            return super().call(y_true, y_pred) * 2

    class Tripled(base):
        def __call__(self, y_true, y_pred, sample_weight=None):
            return super().__call__(y_true, y_pred, sample_weight) * 3

    class Absolute(base):
        def call(self, y_true, y_pred):
            return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)

    return [Doubled, Tripled, Absolute]


def _loss_case(index):
    def case(keras, np):
        cls = overridden_losses(keras)[index]
        model, x, y = _regression(keras, cls(), metrics=["mse"])
        return {
            **_trained(model, x, y, np),
            "directly": np.array(cls()(y, x[:, :1])),
            "sum": np.array(cls(reduction="sum")(y, x[:, :1])),
        }

    return case


for _index, _name in enumerate(("call", "whole_call", "call_anew")):
    CASES.add(f"loss_with_{_name}", _loss_case(_index))


@CASES.case
def loss_of_indices_with_call(keras, np):
    class Doubled(keras.losses.SparseCategoricalCrossentropy):
        def call(self, y_true, y_pred):
            return super().call(y_true, y_pred) * 2

    model = linear(keras, outputs=3, activation="softmax")
    model.compile(keras.optimizers.SGD(0.05), Doubled())
    return _trained(model, normal(11, ROWS, 4), classes(6, ROWS, 3), np)


@CASES.case
def functions_by_name_and_functions_of_nothing(keras, np):
    def constant(y_true, y_pred):
        return 3.0

    metrics = [constant, keras.metrics.mean_absolute_error, keras.losses.mean_squared_error]
    model, x, y = _regression(keras, metrics=[*metrics, keras.metrics.binary_accuracy])
    return _trained(model, x, y, np)


def masked(keras):
    ops = keras.ops

    def loss(y_true, y_pred):
        known = ops.equal(y_true, y_true)
        y_true = ops.where(known, y_true, ops.zeros_like(y_true))
        errors = ops.square(y_true - y_pred)
        return ops.mean(ops.where(known, errors, ops.zeros_like(errors)), axis=-1)

    return loss


@CASES.case
def targets_that_a_loss_masks(keras, np):
    model, x, y = _regression(keras, masked(keras))
    y[3] = np.nan
    return _trained(model, x, y, np)


ACTIVATIONS = ["linear", "sigmoid", "softmax", "softplus", "tanh"]
CROSSENTROPIES = [
    "categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy",
    "categorical_focal_crossentropy", "binary_focal_crossentropy",
]


def _crossentropy_case(activation, loss):
    """Outputs of any activation: what is normalized, and where logits are taken instead."""

    def case(keras, np):
        model = linear(keras, outputs=3, activation=activation)
        model.compile(keras.optimizers.SGD(0.05), loss)
        labels = classes(6, ROWS, 3)
        y = labels if loss.startswith("sparse") else np.eye(3, dtype=np.float32)[labels]
        return _trained(model, normal(11, ROWS, 4), y, np)

    return case


for _activation in ACTIVATIONS:
    for _loss in CROSSENTROPIES:
        if _loss != "binary_focal_crossentropy" or _activation in ("sigmoid", "softmax"):
            CASES.add(f"{_loss}_of_{_activation}", _crossentropy_case(_activation, _loss))
