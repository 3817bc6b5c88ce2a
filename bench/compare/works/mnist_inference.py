"""(3) The MNIST classifier's probabilities for a batch."""

from ..bars import at_least, at_most, quotient, times_text
from ..case import Case
from .mnist_epoch import MNIST

TITLE = "MNIST MLP, inference"
NOTE = """From an array of the caller's to probabilities that the caller can read. `memory`: reading
the weights once, from the cache level that holds them."""


def cases(quick):
    return [
        Case(
            f"batch {batch}",
            "inference",
            mlp=MNIST,
            batch=batch,
            data="mnist",
            parameters={"bytes": MNIST.weight_bytes},
        )
        for batch in ((1, 32) if quick else (1, 8, 32, 256))
    ]


def bars(results):
    work, row = "mnist_inference", "batch 1"
    rows = [
        at_most(
            f"MNIST inference, batch 1, C++: of the time to read the weights with {mode}",
            quotient(1, results.ratio(work, row, "raw_memory", own="tegula_cpp", modes=(mode,))),
            1.2,
            times_text,
        )
        for mode in ("1 thread", "2 threads")
    ]
    for mode, limit in (("run", 1.5), ("IOBinding", 1.2)):
        rows.append(
            at_least(
                f"MNIST inference, batch 1: faster than ONNX Runtime's {mode}",
                results.ratio(work, row, "onnxruntime", modes=(mode,)),
                limit,
                times_text,
            )
        )
    rows.append(
        at_least(
            "MNIST inference, batch 1: faster than any Keras `predict`",
            results.ratio(work, row, "keras_jax", "keras_tensorflow", modes=("predict",)),
            50,
            times_text,
        )
    )
    for name in ("batch 8", "batch 32", "batch 256"):
        rows.append(
            at_least(
                f"MNIST inference, {name}: faster than ONNX Runtime",
                results.ratio(work, name, "onnxruntime"),
                1.2,
                times_text,
            )
        )
    return rows
