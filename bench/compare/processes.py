"""Worker processes of the peers, as the driver sees them."""

import contextlib
import json
import os
import pathlib
import select
import subprocess
import time

ROOT = pathlib.Path(__file__).parents[2]
BUILD = ROOT / "build" / "compare"

# What would make a library choose something else than it does by itself.
_UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS", "ONEDNN_MAX_CPU_ISA")


class WorkerError(Exception):
    """What a worker answered instead of a result, or how it ended."""


def python_of(environment):
    return str(BUILD / "env" / environment / "bin" / "python")


def environment_variables(module, threads):
    """The same budget of threads for whatever reads it from the environment."""
    variables = {k: v for k, v in os.environ.items() if k not in _UNSET}
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TEGULA_NUM_THREADS"):
        variables[name] = str(threads)
    variables["PYTHONPATH"] = str(ROOT / "bench")
    variables["TF_CPP_MIN_LOG_LEVEL"] = "3"
    variables["CUDA_VISIBLE_DEVICES"] = ""
    variables.update(getattr(module, "ENVIRONMENT_VARIABLES", {}))
    return variables


def command_of(name, module):
    if hasattr(module, "COMMAND"):
        return list(module.COMMAND)
    return [python_of(module.ENVIRONMENT), "-m", "compare.worker", name]


class Worker:
    """One peer's process. `ask` sends a request and waits for the answer."""

    def __init__(self, name, module, threads):
        self.name = name
        processors = sorted(os.sched_getaffinity(0))[:threads]
        log = BUILD / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(log, "a") as errors:
                self.process = subprocess.Popen(
                    [*command_of(name, module), str(threads)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=environment_variables(module, threads),
                    cwd=ROOT,
                    preexec_fn=lambda: os.sched_setaffinity(0, processors),
                )
        except OSError as error:
            raise WorkerError(f"{name} cannot start: {error}") from None

    def ask(self, do, timeout=600, **request):
        try:
            self.process.stdin.write(json.dumps({"do": do, **request}).encode() + b"\n")
            self.process.stdin.flush()
            if not select.select([self.process.stdout], [], [], timeout)[0]:
                self.process.kill()
                raise WorkerError(f"{self.name} gave no answer within {timeout} s")
            line = self.process.stdout.readline()
        except OSError:
            line = b""
        if not line:
            raise WorkerError(f"{self.name} ended with status {self.process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    def alive(self):
        return self.process.poll() is None

    def processor_seconds(self):
        """Of all its threads so far."""
        nanoseconds = 0
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                nanoseconds += int((task / "schedstat").read_text().split()[0])
        return nanoseconds / 1e9

    def settle(self, limit=0.5):
        """Waits until its threads sleep: those of some libraries spin for up to 100 ms after a
        call, which would slow whoever is measured next.
        """
        end = time.perf_counter() + limit
        before = self.processor_seconds()
        while time.perf_counter() < end:
            time.sleep(0.01)
            now = self.processor_seconds()
            if now - before < 0.001:
                return
            before = now

    def close(self):
        if self.alive():
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()


class Fleet:
    """The workers of all peers; started when first needed, and again after a crash."""

    def __init__(self, modules, threads):
        self.modules = modules
        self.threads = threads
        self.workers = {}

    def __getitem__(self, name):
        worker = self.workers.get(name)
        if worker is None or not worker.alive():
            worker = self.workers[name] = Worker(name, self.modules[name], self.threads)
        return worker

    def idle_seconds(self, active):
        """Worker to processor time so far, of all but one: idle ones must not compute."""
        return {
            name: worker.processor_seconds()
            for name, worker in self.workers.items()
            if name != active and worker.alive()
        }

    def close(self):
        for worker in self.workers.values():
            worker.close()
