"""keras.ops.image beyond its values, which tests/parity has: symbols and batches of unknown size, what
real Keras gives no values for, and what is refused.
"""

import numpy as np
import pytest

import tegula as tf
from tegula import keras

image = keras.ops.image
X = np.random.RandomState(0).rand(2, 6, 5, 3).astype("float32")
STILL = np.array([1, 0, 0, 0, 1, 0, 0, 0], "float32")
CORNERS = np.array([[0, 0], [0, 5], [4, 0], [4, 5]], "float32")
FUNCTIONS = {
    "resize": lambda x: image.resize(x, (3, 8)),
    "scale_and_translate": lambda x: image.scale_and_translate(
        x, (2, 4, 9, 3), [0.7, 1.9], [0.2, -0.4], (1, 2), "cubic"
    ),
    "sobel_edges": image.sobel_edges,
    "ssim": lambda x: image.ssim(x, 1 - x, filter_size=3),
    "affine_transform": lambda x: image.affine_transform(x, STILL + 0.1),
    "perspective_transform": lambda x: image.perspective_transform(x, CORNERS, 0.9 * CORNERS + 0.3),
    "elastic_transform": lambda x: image.elastic_transform(x, alpha=0.0),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_models_of_symbols_compute_what_arrays_give(function):
    inputs = keras.Input(X.shape[1:])
    model = keras.Model(inputs, function(inputs))
    np.testing.assert_allclose(model.predict(X, verbose=0), function(X), rtol=1e-6, atol=1e-7)


def test_places_and_transforms_may_be_tensors_of_a_graph():
    with tf.Graph().as_default(), tf.Session() as session:
        transform = tf.placeholder(tf.float32, [None, 8])
        places = tf.placeholder(tf.float32, [2, None])
        results = image.affine_transform(X, transform), image.map_coordinates(X[0, :, :, 0], places, 1)
        moved = STILL + np.float32(0.05)
        at = np.array([[0.5, 3.2, 9.0], [1.5, 0.1, 2.0]], "float32")
        found = session.run(results, {transform: [moved], places: at})
    for result, of_arrays in zip(
        found, (image.affine_transform(X, moved), image.map_coordinates(X[0, :, :, 0], at, 1))
    ):
        np.testing.assert_allclose(result, of_arrays, rtol=1e-6, atol=1e-7)


# TensorFlow's Keras gives other elements than Keras documents for some of these.
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize(
    "fill_mode, of_numpy",
    [("wrap", "wrap"), ("mirror", "reflect"), ("reflect", "symmetric"), ("nearest", "edge")],
)
def test_elements_beyond_the_ends_are_those_of_a_padded_array(fill_mode, of_numpy, size, order):
    line = np.arange(size, dtype="float32") + 1
    padded = np.pad(line, 11, of_numpy)
    at = np.arange(-11, size + 11)
    for places in (at, at.astype("float32")):
        found = image.map_coordinates(line, places[None], order, fill_mode)
        np.testing.assert_array_equal(found, padded)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_places_that_are_not_finite_have_the_fill_value_or_that_of_some_element(bad):
    line, at = X[0, 0, :, 0], np.array([[bad]], "float32")
    assert image.map_coordinates(line, at, 0, fill_value=7.0) == 7.0
    for fill_mode in ("nearest", "wrap", "reflect", "mirror"):
        assert image.map_coordinates(line, at, 0, fill_mode)[0] in line


def test_gradients_of_transformed_images_are_those_of_what_is_computed():
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 6, 5, 3])
        y = image.affine_transform(x, STILL + 0.1, fill_mode="reflect")
        weights = np.cos(np.arange(X.size, dtype="float32")).reshape(X.shape)
        result, gradient = session.run([y, tf.gradients(y * weights, x)[0]], {x: X})
    # The transform is linear in the images.
    np.testing.assert_allclose((gradient * X).sum(), (result * weights).sum(), rtol=1e-4)


def test_integers_are_scaled_as_floats_and_stay_within_their_range():
    whole = (X * 255).astype("uint8")
    arguments = ((2, 9, 8, 3), [1.5, 1.6], [0.0, 0.0], (1, 2), "lanczos3")
    scaled = image.scale_and_translate(whole, *arguments)
    expected = np.round(image.scale_and_translate(whole.astype("float32"), *arguments))
    assert scaled.dtype == "uint8" and expected.max() > whole.max()
    np.testing.assert_array_equal(scaled, np.clip(expected, whole.min(), whole.max()))


