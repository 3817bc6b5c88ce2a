"""tf.compat: `tegula.compat.v1` is tegula itself, whose names are TensorFlow 1's."""

import sys

import tegula as v1

sys.modules[__name__ + ".v1"] = v1
