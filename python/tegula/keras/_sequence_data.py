"""Sequences as arrays: padding to one length, windows of a time series."""

import numpy as np

from .. import _core
from ._arguments import integer
from ._data import PyDataset


def _choice(name, value, allowed):
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
    return value


def pad_sequences(
    sequences, maxlen=None, dtype="int32", padding="pre", truncating="pre", value=0.0
):
    """The sequences as rows of one array, (number of sequences, maxlen, ...).

    Args:
        sequences: Lists or arrays whose first axis may differ in length.
        maxlen: Length of the rows; None: that of the longest sequence.
        dtype: Of the result; `object` for strings.
        padding: "pre" or "post": where `value` fills up what is too short.
        truncating: "pre" or "post": where values are dropped from what is too long.
        value: What fills up.
    """
    _choice("padding", padding, ("pre", "post"))
    _choice("truncating", truncating, ("pre", "post"))
    if not hasattr(sequences, "__len__"):
        raise ValueError(f"`sequences` must be iterable, with a length, got {type(sequences).__name__}")
    for number, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise ValueError(f"`sequences` must be a list of iterables; item {number} is {sequence!r}")
    texts = np.issubdtype(dtype, np.str_) or np.issubdtype(dtype, np.bytes_)
    if isinstance(value, str) and dtype is not object and not texts:
        raise ValueError(f"the value {value!r} does not fit dtype {dtype}; give dtype=object for strings")
    if maxlen is None:
        maxlen = max(map(len, sequences), default=0)
    maxlen = integer("maxlen", maxlen, 0)
    shape = next((np.asarray(s).shape[1:] for s in sequences if len(s)), ())
    rows = np.full((len(sequences), maxlen, *shape), value, dtype=dtype)
    for number, sequence in enumerate(sequences):
        count = min(len(sequence), maxlen)
        if count == 0:
            continue
        kept = sequence[len(sequence) - count :] if truncating == "pre" else sequence[:count]
        kept = np.asarray(kept, dtype=dtype)
        if kept.shape[1:] != shape:
            raise ValueError(
                f"items of sequence {number} have shape {kept.shape[1:]}, those before {shape}"
            )
        first = maxlen - count if padding == "pre" else 0
        rows[number, first : first + count] = kept
    return rows


class Windows(PyDataset):
    """Batches of windows of a series, and the targets at their first positions."""

    def __init__(self, data, targets, starts, offsets, batch_size, generator):
        super().__init__()
        self._data, self._targets = data, targets
        self._starts, self._offsets = starts, offsets
        self._batch_size = batch_size
        self._generator = generator

    def __len__(self):
        if self._batch_size is None:
            return len(self._starts)
        return -(-len(self._starts) // self._batch_size)

    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError(f"there are {len(self)} batches, and none with index {index}")
        if self._batch_size is None:
            starts = self._starts[index]
        else:
            starts = self._starts[index * self._batch_size : (index + 1) * self._batch_size]
        windows = self._data[np.asarray(starts)[..., None] + self._offsets]
        return windows if self._targets is None else (windows, self._targets[starts])

    def on_epoch_end(self):
        """Puts the windows in another order, when they are shuffled."""
        if self._generator is not None:
            self._generator.shuffle(self._starts)


def timeseries_dataset_from_array(
    data,
    targets,
    sequence_length,
    sequence_stride=1,
    sampling_rate=1,
    batch_size=128,
    shuffle=False,
    seed=None,
    start_index=None,
    end_index=None,
    format="tf",  # noqa: A002 - Keras's name
):
    """Windows of a series in batches, as a `PyDataset` for `fit`, `evaluate` and `predict`.

    Args:
        data: The series: its first axis is time.
        targets: What is known at each time, such as `data[sequence_length:]`: a window gets that of
            its first position. None: windows alone.
        sequence_length: Steps of a window.
        sequence_stride: Steps between the starts of windows.
        sampling_rate: Steps of the series between those of a window.
        batch_size: Windows in a batch; None: one window at a time, without a batch axis.
        shuffle: Whether windows come in a random order, another one in each epoch.
        seed: Of that order; None: another one each time.
        start_index, end_index: The part of the series that is used; all by default.
        format: "tf" or "grain", Keras's formats: both give the same object here.
    """
    _choice("format", format, ("tf", "grain"))
    data = np.asarray(data)
    length = len(data)
    sequence_length = integer("sequence_length", sequence_length, 1)
    strides = {"sequence_stride": sequence_stride, "sampling_rate": sampling_rate}
    for name, number in strides.items():
        if not 0 < integer(name, number, 1) < length:
            raise ValueError(f"`{name}` must be lower than the length {length} of the data, got {number}")
    first = 0 if start_index is None else integer("start_index", start_index, 0)
    end = length if end_index is None else integer("end_index", end_index, 1)
    if not first < end <= length:
        raise ValueError(
            f"start_index and end_index must be in order and within the data of length {length}, got "
            f"{start_index} and {end_index}"
        )
    count = end - first - (sequence_length - 1) * sampling_rate
    if targets is not None:
        targets = np.asarray(targets)
        count = min(count, len(targets))
        targets = targets[first:end]
    starts = np.arange(0, max(count, 0), sequence_stride)
    seed = np.random.randint(10**6) if seed is None else seed
    generator = np.random.RandomState(seed) if shuffle else None
    if shuffle:
        generator.shuffle(starts)
    if batch_size is not None:
        batch_size = integer("batch_size", batch_size, 1)
    offsets = np.arange(0, sequence_length * sampling_rate, sampling_rate)
    if targets is not None and len(starts) and starts.max() >= len(targets):
        raise _core.InvalidArgument(
            f"there are targets for {len(targets)} positions from start_index on, but windows up to "
            f"position {starts.max()}"
        )
    return Windows(data[first:end], targets, starts, offsets, batch_size, generator)
