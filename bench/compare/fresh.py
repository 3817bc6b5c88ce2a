"""One figure from a process of its own, as a new user's program would see it.

    python -m compare.fresh PEER WHAT

WHAT: import, first_step, first_inference (seconds), peak_memory, size (bytes). The figure is the
last line of standard output. What only one figure needs is imported there, as this process' memory is
another.
"""

import importlib
import os
import pathlib
import re
import sys
import time

from .case import Case
from .works.mnist_epoch import MNIST


def seconds_to_import(module):
    import numpy  # noqa: F401 - all have it

    begin = time.perf_counter()
    importlib.import_module(module.MODULE)
    return time.perf_counter() - begin


def seconds_to_first(module, kind, batch):
    """Building, optimizing, planning and running once, beyond the import."""
    peer = module.Peer(int(os.environ["OMP_NUM_THREADS"]))
    case = Case("first", kind, mlp=MNIST, batch=batch)
    begin = time.perf_counter()
    getattr(peer, kind)(module.MODES[kind][0], case)()
    return time.perf_counter() - begin


def peak_memory(module):
    """Of the whole process while it imports the peer and trains an epoch of MNIST; what reading
    the data took before does not count, the data do.
    """
    from . import data

    case = Case("epoch", "epoch", mlp=MNIST, batch=32, samples=60000, data="mnist")
    arrays = data.samples(case)
    data.samples = lambda case: arrays
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    peer = module.Peer(int(os.environ["OMP_NUM_THREADS"]))
    peer.epoch(module.MODES["epoch"][0], case)()
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def installed_size(module):
    """Of the peer's packages with what they need, NumPy and GPU parts left out."""
    from importlib import metadata

    seen, wanted, total = set(), list(module.PACKAGES), 0
    while wanted:
        name = re.sub(r"[-_.]+", "-", wanted.pop()).lower()
        if name in seen or name == "numpy" or re.match("nvidia|cuda|triton", name):
            continue
        seen.add(name)
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # needed on other systems, or for extras
        needed = [r for r in package.requires or () if "extra ==" not in r]
        wanted += [re.match(r"[A-Za-z0-9._-]+", r)[0] for r in needed]
        for file in package.files or ():
            path = pathlib.Path(file.locate())
            if path.is_file() and "cuda" not in path.name.lower():
                total += path.stat().st_size
    return total


def stripped_size(module):
    """Of the peer's own native library, without debug symbols and bundled libraries."""
    import subprocess
    import tempfile

    library = importlib.import_module(module.NATIVE_MODULE).__file__
    with tempfile.TemporaryDirectory() as folder:
        stripped = pathlib.Path(folder) / "stripped"
        subprocess.run(["strip", "-o", stripped, library], check=True)
        return stripped.stat().st_size


def main():
    module = importlib.import_module(f"compare.peers.{sys.argv[1]}")
    what = sys.argv[2]
    figures = {
        "import": lambda: seconds_to_import(module),
        "first_step": lambda: seconds_to_first(module, "step", 32),
        "first_inference": lambda: seconds_to_first(module, "inference", 1),
        "peak_memory": lambda: peak_memory(module),
        "size": lambda: installed_size(module),
        "stripped_size": lambda: stripped_size(module),
    }
    print(figures[what]())


if __name__ == "__main__":
    main()
