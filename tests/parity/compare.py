"""Prints a table case -> relative error of Tegula against real Keras and TensorFlow.

    python tests/parity/compare.py                 all cases, side by side with the real libraries
    python tests/parity/compare.py keras losses    one file of cases
    python tests/parity/compare.py --fixtures      against the recorded figures, without Keras
    python tests/parity/compare.py --failing       only the cases beyond the tolerance

Exit status 1 when a case is beyond the tolerance of 1e-5.
"""

import argparse
import sys

import parity_harness as harness


def tegula_library(kind):
    import tegula

    return tegula.keras if kind == "keras" else tegula


def expected_results(kind, subject, name, function, from_fixtures):
    if from_fixtures:
        return harness.read_fixture(kind, subject)[name]
    from record import reference

    return harness.run_case(kind, reference(kind), function)


def compare_case(kind, subject, name, function, from_fixtures):
    """(error, where or why) of one case; a case that cannot run has an infinite error."""
    expected = expected_results(kind, subject, name, function, from_fixtures)
    try:
        actual = harness.run_case(kind, tegula_library(kind), function)
    except Exception as failure:  # noqa: BLE001 - the table shows it
        return float(
            "inf"
        ), f"{type(failure).__name__}: {str(failure).splitlines()[0] if str(failure) else ''}"[:100]
    return harness.case_error(kind, actual, expected)


def main():
    parser = argparse.ArgumentParser(
        description="Compare Tegula with real Keras and TensorFlow, case by case."
    )
    parser.add_argument("kind", nargs="?", choices=harness.KINDS)
    parser.add_argument("subject", nargs="?")
    parser.add_argument(
        "--fixtures",
        action="store_true",
        help="compare with the recorded figures instead of a live run",
    )
    parser.add_argument(
        "--failing", action="store_true", help="print only cases beyond the tolerance"
    )
    arguments = parser.parse_args()
    total, failing = 0, 0
    for kind in [arguments.kind] if arguments.kind else harness.KINDS:
        for subject in [arguments.subject] if arguments.subject else harness.subjects(kind):
            for name, function in harness.load_cases(kind, subject).items():
                error, where = compare_case(kind, subject, name, function, arguments.fixtures)
                fails = not error <= harness.RELATIVE_TOLERANCE
                total, failing = total + 1, failing + fails
                if fails or not arguments.failing:
                    print(
                        f"{'FAIL' if fails else 'ok  '} {error:8.1e}"
                        f"  {kind}/{subject}/{name}  {where}",
                        flush=True,
                    )
    print(f"{total - failing} of {total} cases within {harness.RELATIVE_TOLERANCE:g}")
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main())
