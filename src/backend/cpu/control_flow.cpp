// Branches and loops: kernels that run plans of functions.

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "src/backend/cpu/lowering.hpp"
#include "src/graph/loop_forms.hpp"
#include "src/graph/place.hpp"
#include "src/runtime/arena_allocator.hpp"
#include "src/runtime/function_plan.hpp"
#include "tegula/graph/function.hpp"

namespace tegula::cpu {

namespace {

using detail::byte_count;
using detail::FunctionPlan;
using detail::FunctionRun;

/// Parts of a kernel's workspace, one after the other.
class Layout {
 public:
  std::size_t add(std::size_t bytes) {
    const std::size_t offset = bytes_;
    bytes_ += detail::aligned(bytes);
    return offset;
  }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_ = 0;
};

std::byte* part(void* workspace, std::size_t offset) {
  return static_cast<std::byte*>(workspace) + offset;
}

FunctionPlan plan_of(const Node& node, std::string_view name) {
  std::vector<ValueType> inputs;
  for (const Value& input : node.inputs()) inputs.push_back(input.type());
  const std::vector<ValueType> types = node.op().parameter_types({inputs, node.attrs()}, name);
  return {*specialized(node.attrs().get<FunctionPointer>(name), types), cpu_backend()};
}

/// "(gemm own 4x8x8; cluster(2))": the first kernels, and how many follow.
std::string kernels_text(const FunctionPlan& plan) {
  constexpr std::size_t kMost = 6;
  std::string text;
  const std::size_t count = plan.plan().steps.size();
  for (std::size_t i = 0; i < std::min(count, kMost); ++i) {
    text += (i == 0 ? "" : "; ") + plan.plan().steps[i].kernel->description();
  }
  if (count > kMost) text += "; " + std::to_string(count - kMost) + " more";
  return "(" + text + ")";
}

void copy(void* to, const void* from, std::size_t bytes) {
  if (to != from && bytes > 0) std::memcpy(to, from, bytes);
}

class CondKernel final : public Kernel {
 public:
  explicit CondKernel(const Node& node)
      : operands_(node.inputs().size() - 1),
        results_(node.outputs().size()),
        branches_{plan_of(node, "then_branch"), plan_of(node, "else_branch")} {}

  void run(const KernelArguments& arguments) const override {
    const bool chosen = *static_cast<const bool*>(arguments.inputs[0]);
    FunctionRun branch(branches_[chosen ? 0 : 1], arguments.workspace);
    for (std::size_t i = 0; i < operands_; ++i) branch.set_argument(i, arguments.inputs[i + 1]);
    for (std::size_t i = 0; i < results_; ++i) branch.set_result(i, arguments.outputs[i]);
    branch.run(arguments.key, arguments.variables_version);
  }
  std::string description() const override {
    return "cond " + kernels_text(branches_[0]) + " or " + kernels_text(branches_[1]);
  }
  std::size_t workspace_bytes() const override {
    return std::max(branches_[0].workspace_bytes(), branches_[1].workspace_bytes());
  }
  bool skips_null_outputs() const override { return false; }

 private:
  std::size_t operands_;
  std::size_t results_;
  std::array<FunctionPlan, 2> branches_;
};

/// States of a loop, which change between two places: the kernel's output and a second one in its
/// workspace.
class LoopStates {
 public:
  LoopStates(const Node& node, std::size_t count, Layout& layout) {
    for (std::size_t i = 0; i < count; ++i) {
      bytes_.push_back(byte_count(node.input(static_cast<int>(i)).type()));
      second_.push_back(layout.add(bytes_.back()));
    }
  }

  std::size_t count() const { return bytes_.size(); }
  std::size_t bytes(std::size_t state) const { return bytes_[state]; }
  /// Where the state is after `iteration` iterations, the first of which writes to the output.
  void* place(const KernelArguments& arguments, std::size_t state, std::int64_t iteration) const {
    return iteration % 2 == 1 ? arguments.outputs[state]
                              : part(arguments.workspace, second_[state]);
  }

 private:
  std::vector<std::size_t> bytes_;
  std::vector<std::size_t> second_;
};

class ScanKernel final : public Kernel {
 public:
  explicit ScanKernel(const Node& node)
      : form_(scan_form(node)), states_(node, form_.states, layout_), body_(plan_of(node, "body")) {
    workspace_ = layout_.add(body_.workspace_bytes());
    for (std::size_t i = 0; i < form_.sequences; ++i) {
      element_bytes_.push_back(step_bytes(node.input(static_cast<int>(form_.states + i)).type()));
    }
    for (const ValueType& output : node.outputs().subspan(form_.states)) {
      output_bytes_.push_back(step_bytes(output));
    }
  }

