"""Fourier transforms and the frames of signals. A transform is a product with the matrix of its cosines
and sines.
"""

import numpy as np

from ... import _array_ops as _arrays
from ... import _math_ops as _math
from ..._framework import apply
from ._dispatch import floating, gathered, known_size, op, tensor
from ._shapes import _sizes, pad, swapaxes


def _matrices(rows, columns, dtype, sign):
    """cos and sign · sin of 2π i j / rows, for i < rows and j < columns."""
    angles = 2 * np.pi / rows * (np.outer(np.arange(rows), np.arange(columns)) % rows)
    return [tensor(m.astype(dtype.numpy_dtype)) for m in (np.cos(angles), sign * np.sin(angles))]


def _parts(x):
    """The real and the imaginary part."""
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ValueError(
            "Input `x` should be a tuple of two tensors - real and imaginary. "
            f"Received: x={x}"
        )
    real, imaginary = floating(*x)
    if not real.shape.is_compatible_with(imaginary.shape):
        raise ValueError(
            "Input `x` should be a tuple of two tensors - real and imaginary. Both the real and "
            f"imaginary parts should have the same shape. Received: {real.shape} and {imaginary.shape}"
        )
    return real, imaginary


def _transformed(real, imaginary, sign):
    """Along the last axis."""
    n = known_size(real, -1, "a Fourier transform")
    cos, sin = _matrices(n, n, real.dtype, sign)
    return (
        _math.matmul(real, cos) - _math.matmul(imaginary, sin),
        _math.matmul(real, sin) + _math.matmul(imaginary, cos),
    )


def _transformed_planes(x, sign):
    """Along the last two axes."""
    parts = _transformed(*_parts(x), sign)
    columns = _transformed(*(swapaxes(p, -1, -2) for p in parts), sign)
    return tuple(swapaxes(p, -1, -2) for p in columns)


@op
def fft(x):
    """(real, imaginary) part of the discrete Fourier transform of both along the last axis."""
    return _transformed(*_parts(x), -1)


@op
def fft2(x):
    """`fft` along the last two axes."""
    return _transformed_planes(x, -1)


@op
def ifft2(x):
    """What `fft2` is the transform of."""
    real, imaginary = _transformed_planes(x, 1)
    count = float(known_size(real, -1, "ifft2") * known_size(real, -2, "ifft2"))
    return real / count, imaginary / count


def _of_length(x, length):
    """Cut or filled with zeros along the last axis."""
    size = known_size(x, -1, "a Fourier transform")
    if length <= size:
        return x[..., :length]
    return pad(x, [(0, 0)] * (x.ndim - 1) + [(0, length - size)])


