// The gradient of a scan is a scan the other way, whose states are the gradients of the states and
// the sums of the gradients of what every step takes. What its body needs of the forward pass is
// stacked by a scan that gives the same and these values, too: a pass makes one of both.

#include "src/ops/scan_gradient.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "src/graph/loop_forms.hpp"
#include "src/ops/control_flow.hpp"

namespace tegula::ops {

namespace {

/// What a value of the forward body is to the body of the gradient.
enum class Role {
  computed,  ///< constants, gradients, and what depends on captures only
  state,
  element,
  capture,
  saved,  ///< made by the forward pass, step by step
};

class ScanGradient {
 public:
  explicit ScanGradient(const GradientContext& context)
      : context_(context),
        form_(scan_form(context.node)),
        body_(*function_of(context.attrs(), "body")),
        gradient_(differentiate(body_, wanted())) {
    for (std::size_t i = 0; i < form_.operands(); ++i) {
      const Role role = i < form_.states                     ? Role::state
                        : i < form_.states + form_.sequences ? Role::element
                                                             : Role::capture;
      parameter_of_[place_of(gradient_.parameters[i])] = i;
      roles_[place_of(gradient_.parameters[i])] = role;
    }
    find_saved();
  }

  std::vector<Value> build() {
    make_results();
    find_leaves();
    const std::vector<Value> saved = save_leaves();
    Node& node = build_backward(saved);
    return input_gradients(node);
  }

 private:
  bool is_floating_state(std::size_t i) const {
    return i < form_.states && static_cast<bool>(gradient_.result_gradients[i]);
  }

  /// All floating states, since each may flow into the next step; outputs that have a gradient.
  std::vector<bool> wanted() const {
    std::vector<bool> result;
    for (std::size_t i = 0; i < body_.results.size(); ++i) {
      result.push_back(i < form_.states || context_.output_gradients[i]);
    }
    return result;
  }

  /// Results of the backward body: gradients of states, sums for captures, gradients of elements.
  void make_results() {
    const FunctionScope::Outside outside;
    for (std::size_t i = 0; i < form_.states; ++i) {
      if (!is_floating_state(i)) continue;
      const Value flowing = gradient_.parameter_gradients[i];
      next_states_.push_back(flowing ? flowing : zeros_like(gradient_.result_gradients[i]));
    }
    for (std::size_t i = form_.states + form_.sequences; i < form_.operands(); ++i) {
      const Value flowing = gradient_.parameter_gradients[i];
      if (!flowing) continue;
      sums_.push_back(
          gradient_.graph.placeholder(flowing.dtype(), gradient_.parameters[i].shape(), "sum"));
      next_states_.push_back(sums_.back() + flowing);
      summed_.push_back(i);
    }
    for (std::size_t i = form_.states; i < form_.states + form_.sequences; ++i) {
      if (!gradient_.parameter_gradients[i]) continue;
      outputs_.push_back(gradient_.parameter_gradients[i]);
      differentiated_.push_back(i);
    }
  }

  Role role_of(const Value& value) const {
    const auto known = roles_.find(place_of(value));
    return known == roles_.end() ? Role::computed : known->second;
  }

  /// Values of the forward body that differ from step to step.
  void find_saved() {
    for (int id = 0; id < gradient_.first_gradient; ++id) {
      Node& node = gradient_.graph.node(id);
      const bool varies =
          draws_random(node) || std::ranges::any_of(node.inputs(), [&](const Value& input) {
            const Role role = role_of(input);
            return role != Role::computed && role != Role::capture;
          });
      if (!varies) continue;
      for (int i = 0; i < node.output_count(); ++i) {
        roles_.emplace(place_of(node.output(i)), Role::saved);
      }
    }
  }

  /// What the backward body reads and does not compute.
  void find_leaves() {
    std::set<Place> met;
    std::vector<Value> waiting = next_states_;
    waiting.insert(waiting.end(), outputs_.begin(), outputs_.end());
    while (!waiting.empty()) {
      const Value value = waiting.back();
      waiting.pop_back();
      if (!met.insert(place_of(value)).second) continue;
      if (role_of(value) == Role::computed) {
        const auto inputs = value.node().inputs();
        waiting.insert(waiting.end(), inputs.begin(), inputs.end());
      } else {
        leaves_.push_back(value);
      }
    }
    std::ranges::sort(leaves_, {}, [](const Value& value) {
      return std::pair(value.node().id(), value.index());
    });
  }

  std::vector<Value> leaves_of(Role role) const {
    std::vector<Value> result;
    std::ranges::copy_if(leaves_, std::back_inserter(result),
                         [&](const Value& leaf) { return role_of(leaf) == role; });
    return result;
  }

