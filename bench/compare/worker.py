"""Runs one peer in its own environment, on behalf of the driver.

    python -m compare.worker PEER THREADS

One JSON object per line on standard input, one answer per line on standard output:
    {"do": "prepare", "work": …, "case": …, "mode": …}   {"seconds": of the first call}
    {"do": "run", "seconds": s}   {"seconds": per call, "calls": n}; repeats for about s seconds
    {"do": "outputs"}             {"outputs": […]} of an inference that was prepared
    {"do": "drop"}                {}; forgets what was prepared
Each request names the mode; an answer with "error" instead says why something did not work.
The programs in C++ (cpp/worker.hpp) speak the same language.
"""

import gc
import importlib
import json
import os
import subprocess
import sys
import time
import traceback
from itertools import repeat

import numpy as np

from . import peers, works


class Fresh:
    """A call that gives a figure itself, instead of being timed."""

    def __init__(self, peer, what):
        self.command = [sys.executable, "-m", "compare.fresh", peer, what]

    def figure(self):
        ended = subprocess.run(self.command, capture_output=True, text=True)
        if ended.returncode:
            raise RuntimeError((ended.stderr.strip().splitlines() or ["no message"])[-1])
        return float(ended.stdout.split()[-1])


def time_calls(call, calls):
    """Seconds per call."""
    if isinstance(call, Fresh):
        return call.figure()
    begin = time.perf_counter()
    for _ in repeat(None, calls):
        call()
    return (time.perf_counter() - begin) / calls


class Worker:
    def __init__(self, name, threads):
        module = importlib.import_module(f"compare.peers.{name}")
        self.name = name
        self.threads = threads
        self.module = module
        self.peer = None
        self.prepared = {}
        self.estimates = {}

    def _loaded(self):
        if self.peer is None:
            self.peer = self.module.Peer(self.threads)
        return self.peer

    def prepare(self, work, case, mode, quick):
        module = works.load(work)
        found = next(c for c in module.cases(quick) if c.name == case)
        if peers.modes(self.module, found.kind) == ("",):
            self.prepared[mode], self.estimates[mode] = Fresh(self.name, found.kind), 100
            return {"seconds": 0}
        call = prepared_call(self._loaded(), module, found, mode)
        first = time_calls(call, 1)
        estimate = time_calls(call, 1) if first < 1 else first
        self.prepared[mode] = call
        self.estimates[mode] = estimate
        return {"seconds": first}

    def run(self, mode, seconds):
        calls = max(1, min(1_000_000, int(seconds / max(self.estimates[mode], 1e-8))))
        if self.estimates[mode] < 0.02 and not isinstance(self.prepared[mode], Fresh):
            self.prepared[mode]()  # wakes threads, fills caches; longer calls do not notice
        taken = time_calls(self.prepared[mode], calls)
        self.estimates[mode] = taken
        return {"seconds": taken, "calls": calls}

    def outputs(self, mode):
        """All numbers in a row; none where the call leaves them where it was told to."""
        outputs = self.prepared[mode]()
        return {"outputs": [] if outputs is None else np.ravel(outputs).tolist()}

    def drop(self):
        self.prepared.clear()
        self.estimates.clear()
        gc.collect()
        return {}

    def graph(self, work, case, quick):
        """The case's expression as the text of a graph, for the programs in C++."""
        module = works.load(work)
        found = next(c for c in module.cases(quick) if c.name == case)
        return {"graph": self._loaded().graph_text(module.EXPRESSIONS[found.expression], found)}


def prepared_call(peer, module, case, mode):
    """A function without arguments that does the case's work once and waits for its end."""
    if case.expression:
        return getattr(peer, case.kind)(mode, module.EXPRESSIONS[case.expression], case)
    if case.network:
        return getattr(peer, case.kind)(mode, module.NETWORKS[case.network.name], case)
    return getattr(peer, case.kind)(mode, case)


def main():
    # What libraries print must not mix with the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = None
    for line in sys.stdin:
        request = json.loads(line)
        do = request.pop("do")
        try:
            if worker is None:
                worker = Worker(sys.argv[1], int(sys.argv[2]))
            answer = getattr(worker, do)(**request) if do != "start" else {}
        except Exception as error:  # noqa: BLE001 - the driver reports it and goes on
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
