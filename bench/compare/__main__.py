"""The driver: `scripts/compare` calls it in the environment "driver"."""

import argparse
import datetime
import json
import os
import pathlib
import sys
import time

from . import environments, machine, peers, report, table, works
from .measure import measure_row, merged
from .processes import BUILD, ROOT, Fleet


def say(text):
    print(text, flush=True)


def parse(words):
    parser = argparse.ArgumentParser(prog="scripts/compare", description=__doc__)
    parser.add_argument("works", nargs="*", metavar="WORK", help=", ".join(works.names()))
    parser.add_argument("--quick", action="store_true", help="fewer rows and rounds")
    parser.add_argument("--rounds", type=int, help="rounds per row (5; with --quick 3)")
    parser.add_argument(
        "--close-rounds",
        type=int,
        help="rounds of those that may be the fastest (25; with --quick or --rounds as many as others)",
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.03, help="of a contender's round")
    parser.add_argument("--peers", help=f"comma-separated, of: {', '.join(peers.names())}")
    parser.add_argument(
        "--report",
        nargs="?",
        const=str(ROOT / "docs" / "benchmarks"),
        metavar="FOLDER",
        help="only write the report of what was measured last",
    )
    parser.add_argument("--rows", default="", help="only rows whose name contains this")
    arguments = parser.parse_args(words)
    for given, known in (
        (arguments.works, works.names()),
        ((arguments.peers or "").split(","), [*peers.names(), ""]),
    ):
        for name in given:
            if name not in known:
                parser.error(f"'{name}' is none of {', '.join(known)}")
    if arguments.close_rounds is None:
        arguments.close_rounds = arguments.rounds or (3 if arguments.quick else 25)
    arguments.rounds = arguments.rounds or (3 if arguments.quick else 5)
    return arguments


def measure_work(fleet, work, arguments):
    module = works.load(work)
    say(f"\n## {module.TITLE}")
    begin, load, rows = time.perf_counter(), os.getloadavg()[0], []
    for case in module.cases(arguments.quick):
        if arguments.rows not in case.name:
            continue
        rows.append(
            measure_row(
                fleet,
                work,
                case,
                rounds=arguments.rounds,
                close_rounds=arguments.close_rounds,
                seconds=arguments.seconds,
                quick=arguments.quick,
                say=say,
            )
        )
        for name, text in rows[-1]["errors"].items():
            say(f"  {case.name}: {name}: {text}")
    say(table.work_table(rows))
    return {
        "work": work,
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "threads": arguments.threads,
        "rounds": arguments.rounds,
        "close_rounds": arguments.close_rounds,
        "quick": arguments.quick,
        "processor": machine.processor(),
        "load": load,
        "commit": machine.revision(),
        "versions": machine.versions(fleet.modules),
        "seconds": time.perf_counter() - begin,
        "rows": rows,
    }


def main():
    arguments = parse(sys.argv[1:])
    chosen = arguments.peers.split(",") if arguments.peers else peers.names()
    if arguments.report is None:
        measure(arguments, environments.ready({name: peers.load(name) for name in chosen}, say))
    # A part of the works, rows or peers makes no report of its own.
    partial = arguments.works or arguments.rows or arguments.peers
    folder = arguments.report or (None if partial else ROOT / "docs" / "benchmarks")
    results = report.stored()
    if folder:
        report.write(pathlib.Path(folder), results)
        say(f"wrote {folder}")
    bars = []
    for work in results if folder else arguments.works or results:
        bars += [bar for bar in report.bars_of(work, results) if bar.passed is not None]
        for row, ratio, peer in report.behind(work, results):
            say(f"behind: {work}: {row}: {ratio:.2f} times {peer}")
    say(report.bars_table(bars))


def measure(arguments, modules):
    fleet = Fleet(modules, arguments.threads)
    (BUILD / "results").mkdir(parents=True, exist_ok=True)
    try:
        for work in arguments.works or works.names():
            result = measure_work(fleet, work, arguments)
            file = BUILD / "results" / f"{work}.json"
            if (arguments.rows or arguments.peers) and file.exists():
                result["rows"] = merged(json.loads(file.read_text())["rows"], result["rows"])
            file.write_text(json.dumps(result, indent=1))
    finally:
        fleet.close()


if __name__ == "__main__":
    main()
