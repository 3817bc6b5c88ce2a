"""Nested structures: dicts, lists, tuples and named tuples of leaves. Everything else is a leaf, None
included. Dicts are walked in the order of their sorted keys, OrderedDicts in their own.
"""

import collections as _collections

from .._missing import getattr_of as _getattr_of
from .._nested import walks as _walks

__getattr__ = _getattr_of(__name__)


class MAP_TO_NONE:
    """What `traverse`'s function returns to put None in the place of a part."""


def is_nested(structure):
    """Whether it is a dict, list or tuple."""
    return isinstance(structure, (dict, list, tuple))


def _items(structure):
    """(key, part) of a nested structure, in order."""
    if isinstance(structure, _collections.OrderedDict):
        return list(structure.items())
    if isinstance(structure, dict):
        return [(key, structure[key]) for key in sorted(structure)]
    return list(enumerate(structure))


def _like(structure, parts):
    """The structure with other parts, given in order."""
    if isinstance(structure, dict):
        made = dict(zip((key for key, _ in _items(structure)), parts))
        in_order = {key: made[key] for key in structure}
        if isinstance(structure, _collections.defaultdict):
            return type(structure)(structure.default_factory, in_order)
        return type(structure)(in_order)
    if hasattr(structure, "_fields"):
        return type(structure)(*parts)
    return type(structure)(parts)


@_walks
def flatten(structure):
    """The leaves, in order."""
    if not is_nested(structure):
        return [structure]
    return [leaf for _, part in _items(structure) for leaf in flatten(part)]


@_walks
def flatten_with_path(structure):
    """(path, leaf) of each leaf; the path is a tuple of keys and indices."""
    if not is_nested(structure):
        return [((), structure)]
    return [
        ((key, *path), leaf)
        for key, part in _items(structure)
        for path, leaf in flatten_with_path(part)
    ]


def _check_same(a, b):
    """Raises ValueError unless the nested `a` and `b` are of the same kind, with the same keys."""
    if not isinstance(b, dict if isinstance(a, dict) else type(a)):
        raise ValueError(f"Expected an instance of {type(a).__name__}, got {b!r}.")
    if isinstance(a, dict) and set(a) != set(b):
        raise ValueError(f"Dictionary key mismatch: expected {list(a)}, got {list(b)}.")
    if len(a) != len(b):
        raise ValueError(
            f"{type(a).__name__} arity mismatch; expected: {len(a)}, got: {len(b)}; {b!r}."
        )


@_walks
def map_structure(func, *structures, none_is_leaf=True):
    """The structure of `func` of the leaves that stand at the same place. ValueError when the
    structures differ. Unless `none_is_leaf`, None stays None.
    """
    if not callable(func):
        raise TypeError(f"`func` must be callable. Received: {func}")
    if not structures:
        raise ValueError("Must provide at least one structure")
    first = structures[0]
    if not is_nested(first):
        for other in structures[1:]:
            if is_nested(other):
                raise ValueError(f"Expected a leaf, got {other!r}.")
        if first is None and not none_is_leaf:
            return None
        return func(*structures)
    for other in structures[1:]:
        _check_same(first, other)
    parts = zip(*([part for _, part in _items(structure)] for structure in structures))
    return _like(first, [map_structure(func, *some, none_is_leaf=none_is_leaf) for some in parts])


@_walks
def map_structure_up_to(shallow_structure, func, *structures):
    """As `map_structure`, down to the leaves of `shallow_structure` only."""
    if not structures:
        raise ValueError("Must provide at least one structure")
    if not is_nested(shallow_structure):
        return func(*structures)
    for other in structures:
        _check_same(shallow_structure, other)
    columns = [[part for _, part in _items(structure)] for structure in structures]
    shallow = [part for _, part in _items(shallow_structure)]
    parts = [map_structure_up_to(s, func, *some) for s, *some in zip(shallow, *columns)]
    return _like(shallow_structure, parts)


@_walks
def map_shape_structure(func, structure):
    """As `map_structure`, where a tuple or list of integers and None, a shape, is a leaf."""
    if _is_shape(structure):
        return func(tuple(structure))
    if not is_nested(structure):
        raise ValueError(f"Cannot map function to unknown object {structure}")
    return _like(structure, [map_shape_structure(func, part) for _, part in _items(structure)])


def _is_shape(structure):
    return isinstance(structure, (list, tuple)) and all(
        part is None or isinstance(part, int) for part in structure
    )


def pack_sequence_as(structure, flat_sequence):
    """`structure` with the values of `flat_sequence` as its leaves. ValueError for another number."""
    values = list(flat_sequence)
    count = len(flatten(structure))
    if len(values) != count:
        raise ValueError(f"The structure has {count} leaves, got {len(values)} values.")
    values = iter(values)
    return map_structure(lambda _: next(values), structure)


def assert_same_structure(a, b, check_types=None):
    """Raises ValueError unless both have leaves at the same places, in containers of the same kind."""
    if check_types is not None:
        raise ValueError("The `check_types` argument is no longer supported; types are checked")
    map_structure(lambda *_: None, a, b)


def assert_same_paths(a, b):
    """Raises ValueError unless both have leaves at the same paths."""
    paths_a = {path for path, _ in flatten_with_path(a)}
    paths_b = {path for path, _ in flatten_with_path(b)}
    if paths_a != paths_b:
        raise ValueError(
            "`a` and `b` don't have the same paths. "
            f"a: {sorted(paths_a - paths_b, key=str)}, b: {sorted(paths_b - paths_a, key=str)}"
        )


@_walks
def lists_to_tuples(structure):
    """The structure with a tuple in the place of each list."""
    if not is_nested(structure):
        return structure
    parts = [lists_to_tuples(part) for _, part in _items(structure)]
    return tuple(parts) if isinstance(structure, list) else _like(structure, parts)


@_walks
def traverse(func, structure, top_down=True):
    """The structure with each part, nested ones too, replaced by what `func` returns for it, unless
    that is None: then a nested part is gone through, and a leaf stays.
    """
    if not callable(func):
        raise TypeError(f"`func` must be callable, got: {func}")

    def replaced(part, otherwise):
        result = func(part)
        return otherwise() if result is None else None if result is MAP_TO_NONE else result

    def inside(part):
        if not is_nested(part):
            return part
        return _like(part, [traverse(func, inner, top_down) for _, inner in _items(part)])

    if top_down:
        return replaced(structure, lambda: inside(structure))
    below = inside(structure)
    return replaced(below, lambda: below)
