"""The functions that expressions are written with. Arrays have +, -, *, / among themselves and with
numbers; the rest is here. A peer implements the small ones and may replace the composed ones by its
own fused functions.
"""


class Namespace:
    # To be provided by every peer:
    #   exp(x) tanh(x) sqrt(x) rsqrt(x) abs(x) sigmoid(x) relu(x) maximum(x, y) minimum(x, y)
    #   sum(x, axis, keepdims) mean(x, axis, keepdims) max(x, axis, keepdims)
    #   softmax(x) over the last axis, cross_entropy(logits, labels), matmul(a, b, ta, tb)
    # axis: a number or None for all.

    def layer_norm(self, x, gain, bias, epsilon=1e-5):
        """Over the last axis."""
        centered = x - self.mean(x, -1, True)
        variance = self.mean(centered * centered, -1, True)
        return centered * self.rsqrt(variance + epsilon) * gain + bias
