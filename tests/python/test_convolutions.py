"""tf.nn's convolutions and pools: what the parity cases, which only know what TensorFlow's CPU
kernels can, leave out.
"""

import numpy as np
import pytest
import tegula as tf

RANDOM = np.random.RandomState(3)
X = RANDOM.standard_normal((2, 6, 7, 4)).astype(np.float32)
W = RANDOM.standard_normal((3, 2, 4, 5)).astype(np.float32)


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def value(fetch):
    with tf.Session() as session:
        return session.run(fetch)


def first(x):
    """Channels-last arrays with the channels first."""
    return np.moveaxis(x, -1, 1)


PADDING = [[0, 0], [2, 1], [0, 1], [0, 0]]
PADDING_FIRST = [[0, 0], [0, 0], [2, 1], [0, 1]]
LAST_AND_FIRST = {
    "conv2d": (
        lambda: tf.nn.conv2d(X, W, [1, 2, 1, 1], "SAME"),
        lambda: tf.nn.conv2d(first(X), W, [1, 1, 2, 1], "SAME", data_format="NCHW"),
    ),
    "conv2d, explicit": (
        lambda: tf.nn.conv2d(X, W, 1, PADDING, dilations=[1, 2, 1, 1]),
        lambda: tf.nn.conv2d(
            first(X), W, 1, PADDING_FIRST, data_format="NCHW", dilations=[1, 1, 2, 1]
        ),
    ),
    "conv1d": (
        lambda: tf.nn.conv1d(X[:, 0], W[0], 1, "VALID"),
        lambda: tf.nn.conv1d(first(X[:, 0]), W[0], 1, "VALID", data_format="NCW"),
    ),
    "depthwise_conv2d": (
        lambda: tf.nn.depthwise_conv2d(X, W, [1, 1, 1, 1], "SAME"),
        lambda: tf.nn.depthwise_conv2d(first(X), W, [1, 1, 1, 1], "SAME", data_format="NCHW"),
    ),
    "separable_conv2d": (
        lambda: tf.nn.separable_conv2d(X, W, np.ones((1, 1, 20, 3), np.float32), 1, "SAME"),
        lambda: tf.nn.separable_conv2d(
            first(X), W, np.ones((1, 1, 20, 3), np.float32), 1, "SAME", data_format="NCHW"
        ),
    ),
    "conv2d_transpose": (
        lambda: tf.nn.conv2d_transpose(X, W[..., :1, :4], [2, 12, 14, 1], 2),
        lambda: tf.nn.conv2d_transpose(
            first(X), W[..., :1, :4], [2, 1, 12, 14], 2, data_format="NCHW"
        ),
    ),
    "max_pool": (
        lambda: tf.nn.max_pool(X, [1, 3, 2, 1], [1, 2, 1, 1], PADDING),
        lambda: tf.nn.max_pool(first(X), [1, 1, 3, 2], [1, 1, 2, 1], PADDING_FIRST, "NCHW"),
    ),
    "avg_pool3d": (
        lambda: tf.nn.avg_pool3d(X[..., None], 2, 2, "SAME"),
        lambda: tf.nn.avg_pool3d(first(X[..., None]), 2, 2, "SAME", data_format="NCDHW"),
    ),
}


@pytest.mark.parametrize("case", LAST_AND_FIRST)
def test_channels_first_is_channels_last_transposed(case):
    last, channels_first = (build() for build in LAST_AND_FIRST[case])
    assert channels_first.shape.as_list() == list(first(np.empty(last.shape.as_list())).shape)
    np.testing.assert_array_equal(value(channels_first), first(value(last)))


def test_filters_for_a_part_of_the_channels_make_groups():
    y = value(tf.nn.conv2d(X, W[:, :, :2, :4], 1, "VALID"))
    halves = [
        value(tf.nn.conv2d(X[..., i : i + 2], W[:, :, :2, i : i + 2], 1, "VALID")) for i in (0, 2)
    ]
    np.testing.assert_allclose(y, np.concatenate(halves, -1), rtol=1e-5, atol=1e-5)


def test_a_transposed_convolution_of_an_unknown_batch_takes_a_stated_size():
    y = tf.placeholder(tf.float32, [None, 3, 4, 5])
    x = tf.nn.conv2d_transpose(y, W, [tf.shape(y)[0], 6, 8, 4], 2, "SAME")
    assert x.shape.as_list() == [None, 6, 8, 4]
    with tf.Session() as session:
        assert session.run(x, {y: np.ones((2, 3, 4, 5))}).shape == (2, 6, 8, 4)


def test_nan_wins_a_window_and_takes_its_gradient():
    x = tf.constant([[[1.0], [np.nan], [np.nan], [2.0]]])
    y = tf.nn.max_pool1d(x, 4, 4, "VALID")
    (dx,) = tf.gradients(y, [x])
    assert np.isnan(value(y)).all()
    assert value(dx).ravel().tolist() == [0, 1, 0, 0]


ERRORS = [
    (lambda: tf.nn.conv2d(X, W, 1, "FULL"), "padding 'FULL' is not known"),
    (lambda: tf.nn.conv2d(X, W, 1), "padding None is not known"),
    (lambda: tf.nn.conv2d(X, W, [2, 1, 1, 1], "SAME"), "must be 1 along the batch"),
    (lambda: tf.nn.conv2d(X, W, [1, 1, 1], "SAME"), "must be 1, 2 or 4 numbers"),
    (lambda: tf.nn.conv2d(X, W, 1, [[1, 1], [0, 0], [0, 0], [0, 0]]), "must be 0 along the batch"),
    (lambda: tf.nn.conv2d(X, W, 1, "SAME", data_format="NWC"), "expected 'NHWC' or 'NCHW'"),
    (lambda: tf.nn.conv2d(X, W, 1, "SAME", filters=W), "give filter or filters"),
    (lambda: tf.nn.conv2d(X, W[:, :, :3], 1, "SAME"), "x [2,6,7,4] has 4 channels"),
    (lambda: tf.nn.conv2d(X[:, :2], W, 1, "VALID"), "larger than the axis"),
    (lambda: tf.nn.convolution(X[0, 0], W, "SAME"), "the input has 2 axes"),
    (lambda: tf.nn.conv2d_transpose(X, W, [2, 6, 7, 4], 2), "dy has shape"),
    (lambda: tf.nn.conv2d_transpose(X, W, [3, 12, 14, 4], 2), "has batch 3, the input 2"),
    (lambda: tf.nn.max_pool(X, None, 2, "SAME"), "ksize is missing"),
    (lambda: tf.nn.avg_pool(X, 2, 2, PADDING), "padding must be 'SAME' or 'VALID'"),
    (lambda: tf.nn.pool(X, 2, "MIN", "SAME"), "expected 'MAX' or 'AVG'"),
    (lambda: tf.nn.pool(X, 2, "MAX", "SAME", dilations=2), "dilations 2 must be 1"),
    (lambda: tf.nn.bias_add(X, np.ones(4, np.float32), "NHC"), "data_format 'NHC' is not known"),
]


@pytest.mark.parametrize("build, text", ERRORS, ids=[text for _, text in ERRORS])
def test_wrong_arguments_are_refused_in_words(build, text):
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)) as caught:
        build()
    assert text in str(caught.value)
