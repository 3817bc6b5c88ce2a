"""(8) Convolutional networks: training steps and inference."""

from ..bars import mean_at_least, worst_at_least
from ..case import Case, Network
from ..peers import FRAMEWORKS

TITLE = "Convolutional networks"
NOTE = """`cnn`: that of `examples/vision/cnn`, for 28x28 images. `resnet`: ResNet-20 of He and others,
"Deep residual learning for image recognition" (2016), for 32x32x3 images, with projections where a
block halves the image. `separable`: depthwise and pointwise convolutions as in MobileNet (Howard and
others, 2017), for 32x32x3 images. They have 234, 274 and 550 thousand weights, the same in all
libraries, whose outputs are compared before they are measured. Training: softmax and cross-entropy,
Adam. Inference: from an array of the caller's, in the library's own order of channels, to
probabilities that the caller can read."""

CNN = Network("cnn", (28, 28, 1), 10)
RESNET = Network("resnet", (32, 32, 3), 10)
SEPARABLE = Network("separable", (32, 32, 3), 10)


def cnn(nn, x):
    x = nn.relu(nn.conv(x, 32, 3))
    x = nn.relu(nn.conv(x, 32, 3))
    x = nn.max_pool(x, 2)
    x = nn.relu(nn.conv(x, 64, 3))
    x = nn.dropout(nn.flatten(nn.max_pool(x, 2)), 0.4)
    x = nn.dropout(nn.relu(nn.dense(x, 128)), 0.4)
    return nn.dense(x, 10)


def _conv_and_norm(nn, x, filters, kernel, strides=1):
    return nn.batch_norm(nn.conv(x, filters, kernel, strides, padding=kernel // 2, bias=False))


def _residual(nn, x, filters, strides):
    inner = nn.relu(_conv_and_norm(nn, x, filters, 3, strides))
    inner = _conv_and_norm(nn, inner, filters, 3)
    if strides > 1:
        x = _conv_and_norm(nn, x, filters, 1, strides)
    return nn.relu(nn.add(x, inner))


def resnet(nn, x):
    x = nn.relu(_conv_and_norm(nn, x, 16, 3))
    for filters, first_strides in ((16, 1), (32, 2), (64, 2)):
        for strides in (first_strides, 1, 1):
            x = _residual(nn, x, filters, strides)
    return nn.dense(nn.mean_of_pixels(x), 10)


def separable(nn, x):
    x = nn.relu(_conv_and_norm(nn, x, 32, 3))
    for filters, strides in ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)):
        x = nn.relu(nn.batch_norm(nn.depthwise(x, 3, strides, padding=1)))
        x = nn.relu(_conv_and_norm(nn, x, filters, 1))
    return nn.dense(nn.mean_of_pixels(x), 10)


NETWORKS = {"cnn": cnn, "resnet": resnet, "separable": separable}


TRAINED = ((CNN, 32), (CNN, 128), (RESNET, 32), (RESNET, 128), (SEPARABLE, 32))
ANSWERING = tuple((network, batch) for network in (CNN, RESNET, SEPARABLE) for batch in (1, 8, 64))


def _cases(kind, rows):
    return [
        Case(f"{network.name}, {kind}, batch {batch}", f"network_{kind}", network=network, batch=batch)
        for network, batch in rows
    ]


def cases(quick):
    few = 1 if quick else None
    return [*_cases("step", TRAINED[:few]), *_cases("inference", ANSWERING[:few])]


def bars(results):
    def ratios(of, *rivals):
        return results.ratios("vision", [case.name for case in of], *rivals)

    training, inference = _cases("step", TRAINED), _cases("inference", ANSWERING)
    return [
        mean_at_least(
            "Convolutional networks, training: the best peer's time",
            ratios(training, FRAMEWORKS),
            1.5,
        ),
        worst_at_least(
            "Convolutional networks, inference: ONNX Runtime's time",
            ratios(inference, "onnxruntime"),
            1.2,
        ),
        worst_at_least(
            "Convolutional networks: the best peer's time",
            ratios([*training, *inference], FRAMEWORKS),
            0.9,
        ),
    ]
