"""Layers that vary images at random: what is drawn, for whom and how often; inference, seeds and
formats of all of them. Values without chance are compared with Keras's in tests/parity.
"""

import numpy as np
import pytest

from tegula import _core, errors, keras

L = keras.layers
X = np.random.RandomState(1).uniform(0, 255, (4, 8, 10, 3)).astype("float32")
ARGUMENTS = {
    "RandomFlip": {},
    "RandomCrop": {"height": 3, "width": 5},
    "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3},
    "RandomRotation": {"factor": 0.3},
    "RandomZoom": {"height_factor": 0.3},
    "RandomShear": {"x_factor": 0.5, "y_factor": 0.3},
    "RandomPerspective": {"factor": (0.9, 1.0)},
    "RandomElasticTransform": {"factor": (0.9, 1.0)},
    "RandomBrightness": {"factor": 0.3},
    "RandomContrast": {"factor": 0.9},
    "RandomSaturation": {"factor": (0.1, 0.4)},
    "RandomHue": {"factor": 0.5},
    "RandomColorDegeneration": {"factor": 0.5},
    "RandomPosterization": {"factor": 4},
    "RandomSharpness": {"factor": 0.4},
    "RandomInvert": {"factor": (0.4, 0.6)},
    "RandomColorJitter": {"brightness_factor": 0.3, "hue_factor": 0.2},
    "RandomGrayscale": {},
    "RandomGaussianBlur": {"factor": (0.9, 1.0), "sigma": (0.5, 1.0)},
    "Solarization": {"addition_factor": 0.1, "threshold_factor": 0.5},
    "RandomErasing": {"factor": (0.9, 1.0)},
    "MixUp": {},
    "CutMix": {},
    "RandAugment": {},
    "AugMix": {},
}
DETERMINISTIC = {"AutoContrast": {}, "Equalization": {}}
WITH_ALL = {**ARGUMENTS, **DETERMINISTIC}
ONE_FOR_ALL = ("RandomCrop", "RandomGaussianBlur", "RandAugment", "AugMix", "RandomElasticTransform")


def make(name, /, **given):
    return getattr(L, name)(**{**WITH_ALL[name], **given})


def trained(name, x, **given):
    return make(name, **given)(x, training=True)


def changed(y, x):
    """Which images of a batch are not as they were."""
    return (y != x).any((1, 2, 3))


def near(share, probability, count):
    """Within five standard deviations."""
    return abs(share - probability) <= 5 * np.sqrt(probability * (1 - probability) / count)


@pytest.mark.parametrize("name", WITH_ALL.keys() - {"AutoContrast", "RandomCrop"})
def test_images_pass_at_inference(name):
    layer = make(name)
    np.testing.assert_array_equal(layer(X, training=False), X)
    model = keras.Sequential([keras.Input(X.shape[1:]), layer])
    np.testing.assert_array_equal(model.predict(X, verbose=0), X)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_seed_repeats_the_numbers_and_steps_differ(name):
    first, again = make(name, seed=3), make(name, seed=3)
    steps = [first(X, training=True) for _ in range(8)]
    for step in steps:
        np.testing.assert_array_equal(step, again(X, training=True))
    assert any((step != steps[0]).any() for step in steps[1:])
    other = make(name, seed=4)
    assert any((step != other(X, training=True)).any() for step in steps)


@pytest.mark.parametrize("name", WITH_ALL)
def test_channels_may_come_first(name):
    given = {} if name in DETERMINISTIC else {"seed": 5}
    last = trained(name, X, **given)
    first = trained(name, X.transpose(0, 3, 1, 2).copy(), data_format="channels_first", **given)
    np.testing.assert_array_equal(first.transpose(0, 2, 3, 1), last)


@pytest.mark.parametrize("name", WITH_ALL)
def test_layers_come_back_from_their_configs(name):
    layer = make(name, name="varied", **({} if name in DETERMINISTIC else {"seed": 3}))
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    np.testing.assert_array_equal(again(X, training=True), layer(X, training=True))