def test_an_array_without_scaled_axes_stays_as_it_is():
    np.testing.assert_array_equal(image.scale_and_translate(X, X.shape, [], [], (), "linear"), X)


def test_elastic_transforms_repeat_by_seed_and_differ_without_one():
    def moved(seed):
        return image.elastic_transform(X, 9.0, 1.0, seed=seed)

    np.testing.assert_array_equal(moved(3), moved(3))
    for other in (moved(4), moved(None), moved(None)):
        assert np.abs(moved(3) - other).max() > 0.01
    assert np.abs(moved(None) - moved(None)).max() > 0.01
    generator = keras.random.SeedGenerator(3)
    assert np.abs(moved(generator) - moved(generator)).max() > 0.01


def test_elastic_transforms_move_pixels_as_far_down_as_to_the_right():
    rows, columns = np.meshgrid(np.arange(40.0), np.arange(50.0), indexing="ij")
    places = np.stack([rows, columns], -1).astype("float32")
    moved = image.elastic_transform(places, 2.0, 2.0, fill_mode="nearest", seed=1) - places
    inner = moved[10:-10, 10:-10]
    np.testing.assert_allclose(inner[..., 0], inner[..., 1], atol=1e-4)
    # The filter of deviation s leaves 1 / (4 π s²) of the variance of noise of deviation s.
    np.testing.assert_allclose(inner.std(), 2.0 / np.sqrt(4 * np.pi), rtol=0.3)


def test_elastic_transforms_differ_in_every_run_of_a_graph():
    inputs = keras.Input(X.shape[1:])
    model = keras.Model(inputs, image.elastic_transform(inputs, 9.0, 1.0))
    assert np.abs(model(X) - model(X)).max() > 0.01


REFUSED = [
    (lambda: image.resize(X, (3, 3), "cubic"), r"`interpolation`. Expected one of .*bicubic.*=cubic"),
    (lambda: image.resize(X, (3, 3), fill_mode="wrap"), "`fill_mode`. Expected one of .*constant.*=wrap"),
    (lambda: image.resize(X, (3, 0)), r"positive \(height, width\). Received: size=\(3, 0\)"),
    (
        lambda: image.resize(X, (3, 3), crop_to_aspect_ratio=True, pad_to_aspect_ratio=True),
        "Only one of `pad_to_aspect_ratio` & `crop_to_aspect_ratio`",
    ),
    (lambda: image.resize(X[0, 0], (3, 3)), r"expected rank 3 or 4.*\(5, 3\)"),
    (lambda: image.sobel_edges(X[0]), "expected rank 4"),
    (
        lambda: image.scale_and_translate(X, X.shape, [1.0], [0.0], (1,), "nearest"),
        "`method`. Expected one of .*lanczos3.*=nearest",
    ),
    (lambda: image.map_coordinates(X, X[:3], 1), r"First dim of `coordinates`.*leading dim of 2"),
    (lambda: image.map_coordinates(X[0, 0, :, 0], np.zeros(1), 1), "expected at least rank 2"),
    (lambda: image.map_coordinates(X, np.zeros((4, 1)), 2), "order=2 is not supported; 0 and 1 are"),
    (lambda: image.map_coordinates(X, np.zeros((4, 1)), 1, "edge"), "`fill_mode`.*=edge"),
    (lambda: image.affine_transform(X, STILL[:6]), r"expected \(8,\) or \(batch, 8\).*\(6,\)"),
    (lambda: image.affine_transform(X, np.tile(STILL, (3, 1))), "3 transforms do not fit 2 images"),
    (lambda: image.affine_transform(X, STILL, "bicubic"), "`interpolation`.*=bicubic"),
    (lambda: image.affine_transform(X, STILL, fill_mode="mirror"), "`fill_mode`.*=mirror"),
    (lambda: image.perspective_transform(X, CORNERS[:3], CORNERS), "Invalid start_points shape"),
    (lambda: image.perspective_transform(X, CORNERS, CORNERS[None]), "must have the same shape"),
    (lambda: image.elastic_transform(X, fill_mode="mirror"), "`fill_mode`.*=mirror"),
]


@pytest.mark.parametrize("call, words", REFUSED)
def test_what_cannot_be_done_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
