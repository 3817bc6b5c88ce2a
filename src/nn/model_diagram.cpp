#include "src/nn/model_diagram.hpp"

#include <algorithm>
#include <optional>

#include "src/nn/shape_text.hpp"
#include "src/nn/types_text.hpp"
#include "tegula/nn/functional.hpp"
#include "tegula/nn/layers.hpp"
#include "tegula/nn/sequential.hpp"

namespace tegula::nn {

namespace {

void check_choice(const char* name, const std::string& given,
                  const std::vector<std::string>& known) {
  if (std::ranges::find(known, given) != known.end()) return;
  throw InvalidArgument("`" + std::string(name) + "` must be one of " +
                        to_config(known).to_string() + ", got \"" + given + "\"");
}

/// The name of the activation that a layer of the library has; none when it has none.
std::optional<std::string> activation_of(const LayerBase& layer) {
  const Config config = layer.base_config();
  const Config* const activation = config.find("activation");
  if (activation == nullptr) return std::nullopt;
  if (activation->is_string()) return activation->as_string();
  const Config* const name = activation->is_object() ? activation->find("class_name") : nullptr;
  return name == nullptr ? "linear" : name->as_string();
}

std::string shapes_text(const ValueTypes& types) {
  if (types.empty()) return "?";
  return types_text(types, [](const ValueType& type) { return shape_text(type.shape); });
}

BoxLines lines_of(const LayerBase& layer, const PlotOptions& options) {
  const std::string class_name(layer.class_name());
  BoxLines lines = {options.show_layer_names ? layer.name() + " (" + class_name + ")" : class_name};
  if (options.show_layer_activations) {
    if (const auto activation = activation_of(layer)) lines.push_back("Activation: " + *activation);
  }
  if (options.show_shapes) {
    const bool is_input = dynamic_cast<const InputLayer*>(&layer) != nullptr;
    if (!is_input) lines.push_back("Input shape: " + shapes_text(layer.input_types()));
    lines.push_back("Output shape: " + shapes_text(layer.output_types()));
  }
  if (options.show_dtype) {
    const ValueTypes types = layer.output_types();
    lines.push_back("Output dtype: " +
                    (types.empty() ? "?" : types_text(types, [](const ValueType& type) {
                      return std::string(numpy_name(type.dtype));
                    })));
  }
  if (options.show_trainable && !layer.weights().empty()) {
    lines.emplace_back(layer.trainable ? "Trainable" : "Non-trainable");
  }
  return lines;
}

Diagram diagram_of_layer(const LayerBase& layer, const PlotOptions& options);

bool is_model(const LayerBase& layer) {
  return dynamic_cast<const FunctionalLayer*>(&layer) != nullptr ||
         dynamic_cast<const SequentialLayer*>(&layer) != nullptr;
}

DiagramNode node_of(const LayerBase& layer, const PlotOptions& options) {
  if (!options.expand_nested || !is_model(layer) || layer.sublayers().empty()) {
    return {.lines = lines_of(layer, options)};
  }
  return {.model = std::make_unique<Diagram>(diagram_of_layer(layer, options))};
}

void add_link(Diagram& diagram, DiagramLink link) {
  if (diagram.nodes[link.from.node].model == nullptr) link.from.output = 0;
  if (diagram.nodes[link.to].model == nullptr) link.input = 0;
  if (std::ranges::find(diagram.links, link) == diagram.links.end()) diagram.links.push_back(link);
}

Diagram diagram_of_stack(const SequentialLayer& stack, const PlotOptions& options) {
  Diagram diagram{.name = stack.name()};
  for (const auto& layer : stack.sublayers()) {
    diagram.nodes.push_back(node_of(*layer, options));
    const std::size_t count = diagram.nodes.size();
    if (count > 1) add_link(diagram, {.from = {count - 2, 0}, .to = count - 1});
  }
  diagram.inputs = {0};
  for (std::size_t i = 0; i < stack.output_types().size(); ++i) {
    diagram.outputs.push_back({diagram.nodes.size() - 1, i});
  }
  return diagram;
}

Diagram diagram_of_calls(const FunctionalLayer& model, const PlotOptions& options) {
  const auto layers = model.sublayers();
  const std::vector<ConnectedCall> calls = model.connected_calls();
  std::vector<std::optional<std::size_t>> places(layers.size());
  Diagram diagram{.name = model.name()};
  const auto place = [&](std::size_t layer) {
    if (!places[layer]) {
      places[layer] = diagram.nodes.size();
      diagram.nodes.push_back(node_of(*layers[layer], options));
    }
    return *places[layer];
  };
  for (const SymbolSource& input : model.input_sources()) {
    diagram.inputs.push_back(place(input.layer));
  }
  for (const ConnectedCall& call : calls) place(call.layer);
  const auto port = [&](const SymbolSource& source) {
    return DiagramPort{place(source.layer), static_cast<std::size_t>(source.output)};
  };
  for (const ConnectedCall& call : calls) {
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
      add_link(diagram, {.from = port(call.inputs[i]), .to = place(call.layer), .input = i});
    }
  }
  for (const SymbolSource& output : model.output_sources()) {
    diagram.outputs.push_back(port(output));
    if (diagram.nodes[diagram.outputs.back().node].model == nullptr) {
      diagram.outputs.back().output = 0;
    }
  }
  return diagram;
}

Diagram diagram_of_layer(const LayerBase& layer, const PlotOptions& options) {
  if (const auto* const calls = dynamic_cast<const FunctionalLayer*>(&layer)) {
    return diagram_of_calls(*calls, options);
  }
  if (const auto* const stack = dynamic_cast<const SequentialLayer*>(&layer)) {
    return diagram_of_stack(*stack, options);
  }
  Diagram diagram{.name = layer.name()};
  diagram.nodes.push_back({.lines = lines_of(layer, options)});
  return diagram;
}

}  // namespace

Diagram diagram_of(const Model& model, const PlotOptions& options) {
  check_ranges(options, "plot_model");
  check_choice("rankdir", options.rankdir, {"TB", "LR", "BT", "RL"});
  check_choice("splines", options.splines, {"ortho", "line", "curved", "polyline", "spline"});
  if (!model.built()) {
    throw RunError("model \"" + model.name() +
                   "\" has not yet been built: build it first by calling `build`, or by calling " +
                   "the model on a batch of data");
  }
  const ConstructionLock lock;
  return diagram_of_layer(*model.layer(), options);
}

}  // namespace tegula::nn
