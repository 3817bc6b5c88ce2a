"""Draws docs/benchmarks/scaling-*.svg from what `scripts/bench scaling` wrote.

    scripts/plot_scaling.py [build/bench/scaling.json [docs/benchmarks]]

Needs matplotlib, e.g. from the environment that scripts/compare makes.
"""

import json
import pathlib
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

GRAPHS = {
    "mlp": "training step of an MLP, one layer per 59 nodes",
    "chain": "chain of elementwise ops",
    "wide": "branches and a tree of sums",
    "tangled": "random edges, some reductions",
}
MICROSECONDS = {"ns": 1e-3, "us": 1.0, "ms": 1e3}


def read(path):
    """Rows by function and graph: {("stages", "mlp"): [row, ...]}, by rising number of nodes."""
    rows = {}
    for row in json.loads(pathlib.Path(path).read_text())["benchmarks"]:
        if row.get("run_type") == "iteration" and "nodes" in row:
            function, graph = (row["name"].split("/") + [""])[:2]
            rows.setdefault((function, graph if graph in GRAPHS else ""), []).append(row)
    return {key: sorted(group, key=lambda row: row["nodes"]) for key, group in rows.items()}


def per_node(row):
    return row["real_time"] * MICROSECONDS[row["time_unit"]] / row["nodes"]


def axes(title, columns=1):
    figure, panels = plt.subplots(
        1, columns, figsize=(4.2 * columns + 0.8, 3.6), squeeze=False, layout="constrained"
    )
    figure.suptitle(title)
    for panel in panels[0]:
        panel.set_xscale("log")
        panel.set_xlabel("nodes")
        panel.grid(alpha=0.3)
    panels[0][0].set_ylabel("µs per node")
    return figure, panels[0]


def save(figure, folder, name):
    figure.savefig(folder / name, metadata={"Date": None})
    plt.close(figure)


def plot_totals(rows, folder):
    figure, (panel,) = axes("Build, optimize and plan")
    for graph, label in GRAPHS.items():
        group = rows[("build_and_plan", graph)]
        panel.plot([row["nodes"] for row in group], [per_node(row) for row in group], "o-", label=label)
    panel.set_ylim(bottom=0)
    panel.legend(fontsize=7)
    save(figure, folder, "scaling-plan.svg")


def plot_stages(rows, folder):
    """Stacked areas: what each stage adds."""
    figure, panels = axes("Each stage", len(GRAPHS))
    for panel, graph in zip(panels, GRAPHS):
        group = rows[("stages", graph)]
        names = sorted(name for name in group[0] if name[0].isdigit()) + ["verify", "plan"]
        labels = [name.split(" ")[-1] for name in names]
        panel.stackplot(
            [row["nodes"] for row in group],
            *[[row[name] for row in group] for name in names],
            labels=labels,
            colors=matplotlib.colormaps["tab20"].colors,
        )
        panel.set_title(graph)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center", fontsize=7)
    save(figure, folder, "scaling-stages.svg")


def plot_runs(rows, folder):
    figure, (panel,) = axes("A run of a chain as it was built: kernel and dispatch")
    group = rows[("run_chain", "")]
    panel.plot([row["nodes"] for row in group], [per_node(row) for row in group], "o-")
    panel.axhline(1, color="gray", linestyle="--", linewidth=1)
    panel.set_ylim(bottom=0, top=1.1)
    save(figure, folder, "scaling-run.svg")


def main(source="build/bench/scaling.json", folder="docs/benchmarks"):
    plt.rcParams.update({"svg.hashsalt": "tegula", "font.size": 9})
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rows = read(source)
    plot_totals(rows, folder)
    plot_stages(rows, folder)
    plot_runs(rows, folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
