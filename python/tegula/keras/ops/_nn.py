"""Activations, normalizations, losses and attention."""

import math

from ... import _array_ops as _arrays
from ... import _core
from ... import _math_ops as _math
from ... import nn as _tf_nn
from ..._framework import apply
from .. import config as _config
from ._dispatch import axis_in, floating, known_size, named, op, refused, tensor
from ._indexing import take_along_axis
from ._reductions import mean, var

_nn = _core.nn


# Activations: the functions of keras.activations, with the arguments of keras.ops.


def _activation(name):
    def function(x):
        return _activated(_nn.activate, name, floating(x))

    return named(name, dict(_nn.activations())[name], function)


def _activated(native, *args, **kwargs):
    *others, x = args
    return x.graph.tensor(native(*others, x._value, **kwargs))


for _name in (
    "hard_sigmoid hard_silu hard_swish hard_tanh log_sigmoid relu relu6 selu sigmoid silu softplus "
    "softsign sparse_plus sparse_sigmoid swish tanh_shrink"
).split():
    globals()[_name] = _activation(_name)


@op
def leaky_relu(x, negative_slope=0.2):
    """x, and negative_slope · x where x < 0."""
    return _activated(_nn.leaky_relu, floating(x), negative_slope=float(negative_slope))


@op
def elu(x, alpha=1.0):
    """x, and alpha · (exp(x) - 1) where x < 0."""
    return _activated(_nn.elu, floating(x), alpha=float(alpha))


@op
def celu(x, alpha=1.0):
    """max(x, 0) + alpha · (exp(min(x, 0) / alpha) - 1)."""
    return _activated(_nn.celu, floating(x), alpha=float(alpha))


@op
def gelu(x, approximate=True):
    """x times the normal distribution function at x, in its tanh form or exactly."""
    return _activated(_nn.gelu, floating(x), approximate=bool(approximate))


@op
def glu(x, axis=-1):
    """The first half of an axis times the sigmoid of the second."""
    return _activated(_nn.glu, floating(x), axis=axis)


@op
def hard_shrink(x, threshold=0.5):
    """x where |x| > threshold, else 0."""
    return _activated(_nn.hard_shrink, floating(x), threshold=float(threshold))


@op
def soft_shrink(x, threshold=0.5):
    """x moved by the threshold towards 0, where it stays."""
    return _activated(_nn.soft_shrink, floating(x), threshold=float(threshold))


@op
def squareplus(x, b=4):
    """(x + sqrt(x² + b)) / 2."""
    return _activated(_nn.squareplus, floating(x), b=float(b))


@op
def sparsemax(x, axis=-1):
    """Keras's sparse probabilities along an axis."""
    return _activated(_nn.sparsemax, floating(x), axis=axis)


@op
def threshold(x, threshold, default_value):  # noqa: F811 - Keras's name
    """x where it is above the threshold, else the default."""
    arguments = {"threshold": float(threshold), "default_value": float(default_value)}
    return _activated(_nn.threshold, floating(x), **arguments)


def _over_axes(native, x, axis):
    """Along an axis, several together, or all for None."""
    x = floating(x)
    axes = list(range(x.ndim)) if axis is None else axis
    return native(x, list(axes) if isinstance(axes, (tuple, list)) else axes)


@op
def softmax(x, axis=-1):
    """exp(x) / sum(exp(x)) along an axis or several, or over all elements for None."""
    return _over_axes(_tf_nn.softmax, x, axis)


@op
def log_softmax(x, axis=-1):
    """The logarithm of softmax."""
    return _over_axes(_tf_nn.log_softmax, x, axis)


# Normalizations.


@op
def normalize(x, axis=-1, order=2, epsilon=None):
    """x divided by its norm of this order along the axis, or by epsilon where that is more."""
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"Argument `order` must be an int >= 1. Received: order={order}")
    from ._linalg import norm

    x = floating(x)
    epsilon = _config.epsilon() if epsilon is None else epsilon
    axis = axis if not isinstance(axis, (tuple, list)) else axis[0] if len(axis) == 1 else axis
    length = norm(x, ord=order, axis=axis, keepdims=True)
    return x / _math.maximum(length, epsilon)


@op
def batch_normalization(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3):
    """(x - mean) / sqrt(variance + epsilon) · scale + offset, of vectors along an axis."""
    x = floating(x)
    axis = axis_in(axis, x.ndim)

    def along(vector):
        shape = [-1 if i == axis else 1 for i in range(x.ndim)]
        return _arrays.reshape(tensor(vector, x.dtype), shape)

    factor = _math.rsqrt(along(variance) + epsilon)
    factor = factor if scale is None else factor * along(scale)
    result = (x - along(mean)) * factor
    return result if offset is None else result + along(offset)


def _over(x, axis):
    axes = axis if isinstance(axis, (tuple, list)) else [axis]
    return sorted(axis_in(a, x.ndim) for a in axes)


