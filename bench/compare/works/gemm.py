"""(6) Matrix products, from those of the MNIST step to 2048³, beside the raw libraries."""

import math

from ..bars import at_most, named, times_text
from ..case import Case
from ..peers import RAW

TITLE = "Matrix products"
NOTE = """float32, row-major; `T` marks a transposed operand. The raw libraries are called on
plain arrays from C++, with all threads and with one. The first blocks are the products of the
MNIST step."""


def _product(transpose_a, transpose_b):
    return lambda xp, a, b: xp.matmul(a, b, transpose_a, transpose_b)


EXPRESSIONS = {
    "NN": _product(False, False),
    "TN": _product(True, False),
    "NT": _product(False, True),
}


def product(m, n, k, kind="NN"):
    a = (k, m) if kind[0] == "T" else (m, k)
    b = (n, k) if kind[1] == "T" else (k, n)
    return Case(
        f"{m}x{n}x{k} {kind}",
        "gemm",
        expression=kind,
        shapes=(a, b),
        parameters={"m": m, "n": n, "k": k, "ta": kind[0] == "T", "tb": kind[1] == "T"},
    )


def step_products(batch):
    """What a step of the MNIST MLP multiplies: forward twice, then the gradients."""
    return [
        product(batch, 128, 784),
        product(batch, 10, 128),
        product(128, 10, batch, "TN"),
        product(batch, 128, 10, "NT"),
        product(784, 128, batch, "TN"),
    ]


def cases(quick):
    if quick:
        return [*step_products(32), product(1, 128, 784), product(512, 512, 512)]
    rows = [case for batch in (32, 128, 1024) for case in step_products(batch)]
    rows += [product(batch, n, k) for batch in (1, 8) for n, k in ((128, 784), (10, 128))]
    rows += [product(size, size, size) for size in (64, 128, 256, 512, 1024, 2048)]
    return rows


def bars(results):
    """Large products by their ratio to the best raw call, small ones by the difference."""
    ratios, differences = {}, {}
    for case in cases(False):
        excess = results.excess("gemm", case.name, RAW, own="tegula_cpp")
        if excess is None:
            continue
        if math.prod(case.parameters[side] for side in "mnk") >= 256**3:
            ratios[case.name] = 1 / results.ratio("gemm", case.name, RAW, own="tegula_cpp")
        else:
            differences[case.name] = -excess
    slowest = max(ratios, key=ratios.get, default=None)
    farthest = max(differences, key=differences.get, default=None)
    return [
        at_most(
            f"Products of at least 256³, C++: of the best raw call's time, worst{named(slowest)}",
            ratios.get(slowest),
            1.03,
            times_text,
        ),
        at_most(
            f"Smaller products, C++: beyond the best raw call, worst{named(farthest)}",
            differences.get(farthest),
            1e-6,
            lambda seconds: f"{seconds * 1e6:.2f} µs",
        ),
    ]
