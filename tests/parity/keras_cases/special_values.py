"""NaN and both infinities through every activation, and activations over other axes."""

import numpy as np

from parity_harness import CaseTable

from ._common import normal
from .activations import NAMES

CASES = CaseTable()

NAN, INF = float("nan"), float("inf")
SPECIAL = np.array([[NAN, 1.0], [INF, 1.0], [-INF, 1.0], [0.0, -0.0]], np.float32)


# Keras's values of rows with NaN or +infinity are accidents of the backend.
ONLY_DEFINED_ROWS = ("softmax", "sparsemax")


def special_case(name):
    x = SPECIAL[2:] if name in ONLY_DEFINED_ROWS else SPECIAL

    def case(keras, np):
        return {"y": np.asarray(getattr(keras.activations, name)(x))}

    return case


for _name in NAMES:
    CASES.add(_name, special_case(_name))


def axis_case(name, axis):
    def case(keras, np):
        x = normal(91, 3, 4, 5)
        return {"y": np.asarray(getattr(keras.activations, name)(x, axis=axis))}

    return case


for _name, _axis in [
    ("softmax", (1, 2)),
    ("softmax", (0, 2)),
    ("softmax", (0, 1, 2)),
    ("log_softmax", (1, 2)),
    ("log_softmax", (0, 2)),
    ("sparsemax", 0),
    ("sparsemax", 1),
    ("sparsemax", -1),
]:
    CASES.add(f"{_name}_over_{'_'.join(str(i) for i in np.atleast_1d(_axis))}", axis_case(_name, _axis))
