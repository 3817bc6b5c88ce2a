"""Linear algebra; leading axes count matrices."""

import math

import numpy as np

from ... import _array_ops as _arrays
from ... import _math_ops as _math
from ..._framework import apply, apply_all
from ._dispatch import axis_in, floating, known, known_size, op, refused, tensor
from ._shapes import moveaxis


def _matrices(x, square=True):
    x = floating(x)
    if x.ndim < 2:
        raise ValueError(
            f"Expected input to have rank >= 2. Received input with shape {x.shape}."
        )
    if square and None not in x.shape[-2:] and x.shape[-1] != x.shape[-2]:
        raise ValueError(f"Expected a square matrix. Received non-square input with shape {x.shape}")
    return x


def _adjoint(x):
    return _arrays.matrix_transpose(x)


def _identity_like(x):
    """Identity matrices in the shape of square ones."""
    at = [apply("positions", [x], {"axis": x.ndim - i}) for i in (1, 2)]
    return _math.cast(_math.equal(*at), x.dtype)


@op
def cholesky(x, upper=False):
    """The lower triangular L of x = L · Lᵀ, or its transpose."""
    factor = apply("cholesky", [_matrices(x)])
    return _adjoint(factor) if upper else factor


@op
def cholesky_inverse(x, upper=False):
    """The inverse of L · Lᵀ, or of Uᵀ · U, for the factor x."""
    x = _matrices(x)
    attrs = {"lower": not upper, "transposed": False}
    inverse = apply("solve_triangular", [x, _identity_like(x)], attrs)
    left, right = (inverse, _adjoint(inverse)) if upper else (_adjoint(inverse), inverse)
    return _math.matmul(left, right)


@op
def slogdet(x):
    """(sign of the determinant, logarithm of its absolute value)."""
    return tuple(apply_all("slogdet", [_matrices(x)]))


@op
def det(x):
    """The determinant."""
    sign, logarithm = apply_all("slogdet", [_matrices(x)])
    return sign * _math.exp(logarithm)


@op
def logdet(x):
    """The logarithm of the determinant of symmetric positive definite matrices."""
    factor = apply("cholesky", [_matrices(x)])
    diagonal = _math.reduce_sum(factor * _identity_like(factor), -1)
    return 2.0 * _math.reduce_sum(_math.log(diagonal), -1)


@op
def eigh(x):
    """(increasing eigenvalues of symmetric matrices, eigenvectors as columns); the lower triangle is read."""
    return tuple(apply_all("eigh", [_matrices(x)]))


@op
def inv(x):
    """The inverse."""
    x = _matrices(x)
    return apply("solve", [x, _identity_like(x)])


@op
def lu_factor(x):
    """(U, and below its diagonal L; which row of L · U each row of x is)."""
    factors, order = apply_all("lu_factor", [_matrices(x)])
    return factors, _math.cast(apply("argsort", [order], {"axis": -1}), "int32")


@op
def qr(x, mode="reduced"):
    """(Q, R): orthonormal columns, and an upper triangle. `mode` is "reduced" or "complete"."""
    if mode not in ("reduced", "complete"):
        raise ValueError(f"`mode` argument value not supported. Expected one of {{'reduced', 'complete'}}. "
                         f"Received: mode={mode}")
    attrs = {"complete": mode == "complete"}
    return tuple(apply_all("qr", [_matrices(x, square=False)], attrs))


@op
def svd(x, full_matrices=True, compute_uv=True):
    """(U, decreasing singular values, Vᵀ), or the values only."""
    x = _matrices(x, square=False)
    u, values, v = apply_all("svd", [x], {"full": bool(full_matrices and compute_uv)})
    return (u, values, v) if compute_uv else values


def _equations(a, b):
    """(a, b as matrices, whether b are vectors)."""
    a, b = floating(a, b)
    a = _matrices(a)
    vectors = b.ndim == a.ndim - 1
    if not vectors and b.ndim != a.ndim:
        raise ValueError(f"`b` must have the rank of a, or one less: shapes {a.shape} and {b.shape}")
    return a, _arrays.expand_dims(b, -1) if vectors else b, vectors


def _solution(x, vectors):
    return _arrays.squeeze(x, [x.ndim - 1]) if vectors else x


@op
def solve(a, b):
    """x of a · x = b, where b are matrices or vectors."""
    a, b, vectors = _equations(a, b)
    return _solution(apply("solve", [a, b]), vectors)


@op
def solve_triangular(a, b, lower=False):
    """x of a · x = b, of which the upper or lower triangle of a is read."""
    a, b, vectors = _equations(a, b)
    attrs = {"lower": bool(lower), "transposed": False}
    return _solution(apply("solve_triangular", [a, b], attrs), vectors)


def _spectrum(x):
    return apply_all("svd", [x], {"full": False})


def _inverted(values, threshold):
    """1 / values above a threshold, else 0."""
    kept = values > threshold
    return _arrays.where(kept, 1.0 / _arrays.where(kept, values, 1.0), 0.0)


@op
def pinv(x, rcond=None):
    """Moore and Penrose's inverse: singular values up to rcond times the largest count as 0."""
    x = _matrices(x, square=False)
    if rcond is None:
        sizes = [known_size(x, i, "pinv") for i in (-2, -1)]
        rcond = 10 * max(sizes) * float(_epsilon(x))
    u, values, v = _spectrum(x)
    inverse = _inverted(values, _math.reduce_max(values, -1, True) * rcond)
    scaled = _adjoint(v) * _arrays.expand_dims(inverse, -2)
    return _math.matmul(scaled, _adjoint(u))


