#include "tegula/nn/functional.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "src/graph/rebuild.hpp"
#include "src/nn/remat.hpp"
#include "src/nn/shape_text.hpp"
#include "src/nn/symbols.hpp"
#include "tegula/graph/op_def.hpp"
#include "tegula/nn/layers.hpp"

namespace tegula::nn {

namespace {

/// The call of a new input layer in the place of what a layer gives, which is a model's input.
std::shared_ptr<const LayerCall> stand_in(const Value& input) {
  InputOptions options;
  options.dtype = numpy_name(input.dtype());
  for (int axis = 1; axis < input.shape().rank(); ++axis) options.shape.append(input.shape()[axis]);
  const auto layer = std::make_shared<InputLayer>(std::move(options));
  LayerCall call{.layer = layer, .outputs = input};
  return std::make_shared<const LayerCall>(std::move(call));
}

}  // namespace

/// Finds the calls behind the outputs, as Keras does: each after those that it takes outputs of,
/// and for each layer its distance from the outputs.
class FunctionalLayer::Walk {
 public:
  using Call = std::shared_ptr<const LayerCall>;

  /// `given` holds the input layer's call for each input.
  Walk(const std::map<Place, Call>& given, const Values& outputs) : given_(given) {
    for (const Value& output : outputs) visit(source_of(output));
  }

  /// Without those of input layers.
  std::vector<Call> calls() const {
    std::vector<Call> calls = calls_;
    std::erase_if(calls, [](const Call& call) { return call->inputs.empty(); });
    return calls;
  }

  /// Those that are farther from the outputs come first, then those that were met first.
  std::vector<std::shared_ptr<LayerBase>> layers() const {
    std::map<const LayerCall*, int> call_depth;
    std::map<const LayerBase*, int> depth;
    for (auto call = calls_.rbegin(); call != calls_.rend(); ++call) {
      const LayerBase* const layer = (*call)->layer.get();
      const int own = std::max(call_depth[call->get()], depth[layer]);
      call_depth[call->get()] = depth[layer] = own;
      for (const Value& input : (*call)->inputs) {
        int& known = call_depth[source_of(input).get()];
        known = std::max(known, own + 1);
      }
    }
    std::vector<std::shared_ptr<LayerBase>> layers = met_;
    std::ranges::stable_sort(layers, std::greater(),
                             [&depth](const auto& layer) { return depth.at(layer.get()); });
    return layers;
  }

 private:
  struct Step {
    Call call;
    std::size_t next_input = 0;
  };

  Call source_of(const Value& value) const {
    const auto found = given_.find(place_of(value));
    return found == given_.end() ? call_of(value) : found->second;
  }

  void check_given(const Call& call) const {
    if (!call->inputs.empty()) return;
    const auto is_this = [&call](const auto& one) { return one.second == call; };
    if (std::ranges::any_of(given_, is_this)) return;
    throw InvalidArgument("the outputs depend on input \"" + call->layer->name() +
                          "\", which is not among the model's inputs");
  }

  bool enter(const Call& call) {
    if (!visited_.insert(call.get()).second) return false;
    check_given(call);
    if (std::ranges::find(met_, call->layer) == met_.end()) met_.push_back(call->layer);
    return true;
  }

  void visit(const Call& last) {
    std::vector<Step> path;
    if (enter(last)) path.push_back({last});
    while (!path.empty()) {
      Step& step = path.back();
      if (step.next_input == step.call->inputs.size()) {
        calls_.push_back(step.call);
        path.pop_back();
        continue;
      }
      const Call before = source_of(step.call->inputs[step.next_input++]);
      if (enter(before)) path.push_back({before});
    }
  }

