"""The data arguments of fit and the like: arrays, or batches one after the other."""

import functools
import itertools
import operator
import sys

import numpy as np

from .. import _core
from ._values import as_array

# dtypes that Tegula's arrays lack, and those that hold their values.
AS_THEY_ARE = "fdeilqbB?"  # codes of all others: quicker to ask for than names
_WIDER = {"int16": "int32", "uint16": "int32", "uint32": "int64", "uint64": "int64"}


def arrays_of(x, name="x"):
    """`x` as an array of a dtype that the library has."""
    if type(x) is np.ndarray and x.dtype.char in AS_THEY_ARE:
        return x
    if isinstance(x, (list, tuple)) and len(x) == 1 and _is_array(x[0]):
        x = x[0]  # the one input or output of Keras's lists
    if isinstance(x, dict):
        raise _core.DTypeError(
            f"`{name}` is a dict, which is for models with several inputs or outputs; give the array"
        )
    if isinstance(x, (list, tuple)) and len(x) > 1 and all(_is_array(one) for one in x):
        if len({np.shape(one) for one in x}) > 1 or np.ndim(x[0]) > 1:
            raise _core.InvalidArgument(
                f"`{name}` is a list of {len(x)} arrays, but the model has one input and one output"
            )
    try:
        array = as_array(x)
    except (ValueError, TypeError) as error:
        raise _core.InvalidArgument(f"`{name}` cannot become an array: {error}") from None
    if array.dtype.kind not in "fiubV" or array.dtype.itemsize > 8:
        raise _core.DTypeError(
            f"`{name}` must hold numbers, got {array.dtype.name} for {type(x).__name__}"
        )
    if array.dtype == np.uint64 and array.size and array.max() > np.iinfo(np.int64).max:
        return array.astype(np.float64)
    return array.astype(_WIDER.get(array.dtype.name, array.dtype), copy=False)


def _is_array(x):
    return hasattr(x, "shape") and hasattr(x, "dtype")


def part_of(x, name, several):
    """Inputs, targets or weights as C++ takes them: an array, a list or a dict of arrays. `several`
    says whether the model has several of them; None: that is not known yet.
    """
    if several is False or x is None:
        return None if x is None else arrays_of(x, name)
    if isinstance(x, dict):
        return {str(key): arrays_of(item, f"{name}[{key!r}]") for key, item in x.items()}
    is_list = isinstance(x, (list, tuple)) and len(x) > 0
    if is_list and (several or (len(x) > 1 and all(map(_is_array, x)))):
        return [arrays_of(item, f"{name}[{i}]") for i, item in enumerate(x)]
    return arrays_of(x, name)


def data_of(run, x, y=None, sample_weight=None, shuffle=False, several=(False, False)):
    """(x, y, sample_weight or None), each an array, a list or a dict of arrays; or `Batches`.
    `several` says whether there are several inputs, and outputs, as for `part_of`.
    """
    if y is None and gives_batches(x):
        if sample_weight is not None:
            raise _core.InvalidArgument(
                f"{run}: `sample_weight` must come with the batches, as (x, y, sample_weight)"
            )
        return batches_of(x, shuffle, several)
    if y is not None and gives_batches(x) and not isinstance(x, (list, tuple)):
        raise _core.InvalidArgument(
            f"{run}: the targets must come with the batches that `x` gives, as (x, y); got `y`, too"
        )
    if x is None or y is None:
        raise _core.InvalidArgument(
            f"{run}: both x and y are needed, inputs and targets with one row per sample; or an x "
            "that gives batches (x, y)"
        )
    return (
        part_of(x, "x", several[0]),
        part_of(y, "y", several[1]),
        part_of(sample_weight, "sample_weight", several[1]),
    )


def inputs_of(x, several=False):
    """An array, a list or a dict of arrays, or `Batches`."""
    if gives_batches(x) and (not isinstance(x, (list, tuple)) or lists_batches(x)):
        return batches_of(x, False, (several, False))
    return part_of(x, "x", several)


