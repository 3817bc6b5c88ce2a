"""Writes what was measured: a page with table, plot and bars per work, and their index."""

import json

from . import peers, plots, works
from .bars import Results, verdict
from .processes import BUILD
from .table import markdown, work_table


def stored():
    """Work to its last results, in the order of the issue's list."""
    found = {}
    for name in works.names():
        file = BUILD / "results" / f"{name}.json"
        if file.exists():
            found[name] = json.loads(file.read_text())
    return found


def bars_of(work, results):
    """The bars that a work states; of some it needs other works' results too."""
    return getattr(works.load(work), "bars", _none)(Results(results))


def _none(results):
    return []


def bars_table(bars):
    return markdown(
        ["bar", "required", "measured", ""],
        [[bar.name, bar.required, bar.measured, verdict(bar)] for bar in bars],
    )


def behind(work, results):
    """(row, ratio, fastest) of the work's rows where a peer is faster than Tegula from Python."""
    lines = []
    measured = Results(results)
    for name, ratio in measured.ratios(work, measured.names(work), peers.FRAMEWORKS).items():
        if ratio is not None and ratio < 1:
            fastest, _ = measured.fastest(work, name, peers.FRAMEWORKS)
            lines.append((name, 1 / ratio, fastest))
    return sorted(lines, key=lambda line: -line[1])


def write(folder, results):
    """A page for each work that has results, and the index of all pages that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for work, result in results.items():
        plotted = plots.plot_work(result["rows"], folder / f"{work}.svg")
        (folder / f"{work}.md").write_text(_page(work, results, plotted))
    (folder / "README.md").write_text(_index(folder))


def _page(work, results, plotted):
    module, result = works.load(work), results[work]
    parts = [f"# {module.TITLE}", getattr(module, "NOTE", ""), _circumstances(work, result)]
    parts.append(
        "Each cell: median, median of the rounds' ratios to Tegula, half the distance between the "
        f"quartiles; the shortest median in bold.\n\n{work_table(result['rows'])}"
    )
    if plotted:
        parts.append(f"![{module.TITLE}]({work}.svg)\n")
    bars = bars_of(work, results)
    if bars:
        parts.append(f"## Bars\n\n{bars_table(bars)}")
    slower = behind(work, results)
    if slower:
        cells = [[row, f"{ratio:.2f}", peer] for row, ratio, peer in slower]
        table = markdown(["row", "Tegula / peer", "fastest peer"], cells)
        parts.append(f"## Where a peer is faster\n\n{table}")
    failures = [
        f"- {row['name']}, {label}: {text}"
        for row in result["rows"]
        for label, text in row["errors"].items()
    ]
    if failures:
        parts.append("Not measured:\n\n" + "\n".join(failures) + "\n")
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _circumstances(work, result):
    quick = ", --quick" if result["quick"] else ""
    more = result["close_rounds"]
    close = f" ({more} of those that may be the fastest)" if more > result["rounds"] else ""
    rows = {row["name"] for row in result["rows"] if row["results"]}
    wanted = [case.name for case in works.load(work).cases(False)]
    part = "" if rows.issuperset(wanted) else f", {len(rows)} of {len(wanted)} rows"
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return (
        f"{result['date']}, {result['processor']}, {result['threads']} threads, {result['rounds']} "
        f"rounds{close}{quick}{part}; load average before: {result['load']:.1f}. "
        f"Tegula: commit {result['commit']}. Versions: {versions}."
    )


def _index(folder):
    found = [work for work in works.names() if (folder / f"{work}.md").exists()]
    lines = [
        "# Benchmarks",
        "",
        "Tegula beside other libraries: the same work, with the same threads, batch, dtype and data, in "
        "rounds that take turns, each library in its best documented mode. Repeat it with",
        "",
        "    scripts/compare",
        "",
        "which makes an environment per library under `build/compare`, measures and rewrites this folder; "
        "[bench/compare](../../bench/compare/README.md) tells how rows and peers are added. Each page says "
        "when and with what it was measured, what it has to reach, and where a peer is faster.",
        "",
        *(f"- [{works.load(work).TITLE}]({work}.md)" for work in found),
        "",
    ]
    for work in found:
        if (folder / f"{work}.svg").exists():
            lines += [f"![{works.load(work).TITLE}]({work}.svg)", ""]
    return "\n".join(lines)
