"""Configurations as hostile programs may hold them: of every class, with parts replaced at random.
Each is taken, or refused by an error of the promised family. TEGULA_FUZZ_CONFIGS sets how many are
tried per class.
"""

import inspect
import os
import random

import numpy as np
import pytest
from tegula import errors, keras
from test_argument_errors import NEEDED

TRIES = int(os.environ.get("TEGULA_FUZZ_CONFIGS", "40"))
ALLOWED = (errors.Error, ValueError, TypeError, NotImplementedError)
MODULES = (
    keras.layers,
    keras.losses,
    keras.metrics,
    keras.optimizers,
    keras.optimizers.schedules,
    keras.initializers,
    keras.regularizers,
    keras.constraints,
)
# Made of an object of the user's.
MADE_OF_OTHERS = {"Lambda", "TimeDistributed", "Wrapper", "InputLayer", "SpectralNormalization"}


class Refusal(Exception):
    pass


class Hostile:
    """Whose every conversion fails, its text too."""

    def fail(self, *_):
        raise Refusal

    __index__ = __float__ = __str__ = __repr__ = __iter__ = __len__ = __array__ = __bool__ = fail


def endless():
    while True:
        yield 1


def holds_itself():
    data = {}
    data["class_name"] = [data]
    return data


LEAVES = (
    lambda dice: None,
    lambda dice: bool(dice.getrandbits(1)),
    lambda dice: dice.choice((0, -1, 1, 2, 2**31, -(2**63), 2**64, 10**400)),
    lambda dice: dice.choice((0.0, -0.0, 0.5, -1.5, 1e308, float("nan"), float("inf"))),
    lambda dice: dice.choice(("", "relu", "same", "a\udcff", "x" * 10000, "\0", "float32", "é")),
    lambda dice: dice.choice((b"bytes", 1j, {1, 2}, range(3), slice(2), Ellipsis, int, len)),
    lambda dice: dice.choice((np.float16(2), np.int64(-3), np.bool_(True), np.datetime64("NaT"))),
    lambda dice: dice.choice((np.zeros(3), np.array(2.5), np.zeros((0, 2)), np.array("text"))),
    lambda dice: Hostile(),
    lambda dice: endless(),
    lambda dice: holds_itself(),
)


def anything(dice, depth=0):
    form = dice.randrange(8 if depth < 4 else 5)
    if form < 5:
        return dice.choice(LEAVES)(dice)
    items = [anything(dice, depth + 1) for _ in range(dice.randrange(4))]
    if form == 5:
        return items
    if form == 6:
        return tuple(items)
    keys = ("class_name", "config", "module", "units", "", 3, None, "a\ud800")
    return {dice.choice(keys): item for item in items}


def places(data, path=()):
    """The paths of all parts of nested dicts and lists, which may hold themselves."""
    yield path
    if not isinstance(data, (dict, list)) or len(path) == 8:
        return
    for key, item in data.items() if isinstance(data, dict) else enumerate(data):
        yield from places(item, (*path, key))


def replaced(data, path, value):
    if not path:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[path[0]] = replaced(copy[path[0]], path[1:], value)
    return copy


def complaint(run):
    """The text of what is raised; none when the hostile object's own error comes through."""
    try:
        run()
    except Refusal:
        return ""
    except ALLOWED as error:
        return str(error)
    return ""


def classes():
    for module in MODULES:
        for name in dir(module):
            cls = getattr(module, name)
            if inspect.isclass(cls) and getattr(cls, "_entry", None) and name not in MADE_OF_OTHERS:
                yield pytest.param(cls, id=f"{module.__name__.rsplit('.', 1)[1]}.{name}")


@pytest.mark.parametrize("cls", classes())
def test_configs_with_any_part_replaced_are_taken_or_refused(cls):
    needed = {name: NEEDED[name] for name in cls._entry["required"] if name in NEEDED}
    if cls.__name__ == "Rescaling":
        needed["scale"] = 0.5
    if cls.__name__ in ("IoU", "OneHotIoU"):
        needed["target_class_ids"] = [0]
    config = cls(**needed).get_config()
    dice = random.Random(cls.__name__)
    for _ in range(TRIES):
        changed = config
        for _ in range(dice.randint(1, 2)):
            path = dice.choice(list(places(changed)))
            changed = replaced(changed, path, anything(dice))
        text = complaint(lambda: cls.from_config(changed))
        assert "incompatible function arguments" not in text and len(text) < 2000, text


def test_objects_of_any_structure_are_taken_or_refused():
    dice = random.Random(1)
    for _ in range(TRIES * 50):
        data = anything(dice)
        text = complaint(lambda: keras.saving.deserialize_keras_object(data))
        assert "incompatible function arguments" not in text and len(text) < 2000, text
