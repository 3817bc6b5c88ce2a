// Models of calls of layers as plain data, in Keras's form: each layer with the calls that it takes
// part in (`inbound_nodes`), whose tensors are [layer, number of its call, number of the output].

#include <map>
#include <utility>

#include "src/nn/symbols.hpp"
#include "tegula/core/dtype.hpp"
#include "tegula/nn/call_arguments.hpp"
#include "tegula/nn/functional.hpp"
#include "tegula/nn/layers.hpp"

namespace tegula::nn {

namespace {

/// As `function` describes each item: the item, a list, or an object.
template <typename Function>
Config described_values(const Values& values, Function&& function) {
  if (values.is_one()) return function(values.one());
  if (values.is_named()) {
    Config named = Config::object({});
    for (std::size_t i = 0; i < values.size(); ++i)
      named.set(values.names()[i], function(values[i]));
    return named;
  }
  Config::List list;
  for (const Value& value : values) list.push_back(function(value));
  return list;
}

/// The symbols that have been made again, by layer and number of the call.
using Made = std::map<std::pair<std::string, std::int64_t>, Values>;

const Value* find_symbol(const Made& made, const Config& history) {
  const Config::List& place = history.as_list();
  if (place.size() != 3) {
    throw FormatError("a tensor of a model is described by [layer, call, output], got " +
                      history.to_string());
  }
  const auto found = made.find({place[0].as_string(), place[1].as_integer()});
  if (found == made.end()) return nullptr;
  return &found->second[static_cast<std::size_t>(place[2].as_integer())];
}

bool is_tensor(const Config& config) {
  const Config* const name = config.find("class_name");
  return name != nullptr && name->is_string() && name->as_string() == "__keras_tensor__";
}

/// The values that an argument or a model's inputs describe; none when one is not made yet.
std::optional<Values> values_from(const Config& config, const Made& made) {
  const auto one = [&made](const Config& described) {
    const Config& history =
        described.is_object() ? described.at("config").at("keras_history") : described;
    return find_symbol(made, history);
  };
  const bool is_place =
      config.is_list() && config.as_list().size() == 3 && config.as_list().front().is_string();
  if (is_place || (config.is_object() && is_tensor(config))) {
    const Value* const value = one(config);
    return value == nullptr ? std::nullopt : std::optional<Values>(*value);
  }
  std::vector<std::string> names;
  std::vector<Value> items;
  const auto add = [&](const Config& described) {
    const Value* const value = one(described);
    if (value != nullptr) items.push_back(*value);
    return value != nullptr;
  };
  if (config.is_object()) {
    for (const auto& [name, described] : config.as_object()) {
      names.push_back(name);
      if (!add(described)) return std::nullopt;
    }
    return Values(Structure<Value>::named(std::move(names), std::move(items)));
  }
  for (const Config& described : config.as_list()) {
    if (!add(described)) return std::nullopt;
  }
  return Values(std::move(items));
}

struct PendingCall {
  std::shared_ptr<LayerBase> layer;
  std::int64_t number = 0;
  const Config* node = nullptr;
};

/// Whether the call's inputs were there, so that it was made.
bool make_call(const PendingCall& pending, Made& made) {
  const Config::List& arguments = pending.node->at("args").as_list();
  if (arguments.size() != 1) {
    throw FormatError("layer \"" + pending.layer->name() + "\": a call with " +
                      std::to_string(arguments.size()) + " positional arguments; expected 1");
  }
  const std::optional<Values> inputs = values_from(arguments.front(), made);
  if (!inputs) return false;
  std::optional<bool> training;
  Config further = Config::object({});
  if (const Config* options = pending.node->find("kwargs")) {
    for (const auto& [name, value] : options->as_object()) {
      if (value.is_null()) continue;
      if (name == "training") {
        training = value.as_bool();
      } else {
        further.set(name, value);
      }
    }
  }
  made.insert_or_assign(
      {pending.layer->name(), pending.number},
      pending.layer->call_with(*inputs, training, function_of(*pending.layer, further)));
  return true;
}

void make_calls(std::vector<PendingCall> pending, Made& made) {
  while (!pending.empty()) {
    const std::size_t before = pending.size();
    std::erase_if(pending, [&made](const PendingCall& call) { return make_call(call, made); });
    if (pending.size() < before) continue;
    throw FormatError("layer \"" + pending.front().layer->name() +
                      "\" takes what no layer of the model gives");
  }
}

}  // namespace

/// Where the symbols of a model come from.
class FunctionalLayer::Sources {
 public:
  explicit Sources(const FunctionalLayer& model) : layers_(model.sublayers()) {
    for (std::size_t i = 0; i < layers_.size(); ++i) numbers_[layers_[i].get()] = i;
    for (std::size_t i = 0; i < model.inputs_.size(); ++i) {
      add(*model.input_layers_[i], Values(model.inputs_[i]));
    }
    for (const auto& call : model.calls_) add(*call->layer, call->outputs);
  }

