#!/usr/bin/env python3
"""Writes docs/parity.md: which public names of Keras and TensorFlow the package has, and which not.

    scripts/parity_page.py           writes the page
    scripts/parity_page.py --check   exits with 1 when it is not up to date
"""

import importlib
import pathlib
import sys
import textwrap

from tegula import _missing

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "parity.md"
INTRODUCTION = """# Names of Keras and TensorFlow

Written by `scripts/parity_page.py` from the package and the public names of {versions}.
A name that is not here says so when it is asked for, and what to use instead where there is something. Of
a name that is here, an argument or a value that Tegula does not take is refused.

A module of TensorFlow counts the names of both versions, 2 and `compat.v1`.
"""

NOTES = {
    "keras.layers": """Layers that vary images take batches, of rank 4, or dicts of `images` and `labels`, which
become float32. There are no bounding boxes and no segmentation masks, hence no `bounding_box_format` and no
`MaxNumBoundingBoxes`. A call of the layer alone trains by default, as in Keras; a model, called without
`training`, leaves images as they are. At inference `RandomCrop` does what Keras's documentation says, and gives
its size; Keras 3.15 gives the images whole. A blur whose kernel has two sizes has so many rows and columns.""",
    "keras.ops.image": """`map_coordinates` and `elastic_transform` continue arrays beyond their ends as Keras's
documentation says; Keras 3.15 on TensorFlow takes other elements for "reflect" below 0 and for "mirror". The
gradient of transformed images is that of what is computed; TensorFlow approximates it by the inverse transform.""",
}


def module_of(title):
    """Tegula's module for a peer's, or None."""
    path = title.replace("tf.compat.v1", "tf", 1).partition(".")
    name = "tegula.keras" if title == "keras" else "tegula"
    if path[0] == "keras" and path[2]:
        name += ".keras." + path[2]
    elif path[2]:
        name += "." + path[2]
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None


def compared():
    """The versions; {title: (names that Tegula has, names that it has not)}; {title: number of names}
    of the modules that it has not.
    """
    versions, names = _missing.peer_names()
    both, absent = {}, {}
    for title, listed in names.items():
        shown = title.replace("tf.compat.v1", "tf", 1)
        module = module_of(title)
        if module is None:
            absent[shown] = absent.get(shown, 0) + len(listed)
            continue
        has, has_not = both.setdefault(shown, (set(), set()))
        for name in listed:
            (has if hasattr(module, name) else has_not).add(name)
    return versions, both, absent


def paragraph(names):
    text = ", ".join(f"`{name}`" for name in sorted(names))
    return textwrap.fill(text, 110, break_long_words=False, break_on_hyphens=False)


def page():
    versions, both, absent = compared()
    lines = [INTRODUCTION.format(versions=versions), "| module | has | of |", "|---|---:|---:|"]
    both = dict(sorted(both.items()))
    for title, (has, has_not) in both.items():
        lines.append(f"| {title} | {len(has)} | {len(has) + len(has_not)} |")
    for title, (has, has_not) in both.items():
        lines.append(f"\n## {title}\n")
        if has:
            lines.append(paragraph(has))
        if has_not:
            lines.append(("\nNot there: " if has else "Nothing; not there: ") + paragraph(has_not))
        if title in NOTES:
            lines.append("\n" + NOTES[title])
    lines.append("\n## Modules that are not there\n")
    roots = [t for t in sorted(absent) if t.rpartition(".")[0] not in absent]
    for root in roots:
        count = sum(n for t, n in absent.items() if t == root or t.startswith(root + "."))
        lines.append(f"- `{root}`, {count} names")
    return "\n".join(lines) + "\n"


def main():
    text = page()
    if PAGE.exists() and PAGE.read_text() == text:
        return 0
    if "--check" in sys.argv:
        print("not up to date:", PAGE)
        return 1
    PAGE.write_text(text)
    print("wrote", PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
