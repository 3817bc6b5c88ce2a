"""Inputs and the value-and-gradient driver that the graph cases share."""

import numpy as np


def normal(seed, *shape, scale=1.0):
    """float32 samples of a normal distribution, the same on every machine."""
    return (np.random.RandomState(seed).standard_normal(shape) * scale).astype(np.float32)


def positive(seed, *shape):
    """float32 samples in (0.3, 2.5): safe for log, sqrt, division and pow."""
    return np.random.RandomState(seed).uniform(0.3, 2.5, shape).astype(np.float32)


def apart(seed, *shape):
    """float32 values that are all different, at least 0.15 apart and 0.1 away from zero and the
    integers.
    """
    count = int(np.prod(shape, dtype=int))
    steps = np.arange(count) - count // 2
    values = steps * 0.25 + 0.125
    return np.random.RandomState(seed).permutation(values).reshape(shape).astype(np.float32)


def op_case(build, *arrays, unknown_batch=False, differentiable=True):
    """A case: y = build(tf, *placeholders), dy/dx for each input, with weights on the outputs so
    that no term cancels.

    The gradient of sum(w * y) with fixed w shows every element of the Jacobian's transpose; a list
    of outputs is summed.
    """

    def case(tf, np):
        feeds = {}
        for array in arrays:
            shape = [None, *array.shape[1:]] if unknown_batch else list(array.shape)
            placeholder = tf.placeholder(tf.float32, shape)
            feeds[placeholder] = array
        inputs = list(feeds)
        outputs = build(tf, *inputs)
        outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        with tf.Session() as session:
            values = session.run(outputs, feeds)
            results = {f"y{i}": value for i, value in enumerate(values)}
            if differentiable:
                weights = [
                    np.cos(np.arange(value.size) * 0.7 + 0.3)
                    .reshape(value.shape)
                    .astype(np.float32)
                    for value in values
                ]
                total = [tf.reduce_sum(y * tf.constant(w)) for y, w in zip(outputs, weights)]
                gradients = tf.gradients(total, inputs)
                results["connected"] = np.array([g is not None for g in gradients])
                connected = {f"dx{i}": g for i, g in enumerate(gradients) if g is not None}
                results.update(session.run(connected, feeds))
        return results

    return case


def value_case(build, *arrays):
    """A case of values only: for ops on integers and booleans, or with integer results."""

    def case(tf, np):
        inputs = [tf.constant(array) for array in arrays]
        outputs = build(tf, *inputs)
        outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        with tf.Session() as session:
            return {f"y{i}": value for i, value in enumerate(session.run(outputs))}

    return case
