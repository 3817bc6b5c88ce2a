"""tf.nn: activations, losses from logits, normalization, convolutions and pools."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Optional, Tuple

from . import _core
from ._convolution_ops import (  # noqa: F401
    atrous_conv2d,
    avg_pool,
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    bias_add,
    conv1d,
    conv1d_transpose,
    conv2d,
    conv2d_transpose,
    conv3d,
    conv3d_transpose,
    conv_transpose,
    convolution,
    depthwise_conv2d,
    max_pool,
    max_pool1d,
    max_pool2d,
    max_pool3d,
    pool,
    separable_conv2d,
)
from ._framework import apply, as_tensor, composed, graph_of, operands
from ._math_ops import (
    log_sigmoid as log_sigmoid,
    maximum,
    reduce_mean,
    reduce_sum,
    reduction,
    sigmoid as sigmoid,
    softplus as softplus,
    square,
    stop_gradient,
    tanh as tanh,
)
from ._missing import getattr_of as _getattr_of
from ._random_ops import dropout as dropout
from ._special_ops import (
    batch_normalization as batch_normalization,
    crelu as crelu,
    in_top_k as in_top_k,
    local_response_normalization as local_response_normalization,
    lrn as lrn,
    top_k as top_k,
    zero_fraction as zero_fraction,
)

if TYPE_CHECKING:
    from ._framework import Tensor
    from ._typing import Axis, Name, TensorLike

__getattr__ = _getattr_of(__name__)


def relu(features: TensorLike, name: Name = None) -> Tensor:
    """max(x, 0)."""
    return apply("relu", [features], None, name, "Relu")


def relu6(features: TensorLike, name: Name = None) -> Tensor:
    """min(max(x, 0), 6)."""
    with composed(name, "Relu6", features) as full:
        x = as_tensor(features)
        return apply("where", [x >= 6, 6, relu(x)], None, full)


def leaky_relu(features: TensorLike, alpha: float = 0.2, name: Name = None) -> Tensor:
    """x, and alpha * x where x < 0."""
    return apply("leaky_relu", [features], {"alpha": float(alpha)}, name, "LeakyRelu")


def elu(features: TensorLike, name: Name = None) -> Tensor:
    """x, and exp(x) - 1 where x < 0."""
    return apply("elu", [features], {"alpha": 1.0}, name, "Elu")


# Klambauer et al., "Self-normalizing neural networks", 2017.
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


def selu(features: TensorLike, name: Name = None) -> Tensor:
    """scale * elu(x) with the constants of self-normalizing networks."""
    with composed(name, "Selu", features) as full:
        x = apply("elu", [features], {"alpha": _SELU_ALPHA}, default="Elu")
        return apply("mul", [x, _SELU_SCALE], None, full)


def gelu(features: TensorLike, approximate: bool = False, name: Name = None) -> Tensor:
    """x times the normal distribution function at x, exactly or in its tanh form."""
    return apply("gelu_tanh" if approximate else "gelu", [features], None, name, "Gelu")


def silu(features: TensorLike, beta: TensorLike = 1.0, name: Name = None) -> Tensor:
    """x * sigmoid(beta * x)."""
    if isinstance(beta, (int, float)) and beta == 1:
        return apply("silu", [features], None, name, "silu")
    with composed(name, "silu", features) as full:
        x = as_tensor(features)
        return apply("mul", [x, sigmoid(x * beta)], None, full)


swish = silu


def softsign(features: TensorLike, name: Name = None) -> Tensor:
    """x / (1 + |x|)."""
    with composed(name, "Softsign", features) as full:
        x = as_tensor(features)
        return apply("div", [x, apply("abs", [x], default="Abs") + 1], None, full)


def softmax(
    logits: Optional[TensorLike], axis: Axis = None, name: Name = None, dim: Axis = None
) -> Tensor:
    """exp(x) / sum(exp(x)) along `axis` (default: the last), or along several axes together."""
    axis = dim if axis is None else axis
    if not isinstance(axis, (list, tuple)):
        return apply("softmax", [logits], {"axis": -1 if axis is None else axis}, name, "Softmax")
    with composed(name, "Softmax", logits) as full:
        powers = apply("exp", [_shifted(logits, axis)], default="Exp")
        return apply("div", [powers, reduce_sum(powers, axis, keepdims=True)], None, full)


def log_softmax(
    logits: Optional[TensorLike], axis: Axis = None, name: Name = None, dim: Axis = None
) -> Tensor:
    """The logarithm of softmax along `axis` (default: the last), or along several axes together."""
    axis = dim if axis is None else axis
    if not isinstance(axis, (list, tuple)):
        attrs = {"axis": -1 if axis is None else axis}
        return apply("log_softmax", [logits], attrs, name, "LogSoftmax")
    with composed(name, "LogSoftmax", logits) as full:
        shifted = _shifted(logits, axis)
        total = reduction("logsumexp", shifted, axis, True, None, "ReduceLogSumExp")
        return apply("sub", [shifted, total], None, full)


def _shifted(x, axis):
    """x moved so that the largest element over `axis` is 0: exp does not overflow."""
    x = as_tensor(x)
    return x - stop_gradient(reduction("max", x, axis, True, None, "Max"))


def _named(labels, logits, function, sentinel=None):
    if sentinel is not None or labels is None or logits is None:
        raise _core.InvalidArgument(f"{function}: give labels= and logits= by name")


def _labels_and_logits(labels, logits, full):
    logits = as_tensor(logits, graph=graph_of(labels, logits))
    (labels,) = operands(logits.graph, [labels], full[:-1], logits.dtype)
    return labels, logits


def softmax_cross_entropy_with_logits_v2(
    labels: Optional[TensorLike] = None,
    logits: Optional[TensorLike] = None,
    axis: Axis = None,
    name: Name = None,
    dim: Axis = None,
) -> Tensor:
    """-sum(labels * log_softmax(logits)) along `axis`; labels are probabilities and may be
    differentiated.
    """
    _named(labels, logits, "softmax_cross_entropy_with_logits_v2")
    axis = dim if axis is None else axis
    with composed(name, "softmax_cross_entropy_with_logits", labels, logits) as full:
        labels, logits = _labels_and_logits(labels, logits, full)
        axis = -1 if axis is None else axis
        if axis not in (-1, logits.ndim - 1):
            labels, logits = _axis_last(labels, axis), _axis_last(logits, axis)
        return apply("softmax_cross_entropy", [logits, labels], None, full)


def _axis_last(x, axis):
    from ._array_ops import transpose

    axis %= x.ndim
    return transpose(x, [i for i in range(x.ndim) if i != axis] + [axis])


def softmax_cross_entropy_with_logits(
    _sentinel: None = None,
    labels: Optional[TensorLike] = None,
    logits: Optional[TensorLike] = None,
    dim: Axis = -1,
    name: Name = None,
    axis: Axis = None,
) -> Tensor:
    """-sum(labels * log_softmax(logits)) along `axis`; no gradient flows to the labels."""
    _named(labels, logits, "softmax_cross_entropy_with_logits", _sentinel)
    with composed(name, "softmax_cross_entropy_with_logits_sg", labels, logits) as full:
        labels, logits = _labels_and_logits(labels, logits, full)
        return softmax_cross_entropy_with_logits_v2(
            stop_gradient(labels), logits, dim if axis is None else axis, full
        )


def sparse_softmax_cross_entropy_with_logits(
    _sentinel: None = None,
    labels: Optional[TensorLike] = None,
    logits: Optional[TensorLike] = None,
    name: Name = None,
) -> Tensor:
    """-log_softmax(logits) at the labels, which are class indices."""
    _named(labels, logits, "sparse_softmax_cross_entropy_with_logits", _sentinel)
    default = "SparseSoftmaxCrossEntropyWithLogits"
    with composed(name, default, labels, logits) as full:
        graph = graph_of(labels, logits)
        labels, logits = as_tensor(labels, graph=graph), as_tensor(logits, graph=graph)
        return apply("sparse_softmax_cross_entropy", [logits, labels], None, full)


def sigmoid_cross_entropy_with_logits(
    _sentinel: None = None,
    labels: Optional[TensorLike] = None,
    logits: Optional[TensorLike] = None,
    name: Name = None,
) -> Tensor:
    """Elementwise cross-entropy of the probabilities sigmoid(logits)."""
    _named(labels, logits, "sigmoid_cross_entropy_with_logits", _sentinel)
    with composed(name, "logistic_loss", labels, logits) as full:
        labels, logits = _labels_and_logits(labels, logits, full)
        return apply("sub", [softplus(logits), logits * labels], None, full)


def l2_loss(t: TensorLike, name: Name = None) -> Tensor:
    """sum(t^2) / 2."""
    with composed(name, "L2Loss", t) as full:
        total = reduce_sum(square(as_tensor(t)))
        return apply("mul", [total, 0.5], None, full)


def l2_normalize(
    x: TensorLike, axis: Axis = None, epsilon: float = 1e-12, name: Name = None, dim: Axis = None
) -> Tensor:
    """x divided by its Euclidean norm along `axis`, or by sqrt(epsilon) where that is more."""
    with composed(name, "l2_normalize", x) as full:
        x = as_tensor(x)
        length = reduction("norm", x, dim if axis is None else axis, True, None, "norm")
        return apply("div", [x, maximum(length, math.sqrt(epsilon))], None, full)


def moments(
    x: TensorLike,
    axes: Any,
    shift: Any = None,
    name: Name = None,
    keep_dims: Optional[bool] = None,
    keepdims: Optional[bool] = None,
) -> Tuple[Tensor, Tensor]:
    """(mean, variance) over the axes."""
    keepdims = bool(keepdims or keep_dims)
    with composed(name, "moments", x):
        x = as_tensor(x)
        mean = reduce_mean(x, axes, True)
        variance = reduction(
            "mean", square(x - stop_gradient(mean)), axes, keepdims, None, "variance"
        )
        return (mean if keepdims else reduce_mean(x, axes)), variance


def embedding_lookup(
    params: TensorLike, ids: TensorLike, partition_strategy: str = "mod", name: Name = None
) -> Tensor:
    """Rows of `params` at the ids."""
    from ._array_ops import gather

    return gather(params, ids, name=name)


def xw_plus_b(x: TensorLike, weights: TensorLike, biases: TensorLike, name: Name = None) -> Tensor:
    """x times weights plus biases."""
    from ._math_ops import matmul

    with composed(name, "xw_plus_b", x) as full:
        return apply("add", [matmul(x, weights), biases], None, full)
