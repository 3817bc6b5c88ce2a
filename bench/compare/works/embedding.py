"""(9) A table of a million embeddings: training steps and inference."""

from ..bars import mean_at_least, worst_at_least
from ..case import Case, Network
from ..peers import FRAMEWORKS

TITLE = "A million embeddings"
NOTE = """A table of 1,000,000 rows of 64, the mean of the rows of 32 ids, then `Dense(1)`; a batch of
1024 samples, mean squared error. SGD changes the rows that the batch names; Adam's moving averages
change every row, as Keras's Adam has it (768 MB are read and written). Optimizers that leave the
averages of other rows alone are other algorithms and not compared."""

BATCH = 1024
ROWS = 1_000_000


def bag(nn, ids):
    return nn.dense(nn.embedding_mean(ids, ROWS, 64), 1)


NETWORKS = {"bag": bag}


def _network(optimizer="sgd"):
    return Network("bag", (32,), 1, loss="squares", optimizer=optimizer, ids_below=ROWS)


def _steps():
    return [
        Case(f"step, {optimizer}", "network_step", network=_network(optimizer), batch=BATCH)
        for optimizer in ("sgd", "adam")
    ]


def _inference():
    return [
        Case(f"inference, batch {batch}", "network_inference", network=_network(), batch=batch)
        for batch in (1, BATCH)
    ]


def cases(quick):
    return _steps()[:1] if quick else [*_steps(), *_inference()]


def bars(results):
    def ratios(of, *rivals):
        return results.ratios("embedding", [case.name for case in of], *rivals)

    return [
        mean_at_least(
            "Embeddings, training: the best peer's time", ratios(_steps(), FRAMEWORKS), 1.5
        ),
        worst_at_least(
            "Embeddings, inference: ONNX Runtime's time", ratios(_inference(), "onnxruntime"), 1.2
        ),
        worst_at_least(
            "Embeddings: the best peer's time", ratios(cases(False), FRAMEWORKS), 0.9
        ),
    ]
