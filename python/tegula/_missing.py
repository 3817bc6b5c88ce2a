"""What is said of a name that a module has not: that Keras or TensorFlow has it, and what serves
here instead; or which names are spelled alike.

The lists behind it are read when such a name is asked for.
"""

import sys

# Modules of Tegula that have the names of another module of the peers, too.
_ALSO = {"tf": ("tf.compat.v1",), "tf.initializers": ("keras.initializers",)}


def titles(module):
    """The peers' modules whose names a module of Tegula has: "tegula.nn" gives "tf.nn" and
    "tf.compat.v1.nn", "tegula.keras.layers" gives "keras.layers".
    """
    path = module.partition(".")[2]
    if path == "keras" or path.startswith("keras."):
        return (path,)
    title = "tf." + path if path else "tf"
    return (title, title.replace("tf", "tf.compat.v1", 1), *_ALSO.get(title, ()))


def peer_names():
    """The peers' versions, and {module: its public names}, as scripts/record_peer_names.py found
    them.
    """
    import pathlib

    lines = pathlib.Path(__file__).with_name("_peer_names.txt").read_text().splitlines()
    names = {}
    for line in lines[1:]:
        title, _, listed = line.partition(": ")
        names[title] = listed.split()
    return lines[0][2:], names


def peer_name(module, name):
    """ "keras.layers.Conv2D" when a peer's module of this place has the name, else None."""
    _, names = peer_names()
    return next((f"{title}.{name}" for title in titles(module) if name in names.get(title, ())), None)


def explanation(module, name):
    """Why `module` has no `name`, for whoever asked for it."""
    text = f"module {module!r} has no attribute {name!r}"
    if name.startswith("_"):
        return text
    found = peer_name(module, name)
    if found is not None:
        from ._instead import instead_of

        peer = "Keras" if found.startswith("keras.") else "TensorFlow"
        text += f": {peer} has {found}, Tegula has not"
        return f"{text}. {instead_of(found)}".rstrip(". ") + "."
    import difflib

    public = [known for known in dir(sys.modules[module]) if not known.startswith("_")]
    alike = difflib.get_close_matches(name, public)
    return f"{text}; did you mean {', '.join(map(repr, alike))}?" if alike else text


def raise_missing(module, name, asking):
    """Raises AttributeError with the explanation; in the frame `asking`, a `from module import name`
    would replace it by words of its own, so there it is an ImportError.
    """
    text = explanation(module, name)
    if not name.startswith("_") and _imports(asking):
        raise ImportError(text, name=module)
    raise AttributeError(text)


def _imports(frame):
    """Whether the frame is at `from module import name`."""
    import dis

    return frame.f_code.co_code[frame.f_lasti] == dis.opmap["IMPORT_FROM"]


def getattr_of(module):
    """`__getattr__` for a module that makes no names of its own when they are asked for."""

    def __getattr__(name):
        raise_missing(module, name, sys._getframe(1))

    return __getattr__