def gives_batches(x):
    """Whether `x` is no array but something that gives batches."""
    if x is None or _is_array(x) or isinstance(x, (str, bytes, dict)) or hasattr(x, "__array__"):
        return False
    return hasattr(x, "__iter__") or hasattr(x, "__getitem__")


def lists_batches(x):
    """Whether a list's items are batches, each of one array or several."""
    return len(x) > 0 and all(
        isinstance(batch, (tuple, list)) and len(batch) > 0 and all(map(_is_array, batch))
        for batch in x
    )


def batches_of(x, shuffle, several):
    """`Batches` of whatever gives them."""
    count = _count(x)
    indexed = isinstance(x, PyDataset) or not hasattr(x, "__iter__")
    if indexed and (count is not None or isinstance(x, PyDataset)):
        return IndexedBatches(x, count, shuffle, several)
    if not hasattr(x, "__iter__"):
        raise _core.DTypeError(
            f"an object of type {type(x).__name__} gives no batches: it has neither __iter__ nor both "
            "__len__ and __getitem__"
        )
    return IteratedBatches(x, count, several)


def _count(x):
    if isinstance(x, PyDataset):
        return x.num_batches
    try:
        return len(x)
    except TypeError:
        return None


class PyDataset:
    """Base of data that come in batches, by index. Derive and define `__getitem__(index)`, which
    returns a whole batch (x,), (x, y) or (x, y, sample_weight), and `__len__`, the number of batches;
    or the property `num_batches`, which is None for data without an end.

    Args:
        workers: Threads that make batches ahead of the step that needs them; 0 and 1: none.
        use_multiprocessing: Only False: batches are made by threads.
        max_queue_size: Batches that may be made ahead.
    """

    _workers = 1
    _max_queue_size = 10
    use_multiprocessing = False

    def __init__(self, workers=1, use_multiprocessing=False, max_queue_size=10):
        from ._arguments import integer

        if use_multiprocessing:
            raise _core.InvalidArgument(
                "PyDataset: `use_multiprocessing=True` is not supported; `workers` are threads, which "
                "run beside each other wherever NumPy or the operating system does the work"
            )
        self._workers = integer("workers", workers, 0)
        self._max_queue_size = integer("max_queue_size", max_queue_size, 1)

    @property
    def workers(self):
        return self._workers

    @workers.setter
    def workers(self, value):
        PyDataset.__init__(self, value, False, self._max_queue_size)

    @property
    def max_queue_size(self):
        return self._max_queue_size

    @max_queue_size.setter
    def max_queue_size(self, value):
        PyDataset.__init__(self, self._workers, False, value)

    def __getitem__(self, index):
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(index)")

    @property
    def num_batches(self):
        """Number of batches; None for data without an end."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(f"{type(self).__name__} must define __len__ or num_batches")

    def __iter__(self):
        count = self.num_batches
        index = 0
        while count is None or index < count:
            yield self[index]
            index += 1

    def on_epoch_begin(self):
        """Before each epoch."""

    def on_epoch_end(self):
        """After each epoch."""


class Batches:
    """What gives batches, as C++ asks for them."""

    several = (False, False)  # whether there are several inputs, and outputs
    count = None  # batches from the first to the last; None where it is not known
    endless = False  # whether it is known that there is no last one

    def rewind(self):
        """Goes back to the first batch; False when that cannot be."""
        raise NotImplementedError

    def next_batch(self):
        """(x, y or None, sample_weight or None), or None at the end."""
        raise NotImplementedError

    def on_epoch_begin(self):
        pass

    def on_epoch_end(self):
        pass


class IteratedBatches(Batches):
    """Those of an iterable; of an iterator each only once."""

    def __init__(self, iterable, count, several):
        self.several = several
        self._iterable = iterable
        self._iterator = iter(iterable)
        self._once = self._iterator is iterable
        self.count = None if self._once else count
        self.endless = _is_endless(iterable)

    def rewind(self):
        if not self._once:
            self._iterator = iter(self._iterable)
        return not self._once

    def next_batch(self):
        for batch in self._iterator:
            return _parts_of(batch, self.several)
        return None


def _is_endless(iterable):
    if isinstance(iterable, itertools.repeat):
        return operator.length_hint(iterable, -1) < 0
    return isinstance(iterable, (itertools.cycle, itertools.count))


class IndexedBatches(Batches):
    """Those of a PyDataset, or of an object with __len__ and __getitem__."""

    def __init__(self, data, count, shuffle, several):
        self.several = several
        self._data = data
        self.count = count
        self.endless = count is None
        self._shuffle = shuffle and count is not None
        self._workers = getattr(data, "workers", 1)
        self._ahead = []  # the futures of batches that workers make, in order
        self._threads = None
        self.rewind()

    def rewind(self):
        self._drop_ahead()
        if isinstance(self._data, PyDataset):
            self.count = self._data.num_batches  # an epoch's end may have changed it
        self._order = None
        if self._shuffle:
            import random

            self._order = list(range(self.count))
            random.shuffle(self._order)
        self._next = 0
        return True

    def _take_index(self):
        if self.count is not None and self._next >= self.count:
            return None
        index = self._next if self._order is None else self._order[self._next]
        self._next += 1
        return index

    def next_batch(self):
        if self._workers > 1:
            return self._batch_of_workers()
        index = self._take_index()
        return None if index is None else _parts_of(self._data[index], self.several)

    def _batch_of_workers(self):
        if self._threads is None:
            from concurrent.futures import ThreadPoolExecutor

            self._threads = ThreadPoolExecutor(self._workers)
        while len(self._ahead) < max(1, self._data.max_queue_size):
            index = self._take_index()
            if index is None:
                break
            self._ahead.append(self._threads.submit(self._data.__getitem__, index))
        return _parts_of(self._ahead.pop(0).result(), self.several) if self._ahead else None

    def _drop_ahead(self):
        for future in self._ahead:
            future.cancel()
        self._ahead = []

    def on_epoch_begin(self):
        if isinstance(self._data, PyDataset):
            self._data.on_epoch_begin()

    def on_epoch_end(self):
        if isinstance(self._data, PyDataset):
            self._data.on_epoch_end()


def _parts_of(batch, several):
    """(x, y or None, sample_weight or None) of x, (x,), (x, y) or (x, y, sample_weight)."""
    parts = tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)
    if not 1 <= len(parts) <= 3:
        raise _core.InvalidArgument(
            "a batch must be x, (x,), (x, y) or (x, y, sample_weight), got "
            f"{len(parts)} parts: {str(batch)[:80]}"
        )
    names = ("x", "y", "sample_weight")
    counts = (several[0], several[1], several[1])
    parts = [part_of(part, name, count) for part, name, count in zip(parts, names, counts)]
    return (*parts, None, None)[:3]


def redraws_bar():
    """Whether a bar can be redrawn on standard output: a terminal's or a notebook's."""
    out = sys.stdout
    return _the_process_redraws() if out is sys.__stdout__ else _redraws(out)


def _redraws(out):
    isatty = getattr(out, "isatty", None)
    return (isatty is not None and isatty()) or type(out).__module__.startswith("ipykernel")


@functools.lru_cache(maxsize=None)
def _the_process_redraws():
    """Asked once: a call of the system would cost as much as a small prediction."""
    return _redraws(sys.__stdout__)


def verbosity(verbose):
    """0: silent, 1: a bar, 2: a line per epoch. "auto" is a bar where one can be redrawn."""
    if isinstance(verbose, str) and verbose == "auto":
        return 1 if redraws_bar() else 2
    if verbose not in (0, 1, 2):
        raise _core.InvalidArgument(f"`verbose` must be \"auto\", 0, 1 or 2, got {verbose!r}")
    return int(verbose)
