"""keras.ops: linear algebra, signals, conversions, choices and loops."""

import numpy as np

from ._common import normal
from ._ops import OpCases

CASES = OpCases()

X = normal(1, 3, 4)
SQUARE = normal(2, 2, 3, 3) + 2 * np.eye(3, dtype="float32")
DEFINITE = SQUARE @ SQUARE.transpose(0, 2, 1) + np.eye(3, dtype="float32")
LOWER = np.linalg.cholesky(DEFINITE)
TALL = normal(3, 5, 3)

# Linear algebra. Vectors of decompositions have no sign of their own: products of them are compared.

CASES.op("cholesky", DEFINITE)
CASES.op("cholesky", DEFINITE, True, case="upper")
CASES.op("cholesky_inverse", LOWER)
CASES.each("det inv", SQUARE, of=(0,))
CASES.op("slogdet", SQUARE)
CASES.op("logdet", DEFINITE)
CASES.op("solve", SQUARE, normal(4, 2, 3, 2), of=(0, 1))
CASES.op("solve", SQUARE[0], normal(4, 3), case="vector")
CASES.op("solve_triangular", LOWER, normal(4, 2, 3, 2), True, of=(0, 1))
CASES.op("solve_triangular", LOWER.transpose(0, 2, 1).copy(), normal(4, 2, 3, 2), case="upper")
CASES.op("lu_factor", SQUARE[0])
CASES.op("qr", TALL)
CASES.op("qr", TALL, "complete", case="complete")
CASES.op("svd", TALL, compute_uv=False, of=(0,), case="values")
CASES.op("pinv", TALL)
CASES.op("lstsq", TALL, normal(5, 5, 2))
CASES.op("lstsq", TALL, normal(5, 5), case="vector")
CASES.op("matrix_rank", np.float32([[1, 2, 3], [2, 4, 6], [0, 0, 1]]))
CASES.op("norm", X, of=(0,))
for _order in (1, 2, np.inf, -np.inf, 0, 3):
    CASES.op("norm", X, _order, 1, case=f"vector_{_order}".replace("-", "minus_"))
for _order in (1, -1, 2, -2, np.inf, -np.inf, "fro", "nuc"):
    CASES.op("norm", X, _order, (0, 1), case=f"matrix_{_order}".replace("-", "minus_"))
CASES.op("norm", X, "nuc", (0, 1), True, case="keepdims")


def from_factors(name, arrays, rebuild):
    """Products of a decomposition's factors, and their gradient."""
    CASES.functions.add(name)

    def case(keras, np):
        from ._ops import gradients

        def rebuilt(x):
            return rebuild(keras.ops, getattr(keras.ops, name)(x))

        return {
            "y": np.asarray(rebuilt(arrays)),
            "dx": gradients(keras, rebuilt, [arrays])[0],
        }

    CASES.add(name + "_products", case)


from_factors("eigh", DEFINITE, lambda ops, f: ops.square(f[1]) * f[0][..., None, :] ** 2)
from_factors("svd", SQUARE, lambda ops, f: ops.square(f[0]) + f[1][..., None, :] * ops.square(f[2]))
from_factors("qr", TALL, lambda ops, f: ops.concatenate([ops.square(f[0]), ops.square(f[1])], 0))
from_factors("cholesky", DEFINITE, lambda ops, f: ops.exp(0.1 * f))


@CASES.case
def jvp(keras, np):
    x, direction = keras.ops.convert_to_tensor(X), keras.ops.convert_to_tensor(np.cos(X))
    y, change = keras.ops.jvp(lambda x: keras.ops.sin(x) * x, (x,), (direction,))
    return {"y": np.asarray(y), "change": np.asarray(change)}


CASES.functions.add("jvp")

# Signals.

SIGNAL = normal(6, 2, 16)
CASES.op("fft", (SIGNAL, normal(7, 2, 16)))
CASES.each("fft2 ifft2", (normal(8, 2, 4, 6), normal(9, 2, 4, 6)))
CASES.op("rfft", SIGNAL, of=(0,))
CASES.op("rfft", SIGNAL, 12, case="cut")
CASES.op("rfft", SIGNAL, 21, case="filled")
CASES.op("irfft", (normal(10, 2, 9), normal(11, 2, 9) * np.float32([0, *[1] * 7, 0])))
CASES.op("irfft", (normal(10, 2, 9), normal(11, 2, 9)), 15, case="odd")
CASES.op("extract_sequences", SIGNAL, 4, 3)
CASES.op("stft", SIGNAL, 8, 3, 10)
CASES.op("stft", SIGNAL, 8, 4, 8, "hamming", False, case="hamming")
CASES.op("istft", (normal(12, 2, 5, 5), normal(13, 2, 5, 5)), 8, 4, 8)

# Conversions.

CASES.op("cast", X, "int32")
CASES.op("cast", np.array([0, 3]), "bool", case="bool")
CASES.op("saturate_cast", np.float32([-3.0, 100.7, 400.0]), "uint8")
CASES.op("saturate_cast", np.array([-300, 7, 300], "int32"), "int8", case="int8")
CASES.op("stop_gradient", X)
CASES.op("convert_to_tensor", [1, 2, 3])
CASES.op("convert_to_tensor", X, "float64", case="float64")
CASES.op("convert_to_numpy", X)
CASES.op("is_tensor", X)
CASES.op("dtype", X)
CASES.op("view", np.array([1, 2], "int32"), "uint8")
CASES.each("empty", (0, 3))
CASES.op("empty_like", np.zeros((0, 2), "float32"))

# Choices and loops.


def loop_case(name, build):
    CASES.functions.add(name)

    def case(keras, np):
        from ._ops import flat

        results = flat(build(keras.ops))
        return {f"y{i}": np.asarray(y) for i, y in enumerate(results)}

    CASES.add(name, case)


loop_case("cond", lambda ops: [ops.cond(p, lambda: X * 2, lambda: X - 1) for p in (True, False)])
loop_case("switch", lambda ops: ops.switch(1, [lambda x: x, lambda x: x * 3], X))
loop_case("while_loop", lambda ops: ops.while_loop(lambda i, x: i < 5, lambda i, x: (i + 1, x * 1.5), (0, X)))
loop_case("fori_loop", lambda ops: ops.fori_loop(0, 4, lambda i, x: x + i, X))
loop_case("map", lambda ops: ops.map(lambda x: ops.sum(x) * x, X))
loop_case("vectorized_map", lambda ops: ops.vectorized_map(lambda x: ops.sum(x) * x, X))
loop_case("scan", lambda ops: ops.scan(lambda c, x: (c + x, c * x), np.zeros(4, "float32"), X))
loop_case("associative_scan", lambda ops: ops.associative_scan(lambda a, b: a + b, np.tile(X, (2, 1))))
