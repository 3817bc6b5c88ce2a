"""How the functions of keras.ops are compared: values and dtypes on arrays, gradients in a layer."""

import numpy as np

from parity_harness import CaseTable


def flat(results):
    """The arrays of nested results, in order."""
    if isinstance(results, dict):
        results = list(results.values())
    if isinstance(results, (tuple, list)):
        return [array for result in results for array in flat(result)]
    return [results]


def weighted_sum(keras, results):
    """Weights on all elements of float results, so that no term of a gradient cancels."""
    total = 0.0
    for y in flat(results):
        size = int(np.prod(y.shape, dtype=int))
        weights = np.cos(np.arange(size) * 0.7 + 0.3).reshape(tuple(y.shape)).astype(np.float32)
        if "float" in str(y.dtype):
            total = total + keras.ops.sum(y * weights)
    return total


def gradients(keras, function, arrays):
    """The gradients of a weighted sum of the results: what one step of rate 1 takes from weights with
    these values.
    """

    sizes = [array.size for array in arrays]
    ends = np.cumsum(sizes).tolist()

    class Function(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.flat = self.add_weight(shape=(ends[-1],), initializer="zeros", name="flat")

        def compute_output_shape(self, input_shape):
            return input_shape

        def call(self, inputs):
            parts = [self.flat[end - size : end] for size, end in zip(sizes, ends)]
            xs = [keras.ops.reshape(part, array.shape) for part, array in zip(parts, arrays)]
            return inputs + weighted_sum(keras, function(*xs))

    model = keras.Sequential([keras.Input((1,)), Function()])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda y_true, y_pred: keras.ops.mean(y_pred))
    before = np.concatenate([array.ravel() for array in arrays])
    model.set_weights([before])
    model.train_on_batch(np.zeros((1, 1), "float32"), np.zeros((1, 1), "float32"))
    parts = np.split(before - model.get_weights()[0], ends[:-1])
    return [part.reshape(array.shape) for part, array in zip(parts, arrays)]


class OpCases(CaseTable):
    """Cases of functions of keras.ops; `functions` are the names of those that have one."""

    def __init__(self):
        super().__init__()
        self.functions = set()

    def op(self, name, *args, of=(), case="", module="", **kwargs):
        """`name(*args, **kwargs)`; `of` are places of float32 arguments to take gradients by."""
        self.functions.add(name)
        path = f"{module}.{name}" if module else name

        def run(keras, np):
            function = keras.ops
            for part in path.split("."):
                function = getattr(function, part)
            results = flat(function(*args, **kwargs))
            found = {f"y{i}": np.asarray(y) for i, y in enumerate(results)}
            found["dtypes"] = np.array([str(y.dtype) for y in found.values()])
            if of:

                def differentiated(*xs):
                    given = list(args)
                    for place, x in zip(of, xs):
                        given[place] = x
                    return function(*given, **kwargs)

                for i, dx in enumerate(gradients(keras, differentiated, [args[i] for i in of])):
                    found[f"dx{i}"] = dx
            return found

        self.add("_".join(filter(None, (module, name, case))), run)

    def each(self, names, *args, **kwargs):
        """The same case of several functions."""
        for name in names.split():
            self.op(name, *args, **kwargs)
