"""Constants, placeholders, and ops that move or select elements."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Union

import numpy as np

from . import _core
from ._dtypes import DTYPES, TensorShape, as_dtype
from ._framework import (
    Tensor,
    apply,
    apply_all,
    as_tensor,
    composed,
    constant_in,
    get_default_graph,
    graph_of,
    operands,
    to_array,
)
from ._math_ops import axes_of, cast

if TYPE_CHECKING:
    from ._typing import Axis, DTypeLike, Name, ShapeLike, TensorLike

_NONE = 2**63 - 1  # the op's mark for an absent bound of a slice


# Sources.


def constant(
    value: TensorLike,
    dtype: Optional[DTypeLike] = None,
    shape: Optional[ShapeLike] = None,
    name: Name = "Const",
    verify_shape: bool = False,
) -> Tensor:
    """A fixed value. Python floats become float32, ints int32; arrays keep their dtype. With
    `shape`, a scalar fills it.
    """
    array = to_array(value, None if dtype is None else as_dtype(dtype))
    if shape is not None:
        shape = tuple(static_dims(shape, "the shape of a constant"))
        if verify_shape and array.shape != shape:
            raise _core.ShapeError(f"a value of shape {array.shape} is given for shape {shape}")
        if array.size == 1:
            array = np.full(shape, array.reshape(()))
        elif array.size == np.prod(shape, dtype=np.int64):
            array = array.reshape(shape)
        else:
            raise _core.ShapeError(f"{array.size} elements do not fill the shape {shape}")
    graph = get_default_graph()
    return constant_in(graph, array, graph.unique_name(name or "Const"))


def placeholder(dtype: DTypeLike, shape: Optional[ShapeLike] = None, name: Name = None) -> Tensor:
    """A value that must be fed; unknown dimensions are None."""
    if shape is None:
        raise _core.InvalidArgument(
            "tf.placeholder needs a shape: Tegula plans for a known rank. Give unknown dimensions "
            "as None, such as shape=[None, 784]"
        )
    graph = get_default_graph()
    attrs = {"dtype": as_dtype(dtype).name, "shape": tuple(TensorShape(shape))}
    return graph.build("placeholder", (), attrs, graph.unique_name(name or "Placeholder"))[0]


def placeholder_with_default(input: TensorLike, shape: ShapeLike, name: Name = None) -> Tensor:  # noqa: A002 - TensorFlow's name
    """`input`, unless another value is fed."""
    default = as_tensor(input)
    if not default.shape.is_compatible_with(shape):
        raise _core.ShapeError(f"{default!r} does not have the shape {TensorShape(shape)}")
    return apply("identity", [default], None, name, "PlaceholderWithDefault")


def zeros(shape: ShapeLike, dtype: DTypeLike = DTYPES["float32"], name: Name = None) -> Tensor:
    """All elements 0."""
    return _filled(shape, 0, dtype, name, "zeros")


def ones(shape: ShapeLike, dtype: DTypeLike = DTYPES["float32"], name: Name = None) -> Tensor:
    """All elements 1."""
    return _filled(shape, 1, dtype, name, "ones")


def _filled(shape, value, dtype, name, default):
    graph = graph_of(shape)
    array = np.full(
        static_dims(shape, f"the shape of tf.{default}"), value, as_dtype(dtype).numpy_dtype
    )
    return constant_in(graph, array, graph.unique_name(name or default))


def fill(dims: ShapeLike, value: TensorLike, name: Name = None) -> Tensor:
    """All elements `value`."""
    return apply("broadcast_to", [value], {"shape": static_dims(dims, "dims")}, name, "Fill")


def _like(x, number, dtype, name, default):
    x = as_tensor(x)
    dtype = x.dtype if dtype is None else as_dtype(dtype)
    if x.shape.is_fully_defined():
        return _filled(x.shape.as_list(), number, dtype, name, default)
    with composed(name, default, x) as full:
        return apply("broadcast_like", [cast(number, dtype), x], None, full)


def zeros_like(
    tensor: TensorLike, dtype: Optional[DTypeLike] = None, name: Name = None, optimize: bool = True
) -> Tensor:
    """Zeros of the same shape."""
    return _like(tensor, 0, dtype, name, "zeros_like")


def ones_like(
    tensor: TensorLike, dtype: Optional[DTypeLike] = None, name: Name = None, optimize: bool = True
) -> Tensor:
    """Ones of the same shape."""
    return _like(tensor, 1, dtype, name, "ones_like")


def eye(
    num_rows: int,
    num_columns: Optional[int] = None,
    batch_shape: Optional[Sequence[int]] = None,
    dtype: DTypeLike = DTYPES["float32"],
    name: Name = None,
) -> Tensor:
    """The identity matrix."""
    array = np.eye(num_rows, num_columns, dtype=as_dtype(dtype).numpy_dtype)
    if batch_shape is not None:
        array = np.broadcast_to(array, (*batch_shape, *array.shape)).copy()
    graph = get_default_graph()
    return constant_in(graph, array, graph.unique_name(name or "eye"))


def _known(value, what):
    """A number that is known while the graph is built."""
    if isinstance(value, Tensor):
        value = constant_value(value)
        if value is None:
            raise _core.InvalidArgument(f"{what} must be known while the graph is built")
    return value


def range(
    start: TensorLike,
    limit: Optional[TensorLike] = None,
    delta: TensorLike = 1,
    dtype: Optional[DTypeLike] = None,
    name: Name = "range",
) -> Tensor:  # noqa: A001 - TensorFlow's name
    """start, start + delta, ... up to and without limit; `range(n)` counts from 0."""
    start, limit, delta = (_known(v, "tf.range's bounds") for v in (start, limit, delta))
    if limit is None:
        start, limit = 0, start
    array = np.arange(start, limit, delta)
    if dtype is None:
        integers = np.issubdtype(array.dtype, np.integer)
        given = [v.dtype for v in (start, limit, delta) if isinstance(v, (np.ndarray, np.generic))]
        dtype = given[0] if given else ("int32" if integers else "float32")
    graph = get_default_graph()
    return constant_in(
        graph, array.astype(as_dtype(dtype).numpy_dtype), graph.unique_name(name or "range")
    )


def linspace(start: TensorLike, stop: TensorLike, num: Optional[int], name: Name = None) -> Tensor:
    """`num` evenly spaced float32 values, both ends included."""
    graph = get_default_graph()
    array = np.linspace(start, stop, num, dtype=np.float32)
    return constant_in(graph, array, graph.unique_name(name or "linspace"))


# Shapes.


def constant_value(tensor):
    """The value of a Tensor that depends on constants and static shapes only, else None."""
    if not isinstance(tensor, Tensor):
        return np.asarray(tensor)
    feeds, stack, seen = [], [tensor._value], set()
    while stack:
        value = stack.pop()
        if value.node_id in seen:
            continue
        seen.add(value.node_id)
        if value.op == "shape_of":
            shape = value.inputs[0].shape
            if None in shape:
                return None
            feeds.append((value, np.array(shape, np.int64)))
        elif value.op in ("placeholder", "variable") or "op_id" in value.attrs:
            return None
        else:
            stack += value.inputs
    return _core.evaluate([tensor._value], feeds)[0]


def _dimension(item):
    """A dimension as an int; -1 for one that is only known when the graph runs."""
    if isinstance(item, Tensor):
        value = constant_value(item)
        return -1 if value is None else int(value)
    if item is None:
        return -1
    if isinstance(item, (float, np.floating)) or not hasattr(item, "__index__"):
        raise _core.DTypeError(f"a dimension must be an int, got {item!r}")
    return item.__index__()


def dims_of(shape):
    """A shape as a list of int, -1 where a dimension is unknown while the graph is built."""
    if isinstance(shape, Tensor):
        value = constant_value(shape)
        if value is not None:
            return [int(d) for d in value.reshape(-1)]
        if shape._value.op == "cast" and shape._value.inputs[0].op == "shape_of":
            like = shape._value.inputs[0].inputs[0].shape
            return [-1 if d is None else d for d in like]
        if shape._value.op == "concat":
            parts = [shape.graph.tensor(part) for part in shape._value.inputs]
            return [d for part in parts for d in dims_of(part)]
        raise _core.InvalidArgument(
            f"{shape!r} is not known while the graph is built; give the shape as a list, with -1 "
            "for the dimension that is inferred"
        )
    if isinstance(shape, np.ndarray):
        shape = shape.tolist()
    if not isinstance(shape, (list, tuple)):
        shape = [shape]
    return [_dimension(item) for item in shape]


def static_dims(shape, what):
    """As `dims_of`, but every dimension must be known."""
    dims = dims_of(shape)
    if any(d < 0 for d in dims):
        raise _core.ShapeError(
            f"{what} must be known while the graph is built and not negative, got "
            f"{[None if d == -1 else d for d in dims]}"
        )
    return dims


def shape(input: TensorLike, name: Name = None, out_type: DTypeLike = DTYPES["int32"]) -> Tensor:  # noqa: A002 - TensorFlow's name
    """The shape when the graph runs, as a vector."""
    with composed(name, "Shape", input) as full:
        concrete = apply("shape_of", [input], default="shape_of")
        return apply("cast", [concrete], {"dtype": as_dtype(out_type).name}, full)


def size(input: TensorLike, name: Name = None, out_type: DTypeLike = DTYPES["int32"]) -> Tensor:  # noqa: A002 - TensorFlow's name
    """The number of elements when the graph runs."""
    with composed(name, "Size", input) as full:
        dims = apply("shape_of", [input], default="shape_of")
        product = apply("prod", [dims], {"axes": (0,), "keepdims": False}, default="Prod")
        return apply("cast", [product], {"dtype": as_dtype(out_type).name}, full)


def rank(input: TensorLike, name: Name = None) -> Tensor:  # noqa: A002 - TensorFlow's name
    """The number of dimensions."""
    graph = graph_of(input)
    array = np.array(as_tensor(input).ndim, np.int32)
    return constant_in(graph, array, graph.unique_name(name or "Rank"))


def reshape(tensor: TensorLike, shape: ShapeLike, name: Name = None) -> Tensor:
    """The same elements in another shape; one dimension may be -1."""
    dims = dims_of(shape)
    if dims.count(-1) > 1:
        x = as_tensor(tensor)
        # Dimensions that are only known at run time can stand for the ones at the same place.
        dims = [
            d if d != -1 or i >= x.ndim or x.shape[i] is None else x.shape[i]
            for i, d in enumerate(dims)
        ]
    return apply("reshape", [tensor], {"shape": dims}, name, "Reshape")


def transpose(
    a: TensorLike,
    perm: Optional[Sequence[int]] = None,
    name: Name = "transpose",
    conjugate: bool = False,
) -> Tensor:
    """The axes in the order `perm`; without it reversed."""
    a = as_tensor(a)
    perm = builtins.range(a.ndim)[::-1] if perm is None else _known(perm, "perm")
    return apply("transpose", [a], {"perm": [int(p) for p in perm]}, name, "transpose")


def matrix_transpose(a: TensorLike, name: Name = "matrix_transpose") -> Tensor:
    """The last two axes exchanged."""
    a = as_tensor(a)
    perm = list(builtins.range(a.ndim))
    perm[-2:] = perm[:-3:-1]
    return transpose(a, perm, name)


def expand_dims(
    input: TensorLike, axis: Axis = None, name: Name = None, dim: Axis = None
) -> Tensor:  # noqa: A002 - TensorFlow's name
    """A new axis of length 1 at position `axis`."""
    axis = int(_known(dim if axis is None else axis, "axis"))
    return apply("expand_dims", [input], {"axis": axis}, name, "ExpandDims")


def squeeze(
    input: TensorLike, axis: Axis = None, name: Name = None, squeeze_dims: Axis = None
) -> Tensor:  # noqa: A002 - TensorFlow's name
    """Without the given axes, which have length 1 (default: all that are known to)."""
    x = as_tensor(input)
    axis = squeeze_dims if axis is None else axis
    if axis is None or axis == []:
        axes = [i for i, d in enumerate(x.shape) if d == 1]
    else:
        axes = axes_of(axis, x.ndim)
    return apply("squeeze", [x], {"axes": axes}, name, "Squeeze")


def broadcast_to(input: TensorLike, shape: ShapeLike, name: Name = None) -> Tensor:  # noqa: A002 - TensorFlow's name
    """`input` repeated to `shape` by NumPy's rules."""
    attrs = {"shape": static_dims(shape, "the shape of tf.broadcast_to")}
    return apply("broadcast_to", [input], attrs, name, "BroadcastTo")