  std::size_t number(const LayerBase& layer) const { return numbers_.at(&layer); }
  const SymbolSource& of(const Value& symbol) const { return sources_.at(place_of(symbol)); }
  std::vector<SymbolSource> of_all(const Values& symbols) const {
    std::vector<SymbolSource> sources;
    for (const Value& symbol : symbols) sources.push_back(of(symbol));
    return sources;
  }
  /// [layer, call, output]
  Config place(const Value& symbol) const {
    const SymbolSource& source = of(symbol);
    return Config::List{layers_[source.layer]->name(), source.call, source.output};
  }
  Config tensor(const Value& symbol) const {
    return Config::object(
        {{"class_name", "__keras_tensor__"},
         {"config", Config::object({{"shape", to_config(symbol.shape())},
                                    {"dtype", std::string(numpy_name(symbol.dtype()))},
                                    {"keras_history", place(symbol)}})}});
  }

 private:
  void add(const LayerBase& layer, const Values& outputs) {
    const std::size_t number = numbers_.at(&layer);
    const std::int64_t call = calls_[number]++;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      sources_[place_of(outputs[i])] = {number, call, static_cast<std::int64_t>(i)};
    }
  }

  std::vector<std::shared_ptr<LayerBase>> layers_;
  std::map<const LayerBase*, std::size_t> numbers_;
  std::map<std::size_t, std::int64_t> calls_;
  std::map<Place, SymbolSource> sources_;
};

std::vector<ConnectedCall> FunctionalLayer::connected_calls() const {
  const ConstructionLock lock;
  const Sources sources(*this);
  std::vector<ConnectedCall> connected;
  for (const auto& call : calls_) {
    connected.push_back({sources.number(*call->layer), sources.of_all(call->inputs)});
  }
  return connected;
}

std::vector<SymbolSource> FunctionalLayer::input_sources() const {
  const ConstructionLock lock;
  return Sources(*this).of_all(inputs_);
}

std::vector<SymbolSource> FunctionalLayer::output_sources() const {
  const ConstructionLock lock;
  return Sources(*this).of_all(outputs_);
}

Config FunctionalLayer::described(
    const std::function<Config(const std::shared_ptr<LayerBase>&)>& describe) const {
  const ConstructionLock lock;
  const Sources sources(*this);
  std::map<const LayerBase*, Config::List> nodes;
  for (const auto& call : calls_) {
    const Config* const further = arguments_of(call->function);
    if (call->function && further == nullptr) {
      throw InvalidArgument("layer \"" + call->layer->name() +
                            "\" was called with further arguments, which no config holds: a model "
                            "of this call can be neither saved nor cloned");
    }
    Config arguments = described_values(
        call->inputs, [&sources](const Value& symbol) { return sources.tensor(symbol); });
    Config options = further == nullptr ? Config::object({}) : *further;
    if (call->training) options.set("training", *call->training);
    nodes[call->layer.get()].push_back(
        Config::object({{"args", Config::List{arguments}}, {"kwargs", options}}));
  }
  Config::List layers;
  for (const auto& layer : sublayers()) {
    Config entry = describe(layer);
    entry.set("name", layer->name());
    if (!layer->trainable) entry.set("trainable", false);
    entry.set("inbound_nodes", nodes[layer.get()]);
    layers.push_back(std::move(entry));
  }
  const auto place = [&sources](const Value& symbol) { return sources.place(symbol); };
  return Config::object({{"name", name()},
                         {"layers", std::move(layers)},
                         {"input_layers", described_values(inputs_, place)},
                         {"output_layers", described_values(outputs_, place)}});
}

Config FunctionalLayer::base_config() const {
  return described([](const std::shared_ptr<LayerBase>& layer) { return to_config(Layer(layer)); });
}

std::shared_ptr<FunctionalLayer> FunctionalLayer::from_config(const Config& config) {
  const ConstructionLock lock;
  Made made;
  std::vector<PendingCall> pending;
  end_symbolic_graph();
  const Graph graph = symbolic_graph();
  for (const Config& entry : config.at("layers").as_list()) {
    Handle<LayerBase> layer;
    nn::from_config(entry, layer);
    if (const Config* trainable = entry.find("trainable"))
      layer->set_trainable(trainable->as_bool());
    if (const auto* input = dynamic_cast<const InputLayer*>(layer.shared().get())) {
      const Value symbol = input_symbol(graph, input->type(), layer.shared());
      made.emplace(std::pair(layer->name(), std::int64_t{0}), symbol);
      continue;
    }
    std::int64_t number = 0;
    for (const Config& node : entry.at("inbound_nodes").as_list()) {
      pending.push_back({layer.shared(), number++, &node});
    }
  }
  make_calls(std::move(pending), made);
  const std::optional<Values> inputs = values_from(config.at("input_layers"), made);
  const std::optional<Values> outputs = values_from(config.at("output_layers"), made);
  if (!inputs || !outputs) {
    throw FormatError("the model's inputs or outputs are what none of its layers gives");
  }
  return std::make_shared<FunctionalLayer>(*inputs, *outputs, config.at("name").as_string());
}

}  // namespace tegula::nn
