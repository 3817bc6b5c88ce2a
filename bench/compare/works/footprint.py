"""(7) What a new process pays: import, first calls, memory, size."""

from ..bars import at_most, megabytes_text
from ..case import Case, Mlp
from ..statistics import seconds_text
from .mnist_epoch import MNIST

TITLE = "Import, first calls, memory, size"
NOTE = """Each figure from processes of their own. `import`: beyond `import numpy`. `first step`
and `first inference`: of the MNIST MLP, from building the model to the first result, beyond the
import. `peak memory`: of the process that imports the library and trains an epoch of MNIST at
batch 32, data (188 MB) included. `installed size`: the packages with what they need, NumPy and
GPU parts left out. `native library`: Tegula's extension module, stripped. `plan`: in C++, from nothing to a training step that is ready to run, of the MNIST MLP and of a network of
100 layers."""

DEEP = Mlp(64, (64,) * 99, 10)

_FIGURES = {
    "import": ("import", "s", 3),
    "first step": ("first_step", "s", 2),
    "first inference": ("first_inference", "s", 2),
    "peak memory": ("peak_memory", "B", 1),
    "installed size": ("size", "B", 1),
    "native library": ("stripped_size", "B", 1),
}


def cases(quick):
    rows = [
        Case(name, what, rounds=rounds, unit=unit)
        for name, (what, unit, rounds) in _FIGURES.items()
        if not quick or name in ("import", "installed size", "native library")
    ]
    return [
        *rows,
        Case("plan, MNIST MLP", "plan", mlp=MNIST, batch=32),
        Case("plan, 100 layers", "plan", mlp=DEEP, batch=32),
    ]


DATA_BYTES = 60000 * (784 + 1) * 4


def bars(results):
    def of(name, *peers):
        return results.best("footprint", name, *peers)

    return [
        at_most(
            "`import tegula` beyond `import numpy`", of("import", "tegula"), 0.05, seconds_text
        ),
        at_most(
            "Library, stripped", of("native library", "tegula"), 8e6, megabytes_text
        ),
        at_most(
            "Peak memory of training MNIST from Python: data + 40 MB",
            of("peak memory", "tegula"),
            DATA_BYTES + 40e6,
            megabytes_text,
        ),
        at_most("Plan of the MNIST MLP", of("plan, MNIST MLP", "tegula_cpp"), 5e-3, seconds_text),
        at_most("Plan of 100 layers", of("plan, 100 layers", "tegula_cpp"), 50e-3, seconds_text),
    ]
