"""Writes what was measured: an index with the bars, and a table and a plot per work."""

import json

from . import machine, peers, plots, works
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


def all_bars(results):
    measured = Results(results)
    return [
        bar for name in works.names() for bar in getattr(works.load(name), "bars", _none)(measured)
    ]


def _none(results):
    return []


def bars_table(bars):
    return markdown(
        ["bar", "required", "measured", ""],
        [[bar.name, bar.required, bar.measured, verdict(bar)] for bar in bars],
    )


def behind(results):
    """(work, row, ratio, fastest) of rows where a peer is faster than Tegula from Python."""
    lines = []
    measured = Results(results)
    for work in results:
        for name in measured.names(work):
            ratio = measured.ratio(work, name, peers.FRAMEWORKS)
            if ratio is not None and ratio < 1:
                fastest, _ = measured.fastest(work, name, peers.FRAMEWORKS)
                lines.append((work, name, 1 / ratio, fastest))
    return sorted(lines, key=lambda line: -line[2])


def write(folder, results, modules):
    folder.mkdir(parents=True, exist_ok=True)
    for work, result in results.items():
        module = works.load(work)
        plotted = plots.plot_work(result["rows"], folder / f"{work}.svg")
        (folder / f"{work}.md").write_text(
            f"# {module.TITLE}\n\n{getattr(module, 'NOTE', '')}\n\n{_circumstances(result)} Each cell: "
            "median, median of the rounds' ratios to Tegula, half the distance between the quartiles; "
            f"the shortest median in bold.\n\n{work_table(result['rows'])}"
            + (f"\n![{module.TITLE}]({work}.svg)\n" if plotted else "")
            + _failures(result)
        )
    (folder / "README.md").write_text(_index(folder, results, modules))


def _circumstances(result):
    quick = ", --quick" if result["quick"] else ""
    more = result["close_rounds"]
    close = f" ({more} of those that may be the fastest)" if more > result["rounds"] else ""
    return f"{result['date']}, {result['threads']} threads, {result['rounds']} rounds{close}{quick}."


def _failures(result):
    lines = [
        f"- {row['name']}, {label}: {text}"
        for row in result["rows"]
        for label, text in row["errors"].items()
    ]
    return "\nNot measured:\n\n" + "\n".join(lines) + "\n" if lines else ""


def _left_out(results):
    """Says which works, and how many rows of the others, the results lack."""
    parts = []
    for name in works.names():
        rows = {row["name"] for row in results.get(name, {"rows": []})["rows"] if row["results"]}
        wanted = works.load(name).cases(False)
        if not all(case.name in rows for case in wanted):
            parts.append(f"{name} ({len(rows)} of {len(wanted)} rows)")
    return [f"Measured in part only: {', '.join(parts)}.", ""] if parts else []


def _index(folder, results, modules):
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions(modules).items())
    lines = [
        "# Benchmarks",
        "",
        "Tegula beside other libraries: the same work, with the same threads, batch, dtype and data, in "
        "rounds that take turns, each library in its best documented mode. Repeat it with",
        "",
        "    scripts/compare",
        "",
        "which makes an environment per library under `build/compare`, measures and rewrites this folder; "
        "[bench/compare](../../bench/compare/README.md) tells how rows and peers are added.",
        "",
        f"- Date: {max(result['date'] for result in results.values())}",
        f"- Processor: {machine.processor()}",
        f"- Tegula: commit {machine.revision()}",
        f"- Versions: {versions}",
        "",
        *_left_out(results),
        "## Bars",
        "",
        bars_table(all_bars(results)),
        "## Tables",
        "",
    ]
    for work, result in results.items():
        lines.append(f"- [{works.load(work).TITLE}]({work}.md)")
    lines += ["", "## Where a peer is faster", ""]
    slower = behind(results)
    if slower:
        lines.append(
            markdown(
                ["work", "row", "Tegula / peer", "fastest peer"],
                [[work, row, f"{ratio:.2f}", peer] for work, row, ratio, peer in slower],
            )
        )
    else:
        lines += ["In no row.", ""]
    plots_found = [work for work in results if (folder / f"{work}.svg").exists()]
    for work in plots_found:
        lines += [f"![{works.load(work).TITLE}]({work}.svg)", ""]
    return "\n".join(lines)
