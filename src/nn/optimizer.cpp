#include "tegula/nn/optimizer.hpp"

#include <cmath>

#include "tegula/graph/initializers.hpp"
#include "tegula/nn/optimizers.hpp"

namespace tegula::nn {

namespace {

void check_options(const OptimizerBase& optimizer) {
  const OptimizerOptions& options = optimizer.common();
  const std::string name(optimizer.class_name());
  const int clips = int{options.clipnorm.has_value()} + int{options.clipvalue.has_value()} +
                    int{options.global_clipnorm.has_value()};
  if (clips > 1) {
    throw InvalidArgument(name +
                          ": only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set");
  }
}

/// Whether `count` is a multiple of `period`, both whole numbers.
Value divisible(Value count, std::int64_t period) {
  const auto divisor = static_cast<double>(period);
  return equal(floor(count / divisor) * divisor, count);
}

}  // namespace

std::string OptimizerBase::name() const {
  return common().name.empty() ? snake_case(class_name()) : common().name;
}

void OptimizerBase::build(Graph& graph, std::span<const Variable> trainable) {
  check_options(*this);
  if (built() && !(graph == graph_)) {
    throw InvalidArgument("optimizer \"" + name() +
                          "\" already belongs to another model; make a new one with the same "
                          "options");
  }
  graph_ = graph;
  trainable_.assign(trainable.begin(), trainable.end());
  averages_.clear();
  accumulators_.clear();
  slots_.clear();
  NameScope scope(graph_, name());
  iterations_ = graph_.variable(Tensor::scalar(std::int64_t{0}), "iterations", false);
  learning_rate_ = {};
  if (rate().schedule() == nullptr) {
    const Tensor constant = Tensor::scalar(static_cast<float>(rate().constant()));
    learning_rate_ = graph_.variable(constant, "learning_rate", false);
  }
  const auto zeros_like = [&](const Variable& variable, std::string_view slot) {
    return graph_.variable(zeros(variable.shape(), variable.dtype()),
                           variable.node().name() + "/" + std::string(slot), false);
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
  build_slots();
}

Variable OptimizerBase::add_slot(std::string_view name, const Variable& like, double initial) {
  slots_.push_back(graph_.variable(constant(like.shape(), initial, like.dtype()),
                                   like.node().name() + "/" + std::string(name), false));
  return slots_.back();
}

std::vector<Variable> OptimizerBase::variables() const {
  std::vector<Variable> all;
  if (iterations_) all.push_back(iterations_);
  if (learning_rate_) all.push_back(learning_rate_);
  for (const auto* group : {&averages_, &accumulators_, &slots_}) {
    all.insert(all.end(), group->begin(), group->end());
  }
  return all;
}

std::vector<Value> OptimizerBase::clip(std::vector<Value> gradients) const {
  const OptimizerOptions& options = common();
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

std::vector<Value> OptimizerBase::apply(std::span<const Value> given) {
  if (given.size() != trainable_.size()) {
    throw InvalidArgument("optimizer \"" + name() + "\" was built for " +
                          std::to_string(trainable_.size()) + " variables, got " +
                          std::to_string(given.size()) + " gradients");
  }
  NameScope scope(graph_, name());
  const OptimizerOptions& options = common();
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

  const Value rate =
      learning_rate_ ? Value(learning_rate_) : (**this->rate().schedule())(calls - 1.0);
  const auto when_updating = [&updating](Value updated, Value current) {
    return updating ? where(updating, updated, current) : updated;
  };
  for (std::size_t i = 0; i < trainable_.size(); ++i) {
    if (!gradients[i]) continue;
    Value weight = trainable_[i];
    if (options.weight_decay) weight = weight - weight * (*options.weight_decay * rate);
    Update updated = update(i, weight, gradients[i], rate);
    updated.weight = when_updating(updated.weight, trainable_[i]);
    for (const auto& [slot, value] : updated.slots) {
      assignments.push_back(assign(slot, when_updating(value, slot)));
    }
    if (options.use_ema) {
      // The first average is the weight itself.
      const Value momentum = cast(greater(updates, 0.0), DType::f32) * options.ema_momentum;
      const Value average = averages_[i] * momentum + updated.weight * (1.0 - momentum);
      assignments.push_back(assign(averages_[i], average));
      if (options.ema_overwrite_frequency) {
        const Value overwrite = divisible(updates + 1.0, *options.ema_overwrite_frequency);
        updated.weight = where(overwrite, average, updated.weight);
      }
    }
    assignments.push_back(assign(trainable_[i], updated.weight));
  }
  assignments.push_back(assign_add(iterations_, Tensor::scalar(std::int64_t{1})));
  return assignments;
}

namespace {

/// Checks the common options at once, where the user's line is.
template <typename Impl>
ObjectClass<OptimizerBase> optimizer_class() {
  ObjectClass<OptimizerBase> entry = object_class<OptimizerBase, Impl>({});
  entry.make = [make = entry.make](const Config& options) {
    const std::shared_ptr<OptimizerBase> made = make(options);
    check_options(*made);
    return made;
  };
  return entry;
}

}  // namespace

template <>
const std::vector<ObjectClass<OptimizerBase>>& object_classes<OptimizerBase>() {
  static const std::vector<ObjectClass<OptimizerBase>> classes = {
      optimizer_class<SGDOptimizer>(),     optimizer_class<RMSpropOptimizer>(),
      optimizer_class<AdagradOptimizer>(), optimizer_class<AdamOptimizer>(),
      optimizer_class<AdamWOptimizer>(),
  };
  return classes;
}

}  // namespace tegula::nn
