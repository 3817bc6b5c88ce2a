#include "tegula/nn/layers/wrapping.hpp"

#include <utility>
#include <vector>

#include "src/nn/shape_text.hpp"

namespace tegula::nn {

TimeDistributedLayer::TimeDistributedLayer(const Layer& layer, std::string name)
    : layer_(layer.shared()) {
  if (layer_ == nullptr) throw InvalidArgument("TimeDistributed: the layer is empty");
  set_name(name, kName);
  supports_masking = true;
  add_sublayer(layer_);
}

std::string_view TimeDistributedLayer::class_name() const {
  return overrides().class_name.empty() ? std::string_view(kName) : overrides().class_name;
}

Config TimeDistributedLayer::config() const {
  return overrides().config ? overrides().config() : base_config();
}

Config TimeDistributedLayer::base_config() const {
  return Config::object({{"name", name()}, {"layer", to_config(Layer(layer_))}});
}

std::shared_ptr<TimeDistributedLayer> TimeDistributedLayer::from_config(const Config& config) {
  Handle<LayerBase> layer;
  nn::from_config(config.at("layer"), layer);
  return std::make_shared<TimeDistributedLayer>(layer.shared(), config.at("name").as_string());
}

DType TimeDistributedLayer::input_dtype(std::size_t input, DType given) const {
  return layer_->input_dtype(input, given);
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

void TimeDistributedLayer::build_weights(const ValueType& input) {
  layer_->build(ValueType{input.dtype, step_shape(input.shape)});
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
  const Value y = (*layer_)(reshape(x, one_batch), training);
  std::vector<std::int64_t> shape = {-1, steps};
  for (int axis = 1; axis < y.shape().rank(); ++axis) shape.push_back(y.shape()[axis]);
  return reshape(y, shape);
}

}  // namespace tegula::nn
