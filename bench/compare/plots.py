"""SVG plots of a work's rows."""

import math
import re

from .statistics import median, ratio_text
from .table import reference_of

_SIZE = re.compile(r"^(?P<group>.+), (?P<size>1e\d+|\d+(?= nodes))( nodes)?$")


def _style(plt):
    plt.rcParams.update(
        {
            "svg.fonttype": "none",
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
    """Curves over sizes where rows have them, else bars. False: there is nothing to draw."""
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
    """One panel per row: times relative to Tegula's on a logarithmic axis, the fastest on top."""
    columns = min(3, len(rows))
    lines = math.ceil(len(rows) / columns)
    groups = [rows[i * columns : (i + 1) * columns] for i in range(lines)]
    heights = [0.2 * max(len(row["results"]) for row in group) + 0.7 for group in groups]
    figure, panels = plt.subplots(
        lines,
        columns,
        figsize=(4.6 * columns, sum(heights)),
        squeeze=False,
        layout="constrained",
        gridspec_kw={"height_ratios": heights},
    )
    for panel in panels.flat[len(rows) :]:
        panel.axis("off")
    for panel, row in zip(panels.flat, rows):
        base = median(row["results"][reference_of(row)]["times"])
        ratios = {label: median(r["times"]) / base for label, r in row["results"].items()}
        names = sorted(ratios, key=ratios.get)
        # Bars start at 1: to the right slower than Tegula, to the left faster.
        panel.barh(
            range(len(names)),
            [ratios[name] - 1 for name in names],
            left=1,
            color=[_color(name, labels) for name in names],
        )
        for place, name in enumerate(names):
            panel.annotate(
                f" {ratio_text(ratios[name])}",
                (max(ratios[name], 1), place),
                va="center",
                fontsize=7,
            )
        panel.set_xscale("log")
        panel.axvline(1, color="black", linewidth=0.8)
        panel.set_title(row["name"], fontsize=9)
        panel.set_yticks(range(len(names)), names, fontsize=7)
        panel.invert_yaxis()
        panel.margins(x=0.2)
        panel.tick_params(axis="x", which="both", labelsize=7)
        panel.minorticks_off()
    figure.supxlabel("time, Tegula's = 1", fontsize=9)
    return figure
