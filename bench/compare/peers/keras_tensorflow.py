"""Keras 3 on TensorFlow."""

from . import _keras
from ._tensorflow import import_tensorflow

TITLE = "Keras-TensorFlow"
ENVIRONMENT = "tensorflow"
PACKAGES = ("keras", "tensorflow_cpu")
MODULE = "keras"
ENVIRONMENT_VARIABLES = {"KERAS_BACKEND": "tensorflow"}
MODES = _keras.MODES


class Peer(_keras.Peer):
    def __init__(self, threads):
        import_tensorflow(threads)
        import keras

        super().__init__(keras)
