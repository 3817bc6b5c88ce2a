"""The classes of the binding: an object without its `__init__`, or an argument out of range, is an
exception and never a crash.
"""

import inspect
import subprocess
import sys

import pytest
from tegula import _core

CLASSES = {
    f"{module.__name__}.{name}": item
    for module in (_core, _core.nn)
    for name, item in vars(module).items()
    if inspect.isclass(item) and not issubclass(item, BaseException)
}
# Called in another process: a crash must not end this one.
USE = """
import sys
from tegula import _core
module, _, name = sys.argv[1].rpartition(".")
cls = getattr({"tegula._core": _core, "tegula._core.nn": _core.nn}[module], name)
made = cls.__new__(cls)
ARGUMENTS = [(), (0,), (-1,), (2**40,), (None,), ("a",), (made,), ([],), ((),), ({},)]
ARGUMENTS += [first + second for first in ARGUMENTS[1:6] for second in ARGUMENTS[1:]]
for name in dir(cls):
    if name in vars(object):
        continue
    for arguments in ARGUMENTS:
        try:
            member = getattr(made, name)
            if callable(member):
                member(*arguments)
        except Exception:
            pass
print("survived")
"""


@pytest.mark.parametrize("name", CLASSES)
def test_an_object_without_its_init_is_refused(name):
    ran = subprocess.run([sys.executable, "-c", USE, name], capture_output=True, text=True)
    assert ran.returncode == 0 and "survived" in ran.stdout, ran.stderr[-300:]


@pytest.mark.parametrize("name", CLASSES)
def test_what_is_wrong_with_such_an_object_is_said(name):
    cls = CLASSES[name]
    properties = [key for key, item in vars(cls).items() if isinstance(item, property)]
    for key in properties:
        with pytest.raises(_core.Error, match="made without its `__init__`"):
            getattr(cls.__new__(cls), key)
