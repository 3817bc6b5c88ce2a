"""Exceptions are `tegula.errors.X`: in tracebacks, in pickles, and among Python's own classes."""

import copy
import pickle
import traceback

import pytest

from tegula import errors

# Each with the built-in classes that programs catch it by.
CLASSES = {
    errors.Error: (RuntimeError,),
    errors.InvalidArgument: (errors.Error, ValueError),
    errors.ShapeError: (errors.InvalidArgument,),
    errors.NotFound: (errors.InvalidArgument,),
    errors.FormatError: (errors.InvalidArgument,),
    errors.DTypeError: (errors.Error, TypeError),
    errors.IoError: (errors.Error, OSError),
    errors.RunError: (errors.Error,),
}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_class(cls):
    assert (cls.__module__, cls.__qualname__) == ("tegula.errors", cls.__name__)
    assert getattr(errors, cls.__name__) is cls
    assert cls.__bases__ == CLASSES[cls]
    assert cls.__doc__
    error = cls("no such thing")
    assert traceback.format_exception_only(cls, error) == [
        f"tegula.errors.{cls.__name__}: no such thing\n"
    ]
    for again in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert type(again) is cls and str(again) == "no such thing"


def test_every_class_of_the_library_is_listed():
    named = {value for value in vars(errors).values() if isinstance(value, type)}
    assert named == set(CLASSES)
