"""Exchange of arrays with other libraries without copies."""

from ._core import (
    from_dlpack as from_dlpack,
    to_dlpack as to_dlpack,
)
from ._missing import getattr_of as _getattr_of

__getattr__ = _getattr_of(__name__)
