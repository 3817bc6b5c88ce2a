"""tf.errors: Tegula's exceptions, also under the names that TensorFlow programs catch."""

from ._core import (
    DTypeError as DTypeError,
    Error as Error,
    FormatError as FormatError,
    InvalidArgument as InvalidArgument,
    IoError as IoError,
    NotFound as NotFound,
    RunError as RunError,
    ShapeError as ShapeError,
)
from ._missing import getattr_of as _getattr_of

__getattr__ = _getattr_of(__name__)

OpError = Error
# A missing feed, bad data within a run.
InvalidArgumentError = RunError
FailedPreconditionError = RunError
NotFoundError = NotFound
