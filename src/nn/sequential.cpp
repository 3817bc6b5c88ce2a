#include "tegula/nn/sequential.hpp"

#include <set>

namespace tegula::nn {

namespace {

/// Shape and dtype that the first layer asks for, with the batch dimension; no value when it waits
/// for data.
std::optional<ValueType> stated_input(const Layer& first) {
  if (const auto* input = dynamic_cast<const InputLayer*>(first.shared().get())) {
    const InputLayer::Options options = input->options();
    Shape shape = {options.batch_size.value_or(kUnknown)};
    for (const std::int64_t dim : options.shape) shape.append(dim);
    return ValueType{dtype_from_string(options.dtype), shape};
  }
  if (!first->input_shape) return std::nullopt;
  Shape shape = {kUnknown};
  for (const std::int64_t dim : *first->input_shape) shape.append(dim);
  return ValueType{DType::f32, shape};
}

}  // namespace

Sequential::Sequential(std::initializer_list<Layer> layers, std::string name)
    : Sequential(std::vector<Layer>(layers), std::move(name)) {}

Sequential::Sequential(std::vector<Layer> layers, std::string name)
    : Model(name.empty() ? unique_layer_name("Sequential") : std::move(name)) {
  std::set<std::string> names;
  std::optional<ValueType> input;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    Layer& layer = layers[i];
    if (!layer) throw InvalidArgument("Sequential: layer " + std::to_string(i) + " is empty");
    if (!names.insert(layer->name()).second) {
      throw InvalidArgument("Sequential: all layers need unique names, but two are called \"" +
                            layer->name() + "\"");
    }
    if (i == 0) input = stated_input(layer);
    if (dynamic_cast<const InputLayer*>(layer.shared().get()) != nullptr) {
      if (i != 0) throw InvalidArgument("Sequential: Input must be the first layer");
      input_name_ = layer->name();
      continue;
    }
    layers_.push_back(std::move(layer));
  }
  if (input) build(input->shape, input->dtype);
}

std::vector<Layer> Sequential::layers() const {
  const ConstructionLock lock;
  return layers_;
}

void Sequential::add(Layer layer) {
  if (!layer) throw InvalidArgument("Sequential: the added layer is empty");
  change("add", [&] {
    for (const Layer& present : layers_) {
      if (present->name() == layer->name()) {
        throw InvalidArgument("Sequential: all layers need unique names, but a layer \"" +
                              layer->name() + "\" is there already");
      }
    }
    const bool first = layers_.empty() && !built();
    const std::optional<ValueType> input = first ? stated_input(layer) : std::nullopt;
    if (dynamic_cast<const InputLayer*>(layer.shared().get()) != nullptr) {
      if (!first) throw InvalidArgument("Sequential: Input must be the first layer");
      input_name_ = layer->name();
    } else {
      layers_.push_back(layer);
    }
    return input;
  });
}

void Sequential::pop() {
  change("pop", [this]() -> std::optional<ValueType> {
    if (layers_.empty()) throw RunError("Sequential: there are no layers to remove");
    layers_.pop_back();
    return {};
  });
}

Value Sequential::forward(Value x, bool training) {
  for (const Layer& layer : layers_) x = (*layer)(x, training);
  return x;
}

Config Sequential::structure() const {
  Config::List layers;
  for (const Layer& layer : layers_) {
    Config entry = to_config(layer);
    if (!layer->trainable) entry.set("trainable", false);
    layers.push_back(std::move(entry));
  }
  Config config = Config::object({{"name", name()}, {"layers", std::move(layers)}});
  if (built()) config.set("build_input_shape", to_config(input_shape()));
  return config;
}

std::unique_ptr<Sequential> Sequential::from_config(const Config& config) {
  std::vector<Layer> layers;
  for (const Config& entry : config.at("layers").as_list()) {
    Handle<LayerBase> layer;
    nn::from_config(entry, layer);
    if (const Config* trainable = entry.find("trainable")) layer->trainable = trainable->as_bool();
    layers.emplace_back(layer.shared());
  }
  auto model = std::make_unique<Sequential>(std::move(layers), config.at("name").as_string());
  const Config* input = config.find("build_input_shape");
  if (input != nullptr && !input->is_null() && !model->built()) {
    Shape shape;
    nn::from_config(*input, shape);
    model->build(shape);
  }
  return model;
}

}  // namespace tegula::nn
