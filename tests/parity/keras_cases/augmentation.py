"""Layers that vary images at random, where chance decides nothing: factors of one value, and
probabilities of 0 and 1. What else they do is tested in tests/python/test_augmentation_layers.py.
"""

import numpy as np
from parity_harness import CaseTable

from ._common import uniform

CASES = CaseTable()
IMAGES = uniform(1, 2, 6, 7, 3, low=0.0, high=255.0)
UNITS = uniform(2, 2, 6, 7, 3, low=0.02, high=0.98)


def add(name, make, images=IMAGES):
    """The images as training has them."""
    CASES.add(name, lambda keras, np: {
        "y": np.asarray(make(keras.layers)(images, training=True)),
    })


def add_inference(name, make, images=IMAGES):
    """The images as inference has them."""
    CASES.add(f"{name}_at_inference", lambda keras, np: {
        "y": np.asarray(make(keras.layers)(images, training=False)),
    })


def add_choice(name, make):
    """Of the two results that one image can have, both: told apart by a weighted sum."""
    image = UNITS[:1].repeat(32, axis=0)

    def case(keras, np):
        y = np.asarray(make(keras.layers)(image, training=True))
        score = (y * np.linspace(-1, 2, y[0].size).reshape(y[0].shape)).sum((1, 2, 3))
        return {"y": y[[score.argmin(), score.argmax()]]}

    CASES.add(name, case)


def first(x):
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2))


# Colors.
for factor in (-0.3, 0.0, 0.2):
    add(f"brightness_{factor}", lambda L, f=factor: L.RandomBrightness((f, f)))
add("brightness_of_units", lambda L: L.RandomBrightness((0.4, 0.4), value_range=(0, 1)), UNITS)
add("brightness_of_a_range", lambda L: L.RandomBrightness((0.4, 0.4), (-1, 3)), UNITS)
add("contrast_0", lambda L: L.RandomContrast((0.0, 0.0)))
for factor in (0.0, 0.3, 0.5, 0.8):
    add(f"saturation_{factor}",
        lambda L, f=factor: L.RandomSaturation((f, f), value_range=(0, 1)), UNITS)
    add(f"color_degeneration_{factor}", lambda L, f=factor: L.RandomColorDegeneration((f, f)))
    add(f"sharpness_{factor}", lambda L, f=factor: L.RandomSharpness((f, f)))
add("saturation_of_bytes", lambda L: L.RandomSaturation((0.3, 0.3)))
add("saturation_channels_first",
    lambda L: L.RandomSaturation((0.3, 0.3), (0, 1), data_format="channels_first"), first(UNITS))
add("sharpness_channels_first",
    lambda L: L.RandomSharpness((0.9, 0.9), data_format="channels_first"), first(IMAGES))
add("hue_0", lambda L: L.RandomHue((0.0, 0.0)))
add("hue_half_a_turn", lambda L: L.RandomHue((1.0, 1.0), value_range=(0, 1)), UNITS)
add_choice("hue_either_way", lambda L: L.RandomHue((0.4, 0.4), value_range=(0, 1)))
add("color_jitter", lambda L: L.RandomColorJitter(
    (0, 1), brightness_factor=(0.1, 0.1), saturation_factor=(0.4, 0.4), hue_factor=(1.0, 1.0)), UNITS)
add("color_jitter_of_nothing", lambda L: L.RandomColorJitter())
for bits in range(1, 9):
    add(f"posterization_{bits}", lambda L, b=bits: L.RandomPosterization((b, b)))
add("posterization_of_units", lambda L: L.RandomPosterization((2, 2), value_range=(0, 1)), UNITS)
add("solarization", lambda L: L.Solarization())
add("solarization_of_units", lambda L: L.Solarization(value_range=(0, 1)), UNITS)
for factor in (0.0, 1.0):
    add(f"grayscale_{factor}", lambda L, f=factor: L.RandomGrayscale(f))
    add(f"invert_{factor}", lambda L, f=factor: L.RandomInvert((f, f)))
add("grayscale_channels_first",
    lambda L: L.RandomGrayscale(1.0, data_format="channels_first"), first(IMAGES))
add("invert_of_units", lambda L: L.RandomInvert((1.0, 1.0), value_range=(0, 1)), UNITS)
for size, sigma in ((3, 0.4), (3, 1.0), (5, 0.7), (7, 1.0)):
    add(f"gaussian_blur_{size}_{sigma}",
        lambda L, n=size, s=sigma: L.RandomGaussianBlur((1.0, 1.0), n, (s, s)))
