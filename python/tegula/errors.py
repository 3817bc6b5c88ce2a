"""tf.errors: Tegula's exceptions, also under the names that TensorFlow programs catch."""

from ._core import (  # noqa: F401
    DTypeError,
    Error,
    FormatError,
    InvalidArgument,
    IoError,
    NotFound,
    RunError,
    ShapeError,
)

OpError = Error
# A missing feed, bad data within a run.
InvalidArgumentError = RunError
FailedPreconditionError = RunError
NotFoundError = NotFound
