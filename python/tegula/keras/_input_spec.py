"""What shapes of inputs a layer takes."""

from ._values import mapped


class InputSpec:
    """The number of dimensions and the sizes that an input must have; None for any.

    Args:
        dtype: Accepted as in Keras, where it is not checked either.
        shape: The whole shape, with the batch dimension and None for any size.
        ndim, max_ndim, min_ndim: The number of dimensions, exactly, at most, at least.
        axes: Sizes of axes, {axis: size}.
        allow_last_axis_squeeze: Whether a last axis of size 1 may be missing or too many.
    """

    def __init__(self, dtype=None, shape=None, ndim=None, max_ndim=None, min_ndim=None, axes=None,
                 allow_last_axis_squeeze=False, name=None, optional=False):
        if optional:
            raise ValueError("InputSpec: `optional` is not supported; layers take one input")
        self.dtype = dtype
        self.shape = None if shape is None else tuple(shape)
        self.ndim = ndim if shape is None else len(self.shape)
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        bound = self.ndim or self.max_ndim
        for axis in self.axes if bound else ():
            if axis >= bound:
                raise ValueError(f"Axis {axis} is greater than the maximum allowed value: {bound - 1}")

    def check(self, shape, layer_name):
        """ValueError when the shape does not fit, as Keras words it."""
        shape = tuple(shape)
        where = f'Input 0 of layer "{layer_name}" is incompatible with the layer: '
        rank = len(shape)
        if self.allow_last_axis_squeeze and self.shape is not None and rank:
            if rank == self.ndim + 1 and shape[-1] == 1:
                shape, rank = shape[:-1], rank - 1
            elif rank == self.ndim - 1 and self.shape[-1] == 1:
                shape, rank = (*shape, 1), rank + 1
        if self.ndim is not None and rank != self.ndim:
            raise ValueError(
                f"{where}expected ndim={self.ndim}, found ndim={rank}. Full shape received: {shape}"
            )
        if self.max_ndim is not None and rank > self.max_ndim:
            raise ValueError(f"{where}expected max_ndim={self.max_ndim}, found ndim={rank}")
        if self.min_ndim is not None and rank < self.min_ndim:
            raise ValueError(
                f"{where}expected min_ndim={self.min_ndim}, found ndim={rank}. Full shape received: "
                f"{shape}"
            )
        for axis, size in self.axes.items():
            if size is None or not -rank <= axis < rank:
                continue
            if shape[axis] not in (size, None):
                raise ValueError(
                    f"{where}expected axis {axis} of input shape to have value {size}, but received "
                    f"input with shape {shape}"
                )
        for expected, given in zip(self.shape or (), shape):
            if expected is not None and given is not None and expected != given:
                raise ValueError(f"{where}expected shape={self.shape}, found shape={shape}")

    def __repr__(self):
        stated = {
            "shape": self.shape, "ndim": None if self.shape else self.ndim,
            "max_ndim": self.max_ndim, "min_ndim": self.min_ndim, "axes": self.axes or None,
        }
        arguments = ", ".join(f"{k}={v}" for k, v in stated.items() if v is not None)
        return f"InputSpec({arguments})"


def check_input(layer, shape):
    specs = layer.input_spec
    for spec in specs if isinstance(specs, (list, tuple)) else [specs]:
        if spec is not None:
            spec.check(shape, layer.name)


def is_shape(shape):
    return not isinstance(shape, dict) and not any(
        isinstance(dim, (list, tuple, dict)) for dim in (shape or ())
    )


def plain_shapes(shapes):
    """A shape as a tuple, or those of a list or dict."""
    return tuple(shapes) if is_shape(shapes) else mapped(tuple, shapes)


def batch_shapes(shapes):
    """Shapes of batches, whose first dimension may be any."""

    def batch_shape(shape):
        if shape is None or not len(shape):
            raise ValueError(f"an input shape starts with the batch dimension, got {shape}")
        return (None, *tuple(shape)[1:])

    return batch_shape(shapes) if is_shape(shapes) else mapped(batch_shape, shapes)
