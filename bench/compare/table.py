"""Markdown tables of results."""

from .peers import TEGULA, group
from .statistics import median, ratio_text, ratio_to, seconds_text, spread


def markdown(header, rows):
    """A table whose columns line up in the source too; numbers are right-aligned."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(3, *map(len, column)) for column in zip(header, *rows)]
    lines = [
        "| "
        + " | ".join(
            c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))
        )
        + " |"
        for row in [header, *rows]
    ]
    rule = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]
    lines.insert(1, "| " + " | ".join(rule) + " |")
    return "\n".join(lines) + "\n"


WRITTEN = {"s": seconds_text, "B": lambda number: f"{number / 1e6:.1f} MB"}
"""How a figure of each unit is written."""


def reference_of(row):
    """The contender that ratios are relative to: the first of Tegula's."""
    own = [name for name, result in row["results"].items() if group(result["peer"]) == TEGULA]
    python = [name for name in own if row["results"][name]["peer"] == "tegula"]
    return (python or own or [None])[0]


def cell(result, reference, best, unit):
    text = WRITTEN[unit](median(result["times"]))
    if result["times"] == best:
        text = f"**{text}**"
    if reference is not None:
        text += " " + ratio_text(ratio_to(result["times"], reference))
    return f"{text} ±{spread(result['times']):.0%}"


def work_table(rows):
    """One table per kind of row, one column per contender: median, ratio to Tegula, spread; the
    fastest of a row in bold.
    """
    kinds = {}
    for row in rows:
        if row["results"]:
            kinds.setdefault(row["kind"], []).append(row)
    return "\n".join(_kind_table(of_kind) for of_kind in kinds.values())


def _kind_table(rows):
    labels = list(dict.fromkeys(name for row in rows for name in row["results"]))
    # Tegula's columns come first.
    labels.sort(key=lambda name: not name.startswith("Tegula"))
    lines = []
    for row in rows:
        results = row["results"]
        name = reference_of(row)
        reference = results[name]["times"] if name else None
        best = min((r["times"] for r in results.values()), key=median)
        cells = [
            cell(results[label], reference, best, row["unit"]) if label in results else ""
            for label in labels
        ]
        lines.append([row["name"], *cells])
    return markdown(["", *labels], lines)
