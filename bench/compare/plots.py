"""SVG plots of a work's rows."""

import math
import re

from .statistics import median
from .table import reference_of

_SIZE = re.compile(r"^(?P<group>.*?),? ?(?P<size>\d+e?\d*)(?P<rest> nodes)?$")


def _style(plt):
    plt.rcParams.update(
        {
            "svg.hashsalt": "tegula",  # the same file for the same numbers
            "font.size": 9,
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )


def _series(rows):
    """group to label to [(size, seconds)], of rows whose names end in a size; None when some do not
    or there are not at least three sizes.
    """
    groups = {}
    for row in rows:
        match = _SIZE.match(row["name"])
        if not match:
            return None
        group = groups.setdefault(match["group"], {})
        for label, result in row["results"].items():
            point = (float(match["size"]), median(result["times"]))
            group.setdefault(label, []).append(point)
    long = [points for group in groups.values() for points in group.values() if len(points) > 2]
    return groups if long else None


def _color(label, labels):
    import matplotlib

    if label.startswith("Tegula"):
        own = [name for name in labels if name.startswith("Tegula")]
        return ("#c0392b", "#7b241c", "#e67e22", "#d98880")[own.index(label) % 4]
    others = [name for name in labels if not name.startswith("Tegula")]
    return matplotlib.colormaps["tab20"](others.index(label) / max(len(others), 1))


def plot_work(rows, path):
    """Curves over sizes where rows have them, else bars of ratios to Tegula. False: nothing to draw."""
    rows = [row for row in rows if row["results"] and row["unit"] == "s"]
    if not rows:
        return False
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    _style(plt)
    labels = list(dict.fromkeys(label for row in rows for label in row["results"]))
    groups = _series(rows)
    if groups:
        figure = _curves(plt, groups, labels)
    elif any(reference_of(row) for row in rows):
        figure = _bars(plt, [row for row in rows if reference_of(row)], labels)
    else:
        return False
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    return True


def _curves(plt, groups, labels):
    """One panel per group: nanoseconds per element over the number of elements."""
    columns = min(3, len(groups))
    lines = math.ceil(len(groups) / columns)
    figure, panels = plt.subplots(
        lines,
        columns,
        figsize=(4.2 * columns, 3.2 * lines + 0.8),
        squeeze=False,
        layout="constrained",
    )
    for panel in panels.flat[len(groups) :]:
        panel.axis("off")
    for panel, (name, group) in zip(panels.flat, groups.items()):
        for label, points in group.items():
            sizes, seconds = zip(*sorted(points))
            own = label.startswith("Tegula")
            panel.loglog(
                sizes,
                [1e9 * s / n for s, n in zip(seconds, sizes)],
                marker="o",
                markersize=3,
                linewidth=2.2 if own else 1.1,
                color=_color(label, labels),
                label=label,
                zorder=3 if own else 2,
            )
        panel.set_title(name)
        panel.grid(alpha=0.3)
    for panel in panels[:, 0]:
        panel.set_ylabel("ns per element")
    handles = {}
    for panel in panels.flat:
        for handle, label in zip(*panel.get_legend_handles_labels()):
            handles.setdefault(label, handle)
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4, fontsize=8)
    return figure


def _bars(plt, rows, labels):
    """One panel per row: time relative to Tegula's, on a logarithmic axis."""
    columns = min(4, len(rows))
    lines = math.ceil(len(rows) / columns)
    figure, panels = plt.subplots(
        lines,
        columns,
        figsize=(3.4 * columns, lines * (0.24 * len(labels) + 0.9)),
        squeeze=False,
        sharey=True,
        layout="constrained",
    )
    for panel in panels.flat[len(rows) :]:
        panel.axis("off")
    for panel, row in zip(panels.flat, rows):
        base = median(row["results"][reference_of(row)]["times"])
        for place, label in enumerate(labels):
            if label not in row["results"]:
                continue
            ratio = median(row["results"][label]["times"]) / base
            # Bars start at 1: to the right slower than Tegula, to the left faster.
            panel.barh(place, ratio - 1, left=1, color=_color(label, labels))
            panel.annotate(f" {ratio:.2g}", (max(ratio, 1), place), va="center", fontsize=7)
        panel.set_xscale("log")
        panel.axvline(1, color="black", linewidth=0.8)
        panel.set_title(row["name"], fontsize=9)
        panel.margins(x=0.15)
    for panel in panels[:, 0]:
        panel.set_yticks(range(len(labels)), labels)
        panel.invert_yaxis()
    figure.supxlabel("time, Tegula's = 1", fontsize=9)
    return figure
