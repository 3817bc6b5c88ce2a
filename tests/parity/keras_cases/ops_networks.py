"""keras.ops: activations, normalizations, losses, attention, convolutions and pools."""

import numpy as np

from ._common import distribution, normal, uniform
from ._ops import OpCases

CASES = OpCases()

X = normal(1, 3, 4)
ROW = normal(2, 4)
SPREAD = (np.arange(12, dtype="float32").reshape(3, 4) - 5.6) * 0.61

CASES.each(
    "celu elu gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu log_sigmoid "
    "log_softmax relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus "
    "sparse_sigmoid sparsemax squareplus swish tanh_shrink",
    SPREAD, of=(0,),
)
CASES.op("threshold", SPREAD, 0.4, -1.0, of=(0,))
CASES.op("celu", SPREAD, 0.7, case="alpha")
CASES.op("elu", SPREAD, 0.7, case="alpha")
CASES.op("gelu", SPREAD, False, case="exact")
CASES.op("glu", SPREAD, 1, case="axis")
CASES.op("leaky_relu", SPREAD, 0.05, case="slope")
CASES.each("softmax log_softmax", SPREAD, None, case="all")
CASES.each("softmax log_softmax", SPREAD, (0, 1), case="axes")

CASES.op("normalize", X, of=(0,))
CASES.op("normalize", X, axis=0, order=3, case="order")
CASES.op("batch_normalization", X, ROW, np.abs(ROW) + 0.5, -1, ROW * 2, ROW + 3, of=(0, 1, 2))
CASES.op("layer_normalization", X, of=(0,))
CASES.op("layer_normalization", X, ROW, ROW * 2, epsilon=0.01, case="weights")
CASES.op("rms_normalization", X, ROW, of=(0, 1))

LABELS = np.array([1, 3, 0])
CASES.op("one_hot", LABELS, 4)
CASES.op("one_hot", LABELS, 4, axis=0, dtype="int32", case="axis")
CASES.op("one_hot", np.array([-1, 5, 2]), 4, case="outside")
CASES.op("multi_hot", np.array([[0, 2], [1, 1], [3, 0]]), 4)
CASES.op("binary_crossentropy", uniform(3, 3, 4), uniform(4, 3, 4), of=(1,))
CASES.op("binary_crossentropy", uniform(3, 3, 4), X, True, of=(1,), case="logits")
CASES.op("categorical_crossentropy", distribution(5, 3, 4), distribution(6, 3, 4), of=(1,))
CASES.op("categorical_crossentropy", distribution(5, 3, 4), X, True, of=(1,), case="logits")
CASES.op("sparse_categorical_crossentropy", LABELS, distribution(6, 3, 4), of=(1,))
CASES.op("sparse_categorical_crossentropy", LABELS, X, True, of=(1,), case="logits")
CASES.op("psnr", X, X + ROW * 0.1, 2.0, of=(0,))
TARGET = np.array([[1, 2, 1], [2, 2, 0]], "int32")
OUTPUT = normal(7, 2, 6, 4)
LENGTHS = np.array([3, 2], "int32"), np.array([6, 5], "int32")
CASES.op("ctc_loss", TARGET, OUTPUT, *LENGTHS)
CASES.op("ctc_decode", OUTPUT, LENGTHS[1])

HEADS = [normal(8 + i, 2, 5, 4, 3) for i in range(3)]
CASES.op("dot_product_attention", *HEADS, of=(0, 1, 2))
CASES.op("dot_product_attention", *HEADS, is_causal=True, case="causal")
MASK = np.arange(50).reshape(2, 1, 5, 5) % 3 != 1
CASES.op("dot_product_attention", *HEADS, mask=MASK, scale=0.3, case="mask")

IMAGE = normal(20, 2, 7, 6, 4)
LINE = normal(21, 2, 9, 3)
CASES.each("max_pool average_pool", IMAGE, 2, of=(0,))
CASES.each("max_pool average_pool", IMAGE, (3, 2), (2, 1), "same", case="same")
CASES.each("max_pool average_pool", LINE, 3, 2, case="line")
CASES.op("conv", IMAGE, normal(22, 3, 3, 4, 2), of=(0, 1))
CASES.op("conv", IMAGE, normal(22, 3, 3, 4, 2), 2, "same", case="same")
CASES.op("conv", LINE, normal(23, 3, 3, 2), 1, "valid", None, 2, case="line")
CASES.op("depthwise_conv", IMAGE, normal(24, 3, 3, 4, 2), of=(0, 1))
CASES.op("separable_conv", IMAGE, normal(24, 3, 3, 4, 2), normal(25, 1, 1, 8, 3), padding="same")
CASES.op("conv_transpose", IMAGE, normal(26, 3, 3, 2, 4), 2, of=(0, 1))
CASES.op("conv_transpose", IMAGE, normal(26, 3, 3, 2, 4), 2, "same", case="same")
CASES.op("conv_transpose", LINE, normal(27, 4, 2, 3), 3, "valid", case="line")
CASES.op("depth_to_space", IMAGE, 2)
CASES.op("space_to_depth", normal(28, 2, 4, 6, 3), 2)
PLANES = normal(29, 2, 3, 6, 5)
CASES.op("unfold", PLANES, 3)
CASES.op("unfold", PLANES, (2, 3), padding=1, stride=2, case="steps")
CASES.op("fold", normal(30, 2, 12, 20), (6, 5), 2)
