#include "tegula/nn/layers/simple.hpp"

#include <algorithm>

#include "src/nn/layers/spatial.hpp"
#include "src/nn/shape_text.hpp"
#include "tegula/nn/layers/convolution.hpp"
#include "tegula/nn/regularizers.hpp"

namespace tegula::nn {

EmbeddingLayer::EmbeddingLayer(EmbeddingOptions options) : LayerWithOptions(std::move(options)) {
  supports_masking = options_.mask_zero;
}

Masks EmbeddingLayer::compute_mask(const Values& x, const Masks& /*masks*/) {
  if (!options_.mask_zero) return {};
  return {not_equal(x.one(), 0)};
}

Value MaskingLayer::call(Value x, bool /*training*/) {
  const Value counts = any(not_equal(x, options_.mask_value), -1, true);
  return where(counts, x, 0.0);
}

Masks MaskingLayer::compute_mask(const Values& x, const Masks& /*masks*/) {
  return {any(not_equal(x.one(), options_.mask_value), -1)};
}

DType EmbeddingLayer::input_dtype(std::size_t /*input*/, DType given) const {
  return given == DType::i64 ? DType::i64 : DType::i32;
}

void EmbeddingLayer::build_weights(const ValueType& /*input*/) {
  embeddings_ = add_weight("embeddings", {options_.input_dim, options_.output_dim},
                           options_.embeddings_initializer, options_.embeddings_regularizer,
                           options_.embeddings_constraint);
}

Value EmbeddingLayer::call(Value x, bool /*training*/) {
  const bool integers = x.dtype() == DType::i32 || x.dtype() == DType::i64;
  return gather(embeddings_, integers ? x : cast(x, DType::i32));
}

Value IdentityLayer::call(Value x, bool /*training*/) { return x; }

Value ReLULayer::call(Value x, bool /*training*/) {
  const double threshold = options_.threshold;
  const Value below =
      options_.negative_slope == 0 ? x * 0.0 : (x - threshold) * options_.negative_slope;
  Value above = x;
  if (options_.max_value) above = minimum(x, *options_.max_value);
  if (threshold == 0 && options_.negative_slope == 0) {
    return options_.max_value ? minimum(relu(x), *options_.max_value) : relu(x);
  }
  return where(greater_equal(x, threshold), above, below);
}

Value LeakyReLULayer::call(Value x, bool /*training*/) {
  return leaky_relu(x, options_.negative_slope);
}

Value ELULayer::call(Value x, bool /*training*/) { return elu(x, options_.alpha); }

void PReLULayer::build_weights(const ValueType& input) {
  Shape shape;
  for (int axis = 1; axis < input.shape.rank(); ++axis) shape.append(input.shape[axis]);
  if (options_.shared_axes) {
    for (const std::int64_t axis : *options_.shared_axes) {
      if (axis < 1 || axis > shape.rank()) {
        throw InvalidArgument(describe() + ": `shared_axes` are counted from 1 to " +
                              std::to_string(shape.rank()) + ", got " + std::to_string(axis));
      }
      shape.set(static_cast<int>(axis) - 1, 1);
    }
  }
  if (!shape.is_known()) {
    throw ShapeError(describe() + " needs known sizes of the axes that are not shared, got " +
                     shape_text(input.shape));
  }
  alpha_ = add_weight("alpha", shape, options_.alpha_initializer, options_.alpha_regularizer,
                      options_.alpha_constraint);
}

Value PReLULayer::call(Value x, bool /*training*/) { return relu(x) - Value(alpha_) * relu(-x); }

Value SoftmaxLayer::call(Value x, bool /*training*/) {
  const Value mask = mask_of(x);
  if (!mask) return softmax(x, options_.axis);
  // As Keras, also where nothing counts along an axis: 0.
  return where(mask, softmax(where(mask, x, -1e9), options_.axis), 0.0);
}

Value RescalingLayer::call(Value x, bool /*training*/) {
  if (!is_floating(x.dtype())) x = cast(x, DType::f32);
  return x * options_.scale + options_.offset;
}

Regularizer ActivityRegularizationLayer::activity_regularizer() const {
  return L1L2({.l1 = options_.l1, .l2 = options_.l2});
}

Value ActivityRegularizationLayer::call(Value x, bool /*training*/) { return x; }

template <int Rank>
SpatialDropoutLayer<Rank>::SpatialDropoutLayer(SpatialDropoutOptions<Rank> options)
    : Base(std::move(options)) {
  this->options_.data_format = checked_data_format(this->options_.data_format, kName);
}

template <int Rank>
Value SpatialDropoutLayer<Rank>::call(Value x, bool training) {
  const auto& options = this->options_;
  check_rank(x.shape(), Rank + 2, this->describe());
  if (!training || options.rate <= 0) return x;
  // One element of each channel stands for all.
  std::vector<SliceRange> ranges(static_cast<std::size_t>(Rank) + 2);
  const std::size_t first = options.data_format == "channels_last" ? 1 : 2;
  for (std::size_t i = first; i < first + Rank; ++i) ranges[i] = {.begin = 0, .end = 1};
  const Value ones = broadcast_like(1.0, slice(x, ranges));
  return x * dropout(ones, options.rate, options.seed.value_or(-1));
}

template class SpatialDropoutLayer<1>;
template class SpatialDropoutLayer<2>;
template class SpatialDropoutLayer<3>;

}  // namespace tegula::nn
