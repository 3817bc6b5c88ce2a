"""Axes by name."""

import numpy as np

from ... import _array_ops as _arrays
from ._dispatch import op
from ._dispatch import tensor as _tensor
from ._shapes import _sizes


@op
def rearrange(tensor, pattern, **axes_lengths):
    """Axes split, moved and joined as a pattern says: "b (h p) c -> b h (p c)"."""
    return _rearranged(_tensor(tensor), pattern, axes_lengths)


def _groups(side):
    """[[names of one axis], …] of "b (h p) c"."""
    groups, inner = [], None
    for word in side.replace("(", " ( ").replace(")", " ) ").split():
        if word == "(":
            inner = []
        elif word == ")":
            groups.append(inner)
            inner = None
        elif inner is not None:
            inner.append(word)
        else:
            groups.append([] if word == "1" else [word])
    return groups


def _rearranged(x, pattern, lengths):
    left, right = (_groups(side) for side in pattern.split("->"))
    if len(left) != x.ndim:
        raise ValueError(f"rearrange: {pattern!r} names {len(left)} axes, x has shape {x.shape}")
    names = [name for group in left for name in group]
    if sorted(names) != sorted(name for group in right for name in group):
        raise ValueError(f"rearrange: both sides of {pattern!r} must have the same names")
    sizes = dict(lengths)
    for group, length in zip(left, _sizes(x)):
        unknown = [name for name in group if name not in sizes]
        if len(unknown) > 1:
            raise ValueError(f"rearrange: give the lengths of all but one of {unknown}")
        for name in unknown:
            others = int(np.prod([sizes[n] for n in group if n != name], dtype=np.int64))
            sizes[name] = -1 if length == -1 else length // others
    x = _arrays.reshape(x, [sizes[name] for name in names])
    order = [names.index(name) for group in right for name in group]
    x = _arrays.transpose(x, order)
    joined = [
        -1 if any(sizes[n] == -1 for n in group) else int(np.prod([sizes[n] for n in group], dtype=np.int64))
        for group in right
    ]
    return _arrays.reshape(x, joined)
