#include "tegula/nn/layers/normalization.hpp"

#include <algorithm>

#include "src/nn/shape_text.hpp"
#include "tegula/graph/channels.hpp"
#include "tegula/nn/callback.hpp"

namespace tegula::nn {

namespace {

struct Moments {
  Value mean;
  Value variance;
};

/// Over the axes, which stay with size 1.
Moments moments_of(Value x, const Axes& axes) {
  const Value center = mean(x, axes, true);
  return {center, mean(square(x - center), axes, true)};
}

/// Of what counts; with Keras's epsilon, which divides where nothing counts.
Moments masked_moments_of(Value x, Value mask, const Axes& axes) {
  const Value counts = expand_dims(mask, -1);
  const Value number = sum(broadcast_like(cast(counts, x.dtype()), x), axes, true) + 1e-7;
  const Value center = sum(where(counts, x, 0.0), axes, true) / number;
  return {center, sum(where(counts, square(x - center), 0.0), axes, true) / number};
}

std::vector<int> sorted_axes(const Axes& axes, int rank) {
  std::vector<int> result;
  for (const std::int64_t axis : *axes) result.push_back(normalize_axis(axis, rank));
  std::ranges::sort(result);
  return result;
}

/// Sizes of the axes. Throws ShapeError for an unknown one.
Shape sizes_of(const ValueType& input, const std::vector<int>& axes, const std::string& layer) {
  Shape shape;
  for (const int axis : axes) {
    if (input.shape[axis] == kUnknown) {
      throw ShapeError(layer + " needs known sizes of the axes that it normalizes, got " +
                       shape_text(input.shape));
    }
    shape.append(input.shape[axis]);
  }
  return shape;
}

/// A weight over `axes` of x, as it is broadcast with x.
Value along(const Weight& weight, const std::vector<int>& axes, const Value& x) {
  const int rank = x.shape().rank();
  if (axes.size() == 1 && axes[0] == rank - 1) return weight;
  std::vector<std::int64_t> shape(static_cast<std::size_t>(rank), 1);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    shape[static_cast<std::size_t>(axes[i])] = weight.shape()[static_cast<int>(i)];
  }
  return reshape(weight, shape);
}

Value scaled(Value y, const Weight& gamma, const Weight& beta, const std::vector<int>& axes) {
  if (gamma) y = y * along(gamma, axes, y);
  if (beta) y = y + along(beta, axes, y);
  return y;
}

}  // namespace

BatchNormalizationLayer::BatchNormalizationLayer(BatchNormalizationOptions options)
    : AffineLayer(std::move(options)) {
  if (options_.renorm) {
    throw InvalidArgument("BatchNormalization: `renorm=True` is not supported");
  }
  if (!options_.synchronized) return;
  throw InvalidArgument(
      "BatchNormalization: `synchronized=True` is not supported: there is one replica");
}

LayerNormalizationLayer::LayerNormalizationLayer(LayerNormalizationOptions options)
    : AffineLayer(std::move(options)) {
  if (!options_.rms_scaling) return;
  warn(
      "LayerNormalization: `rms_scaling=True` is deprecated: it divides by the deviation, not by "
      "the "
      "root of the mean square. RMSNormalization does that.");
}

void BatchNormalizationLayer::build_weights(const ValueType& input) {
  const std::vector<int> axis = {normalize_axis(options_.axis, input.shape.rank())};
  const Shape size = sizes_of(input, axis, describe());
  add_affine(size);
  moving_mean_ = add_weight("moving_mean", size, options_.moving_mean_initializer, {}, {}, false);
  moving_variance_ =
      add_weight("moving_variance", size, options_.moving_variance_initializer, {}, {}, false);
}

Value BatchNormalizationLayer::call(Value x, bool training) {
  const int rank = x.shape().rank();
  const std::vector<int> axis = {normalize_axis(options_.axis, rank)};
  if (!training || !trainable) {
    const Value center = along(moving_mean_, axis, x);
    const Value factor = rsqrt(along(moving_variance_, axis, x) + options_.epsilon);
    return scaled((x - center) * factor, gamma_, beta_, axis);
  }
  const Value mask = mask_of(x);
  if (!mask) return normalized_by_batch(x, axis[0]);
  if (mask.shape().rank() != rank - 1) {
    throw ShapeError("The mask provided should be one dimension less than the inputs. Received: " +
                     std::string("mask.shape=") + shape_text(mask.shape()) +
                     ", inputs.shape=" + shape_text(x.shape()));
  }
  Axes others;
  others.emplace();
  for (int i = 0; i < rank; ++i) {
    if (i != axis[0]) others->push_back(i);
  }
  const Moments batch = masked_moments_of(x, mask, others);
  move_averages(batch.mean, batch.variance);
  return scaled((x - batch.mean) * rsqrt(batch.variance + options_.epsilon), gamma_, beta_, axis);
}

