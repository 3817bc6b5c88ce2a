#include "tegula/nn/layers.hpp"

#include <algorithm>

namespace tegula::nn {

namespace {

std::string where(const LayerBase& layer) {
  std::string text = std::string(layer.class_name()) + " layer \"" + layer.name() + "\"";
  if (layer.location.known()) text += " (built at " + layer.location.to_string() + ")";
  return text;
}

}  // namespace

Value InputLayer::call(Value x, bool /*training*/) { return x; }

void DenseLayer::build_weights(const ValueType& input) {
  const int rank = input.shape.rank();
  const std::int64_t width = rank == 0 ? kUnknown : input.shape[rank - 1];
  if (rank < 2 || width == kUnknown) {
    throw ShapeError(where(*this) + " needs inputs [batch, ..., n] with a known n, got " +
                     input.to_string());
  }
  kernel_ = add_weight("kernel", {width, options_.units}, options_.kernel_initializer,
                       options_.kernel_regularizer);
  if (!options_.use_bias) return;
  bias_ =
      add_weight("bias", {options_.units}, options_.bias_initializer, options_.bias_regularizer);
}

Value DenseLayer::call(Value x, bool /*training*/) {
  const std::int64_t width = kernel_.shape()[0];
  if (x.shape().dim(-1) != width) {
    throw ShapeError(where(*this) + " expected axis -1 of input shape to have value " +
                     std::to_string(width) + ", but received input with shape " +
                     x.shape().to_string());
  }
  Value y = matmul(x, kernel_);
  if (bias_) y = y + bias_;
  y = options_.activation(y);
  add_activity_penalty(options_.activity_regularizer, y);
  return y;
}

Value DropoutLayer::call(Value x, bool training) {
  return training && options_.rate > 0 ? dropout(x, options_.rate, options_.seed.value_or(-1)) : x;
}

Value ActivationLayer::call(Value x, bool /*training*/) { return options_.activation(x); }

FlattenLayer::FlattenLayer(FlattenOptions options) : LayerWithOptions(std::move(options)) {
  std::string& format = options_.data_format;
  if (format.empty()) format = "channels_last";
  if (format != "channels_last" && format != "channels_first") {
    throw InvalidArgument("Flatten: `data_format` must be channels_last or channels_first, got " +
                          format);
  }
}

Value FlattenLayer::call(Value x, bool /*training*/) {
  const int rank = x.shape().rank();
  if (rank == 1) return expand_dims(x, 1);
  if (options_.data_format == "channels_first" && rank > 2) {
    Axes permutation;
    permutation.emplace();
    permutation->push_back(0);
    for (int axis = 2; axis < rank; ++axis) permutation->push_back(axis);
    permutation->push_back(1);
    x = transpose(x, permutation);
  }
  Shape sample = x.shape();
  sample.set(0, 1);
  if (!sample.is_known()) {
    throw ShapeError(where(*this) + " needs known dimensions after the batch, got " +
                     x.type().to_string());
  }
  return reshape(x, {-1, sample.element_count()});
}

ReshapeLayer::ReshapeLayer(ReshapeOptions options) : LayerWithOptions(std::move(options)) {
  const std::vector<std::int64_t>& dims = options_.target_shape;
  if (std::count(dims.begin(), dims.end(), -1) > 1) {
    throw InvalidArgument("Reshape: only one dimension of `target_shape` can be -1, got " +
                          to_config(dims).to_string());
  }
}

Value ReshapeLayer::call(Value x, bool /*training*/) {
  Shape sample = x.shape();
  sample.set(0, 1);
  std::vector<std::int64_t> shape = {x.shape()[0]};
  std::int64_t known = 1;
  std::int64_t* inferred = nullptr;
  shape.reserve(options_.target_shape.size() + 1);
  for (const std::int64_t dim : options_.target_shape) {
    shape.push_back(dim);
    if (dim == -1) {
      inferred = &shape.back();
    } else {
      known *= dim;
    }
  }
  // The batch dimension takes reshape's only -1, so a -1 among the sample's is resolved here.
  if (sample.is_known() && inferred != nullptr && known > 0 &&
      sample.element_count() % known == 0) {
    *inferred = sample.element_count() / known;
    known *= *inferred;
  }
  if (!sample.is_known() || known != sample.element_count()) {
    throw ShapeError(where(*this) + " cannot reshape samples of shape " +
                     Shape(sample.dims().subspan(1)).to_string() + " to " +
                     Shape(options_.target_shape).to_string());
  }
  return reshape(x, shape);
}

}  // namespace tegula::nn