def _epsilon(x):
    return np.finfo(x.dtype.numpy_dtype).eps


@op
def lstsq(a, b, rcond=None):
    """The x of least |a · x - b|, and of those the shortest; b is a vector or a matrix."""
    a, b = floating(a, b)
    if a.ndim != 2 or b.ndim not in (1, 2):
        raise ValueError(f"lstsq takes a matrix and a vector or matrix, got {a.shape} and {b.shape}")
    if None not in (a.shape[0], b.shape[0]) and a.shape[0] != b.shape[0]:
        raise ValueError("Leading dimensions of input arrays must match")
    right = _arrays.expand_dims(b, -1) if b.ndim == 1 else b
    if rcond is None:
        rcond = float(_epsilon(a)) * max(known_size(a, i, "lstsq") for i in (0, 1))
    u, values, v = _spectrum(a)
    inverse = _inverted(values, _math.reduce_max(values, -1, True) * rcond)
    x = _math.matmul(v, _arrays.expand_dims(inverse, -1) * _math.matmul(u, right, True), True)
    return _solution(x, b.ndim == 1)


@op
def matrix_rank(x, tol=None):
    """The number of singular values above `tol`, by default a rounding error of the largest; int32."""
    x = floating(x)
    if x.ndim < 2:
        raise ValueError(f"`x` must be at least 2-dimensional. Received: x.shape={x.shape}")
    values = _spectrum(x)[1]
    if tol is None:
        sizes = max(known_size(x, i, "matrix_rank") for i in (-2, -1))
        tol = _math.reduce_max(values, -1, True) * (sizes * float(_epsilon(x)))
    else:
        tol = _arrays.expand_dims(tensor(tol, x.dtype), -1)
    return _math.reduce_sum(_math.cast(values > tol, "int32"), -1)


def _vector_norm(x, order, axis, keepdims):
    size = _math.abs(x)
    if order is None or order == 2:
        return _math.reduction("norm", x, axis, keepdims, None, "norm")
    if order == math.inf:
        return _math.reduce_max(size, axis, keepdims)
    if order == -math.inf:
        return _math.reduce_min(size, axis, keepdims)
    if order == 0:
        return _math.reduce_sum(_math.cast(_math.not_equal(x, 0.0), x.dtype), axis, keepdims)
    if isinstance(order, str):
        raise ValueError(f"Invalid `ord` argument for vector norm. Received: ord={order}")
    order = float(known(order, "the order of a norm"))
    return _math.pow(_math.reduce_sum(_math.pow(size, order), axis, keepdims), 1 / order)


def _matrix_norm(x, order, axes, keepdims):
    if order is None or order == "fro":
        return _math.reduction("norm", x, axes, keepdims, None, "norm")
    x = moveaxis(x, axes, (-2, -1))
    if order in (1, -1, math.inf, -math.inf):
        sums = _math.reduce_sum(_math.abs(x), -2 if abs(order) == 1 else -1)
        found = (_math.reduce_max if order > 0 else _math.reduce_min)(sums, -1)
    elif order in (2, -2, "nuc"):
        reduce = {2: _math.reduce_max, -2: _math.reduce_min, "nuc": _math.reduce_sum}[order]
        found = reduce(_spectrum(x)[1], -1)
    else:
        raise ValueError(f"Invalid `ord` argument for matrix norm. Received: ord={order}")
    for axis in sorted(axes) if keepdims else ():
        found = _arrays.expand_dims(found, axis)
    return found


@op
def norm(x, ord=None, axis=None, keepdims=False):  # noqa: A002 - Keras's name
    """A norm over one axis (any number, infinity, 0) or two (1, 2, infinity, "fro", "nuc"); the Euclidean
    one over all for None.
    """
    x = floating(x)
    if axis is None and (ord is None or x.ndim not in (1, 2)):
        if ord not in (None, "fro", 2):
            raise ValueError(f"Invalid axis values. Received: axis={axis}")
        return _math.reduction("norm", x, None, keepdims, None, "norm")
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, (tuple, list)) else [axis]
    axes = [axis_in(a, x.ndim) for a in axes]
    if len(axes) == 1:
        return _vector_norm(x, ord, axes[0], keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, ord, axes, keepdims)
    raise ValueError(f"Invalid axis values. Received: axis={axis}")


@op
def jvp(fun, primals, tangents, has_aux=False):
    """(fun(*primals), its change with the primals in the direction of the tangents); then what else `fun`
    gives when it `has_aux`.
    """
    from ..._gradients import gradients

    xs = [_math.identity(tensor(x)) for x in primals]
    directions = [tensor(t, x.dtype) for t, x in zip(tangents, xs)]
    result = fun(*xs)
    y, others = result if has_aux else (result, None)
    if not isinstance(y, type(xs[0])):
        raise refused("fun", fun, "jvp", "a function with one result is")
    # The gradient of a gradient: linear in its weights, whose derivative is the product.
    weights = _arrays.zeros_like(y) + 0.0 * y
    pulled = gradients(y, xs, weights, unconnected_gradients="zero")
    terms = [_math.reduce_sum(p * d) for p, d in zip(pulled, directions)]
    (forward,) = gradients(_math.add_n(terms), [weights], unconnected_gradients="zero")
    return (y, forward, others) if has_aux else (y, forward)