Value BatchNormalizationLayer::normalized_by_batch(const Value& x, int axis) {
  const ChannelMoments batch = channel_moments(x, axis);
  move_averages(batch.mean, batch.variance);
  const Value factor = rsqrt(batch.variance + options_.epsilon);
  const Value scale = gamma_ ? factor * gamma_ : factor;
  const Value shift =
      beta_ ? Value(beta_) : x.graph().constant(Tensor::zeros(x.dtype(), batch.mean.shape()));
  return normalize_channels(x, batch.mean, scale, shift, axis);
}

void BatchNormalizationLayer::move_averages(const Value& mean, const Value& variance) {
  const auto move = [this](const Weight& moving, const Value& found) {
    const double kept = options_.momentum;
    moving.assign(moving * kept + reshape_like(stop_gradient(found), Value(moving)) * (1 - kept));
  };
  move(moving_mean_, mean);
  move(moving_variance_, variance);
}

void LayerNormalizationLayer::build_weights(const ValueType& input) {
  const Shape size = sizes_of(input, sorted_axes(options_.axis, input.shape.rank()), describe());
  const bool rms = options_.rms_scaling;
  add_affine(size, options_.scale || rms, options_.center && !rms);
}

Value LayerNormalizationLayer::call(Value x, bool /*training*/) {
  const std::vector<int> axes = sorted_axes(options_.axis, x.shape().rank());
  const Moments found = moments_of(x, options_.axis);
  const Value center = options_.rms_scaling ? x : x - found.mean;
  return scaled(center * rsqrt(found.variance + options_.epsilon), gamma_, beta_, axes);
}

void GroupNormalizationLayer::build_weights(const ValueType& input) {
  const std::vector<int> axis = {normalize_axis(options_.axis, input.shape.rank())};
  const Shape size = sizes_of(input, axis, describe());
  const std::int64_t groups = options_.groups == -1 ? size[0] : options_.groups;
  if (groups < 1 || size[0] % groups != 0) {
    throw ShapeError(describe() + ": Number of groups (" + std::to_string(groups) +
                     ") must divide the number of channels (" + std::to_string(size[0]) + ")");
  }
  add_affine(size);
}

Value GroupNormalizationLayer::call(Value x, bool /*training*/) {
  const Shape& shape = x.shape();
  const int rank = shape.rank();
  const int axis = normalize_axis(options_.axis, rank);
  const std::int64_t groups = options_.groups == -1 ? shape[axis] : options_.groups;
  // The channels' axis is cut into (groups, channels per group).
  std::vector<std::int64_t> cut;
  Axes reduced;
  reduced.emplace();
  for (int i = 0; i < rank; ++i) {
    if (i == axis) {
      cut.push_back(groups);
      cut.push_back(shape[i] / groups);
      reduced->push_back(i + 1);
    } else {
      cut.push_back(shape[i]);
      if (i > 0) reduced->push_back(i < axis ? i : i + 1);
    }
  }
  if (std::ranges::count(cut, kUnknown) > 1) {
    throw ShapeError(describe() + " needs known sizes after the batch, got " + shape_text(shape));
  }
  const Value parts = reshape(x, cut);
  const Moments found = moments_of(parts, reduced);
  const Value normal = (parts - found.mean) * rsqrt(found.variance + options_.epsilon);
  return scaled(reshape_like(normal, x), gamma_, beta_, {axis});
}

void RMSNormalizationLayer::build_weights(const ValueType& input) {
  const Shape size = sizes_of(input, sorted_axes(options_.axis, input.shape.rank()), describe());
  scale_ = add_weight("scale", size, "ones");
}

Value RMSNormalizationLayer::call(Value x, bool /*training*/) {
  const std::vector<int> axes = sorted_axes(options_.axis, x.shape().rank());
  const Value factor = rsqrt(mean(square(x), options_.axis, true) + options_.epsilon);
  return scaled(x * factor, scale_, {}, axes);
}

Value UnitNormalizationLayer::call(Value x, bool /*training*/) {
  return l2_normalize(x, options_.axis);
}

}  // namespace tegula::nn