  const std::map<Place, Call>& given_;
  std::set<const LayerCall*> visited_;
  std::vector<Call> calls_;
  std::vector<std::shared_ptr<LayerBase>> met_;
};

FunctionalLayer::FunctionalLayer(const Values& inputs, const Values& outputs, std::string name)
    : inputs_(inputs), outputs_(outputs) {
  const ConstructionLock lock;
  set_name(name, kName);
  if (inputs.empty() || outputs.empty()) {
    throw InvalidArgument("a model needs inputs and outputs, got " + std::to_string(inputs.size()) +
                          " and " + std::to_string(outputs.size()));
  }
  for (const auto* values : {&inputs_, &outputs_}) {
    for (const Value& value : *values) {
      call_of(value);
      graphs_.push_back(value.graph());
    }
  }
  std::map<Place, std::shared_ptr<const LayerCall>> given;
  for (const Value& input : inputs_) {
    std::shared_ptr<const LayerCall> call = call_of(input);
    if (!call->inputs.empty()) call = stand_in(input);
    input_layers_.push_back(call->layer);
    given.emplace(place_of(input), std::move(call));
  }
  const Walk walk(given, outputs_);
  std::vector<std::shared_ptr<LayerBase>> layers = walk.layers();
  for (const auto& layer : input_layers_) {
    if (std::ranges::find(layers, layer) == layers.end()) layers.insert(layers.begin(), layer);
  }
  check_names(layers);
  calls_ = walk.calls();
  set_sublayers(std::move(layers));
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    output_names_.push_back(outputs_.is_named() ? outputs_.names()[i]
                                                : call_of(outputs_[i])->layer->name());
  }
  end_symbolic_graph();
}

void FunctionalLayer::check_names(const std::vector<std::shared_ptr<LayerBase>>& layers) const {
  std::set<std::string> names;
  for (const auto& layer : layers) {
    if (names.insert(layer->name()).second) continue;
    throw InvalidArgument("The name \"" + layer->name() +
                          "\" is used 2 times in the model. All layer names should be unique.");
  }
}

std::string_view FunctionalLayer::class_name() const {
  return overrides().class_name.empty() ? std::string_view(kName) : overrides().class_name;
}

Config FunctionalLayer::config() const {
  return overrides().config ? overrides().config() : base_config();
}

DType FunctionalLayer::input_dtype(std::size_t input, DType /*given*/) const {
  return inputs_[input].dtype();
}

/// After a call: the only value of those computed that is still needed.
struct FunctionalLayer::Cut {
  std::size_t call;
  Value symbol;
};

std::vector<FunctionalLayer::Cut> FunctionalLayer::cuts() const {
  std::map<Place, std::size_t> last_use;
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    for (const Value& input : calls_[i]->inputs) last_use[place_of(input)] = i;
  }
  for (const Value& output : outputs_) last_use[place_of(output)] = calls_.size();
  std::vector<ChainLink> links;
  std::vector<Value> lone;  // after each call
  std::vector<Value> needed;
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    const Values& outputs = calls_[i]->outputs;
    needed.insert(needed.end(), outputs.begin(), outputs.end());
    std::erase_if(needed, [&](const Value& symbol) {
      const auto use = last_use.find(place_of(symbol));
      return use == last_use.end() || use->second <= i;
    });
    lone.push_back(needed.size() == 1 ? needed.front() : Value());
    links.push_back({elements_of(types_of(outputs)), needed.size() == 1});
  }
  std::vector<Cut> cuts;
  for (const std::size_t end : part_ends(links)) cuts.push_back({end, lone[end]});
  return cuts;
}

Values FunctionalLayer::call_all(const Values& x, bool training) {
  if (x.size() != inputs_.size()) {
    throw InvalidArgument(describe() + " takes " + std::to_string(inputs_.size()) +
                          " inputs, got " + std::to_string(x.size()));
  }
  std::map<Place, Value> known;
  const bool by_name = x.is_named() && inputs_.is_named();
  const std::vector<Value> ordered = by_name ? x.ordered(inputs_.names()) : x.items();
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    const Value& given = ordered[i];
    if (!compatible(given.shape(), inputs_[i].shape())) {
      throw ShapeError(describe() + ": input " + std::to_string(i) + " is expected to have shape " +
                       shape_text(inputs_[i].shape()) + ", got " + shape_text(given.shape()));
    }
    known[place_of(inputs_[i])] = cast_with_mask(given, inputs_[i].dtype());
  }
  const std::vector<Cut> cut = remat() && training ? cuts() : std::vector<Cut>();
  auto next = cut.begin();
  std::vector<Value> start;
  for (const Value& input : inputs_) start.push_back(known.at(place_of(input)));
  const std::size_t given = start.size();
  for (std::size_t number = 0; number < calls_.size(); ++number) {
    const auto& call = calls_[number];
    const Values inputs =
        call->inputs.map([&known](const Value& symbol) { return known.at(place_of(symbol)); });
    const Values outputs =
        call->layer->call_with(inputs, call->training.value_or(training), call->function);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      known[place_of(call->outputs[i])] = outputs[i];
    }
    if (next == cut.end() || next->call != number) continue;
    Value& kept = known[place_of(next->symbol)];
    kept = recomputed_from(Values(start), kept).one();
    start.resize(given);
    start.push_back(kept);
    ++next;
  }
  return outputs_.map([&known](const Value& symbol) { return known.at(place_of(symbol)); });
}

