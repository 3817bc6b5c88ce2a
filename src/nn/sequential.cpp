#include "tegula/nn/sequential.hpp"

#include <algorithm>

#include "src/nn/remat.hpp"

namespace tegula::nn {

namespace {

bool is_input(const Layer& layer) {
  return dynamic_cast<const InputLayer*>(layer.shared().get()) != nullptr;
}

/// Shape and dtype that the first layer asks for, with the batch dimension; no value when it waits
/// for data.
std::optional<ValueType> stated_by(const Layer& first) {
  const LayerBase* const layer = first.shared().get();
  if (const auto* input = dynamic_cast<const InputLayer*>(layer)) return input->type();
  if (const auto* stack = dynamic_cast<const SequentialLayer*>(layer)) return stack->stated_input();
  if (!first->input_shape) return std::nullopt;
  Shape shape = {kUnknown};
  for (const std::int64_t dim : *first->input_shape) shape.append(dim);
  return ValueType{DType::f32, shape};
}

/// By what the layers gave when they were called last; those that were not yet count alike.
std::vector<ChainLink> links_of(const std::vector<std::shared_ptr<LayerBase>>& layers) {
  std::vector<ChainLink> links;
  for (const auto& layer : layers) {
    const ValueTypes types = layer->output_types();
    links.push_back({types.empty() ? 1 : elements_of(types), types.size() <= 1});
  }
  return links;
}

std::shared_ptr<SequentialLayer> stack_of(const std::vector<Layer>& layers, std::string name) {
  auto stack = std::make_shared<SequentialLayer>(std::move(name));
  for (const Layer& layer : layers) stack->add(layer);
  return stack;
}

}  // namespace

SequentialLayer::SequentialLayer(std::string name) { set_name(name, kName); }

std::string_view SequentialLayer::class_name() const {
  return overrides().class_name.empty() ? std::string_view(kName) : overrides().class_name;
}

void SequentialLayer::add(const Layer& layer) {
  const ConstructionLock lock;
  std::vector<std::shared_ptr<LayerBase>> layers = sublayers();
  if (!layer) {
    throw InvalidArgument("Sequential: layer " + std::to_string(layers.size()) + " is empty");
  }
  const bool first = layers.empty() && !input_;
  if (first) input_ = stated_by(layer);
  if (is_input(layer)) {
    if (!first) throw InvalidArgument("Sequential: Input must be the first layer");
    return;
  }
  for (const auto& present : layers) {
    if (present->name() != layer->name()) continue;
    throw InvalidArgument("Sequential: all layers need unique names, but a layer \"" +
                          layer->name() + "\" is there already");
  }
  layers.push_back(layer.shared());
  set_sublayers(std::move(layers));
  changed();
}

void SequentialLayer::pop() {
  const ConstructionLock lock;
  std::vector<std::shared_ptr<LayerBase>> layers = sublayers();
  if (layers.empty()) throw RunError("Sequential: there are no layers to remove");
  layers.pop_back();
  set_sublayers(std::move(layers));
  changed();
}

DType SequentialLayer::input_dtype(std::size_t input, DType given) const {
  if (input_) return input_->dtype;
  const auto layers = sublayers();
  return layers.empty() ? LayerBase::input_dtype(input, given)
                        : layers.front()->input_dtype(input, given);
}

Values SequentialLayer::call_all(const Values& x, bool training) {
  const auto layers = sublayers();
  const std::vector<std::size_t> ends =
      remat() && training ? part_ends(links_of(layers)) : std::vector<std::size_t>();
  Values y = x;
  Values start = x;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    y = (*layers[i])(y, training);
    if (!std::ranges::binary_search(ends, i)) continue;
    y = recomputed_from(start, y);
    start = y;
  }
  return y;
}

Config SequentialLayer::config() const {
  return overrides().config ? overrides().config() : base_config();
}

Config SequentialLayer::base_config() const {
  const ConstructionLock lock;
  Config::List layers;
  for (const auto& layer : sublayers()) {
    Config entry = to_config(Layer(layer));
    if (!layer->trainable) entry.set("trainable", false);
    layers.push_back(std::move(entry));
  }
  Config config = Config::object({{"name", name()}, {"layers", std::move(layers)}});
  const ValueTypes inputs = input_types();
  if (inputs.size() != 1) return config;
  config.set("build_input_shape", to_config(inputs.one().shape));
  if (inputs.one().dtype != DType::f32) {
    config.set("build_input_dtype", std::string(numpy_name(inputs.one().dtype)));
  }
  return config;
}

std::shared_ptr<SequentialLayer> SequentialLayer::from_config(const Config& config) {
  auto stack = std::make_shared<SequentialLayer>(config.at("name").as_string());
  const Config* const shape = config.find("build_input_shape");
  if (shape != nullptr && !shape->is_null()) {
    ValueType input;
    nn::from_config(*shape, input.shape);
    if (const Config* dtype = config.find("build_input_dtype")) {
      input.dtype = dtype_from_string(dtype->as_string());
    }
    stack->input_ = input;
  }
  for (const Config& entry : config.at("layers").as_list()) {
    Handle<LayerBase> layer;
    nn::from_config(entry, layer);
    if (const Config* trainable = entry.find("trainable")) {
      layer->set_trainable(trainable->as_bool());
    }
    if (is_input(layer.shared())) {
      stack->input_ = stated_by(layer.shared());
    } else {
      stack->add(layer.shared());
    }
  }
  return stack;
}

Sequential::Sequential(std::initializer_list<Layer> layers, std::string name)
    : Sequential(std::vector<Layer>(layers), std::move(name)) {}

Sequential::Sequential(std::vector<Layer> layers, std::string name)
    : Sequential(stack_of(layers, std::move(name))) {}

Sequential::Sequential(std::shared_ptr<SequentialLayer> stack) : Model(Layer(stack)) {
  if (stack->stated_input()) build(*stack->stated_input());
}

SequentialLayer& Sequential::stack() const { return dynamic_cast<SequentialLayer&>(*layer()); }

void Sequential::add(Layer layer) {
  change("add", [&]() -> std::optional<ValueTypes> {
    const bool stated = stack().stated_input().has_value();
    stack().add(layer);
    if (stated || !stack().stated_input()) return {};
    return ValueTypes(*stack().stated_input());
  });
}

void Sequential::pop() {
  change("pop", [this]() -> std::optional<ValueTypes> {
    stack().pop();
    return {};
  });
}

}  // namespace tegula::nn
