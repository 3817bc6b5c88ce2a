"""Compiled metrics whose results are vectors: logs and histories hold arrays."""

from parity_harness import CaseTable

from ._common import classes, mlp, normal, one_hot

CASES = CaseTable()

ROWS = 12


def _compiled(keras, metrics):
    model = mlp(keras, outputs=3, output_activation="softmax")
    model.compile(keras.optimizers.SGD(0.1), "categorical_crossentropy", metrics=metrics(keras))
    return model, normal(11, ROWS, 4), one_hot(classes(6, ROWS, 3), 3)


METRICS = {
    "f1_by_name": (lambda keras: ["f1_score"], "f1_score"),
    "f1_with_threshold": (lambda keras: [keras.metrics.F1Score(threshold=0.4)], "f1_score"),
    "f_beta": (lambda keras: [keras.metrics.FBetaScore(beta=2.0)], "fbeta_score"),
    "precision_at_thresholds": (
        lambda keras: [keras.metrics.Precision(thresholds=[0.3, 0.45], name="p")], "p"
    ),
    "r2_per_output": (lambda keras: [keras.metrics.R2Score(class_aggregation=None)], "r2_score"),
}


def _case(metrics, name):
    def case(keras, np):
        model, x, y = _compiled(keras, metrics)
        history = model.fit(
            x, y, epochs=2, batch_size=5, shuffle=False, verbose=0, validation_data=(x, y)
        ).history
        loss, value = model.evaluate(x, y, verbose=0)
        return {
            "keys": np.array(list(history)),
            "history": np.array(history[name]),
            "val_history": np.array(history["val_" + name]),
            "evaluated": value,
            "by_name": model.evaluate(x, y, verbose=0, return_dict=True)[name],
            "batch": model.train_on_batch(x, y, return_dict=True)[name],
        }

    return case


for _name, _arguments in METRICS.items():
    CASES.add(_name, _case(*_arguments))
