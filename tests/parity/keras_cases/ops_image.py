"""keras.ops.image."""

import numpy as np

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
of_images("sobel_edges", IMAGES, of=(0,))
of_images("sobel_edges", IMAGES, data_format="channels_first", case="channels_first")
SEEN = normal(4, 2, 13, 12, 3)
ALIKE = 0.7 * SEEN + 0.3 * normal(5, 2, 13, 12, 3)
of_images("ssim", SEEN, ALIKE)
of_images("ssim", SEEN[:, :4, :4], ALIKE[:, :4, :4], filter_size=3, case="small", of=(0, 1))
of_images("ssim", SEEN[0], ALIKE[0], 2.0, 5, 1.1, 0.02, 0.05, case="one")
of_images("ssim", SEEN, ALIKE, filter_size=3, data_format="channels_first", case="channels_first")

for method in ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"):
    of_images("resize", IMAGES, (4, 9), method, case=method, of=(0,))
of_images("resize", IMAGES, (4, 9), "area", case="area")
of_images("resize", IMAGES, (3, 4), antialias=True, case="antialias")
of_images("resize", IMAGES[0], (5, 5), crop_to_aspect_ratio=True, case="crop")
of_images("resize", IMAGES, (4, 9), pad_to_aspect_ratio=True, fill_value=0.5, case="pad")
of_images("resize", IMAGES, (4, 3), data_format="channels_first", case="channels_first")
of_images("resize", (COLORS * 255).astype("uint8"), (9, 3), "bicubic", case="uint8")
of_images("resize", (COLORS * 255).astype("uint8"), (9, 3), "nearest", case="uint8_nearest")

SCALES = np.array([1.7, 0.6], "float32"), np.array([-0.8, 0.45], "float32")
for method in ("linear", "cubic", "lanczos3", "lanczos5"):
    of_images("scale_and_translate", IMAGES, (2, 9, 5, 2), *SCALES, (1, 2), method, case=method, of=(0,))
of_images(
    "scale_and_translate", IMAGES, (2, 7, 4, 2), [0.7], [1.5], (-2,), "bilinear", antialias=False,
    case="without_antialias",
)

# TensorFlow's Keras continues arrays in these modes as documented, but for "reflect" below 0 and "mirror".
PLACES = np.stack([uniform(6, 3, 4) * 11 - 3, uniform(7, 3, 4) * 10 - 2]).astype("float32")
for mode in ("constant", "nearest", "wrap"):
    for order in (0, 1):
        of_images("map_coordinates", IMAGES[0, :, :, 0], PLACES, order, mode, 0.5, case=f"{mode}_{order}")
of_images("map_coordinates", IMAGES[0, :, :, 0], abs(PLACES), 1, "reflect", case="reflect")
of_images("map_coordinates", IMAGES[0, :, :, 0], PLACES, 1, case="gradient", of=(0, 1))
of_images("map_coordinates", np.arange(30).reshape(5, 6), PLACES, 1, "nearest", case="integers")
of_images("map_coordinates", IMAGES[0, 0, :, 0], PLACES[:1, 0], 1, case="vector")

TURNS = np.array(
    [[0.9, -0.3, 0.8, 0.35, 1.1, -1.3, 0, 0], [1.2, 0.1, -2.2, -0.2, 0.8, 1.6, 0.03, -0.02]], "float32"
)
for method in ("nearest", "bilinear"):
    for mode in ("constant", "nearest", "wrap", "reflect"):
        of_images("affine_transform", IMAGES, TURNS, method, mode, 0.5, case=f"{method}_{mode}")
of_images("affine_transform", IMAGES, TURNS[0], case="one_for_all")
of_images("affine_transform", IMAGES[0], TURNS[1], case="one")
of_images("affine_transform", IMAGES, TURNS, data_format="channels_first", case="channels_first")
of_images("affine_transform", (COLORS * 255).astype("uint8"), TURNS, fill_value=7, case="uint8")
WITHOUT_PLACE = np.array([1, 0, 0, 0, 1, 0, -0.5, 0], "float32")  # where x = 2
of_images("affine_transform", IMAGES, WITHOUT_PLACE, fill_value=2.0, case="without_place")

CORNERS = np.array([[0, 0], [0, 6], [5, 0], [5, 6]], "float32")
MOVED = CORNERS + np.array([[0.4, -0.6], [1.1, 0.3], [-0.7, 0.9], [0.2, -1.2]], "float32")
for method in ("nearest", "bilinear"):
    of_images("perspective_transform", IMAGES, CORNERS, MOVED, method, 0.5, case=method)
of_images(
    "perspective_transform", IMAGES, np.stack([CORNERS, MOVED]), np.stack([MOVED, CORNERS]), case="each"
)
of_images("perspective_transform", IMAGES[0], MOVED, CORNERS, case="one")
of_images(
    "perspective_transform", IMAGES, CORNERS, MOVED, data_format="channels_first", case="channels_first"
)
# Without noise; the noise itself is each library's own.
of_images("elastic_transform", IMAGES, alpha=0.0, case="still")