  void run(const KernelArguments& arguments) const override {
    FunctionRun body(body_, part(arguments.workspace, workspace_));
    for (std::size_t i = 0; i < form_.operands(); ++i) body.set_argument(i, arguments.inputs[i]);
    // The last step writes to the outputs.
    const std::int64_t shift = form_.length % 2 == 0 ? 1 : 0;
    for (std::int64_t step = 0; step < form_.length; ++step) {
      const std::int64_t place = form_.reverse ? form_.length - 1 - step : step;
      for (std::size_t i = 0; i < form_.states; ++i) {
        body.set_argument(
            i, step == 0 ? arguments.inputs[i] : states_.place(arguments, i, step + shift));
        body.set_result(i, states_.place(arguments, i, step + 1 + shift));
      }
      for (std::size_t i = 0; i < element_bytes_.size(); ++i) {
        const auto* sequence = static_cast<const std::byte*>(arguments.inputs[form_.states + i]);
        body.set_argument(form_.states + i,
                          sequence + static_cast<std::size_t>(place) * element_bytes_[i]);
      }
      for (std::size_t i = 0; i < output_bytes_.size(); ++i) {
        auto* output = static_cast<std::byte*>(arguments.outputs[form_.states + i]);
        body.set_result(form_.states + i,
                        output + static_cast<std::size_t>(place) * output_bytes_[i]);
      }
      body.run(key_of_iteration(arguments.key, place), arguments.variables_version);
    }
    if (form_.length > 0) return;
    for (std::size_t i = 0; i < form_.states; ++i) {
      copy(arguments.outputs[i], arguments.inputs[i], states_.bytes(i));
    }
  }
  std::string description() const override {
    return "scan " + std::to_string(form_.length) + " x " + kernels_text(body_);
  }
  std::size_t workspace_bytes() const override { return layout_.bytes(); }
  bool skips_null_outputs() const override { return false; }

 private:
  static std::size_t step_bytes(const ValueType& sequence) {
    const std::int64_t length = sequence.shape[0];
    return length == 0 ? 0 : byte_count(sequence) / static_cast<std::size_t>(length);
  }

  ScanForm form_;
  Layout layout_;
  LoopStates states_;
  FunctionPlan body_;
  std::size_t workspace_ = 0;
  std::vector<std::size_t> element_bytes_;
  std::vector<std::size_t> output_bytes_;
};

/// Runs a loop's condition and body.
class Iterations {
 public:
  Iterations(const Node& node, Layout& layout)
      : form(while_form(node)),
        condition_(plan_of(node, "condition")),
        body_(plan_of(node, "body")) {
    // Both use the same memory: one runs after the other. Pointers have their own.
    workspaces_ = {layout.add(condition_.workspace_bytes()), layout.add(body_.workspace_bytes())};
    flag_ = layout.add(1);
  }

  /// Calls `before(iteration, source)` before each iteration, where `source(i)` is state i, and
  /// `target(i, iteration)` says where its next value goes. Returns the number of iterations.
  template <typename Target, typename Before>
  std::int64_t run(const KernelArguments& arguments, Target&& target, Before&& before) const {
    FunctionRun condition(condition_, part(arguments.workspace, workspaces_[0]));
    FunctionRun body(body_, part(arguments.workspace, workspaces_[1]));
    auto* const goes_on = reinterpret_cast<bool*>(part(arguments.workspace, flag_));
    condition.set_result(0, goes_on);
    for (std::size_t i = 0; i < form.states + form.captures; ++i) {
      condition.set_argument(i, arguments.inputs[i]);
      body.set_argument(i, arguments.inputs[i]);
    }
    std::int64_t iteration = 0;
    for (; form.may_go_on(iteration); ++iteration) {
      poll_in_loop(iteration);
      const RandomKey key = key_of_iteration(arguments.key, iteration);
      const auto source = [&](std::size_t state) -> const void* {
        return iteration == 0 ? arguments.inputs[state] : target(state, iteration - 1);
      };
      if (iteration > 0) {
        for (std::size_t i = 0; i < form.states; ++i) {
          condition.set_argument(i, source(i));
          body.set_argument(i, source(i));
        }
      }
      condition.run(key, arguments.variables_version);
      if (!*goes_on) break;
      before(iteration, source);
      for (std::size_t i = 0; i < form.states; ++i) body.set_result(i, target(i, iteration));
      body.run(key, arguments.variables_version);
    }
    return iteration;
  }

  std::string description() const { return kernels_text(condition_) + " " + kernels_text(body_); }

  const WhileForm form;

 private:
  FunctionPlan condition_;
  FunctionPlan body_;
  std::array<std::size_t, 2> workspaces_{};
  std::size_t flag_ = 0;
};

class WhileKernel final : public Kernel {
 public:
  explicit WhileKernel(const Node& node)
      : iterations_(node, layout_), states_(node, iterations_.form.states, layout_) {}

  void run(const KernelArguments& arguments) const override {
    const auto target = [&](std::size_t state, std::int64_t iteration) {
      return states_.place(arguments, state, iteration + 1);
    };
    const std::int64_t count = iterations_.run(arguments, target, [](std::int64_t, const auto&) {});
    for (std::size_t i = 0; i < states_.count(); ++i) {
      const void* const last = count == 0 ? arguments.inputs[i] : target(i, count - 1);
      copy(arguments.outputs[i], last, states_.bytes(i));
    }
  }
  std::string description() const override { return "while_loop " + iterations_.description(); }
  std::size_t workspace_bytes() const override { return layout_.bytes(); }
  bool skips_null_outputs() const override { return false; }