# Movement.


def concat(values: Sequence[TensorLike], axis: Axis, name: Name = "concat") -> Tensor:
    """The values one after the other along `axis`."""
    if isinstance(values, Tensor):
        values = [values]
    attrs = {"axis": int(_known(axis, "axis"))}
    return apply("concat", list(values), attrs, name, "concat")


def stack(values: Sequence[TensorLike], axis: Axis = 0, name: Name = "stack") -> Tensor:
    """The values along a new axis."""
    with composed(name, "stack", values) as full:
        inputs = operands(graph_of(values), list(values), full[:-1])
        axis = int(axis)
        if inputs and axis < 0:
            axis += inputs[0].ndim + 1
        rows = [apply("expand_dims", [v], {"axis": axis}, default="row") for v in inputs]
        return apply("concat", rows, {"axis": axis}, full)


def unstack(
    value: TensorLike, num: Optional[int] = None, axis: Axis = 0, name: Name = "unstack"
) -> List[Tensor]:
    """The slices along `axis`, as a list."""
    with composed(name, "unstack", value):
        x = as_tensor(value)
        axis = axes_of(axis, x.ndim)[0]
        count = num if x.shape[axis] is None else int(x.shape[axis])
        if count is None:
            raise _core.InvalidArgument(
                f"tf.unstack: the length of axis {axis} of {x!r} is unknown; give num"
            )
        pieces = apply_all("split", [x], {"axis": axis, "sizes": [1] * count}, default="split")
        return [apply("squeeze", [p], {"axes": (axis,)}, None, "piece") for p in pieces]


