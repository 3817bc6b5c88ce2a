"""Keras 3 on JAX."""

from . import _keras

TITLE = "Keras-JAX"
ENVIRONMENT = "jax"
PACKAGES = ("keras", "jax", "jaxlib")
MODULE = "keras"
ENVIRONMENT_VARIABLES = {"KERAS_BACKEND": "jax"}
MODES = _keras.MODES


class Peer(_keras.Peer):
    def __init__(self, threads):
        import keras

        super().__init__(keras)