@pytest.mark.parametrize("name", WITH_ALL)
def test_models_train_behind_them(name):
    model = keras.Sequential([
        keras.Input((8, 10, 3)), L.Conv2D(3, 1), make(name), L.Flatten(), L.Dense(2)])
    model.compile("sgd", "mse")
    history = model.fit(X / 255, np.ones((4, 2)), epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert model.predict(X / 255, verbose=0).shape == (4, 2)


@pytest.mark.parametrize("name", ARGUMENTS.keys() - set(ONE_FOR_ALL) - {"MixUp", "CutMix"})
def test_each_image_has_numbers_of_its_own(name):
    same = X[:1].repeat(64, axis=0)
    kinds = len(np.unique(trained(name, same, seed=1).reshape(64, -1), axis=0))
    few = {"RandomFlip": 2, "RandomInvert": 2, "RandomGrayscale": 2, "RandomPosterization": 3}
    # A few layers leave some images alone.
    assert kinds == few[name] if name in few else kinds > 50


def test_layers_act_where_they_are_called_alone():
    layer = L.RandomBrightness((0.5, 0.5), value_range=(0, 510))
    np.testing.assert_allclose(layer(X), X + 255, rtol=1e-6)

    class Outer(keras.layers.Layer):
        def call(self, inputs, training=None):
            return layer(inputs)

    np.testing.assert_array_equal(Outer()(X, training=False), X)
    np.testing.assert_allclose(Outer()(X, training=True), X + 255, rtol=1e-6)


MANY = np.random.RandomState(2).uniform(0, 255, (4096, 3, 4, 3)).astype("float32")


@pytest.mark.parametrize("mode", ["horizontal", "vertical", "horizontal_and_vertical"])
def test_flips_mirror_one_half(mode):
    y = L.RandomFlip(mode, seed=1)(MANY, training=True)
    mirrored = MANY
    if mode != "vertical":
        mirrored = mirrored[:, :, ::-1]
    if mode != "horizontal":
        mirrored = mirrored[:, ::-1]
    flips = (y == mirrored).all((1, 2, 3))
    assert (flips | (y == MANY).all((1, 2, 3))).all()
    assert near(flips.mean(), 0.5, len(MANY))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("RandomInvert", {"factor": (0.3, 0.3)}),
        ("RandomGrayscale", {"factor": 0.3}),
        ("RandomGaussianBlur", {"factor": (0.3, 0.3), "sigma": (1.0, 1.0)}),
        ("RandomPerspective", {"factor": (0.3, 0.3)}),
        ("RandomErasing", {"factor": (0.3, 0.3), "scale": (1.0, 1.0)}),
        # The mean of probabilities from 0 to 0.6.
        ("RandomInvert", {"factor": 0.6}),
    ],
)
def test_so_many_images_change(name, given):
    y = getattr(L, name)(**given, seed=1)(MANY, training=True)
    assert near(changed(y, MANY).mean(), 0.3, len(MANY))


def test_elastic_transforms_change_so_many_images():
    x = np.random.RandomState(3).uniform(0, 255, (1024, 8, 8, 1)).astype("float32")
    y = L.RandomElasticTransform((0.3, 0.3), (1.0, 1.0), seed=1)(x, training=True)
    # Distances are below one pixel, so that some images hardly change.
    assert near(changed(y, x).mean(), 0.3, len(x))


def test_brightness_is_uniform_within_its_bounds():
    gray = np.full((4096, 1, 1, 3), 100, "float32")
    added = L.RandomBrightness((-0.2, 0.3), seed=1)(gray, training=True) - gray
    assert (added == added[..., :1]).all()
    part = added[:, 0, 0, 0] / 255
    assert -0.2 <= part.min() < -0.19 and 0.29 < part.max() <= 0.3
    assert abs(part.mean() - 0.05) < 5 * 0.5 / np.sqrt(12 * 4096)
    assert near((part < 0).mean(), 0.4, 4096)


def test_contrast_multiplies_differences_from_each_channels_mean():
    x = MANY[:512] / 255 * 20 + 100
    y = L.RandomContrast((0.4, 0.7), seed=1)(x, training=True)
    mean = x.mean((1, 2), keepdims=True)
    factor = ((y - mean) * (x - mean)).sum((1, 2, 3)) / np.square(x - mean).sum((1, 2, 3))
    np.testing.assert_allclose(y, (x - mean) * factor[:, None, None, None] + mean, atol=1e-4)
    assert 0.6 <= factor.min() < 0.65 and 1.65 < factor.max() <= 1.7


def test_solarization_inverts_above_a_threshold_that_is_drawn():
    ramp = np.arange(256, dtype="float32").reshape(1, 16, 16, 1).repeat(64, axis=0)
    y = L.Solarization(threshold_factor=(0.0, 0.5), seed=1)(ramp, training=True)
    inverted = y == 255 - ramp
    assert (inverted | (y == ramp)).all()
    first = inverted.reshape(64, 256).argmax(1)
    np.testing.assert_array_equal(inverted.reshape(64, 256), np.arange(256) >= first[:, None])
    assert first.min() < 20 and 100 < first.max() <= 128