OperationLayer::OperationLayer(Graph graph, std::string name) : operation_(std::move(graph)) {
  set_name(name, kName);
}

std::vector<Value> OperationLayer::placeholders() const {
  std::vector<Value> found;
  for (std::size_t i = 0; i < operation_.nodes().size(); ++i) {
    Node& node = operation_.node(static_cast<int>(i));
    if (node.op().name == "placeholder") found.push_back(node.output());
  }
  return found;
}

Config OperationLayer::config() const {
  return Config::object({{"name", name()}, {"graph", operation_.to_text()}});
}

std::shared_ptr<OperationLayer> OperationLayer::from_config(const Config& config) {
  return std::make_shared<OperationLayer>(Graph::from_text(config.at("graph").as_string()),
                                          config.at("name").as_string());
}

DType OperationLayer::input_dtype(std::size_t input, DType /*given*/) const {
  return placeholders().at(input).dtype();
}

Values OperationLayer::call_all(const Values& x, bool /*training*/) {
  return rebuilt(operation_.fetches(), placeholders(), x.items());
}

namespace {

std::shared_ptr<const LayerCall> only_call(const LayerBase& layer) {
  const auto calls = SymbolicCalls::of(layer);
  if (calls.empty()) {
    throw NotFound("The layer " + layer.name() +
                   " has never been called on symbols and thus has no defined input and output.");
  }
  if (calls.size() > 1) {
    throw InvalidArgument("The layer \"" + layer.name() +
                          "\" has multiple inbound nodes, hence the notion of its input and output "
                          "is ill-defined.");
  }
  return calls.front();
}

}  // namespace

Values symbolic_inputs(const LayerBase& layer) { return only_call(layer)->inputs; }
Values symbolic_outputs(const LayerBase& layer) { return only_call(layer)->outputs; }

std::shared_ptr<LayerBase> input_layer_of(const Value& value) {
  const ConstructionLock lock;
  if (!is_symbolic(value.graph())) return nullptr;
  const auto call = call_of(value);
  return call->inputs.empty() ? call->layer : nullptr;
}

std::pair<Graph, Value> symbol_of(const std::shared_ptr<LayerBase>& input_layer) {
  const auto* const input = dynamic_cast<const InputLayer*>(input_layer.get());
  if (input == nullptr) throw InvalidArgument("only an input layer gives a symbol by itself");
  const Graph graph = symbolic_graph();
  return {graph, input_symbol(graph, input->type(), input_layer)};
}

void SymbolicCalls::note(LayerBase& layer, const std::shared_ptr<const LayerCall>& call) {
  std::erase_if(layer.symbolic_calls_, [](const auto& known) { return known.expired(); });
  layer.symbolic_calls_.push_back(call);
  if (!call->inputs.empty()) return;
  layer.output_types_ = layer.input_types_ = types_of(call->outputs);
  layer.built_ = true;
}

std::vector<std::shared_ptr<const LayerCall>> SymbolicCalls::of(const LayerBase& layer) {
  const ConstructionLock lock;
  std::vector<std::shared_ptr<const LayerCall>> calls;
  for (const auto& known : layer.symbolic_calls_) {
    if (auto call = known.lock()) calls.push_back(std::move(call));
  }
  return calls;
}

}  // namespace tegula::nn
