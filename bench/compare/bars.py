"""Bars: what a result has to reach, checked against what was measured. Works state theirs in
`bars(results)`; this file holds the words for it.
"""

from dataclasses import dataclass
from typing import Optional

from .peers import group
from .statistics import difference_to, geometric_mean, median, ratio_to


@dataclass(frozen=True)
class Bar:
    name: str
    required: str
    measured: str
    passed: Optional[bool]
    """None where something that it needs was not measured."""


def missing(name, required):
    return Bar(name, required, "not measured", None)


def at_most(name, value, limit, text=None):
    """value and limit: numbers, or None where not measured; `text` writes one."""
    text = text or (lambda number: f"{number:.3g}")
    required = f"≤ {text(limit)}" if limit is not None else "≤ ?"
    if value is None or limit is None:
        return missing(name, required)
    return Bar(name, required, text(value), value <= limit)


def at_least(name, value, limit, text=None):
    text = text or (lambda number: f"{number:.3g}")
    if value is None:
        return missing(name, f"≥ {text(limit)}")
    return Bar(name, f"≥ {text(limit)}", text(value), value >= limit)


def mean_at_least(name, ratios, limit):
    """The geometric mean of `ratios`, as of Results.ratios; each row has to be measured."""
    measured = None if _incomplete(ratios) else geometric_mean(ratios.values())
    return at_least(f"{name}, geometric mean", measured, limit, times_text)


def worst_at_least(name, ratios, limit):
    """The least of `ratios`, as of Results.ratios; each row has to be measured."""
    if _incomplete(ratios):
        return at_least(f"{name}, worst row", None, limit, times_text)
    worst = min(ratios, key=ratios.get)
    name = f"{name}, worst of {len(ratios)} rows ({worst})"
    return at_least(name, ratios[worst], limit, times_text)


def _incomplete(ratios):
    return not ratios or None in ratios.values()


def times_text(number):
    return f"{number:.3g}x"


def megabytes_text(number):
    return f"{number / 1e6:.1f} MB"


class Results:
    """What was measured: work to the rows of measure.py."""

    def __init__(self, works):
        self.rows = {
            (work, row["name"]): row for work, result in works.items() for row in result["rows"]
        }
        self.measured = set(works)

    def names(self, work):
        return [name for key, name in self.rows if key == work]

    def fastest(self, work, case, *peers, modes=None):
        """(label, times) of the shortest median among these peers: file names, or groups as of
        peers.group. None when there is none.
        """
        row = self.rows.get((work, case), {"results": {}})
        found = [
            (label, result["times"])
            for label, result in row["results"].items()
            if (result["peer"] in peers or group(result["peer"]) in peers)
            and (modes is None or result["mode"] in modes)
        ]
        return min(found, key=lambda item: median(item[1]), default=None)

    def best(self, work, case, *peers, modes=None):
        """The shortest median, in seconds (or bytes); None when there is none."""
        found = self.fastest(work, case, *peers, modes=modes)
        return median(found[1]) if found else None

    def ratio(self, work, case, *rivals, own="tegula", modes=None):
        """How many times as long as the peer `own` the fastest rival takes, in the same row."""
        return self._compared(ratio_to, work, case, own, rivals, modes)

    def ratios(self, work, names, *rivals):
        """Row to `ratio`, of these rows."""
        return {name: self.ratio(work, name, *rivals) for name in names}

    def excess(self, work, case, *rivals, own="tegula", modes=None):
        """How much longer than the peer `own` the fastest rival takes, in the same row."""
        return self._compared(difference_to, work, case, own, rivals, modes)

    def _compared(self, compare, work, case, own, rivals, modes):
        best = self.fastest(work, case, own)
        rival = self.fastest(work, case, *rivals, modes=modes)
        return compare(rival[1], best[1]) if best and rival else None


def quotient(a, b):
    """a / b, or None where either was not measured."""
    return None if a is None or b is None else a / b


def total(numbers):
    """Their sum, or None where one was not measured."""
    numbers = list(numbers)
    return None if None in numbers else sum(numbers)


def named(row):
    """What a bar on the worst row adds to its name."""
    return f" ({row})" if row else ""


def verdict(bar):
    return {True: "pass", False: "FAIL", None: "—"}[bar.passed]
