#pragma once
// Builders of all ops that users call. Each adds a node (some a few) and returns its value.
//
// Elementwise ops broadcast as NumPy does. Values that meet must have the same dtype; numbers take
// the dtype of the value they meet. Axes may be negative. An unknown batch dimension propagates.
// Errors: ShapeError and DTypeError, naming op, node, shapes and the user's line.

#include <initializer_list>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <vector>

#include "tegula/graph/graph.hpp"
#include "tegula/graph/operand.hpp"

namespace tegula {

/// Axes of a reduction, as `-1` or `{0, 1}`; none given: all axes.
struct Axes : std::optional<std::vector<std::int64_t>> {
  using optional::optional;
  Axes(std::int64_t axis) : optional(std::vector{axis}) {}  // NOLINT: implicit
  Axes(std::initializer_list<std::int64_t> axes) : optional(std::vector(axes)) {}  // by design
};

// Arithmetic.
TEGULA_API Value add(Operand a, Operand b);
TEGULA_API Value sub(Operand a, Operand b);
TEGULA_API Value mul(Operand a, Operand b);
/// For integers: truncates towards zero; running x / 0 is a RunError.
TEGULA_API Value div(Operand a, Operand b);
/// The largest integer <= a / b; running x / 0 on integers is a RunError.
TEGULA_API Value floordiv(Operand a, Operand b);
/// a - floordiv(a, b) * b, exactly: 0 or of b's sign; b = 0 on integers is a RunError.
TEGULA_API Value floormod(Operand a, Operand b);
/// Running b < 0 on integers is a RunError.
TEGULA_API Value pow(Operand a, Operand b);
TEGULA_API Value maximum(Operand a, Operand b);
TEGULA_API Value minimum(Operand a, Operand b);
TEGULA_API Value neg(Operand x);
TEGULA_API Value abs(Operand x);
TEGULA_API Value sign(Operand x);
TEGULA_API Value exp(Operand x);
TEGULA_API Value expm1(Operand x);
TEGULA_API Value log(Operand x);
TEGULA_API Value log1p(Operand x);
TEGULA_API Value sqrt(Operand x);
/// 1 / sqrt(x)
TEGULA_API Value rsqrt(Operand x);
TEGULA_API Value square(Operand x);
/// 1 / x
TEGULA_API Value reciprocal(Operand x);
TEGULA_API Value sin(Operand x);
TEGULA_API Value cos(Operand x);
TEGULA_API Value erf(Operand x);
TEGULA_API Value floor(Operand x);
TEGULA_API Value ceil(Operand x);
/// To the nearest integer, halves to even.
TEGULA_API Value round(Operand x);
/// min(max(x, low), high)
TEGULA_API Value clip(Operand x, double low, double high);

inline Value operator+(Operand a, Operand b) { return add(a, b); }
inline Value operator-(Operand a, Operand b) { return sub(a, b); }
inline Value operator*(Operand a, Operand b) { return mul(a, b); }
inline Value operator/(Operand a, Operand b) { return div(a, b); }
inline Value operator-(Operand x) { return neg(x); }

// Activations.
TEGULA_API Value tanh(Operand x);
TEGULA_API Value sigmoid(Operand x);
TEGULA_API Value relu(Operand x);
TEGULA_API Value leaky_relu(Operand x, double alpha = 0.2);
TEGULA_API Value elu(Operand x, double alpha = 1.0);
/// x * Phi(x) with the exact normal distribution (erf), or Hendrycks and Gimpel's tanh form.
TEGULA_API Value gelu(Operand x, bool approximate = false);
/// x * sigmoid(x)
TEGULA_API Value silu(Operand x);
/// log(1 + exp(x))
TEGULA_API Value softplus(Operand x);
/// Over one axis, or over several together.
TEGULA_API Value softmax(Operand x, Axes axes = -1);
TEGULA_API Value log_softmax(Operand x, Axes axes = -1);

// Comparisons and logic; results are bool.
TEGULA_API Value equal(Operand a, Operand b);
TEGULA_API Value not_equal(Operand a, Operand b);
TEGULA_API Value less(Operand a, Operand b);
TEGULA_API Value less_equal(Operand a, Operand b);
TEGULA_API Value greater(Operand a, Operand b);
TEGULA_API Value greater_equal(Operand a, Operand b);
TEGULA_API Value logical_and(Operand a, Operand b);
TEGULA_API Value logical_or(Operand a, Operand b);
TEGULA_API Value logical_xor(Operand a, Operand b);
TEGULA_API Value logical_not(Operand x);
TEGULA_API Value is_nan(Operand x);
TEGULA_API Value is_finite(Operand x);
/// `condition ? a : b`, all three broadcast.
TEGULA_API Value where(Operand condition, Operand a, Operand b);
TEGULA_API Value cast(Operand x, DType dtype);
TEGULA_API Value identity(Operand x);
/// The identity, through which no gradient flows.
TEGULA_API Value stop_gradient(Operand x);

/// What a comparison operator gives: a value that is no condition of C++, because `if (x < 1.0)`
/// could only ask whether the node exists.
class Comparison : public Value {
 public:
  explicit Comparison(Value value) : Value(value) {}
  explicit operator bool() const = delete;
};
inline Comparison operator<(Operand a, Operand b) { return Comparison(less(a, b)); }
inline Comparison operator<=(Operand a, Operand b) { return Comparison(less_equal(a, b)); }
inline Comparison operator>(Operand a, Operand b) { return Comparison(greater(a, b)); }
inline Comparison operator>=(Operand a, Operand b) { return Comparison(greater_equal(a, b)); }
/// For a value and a number or tensor; between two values `==` asks whether they are the same one,
/// and `equal` compares their elements.
inline Comparison operator==(Operand a, Operand b) { return Comparison(equal(a, b)); }
inline Comparison operator!=(Operand a, Operand b) { return Comparison(not_equal(a, b)); }

// Reductions.
TEGULA_API Value sum(Operand x, Axes axes = {}, bool keepdims = false);
TEGULA_API Value mean(Operand x, Axes axes = {}, bool keepdims = false);
TEGULA_API Value max(Operand x, Axes axes = {}, bool keepdims = false);
TEGULA_API Value min(Operand x, Axes axes = {}, bool keepdims = false);
TEGULA_API Value prod(Operand x, Axes axes = {}, bool keepdims = false);
TEGULA_API Value any(Operand x, Axes axes = {}, bool keepdims = false);
TEGULA_API Value all(Operand x, Axes axes = {}, bool keepdims = false);
TEGULA_API Value logsumexp(Operand x, Axes axes = {}, bool keepdims = false);
/// The Euclidean norm sqrt(sum(x^2)), without overflow or underflow on the way.
TEGULA_API Value norm(Operand x, Axes axes = {}, bool keepdims = false);
/// Index of the first largest element along `axis`, as i64.
TEGULA_API Value argmax(Operand x, std::int64_t axis = -1);
TEGULA_API Value argmin(Operand x, std::int64_t axis = -1);

// Norms of several values, and clipping by norms.
/// The Euclidean norm of all elements of all values, which have one dtype; empty values are
/// skipped.
TEGULA_API Value global_norm(std::span<const Value> values,
                             std::source_location location = std::source_location::current());
/// x scaled so that its norm over the axes is at most `clip_norm`.
TEGULA_API Value clip_by_norm(Operand x, Operand clip_norm, Axes axes = {});
/// The values scaled by one factor so that their global norm is at most `clip_norm`; all NaN where
/// the norm is infinite or NaN. Empty values stay empty.
TEGULA_API std::vector<Value> clip_by_global_norm(
    std::span<const Value> values, Operand clip_norm,
    std::source_location location = std::source_location::current());
/// x divided by its norm over the axes, or by sqrt(epsilon) where that is more.
TEGULA_API Value l2_normalize(Operand x, Axes axes = {}, double epsilon = 1e-12);

struct MatmulOptions {
  bool transpose_a = false;
  bool transpose_b = false;
};
/// a[..., m, k] · b[..., k, n]; leading dimensions broadcast; a transposed operand is given with
/// its last two dimensions swapped.
TEGULA_API Value matmul(Operand a, Operand b, MatmulOptions options = {});
/// How windows slide over the spatial axes of a value [batch, one to three axes, channels].
struct ConvolutionOptions {
  /// One number per spatial axis; none: 1.
  std::vector<std::int64_t> strides = {};
  /// Distance of neighbouring taps per spatial axis; none: 1.
  std::vector<std::int64_t> dilations = {};
  /// Into so many the channels and the filters are cut; each group of filters sees one of channels.
  std::int64_t groups = 1;
  /// "valid", "same" (the result has ceil(size / stride) elements, the surplus is at the end) or
  /// "explicit".
  std::string padding = "valid";
  /// With "explicit": numbers of zeros before and after each spatial axis, {before, after, ...}.
  std::vector<std::int64_t> pads = {};
};
/// x [batch, axes..., channels] by w [window..., channels / groups, filters], which is not flipped:
/// [batch, axes..., filters]. Depthwise: as many groups as channels.
TEGULA_API Value convolution(Operand x, Operand w, const ConvolutionOptions& options = {});
/// The gradient of a convolution with respect to its x: y [batch, axes..., filters] by w
/// [window..., channels / groups, filters] gives [batch, spatial..., channels]. A size of -1, or
/// none given, is what the windows of y cover: size * stride, and with padding other than "same"
/// max(extent of the window - stride, 0) - pads more.
TEGULA_API Value transposed_convolution(Operand y, Operand w,
                                        const std::vector<std::int64_t>& spatial = {},
                                        const ConvolutionOptions& options = {});

struct PoolOptions {
  /// One number per spatial axis; none: the window's sizes.
  std::vector<std::int64_t> strides = {};
  /// As for a convolution; pads must be less than the window.
  std::string padding = "valid";
  std::vector<std::int64_t> pads = {};
};
/// The largest element of each window of x [batch, one to three axes, channels]; NaN wins. The
/// gradient goes to the first maximum of a window, or to its first NaN.
TEGULA_API Value max_pool(Operand x, const std::vector<std::int64_t>& window,
                          const PoolOptions& options = {});
/// The mean of each window's elements within the borders: padding does not count.
TEGULA_API Value average_pool(Operand x, const std::vector<std::int64_t>& window,
                              const PoolOptions& options = {});

/// Q of x = QR for a matrix x[m, n], m >= n: orthonormal columns, R's diagonal positive. A RunError
/// when x's columns are not independent.
TEGULA_API Value orthonormalize(Operand x);

// Losses from logits, one per row (all but the last axis).
/// Labels are probabilities of the logits' shape and dtype.
TEGULA_API Value softmax_cross_entropy(Operand logits, Operand labels);
/// Labels are class indices (i32, i64 or u8) of the logits' shape without the last axis.
TEGULA_API Value sparse_softmax_cross_entropy(Operand logits, Operand labels);
/// Elementwise; labels of the logits' shape and dtype.
TEGULA_API Value sigmoid_cross_entropy(Operand logits, Operand labels);

// Shape and movement.
/// At most one dimension may be -1: it is inferred.
TEGULA_API Value reshape(Operand x, const std::vector<std::int64_t>& shape);
/// Without a permutation: reverses the axes.
TEGULA_API Value transpose(Operand x, Axes permutation = {});
/// Without axes: removes all dimensions that are known to be 1.
TEGULA_API Value squeeze(Operand x, Axes axes = {});
TEGULA_API Value expand_dims(Operand x, std::int64_t axis);
TEGULA_API Value broadcast_to(Operand x, const Shape& shape);
TEGULA_API Value concat(std::span<const Value> values, std::int64_t axis,
                        std::source_location location = std::source_location::current());
TEGULA_API Value stack(std::span<const Value> values, std::int64_t axis = 0,
                       std::source_location location = std::source_location::current());
/// Pieces of the given sizes along `axis`.
TEGULA_API std::vector<Value> split(Operand x, const std::vector<std::int64_t>& sizes,
                                    std::int64_t axis = 0);
/// One axis of NumPy's `begin:end:step`; absent means from the start, to the end.
struct SliceRange {
  std::optional<std::int64_t> begin = {};
  std::optional<std::int64_t> end = {};
  std::int64_t step = 1;
};
/// Axes after the given ranges are kept whole.
TEGULA_API Value slice(Operand x, const std::vector<SliceRange>& ranges);
/// Numbers of elements to add before and after each axis.
TEGULA_API Value pad(Operand x, const std::vector<std::int64_t>& before,
                     const std::vector<std::int64_t>& after, double value = 0);
/// Elements of `x` along `axis` at `indices` (i32 or i64); an index out of range is a RunError.
TEGULA_API Value gather(Operand x, Operand indices, std::int64_t axis = 0);
/// A new last axis of length `depth`; an index out of range gives a row of `off`.
TEGULA_API Value one_hot(Operand indices, std::int64_t depth, double on = 1, double off = 0,
                         DType dtype = DType::f32);
TEGULA_API Value tile(Operand x, const std::vector<std::int64_t>& multiples);
/// The concrete shape, as an i64 vector.
TEGULA_API Value shape_of(Operand x);

// For gradients and layers under unknown dimensions: the shape comes from `like` at run time.
TEGULA_API Value broadcast_like(Operand x, Operand like);
TEGULA_API Value reshape_like(Operand x, Operand like);
/// Sums `x` over the axes along which `like` was broadcast to `x`'s shape.
TEGULA_API Value sum_like(Operand x, Operand like);
/// Number of elements along `axes`, as a scalar of `x`'s dtype.
TEGULA_API Value element_count(Operand x, Axes axes = {});

// Random numbers: a function of the session's seed, the op's place in the graph and the run. A
// `seed` >= 0 replaces the session's.
TEGULA_API Value random_uniform(Graph graph, const Shape& shape, double low = 0, double high = 1,
                                DType dtype = DType::f32, std::int64_t seed = -1,
                                std::source_location location = std::source_location::current());
TEGULA_API Value random_normal(Graph graph, const Shape& shape, double mean = 0, double stddev = 1,
                               DType dtype = DType::f32, std::int64_t seed = -1,
                               std::source_location location = std::source_location::current());
/// Normal, restricted to two standard deviations around the mean.
TEGULA_API Value truncated_normal(Graph graph, const Shape& shape, double mean = 0,
                                  double stddev = 1, DType dtype = DType::f32,
                                  std::int64_t seed = -1,
                                  std::source_location location = std::source_location::current());
/// Zeroes a fraction `rate` of the elements and scales the others by 1 / (1 - rate).
TEGULA_API Value dropout(Operand x, double rate, std::int64_t seed = -1);

/// Sets the variable to `value` after everything else in the run has read it. Returns `value`.
TEGULA_API Value assign(Operand variable, Operand value);
TEGULA_API Value assign_add(Operand variable, Operand value);
TEGULA_API Value assign_sub(Operand variable, Operand value);
/// The variable as it is after the assignment whose result is `assigned`, where a plain use of the
/// variable is its value from before the run.
TEGULA_API Value read_after(Operand variable, Operand assigned);

}  // namespace tegula
