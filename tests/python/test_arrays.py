"""Arrays in and out: what is shared with NumPy, what is copied, DLPack both ways."""

import gc
import weakref

import numpy as np
import pytest
import tegula as tf
from tegula import _core, dlpack


def address(array):
    return array.__array_interface__["data"][0]


@pytest.mark.parametrize(
    "name", ["float32", "float64", "float16", "int8", "uint8", "int32", "int64", "bool"]
)
def test_arrays_pass_without_a_copy(name):
    array = np.arange(6).reshape(2, 3).astype(name)
    seen = _core.to_array(array)
    assert seen.dtype == array.dtype
    assert address(seen) == address(array)
    np.testing.assert_array_equal(seen, array)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3).T,
        np.arange(12.0)[::2],
        np.arange(6.0)[::-1],
        np.arange(6, dtype=">f4"),
        np.frombuffer(b"\0" + np.arange(3.0).tobytes(), np.uint8)[1:].view("f8"),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    ],
    ids=["transposed", "strided", "reversed", "big_endian", "unaligned", "fortran"],
)
def test_other_layouts_are_copied_with_their_values(array):
    seen = _core.to_array(array)
    assert seen.flags.c_contiguous and seen.flags.aligned and seen.dtype.isnative
    np.testing.assert_array_equal(seen, array)


def test_a_shared_array_lives_as_long_as_its_last_user():
    array = np.arange(5.0)
    seen = _core.to_array(array)
    gone = weakref.ref(array)
    del array
    gc.collect()
    np.testing.assert_array_equal(seen, np.arange(5.0))
    del seen
    gc.collect()
    assert gone() is None


def test_empty_and_scalar_arrays_keep_their_shape():
    assert _core.to_array(np.zeros((0, 4), np.float32)).shape == (0, 4)
    assert _core.to_array(np.float32(3)).shape == ()


@pytest.mark.parametrize("value", [np.array(["a"]), np.array([1j]), np.array([object()])])
def test_unsupported_dtypes_are_type_errors(value):
    with pytest.raises(TypeError, match="not supported"):
        _core.to_array(value)


def test_a_rank_above_eight_is_a_value_error():
    with pytest.raises(ValueError, match="rank 9"):
        _core.to_array(np.zeros((1,) * 9))


def test_dlpack_shares_memory_with_numpy_both_ways():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    seen = dlpack.from_dlpack(array)
    assert address(seen) == address(array)

    class Provider:
        def __dlpack__(self, **_):
            return dlpack.to_dlpack(array)

        def __dlpack_device__(self):
            return (1, 0)

    back = np.from_dlpack(Provider())
    assert address(back) == address(array)
    np.testing.assert_array_equal(back, array)


def test_dlpack_of_strided_data_is_copied_with_its_values():
    array = np.arange(12, dtype=np.int32).reshape(3, 4).T
    np.testing.assert_array_equal(dlpack.from_dlpack(array), array)


def test_a_dlpack_capsule_is_used_once():
    capsule = dlpack.to_dlpack(np.arange(3.0))
    np.testing.assert_array_equal(dlpack.from_dlpack(capsule), np.arange(3.0))
    with pytest.raises(ValueError, match="not used before"):
        dlpack.from_dlpack(capsule)


def test_an_unused_dlpack_capsule_releases_the_array():
    array = np.arange(3.0)
    gone = weakref.ref(array)
    capsule = dlpack.to_dlpack(array)
    del array
    gc.collect()
    assert gone() is not None
    del capsule
    gc.collect()
    assert gone() is None


def test_constants_do_not_follow_later_writes_to_the_array():
    array = np.ones(3, np.float32)
    with tf.Graph().as_default():
        constant = tf.constant(array)
        variable = tf.Variable(array)
        array[:] = 7
        with tf.Session() as session:
            session.run(variable.initializer)
            np.testing.assert_array_equal(session.run(constant), np.ones(3))
            np.testing.assert_array_equal(session.run(variable), np.ones(3))


def test_results_are_the_callers_own():
    with tf.Graph().as_default():
        variable = tf.Variable([1.0, 2.0])
        constant = tf.constant([1.0, 2.0])
        with tf.Session() as session:
            session.run(variable.initializer)
            for value in (variable, constant):
                session.run(value)[:] = 9
                np.testing.assert_array_equal(session.run(value), [1.0, 2.0])


def test_feeds_of_one_call_are_not_written_to():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [3])
        y = tf.exp(x) + 1.0
        array = np.zeros(3, np.float32)
        array.flags.writeable = False
        with tf.Session() as session:
            np.testing.assert_array_equal(session.run(y, {x: array}), [2, 2, 2])
        np.testing.assert_array_equal(array, 0)


def test_bfloat16_results_can_be_read():
    with tf.Graph().as_default():
        y = tf.cast(tf.constant([1.0, -2.5]), tf.bfloat16)
        assert y.dtype == tf.bfloat16
        with tf.Session() as session:
            np.testing.assert_array_equal(session.run(y).astype(np.float32), [1.0, -2.5])
