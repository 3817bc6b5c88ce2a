"""(4) Networks of other shapes: where overhead rules, and where matrix products do."""

from ..bars import mean_at_least, worst_at_least
from ..case import Case, Mlp
from ..peers import FRAMEWORKS

TITLE = "MLPs of other shapes"
NOTE = """`2 of 16`: 16-16-16-10, where a framework's overhead rules; `4 of 512`:
784-512-512-512-512-10 and `3 of 2048`: 784-2048-2048-2048-10, where matrix products do;
`regression`: 8-64-64-1 with the mean squared error. An epoch is over 512 batches, 64 and 8 for
the large ones."""

NETWORKS = {
    "2 of 16": (Mlp(16, (16, 16), 10), 32, 512),
    "4 of 512": (Mlp(784, (512,) * 4, 10), 128, 64),
    "3 of 2048": (Mlp(784, (2048,) * 3, 10), 128, 8),
    "regression": (Mlp(8, (64, 64), 1, loss="squares"), 8, 512),
}


def cases(quick):
    rows = []
    for name, (mlp, batch, batches) in NETWORKS.items():
        common = dict(mlp=mlp, batch=batch, parameters={"bytes": mlp.weight_bytes})
        rows += [
            Case(f"{name}, epoch, batch {batch}", "epoch", samples=batch * batches, **common),
            Case(f"{name}, step, batch {batch}", "step", **common),
            Case(f"{name}, inference, batch {batch}", "inference", **common),
            Case(f"{name}, inference, batch 1", "inference", **(common | {"batch": 1})),
        ]
    return rows[:4] if quick else rows


COMPARED = ("other_mlps", "expressions", "gemm")


def bars(results):
    """Over all rows of the works that are compared row by row."""
    what = "Other MLPs, expressions, products: the best peer's time"
    rows = {}
    if results.measured.issuperset(COMPARED):
        for work in COMPARED:
            measured = results.ratios(work, results.names(work), FRAMEWORKS)
            rows |= {f"{work}: {name}": ratio for name, ratio in measured.items() if ratio}
    return [worst_at_least(what, rows, 1.0), mean_at_least(what, rows, 1.3)]
