"""`Model.summary`: Keras's text, and what is refused."""

import importlib.util
import io
import json
import pathlib
import sys

import numpy as np
import pytest

from tegula import keras

PARITY = pathlib.Path(__file__).resolve().parents[1] / "parity"


def _cases():
    spec = importlib.util.spec_from_file_location("summaries", PARITY / "summaries.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SUMMARIES = _cases()
RECORDED = json.loads((PARITY / "fixtures" / "summaries.json").read_text("utf8"))["texts"]


@pytest.fixture(scope="module")
def texts():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "200")
        yield SUMMARIES.texts(keras)


@pytest.mark.parametrize("case", list(SUMMARIES.CASES))
def test_a_summary_is_what_keras_prints(texts, case):
    assert texts[case] == RECORDED[case]


def test_a_summary_fits_the_terminal(monkeypatch, capsys):
    for columns, width in ((60, 56), (85, 81), (200, 88)):
        monkeypatch.setenv("COLUMNS", str(columns))
        SUMMARIES.stack(keras).summary()
        printed = capsys.readouterr().out
        assert {len(line) for line in printed.splitlines() if line[0] in "┏├│"} == {width}
        assert printed.endswith(" B)\n") and not printed.endswith("\n\n")


def test_other_rules_are_printed_where_the_output_cannot_show_them(monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    SUMMARIES.nested(keras).summary(expand_nested=True)
    out.flush()
    text = out.buffer.getvalue().decode("ascii")
    assert "| Layer (type)" in text and "+ inner (Dense)" in text


def test_layers_of_subclassed_models_are_rows():
    class Two(keras.Model):
        def __init__(self):
            super().__init__(name="two")
            self.first = keras.layers.Dense(3, name="first")
            self.second = keras.layers.Dense(2, name="second")

        def call(self, x):
            return self.second(self.first(x))

    model = Two()
    model(np.ones((4, 5), "float32"))
    text = []
    model.summary(print_fn=text.append)
    assert "│ first (Dense) " in text[0] and "│ second (Dense) " in text[0]
    assert " Total params: 26 (104.00 B)" in text[0]


@pytest.mark.parametrize(
    "options, words",
    [
        ({"line_length": 10}, "Insufficient console width"),
        ({"line_length": 0}, "line_length"),
        ({"line_length": "wide"}, "line_length"),
        ({"positions": [0.5, 1.0]}, "`positions` needs 3 ends of columns"),
        ({"positions": [0.5, 0.8, 2.0]}, "positions"),
        ({"layer_range": ["conv2d"]}, "`layer_range` takes two names"),
        ({"layer_range": ["conv2d", "nothing"]}, "matches no layers of the model"),
        ({"layer_range": ["[", "flatten"]}, "names or regular expressions"),
        ({"layer_range": [1, 2]}, "layer_range"),
    ],
)
def test_options_that_do_not_fit_are_refused_by_name(options, words):
    with pytest.raises((ValueError, TypeError), match=words.replace("[", r"\[")):
        SUMMARIES.stack(keras).summary(**options)


def test_a_range_given_backwards_is_turned():
    def text(layers):
        keras.utils.clear_session()
        found = []
        SUMMARIES.stack(keras).summary(layer_range=layers, print_fn=found.append)
        return found[0]

    assert text(["flatten", "batch"]) == text(["batch", "flatten"])