@op
def rfft(x, fft_length=None):
    """(real, imaginary) of the first half of the transform of real numbers; the other is its mirror."""
    x = floating(x)
    n = known_size(x, -1, "rfft") if fft_length is None else int(fft_length)
    cos, sin = _matrices(n, n // 2 + 1, x.dtype, -1)
    x = _of_length(x, n)
    return _math.matmul(x, cos), _math.matmul(x, sin)


@op
def irfft(x, fft_length=None):
    """The real numbers of which (real, imaginary) are the first half of the transform."""
    real, imaginary = _parts(x)
    size = known_size(real, -1, "irfft")
    n = 2 * (size - 1) if fft_length is None else int(fft_length)
    half = n // 2 + 1
    real, imaginary = _of_length(real, half), _of_length(imaginary, half)
    cos, sin = _matrices(n, half, real.dtype, -1)
    # The mirrored half counts too: all but the first, and the middle of an even length.
    weights = np.full(half, 2.0)
    weights[0] = 1
    if n % 2 == 0:
        weights[-1] = 1
    weights = tensor((weights / n).astype(real.dtype.numpy_dtype))
    products = (_math.matmul(v * weights, m, transpose_b=True) for v, m in ((real, cos), (imaginary, sin)))
    return _math.add_n(list(products))


@op
def extract_sequences(x, sequence_length, sequence_stride):
    """Frames of this length along the last axis, the next a stride further: [..., frames, length]."""
    x = tensor(x)
    size = known_size(x, -1, "extract_sequences")
    count = max((size - sequence_length) // sequence_stride + 1, 0)
    places = np.arange(count)[:, None] * sequence_stride + np.arange(sequence_length)[None, :]
    return gathered(x, places, x.ndim - 1)


def _window(window, sequence_length, fft_length, dtype):
    """The window with zeros around it up to fft_length."""
    if isinstance(window, str):
        if window not in ("hann", "hamming"):
            raise ValueError(
                "If a string is passed to `window`, it must be one of `\"hann\"`, `\"hamming\"`. "
                f"Received: window={window}"
            )
        least = {"hann": 0.5, "hamming": 0.54}[window]
        angles = 2 * np.pi * np.arange(sequence_length) / sequence_length
        window = (least - (1 - least) * np.cos(angles)).astype(dtype.numpy_dtype)
    window = tensor(window, dtype)
    if window.ndim != 1 or window.shape[0] != sequence_length:
        raise ValueError(
            "The shape of `window` must be equal to [sequence_length]."
            f"Received: window shape={window.shape}"
        )
    before = (fft_length - sequence_length) // 2
    return pad(window, [(before, fft_length - sequence_length - before)])


@op
def stft(x, sequence_length, sequence_stride, fft_length, window="hann", center=True):
    """(real, imaginary) of `rfft` of windowed frames [..., frames, fft_length // 2 + 1]; with `center`
    the frames lie around the places that they stand for.
    """
    x = tensor(x)
    if x.dtype.name not in ("float32", "float64"):
        raise TypeError(
            "Invalid input type. Expected `float32` or `float64`. "
            f"Received: input type={x.dtype.name}"
        )
    if fft_length < sequence_length:
        raise ValueError(
            "`fft_length` must equal or larger than `sequence_length`. "
            f"Received: sequence_length={sequence_length}, fft_length={fft_length}"
        )
    if center:
        x = pad(x, [(0, 0)] * (x.ndim - 1) + [(fft_length // 2, fft_length // 2)], mode="reflect")
    frames = extract_sequences(x, fft_length, sequence_stride)
    if window is not None:
        frames = frames * _window(window, sequence_length, fft_length, x.dtype)
    return rfft(frames)


def _overlapped(frames, stride):
    """The sum of frames [..., frames, length] in their places."""
    count, length = (known_size(frames, i, "istft") for i in (-2, -1))
    size = length + stride * (count - 1)
    places = np.arange(count)[:, None] * stride + np.arange(length)[None, :]
    shape = _sizes(frames)[:-2]
    rows = _arrays.reshape(frames, [-1, count * length])
    zeros = apply("broadcast_like", [_math.cast(0, frames.dtype), _first_columns(rows, size)])
    columns = _arrays.transpose(rows, [1, 0])
    summed = apply(
        "scatter", [zeros, tensor(places.reshape(-1)), columns], {"reduction": "add"}
    )
    return _arrays.reshape(_arrays.transpose(summed, [1, 0]), [*shape, size])


def _first_columns(rows, size):
    """[size, rows] of any elements."""
    return _arrays.transpose(_arrays.tile(rows[:, :1], [1, size]), [1, 0])


@op
def istft(x, sequence_length, sequence_stride, fft_length, length=None, window="hann", center=True):
    """The signal of which (real, imaginary) are the short-time transforms."""
    frames = irfft(x, fft_length)
    if window is not None:
        weights = _window(window, sequence_length, fft_length, frames.dtype)
        # By the sum of squares of all windows over a place.
        covered = -(-fft_length // sequence_stride)
        squares = pad(_math.square(weights), [(0, covered * sequence_stride - fft_length)])
        sums = _math.reduce_sum(_arrays.reshape(squares, [covered, sequence_stride]), 0)
        frames = frames * (weights / _arrays.tile(sums, [covered])[:fft_length])
    signal = _overlapped(frames, sequence_stride)
    start = fft_length // 2 if center else 0
    if length is not None:
        return signal[..., start : start + length]
    return signal[..., start:-start] if center else signal
