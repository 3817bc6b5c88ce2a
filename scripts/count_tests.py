"""Add up JUnit files of ctest and pytest: prints what failed, then `N passed, N failed, N skipped`.

Usage: count_tests.py FILE.xml... Exits with 1 if anything failed or nothing ran. One ctest entry
that is a doctest executable counts as its test cases.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree

DOCTEST = re.compile(r"test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed \|\s*(\d+) skipped")


def outcome(case):
    """(passed, failed, skipped) of one <testcase>."""
    failed = case.find("failure") is not None or case.find("error") is not None
    skipped = case.find("skipped") is not None or case.get("status") in ("disabled", "notrun")
    cases = DOCTEST.search(case.findtext("system-out") or "")
    if cases:
        # An executable that fails although its cases pass (a leak at exit, say) is one failure.
        passed, failed_cases, skipped_cases = map(int, cases.groups())
        return passed, max(failed_cases, int(failed)), skipped_cases
    return int(not failed and not skipped), int(failed), int(skipped and not failed)


def main(files):
    total = [0, 0, 0]
    for file in files:
        for case in ElementTree.parse(file).getroot().iter("testcase"):
            counts = outcome(case)
            total = [a + b for a, b in zip(total, counts)]
            if counts[1]:
                print(f"failed: {case.get('classname')}.{case.get('name')}")
    passed, failed, skipped = total
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