  std::vector<Value> operands_of(const std::vector<Value>& parameters) const {
    std::vector<Value> operands;
    for (const Value& parameter : parameters) {
      operands.push_back(context_.input(static_cast<int>(parameter_of_.at(place_of(parameter)))));
    }
    return operands;
  }

  /// States before each step and what else of the forward pass is needed, stacked.
  std::vector<Value> save_leaves() {
    stacked_ = leaves_of(Role::state);
    for (const Value& leaf : leaves_of(Role::saved)) stacked_.push_back(leaf);
    if (stacked_.empty()) return {};
    std::map<Place, Value> original;
    for (const auto& [place, copy] : gradient_.origins) {
      original.emplace(place_of(copy), Value(const_cast<Node*>(place.first), place.second));
    }
    Function body = body_;
    for (const Value& leaf : stacked_) body.results.push_back(original.at(place_of(leaf)));
    Attrs attrs = context_.attrs();
    attrs.set("body", std::make_shared<const Function>(body));
    Node& node = build_control_flow("scan", context_.node.inputs(), std::move(attrs));
    std::vector<Value> saved;
    for (std::size_t i = body_.results.size(); i < body.results.size(); ++i) {
      saved.push_back(node.output(static_cast<int>(i)));
    }
    return saved;
  }

  Node& build_backward(const std::vector<Value>& saved) {
    std::vector<Value> states, sequences = stacked_, operands, stacks = saved;
    for (std::size_t i = 0; i < form_.states; ++i) {
      if (!is_floating_state(i)) continue;
      states.push_back(gradient_.result_gradients[i]);
      const Value given = context_.gradient(static_cast<int>(i));
      operands.push_back(given ? given : zeros_like(context_.output(static_cast<int>(i))));
    }
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      states.push_back(sums_[i]);
      operands.push_back(zeros_like(context_.input(static_cast<int>(summed_[i]))));
    }
    for (std::size_t i = form_.states; i < body_.results.size(); ++i) {
      if (!gradient_.result_gradients[i]) continue;
      sequences.push_back(gradient_.result_gradients[i]);
      stacks.push_back(context_.gradient(static_cast<int>(i)));
    }
    std::vector<Value> elements = leaves_of(Role::element);
    // The length has to come from somewhere.
    if (sequences.empty() && elements.empty() && form_.sequences > 0) {
      elements.push_back(gradient_.parameters[form_.states]);
    }
    sequences.insert(sequences.end(), elements.begin(), elements.end());
    for (const Value& operand : operands_of(elements)) stacks.push_back(operand);
    const std::vector<Value> captures = leaves_of(Role::capture);

    Attrs attrs{{"states", std::ssize(states)},
                {"sequences", std::ssize(sequences)},
                {"length", context_.attrs().get<std::int64_t>("length")},
                {"reverse", !form_.reverse}};
    std::vector<Value> parameters = states;
    for (const auto& more : {sequences, captures}) {
      parameters.insert(parameters.end(), more.begin(), more.end());
    }
    std::vector<Value> results = next_states_;
    results.insert(results.end(), outputs_.begin(), outputs_.end());
    attrs.set("body", make_function(parameters, results));
    operands.insert(operands.end(), stacks.begin(), stacks.end());
    for (const Value& operand : operands_of(captures)) operands.push_back(operand);
    return build_control_flow("scan", operands, std::move(attrs));
  }

  std::vector<Value> input_gradients(Node& node) const {
    std::vector<Value> results(form_.operands());
    int next = 0;
    for (std::size_t i = 0; i < form_.states; ++i) {
      if (is_floating_state(i)) results[i] = node.output(next++);
    }
    for (const std::size_t i : summed_) results[i] = node.output(next++);
    for (const std::size_t i : differentiated_) results[i] = node.output(next++);
    return results;
  }

  const GradientContext& context_;
  const ScanForm form_;
  const Function& body_;
  Differentiated gradient_;
  std::map<Place, std::size_t> parameter_of_;
  std::map<Place, Role> roles_;
  std::vector<Value> next_states_;
  std::vector<Value> sums_;
  std::vector<std::size_t> summed_;  // operands
  std::vector<Value> outputs_;
  std::vector<std::size_t> differentiated_;  // operands
  std::vector<Value> leaves_;
  std::vector<Value> stacked_;
};

}  // namespace

std::vector<Value> gradient_of_scan(const GradientContext& context) {
  return ScanGradient(context).build();
}

}  // namespace tegula::ops
