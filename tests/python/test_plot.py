"""Pictures of models: SVG, the DOT language, and what Graphviz draws."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from tegula import keras

L = keras.layers
SVG = "{http://www.w3.org/2000/svg}"
NUMBER = re.compile(r"-?\d+\.\d+")


class Picture:
    """What an SVG shows: rectangles (left, top, right, bottom) and lines of points."""

    def __init__(self, path):
        self.root = ElementTree.parse(path).getroot()
        self.boxes, self.texts = [], []
        for group in self.root.iter(f"{SVG}g"):
            if group.get("class") == "layer":
                self.boxes.append(self._rectangle(group.find(f"{SVG}rect")))
                self.texts.append([text.text for text in group.findall(f"{SVG}text")])
        self.models = {
            group.find(f"{SVG}text").text: self._rectangle(group.find(f"{SVG}rect"))
            for group in self.root.iter(f"{SVG}g") if group.get("class") == "model"
        }
        self.lines = []
        for path_of in self.root.iter(f"{SVG}path"):
            if path_of.get("class") == "edge":
                numbers = [float(n) for n in NUMBER.findall(path_of.get("d"))]
                self.lines.append(list(zip(numbers[::2], numbers[1::2])))

    @staticmethod
    def _rectangle(rect):
        x, y, width, height = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
        return x, y, x + width, y + height

    def box_at(self, point):
        """The number of the box on whose edge the point is."""
        found = [i for i, box in enumerate(self.boxes) if self._on_edge(box, point)]
        assert len(found) == 1, (point, self.boxes)
        return found[0]

    @staticmethod
    def _on_edge(box, point, near=0.2):
        left, top, right, bottom = box
        x, y = point
        inside = left - near <= x <= right + near and top - near <= y <= bottom + near
        return inside and min(abs(x - left), abs(x - right), abs(y - top), abs(y - bottom)) <= near

    def edges(self):
        """Pairs of titles."""
        titles = [text[0] for text in self.texts]
        return sorted(
            (titles[self.box_at(line[0])], titles[self.box_at(line[-1])]) for line in self.lines
        )


def overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def stack():
    return keras.Sequential(
        [keras.Input((4,)), L.Dense(3, activation="relu", name="a"), L.Dropout(0.5, name="b"),
         L.Dense(2, name="c")],
        name="stack",
    )


def branches():
    x, z = keras.Input((4,), name="x"), keras.Input((5,), name="z")
    h = L.Dense(3, name="h")(x)
    left = L.Dense(3, name="left")(h)
    right = L.Dense(3, name="right")(z)
    both = L.Concatenate(name="both")([left, right, h])
    return keras.Model([x, z], [L.Dense(1, name="y")(both), L.Add(name="sum")([h, right])])


def nested():
    inside = keras.Input((4,), name="inside")
    half = L.Dense(4, name="half")(inside)
    inner = keras.Model(inside, [half, L.Dense(2, name="full")(half)], name="inner")
    head = keras.Sequential([keras.Input((2,)), L.Dense(3, name="p"), L.Dense(2, name="q")],
                            name="head")
    x = keras.Input((4,), name="x")
    first, second = inner(x)
    return keras.Model(x, L.Concatenate(name="both")([head(second), first, x]), name="outer")


def shared():
    x = keras.Input((4,), name="x")
    again = L.Dense(4, name="again")
    return keras.Model(x, L.Dense(1, name="y")(again(L.Dense(4, name="between")(again(again(x))))))


def crossing():
    """Many paths of several lengths."""
    xs = [keras.Input((3,), name=f"x{i}") for i in range(4)]
    hs = [L.Dense(3, name=f"h{i}")(xs[(i * 3 + 1) % 4]) for i in range(6)]
    sums = [L.Add(name=f"s{i}")([hs[i], hs[(i * 5 + 2) % 6], xs[i]]) for i in range(4)]
    last = L.Concatenate(name="last")([*sums, xs[0], hs[5]])
    return keras.Model(xs, [last, sums[1]])


EDGES = {
    stack: ["a b", "b c"],
    branches: ["both y", "h both", "h left", "h sum", "left both", "right both", "right sum",
               "x h", "z right"],
    nested: ["head both", "inner both", "inner head", "x both", "x inner"],
    shared: ["again again", "again between", "again y", "between again", "x again"],
    crossing: None,
}
EXPANDED = {
    nested: ["full p", "half both", "half full", "inside half", "p q", "q both", "x both",
             "x inside"],
}


def drawn(model, tmp_path, **options):
    path = tmp_path / "model.svg"
    assert keras.utils.plot_model(model, path, **options) is None
    return Picture(path)


def names_of(edges):
    return [f"{a.split()[0]} {b.split()[0]}" for a, b in edges]


@pytest.mark.parametrize("rankdir", ["TB", "LR", "BT", "RL"])
@pytest.mark.parametrize("splines", ["ortho", "line"])
@pytest.mark.parametrize("make", EDGES, ids=lambda make: make.__name__)
def test_there_is_a_box_per_layer_and_a_line_per_connection(make, splines, rankdir, tmp_path):
    model = make()
    picture = drawn(model, tmp_path, show_layer_names=True, rankdir=rankdir, splines=splines)
    assert sorted(text[0] for text in picture.texts) == sorted(
        f"{layer.name} ({type(layer).__name__})" for layer in model.layers
    )
    if EDGES[make] is not None:
        assert names_of(picture.edges()) == EDGES[make]
    assert not any(
        overlap(a, b) for i, a in enumerate(picture.boxes) for b in picture.boxes[:i]
    )
    _, _, width, height = (float(n) for n in picture.root.get("viewBox").split())
    for left, top, right, bottom in picture.boxes:
        assert 0 <= left < right <= width and 0 <= top < bottom <= height


@pytest.mark.parametrize("make", [branches, crossing], ids=lambda make: make.__name__)
def test_lines_run_beside_the_boxes(make, tmp_path):
    picture = drawn(make(), tmp_path, show_shapes=True)
    for line in picture.lines:
        ends = {picture.box_at(line[0]), picture.box_at(line[-1])}
        for (x1, y1), (x2, y2) in zip(line, line[1:]):
            piece = (min(x1, x2) - 0.1, min(y1, y2) - 0.1, max(x1, x2) + 0.1, max(y1, y2) + 0.1)
            for number, box in enumerate(picture.boxes):
                assert number in ends or not overlap(piece, box)


@pytest.mark.parametrize("rankdir", ["TB", "LR", "BT", "RL"])
def test_layers_of_nested_models_are_shown_when_asked_for(rankdir, tmp_path):
    picture = drawn(nested(), tmp_path, show_layer_names=True, expand_nested=True, rankdir=rankdir)
    assert names_of(picture.edges()) == EXPANDED[nested]
    assert set(picture.models) == {"inner", "head"}
    place = {text[0].split()[0]: box for text, box in zip(picture.texts, picture.boxes)}
    for model, inner in (("inner", {"inside", "half", "full"}), ("head", {"p", "q"})):
        left, top, right, bottom = picture.models[model]
        for name, box in place.items():
            if name in inner:
                assert left < box[0] and top < box[1] and box[2] < right and box[3] < bottom
            else:
                assert not overlap(box, picture.models[model])
    assert not overlap(*picture.models.values())


def test_boxes_show_what_is_asked_for(tmp_path):
    model = stack()
    model.layers[0].trainable = False
    assert [text for text in drawn(model, tmp_path).texts] == [["Dense"], ["Dropout"], ["Dense"]]
    texts = drawn(model, tmp_path, show_shapes=True, show_dtype=True, show_layer_names=True,
                  show_layer_activations=True, show_trainable=True).texts
    shapes = ["Input shape: (None, 4)", "Output shape: (None, 3)"]
    assert texts[0] == ["a (Dense)", "Activation: relu", *shapes, "Output dtype: float32",
                        "Non-trainable"]
    assert texts[1][0] == "b (Dropout)" and len(texts[1]) == 4
    assert texts[2][1] == "Activation: linear" and texts[2][-1] == "Trainable"
    several = drawn(branches(), tmp_path, show_shapes=True, show_layer_names=True).texts
    both = next(text for text in several if text[0].startswith("both"))
    assert both[1] == "Input shape: [(None, 3), (None, 3), (None, 3)]"
    x = next(text for text in several if text[0].startswith("x "))
    assert x == ["x (InputLayer)", "Output shape: (None, 4)"]


def test_the_size_follows_the_dots_per_inch(tmp_path):
    sizes = {dpi: float(drawn(stack(), tmp_path, dpi=dpi).root.get("width")) for dpi in (72, 144)}
    assert sizes[144] == pytest.approx(2 * sizes[72], abs=0.2)
    _, _, width, _ = drawn(stack(), tmp_path, dpi=72).root.get("viewBox").split()
    assert sizes[72] == float(width)


def test_names_are_shown_as_they_are(tmp_path):
    name = 'a<b>&"c"'
    model = keras.Sequential([keras.Input((4,)), L.Dense(2, name=name)])
    assert drawn(model, tmp_path, show_layer_names=True).texts == [[f"{name} (Dense)"]]


def test_a_subclassed_model_is_one_box(tmp_path):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = L.Dense(2)

        def call(self, x):
            return self.dense(x)

    model = Own()
    model(np.ones((2, 3), "float32"))
    assert drawn(model, tmp_path).texts == [["Own"]]


def test_a_deep_model_is_drawn_as_a_chain(tmp_path):
    model = keras.Sequential([keras.Input((2,)), *(L.Dense(2, name=f"d{i}") for i in range(300))])
    picture = drawn(model, tmp_path)
    assert len(picture.boxes) == 300 and len(picture.lines) == 299
    assert len({box[0] for box in picture.boxes}) == 1


@pytest.mark.parametrize("make", [stack, branches, shared], ids=lambda make: make.__name__)
def test_the_dot_language_has_a_node_per_layer_and_an_edge_per_connection(make, tmp_path):
    model = make()
    text = keras.utils.model_to_dot(model)
    names = dict(re.findall(r'^(n\d+) \[.*?point-size="16">(\S+) ', text, re.M))
    edges = re.findall(r"^(n\d+) -> (n\d+) ", text, re.M)
    assert sorted(names.values()) == sorted(layer.name for layer in model.layers)
    assert sorted(f"{names[a]} {names[b]}" for a, b in edges) == EDGES[make]
    path = tmp_path / "model.dot"
    keras.utils.plot_model(model, path, show_layer_names=True)
    assert path.read_text("utf8") == text


def test_the_dot_language_has_a_cluster_per_nested_model():
    text = keras.utils.model_to_dot(nested(), expand_nested=True, rankdir="LR", dpi=96,
                                    splines="curved")
    assert re.findall(r'label="(\w+)"', text) == ["inner", "head"]
    names = dict(re.findall(r'^(n\d+) \[.*?point-size="16">(\S+) ', text, re.M))
    edges = re.findall(r"^(n\d+) -> (n\d+) ", text, re.M)
    assert sorted(f"{names[a]} {names[b]}" for a, b in edges) == EXPANDED[nested]
    for line in ("rankdir=LR;", "dpi=96;", "splines=curved;"):
        assert line in text.splitlines()


def test_other_formats_need_graphviz_and_say_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImportError, match=r"Install graphviz, or let .* end with \.svg"):
        keras.utils.plot_model(stack(), tmp_path / "model.png")


def test_graphviz_draws_other_formats(tmp_path, monkeypatch):
    """With a program in its place, which writes what it is given."""
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\n[ "$1" = -Tpng ] || { echo "no format" >&2; exit 1; }\n'
                       'exec /bin/cat > "$3"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    model = stack()
    keras.utils.plot_model(model, tmp_path / "model.png", show_layer_names=True)
    assert (tmp_path / "model.png").read_text("utf8") == keras.utils.model_to_dot(model)
    with pytest.raises(RuntimeError, match="Graphviz could not write .*no format"):
        keras.utils.plot_model(model, tmp_path / "model.tiff")


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("make", [stack, branches, nested, shared], ids=lambda make: make.__name__)
def test_graphviz_takes_the_text(make):
    text = keras.utils.model_to_dot(make(), expand_nested=True, show_shapes=True)
    subprocess.run(["dot", "-Tsvg"], input=text.encode(), check=True, capture_output=True)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"rankdir": "UP"}, '`rankdir` must be one of .*got "UP"'),
        ({"splines": "wavy"}, '`splines` must be one of .*got "wavy"'),
        ({"splines": "curved"}, "without Graphviz"),
        ({"dpi": 0}, "dpi"),
        ({"show_shapes": "yes"}, "show_shapes"),
    ],
)
def test_options_that_do_not_fit_are_refused_by_name(options, words, tmp_path):
    with pytest.raises((ValueError, TypeError), match=words):
        keras.utils.plot_model(stack(), tmp_path / "model.svg", **options)


@pytest.mark.parametrize(
    "work, error, words",
    [
        (lambda path: keras.utils.plot_model(keras.Sequential([L.Dense(2)]), path),
         Exception, "has not yet been built"),
        (lambda path: keras.utils.plot_model(L.Dense(2), path), ValueError, "made of a model"),
        (lambda path: keras.utils.plot_model(stack(), "model"), ValueError, "must end with"),
        (lambda path: keras.utils.model_to_dot(stack(), subgraph=True), ValueError, "`subgraph"),
    ],
)
def test_what_cannot_be_drawn_is_refused(work, error, words, tmp_path):
    with pytest.raises(error, match=words):
        work(tmp_path / "model.svg")