def test_posterization_draws_a_number_of_bits_below_the_upper_bound():
    ramp = np.arange(256, dtype="float32").reshape(1, 16, 16, 1).repeat(512, axis=0)
    y = L.RandomPosterization((2, 5), seed=1)(ramp, training=True)
    steps = np.array([256 // len(np.unique(image)) for image in y])
    assert set(steps) == {64, 32, 16}
    np.testing.assert_array_equal(y, ramp // steps[:, None, None, None] * steps[:, None, None, None])
    assert all(near((steps == step).mean(), 1 / 3, 512) for step in (64, 32, 16))


# Images whose values are the columns, the rows, and 1 within them.
def grid(count, height, width):
    rows, columns = np.mgrid[:height, :width].astype("float32")
    return np.stack([columns, rows, np.ones_like(rows)], -1)[None].repeat(count, axis=0)


def test_perspectives_are_homographies_that_move_three_corners():
    height, width = 12, 16
    x = grid(32, height, width)
    y = L.RandomPerspective((1.0, 1.0), scale=0.5, seed=1)(x, training=True)
    for image in y:
        inside = image[..., 2] > 1 - 1e-6
        rows, columns = np.nonzero(inside)
        places = np.stack([columns, rows, np.ones_like(rows)], -1).astype(float)
        found = image[inside].astype(float)
        zero = np.zeros_like(places)
        equations = np.concatenate([
            np.hstack([places, zero, -found[:, :1] * places]),
            np.hstack([zero, places, -found[:, 1:2] * places])])
        matrix = np.linalg.svd(equations, full_matrices=False)[2][-1].reshape(3, 3)
        mapped = places @ matrix.T
        np.testing.assert_allclose(mapped[:, :2] / mapped[:, 2:], found[:, :2], atol=1e-3)
        # Where the corners of the image went to.
        corners = np.array([[0, 0, 1], [width - 1, 0, 1], [0, height - 1, 1],
                            [width - 1, height - 1, 1]])
        went = corners @ np.linalg.inv(matrix).T
        went = went[:, :2] / went[:, 2:] / [width - 1, height - 1]
        moved = went - corners[:, :2] / [width - 1, height - 1]
        np.testing.assert_allclose(moved[[0, 0, 1, 2], [0, 1, 1, 0]], 0, atol=1e-3)
        assert np.abs(moved).max() <= 0.25 + 1e-3
    assert np.ptp(y[:, -1, -1, 0]) > 1


def test_elastic_transforms_move_pixels_smoothly():
    x = grid(16, 80, 80)
    y = L.RandomElasticTransform(
        (1.0, 1.0), (1.0, 1.0), fill_mode="nearest", seed=1)(x, training=True)
    moved = (y - x)[:, 10:-10, 10:-10, :2]
    # A blur of sigma 4 divides the deviation of sigma by 2 sqrt(pi) sigma.
    deviation = 8.0 / (2 * np.sqrt(np.pi))
    assert abs(moved.std() / deviation - 1) < 0.1
    assert np.diff(moved, axis=1).std() < 0.25 * deviation
    across, down = moved[..., 0].ravel(), moved[..., 1].ravel()
    assert abs(np.corrcoef(across, down)[0, 1]) < 0.15


def test_crops_are_one_window_of_all_images():
    layer = L.RandomCrop(3, 5, seed=1)
    windows = {
        (top, left): X[:, top:top + 3, left:left + 5] for top in range(6) for left in range(6)
    }
    found = set()
    for _ in range(400):
        y = layer(X, training=True)
        (place,) = [p for p, window in windows.items() if (y == window).all()]
        found.add(place)
    # Each of 36 windows is missed with a probability of 1e-5.
    assert found == set(windows)


@pytest.mark.parametrize("size", [(3, 5), (8, 4), (16, 5)])
def test_crops_are_the_largest_part_in_the_middle_at_inference(size):
    y = L.RandomCrop(*size)(X, training=False)
    resized = L.Resizing(*size, crop_to_aspect_ratio=True)(X)
    np.testing.assert_array_equal(y, resized)
    model = keras.Sequential([keras.Input((8, 10, 3)), L.RandomCrop(*size)])
    assert model.output_shape == (None, *size, 3)
    np.testing.assert_array_equal(model.predict(X, verbose=0), resized)


def test_erased_parts_are_rectangles():
    x = np.full((512, 40, 50, 2), 9, "float32")
    y = L.RandomErasing((1.0, 1.0), (0.04, 0.25), fill_value=[1, 300], seed=1)(x, training=True)
    erased = y != 9
    assert (erased[..., 0] == erased[..., 1]).all()
    assert set(np.unique(y[..., 0])) == {1, 9} and set(np.unique(y[..., 1])) == {9, 255}
    rows, columns = erased[..., 0].any(2), erased[..., 0].any(1)
    np.testing.assert_array_equal(erased[..., 0], rows[:, :, None] & columns[:, None])
    for sides, size in ((rows.sum(1), 40), (columns.sum(1), 50)):
        assert sides.min() >= 0.2 * size - 1 and sides.max() <= 0.5 * size + 1
        assert np.ptp(sides) > 0.25 * size
    noise = L.RandomErasing((1.0, 1.0), (1.0, 1.0), seed=1)(x, training=True)
    assert noise.min() == 0 and noise.max() == 255
    assert near((noise == 0).mean(), 0.5, noise.size)


COUNT = 1024
NUMBERED = {
    "images": np.arange(COUNT, dtype="float32").reshape(-1, 1, 1, 1) * np.ones((1, 8, 10, 1), "f"),
    "labels": np.eye(COUNT, dtype="float32"),
}


def own_and_partners(labels):
    """Each row's weight of its own label, and the number of the other."""
    own = labels[np.arange(COUNT), np.arange(COUNT)]
    others = labels.copy()
    others[np.arange(COUNT), np.arange(COUNT)] = -1
    np.testing.assert_allclose(labels.sum(1), 1, atol=1e-6)
    return own, others.argmax(1)


def test_mix_up_mixes_images_and_labels_by_the_same_weights():
    y = L.MixUp(0.2, seed=1)(NUMBERED, training=True)
    assert set(y) == {"images", "labels"}
    own, partner = own_and_partners(y["labels"])
    mixed = own * np.arange(COUNT) + (1 - own) * partner
    np.testing.assert_allclose(y["images"][:, 0, 0, 0], mixed, rtol=2e-6, atol=1e-3)
    assert (y["images"] == y["images"][:, :1, :1]).all()
    seen = partner[own < 1 - 1e-6]
    assert len(np.unique(seen)) == len(seen)
    # The beta distribution of 0.2 and 0.2: variance 1 / (4 (2 · 0.2 + 1)).
    assert abs(own.mean() - 0.5) < 5 * 0.4226 / 32
    assert abs(own.var() - 0.17857) < 5 * 0.09 / 32
    uniform = own_and_partners(L.MixUp(1.0, seed=1)(NUMBERED, training=True)["labels"])[0]
    assert abs(np.sort(uniform) - (np.arange(COUNT) + 0.5) / COUNT).max() < 1.95 / 32


def test_mixing_layers_take_images_alone():
    images = NUMBERED["images"]
    for layer in (L.MixUp, L.CutMix):
        both = layer(seed=1)(NUMBERED, training=True)["images"]
        np.testing.assert_array_equal(layer(seed=1)(images, training=True), both)
        np.testing.assert_array_equal(layer()(NUMBERED, training=False)["labels"], NUMBERED["labels"])


def test_models_of_named_values_mix():
    inputs = {"images": keras.Input((8, 10, 1)), "labels": keras.Input((COUNT,))}
    mixed = L.MixUp(0.2, seed=1)(inputs)
    model = keras.Model(inputs, [mixed["images"], mixed["labels"]])
    alone = L.MixUp(0.2, seed=1)(NUMBERED, training=True)
    for ours, expected in zip(model(NUMBERED, training=True), alone.values()):
        np.testing.assert_array_equal(ours, expected)
    for ours, expected in zip(model.predict(NUMBERED, verbose=0), NUMBERED.values()):
        np.testing.assert_array_equal(ours, expected)


def test_cut_mix_pastes_a_rectangle_and_mixes_labels_by_its_area():
    y = L.CutMix((1.0, 1.0), seed=1)(NUMBERED, training=True)
    own, partner = own_and_partners(y["labels"])
    images = y["images"][..., 0]
    pasted = images != np.arange(COUNT)[:, None, None]
    there = pasted.any((1, 2))
    np.testing.assert_array_equal(
        images[pasted], np.broadcast_to(partner[:, None, None], images.shape)[pasted])
    rows, columns = pasted.any(2), pasted.any(1)
    np.testing.assert_array_equal(pasted, rows[:, :, None] & columns[:, None])
    area = pasted.mean((1, 2))
    # Pixels are points: each side has up to one less, or one more.
    assert np.abs(1 - own - area)[there].max() < 1 / 8 + 1 / 10 + 1 / 80
    assert abs((1 - own - area)[there].mean()) < 0.05
    # The area is uniform where both parameters are 1; an image may be its own partner.
    assert abs(own.mean() - 0.5) < 5 * 0.2887 / 32
    tiny = L.CutMix((0.0, 0.0), seed=1)(NUMBERED, training=True)["labels"]
    assert set(np.unique(own_and_partners(tiny)[0].round(5))) == {0, 1}


@pytest.mark.parametrize("name", ["RandAugment", "AugMix"])
def test_changes_are_chosen_anew_and_stay_within_the_range(name):
    x = X / 255
    layer = make(name, value_range=(0, 1), seed=1)
    steps = [layer(x, training=True) for _ in range(20)]
    for y in steps:
        assert np.isfinite(y).all() and y.min() >= -1e-6 and y.max() <= 1 + 1e-6
    assert len({y.tobytes() for y in steps}) >= 19
    assert (make(name, factor=0.0, seed=1)(x, training=True) == x).all(0).sum() < x[0].size


def test_aug_mix_does_without_colors():
    gray_to_gray = np.full((2, 6, 6, 3), 100, "float32")
    layer = L.AugMix(all_ops=False, num_chains=1, chain_depth=1, seed=1)
    for _ in range(10):
        y = layer(gray_to_gray, training=True)
        assert np.isfinite(y).all()


def test_labels_go_along():
    given = {"images": X, "labels": np.eye(4, dtype="float32")}
    y = L.RandomBrightness((0.1, 0.1))(given, training=True)
    np.testing.assert_array_equal(y["labels"], given["labels"])
    assert changed(y["images"], X).all()


@pytest.mark.parametrize(
    "run, words",
    [
        (lambda: L.RandomBrightness(1.5), "`factor` must be between -1 and 1, got 1.5"),
        (lambda: L.RandomBrightness([0.1, 0.2, 0.3]), "`factor` must be a number or a list of two"),
        (lambda: L.RandomPosterization(0.5), "`factor` must be between 1 and 8"),
        (lambda: L.RandomZoom(-1.0), "`height_factor` must be"),
        (lambda: L.RandomHue(0.1, value_range=(1, 1)), "`value_range` must be two numbers that differ"),
        (lambda: L.RandomHue(0.1, value_range=(1, 2, 3)), "expected two numbers"),
        (lambda: L.RandomFlip("sideways"), "`mode` must be horizontal, vertical or"),
        (lambda: L.RandomRotation(0.1, fill_mode="mirror"), "`fill_mode` must be reflect, wrap"),
        (lambda: L.RandomZoom(0.1, interpolation="bicubic"), "`interpolation` must be nearest or bil"),
        (lambda: L.RandomGaussianBlur(kernel_size=4), "kernel_size"),
        (lambda: L.MixUp(0), "`alpha` must be > 0"),
        (lambda: L.AugMix(num_chains=0), "`num_chains` must be >= 1"),
        (lambda: L.RandomContrast(0.1)(X[0]), "expected ndim=4, found ndim=3"),
        (lambda: L.RandomHue(0.1)(X[..., :1]), "needs images of 3 channels, got 1"),
        (lambda: L.RandomGrayscale()(X[..., :2]), "3 channels"),
        (lambda: L.RandomErasing(fill_value=[1, 2])(X), "images of 3 channels; `fill_value` has 2"),
        (lambda: L.RandomFlip()({"images": X, "segmentation_masks": X}), "it has \"segmentation_masks"),
        (lambda: L.MixUp()({"images": X, "labels": np.float32(3)}), "batch dimension"),
        (lambda: L.RandomShear()(keras.Input((2**13, 2**12, 3)), training=True), "have at most 16777216 pixels"),
        (lambda: L.RandomFlip()([X, X]), "takes one input, got 2"),
    ],
)
def test_refusals(run, words):
    with pytest.raises((ValueError, errors.Error)) as caught:
        run()
    assert words in str(caught.value)


@pytest.mark.parametrize("name", WITH_ALL)
def test_threads_do_not_change_a_bit(name):
    x = np.random.RandomState(4).uniform(0, 255, (64, 24, 20, 3)).astype("float32")
    given = {} if name in DETERMINISTIC else {"seed": 6}
    usual = _core.thread_count()
    results = []
    try:
        for threads in (1, 3):
            _core.set_thread_count(threads)
            results.append(trained(name, x, **given))
    finally:
        _core.set_thread_count(usual)
    np.testing.assert_array_equal(*results)
