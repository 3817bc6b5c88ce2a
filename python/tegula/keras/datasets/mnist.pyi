# Written by scripts/keras_stubs.py.
from typing import Any

def load_data(path: Any = ...) -> Any: ...
