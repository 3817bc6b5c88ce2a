#include "tegula/nn/layers.hpp"

#include <algorithm>

#include "src/nn/layers/noise_shape.hpp"
#include "src/nn/layers/spatial.hpp"
#include "src/nn/shape_text.hpp"
#include "src/nn/symbols.hpp"

namespace tegula::nn {

namespace {

std::string sample_shape_text(const Shape& batch) {
  return shape_text(Shape(batch.dims().subspan(1)));
}

}  // namespace

Value InputLayer::call(Value x, bool /*training*/) { return x; }

ValueType InputLayer::type() const {
  const InputOptions options = this->options();
  Shape shape = {options.batch_size.value_or(kUnknown)};
  for (const std::int64_t dim : options.shape.dims()) shape.append(dim);
  return {dtype_from_string(options.dtype), shape};
}

Input::Input(InputOptions options, std::source_location location)
    : Layer(std::make_shared<InputLayer>(std::move(options)), location),
      graph_(symbolic_graph()),
      symbol_(input_symbol(graph_, dynamic_cast<const InputLayer&>(**this).type(), shared())) {}

void DenseLayer::build_weights(const ValueType& input) {
  const int rank = input.shape.rank();
  const std::int64_t width = rank == 0 ? kUnknown : input.shape[rank - 1];
  if (rank < 2) {
    throw ShapeError(describe() +
                     " is incompatible with its input: expected min_ndim=2, found ndim=" +
                     std::to_string(rank) + ". Full shape received: " + shape_text(input.shape));
  }
  if (width == kUnknown) {
    throw ShapeError(describe() + " needs inputs (batch, ..., n) with a known n, got " +
                     shape_text(input.shape));
  }
  kernel_ = add_weight("kernel", {width, options_.units}, options_.kernel_initializer,
                       options_.kernel_regularizer, options_.kernel_constraint);
  if (!options_.use_bias) return;
  bias_ = add_weight("bias", {options_.units}, options_.bias_initializer, options_.bias_regularizer,
                     options_.bias_constraint);
}

Value DenseLayer::call(Value x, bool /*training*/) {
  const std::int64_t width = kernel_.shape()[0];
  if (x.shape().dim(-1) != width) {
    throw ShapeError(
        describe() +
        " is incompatible with its input: expected axis -1 of input shape to have value " +
        std::to_string(width) + ", but received input with shape " + shape_text(x.shape()));
  }
  Value y = matmul(x, kernel_);
  if (bias_) y = y + bias_;
  return options_.activation(y);
}

DropoutLayer::DropoutLayer(DropoutOptions options) : LayerWithOptions(std::move(options)) {
  check_noise_shape(options_.noise_shape);
}

Value DropoutLayer::call(Value x, bool training) {
  if (!training || options_.rate <= 0) return x;
  const std::int64_t seed = options_.seed.value_or(-1);
  if (!options_.noise_shape) return dropout(x, options_.rate, seed);
  return x * dropout(ones_of_noise(x, *options_.noise_shape, describe()), options_.rate, seed);
}

Value ActivationLayer::call(Value x, bool /*training*/) { return options_.activation(x); }

FlattenLayer::FlattenLayer(FlattenOptions options) : LayerWithOptions(std::move(options)) {
  options_.data_format = checked_data_format(options_.data_format, kName);
}

Value FlattenLayer::call(Value x, bool /*training*/) {
  const int rank = x.shape().rank();
  if (rank == 1) return expand_dims(x, 1);
  if (rank > 2) x = to_channels_last(x, options_.data_format);
  Shape sample = x.shape();
  sample.set(0, 1);
  if (!sample.is_known()) {
    throw ShapeError(describe() + " needs known dimensions after the batch, got " +
                     shape_text(x.shape()));
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
  Shape stated;  // of the sample, with 1 for the dimension that is inferred
  std::int64_t* inferred = nullptr;
  shape.reserve(options_.target_shape.size() + 1);
  for (const std::int64_t dim : options_.target_shape) {
    shape.push_back(dim);
    if (dim == -1) inferred = &shape.back();
    stated.append(dim == -1 ? 1 : dim);
  }
  std::int64_t known = stated.element_count();
  // The batch dimension takes reshape's only -1, so a -1 among the sample's is resolved here.
  if (sample.is_known() && inferred != nullptr && known > 0 &&
      sample.element_count() % known == 0) {
    *inferred = sample.element_count() / known;
    known *= *inferred;
  }
  if (!sample.is_known() || known != sample.element_count()) {
    throw ShapeError(describe() + ": The total size of the tensor must be unchanged. Received: " +
                     "input_shape=" + sample_shape_text(x.shape()) +
                     ", target_shape=" + shape_text(Shape(options_.target_shape)));
  }
  return reshape(x, shape);
}

}  // namespace tegula::nn
