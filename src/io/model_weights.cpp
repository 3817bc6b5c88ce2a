#include "src/io/model_weights.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "src/io/model_files.hpp"
#include "tegula/core/error.hpp"
#include "tegula/nn/callbacks.hpp"

namespace tegula::nn {

namespace {

using io::detail::NamedType;
using io::detail::SafetensorsReader;

constexpr std::string_view kOptimizer = "optimizer/";

/// What a file holds, by name.
template <typename Entry>
class ByName {
 public:
  explicit ByName(const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) entries_.emplace(entry.name, &entry);
  }
  const Entry* find(const std::string& name) const {
    const auto found = entries_.find(name);
    return found == entries_.end() ? nullptr : found->second;
  }

 private:
  std::unordered_map<std::string_view, const Entry*> entries_;
};

/// Why the tensor of this name does not fit the variable; empty when it does.
std::string mismatch(const NamedVariable& named, const NamedType& held, const std::string& source) {
  const Variable& variable = named.variable;
  if (held.shape == variable.shape() && held.dtype == variable.dtype()) return "";
  return source + ": tensor \"" + named.name + "\" is " +
         ValueType{held.dtype, held.shape}.to_string() + ", but the model's " +
         variable.node().name() + " is " + variable.type().to_string();
}

std::string missing(const NamedVariable& named, const std::string& source) {
  return source + " has no tensor \"" + named.name + "\"";
}

void check_count(const std::vector<NamedVariable>& named, const SafetensorsReader& reader) {
  const auto is_state = [](const auto& entry) { return entry.name.starts_with(kOptimizer); };
  const auto& types = reader.types();
  const auto is_training = [](const auto& entry) {
    return entry.name.starts_with(io::kTrainingPrefix);
  };
  auto held = static_cast<std::ptrdiff_t>(types.size()) - std::ranges::count_if(types, is_training);
  if (std::ranges::none_of(named, is_state)) held -= std::ranges::count_if(types, is_state);
  if (held == static_cast<std::ptrdiff_t>(named.size())) return;
  throw FormatError(reader.source() + " holds " + std::to_string(held) +
                    " tensors, but the model has " + std::to_string(named.size()));
}

void check_types(const std::vector<NamedVariable>& named, const SafetensorsReader& reader) {
  const ByName types(reader.types());
  for (const NamedVariable& one : named) {
    const NamedType* const held = types.find(one.name);
    if (held == nullptr) throw NotFound(missing(one, reader.source()));
    const std::string problem = mismatch(one, *held, reader.source());
    if (problem.empty()) continue;
    if (held->shape != one.variable.shape()) throw ShapeError(problem);
    throw DTypeError(problem);
  }
}

void set_values(Model& model, std::span<const NamedVariable> named,
                const io::Safetensors& contents) {
  const ByName tensors(contents.tensors);
  std::vector<Variable> variables;
  std::vector<Tensor> values;
  for (const auto& [name, variable] : named) {
    variables.push_back(variable);
    values.push_back(tensors.find(name)->tensor);
  }
  model.set(variables, values);
}

}  // namespace

std::vector<NamedVariable> named_weights(const Model& model) {
  std::vector<NamedVariable> named;
  std::set<const void*> known;
  const auto add = [&](const std::string& name, const Weight& weight) {
    if (known.insert(weight.id()).second) {
      named.push_back({name, weight.variable_in(model.graph())});
    }
  };
  std::map<std::string, int> counts;
  for (const Layer& layer : model.layers()) {
    std::string name = snake_case(layer->class_name());
    const int count = counts[name]++;
    if (count > 0) name += "_" + std::to_string(count);
    int index = 0;
    for (const Weight& weight : layer->weights()) {
      add("layers/" + name + "/" + std::to_string(index++), weight);
    }
  }
  int index = 0;
  for (const Weight& weight : model.layer()->weights()) {
    add("weights/" + std::to_string(index++), weight);
  }
  return named;
}

std::vector<NamedVariable> named_state(const Model& model) {
  std::vector<NamedVariable> named = named_weights(model);
  std::size_t number = 0;
  for (const Variable& variable : model.optimizer_variables()) {
    named.push_back({std::string(kOptimizer) + std::to_string(number++), variable});
  }
  return named;
}

void set_all(Model& model, const std::vector<NamedVariable>& named, SafetensorsReader reader) {
  check_count(named, reader);
  check_types(named, reader);
  set_values(model, named, std::move(reader).read());
}

void set_fitting_layers(Model& model, SafetensorsReader reader) {
  const std::string source = reader.source();
  const std::vector<NamedVariable> named = named_weights(model);
  const ByName types(reader.types());
  std::vector<NamedVariable> fitting;
  std::size_t next = 0;
  for (const Layer& layer : model.layers()) {
    const auto weights = std::span(named).subspan(next, layer->weights().size());
    next += weights.size();
    std::string problem;
    for (const NamedVariable& one : weights) {
      const NamedType* const held = types.find(one.name);
      problem = held != nullptr ? mismatch(one, *held, source) : missing(one, source);
      if (!problem.empty()) break;
    }
    if (problem.empty()) {
      fitting.insert(fitting.end(), weights.begin(), weights.end());
    } else {
      warn("load_weights: the weights of layer \"" + layer->name() +
           "\" were left as they are: " + problem);
    }
  }
  set_values(model, fitting, std::move(reader).read());
}

}  // namespace tegula::nn
