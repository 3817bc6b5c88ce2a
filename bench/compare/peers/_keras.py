"""What is written against Keras' interface: for Keras 3, whatever its backend, and for Tegula."""

from .. import data

PACKAGES = ("keras",)
MODES = {
    "epoch": ("fit",),
    "step": ("train_on_batch",),
    "inference": ("predict", "predict_on_batch"),
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
        losses = {"classes": "sparse_categorical_crossentropy", "squares": "mse"}
        model.compile(optimizer=self.keras.optimizers.Adam(0.001), loss=losses[mlp.loss])
        return model

    def epoch(self, mode, case):
        model = self._model(case.mlp)
        x, y = data.samples(case)
        return lambda: model.fit(x, y, batch_size=case.batch, epochs=1, verbose=0)

    def step(self, mode, case):
        model = self._model(case.mlp)
        x, y = data.samples(case)
        return lambda: model.train_on_batch(x, y)

    def inference(self, mode, case):
        model = self._model(case.mlp)
        x = data.samples(case)[0]
        return {
            "predict": lambda: model.predict(x, batch_size=case.batch, verbose=0),
            "predict_on_batch": lambda: model.predict_on_batch(x),
            "call": lambda: model(x),
        }[mode]