add("gaussian_blur_of_none", lambda L: L.RandomGaussianBlur((0.0, 0.0)))
add("auto_contrast", lambda L: L.AutoContrast())
add("auto_contrast_of_units", lambda L: L.AutoContrast((0, 1)), UNITS)
add("auto_contrast_of_flat_channels", lambda L: L.AutoContrast(),
    IMAGES * np.float32([1, 0, 1]) + np.float32([0, 7, 0]))
add_inference("auto_contrast", lambda L: L.AutoContrast())
for bins in (256, 16, 2):
    add(f"equalization_{bins}", lambda L, b=bins: L.Equalization(bins=b))
    add(f"equalization_of_bytes_{bins}", lambda L, b=bins: L.Equalization(bins=b), IMAGES.round())
add("equalization_of_units", lambda L: L.Equalization((0, 1), bins=64), UNITS)
add("equalization_of_flat_channels", lambda L: L.Equalization(),
    IMAGES * np.float32([1, 0, 1]) + np.float32([0, 7, 0]))
add_inference("equalization", lambda L: L.Equalization())

# Places of pixels.
SAMPLING = [
    {"fill_mode": mode, "interpolation": interpolation}
    for mode in ("reflect", "wrap", "constant", "nearest")
    for interpolation in ("bilinear", "nearest")
]
for sampling in SAMPLING:
    given = {**sampling, "fill_value": 3.0}
    end = "_".join(sampling.values())
    for factor in (0.07, -0.31, 0.9):
        add(f"rotation_{factor}_{end}", lambda L, f=factor, g=given: L.RandomRotation((f, f), **g))
    for down, across in ((0.3, -0.17), (-0.9, 0.83)):
        add(f"translation_{down}_{across}_{end}",
            lambda L, d=down, a=across, g=given: L.RandomTranslation((d, d), (a, a), **g))
        add(f"zoom_{down}_{across}_{end}",
            lambda L, d=down, a=across, g=given: L.RandomZoom((d, d), (a, a), **g))
    add_choice(f"shear_{end}", lambda L, g=given: L.RandomShear((0.37, 0.37), (0.21, 0.21), **g))
add("zoom_by_height", lambda L: L.RandomZoom((0.4, 0.4)))
add("rotation_channels_first",
    lambda L: L.RandomRotation((0.1, 0.1), data_format="channels_first"), first(IMAGES))
add("perspective_of_none", lambda L: L.RandomPerspective((0.0, 0.0)))
add("perspective_of_no_scale", lambda L: L.RandomPerspective((1.0, 1.0), scale=0.0))
add("elastic_transform_of_none", lambda L: L.RandomElasticTransform((1.0, 1.0), scale=0.0))
for mode in ("horizontal", "vertical", "horizontal_and_vertical"):
    add_choice(f"flip_{mode}", lambda L, m=mode: L.RandomFlip(m))
for size in ((6, 4), (3, 7), (6, 7)):
    add(f"crop_{size[0]}_by_{size[1]}", lambda L, s=size: L.RandomCrop(*s))

# Mixtures.
for fill in (3.0, [1.0, 200.0, 300.0]):
    add(f"erasing_all_with_{np.size(fill)}_numbers",
        lambda L, f=fill: L.RandomErasing((1.0, 1.0), (1.0, 1.0), fill_value=f))
add("erasing_of_none", lambda L: L.RandomErasing((0.0, 0.0)))


def mixing_case(make):
    """Equal images and labels, which mixing leaves as they are."""

    def case(keras, np):
        given = {"images": UNITS[:1].repeat(4, axis=0), "labels": np.full((4, 2), 0.25, "float32")}
        y = make(keras.layers)(given, training=True)
        return {key: np.asarray(y[key]) for key in given}

    return case


CASES.add("mix_up_of_equal_images", mixing_case(lambda L: L.MixUp(0.3)))
CASES.add("cut_mix_of_equal_images", mixing_case(lambda L: L.CutMix()))
for name in ("MixUp", "CutMix", "RandAugment", "AugMix", "RandomElasticTransform", "RandomErasing"):
    add_inference(name, lambda L, n=name: getattr(L, n)())
