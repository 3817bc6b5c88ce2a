"""Convolutions, transposed ones and pools of one to three axes, with their gradients."""

from parity_harness import CaseTable

from ._common import apart, normal, op_case

CASES = CaseTable()

# name: (input, filter, strides, padding, dilations), channels last.
CONV2D = {
    "valid": ((2, 5, 6, 3), (3, 2, 3, 4), 1, "VALID", 1),
    "same": ((2, 5, 6, 3), (3, 2, 3, 4), 1, "SAME", 1),
    "same_strided": ((2, 7, 6, 2), (3, 4, 2, 3), [1, 2, 3, 1], "SAME", 1),
    "valid_strided": ((1, 8, 7, 2), (2, 3, 2, 3), [1, 3, 2, 1], "VALID", 1),
    "dilated": ((1, 8, 9, 2), (3, 2, 2, 3), 1, "SAME", [1, 2, 3, 1]),
    "explicit": ((1, 5, 6, 2), (3, 3, 2, 3), 2, [[0, 0], [2, 1], [0, 2], [0, 0]], 1),
    "stride_beyond_window": ((1, 7, 7, 2), (2, 1, 2, 3), 3, "SAME", 1),
    "pointwise": ((2, 4, 5, 3), (1, 1, 3, 4), 1, "VALID", 1),
    "many_channels": ((2, 6, 7, 20), (3, 3, 20, 35), 1, "SAME", 1),
}
for _name, (_x, _w, _strides, _padding, _dilations) in CONV2D.items():
    CASES.add(
        f"conv2d_{_name}",
        op_case(
            lambda tf, x, w, s=_strides, p=_padding, d=_dilations: tf.nn.conv2d(
                x, w, strides=s, padding=p, dilations=d
            ),
            normal(41, *_x),
            normal(42, *_w),
        ),
    )

CASES.add(
    "conv2d_groups",
    op_case(
        lambda tf, x, w: tf.nn.conv2d(x, w, strides=1, padding="SAME"),
        normal(41, 2, 4, 5, 6),
        normal(42, 3, 3, 2, 9),
        differentiable=False,
    ),
)
CASES.add(
    "conv2d_unknown_batch",
    op_case(
        lambda tf, x: tf.nn.conv2d(x, tf.constant(normal(42, 3, 3, 2, 4)), 2, "SAME"),
        normal(41, 3, 6, 5, 2),
        unknown_batch=True,
    ),
)
CASES.add(
    "conv1d_same",
    op_case(
        lambda tf, x, w: tf.nn.conv1d(x, w, stride=2, padding="SAME"),
        normal(41, 2, 7, 3),
        normal(42, 3, 3, 4),
    ),
)
CASES.add(
    "conv3d_same",
    op_case(
        lambda tf, x, w: tf.nn.conv3d(x, w, strides=[1, 1, 2, 1, 1], padding="SAME"),
        normal(41, 1, 3, 4, 5, 2),
        normal(42, 2, 3, 2, 2, 3),
    ),
)
CASES.add(
    "convolution_dilated",
    op_case(
        lambda tf, x, w: tf.nn.convolution(x, w, "SAME", dilation_rate=[2]),
        normal(41, 2, 9, 3),
        normal(42, 3, 3, 4),
    ),
)
CASES.add(
    "atrous_conv2d",
    op_case(
        lambda tf, x, w: tf.nn.atrous_conv2d(x, w, 2, "VALID"),
        normal(41, 1, 7, 8, 2),
        normal(42, 3, 3, 2, 3),
    ),
)
for _strides, _padding in (([1, 1, 1, 1], "SAME"), ([1, 2, 2, 1], "VALID")):
    CASES.add(
        f"depthwise_conv2d_{_padding.lower()}",
        op_case(
            lambda tf, x, w, s=_strides, p=_padding: tf.nn.depthwise_conv2d(x, w, s, p),
            normal(41, 2, 6, 5, 3),
            normal(42, 3, 3, 3, 2),
        ),
    )
CASES.add(
    "separable_conv2d",
    op_case(
        lambda tf, x, w, v: tf.nn.separable_conv2d(x, w, v, [1, 1, 1, 1], "SAME"),
        normal(41, 2, 5, 6, 3),
        normal(42, 3, 3, 3, 2),
        normal(43, 1, 1, 6, 4),
    ),
)