def split(
    value: TensorLike,
    num_or_size_splits: Union[int, Sequence[int]],
    axis: Axis = 0,
    num: Optional[int] = None,
    name: Name = "split",
) -> List[Tensor]:
    """`value` cut along `axis` into equal pieces, or pieces of the given sizes (one may be -1)."""
    x = as_tensor(value)
    axis = axes_of(axis, x.ndim)[0]
    length = x.shape[axis]
    if hasattr(num_or_size_splits, "__index__"):
        count = num_or_size_splits.__index__()
        if length is None or count < 1 or length % count:
            raise _core.ShapeError(
                f"tf.split: axis {axis} of {x!r} cannot be cut into {count} equal pieces"
            )
        sizes = [int(length) // count] * count
    else:
        sizes = [int(s) for s in num_or_size_splits]
        if -1 in sizes and length is not None:
            sizes[sizes.index(-1)] = int(length) - sum(sizes) - 1
    return apply_all("split", [x], {"axis": axis, "sizes": sizes}, name, "split")


def _pairs(paddings):
    pairs = np.asarray(_known(paddings, "paddings")).tolist()
    return [int(p[0]) for p in pairs], [int(p[1]) for p in pairs]


def pad(
    tensor: TensorLike,
    paddings: Sequence[Sequence[int]],
    mode: str = "CONSTANT",
    name: Name = None,
    constant_values: float = 0,
) -> Tensor:
    """Elements added before and after each axis: paddings[axis] = [before, after]."""
    if mode.upper() != "CONSTANT":
        raise _core.InvalidArgument(f"tf.pad: only mode='CONSTANT' is supported, got {mode!r}")
    before, after = _pairs(paddings)
    attrs = {"before": before, "after": after, "value": float(constant_values)}
    return apply("pad", [tensor], attrs, name, "Pad")


def tile(input: TensorLike, multiples: Sequence[int], name: Name = None) -> Tensor:  # noqa: A002 - TensorFlow's name
    """`input` repeated multiples[axis] times along each axis."""
    attrs = {"multiples": [int(m) for m in _known(multiples, "multiples")]}
    return apply("tile", [input], attrs, name, "Tile")


def gather(
    params: TensorLike,
    indices: TensorLike,
    validate_indices: Any = None,
    name: Name = None,
    axis: Axis = None,
    batch_dims: int = 0,
) -> Tensor:
    """Elements of `params` along `axis` at the indices."""
    if batch_dims:
        raise _core.InvalidArgument("tf.gather: batch_dims is not supported")
    with composed(name, "GatherV2", params, indices) as full:
        x = as_tensor(params)
        index = as_tensor(indices)
        if index.dtype.name not in ("int32", "int64"):
            index = cast(index, "int32")
        axis = axes_of(0 if axis is None else axis, max(x.ndim, 1))[0]
        return apply("gather", [x, index], {"axis": axis}, full)


def one_hot(
    indices: TensorLike,
    depth: int,
    on_value: Optional[TensorLike] = None,
    off_value: Optional[TensorLike] = None,
    axis: Axis = None,
    dtype: Optional[DTypeLike] = None,
    name: Name = None,
) -> Tensor:
    """A new axis (default: the last) of length `depth` that is on_value at the index, off_value
    elsewhere.
    """
    depth = int(_known(depth, "depth"))
    if dtype is None:
        given = next((v for v in (on_value, off_value) if v is not None), None)
        dtype = "float32" if given is None else as_tensor(given).dtype
    on = 1 if on_value is None else _known(on_value, "on_value")
    off = 0 if off_value is None else _known(off_value, "off_value")
    attrs = {"depth": depth, "on": float(on), "off": float(off), "dtype": as_dtype(dtype).name}
    with composed(name, "one_hot", indices) as full:
        index = as_tensor(indices)
        if axis is None or axis in (-1, index.ndim):
            return apply("one_hot", [index], attrs, full)
        hot = apply("one_hot", [index], attrs, default="one_hot")
        perm = list(builtins.range(index.ndim))
        perm.insert(axis, index.ndim)
        return apply("transpose", [hot], {"perm": perm}, full)


def where(
    condition: TensorLike,
    x: Optional[TensorLike] = None,
    y: Optional[TensorLike] = None,
    name: Name = None,
) -> Tensor:
    """x where the condition holds, else y; all three broadcast."""
    if x is None or y is None:
        raise _core.InvalidArgument(
            "tf.where needs x and y: a result whose shape depends on the data cannot be planned"
        )
    with composed(name, "Select", condition, x, y) as full:
        condition = as_tensor(condition)
        x, y = operands(graph_of(condition, x, y), [x, y], full[:-1])
        # TensorFlow 1: a vector condition chooses whole rows.
        if condition.ndim == 1 and x.ndim > 1 and x.shape == y.shape:
            condition = reshape(condition, [-1] + [1] * (x.ndim - 1))
        return apply("where", [condition, x, y], None, full)


where_v2 = where


def boolean_mask(
    tensor: TensorLike, mask: Any, name: Name = "boolean_mask", axis: Axis = None
) -> Tensor:
    """Not supported: the shape of the result depends on the data."""
    raise _core.InvalidArgument(
        "tf.boolean_mask: a result whose shape depends on the data cannot be planned; multiply by "
        "the mask, or use tf.where"
    )


# Slices.


def slice(
    input_: TensorLike, begin: Sequence[int], size: Sequence[int], name: Name = None
) -> Tensor:  # noqa: A001 - TensorFlow's name
    """The block of the given size (-1: up to the end) that starts at `begin`."""
    begin = [int(b) for b in _known(begin, "begin")]
    size = [int(s) for s in _known(size, "size")]
    x = as_tensor(input_)
    for axis, (b, s, d) in enumerate(zip(begin, size, x.shape)):
        if b < 0 or s < -1 or (d is not None and b + max(s, 0) > d):
            raise _core.ShapeError(
                f"tf.slice: begin {b} and size {s} do not fit axis {axis} of {x!r}"
            )
    end = [_NONE if s == -1 else b + s for b, s in zip(begin, size)]
    attrs = {"begin": begin, "end": end, "step": [1] * len(begin)}
    return apply("slice", [x], attrs, name, "Slice")


def reverse(tensor: TensorLike, axis: Axis, name: Name = None) -> Tensor:
    """The elements in reverse order along the axes."""
    x = as_tensor(tensor)
    axes = axes_of(axis, x.ndim)
    steps = [-1 if i in axes else 1 for i in builtins.range(x.ndim)]
    attrs = {"begin": [_NONE] * x.ndim, "end": [_NONE] * x.ndim, "step": steps}
    return apply("slice", [x], attrs, name, "ReverseV2")


def _bound(value):
    if value is None:
        return _NONE
    if isinstance(value, Tensor):
        value = _known(value, "the bound of a slice")
    if not hasattr(value, "__index__"):
        raise _core.DTypeError(f"the bound of a slice must be an int, got {value!r}")
    return value.__index__()


def _getitem(self, key):
    """NumPy's basic indexing: ints, slices with steps, None, Ellipsis."""
    items = list(key) if isinstance(key, tuple) else [key]
    used = sum(1 for item in items if item is not None and item is not Ellipsis)
    if items.count(Ellipsis) > 1:
        raise _core.InvalidArgument("an index can have only one Ellipsis")
    if used > self.ndim:
        raise _core.ShapeError(f"{used} indices are given for {self!r} of rank {self.ndim}")
    if Ellipsis not in items:
        items.append(Ellipsis)
    at = items.index(Ellipsis)
    items[at : at + 1] = [builtins.slice(None)] * (self.ndim - used)

    begin, end, step, dropped, added = [], [], [], [], []
    for item in items:
        axis = len(begin)
        if item is None:
            added.append(axis - len(dropped) + len(added))
        elif isinstance(item, builtins.slice):
            begin.append(_bound(item.start))
            end.append(_bound(item.stop))
            step.append(1 if item.step is None else _bound(item.step))
        else:
            index = _index(self, item, axis)
            begin.append(index)
            end.append(_NONE if index == -1 else index + 1)
            step.append(1)
            dropped.append(axis)
    return _slice_and_shape(self, begin, end, step, dropped, added)


def _index(tensor, item, axis):
    if isinstance(item, (list, np.ndarray)) and np.ndim(item) > 0:
        raise _core.DTypeError("an index must be an int, a slice, None or Ellipsis; use tf.gather")
    index = _bound(item)
    length = tensor.shape[axis]
    if length is not None and not -length <= index < length:
        raise _core.ShapeError(f"index {index} is out of range for axis {axis} of {tensor!r}")
    return index


def _slice_and_shape(x, begin, end, step, dropped, added):
    parts = []
    if any(b != _NONE or e != _NONE or s != 1 for b, e, s in zip(begin, end, step)):
        parts.append(("slice", {"begin": begin, "end": end, "step": step}))
    if dropped:
        parts.append(("squeeze", {"axes": dropped}))
    parts += [("expand_dims", {"axis": axis}) for axis in added]
    if not parts:
        parts.append(("identity", None))
    with composed(None, "strided_slice", x) as full:
        for op, attrs in parts[:-1]:
            x = apply(op, [x], attrs, None, op)
        return apply(parts[-1][0], [x], parts[-1][1], full)


Tensor.__getitem__ = _getitem
