"""Records the fixtures: what every case gives under real Keras 3 and TensorFlow's graph mode.

    python tests/parity/record.py                 record everything
    python tests/parity/record.py keras losses    one file of cases
    python tests/parity/record.py --check         record nothing: compare a fresh run, and one in
                                                  float64, with the fixtures

Needs `keras` and `tensorflow` (CPU is enough). Inputs come from fixed seeds; nothing else is
random.
"""

import argparse
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy as np  # noqa: E402

import parity_harness as harness  # noqa: E402

# A repeated run may differ by this much (order of float32 sums), the float64 run by this much
# (condition of the case).
REPEAT_TOLERANCE = 1e-6
CONDITION_TOLERANCE = 5e-6

# Cases that have no float64 counterpart, and why.
SINGLE_PRECISION = {
    "keras/compiled_metrics/string_categorical_accuracy": "top-k accuracy is for float32",
    "keras/compiled_metrics/batches_of_unequal_size": "top-k accuracy is for float32",
    "keras/custom_measures/metric_with_a_reset_compiled": "states a dtype",
    "keras/custom_measures/binary_crossentropy_of_linear": "1 - 1e-7 is rounded to 1 - 2**-23",
    "keras/custom_measures/binary_crossentropy_of_softplus": "1 - 1e-7 is rounded to 1 - 2**-23",
    "keras/fit_options/lists_and_float64_inputs": "states a dtype",
    "keras/losses/clipped_probabilities": "1 - 1e-7 is rounded to 1 - 2**-23",
    "keras/measures_dtypes/loss_BinaryCrossentropy": "1 - 1e-7 is rounded to 1 - 2**-23",
    "keras/measures_dtypes/loss_BinaryFocalCrossentropy": "1 - 1e-7 is rounded to 1 - 2**-23",
    "keras/measures_dtypes/loss_BinaryFocalCrossentropy_apply_class_balancing": (
        "1 - 1e-7 is rounded to 1 - 2**-23"
    ),
    "keras/measures_nonfinite/loss_BinaryCrossentropy": "1 - 1e-7 is rounded to 1 - 2**-23",
    "graph/session/values_know_their_op_and_graph": "states a dtype",
    "graph/session/dtypes_of_constants_and_results": "states dtypes",
    "graph/session/result_types": "states dtypes",
    "graph/session/errors": "mixes dtypes on purpose",
}


def reference(kind):
    """The real library of a kind of cases."""
    if kind == "keras":
        import keras

        return keras
    import tensorflow

    tf = tensorflow.compat.v1
    tf.nn.gelu = tensorflow.nn.gelu  # newer than TensorFlow 1, but its graph mode runs it
    return tf


def versions():
    import keras
    import tensorflow

    return {
        "keras": keras.__version__,
        "tensorflow": tensorflow.__version__,
        "numpy": np.__version__,
    }


class DoublePrecision:
    """A module in which float32 is float64: what a case gives without rounding errors."""

    def __init__(self, module):
        self._module = module

    def __getattr__(self, name):
        return getattr(self._module, "float64" if name == "float32" else name)


class DoublePrecisionGraph(DoublePrecision):
    """TensorFlow in which every float constant and variable is float64."""

    @staticmethod
    def _widened(value):
        array = np.asarray(value) if isinstance(value, (float, list, tuple, np.ndarray)) else None
        return array.astype(np.float64) if array is not None and array.dtype.kind == "f" else value

    def constant(self, value, *arguments, **options):
        return self._module.constant(self._widened(value), *arguments, **options)

    def Variable(self, value, *arguments, **options):  # noqa: N802 - TensorFlow's name
        return self._module.Variable(self._widened(value), *arguments, **options)

    def zeros(self, shape, dtype="float64", **options):
        return self._module.zeros(shape, dtype, **options)

    def ones(self, shape, dtype="float64", **options):
        return self._module.ones(shape, dtype, **options)

    def one_hot(self, indices, depth, dtype="float64", **options):
        return self._module.one_hot(indices, depth, dtype=dtype, **options)


def run_in_double_precision(kind, function):
    """The results of a case in float64: the layer API by its default float type, the graph level by
    its inputs.
    """
    library = reference(kind)
    if kind == "graph":
        with library.Graph().as_default():
            results = function(DoublePrecisionGraph(library), DoublePrecision(np))
        return {key: np.asarray(value) for key, value in results.items()}
    try:
        library.config.set_floatx("float64")
        library.config.set_dtype_policy("float64")
        return harness.run_case(kind, library, function)
    finally:
        library.config.set_floatx("float32")
        library.config.set_dtype_policy("float32")


def record(kind, subject):
    """Runs and writes one file of cases; the number of cases."""
    cases = harness.load_cases(kind, subject)
    results = {
        name: harness.run_case(kind, reference(kind), function) for name, function in cases.items()
    }
    harness.write_fixture(kind, subject, versions(), results)
    return len(cases)


def check(kind, subject):
    """Messages about cases that do not repeat, or that lose too many digits to compare."""
    messages = []
    fixtures = harness.read_fixture(kind, subject)
    for name, function in harness.load_cases(kind, subject).items():
        expected = fixtures.get(name)
        if expected is None:
            messages.append(f"{kind}/{subject}/{name}: not recorded")
            continue
        error, key = harness.case_error(
            kind, harness.run_case(kind, reference(kind), function), expected
        )
        if error > REPEAT_TOLERANCE:
            messages.append(
                f"{kind}/{subject}/{name}: repeated run differs by {error:.1e} in {key}"
            )
        if f"{kind}/{subject}/{name}" in SINGLE_PRECISION:
            continue
        try:
            precise = run_in_double_precision(kind, function)
        except Exception as failure:  # noqa: BLE001 - reported, to be listed in SINGLE_PRECISION
            messages.append(f"{kind}/{subject}/{name}: no float64 run ({type(failure).__name__})")
            continue
        errors = {
            key: harness.relative_error(precise[key], expected[key])
            for key in expected
            if key in precise
        }
        worst = max(errors, key=errors.get)
        if errors[worst] > CONDITION_TOLERANCE:
            messages.append(
                f"{kind}/{subject}/{name}: float64 differs by {errors[worst]:.1e} in {worst}"
            )
    return messages


def main():
    parser = argparse.ArgumentParser(
        description="Record the parity fixtures from real Keras and TensorFlow."
    )
    parser.add_argument("kind", nargs="?", choices=harness.KINDS)
    parser.add_argument("subject", nargs="?")
    parser.add_argument(
        "--check",
        action="store_true",
        help="compare a fresh run and a float64 run with the fixtures",
    )
    arguments = parser.parse_args()
    failed = False
    for kind in [arguments.kind] if arguments.kind else harness.KINDS:
        for subject in [arguments.subject] if arguments.subject else harness.subjects(kind):
            if arguments.check:
                for message in check(kind, subject):
                    failed = True
                    print(message, flush=True)
            else:
                print(f"{kind}/{subject}: {record(kind, subject)} cases", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
