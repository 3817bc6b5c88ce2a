#pragma once
// Update rules: graph that turns gradients into assignments of weights.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "tegula/graph/ops.hpp"
#include "tegula/nn/object.hpp"
#include "tegula/nn/schedule.hpp"

namespace tegula::nn {

/// What every optimizer takes besides its own options; defaults and meaning as in Keras 3.
struct OptimizerOptions {
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> global_clipnorm = {};
  bool use_ema = false;
  double ema_momentum = 0.99;
  std::optional<std::int64_t> ema_overwrite_frequency = {};
  std::optional<double> loss_scale_factor = {};
  std::optional<std::int64_t> gradient_accumulation_steps = {};
  std::string name = {};

  /// The fields of these options inside an optimizer's own, reached through `Common`.
  template <auto Common>
  static auto fields_through() {
    return std::tuple_cat(std::tuple{weight_decay_through<Common>()}, others_through<Common>());
  }
  template <auto Common>
  static auto weight_decay_through() {
    return field<Common, &OptimizerOptions::weight_decay>(
        "weight_decay", "Decoupled decay per step, times rate.", at_least(0));
  }
  /// All but weight_decay, which AdamW has among its own.
  template <auto Common>
  static auto others_through() {
    using Self = OptimizerOptions;
    return std::tuple{
        field<Common, &Self::clipnorm>("clipnorm", "Largest norm of each gradient.", positive),
        field<Common, &Self::clipvalue>("clipvalue", "Largest magnitude of gradient elements.",
                                        positive.or_infinite()),
        field<Common, &Self::global_clipnorm>("global_clipnorm", "Largest norm of all gradients.",
                                              positive),
        field<Common, &Self::use_ema>("use_ema", "Keep moving averages of the weights."),
        field<Common, &Self::ema_momentum>("ema_momentum", "Momentum of the averages.",
                                           in_range(0, 1)),
        field<Common, &Self::ema_overwrite_frequency>(
            "ema_overwrite_frequency", "Steps between copies of the averages to the weights.",
            at_least(1)),
        field<Common, &Self::loss_scale_factor>("loss_scale_factor",
                                                "Factor by which the loss was scaled.", positive),
        field<Common, &Self::gradient_accumulation_steps>(
            "gradient_accumulation_steps", "Batches whose gradients are averaged per update.",
            at_least(2)),
        field<Common, &Self::name>("name", "Name of the optimizer.")};
  }
};

class TEGULA_API OptimizerBase : public Object {
 public:
  static constexpr const char* kKind = "optimizer";

  /// Makes `iterations`, `learning_rate` and the slots in the variables' graph.
  void build(Graph& graph, std::span<const Variable> trainable);
  bool built() const { return static_cast<bool>(iterations_); }
  /// Assignments of one step, from one gradient per trainable variable: scaling, accumulation,
  /// clipping, weight decay, the update rule, moving averages, `iterations` + 1. A variable without
  /// a gradient (no value) keeps what it has, and so does its state.
  std::vector<Value> apply(std::span<const Value> gradients);
  /// Keras's order: iterations, learning rate (unless scheduled), averages, accumulators, slots.
  std::vector<Variable> variables() const;

  const Variable& iterations() const { return iterations_; }
  /// No value when a schedule sets the rate.
  const Variable& learning_rate() const { return learning_rate_; }
  /// "adam", "adam_1": as given, or unique within the process.
  std::string name() const;
  virtual const OptimizerOptions& common() const = 0;
  virtual const LearningRate& rate() const = 0;
  const std::vector<Variable>& trainable() const { return trainable_; }
  /// Moving averages of the weights (`use_ema`), in the order of the trainable variables.
  const std::vector<Variable>& averages() const { return averages_; }

 protected:
  /// Makes the slots with `add_slot`, in Keras's order.
  virtual void build_slots() = 0;
  /// New value of variable `index` and assignments of its slots, given the clipped gradient.
  struct Update {
    Value weight;
    std::vector<std::pair<Variable, Value>> slots;
  };
  virtual Update update(std::size_t index, Value weight, Value gradient, Value rate) = 0;

  Variable add_slot(std::string_view name, const Variable& like, double initial = 0);
  /// 1 for the first update, as f32.
  Value update_count() const { return update_count_; }

 private:
  std::vector<Value> clip(std::vector<Value> gradients) const;

  Graph graph_;
  std::vector<Variable> trainable_;
  Variable iterations_;
  Variable learning_rate_;
  std::vector<Variable> averages_;
  std::vector<Variable> accumulators_;
  std::vector<Variable> slots_;
  Value update_count_;
};
template <>
TEGULA_API const std::vector<ObjectClass<OptimizerBase>>& object_classes<OptimizerBase>();
using Optimizer = Handle<OptimizerBase>;

}  // namespace tegula::nn
