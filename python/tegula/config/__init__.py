"""tf.config: settings of the process."""

from . import threading  # noqa: F401
