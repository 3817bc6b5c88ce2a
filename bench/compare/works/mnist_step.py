"""(2) One training step of the MNIST classifier, without what an epoch adds."""

from ..case import Case
from .mnist_epoch import MNIST

TITLE = "MNIST MLP, one training step"
NOTE = "As an epoch's step, on a batch that is there already."


def cases(quick):
    return [
        Case(f"batch {batch}", "step", mlp=MNIST, batch=batch, data="mnist")
        for batch in ((32,) if quick else (32, 128, 1024))
    ]
