"""Measures one row: all contenders side by side, in rounds A B C A B C …"""

import math
import time

from . import peers
from .processes import WorkerError
from .statistics import median

_SLOW = 12.0
"""Seconds that one contender may take in all rounds together, if it has had three."""

_CLOSE = 1.5
"""A peer whose median is longer than that of its group's best by this factor is not going to be the
best: it has no part in the rounds that are there to tell the others apart.
"""


def contenders(case, modules):
    """(peer, mode) of everything that can do a case."""
    return [
        (peer, mode)
        for peer, module in modules.items()
        if not case.only or peer in case.only
        for mode in peers.modes(module, case.kind)
    ]


def label(modules, peer, mode):
    return f"{modules[peer].TITLE} {mode}".strip()


def prepare(fleet, work, case, peer, mode, quick):
    module = fleet.modules[peer]
    request = dict(work=work, case=case.name, mode=mode, quick=quick)
    if hasattr(module, "COMMAND"):
        details = case.to_json()
        if case.expression and getattr(module, "NEEDS_GRAPH", False):
            if "tegula" not in fleet.modules:
                raise WorkerError("needs the peer tegula, which states the graph")
            details.update(fleet["tegula"].ask("graph", work=work, case=case.name, quick=quick))
        request = dict(mode=mode, details=details)
    return fleet[peer].ask("prepare", **request)["seconds"]


def rounds_for(seconds, rounds):
    """Slow calls get fewer rounds, but three."""
    if seconds * rounds <= _SLOW:
        return rounds
    return max(min(3, rounds), math.floor(_SLOW / seconds))


def differs(outputs, reference):
    """Whether a network gives other outputs than it should."""
    if len(outputs) != len(reference):
        return True
    scale = max(map(abs, reference))
    return not all(abs(a - b) <= 1e-4 * scale for a, b in zip(outputs, reference))


def check_outputs(fleet, results, errors):
    """Turns contenders whose network is another one than the first's into errors."""
    first, expected = None, None
    for name, result in results.items():
        try:
            outputs = fleet[result["peer"]].ask("outputs", mode=result["mode"])["outputs"]
        except WorkerError as error:
            errors[name] = str(error)
            continue
        if first is None and outputs:
            first, expected = name, outputs
        elif outputs and differs(outputs, expected):
            errors[name] = f"its outputs are not those of {first}"


def close(results):
    """Of results as measure_row returns them: Tegula's, and those that may be the best of their
    group.
    """
    groups = {}
    for label, result in results.items():
        if result["times"]:
            groups.setdefault(peers.group(result["peer"]), {})[label] = median(result["times"])
    return {
        label
        for group, medians in groups.items()
        for label, time in medians.items()
        if group == peers.TEGULA or time <= _CLOSE * min(medians.values())
    }


def measure_row(fleet, work, case, *, rounds, close_rounds, seconds, quick, say):
    """{"name", "kind", "parameters", "results": {label: {"peer", "mode", "first", "times"}},
    "errors": {label: text}}; times are seconds per call, the first `rounds` of everybody, up to
    `close_rounds` of those that `close` tells.
    """
    results, errors = {}, {}
    for peer, mode in contenders(case, fleet.modules):
        name = label(fleet.modules, peer, mode)
        begin = time.perf_counter()
        try:
            first = prepare(fleet, work, case, peer, mode, quick)
            results[name] = {"peer": peer, "mode": mode, "first": first, "times": []}
        except WorkerError as error:
            errors[name] = str(error)
        took = time.perf_counter() - begin
        if took > 20:
            say(f"  {case.name}: preparing {name} took {took:.0f} s")

    if case.kind == "network_inference":
        check_outputs(fleet, results, errors)
    for result in results.values():
        fleet[result["peer"]].settle()
    spinning = {}
    rounds, close_rounds = min(rounds, case.rounds), min(max(rounds, close_rounds), case.rounds)
    taking_part = set(results)
    for turn in range(close_rounds):
        if turn == rounds:
            taking_part = close(results)
        for name, result in results.items():
            times = result["times"]
            if times and turn >= rounds_for(times[-1], close_rounds):
                continue
            if name in errors or name not in taking_part:
                continue
            peer = result["peer"]
            before, begin = fleet.idle_seconds(peer), time.perf_counter()
            try:
                times.append(
                    fleet[peer].ask("run", mode=result["mode"], seconds=seconds)["seconds"]
                )
            except WorkerError as error:
                errors[name] = str(error)
                continue
            took = time.perf_counter() - begin
            fleet[peer].settle()
            for idle, used in fleet.idle_seconds(peer).items():
                if idle in before and took > 0.04:
                    spinning[idle] = max(spinning.get(idle, 0), (used - before[idle]) / took)
    for idle, share in spinning.items():
        if share > 0.25:
            say(f"  {case.name}: {idle} used {share:.0%} of a processor while another peer ran")
    for worker in fleet.workers.values():
        if worker.alive():
            try:
                worker.ask("drop")
            except WorkerError as error:
                say(f"  {worker.name}: {error}")
    for name in errors:
        results.pop(name, None)
    return {
        "name": case.name,
        "kind": case.kind,
        "unit": case.unit,
        "results": results,
        "errors": errors,
    }


def merged(old, new):
    """The rows of an earlier run and those measured now: of a row in both, the contenders that did
    not take part now keep their results.
    """
    rows = {row["name"]: row for row in old}
    for row in new:
        earlier = rows.get(row["name"], row)
        measured = {*row["results"], *row["errors"]}
        rows[row["name"]] = row | {
            kind: {k: v for k, v in earlier[kind].items() if k not in measured} | row[kind]
            for kind in ("results", "errors")
        }
    return list(rows.values())
