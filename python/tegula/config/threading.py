"""The number of threads that all computations of the process may use together."""

from .. import _core
from .._missing import getattr_of as _getattr_of

__getattr__ = _getattr_of(__name__)


def set_intra_op_parallelism_threads(num_threads):
    """Sets the number of threads, 1 to 1024."""
    _core.set_thread_count(num_threads)


def get_intra_op_parallelism_threads():
    """The number of threads in use: from TEGULA_NUM_THREADS, the process's processors, or set."""
    return _core.thread_count()


def set_inter_op_parallelism_threads(num_threads):
    """Accepted for compatibility: operations of one run follow one another."""


def get_inter_op_parallelism_threads():
    """Always 1."""
    return 1
