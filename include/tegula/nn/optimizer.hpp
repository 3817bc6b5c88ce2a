#pragma once
// Update rules: graph that turns gradients into assignments of weights.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "tegula/graph/ops.hpp"
#include "tegula/nn/constraint.hpp"
#include "tegula/nn/object.hpp"
#include "tegula/nn/schedule.hpp"

namespace tegula::nn {

struct RowGradient;

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
  /// Of a table whose rows are looked up (Embedding), the rows that a step did not look up rest:
  /// they keep value and state, and the step costs nothing for them. Otherwise it is exact: momenta
  /// and averages of all rows move in each step, as the rule has it. Not in Keras. Excludes
  /// `clipnorm`, `global_clipnorm`, `use_ema` and `gradient_accumulation_steps`.
  bool lazy_rows = false;

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
        field<Common, &Self::name>("name", "Name of the optimizer."),
        field<Common, &Self::lazy_rows>("lazy_rows",
                                        "Rest rows of a table that a step did not look up.")};
  }
};

/// Throws InvalidArgument for options that exclude each other.
TEGULA_API void check_options(const OptimizerOptions& options, std::string_view owner);

class TEGULA_API OptimizerBase : public Object {
 public:
  static constexpr const char* kKind = "optimizer";

  /// Makes `iterations`, `learning_rate` and the slots in the variables' graph; those of an earlier
  /// build, for the same variables, stay with their values.
  void build(Graph& graph, std::span<const Variable> trainable);
  bool built() const { return static_cast<bool>(iterations()); }
  /// Assignments of one step, from one gradient per trainable variable: scaling, accumulation,
  /// clipping, weight decay, the update rule, moving averages, constraints, `iterations` + 1. A
  /// variable without a gradient (no value) keeps what it has, and so does its state; only its
  /// average moves. `constraints` are empty, or one per trainable variable, which may be empty;
  /// `current` likewise what each variable holds by then, where the step assigned it before.
  std::vector<Value> apply(std::span<const Value> gradients,
                           std::span<const Constraint> constraints = {},
                           std::span<const Value> current = {});
  /// Keras's order: iterations, learning rate (unless scheduled), averages, accumulators, slots.
  std::vector<Variable> variables() const;

  Variable iterations() const;
  /// No value when a schedule sets the rate.
  Variable learning_rate() const;
  /// "adam", "adam_1": as given, or unique within the process.
  std::string name() const;
  virtual OptimizerOptions common() const = 0;
  virtual LearningRate rate() const = 0;
  std::vector<Variable> trainable() const;
  /// The weights that have moving averages (`use_ema`), and these, in the same order.
  std::vector<Variable> averaged() const;
  std::vector<Variable> averages() const;
  /// The constant rate when it was changed, as an option, after the variable was made; once.
  std::optional<double> take_changed_rate();
  /// Says that the variable `learning_rate` has been set, so that the option is the same.
  void note_rate(double rate);

  /// Weight decay leaves out the variables whose name contains one of `names`, or whose path is one
  /// of `paths`. Throws RunError when the optimizer is built.
  void exclude_from_weight_decay(std::vector<std::string> names, std::vector<std::string> paths);

  /// New value of a variable and assignments of slots, given the clipped gradient.
  struct Update {
    Value weight;
    std::vector<std::pair<Variable, Value>> slots;
  };
  /// What another language's subclass defines instead of the class's own `build_slots` and
  /// `update`, which it can call; empty functions leave those in place.
  struct Overrides {
    std::function<void()> build;
    std::function<Update(std::size_t index, Value weight, Value gradient, Value rate)> update;
  };
  void override_rules(Overrides overrides) {
    const ConstructionLock lock;
    overrides_ = std::move(overrides);
  }
  void own_build();
  /// Throws RunError before `own_build`.
  Update own_update(std::size_t index, Value weight, Value gradient, Value rate);
  /// State of the update rule's, saved with the optimizer. `path` tells it from others.
  Variable add_state(const std::string& path, const InitialValue& initial);
  /// 1 for the first update, as f32; while `apply` builds.
  Value update_count() const { return update_count_; }

  /// What a rule does to rows of a weight, and of its slots, whose gradient is 0.
  enum class RowRule {
    together,  ///< No row can be updated without the others.
    apart,     ///< Each row is updated by itself.
    resting,   ///< As `apart`, and a gradient of 0 changes nothing, so that such rows can be left
               ///< out.
  };

 protected:
  virtual RowRule row_rule() const { return RowRule::together; }
  /// Makes the slots with `add_slot`, in Keras's order.
  virtual void build_slots() = 0;
  virtual Update update(std::size_t index, Value weight, Value gradient, Value rate) = 0;
  /// Next values of state that the variables share; built once per step, before their updates.
  virtual std::vector<std::pair<Variable, Value>> update_shared() { return {}; }
  /// Weight decay of a variable; none: it does not decay.
  virtual std::optional<double> weight_decay_of(const Variable& /*variable*/) const {
    return common().weight_decay;
  }
  /// Makes a constant rate the option.
  virtual void store_rate(double /*rate*/) {}

  Variable add_slot(std::string_view name, const Variable& like, double initial = 0);
  /// Zeros like each trainable variable, per name; those of a variable follow each other.
  std::vector<std::vector<Variable>> add_slots(const std::vector<std::string>& names);

 private:
  std::optional<RowGradient> looked_up_rows(std::size_t index, Value gradient,
                                            bool constrained) const;
  Update decayed_update(std::size_t index, Value weight, Value gradient, Value rate);
  Value scheduled_rate(Value step) const;
  std::vector<Value> clip(std::vector<Value> gradients) const;
  Variable keep(const std::string& path, const InitialValue& initial);
  std::optional<double> decay_of(const Variable& variable) const;
  Value averaged(std::size_t index, Value weight, Value updates, std::vector<Value>& assignments);

  Graph graph_;
  Overrides overrides_;
  bool own_built_ = false;
  /// By path, of all builds.
  std::map<std::string, Variable> states_;
  /// The rate that `learning_rate_` started with or was last changed to as an option.
  double stated_rate_ = 0;
  bool rate_changed_ = false;
  std::vector<std::string> undecayed_names_;
  std::vector<std::string> undecayed_paths_;
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