 private:
  Layout layout_;
  Iterations iterations_;
  LoopStates states_;
};

/// Runs the loop again, keeping the states before each iteration, then goes back. What it keeps
/// grows as the loop runs: the one memory of a kernel that no plan knows.
class WhileGradientKernel final : public Kernel {
 public:
  explicit WhileGradientKernel(const Node& node)
      : iterations_(node, layout_), gradient_(plan_of(node, "gradient")) {
    const WhileForm& form = iterations_.form;
    workspace_ = layout_.add(gradient_.workspace_bytes());
    for (std::size_t i = 0; i < form.states; ++i) {
      bytes_.push_back(byte_count(node.input(static_cast<int>(i)).type()));
      offsets_.push_back(record_.add(bytes_.back()));
      seconds_.push_back({layout_.add(bytes_.back()), layout_.add(bytes_.back())});
    }
    given_ = node.inputs().size() - form.states - form.captures;
    for (const ValueType& output : node.outputs()) {
      gradient_bytes_.push_back(byte_count(output));
      second_gradients_.push_back(layout_.add(gradient_bytes_.back()));
    }
  }

  void run(const KernelArguments& arguments) const override {
    std::vector<std::byte> kept;
    const auto target = [&](std::size_t state, std::int64_t iteration) -> void* {
      return part(arguments.workspace, seconds_[state][static_cast<std::size_t>(iteration % 2)]);
    };
    const std::int64_t count =
        iterations_.run(arguments, target, [&](std::int64_t, const auto& source) {
          const std::size_t end = kept.size();
          kept.resize(end + record_.bytes());
          for (std::size_t i = 0; i < bytes_.size(); ++i) {
            copy(kept.data() + end + offsets_[i], source(i), bytes_[i]);
          }
        });
    go_back(arguments, kept.data(), count);
  }
  std::string description() const override {
    return "while_loop_gradient " + iterations_.description() + " back " + kernels_text(gradient_);
  }
  std::size_t workspace_bytes() const override { return layout_.bytes(); }
  bool skips_null_outputs() const override { return false; }

 private:
  void go_back(const KernelArguments& arguments, const std::byte* kept, std::int64_t count) const {
    const WhileForm& form = iterations_.form;
    const std::size_t first = form.states + form.captures;
    FunctionRun gradient(gradient_, part(arguments.workspace, workspace_));
    for (std::size_t i = form.states; i < first; ++i) {
      gradient.set_argument(i, arguments.inputs[i]);
    }
    // After `back` iterations back, gradients are in the outputs when none are left.
    const auto place = [&](std::size_t i, std::int64_t back) -> void* {
      return (count - back) % 2 == 0 ? arguments.outputs[i]
                                     : part(arguments.workspace, second_gradients_[i]);
    };
    for (std::size_t i = 0; i < gradient_bytes_.size(); ++i) {
      if (gradient_bytes_[i] == 0) continue;
      if (i < given_) {
        std::memcpy(place(i, 0), arguments.inputs[first + i], gradient_bytes_[i]);
      } else {
        std::memset(place(i, 0), 0, gradient_bytes_[i]);
      }
    }
    for (std::int64_t back = 0; back < count; ++back) {
      const std::int64_t iteration = count - 1 - back;
      const std::byte* const record = kept + static_cast<std::size_t>(iteration) * record_.bytes();
      for (std::size_t i = 0; i < form.states; ++i) gradient.set_argument(i, record + offsets_[i]);
      for (std::size_t i = 0; i < gradient_bytes_.size(); ++i) {
        gradient.set_argument(first + i, place(i, back));
        gradient.set_result(i, place(i, back + 1));
      }
      gradient.run(key_of_iteration(arguments.key, iteration), arguments.variables_version);
    }
  }

  Layout layout_;
  Iterations iterations_;
  FunctionPlan gradient_;
  std::size_t workspace_ = 0;
  Layout record_;
  std::vector<std::size_t> bytes_;
  std::vector<std::size_t> offsets_;  // in a record
  std::vector<std::array<std::size_t, 2>> seconds_;
  std::size_t given_ = 0;
  std::vector<std::size_t> gradient_bytes_;
  std::vector<std::size_t> second_gradients_;
};

template <typename KernelClass>
KernelPointer lower(const Node& node) {
  return std::make_unique<KernelClass>(node);
}

constexpr Lowering kLowerings[] = {{"cond", lower<CondKernel>},
                                   {"scan", lower<ScanKernel>},
                                   {"while_loop", lower<WhileKernel>},
                                   {"while_loop_gradient", lower<WhileGradientKernel>}};

}  // namespace

std::span<const Lowering> control_flow_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
