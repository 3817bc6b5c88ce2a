"""Layers that give images another size, and pools of a given number of windows."""

from parity_harness import CaseTable

from .vision import layer_case

CASES = CaseTable()
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
SHAPE = (6, 8, 3)


def add(name, make, shape):
    CASES.add(name, layer_case(make, shape))


for interpolation in INTERPOLATIONS:
    for size in ((3, 4), (12, 8), (5, 11), (13, 5), (1, 1)):
        for antialias in (False, True):
            if interpolation == "bicubic" and not antialias and size in ((5, 11), (13, 5)):
                continue  # TensorFlow rounds these weights' places in float
            add(f"resizing_{interpolation}_{size[0]}_by_{size[1]}{'_antialias' * antialias}",
                lambda L, i=interpolation, s=size, a=antialias: L.Resizing(
                    *s, interpolation=i, antialias=a), SHAPE)
    add(f"upsampling2d_{interpolation}",
        lambda L, i=interpolation: L.UpSampling2D((2, 4), interpolation=i), (5, 4, 3))
for name, options in {
    "crop": {"crop_to_aspect_ratio": True},
    "pad": {"pad_to_aspect_ratio": True},
    "pad_with_value": {"pad_to_aspect_ratio": True, "fill_value": 0.5},
}.items():
    for size in ((4, 4), (3, 9), (9, 3)):
        add(f"resizing_{name}_{size[0]}_by_{size[1]}",
            lambda L, o=options, s=size: L.Resizing(*s, **o), SHAPE)
for size in ((4, 4), (5, 5), (6, 8), (1, 3), (9, 9), (4, 12), (12, 3)):
    add(f"center_crop_{size[0]}_by_{size[1]}", lambda L, s=size: L.CenterCrop(*s), SHAPE)

POOLS = {
    "Average": {1: "AdaptiveAveragePooling1D", 2: "AdaptiveAveragePooling2D",
                3: "AdaptiveAveragePooling3D"},
    "Max": {1: "AdaptiveMaxPooling1D", 2: "AdaptiveMaxPooling2D", 3: "AdaptiveMaxPooling3D"},
}
for kind, names in POOLS.items():
    for rank, sizes in {
        1: (3, 4, 9, 13),
        2: (2, (3, 4), (7, 6), (9, 5)),
        3: (2, (3, 4, 5)),
    }.items():
        shape = {1: (9, 4), 2: (7, 6, 4), 3: (5, 5, 5, 2)}[rank]
        for number, size in enumerate(sizes):
            add(f"adaptive_{kind.lower()}_pooling{rank}d_{number}",
                lambda L, n=names[rank], s=size: getattr(L, n)(s), shape)
