#pragma once
// What `fit` minimizes.

#include <cstdint>
#include <optional>
#include <string>

#include "tegula/graph/ops.hpp"
#include "tegula/nn/object.hpp"

namespace tegula::nn {

/// How per-sample losses become one number.
enum class Reduction { none, sum, sum_over_batch_size, mean, mean_with_sample_weight };
inline std::string type_name(const Reduction&) { return "optional str"; }
TEGULA_API Config to_config(Reduction reduction);
TEGULA_API void from_config(const Config& config, Reduction& reduction);

class TEGULA_API LossBase : public Object {
 public:
  static constexpr const char* kKind = "loss";

  /// One value per sample: the targets' shape without the last axis. `y_true` has been cast to
  /// `y_pred`'s dtype unless `integer_targets()`, and ranks agree as Keras makes them agree.
  virtual Value values(Value y_true, Value y_pred) const = 0;
  virtual Reduction reduction() const { return Reduction::sum_over_batch_size; }
  virtual std::string name() const = 0;
  /// Whether targets are class indices, one rank below the predictions.
  virtual bool integer_targets() const { return false; }
  /// Axis of the outputs that has the classes.
  virtual std::int64_t class_axis() const { return -1; }
  /// The index that stands for no class, where there is one.
  virtual std::optional<std::int64_t> ignored_class() const { return std::nullopt; }
  /// Whether NaN targets can only be a mistake. A loss of the user's may mask them.
  virtual bool refuses_nan_targets() const { return false; }
  /// Weight of each value beside the sample's own: 0 for classes that are ignored. No value: 1.
  virtual Value mask(Value /*y_true*/) const { return {}; }

  /// The reduced loss: values times weights, divided by the number of values (not of weights) for
  /// `sum_over_batch_size`. `sample_weight` may be no value. Where predictions carry a mask, only
  /// the values that count are taken and counted.
  virtual Value operator()(Value y_true, Value y_pred, Value sample_weight = {}) const;
};
template <>
TEGULA_API const std::vector<ObjectClass<LossBase>>& object_classes<LossBase>();
using Loss = Handle<LossBase>;

/// Makes targets and predictions what `values` of the loss takes.
TEGULA_API void prepare_operands(const LossBase& loss, Value& y_true, Value& y_pred);
/// The loss before weights and reduction: what Keras's functions, such as `mean_squared_error`,
/// give.
TEGULA_API Value values_per_sample(const LossBase& loss, Value y_true, Value y_pred);

/// `y_pred`'s logits when it is the direct output of softmax (over the last axis) or sigmoid, else
/// no value: cross-entropies use them to stay exact where probabilities saturate. As in Keras,
/// whose activations hand their logits on, each cross-entropy takes the logits of either: the
/// categorical one of a sigmoid output is that of a softmax of the same logits.
TEGULA_API Value logits_behind(Value y_pred);

/// Class indices as i32. What i32 does not hold becomes an index that no class has.
TEGULA_API Value class_indices(Value labels);

/// Keras's rank rule: when ranks differ by one and the longer value ends in 1, rank-1 operands are
/// expanded and others squeezed.
TEGULA_API void match_ranks(Value& y_true, Value& y_pred);

/// Throws ShapeError when targets and predictions, of which every element meets its counterpart,
/// cannot be broadcast, or only for one size of the batch.
TEGULA_API void check_elementwise(Value y_true, Value y_pred);

/// Makes weights fit values: ranks as Keras matches them, then missing trailing axes.
TEGULA_API void match_weight(Value& values, Value& weight);

}  // namespace tegula::nn
