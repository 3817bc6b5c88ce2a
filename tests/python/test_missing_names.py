"""A name that a module has not: Keras's or TensorFlow's is called that, others get suggestions."""

import importlib
import pathlib
import pkgutil
import re
import subprocess
import sys

import pytest

import tegula
import tegula as tf
from tegula import _instead, _missing, keras

ROOT = pathlib.Path(__file__).resolve().parents[2]


def public_modules():
    found = [tegula]
    for module in pkgutil.walk_packages(tegula.__path__, "tegula."):
        if not any(part.startswith("_") for part in module.name.split(".")):
            found.append(importlib.import_module(module.name))
    return found


@pytest.mark.parametrize("module", public_modules(), ids=lambda module: module.__name__)
def test_every_module_explains_what_it_has_not(module):
    assert not hasattr(module, "no_such_name_anywhere")
    with pytest.raises(AttributeError, match=r"^module '\S+' has no attribute '_private'$"):
        module._private
    _, names = _missing.peer_names()
    for title in _missing.titles(module.__name__):
        for name in names.get(title, ()):
            if name not in dir(module) and not hasattr(module, name):
                with pytest.raises(AttributeError) as caught:
                    getattr(module, name)
                peer = "Keras" if "keras" in title else "TensorFlow"
                assert f": {peer} has " in str(caught.value)
                assert f".{name}, Tegula has not" in str(caught.value)
                break


CASES = [
    (keras.ops, "eig", "Keras has keras.ops.eig, Tegula has not. There are no complex numbers"),
    (keras.layers, "RNN", "Keras has keras.layers.RNN, Tegula has not. Recurrence is there as"),
    (keras, "applications", "Keras has keras.applications, Tegula has not."),
    (tf, "data", "TensorFlow has tf.data, Tegula has not. Give NumPy arrays to `fit`"),
    (tf, "function", "TensorFlow has tf.function, Tegula has not. Nothing takes its place"),
    (tf, "GradientTape", "TensorFlow has tf.GradientTape, Tegula has not. Use tf.gradients."),
    (tf, "layers", "TensorFlow has tf.compat.v1.layers, Tegula has not. Use tf.keras.layers"),
    (tf.nn, "ctc_loss", "TensorFlow has tf.nn.ctc_loss, Tegula has not."),
    (tf.train, "Checkpoint", "TensorFlow has tf.train.Checkpoint, Tegula has not."),
    (keras.layers, "Desne", "module 'tegula.keras.layers' has no attribute 'Desne'; did you mean 'Dense'"),
    (tf, "reduce_summ", "did you mean 'reduce_sum'"),
    (keras.optimizers, "Adamm", "did you mean 'Adam"),
]


@pytest.mark.parametrize("module, name, text", CASES, ids=lambda value: getattr(value, "__name__", None))
def test_words(module, name, text):
    assert not hasattr(module, name)
    assert getattr(module, name, None) is None
    with pytest.raises(AttributeError, match=re.escape(text)):
        getattr(module, name)


def test_an_import_of_the_name_says_the_same():
    with pytest.raises(ImportError, match=r"Keras has keras\.layers\.RNN, Tegula has not"):
        from tegula.keras.layers import RNN  # noqa: F401
    with pytest.raises(ImportError, match=r"Keras has keras\.applications, Tegula has not"):
        from tegula.keras import applications  # noqa: F401
    with pytest.raises(ImportError, match=r"did you mean 'Dense'"):
        from tegula.keras.layers import Densse  # noqa: F401


def test_what_is_named_instead_exists_and_is_named_for_something():
    _, names = _missing.peer_names()
    peers = {f"{title}.{name}" for title, listed in names.items() for name in listed}
    for pattern, sentence in _instead._INSTEAD:
        wanted = {peer for peer in peers if re.fullmatch(pattern, peer)}
        assert wanted, f"{pattern} is no name of the peers"
        for name in re.findall(r"\b(?:keras|tf)\.[\w.]*\w", sentence):
            value = tegula
            for part in name.replace("tf.", "", 1).split("."):
                value = getattr(value, part)


def test_the_list_is_read_only_when_it_is_needed():
    code = (
        "import sys, tegula, tegula.keras as k; k.layers.Dense(1); tegula.nn, tegula.train\n"
        "sys.exit('tegula._instead' in sys.modules or 'difflib' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_page_of_names_is_up_to_date():
    command = [sys.executable, str(ROOT / "scripts" / "parity_page.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"run scripts/parity_page.py: {result.stdout}{result.stderr}"
