"""Bars: what a result has to reach, checked against what was measured. Works state theirs in
`bars(results)`; this file holds the words for it.
"""

from dataclasses import dataclass
from typing import Optional

from .statistics import median


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

    def contenders(self, work, case, peer=lambda name: True):
        """(label, result) of the contenders whose peer's file name passes."""
        row = self.rows.get((work, case))
        items = row["results"].items() if row else ()
        return [(label, result) for label, result in items if peer(result["peer"])]

    def best(self, work, case, *peers, modes=None):
        """The shortest median among these peers, in seconds (or bytes); None when there is none."""
        found = self.contenders(work, case, lambda name: name in peers)
        times = [median(r["times"]) for _, r in found if modes is None or r["mode"] in modes]
        return min(times, default=None)

    def best_peer(self, work, case):
        """The shortest median among all frameworks but Tegula."""
        found = self.contenders(work, case, lambda n: not n.startswith(("tegula", "raw_")))
        return min((median(result["times"]) for _, result in found), default=None)

    def best_raw(self, work, case):
        found = self.contenders(work, case, lambda name: name.startswith("raw_"))
        return min((median(result["times"]) for _, result in found), default=None)


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


def without_onednn(results, work, title):
    """Tegula's C++ programs with and without oneDNN: the worst row of a work."""
    ratios = {}
    for name in results.names(work):
        ratio = quotient(
            results.best(work, name, "tegula_no_onednn"), results.best(work, name, "tegula_cpp")
        )
        if ratio is not None:
            ratios[name] = ratio
    worst = max(ratios, key=ratios.get, default=None)
    return at_most(
        f"{title}: without oneDNN, of the time with it, worst row{named(worst)}",
        ratios.get(worst),
        1.15,
        times_text,
    )


def verdict(bar):
    return {True: "pass", False: "FAIL", None: "—"}[bar.passed]