def _scale_along(vector, x, axes):
    """Weights of the normalized axes in x's rank."""
    weight = tensor(vector, x.dtype)
    shape = [-1 if x.shape[i] is None else int(x.shape[i]) for i in axes]
    full = [shape[axes.index(i)] if i in axes else 1 for i in range(x.ndim)]
    return _arrays.reshape(weight, full) if weight.ndim else weight


@op
def layer_normalization(x, gamma=None, beta=None, axis=-1, epsilon=None, **kwargs):
    """(x - mean) / sqrt(variance + epsilon) · gamma + beta over the axes of each sample."""
    if kwargs:
        raise refused(*next(iter(kwargs.items())), "layer_normalization", "gamma and beta are")
    x = floating(x)
    axes = _over(x, axis)
    epsilon = _config.epsilon() if epsilon is None else epsilon
    centered = x - _math.reduce_mean(x, axes, True)
    result = centered * _math.rsqrt(var(x, axes, True) + epsilon)
    result = result if gamma is None else result * _scale_along(gamma, x, axes)
    return result if beta is None else result + _scale_along(beta, x, axes)


@op
def rms_normalization(x, scale=None, axis=-1, epsilon=None):
    """x / sqrt(mean(x²) + epsilon) · scale over the axes."""
    x = floating(x)
    axes = _over(x, axis)
    epsilon = _config.epsilon() if epsilon is None else epsilon
    result = x * _math.rsqrt(_math.reduce_mean(_math.square(x), axes, True) + epsilon)
    return result if scale is None else result * _scale_along(scale, x, axes)


@op
def moments(x, axes, keepdims=False, synchronized=False):
    """(mean, variance) over the axes."""
    if synchronized:
        raise refused("synchronized", synchronized, "moments", "there is one device")
    x = floating(x)
    return mean(x, axes, keepdims), var(x, axes, keepdims)


# Labels and losses.


@op
def one_hot(x, num_classes, axis=-1, dtype=None, sparse=False):
    """A new axis that is 1 at the class and 0 elsewhere; all 0 for what is no class."""
    if sparse:
        raise refused("sparse", sparse, "one_hot", "there are no sparse tensors")
    return _arrays.one_hot(
        _math.cast(tensor(x), "int64"), int(num_classes), axis=axis, dtype=dtype or _config.floatx()
    )


@op
def multi_hot(inputs, num_classes=None, axis=-1, dtype=None, sparse=False, **kwargs):
    """1 for the classes that occur along the last axis, 0 for the others."""
    num_classes = kwargs.pop("num_tokens", num_classes)
    if num_classes is None:
        raise ValueError("Argument `num_classes` must be specified.")
    x = tensor(inputs)
    hot = one_hot(x, num_classes, axis=axis, dtype=dtype, sparse=sparse)
    reduced = 1 if x.ndim > 1 else 0
    return _math.reduce_max(hot, reduced)


def _probabilities(x):
    epsilon = _config.epsilon()
    return _math.clip_by_value(x, epsilon, 1 - epsilon)


@op
def binary_crossentropy(target, output, from_logits=False):
    """The cross-entropy of each element with its target, 0 to 1."""
    output = floating(output)
    target = tensor(target, output.dtype)
    if from_logits:
        return _tf_nn.sigmoid_cross_entropy_with_logits(labels=target, logits=output)
    p = _probabilities(output)
    return -(target * _math.log(p) + (1.0 - target) * _math.log(1.0 - p))


def _checked_classes(target, output):
    if len(target.shape) < 1:
        raise ValueError("Arguments `target` and `output` must be at least rank 1.")
    if not target.shape.is_compatible_with(output.shape):
        raise ValueError(
            f"Arguments `target` and `output` must have the same shape. Received: "
            f"target.shape={target.shape}, output.shape={output.shape}"
        )


@op
def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """-sum(target · log(output)) along the axis; outputs are scaled to sum to 1."""
    output = floating(output)
    target = tensor(target, output.dtype)
    _checked_classes(target, output)
    if from_logits:
        return _tf_nn.softmax_cross_entropy_with_logits_v2(target, output, axis)
    output = output / _math.reduce_sum(output, axis, True)
    return -_math.reduce_sum(target * _math.log(_probabilities(output)), axis)


@op
def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """-log(output) at the target class along the axis; outputs are scaled to sum to 1."""
    output = floating(output)
    axis = axis_in(axis, output.ndim)
    index = _math.cast(tensor(target), "int64")
    if index.ndim == output.ndim and index.shape[-1] == 1:
        index = _arrays.squeeze(index, [index.ndim - 1])
    logits = output if from_logits else _math.log(_probabilities(output))
    logs = _tf_nn.log_softmax(logits, axis)
    chosen = one_hot(index, known_size(output, axis, "the classes"), axis=axis, dtype=output.dtype)
    return -_math.reduce_sum(_arrays.where(_math.equal(chosen, 0.0), 0.0, logs), axis)


