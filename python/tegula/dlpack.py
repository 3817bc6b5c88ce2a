"""Exchange of arrays with other libraries without copies."""

from ._core import from_dlpack, to_dlpack  # noqa: F401
