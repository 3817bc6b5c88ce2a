"""(1) An epoch of the MNIST classifier."""

from .. import peers
from ..bars import at_least, at_most, quotient, times_text, total
from ..case import Case, Mlp

TITLE = "MNIST MLP, one epoch"
NOTE = """784-128-10, ReLU, dropout 0.2, softmax and cross-entropy, Adam; 60,000 samples in a new
order each epoch, the last batch smaller where the batch size does not divide them; the sum of the
losses is kept, no other metric. 81 % of MNIST's pixels are zeros, which Tegula's products skip;
`no zeros` is the same work on random inputs, beside the fastest peer at this batch size."""

MNIST = Mlp(784, (128,), 10, dropout=0.2)


def cases(quick):
    rows = [
        Case(f"batch {batch}", "epoch", mlp=MNIST, batch=batch, samples=60000, data="mnist")
        for batch in ((32,) if quick else (32, 128, 1024))
    ]
    few = ("tegula", "tegula_cpp", "jax")
    dense = Case("batch 32, no zeros", "epoch", mlp=MNIST, batch=32, samples=60000, only=few)
    return rows if quick else [*rows, dense]


def _products(results, batch):
    """Seconds of the matrix products of all full steps of an epoch, each by the best raw library."""
    from . import gemm

    products = (results.best("gemm", case.name, peers.RAW) for case in gemm.step_products(batch))
    one = total(products)
    return None if one is None else one * (60000 // batch)


def bars(results):
    work, row = "mnist_epoch", "batch 32"
    products = _products(results, 32)
    rows = [
        at_most(
            "MNIST epoch, batch 32: of the time of its five matrix products alone",
            quotient(results.best(work, row, "tegula"), products),
            1.5,
            times_text,
        )
    ]
    for peer, limit in (("jax", 2.5), ("torch", 5), ("keras_jax", 4), ("keras_tensorflow", 20)):
        rows.append(
            at_least(
                f"MNIST epoch, batch 32: faster than {peers.load(peer).TITLE}'s best",
                results.ratio(work, row, peer),
                limit,
                times_text,
            )
        )
    rows.append(
        at_most(
            "MNIST epoch, batch 32: C++ `fit` of Python's time (2 % are noise)",
            results.ratio(work, row, "tegula_cpp"),
            1.02,
            times_text,
        )
    )
    rows.append(
        at_least(
            "MNIST epoch, batch 1024: faster than the best peer",
            results.ratio(work, "batch 1024", peers.FRAMEWORKS),
            1.3,
            times_text,
        )
    )
    return rows
