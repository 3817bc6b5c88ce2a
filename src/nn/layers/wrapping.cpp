#include "tegula/nn/layers/wrapping.hpp"

#include <utility>
#include <vector>

#include "src/nn/shape_text.hpp"
#include "tegula/nn/initializers.hpp"

namespace tegula::nn {

WrapperLayer::WrapperLayer(const Layer& layer, std::string_view name, std::string_view class_name)
    : layer_(layer.shared()), class_name_(class_name) {
  if (layer_ == nullptr) throw InvalidArgument(class_name_ + ": the layer is empty");
  set_name(name, class_name);
  add_sublayer(layer_);
}

std::string_view WrapperLayer::class_name() const {
  return overrides().class_name.empty() ? class_name_ : overrides().class_name;
}

Config WrapperLayer::config() const {
  return overrides().config ? overrides().config() : base_config();
}

Config WrapperLayer::base_config() const {
  return Config::object({{"name", name()}, {"layer", to_config(Layer(layer_))}});
}

Layer WrapperLayer::wrapped_in(const Config& config) {
  Handle<LayerBase> layer;
  nn::from_config(config.at("layer"), layer);
  return layer.shared();
}

DType WrapperLayer::input_dtype(std::size_t input, DType given) const {
  return layer_->input_dtype(input, given);
}

void WrapperLayer::build_all(const ValueTypes& inputs) { layer_->build(inputs); }

TimeDistributedLayer::TimeDistributedLayer(const Layer& layer, std::string_view name)
    : WrapperLayer(layer, name, kName) {
  supports_masking = true;
}

std::shared_ptr<TimeDistributedLayer> TimeDistributedLayer::from_config(const Config& config) {
  return std::make_shared<TimeDistributedLayer>(wrapped_in(config), config.at("name").as_string());
}

Shape TimeDistributedLayer::step_shape(const Shape& input) const {
  if (input.rank() < 3) {
    throw ShapeError(
        "`TimeDistributed` Layer should be passed an `input_shape` with at least 3 dimensions, "
        "received: " +
        shape_text(input));
  }
  Shape step = {kUnknown};
  for (int axis = 2; axis < input.rank(); ++axis) step.append(input[axis]);
  return step;
}

void TimeDistributedLayer::build_all(const ValueTypes& inputs) {
  WrapperLayer::build_all(inputs.map([this](const ValueType& input) {
    return ValueType{input.dtype, step_shape(input.shape)};
  }));
}

Value TimeDistributedLayer::call(Value x, bool training) {
  const Shape step = step_shape(x.shape());
  const std::int64_t steps = x.shape()[1];
  std::vector<std::int64_t> one_batch(step.begin(), step.end());
  one_batch[0] = -1;
  if (steps == kUnknown || !Shape(step.dims().subspan(1)).is_known()) {
    throw ShapeError(describe() + " needs a known number of steps and known shapes of steps, got " +
                     "inputs of shape " + shape_text(x.shape()));
  }
  const Value y = (*layer())(reshape(x, one_batch), training);
  std::vector<std::int64_t> shape = {-1, steps};
  for (int axis = 1; axis < y.shape().rank(); ++axis) shape.push_back(y.shape()[axis]);
  return reshape(y, shape);
}

SpectralNormalizationLayer::SpectralNormalizationLayer(const Layer& layer,
                                                       std::int64_t power_iterations,
                                                       std::string_view name)
    : WrapperLayer(layer, name, kName), power_iterations_(power_iterations) {
  if (power_iterations > 0) return;
  throw InvalidArgument(
      "`power_iterations` should be greater than zero. Received: `power_iterations=" +
      std::to_string(power_iterations) + "`");
}

Config SpectralNormalizationLayer::base_config() const {
  Config config = WrapperLayer::base_config();
  config.set("power_iterations", power_iterations_);
  return config;
}

std::shared_ptr<SpectralNormalizationLayer> SpectralNormalizationLayer::from_config(
    const Config& config) {
  return std::make_shared<SpectralNormalizationLayer>(wrapped_in(config),
                                                      config.at("power_iterations").as_integer(),
                                                      config.at("name").as_string());
}

void SpectralNormalizationLayer::build_all(const ValueTypes& inputs) {
  WrapperLayer::build_all(inputs);
  for (const Weight& weight : layer()->weights()) {
    if (weight.name() == "kernel" || weight.name() == "embeddings") {
      kernel_ = weight;
      break;
    }
  }
  if (!kernel_) {
    throw InvalidArgument(std::string(layer()->class_name()) +
                          " object has no attribute 'kernel' nor 'embeddings'");
  }
  list_first(kernel_);
  const Shape shape = kernel_.shape();
  vector_ = add_weight("vector_u", {1, shape[shape.rank() - 1]},
                       TruncatedNormal({.mean = 0, .stddev = 0.02}), {}, {}, false);
}

Value SpectralNormalizationLayer::call(Value x, bool training) {
  if (training) {
    const Value kernel = kernel_;
    const std::int64_t columns = vector_.shape()[1];
    const Value rows = reshape(kernel, {-1, columns});
    Value right = vector_;
    Value left;
    for (std::int64_t i = 0; i < power_iterations_; ++i) {
      left = l2_normalize(matmul(right, rows, {.transpose_b = true}), {});
      right = l2_normalize(matmul(left, rows), {});
    }
    const Value largest = matmul(matmul(left, rows), right, {.transpose_b = true});
    const Value zero = all(equal(kernel, 0.0));
    vector_.assign(where(zero, Value(vector_), right));
    kernel_.assign(where(zero, kernel, kernel / reshape(largest, {})));
  }
  const Value y = (*layer())(x, training).one();
  return y.dtype() == x.dtype() || !is_floating(x.dtype()) ? y : cast(y, x.dtype());
}

LambdaLayer::LambdaLayer(Function function, std::string_view name)
    : function_(std::move(function)) {
  if (!function_) throw InvalidArgument("Lambda: the function is empty");
  set_name(name, kName);
}

Config LambdaLayer::config() const {
  throw InvalidArgument(describe() +
                        " has no description, as a function has none, so that a model with it is "
                        "not saved; write a layer class and register it (nn::register_class)");
}

Value LambdaLayer::call(Value x, bool /*training*/) { return function_(x); }

}  // namespace tegula::nn
