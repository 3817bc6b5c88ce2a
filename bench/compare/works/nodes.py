"""How the costs of Tegula's own machinery grow with the size of a graph."""

from ..bars import at_most, quotient, times_text
from ..case import Case

TITLE = "Scaling with the number of nodes"
NOTE = """A chain of elementwise nodes over one number, in C++. `plan`: build, all passes, plan.
`plan, no passes` and `run` leave every node a kernel of its own, whose work is next to nothing:
what remains is the cost per node. A graph of 1,000 nodes lies in the nearest caches, one of 10,000
no longer, and a node of it takes up to twice as long."""


def cases(quick):
    counts = (10, 1000) if quick else (10, 100, 1000, 10_000, 100_000)
    return [
        Case(f"{kind}, {count} nodes", f"chain_{what}", parameters={"nodes": count})
        for kind, what in (
            ("plan", "plan"),
            ("plan, no passes", "plan_unfused"),
            ("run", "run"),
        )
        for count in counts
    ]


def bars(results):
    def per_node(kind, count):
        seconds = results.best("nodes", f"{kind}, {count} nodes", "tegula_cpp")
        return quotient(seconds, count)

    rows = [
        at_most(
            f"{kind}: time per node at 100000 nodes, of that at 10000",
            quotient(per_node(kind, 100_000), per_node(kind, 10_000)),
            2.0,
            times_text,
        )
        for kind in ("plan", "plan, no passes")
    ]
    rows.append(
        at_most(
            "run: time per node at 1000 nodes",
            per_node("run", 1000),
            1e-6,
            lambda seconds: f"{seconds * 1e9:.0f} ns",
        )
    )
    return rows
