"""(5) Elementwise chains, reductions, softmax and normalization over 1e3 to 1e8 elements."""

from ..bars import at_most, quotient, times_text
from ..case import Case

TITLE = "Expressions"
NOTE = """Over about as many float32 elements as the row says, in rows of 256 (of 1024 from 1e6
on) where an expression has rows. `chain of 8`: `min(sqrt(abs(max(1.1 x + 0.3, -0.5))) x, 0.7) -
0.2`. `gated`: `gelu(0.9 x + 0.1) sigmoid(x) + exp(-x²)`, with the tanh form of gelu. `layer norm`
uses a library's own function where there is one; `rms norm` is written out for all."""


def chain_of_8(xp, x):
    y = xp.maximum(x * 1.1 + 0.3, -0.5)
    return xp.minimum(xp.sqrt(xp.abs(y)) * x, 0.7) - 0.2


def gated(xp, x):
    y = x * 0.9 + 0.1
    gelu = y * 0.5 * (xp.tanh((y * y * y * 0.044715 + y) * 0.7978845608) + 1.0)
    return gelu * xp.sigmoid(x) + xp.exp(x * x * -1.0)


def rms_norm(xp, x, gain):
    return x * xp.rsqrt(xp.mean(x * x, -1, True) + 1e-5) * gain


EXPRESSIONS = {
    "chain of 8": chain_of_8,
    "gated": gated,
    "sum of all": lambda xp, x: xp.sum(x, None, False),
    "sum over last axis": lambda xp, x: xp.sum(x, -1, False),
    "sum over first axis": lambda xp, x: xp.sum(x, 0, False),
    "softmax": lambda xp, x: xp.softmax(x),
    "cross-entropy": lambda xp, x, labels: xp.cross_entropy(x, labels),
    "layer norm": lambda xp, x, gain, bias: xp.layer_norm(x, gain, bias),
    "rms norm": rms_norm,
}


def _shapes(name, count):
    if name in ("chain of 8", "gated"):
        return ((count,),)
    width = 1024 if count >= 1_000_000 else 256
    rows = round(count / width)
    parameters = {
        "cross-entropy": ((rows, "classes", width),),
        "layer norm": ((width,), (width,)),
        "rms norm": ((width,),),
    }
    return ((rows, width), *parameters.get(name, ()))


def cases(quick):
    names = ("chain of 8", "sum over last axis", "softmax") if quick else EXPRESSIONS
    decades = (3, 7) if quick else (3, 4, 5, 6, 7, 8)
    return [
        Case(
            f"{name}, 1e{decade}",
            "expression",
            expression=name,
            shapes=_shapes(name, 10**decade),
        )
        for name in names
        for decade in decades
    ]


def bars(results):
    own = results.best("expressions", "chain of 8, 1e7", "tegula_cpp")
    copy = results.best("memory", "copy, 1e7 floats", "raw_memory")
    return [
        at_most(
            "Chain of 8 elementwise ops over 1e7 floats, C++: of one memory copy of the same bytes",
            quotient(own, copy),
            1.25,
            times_text,
        )
    ]
