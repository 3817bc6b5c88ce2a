"""keras.tree and keras.config, with the values of Keras 3.15."""

import collections

import numpy as np
import pytest

from tegula import keras

tree, config = keras.tree, keras.config
NESTED = {"b": [1, (2, None)], "a": 3}
Pair = collections.namedtuple("Pair", "x y")


def test_leaves():
    assert tree.flatten(NESTED) == [3, 1, 2, None]
    assert tree.flatten_with_path(NESTED) == [
        (("a",), 3), (("b", 0), 1), (("b", 1, 0), 2), (("b", 1, 1), None),
    ]
    assert tree.flatten(5) == [5] and tree.flatten("ab") == ["ab"] and tree.flatten(None) == [None]
    assert tree.flatten([[], {}]) == []
    assert tree.flatten(Pair(1, 2)) == [1, 2]
    assert tree.flatten(collections.OrderedDict([("b", 1), ("a", 2)])) == [1, 2]
    assert len(tree.flatten(np.ones(2))) == 1
    assert tree.is_nested(NESTED) and tree.is_nested(()) and not tree.is_nested("ab")


def test_maps_keep_the_structure():
    def double(leaf):
        return leaf if leaf is None else leaf * 2

    doubled = tree.map_structure(double, NESTED)
    assert doubled == {"b": [2, (4, None)], "a": 6} and list(doubled) == ["b", "a"]
    assert tree.map_structure(lambda a, b: a + b, [1, (2,)], [3, (4,)]) == [4, (6,)]
    assert tree.map_structure(lambda leaf: leaf + 1, Pair(1, 2)) == Pair(2, 3)
    assert tree.map_structure(lambda leaf: leaf + 1, [1, None], none_is_leaf=False) == [2, None]
    assert tree.map_structure_up_to({"b": 0, "a": 0}, lambda part: part, NESTED) == NESTED
    assert tree.map_shape_structure(len, {"a": (1, None), "b": [[2], [3, 4]]}) == {"a": 2, "b": [1, 2]}
    assert tree.pack_sequence_as(NESTED, [10, 20, 30, 40]) == {"b": [20, (30, 40)], "a": 10}
    assert tree.lists_to_tuples(NESTED) == {"b": (1, (2, None)), "a": 3}


def test_traverse():
    def tuples(part):
        return [9] if isinstance(part, tuple) else None

    assert tree.traverse(tuples, NESTED) == {"b": [1, [9]], "a": 3}
    assert tree.traverse(lambda part: tree.MAP_TO_NONE if part == 1 else None, [1, 2]) == [None, 2]
    swap = {1: 2, 2: 3}.get
    assert tree.traverse(lambda part: None if isinstance(part, list) else swap(part), [1, 2], False) == [2, 3]


@pytest.mark.parametrize(
    "call, error",
    [
        (lambda: tree.assert_same_structure([1, 2], [1]), ValueError),
        (lambda: tree.assert_same_structure([1, 2], (1, 2)), ValueError),
        (lambda: tree.assert_same_structure({"a": 1}, {"b": 1}), ValueError),
        (lambda: tree.pack_sequence_as([1, 2], [1]), ValueError),
        (lambda: tree.map_structure(lambda a, b: 0, [1], [1, 2]), ValueError),
        (lambda: tree.map_structure(lambda a, b: a + b, [1, 2], (3, 4)), ValueError),
        (lambda: tree.map_structure(3, [1]), TypeError),
        (lambda: tree.assert_same_paths([1], [1, 2]), ValueError),
    ],
)
def test_differences_are_refused(call, error):
    with pytest.raises(error):
        call()
    tree.assert_same_structure(NESTED, {"a": 0, "b": [0, (0, 0)]})
    tree.assert_same_paths(NESTED, NESTED)


def test_settings():
    assert config.floatx() == keras.backend.floatx() == "float32"
    assert config.epsilon() == keras.backend.epsilon() == 1e-7
    assert config.image_data_format() == "channels_last"
    assert config.backend() == keras.backend.backend() == "tegula"


@pytest.mark.parametrize(
    "function, accepted, refused",
    [
        (config.set_floatx, "float32", ["float64", "float16", "x"]),
        (config.set_image_data_format, "channels_last", ["channels_first", "x"]),
        (config.set_backend, "tegula", ["jax", "x"]),
        (config.set_dtype_policy, "float32", ["mixed_float16", "float64", "x"]),
        (config.set_epsilon, 1e-7, [1e-3, -1, "a", float("nan")]),
    ],
)
def test_a_setting_that_would_have_no_effect_is_refused(function, accepted, refused):
    function(accepted)
    for value in refused:
        with pytest.raises(ValueError):
            function(value)


def test_the_rest_of_config_is_refused_by_name():
    with pytest.raises(AttributeError, match="Keras has keras.config.set_max_epochs, Tegula has not"):
        config.set_max_epochs(1)
