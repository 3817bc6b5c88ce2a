#include <algorithm>
#include <array>
#include <utility>

#include "tegula/nn/layers/recurrent.hpp"

namespace tegula::nn {

namespace {

constexpr std::array<std::string_view, 5> kMergeModes = {"concat", "sum", "mul", "ave", ""};

/// An equal layer with new weights. Its name starts with `prefix`.
Layer copy_of(const Layer& layer, const std::string& prefix, bool go_backwards) {
  Config config = layer->base_config();
  const std::string& name = layer->name();
  config.set("name", name.starts_with(prefix) ? name : prefix + name);
  config.set("go_backwards", go_backwards);
  return find_class<LayerBase>(layer->class_name())->make(config);
}

bool option_of(const Layer& layer, const char* name) {
  return layer->base_config().at(name).as_bool();
}

Value back_in_order(const Value& x) { return slice(x, {{}, {.step = -1}}); }

}  // namespace

BidirectionalLayer::BidirectionalLayer(const Layer& forward, const Layer& backward,
                                       std::string merge_mode, std::string_view name)
    : forward_(forward), backward_(backward), merge_mode_(std::move(merge_mode)) {
  if (std::ranges::find(kMergeModes, merge_mode_) == kMergeModes.end()) {
    throw InvalidArgument("Invalid merge mode. Received: " + merge_mode_ +
                          ". Merge mode should be one of \"sum\", \"mul\", \"ave\", \"concat\" and "
                          "none");
  }
  if (!forward || !backward) throw InvalidArgument("Bidirectional: the layer is empty");
  if (option_of(forward, "go_backwards") == option_of(backward, "go_backwards")) {
    throw InvalidArgument(
        "Forward layer and backward layer should have different `go_backwards` value");
  }
  for (const char* const same : {"stateful", "return_sequences", "return_state"}) {
    if (option_of(forward, same) == option_of(backward, same)) continue;
    throw InvalidArgument(
        "Forward layer and backward layer are expected to have the same value for attribute \"" +
        std::string(same) + "\"");
  }
  for (const Layer& layer : {forward_, backward_}) {
    layer->set_option("zero_output_for_mask", option("return_sequences"));
    add_sublayer(layer.shared());
  }
  set_name(name, kName);
  supports_masking = true;
}

bool BidirectionalLayer::option(const char* name) const { return option_of(forward_, name); }

std::string_view BidirectionalLayer::class_name() const {
  return overrides().class_name.empty() ? kName : std::string_view(overrides().class_name);
}

Config BidirectionalLayer::config() const {
  return overrides().config ? overrides().config() : base_config();
}

Config BidirectionalLayer::base_config() const {
  return Config::object({{"name", name()},
                         {"merge_mode", merge_mode_.empty() ? Config() : Config(merge_mode_)},
                         {"layer", to_config(forward_)},
                         {"backward_layer", to_config(backward_)}});
}

std::shared_ptr<BidirectionalLayer> BidirectionalLayer::from_config(const Config& config) {
  Handle<LayerBase> forward, backward;
  nn::from_config(config.at("layer"), forward);
  nn::from_config(config.at("backward_layer"), backward);
  std::string merge_mode;
  nn::from_config(config.at("merge_mode"), merge_mode);
  return std::make_shared<BidirectionalLayer>(Layer(forward.shared()), Layer(backward.shared()),
                                              std::move(merge_mode), config.at("name").as_string());
}

void BidirectionalLayer::build_all(const ValueTypes& inputs) {
  const ValueTypes sequence = inputs[0];
  forward_->build(sequence);
  backward_->build(sequence);
}

Value BidirectionalLayer::merged(const Value& forward, const Value& backward) const {
  if (merge_mode_ == "sum") return forward + backward;
  if (merge_mode_ == "mul") return forward * backward;
  if (merge_mode_ == "ave") return (forward + backward) * 0.5;
  const Value both[] = {forward, backward};
  return concat(both, -1);
}

Values BidirectionalLayer::call_all(const Values& x, bool training) {
  if (x.size() % 2 == 0) {
    throw InvalidArgument(describe() + " takes as many states for the forward layer as for the " +
                          "backward one, got " + std::to_string(x.size() - 1) + " in all");
  }
  const auto half = static_cast<std::ptrdiff_t>(x.size() / 2);
  std::vector<Value> there = {x[0]}, back = {x[0]};
  there.insert(there.end(), x.begin() + 1, x.begin() + 1 + half);
  back.insert(back.end(), x.begin() + 1 + half, x.end());
  const Values from_first = (*forward_)(Values(there), training);
  const Values from_last = (*backward_)(Values(back), training);
  const Value forward = from_first[0];
  const Value backward = option("return_sequences") ? back_in_order(from_last[0]) : from_last[0];
  std::vector<Value> results;
  if (merge_mode_.empty()) {
    results = {forward, backward};
  } else {
    results = {merged(forward, backward)};
  }
  results.insert(results.end(), from_first.begin() + 1, from_first.end());
  results.insert(results.end(), from_last.begin() + 1, from_last.end());
  if (results.size() == 1) return results[0];
  return results;
}

Masks BidirectionalLayer::compute_mask(const Values& /*x*/, const Masks& masks) {
  if (!option("return_sequences") || masks.empty()) return {};
  if (merge_mode_.empty()) return {masks[0], masks[0]};
  return {masks[0]};
}

std::vector<Weight> BidirectionalLayer::kept_states() const {
  std::vector<Weight> states;
  for (const Layer& layer : {forward_, backward_}) {
    const auto* const keeps = dynamic_cast<const StatefulLayer*>(layer.shared().get());
    if (keeps == nullptr) continue;
    const std::vector<Weight> kept = keeps->kept_states();
    states.insert(states.end(), kept.begin(), kept.end());
  }
  return states;
}

void BidirectionalLayer::reset_state() {
  for (const Layer& layer : {forward_, backward_}) {
    auto* const keeps = dynamic_cast<StatefulLayer*>(layer.shared().get());
    if (keeps != nullptr) keeps->reset_state();
  }
}

Bidirectional::Bidirectional(const Layer& layer, const std::string& merge_mode,
                             const Layer& backward_layer, std::string_view name,
                             std::source_location location)
    : Layer(std::make_shared<BidirectionalLayer>(
                copy_of(layer, "forward_", option_of(layer, "go_backwards")),
                backward_layer ? backward_layer
                               : copy_of(layer, "backward_", !option_of(layer, "go_backwards")),
                merge_mode, name),
            location) {}

}  // namespace tegula::nn
