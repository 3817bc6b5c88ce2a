"""tf.image: sizes, dtypes and what is refused. Values are those of Keras's layers in tests/parity."""

import numpy as np
import pytest

import tegula as tf
from tegula import keras

X = np.random.RandomState(2).uniform(0, 255, (2, 6, 8, 3)).astype("float32")


def run(images, *arguments, **options):
    with tf.Graph().as_default(), tf.Session() as session:
        fed = tf.placeholder(images.dtype, images.shape)
        return session.run(tf.image.resize(fed, *arguments, **options), {fed: images})


@pytest.mark.parametrize("method", ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"])
@pytest.mark.parametrize("antialias", [False, True])
def test_the_layer_gives_the_same(method, antialias):
    layer = keras.layers.Resizing(3, 11, interpolation=method, antialias=antialias)
    np.testing.assert_array_equal(run(X, (3, 11), method, antialias=antialias), layer(X))


def test_single_images_and_names():
    np.testing.assert_array_equal(run(X[0], (3, 4)), run(X, (3, 4))[0])
    with tf.Graph().as_default():
        assert tf.image.resize(X, (3, 4), name="small").name == "small:0"


def test_dtypes():
    whole = X.astype("uint8")
    assert run(whole, (3, 4)).dtype == np.float32
    nearest = run(whole, (12, 16), "nearest")
    assert nearest.dtype == np.uint8
    np.testing.assert_array_equal(nearest, whole.repeat(2, 1).repeat(2, 2))
    same = run(whole, (6, 8))
    assert same.dtype == np.uint8
    np.testing.assert_array_equal(same, whole)


def test_means_of_covered_pixels():
    np.testing.assert_allclose(
        run(X, (3, 4), tf.image.ResizeMethod.AREA),
        X.reshape(2, 3, 2, 4, 2, 3).mean((2, 4)), rtol=1e-6,
    )


def test_the_ratio_can_be_kept():
    assert run(X, (3, 100), preserve_aspect_ratio=True).shape == (2, 3, 4, 3)
    assert run(X, (100, 16), preserve_aspect_ratio=True).shape == (2, 12, 16, 3)


def test_unknown_methods_are_refused():
    with pytest.raises(ValueError, match='method "cubic" is not known; expected nearest'):
        run(X, (3, 4), "cubic")


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda L: L.Resizing(0, 3), "`height`|height"),
        (lambda L: L.Resizing(3, 3, interpolation="area"), "`interpolation` must be one of"),
        (lambda L: L.Resizing(3, 3, fill_mode="nearest"), "`fill_mode` must be"),
        (lambda L: L.Resizing(3, 3, pad_to_aspect_ratio=True, crop_to_aspect_ratio=True), "only one"),
        (lambda L: L.UpSampling2D(2, interpolation="area"), "`interpolation` must be one of"),
        (lambda L: L.AdaptiveMaxPooling2D((2, 0)), "`output_size` must be at least 1"),
        (lambda L: L.Resizing(3, 3)(X[0]), "expected ndim=4"),
        (lambda L: L.EinsumDense("ab,bc", 3), "Invalid einsum equation 'ab,bc'"),
        (lambda L: L.EinsumDense("ab,bc->ad", 3), "the output's 'd' is neither"),
        (lambda L: L.EinsumDense("ab,bc->ac", 3, bias_axes="d"), "Bias dimension 'd'"),
        (lambda L: L.EinsumDense("ab,bc->ac", (3, 4))(X[0, 0]), "does not have a size for each"),
        (lambda L: L.EinsumDense("abc,cd->abd", (5, 4))(X[0]), "at shared dimension 'b'"),
        (lambda L: L.EinsumDense("abc,cd->abd", (5, 4))(X[0, 0]), "has 3 axes, got rank 2"),
    ],
)
def test_layers_refuse_in_words(make, words):
    with pytest.raises(ValueError, match=words):
        make(keras.layers)
