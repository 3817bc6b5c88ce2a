#!/usr/bin/env python3
"""Writes the public names of Keras and TensorFlow, which it imports, as python/tegula/_peer_names.txt:
what the package has not can then be named as such, and docs/parity.md compares.

Run it in an environment that has both (bench/compare/requirements/tensorflow.txt).
"""

import os
import pathlib
import types

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import tensorflow

TARGET = pathlib.Path(__file__).parents[1] / "python" / "tegula" / "_peer_names.txt"
# Wrappers of kernels, which nobody writes programs in, and other versions of the whole.
NOT_WALKED = ("raw_ops", "v1", "v2")


def walk(module, title, inside, found):
    """Adds {title: names} of the module and of the public modules below it, whose own names begin
    with `inside`.
    """
    names = {name for name in dir(module) if not name.startswith("_") and hasattr(module, name)}
    found[title] = names - {"src"}
    for name in found[title] - set(NOT_WALKED):
        value = getattr(module, name)
        its_name = getattr(value, "__name__", "") if isinstance(value, types.ModuleType) else ""
        if its_name.startswith(inside):
            walk(value, f"{title}.{name}", inside, found)


def main():
    found, first = {}, {}
    walk(keras, "keras", "keras.", found)
    walk(tensorflow, "tf", "tensorflow._api.v2.", found)
    walk(tensorflow.compat.v1, "tf", "tensorflow._api.v2.compat.v1.", first)
    # Of version 1's names, those that version 2 has not.
    for title, names in first.items():
        if only := names - found.get(title, set()):
            found[title.replace("tf", "tf.compat.v1", 1)] = only
    lines = [f"# keras {keras.__version__}, tensorflow {tensorflow.__version__}"]
    lines += [f"{title}: {' '.join(sorted(names))}" for title, names in sorted(found.items())]
    TARGET.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