@op
def psnr(x1, x2, max_val):
    """Peak signal-to-noise ratio in decibels: 20 log10(max_val) - 10 log10(mean((x1 - x2)²))."""
    a, b = floating(x1, x2)
    if not a.shape.is_compatible_with(b.shape):
        raise ValueError(f"Input shapes {a.shape} and {b.shape} must match for PSNR calculation. ")
    error = _math.reduce_mean(_math.square(a - b))
    return 20 * math.log10(float(max_val)) - _math.log(error) * (10 / math.log(10))


@op
def ctc_loss(target, output, target_length, output_length, mask_index=0):
    """-log of the probability of the target under all alignments with the outputs [batch, time,
    classes], which are logits; `mask_index` is the class between labels.
    """
    inputs = [_math.cast(tensor(v), "int32") for v in (target, target_length, output_length)]
    labels, label_lengths, lengths = inputs
    attrs = {"blank": int(mask_index)}
    return apply("ctc_loss", [labels, floating(output), label_lengths, lengths], attrs)


@op
def ctc_decode(
    inputs, sequence_lengths, strategy="greedy", beam_width=100, top_paths=1, merge_repeated=True,
    mask_index=0,
):
    """([1, batch, time] classes of the best path with -1 behind, [batch, 1] the negated sum of the
    logits on it), of logits [batch, time, classes].
    """
    if strategy != "greedy":
        raise refused("strategy", strategy, "ctc_decode", "'greedy' is: beams need loops over data")
    x = floating(inputs)
    time = known_size(x, 1, "ctc_decode")
    lengths = _arrays.expand_dims(_math.cast(tensor(sequence_lengths), "int64"), -1)
    best = apply("argmax", [x], {"axis": 2})
    within = apply("positions", [best], {"axis": 1}) < lengths
    kept = _math.not_equal(best, int(mask_index))
    if merge_repeated:
        first = apply("pad", [_math.not_equal(best[:, 1:], best[:, :-1])],
                      {"before": [0, 1], "after": [0, 0], "value": 1.0})
        kept = kept & first
    kept = kept & within
    order = apply("argsort", [_math.cast(_math.logical_not(kept), "int32")], {"axis": 1})
    labels = take_along_axis(_arrays.where(kept, best, -1), order, 1)
    scores = _math.reduce_max(x, 2)
    total = -_math.reduce_sum(_arrays.where(within, scores, 0.0), 1, True)
    return _arrays.reshape(_math.cast(labels, "int32"), [1, -1, time]), total


# Attention.


def _causal(logits):
    """Whether a column is not beyond its row."""
    rows, columns = (apply("positions", [logits], {"axis": axis}) for axis in (2, 3))
    return columns <= rows


@op
def dot_product_attention(
    query, key, value, bias=None, mask=None, scale=None, is_causal=False, flash_attention=None,
    attn_logits_soft_cap=None,
):
    """softmax(query · keyᵀ · scale + bias) · value of [batch, time, heads, channels]; heads of the query
    share keys where there are fewer. `mask` is true where attention is paid.
    """
    if flash_attention:
        raise refused("flash_attention", flash_attention, "dot_product_attention", "None and False are")
    q, k, v = floating(query, key, value)
    for x in (q, k, v):
        if x.ndim != 4:
            raise ValueError(
                "`dot_product_attention` only supports 4D inputs. Received: "
                f"query.shape={q.shape}, key.shape={k.shape}, value.shape={v.shape}."
            )
    scale = 1 / math.sqrt(known_size(q, 3, "channels")) if scale is None else scale
    bias = None if bias is None else tensor(bias, q.dtype)
    mask = None if mask is None else tensor(mask, "bool")
    if attn_logits_soft_cap is not None:
        return _capped_attention(q, k, v, bias, mask, scale, is_causal, float(attn_logits_soft_cap))
    if bias is not None and mask is not None:
        mask = _arrays.where(mask, bias, -0.7 * float(q.dtype.max))
    elif mask is None:
        mask = tensor(True, "bool") if bias is None else bias
    attrs = {"scale": float(scale), "causal": bool(is_causal)}
    return apply("attention", [q, k, v, mask, tensor(0, "int64")], attrs)


def _capped_attention(q, k, v, bias, mask, scale, is_causal, cap):
    """Attention whose logits are softly limited, by plain ops."""
    heads, shared = known_size(q, 2, "heads"), known_size(k, 2, "heads")
    if heads != shared:
        from ._shapes import repeat

        k, v = (repeat(x, heads // shared, 2) for x in (k, v))
    q, k, v = (_arrays.transpose(x, [0, 2, 1, 3]) for x in (q, k, v))
    logits = _math.tanh(_math.matmul(q, k, transpose_b=True) * scale / cap) * cap
    if bias is not None:
        logits = logits + bias
    for one in [mask, _causal(logits) if is_causal else None]:
        if one is not None:
            logits = _arrays.where(one, logits, -0.7 * float(logits.dtype.max))
    return _arrays.transpose(_math.matmul(_tf_nn.softmax(logits), v), [0, 2, 1, 3])