# name: (input, filter, output shape, strides, padding)
TRANSPOSED = {
    "valid": ((2, 3, 4, 3), (3, 2, 2, 3), (2, 7, 8, 2), 2, "VALID"),
    "same": ((2, 3, 4, 3), (3, 3, 2, 3), (2, 6, 8, 2), 2, "SAME"),
    "same_odd": ((2, 3, 4, 3), (3, 3, 2, 3), (2, 5, 7, 2), 2, "SAME"),
    "stride_1": ((1, 4, 4, 2), (3, 3, 3, 2), (1, 4, 4, 3), 1, "SAME"),
    "stride_beyond_window": ((1, 3, 3, 2), (2, 1, 3, 2), (1, 9, 8, 3), 3, "SAME"),
}
for _name, (_x, _w, _shape, _strides, _padding) in TRANSPOSED.items():
    CASES.add(
        f"conv2d_transpose_{_name}",
        op_case(
            lambda tf, x, w, o=_shape, s=_strides, p=_padding: tf.nn.conv2d_transpose(
                x, w, output_shape=o, strides=s, padding=p
            ),
            normal(41, *_x),
            normal(42, *_w),
        ),
    )
CASES.add(
    "conv1d_transpose",
    op_case(
        lambda tf, x, w: tf.nn.conv1d_transpose(x, w, [2, 8, 2], 2, "SAME"),
        normal(41, 2, 4, 3),
        normal(42, 3, 2, 3),
    ),
)
CASES.add(
    "conv3d_transpose",
    op_case(
        lambda tf, x, w: tf.nn.conv3d_transpose(x, w, [1, 4, 6, 4, 2], [1, 2, 2, 2, 1], "SAME"),
        normal(41, 1, 2, 3, 2, 3),
        normal(42, 2, 3, 2, 2, 3),
    ),
)

for _kind in ("max_pool", "avg_pool"):
    for _padding in ("SAME", "VALID"):
        _ending = f"{_kind}_{_padding.lower()}"
        CASES.add(
            f"{_ending}_1d",
            op_case(
                lambda tf, x, k=_kind, p=_padding: getattr(tf.nn, k + "1d")(x, 3, 2, p),
                apart(44, 2, 8, 3),
            ),
        )
        CASES.add(
            f"{_ending}_2d",
            op_case(
                lambda tf, x, k=_kind, p=_padding: getattr(tf.nn, k)(
                    x, ksize=[1, 3, 2, 1], strides=[1, 2, 2, 1], padding=p
                ),
                apart(44, 2, 6, 7, 3),
            ),
        )
        CASES.add(
            f"{_ending}_overlapping",
            op_case(
                lambda tf, x, k=_kind, p=_padding: getattr(tf.nn, k + "2d")(x, 3, 1, p),
                apart(44, 1, 5, 6, 2),
            ),
        )
        CASES.add(
            f"{_ending}_3d",
            op_case(
                lambda tf, x, k=_kind, p=_padding: getattr(tf.nn, k + "3d")(
                    x, [1, 2, 2, 3, 1], [1, 2, 1, 2, 1], p
                ),
                apart(44, 1, 4, 3, 5, 2),
            ),
        )
    CASES.add(
        f"pool_{_kind}",
        op_case(
            lambda tf, x, k=_kind: tf.nn.pool(x, [2, 3], k[:3].upper(), "SAME", strides=[2, 1]),
            apart(44, 1, 5, 6, 2),
        ),
    )
CASES.add(
    "bias_add_channels_first",
    op_case(
        lambda tf, x, b: tf.nn.bias_add(x, b, data_format="NCHW"),
        normal(41, 2, 3, 4, 5),
        normal(42, 3),
    ),
)
CASES.add(
    "small_network",
    op_case(
        lambda tf, x, w, b, v: tf.nn.conv2d(
            tf.nn.max_pool(
                tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, w, 1, "SAME"), b)), 2, 2, "VALID"
            ),
            v,
            1,
            "VALID",
        ),
        normal(41, 2, 8, 8, 1),
        normal(42, 3, 3, 1, 8),
        normal(43, 8),
        normal(45, 3, 3, 8, 5),
    ),
)
