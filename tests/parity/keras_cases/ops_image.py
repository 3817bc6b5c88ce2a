"""keras.ops.image: colors, borders, patches and blurs."""

from ._common import normal, uniform
from ._ops import OpCases

CASES = OpCases()

COLORS = uniform(1, 2, 4, 5, 3)
IMAGES = normal(2, 2, 7, 6, 2)


def of_images(name, *args, **kwargs):
    CASES.op(name, *args, module="image", **kwargs)


of_images("rgb_to_grayscale", COLORS, of=(0,))
of_images("rgb_to_grayscale", COLORS[0], case="one")
of_images("rgb_to_grayscale", (COLORS * 255).astype("uint8"), case="uint8")
of_images("rgb_to_hsv", COLORS)
of_images("hsv_to_rgb", COLORS)
of_images("pad_images", IMAGES, 1, 2, 3, 0, of=(0,))
of_images("pad_images", IMAGES, None, 1, 1, target_height=9, target_width=8, case="target")
of_images("crop_images", IMAGES, 1, 2, 3, 0, of=(0,))
of_images("crop_images", IMAGES, 1, None, None, 1, target_height=4, target_width=3, case="target")
of_images("extract_patches", IMAGES, 3)
of_images("extract_patches", IMAGES, (2, 3), (1, 2), 1, "same", case="same")
of_images("extract_patches_3d", normal(3, 1, 4, 5, 6, 2), 2)
of_images("gaussian_blur", IMAGES, (5, 5), (1.2, 1.2), of=(0,))
