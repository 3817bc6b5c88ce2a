"""What the machine's memory gives: the limits for copying and for reading weights."""

from ..case import Case
from .mnist_epoch import MNIST

TITLE = "The machine's memory"
NOTE = """`copy`: `memcpy` from one array to another. `stream`: reading the same bytes again and
again with 256-bit loads, from the cache level that holds them. With two threads each has one
half."""


def cases(quick):
    return [
        Case("copy, 1e7 floats", "copy", parameters={"bytes": 40_000_000}),
        Case(
            "stream, weights of the MNIST MLP", "stream", parameters={"bytes": MNIST.weight_bytes}
        ),
        *(
            Case(f"stream, 1e{decade} floats", "stream", parameters={"bytes": 4 * 10**decade})
            for decade in (3, 4, 5, 6, 7)
        ),
    ]
