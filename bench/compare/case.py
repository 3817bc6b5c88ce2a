"""What one row of a table measures. Plain data: the driver, the workers in Python and the programs
in C++ all read it.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Dict, Optional, Tuple


@dataclass(frozen=True)
class Mlp:
    """Dense layers with ReLU between them, dropout after each hidden one, trained by Adam."""

    inputs: int
    hidden: Tuple[int, ...]
    outputs: int
    dropout: float = 0.0
    loss: str = "classes"
    """"classes": softmax and cross-entropy with class indices; "squares": mean squared error."""

    @property
    def input_shape(self):
        return (self.inputs,)

    @property
    def widths(self):
        return (self.inputs, *self.hidden, self.outputs)

    @property
    def weight_bytes(self):
        return 4 * sum((a + 1) * b for a, b in zip(self.widths, self.widths[1:]))


@dataclass(frozen=True)
class Network:
    """One of its work's NETWORKS, which are functions as of networks.py."""

    name: str
    input_shape: Tuple[int, ...]
    """Of a sample; images are height, width, channels."""
    outputs: int
    loss: str = "classes"
    """As of Mlp."""
    optimizer: str = "adam"
    """"adam" with a learning rate of 0.001, "sgd" with 0.01."""
    ids_below: int = 0
    """Inputs are ids from 0 up to here; 0: they are numbers."""


@dataclass(frozen=True)
class Case:
    """One row: `kind` names what a peer has to do, the rest says with what.

    kind        a call is                                       uses
    expression  one evaluation of `expression` on `shapes`      expression, shapes
    epoch       one epoch over `samples`, shuffled              mlp, batch, samples, data
    step        one training step on a batch that stays         mlp, batch, data
    inference   the outputs for a batch that stays              mlp, batch, data; for the
                                                                machine's memory parameter bytes
    network_step, network_inference: the same of a network      network, batch
    gemm        the same for one matrix product                 also parameters m, n, k, ta, tb
    plan        making the plan of a training step              mlp, batch
    copy        copying memory                                  parameter bytes
    stream      reading memory                                  parameter bytes
    import, first_step, first_inference, peak_memory, size, stripped_size: see fresh.py
    """

    name: str
    kind: str
    mlp: Optional[Mlp] = None
    network: Optional[Network] = None
    batch: int = 0
    samples: int = 0
    data: str = "random"
    expression: str = ""
    shapes: Tuple[Tuple[int, ...], ...] = ()
    parameters: Dict[str, Any] = field(default_factory=dict, hash=False)
    only: Tuple[str, ...] = ()
    """Names of the peers that take part; empty: all that can."""
    rounds: int = 1000
    """At most so many, where each takes long and varies little."""
    unit: str = "s"
    """Of the figures: seconds per call, or bytes."""

    def to_json(self):
        return asdict(self)
