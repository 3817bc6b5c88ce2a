#include "tegula/nn/optimizer.hpp"

#include <algorithm>
#include <cmath>

#include "src/core/made_before_fork.hpp"
#include "src/nn/row_gradients.hpp"
#include "tegula/graph/initializers.hpp"
#include "tegula/nn/optimizers.hpp"

namespace tegula::nn {

namespace {

/// Whether `count` is a multiple of `period`, both whole numbers.
Value divisible(Value count, std::int64_t period) {
  const auto divisor = static_cast<double>(period);
  return equal(floor(count / divisor) * divisor, count);
}

/// Throws InvalidArgument unless there is one of `what` per variable.
void check_count(const OptimizerBase& optimizer, std::size_t variables, std::size_t given,
                 const std::string& what) {
  if (given == variables) return;
  throw InvalidArgument("optimizer \"" + optimizer.name() + "\" was built for " +
                        std::to_string(variables) + " variables, got " + std::to_string(given) +
                        " " + what);
}

}  // namespace

void check_options(const OptimizerOptions& options, std::string_view owner) {
  const int clips = int{options.clipnorm.has_value()} + int{options.clipvalue.has_value()} +
                    int{options.global_clipnorm.has_value()};
  if (clips > 1) {
    throw InvalidArgument(std::string(owner) +
                          ": only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set");
  }
  const bool all_rows_count = options.clipnorm || options.global_clipnorm || options.use_ema ||
                              options.gradient_accumulation_steps;
  if (options.lazy_rows && all_rows_count) {
    throw InvalidArgument(std::string(owner) +
                          ": `lazy_rows` leaves rows out, which `clipnorm`, `global_clipnorm`, "
                          "`use_ema` and `gradient_accumulation_steps` need; `clipvalue` goes with "
                          "it");
  }
}

std::string OptimizerBase::name() const {
  return common().name.empty() ? snake_case(class_name()) : common().name;
}

Variable OptimizerBase::iterations() const {
  return constructing([this] { return iterations_; });
}

Variable OptimizerBase::learning_rate() const {
  return constructing([this] { return learning_rate_; });
}

std::vector<Variable> OptimizerBase::trainable() const {
  return constructing([this] { return trainable_; });
}

std::vector<Variable> OptimizerBase::averaged() const {
  std::vector<Variable> weights = trainable();
  weights.resize(averages().size());
  return weights;
}
std::vector<Variable> OptimizerBase::averages() const {
  return constructing([this] { return averages_; });
}

void OptimizerBase::build(Graph& graph, std::span<const Variable> trainable) {
  const ConstructionLock lock;
  if (built() && !(graph == graph_)) {
    throw InvalidArgument("optimizer \"" + name() +
                          "\" already belongs to another model; make a new one with the same "
                          "options");
  }
  if (common().lazy_rows && (overrides_.update || row_rule() == RowRule::together)) {
    throw InvalidArgument(std::string(class_name()) +
                          ": `lazy_rows` needs a rule that updates each row by itself, as those of "
                          "SGD, Adagrad and Adam do");
  }
  graph_ = graph;
  trainable_.assign(trainable.begin(), trainable.end());
  averages_.clear();
  accumulators_.clear();
  slots_.clear();
  NameScope scope(graph_, name());
  iterations_ = keep("iterations", Tensor::scalar(std::int64_t{0}));
  learning_rate_ = {};
  const LearningRate given = rate();
  if (given.schedule() == nullptr) {
    const double constant = given.constant();
    rate_changed_ = states_.contains("learning_rate") && constant != stated_rate_;
    stated_rate_ = constant;
    learning_rate_ = keep("learning_rate", Tensor::scalar(static_cast<float>(constant)));
  }
  const auto zeros_like = [&](const Variable& variable, std::string_view slot) {
    return keep(variable.node().name() + "/" + std::string(slot),
                zeros(variable.shape(), variable.dtype()));
  };
  if (common().use_ema) {
    for (const Variable& variable : trainable_)
      averages_.push_back(zeros_like(variable, "average"));
  }
  if (common().gradient_accumulation_steps) {
    for (const Variable& variable : trainable_) {
      accumulators_.push_back(zeros_like(variable, "gradient_accumulator"));
    }
  }
  own_built_ = false;
  if (overrides_.build) {
    overrides_.build();
  } else {
    own_build();
  }
}

void OptimizerBase::own_build() {
  build_slots();
  own_built_ = true;
}

OptimizerBase::Update OptimizerBase::own_update(std::size_t index, Value weight, Value gradient,
                                                Value rate) {
  if (!own_built_) {
    throw RunError("optimizer \"" + name() + "\": `build` of the class itself has not been called");
  }
  return update(index, weight, gradient, rate);
}

Variable OptimizerBase::keep(const std::string& path, const InitialValue& initial) {
  Variable& state = states_[path];
  const bool fits = state && state.type() == initial.type;
  if (!fits) state = graph_.variable(initial, path, false);
  return state;
}

Variable OptimizerBase::add_state(const std::string& path, const InitialValue& initial) {
  const ConstructionLock lock;
  slots_.push_back(keep(path, initial));
  return slots_.back();
}

Variable OptimizerBase::add_slot(std::string_view name, const Variable& like, double initial) {
  return add_state(like.node().name() + "/" + std::string(name),
                   constant(like.shape(), initial, like.dtype()));
}

std::vector<std::vector<Variable>> OptimizerBase::add_slots(const std::vector<std::string>& names) {
  std::vector<std::vector<Variable>> slots(names.size());
  for (const Variable& variable : trainable_) {
    for (std::size_t i = 0; i < names.size(); ++i) slots[i].push_back(add_slot(names[i], variable));
  }
  return slots;
}

std::optional<double> OptimizerBase::take_changed_rate() {
  const ConstructionLock lock;
  if (!rate_changed_) return {};
  rate_changed_ = false;
  return stated_rate_;
}

void OptimizerBase::note_rate(double rate) {
  const ConstructionLock lock;
  stated_rate_ = rate;
  store_rate(rate);
}

void OptimizerBase::exclude_from_weight_decay(std::vector<std::string> names,
                                              std::vector<std::string> paths) {
  const ConstructionLock lock;
  if (built()) {
    throw RunError(
        "`exclude_from_weight_decay()` can only be configured before the optimizer is built.");
  }
  undecayed_names_ = std::move(names);
  undecayed_paths_ = std::move(paths);
}

std::optional<double> OptimizerBase::decay_of(const Variable& variable) const {
  const std::optional<double> decay = weight_decay_of(variable);
  const std::string& path = variable.node().name();
  const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
  const auto in_name = [name](const std::string& part) { return name.find(part) != name.npos; };
  const bool excluded = std::ranges::any_of(undecayed_names_, in_name) ||
                        std::ranges::find(undecayed_paths_, path) != undecayed_paths_.end();
  return excluded ? std::nullopt : decay;
}

std::vector<Variable> OptimizerBase::variables() const {
  const ConstructionLock lock;
  std::vector<Variable> all;
  if (iterations_) all.push_back(iterations_);
  if (learning_rate_) all.push_back(learning_rate_);
  for (const auto* group : {&averages_, &accumulators_, &slots_}) {
    all.insert(all.end(), group->begin(), group->end());
  }
  return all;
}

Value OptimizerBase::scheduled_rate(Value step) const {
  const LearningRate given = rate();
  return (**given.schedule())(step);
}

std::vector<Value> OptimizerBase::clip(std::vector<Value> gradients) const {
  const OptimizerOptions options = common();
  if (options.clipvalue) {
    for (Value& gradient : gradients) {
      if (!gradient) continue;
      gradient = tegula::clip(gradient, -*options.clipvalue, *options.clipvalue);
    }
  } else if (options.clipnorm) {
    for (Value& gradient : gradients) {
      if (gradient) gradient = clip_by_norm(gradient, *options.clipnorm);
    }
  } else if (options.global_clipnorm) {
    return clip_by_global_norm(gradients, *options.global_clipnorm);
  }
  return gradients;
}

/// The weight after its average has moved towards it; the average itself where it overwrites.
Value OptimizerBase::averaged(std::size_t index, Value weight, Value updates,
                              std::vector<Value>& assignments) {
  const OptimizerOptions options = common();
  if (!options.use_ema) return weight;
  // The first average is the weight itself.
  const Value momentum = cast(greater(updates, 0.0), DType::f32) * options.ema_momentum;
  const Value average = averages_[index] * momentum + weight * (1.0 - momentum);
  assignments.push_back(assign(averages_[index], average));
  if (!options.ema_overwrite_frequency) return weight;
  return where(divisible(updates + 1.0, *options.ema_overwrite_frequency), average, weight);
}

/// The rows to update where the others can be left out.
std::optional<RowGradient> OptimizerBase::looked_up_rows(std::size_t index, Value gradient,
                                                         bool constrained) const {
  const OptimizerOptions options = common();
  const RowRule rule = overrides_.update ? RowRule::together : row_rule();
  if (rule == RowRule::together || !(options.lazy_rows || rule == RowRule::resting)) return {};
  const bool all_rows_count = decay_of(trainable_[index]) || options.clipnorm ||
                              options.global_clipnorm || options.use_ema ||
                              options.gradient_accumulation_steps || constrained;
  if (!options.lazy_rows && all_rows_count) return {};
  std::optional<RowGradient> rows = row_gradient(gradient, trainable_[index]);
  if (rows && constrained) {
    throw InvalidArgument("optimizer \"" + name() +
                          "\": `lazy_rows` leaves rows out, which the "
                          "constraint of " +
                          trainable_[index].node().name() + " needs");
  }
  return rows && (options.lazy_rows || is_small_part(*rows, trainable_[index])) ? rows
                                                                                : std::nullopt;
}

OptimizerBase::Update OptimizerBase::decayed_update(std::size_t index, Value weight, Value gradient,
                                                    Value rate) {
  if (const std::optional<double> decay = decay_of(trainable_[index])) {
    weight = weight - weight * (*decay * rate);
  }
  return overrides_.update ? overrides_.update(index, weight, gradient, rate)
                           : own_update(index, weight, gradient, rate);
}

std::vector<Value> OptimizerBase::apply(std::span<const Value> given,
                                        std::span<const Constraint> constraints,
                                        std::span<const Value> current) {
  const ConstructionLock lock;
  check_count(*this, trainable_.size(), given.size(), "gradients");
  if (!constraints.empty()) {
    check_count(*this, trainable_.size(), constraints.size(), "constraints");
  }
  if (!current.empty()) check_count(*this, trainable_.size(), current.size(), "values");
  NameScope scope(graph_, name());
  const OptimizerOptions options = common();
  std::vector<Value> gradients(given.begin(), given.end());
  std::vector<Value> assignments;
  if (options.loss_scale_factor) {
    for (Value& gradient : gradients) {
      if (gradient) gradient = gradient / *options.loss_scale_factor;
    }
  }

  // With accumulation, `iterations` counts calls; the rule's step counts updates, and everything
  // that an update changes keeps its value in between.
  const Value calls = cast(iterations_, DType::f32) + 1.0;
  const std::int64_t period = options.gradient_accumulation_steps.value_or(1);
  const Value updating = period > 1 ? divisible(calls, period) : Value();
  const Value updates =
      period > 1 ? floor((calls - 1.0) / static_cast<double>(period)) : calls - 1.0;
  update_count_ = updates + 1.0;
  for (std::size_t i = 0; i < accumulators_.size(); ++i) {
    if (!gradients[i]) continue;
    const Value total = accumulators_[i] + gradients[i];
    assignments.push_back(assign(accumulators_[i], where(updating, 0.0, total)));
    gradients[i] = total / static_cast<double>(period);
  }
  gradients = clip(std::move(gradients));

  const Value rate = learning_rate_ ? Value(learning_rate_) : scheduled_rate(calls - 1.0);
  const auto when_updating = [&updating](Value updated, Value held) {
    return updating ? where(updating, updated, held) : updated;
  };
  // An overridden rule may change the same state at several variables: the last value counts.
  std::map<std::string, std::pair<Variable, Value>> shared;
  if (own_built_) {
    for (const auto& [state, value] : update_shared()) {
      assignments.push_back(assign(state, when_updating(value, state)));
    }
  }
  for (std::size_t i = 0; i < trainable_.size(); ++i) {
    const Value before = current.empty() ? Value(trainable_[i]) : current[i];
    Value weight = before;
    const bool constrained = !constraints.empty() && constraints[i];
    if (gradients[i]) {
      Update updated = decayed_update(i, before, gradients[i], rate);
      const auto rows = before == trainable_[i] ? looked_up_rows(i, given[i], constrained)
                                                : std::optional<RowGradient>();
      if (rows) updated = on_rows(updated, trainable_[i], given[i], *rows);
      weight = when_updating(updated.weight, before);
      for (const auto& [slot, value] : updated.slots) {
        if (overrides_.update) {
          shared.insert_or_assign(slot.node().name(), std::pair(slot, value));
        } else {
          assignments.push_back(assign(slot, when_updating(value, slot)));
        }
      }
    }
    weight = averaged(i, weight, updates, assignments);
    if (gradients[i] && constrained) weight = (*constraints[i])(weight);
    if (!(weight == trainable_[i])) assignments.push_back(assign(trainable_[i], weight));
  }
  for (const auto& [path, last] : shared) {
    assignments.push_back(assign(last.first, when_updating(last.second, last.first)));
  }
  assignments.push_back(assign_add(iterations_, Tensor::scalar(std::int64_t{1})));
  return assignments;
}

template <>
const std::vector<ObjectClass<OptimizerBase>>& object_classes<OptimizerBase>() {
  static const std::vector<ObjectClass<OptimizerBase>> classes = {
      object_class<OptimizerBase, SGDOptimizer>({}),
      object_class<OptimizerBase, RMSpropOptimizer>({}),
      object_class<OptimizerBase, AdagradOptimizer>({}),
      object_class<OptimizerBase, AdamOptimizer>({}),
      object_class<OptimizerBase, AdamWOptimizer>({}),
      object_class<OptimizerBase, AdadeltaOptimizer>({}),
      object_class<OptimizerBase, AdamaxOptimizer>({}),
      object_class<OptimizerBase, NadamOptimizer>({}),
      object_class<OptimizerBase, FtrlOptimizer>({}),
      object_class<OptimizerBase, LionOptimizer>({}),
      object_class<OptimizerBase, LambOptimizer>({}),
      object_class<OptimizerBase, AdafactorOptimizer>({}),
      object_class<OptimizerBase, MuonOptimizer>({}),
      object_class<OptimizerBase, ScheduleFreeAdamWOptimizer>({}),
  };
  return classes;
}

namespace {

const detail::MadeBeforeFork kMadeBeforeFork([] { object_classes<OptimizerBase>(); });

}  // namespace

}  // namespace tegula::nn
