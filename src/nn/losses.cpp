#include "tegula/nn/losses.hpp"

#include <cmath>

#include "src/core/made_before_fork.hpp"
#include "src/nn/shape_text.hpp"

namespace tegula::nn {

namespace loss_values {

namespace {

Value clipped(Value probability) { return clip(probability, kEpsilon, 1 - kEpsilon); }

/// Labels 0 and 1 become -1 and 1, but only when all labels of the batch are 0 or 1.
Value hinge_labels(Value y_true) {
  const Value binary = all(logical_or(equal(y_true, 0.0), equal(y_true, 1.0)));
  return where(binary, y_true * 2.0 - 1.0, y_true);
}

/// x / |x| along `axis`.
Value unit(Value x, std::int64_t axis) { return l2_normalize(x, axis, kEpsilon * kEpsilon); }

Value smoothed_binary(Value y_true, double smoothing) {
  return smoothing == 0 ? y_true : y_true * (1 - smoothing) + 0.5 * smoothing;
}

Value smoothed_categorical(Value y_true, double smoothing, std::int64_t axis) {
  if (smoothing == 0) return y_true;
  const std::int64_t classes = y_true.shape().dim(static_cast<int>(axis));
  if (classes == kUnknown) throw ShapeError("label smoothing needs a known number of classes");
  return y_true * (1 - smoothing) + smoothing / static_cast<double>(classes);
}

/// The logits that the predictions are, or come from; no value when they are probabilities.
Value logits_of(Value y_pred, bool from_logits) {
  if (const Value logits = logits_behind(y_pred)) return logits;
  return from_logits ? y_pred : Value();
}

bool is_last(std::int64_t axis, Value x) {
  return normalize_axis(axis, x.shape().rank()) == x.shape().rank() - 1;
}

/// Moves `axis` to the end.
Value classes_last(Value x, std::int64_t axis) {
  if (is_last(axis, x)) return x;
  const int rank = x.shape().rank();
  const int from = normalize_axis(axis, rank);
  std::vector<std::int64_t> order;
  for (int i = 0; i < rank; ++i) {
    if (i != from) order.push_back(i);
  }
  order.push_back(from);
  return transpose(x, Axes(order));
}

/// Cross-entropies broadcast nothing: a column of targets beside several outputs is a mistake.
void check_same_shape(Value y_true, Value y_pred) {
  if (compatible(y_true.shape(), y_pred.shape())) return;
  throw ShapeError(
      "Arguments `target` and `output` must have the same shape. Received: "
      "target.shape=" +
      shape_text(y_true.shape()) + ", output.shape=" + shape_text(y_pred.shape()));
}

/// An index for each row of scores.
void check_labels(Value labels, Value scores, std::int64_t axis) {
  const Shape& given = labels.shape();
  Shape wanted;
  const int classes = normalize_axis(axis, scores.shape().rank());
  for (int i = 0; i < scores.shape().rank(); ++i) {
    if (i != classes) wanted.append(scores.shape()[i]);
  }
  if (compatible(given, wanted)) return;
  const bool one_hot = compatible(given, scores.shape());
  throw ShapeError("sparse categorical cross-entropy takes class indices of shape " +
                   shape_text(wanted) + " beside predictions of shape " +
                   shape_text(scores.shape()) + ", got targets of shape " + shape_text(given) +
                   (one_hot ? "; for one-hot targets use CategoricalCrossentropy" : ""));
}

/// Binary cross-entropy of each element.
Value binary_entropy(Value target, Value y_pred, bool from_logits) {
  check_same_shape(target, y_pred);
  if (const Value logits = logits_of(y_pred, from_logits)) {
    return sigmoid_cross_entropy(logits, target);
  }
  const Value p = clipped(y_pred);
  return -(target * log(p) + (1.0 - target) * log(1.0 - p));
}

}  // namespace

Value mean_squared_error(Value y_true, Value y_pred) { return mean(square(y_true - y_pred), -1); }

Value mean_absolute_error(Value y_true, Value y_pred) { return mean(abs(y_true - y_pred), -1); }

Value mean_absolute_percentage_error(Value y_true, Value y_pred) {
  return mean(abs((y_true - y_pred) / maximum(abs(y_true), kEpsilon)), -1) * 100.0;
}

Value mean_squared_logarithmic_error(Value y_true, Value y_pred) {
  const Value first = log(maximum(y_pred, kEpsilon) + 1.0);
  const Value second = log(maximum(y_true, kEpsilon) + 1.0);
  return mean(square(first - second), -1);
}

Value log_cosh(Value y_true, Value y_pred) {
  const Value error = y_pred - y_true;
  return mean(error + softplus(error * -2.0) - std::log(2.0), -1);
}

Value hinge(Value y_true, Value y_pred) {
  return mean(maximum(1.0 - hinge_labels(y_true) * y_pred, 0.0), -1);
}

Value squared_hinge(Value y_true, Value y_pred) {
  return mean(square(maximum(1.0 - hinge_labels(y_true) * y_pred, 0.0)), -1);
}

Value categorical_hinge(Value y_true, Value y_pred) {
  const Value right = sum(y_true * y_pred, -1);
  const Value wrong = max((1.0 - y_true) * y_pred, -1);
  return maximum(wrong - right + 1.0, 0.0);
}

Value kl_divergence(Value y_true, Value y_pred) {
  const Value target = clip(y_true, kEpsilon, 1);
  return sum(target * log(target / clip(y_pred, kEpsilon, 1)), -1);
}

Value poisson(Value y_true, Value y_pred) {
  return mean(y_pred - y_true * log(y_pred + kEpsilon), -1);
}

Value cosine_similarity(Value y_true, Value y_pred, std::int64_t axis) {
  return -sum(unit(y_true, axis) * unit(y_pred, axis), axis);
}

Value huber(Value y_true, Value y_pred, double delta) {
  const Value error = abs(y_pred - y_true);
  const Value small = square(error) * 0.5;
  return mean(where(less_equal(error, delta), small, error * delta - 0.5 * delta * delta), -1);
}

Value binary_crossentropy(Value y_true, Value y_pred, bool from_logits, double label_smoothing,
                          std::int64_t axis) {
  const Value target = smoothed_binary(y_true, label_smoothing);
  return mean(binary_entropy(target, y_pred, from_logits), axis);
}

Value categorical_crossentropy(Value y_true, Value y_pred, bool from_logits, double label_smoothing,
                               std::int64_t axis) {
  check_same_shape(y_true, y_pred);
  if (y_true.shape().rank() == 0) {
    throw ShapeError("Arguments `target` and `output` must be at least rank 1. Received: scalars");
  }
  const Value target = smoothed_categorical(y_true, label_smoothing, axis);
  if (const Value logits = logits_of(y_pred, from_logits)) {
    return softmax_cross_entropy(classes_last(logits, axis), classes_last(target, axis));
  }
  const Value p = clipped(y_pred / sum(y_pred, axis, true));
  return -sum(target * log(p), axis);
}

Value sparse_categorical_crossentropy(Value y_true, Value y_pred, bool from_logits,
                                      std::optional<std::int64_t> ignore_class, std::int64_t axis) {
  Value logits = logits_of(y_pred, from_logits);
  // Keras normalizes probabilities after clipping, by using their logarithms as logits.
  if (!logits) logits = log(clipped(y_pred));
  check_labels(y_true, y_pred, axis);
  const Value labels = class_indices(y_true);
  if (!ignore_class) return sparse_softmax_cross_entropy(classes_last(logits, axis), labels);
  const auto ignored = static_cast<double>(*ignore_class);
  const Value counts = not_equal(labels, ignored);
  // What is ignored must not reach the gradient, whatever it is.
  const Value scores = where(expand_dims(counts, -1), classes_last(logits, axis), 0.0);
  const Value losses = sparse_softmax_cross_entropy(scores, where(counts, labels, 0.0));
  return where(counts, losses, 0.0);
}

Value binary_focal_crossentropy(Value y_true, Value y_pred, bool apply_class_balancing,
                                double alpha, double gamma, bool from_logits,
                                double label_smoothing, std::int64_t axis) {
  const Value target = smoothed_binary(y_true, label_smoothing);
  const Value p = from_logits ? sigmoid(y_pred) : y_pred;
  const Value agreement = target * p + (1.0 - target) * (1.0 - p);
  Value focal = pow(1.0 - agreement, gamma) * binary_entropy(target, p, false);
  if (apply_class_balancing) {
    focal = focal * (target * alpha + (1.0 - target) * (1 - alpha));
  }
  return mean(focal, axis);
}

Value categorical_focal_crossentropy(Value y_true, Value y_pred, double alpha, double gamma,
                                     bool from_logits, double label_smoothing, std::int64_t axis) {
  const Value target = smoothed_categorical(y_true, label_smoothing, axis);
  const Value probabilities = from_logits ? softmax(y_pred, axis) : y_pred;
  const Value p = clipped(probabilities / sum(probabilities, axis, true));
  return sum(pow(1.0 - p, gamma) * alpha * -(target * log(p)), axis);
}

Value categorical_generalized_cross_entropy(Value y_true, Value y_pred, double q) {
  check_labels(y_true, y_pred, -1);
  const std::int64_t classes = y_pred.shape().dim(-1);
  if (classes == kUnknown) {
    throw ShapeError("generalized cross-entropy needs a known number of classes, got predictions " +
                     shape_text(y_pred.shape()));
  }
  const Value target = one_hot(class_indices(y_true), classes, 1, 0, y_pred.dtype());
  return (1.0 - pow(sum(y_pred * target, -1), q)) / q;
}

}  // namespace loss_values

Value HuberLoss::values(Value y_true, Value y_pred) const {
  check_elementwise(y_true, y_pred);
  return loss_values::huber(y_true, y_pred, options_.delta);
}

Value CosineSimilarityLoss::values(Value y_true, Value y_pred) const {
  check_elementwise(y_true, y_pred);
  return loss_values::cosine_similarity(y_true, y_pred, options_.axis);
}

Value BinaryCrossentropyLoss::values(Value y_true, Value y_pred) const {
  check_elementwise(y_true, y_pred);
  return loss_values::binary_crossentropy(y_true, y_pred, options_.from_logits,
                                          options_.label_smoothing, options_.axis);
}

Value CategoricalCrossentropyLoss::values(Value y_true, Value y_pred) const {
  return loss_values::categorical_crossentropy(y_true, y_pred, options_.from_logits,
                                               options_.label_smoothing, options_.axis);
}

Value SparseCategoricalCrossentropyLoss::values(Value y_true, Value y_pred) const {
  return loss_values::sparse_categorical_crossentropy(y_true, y_pred, options_.from_logits,
                                                      options_.ignore_class, options_.axis);
}

Value SparseCategoricalCrossentropyLoss::mask(Value y_true) const {
  if (!options_.ignore_class) return {};
  const auto ignored = static_cast<double>(*options_.ignore_class);
  return cast(not_equal(y_true, ignored), DType::f32);
}

Value BinaryFocalCrossentropyLoss::values(Value y_true, Value y_pred) const {
  check_elementwise(y_true, y_pred);
  return loss_values::binary_focal_crossentropy(
      y_true, y_pred, options_.apply_class_balancing, options_.alpha, options_.gamma,
      options_.from_logits, options_.label_smoothing, options_.axis);
}

Value CategoricalFocalCrossentropyLoss::values(Value y_true, Value y_pred) const {
  check_elementwise(y_true, y_pred);
  return loss_values::categorical_focal_crossentropy(y_true, y_pred, options_.alpha, options_.gamma,
                                                     options_.from_logits, options_.label_smoothing,
                                                     options_.axis);
}

Value CategoricalGeneralizedCrossEntropyLoss::values(Value y_true, Value y_pred) const {
  return loss_values::categorical_generalized_cross_entropy(y_true, y_pred, options_.q);
}

namespace {

/// A function of the user's. It has no options, so it cannot be made again from a config.
class FunctionLoss : public LossBase {
 public:
  FunctionLoss(std::string name, std::function<Value(Value, Value)> function, Reduction reduction)
      : name_(std::move(name)), function_(std::move(function)), reduction_(reduction) {}
  std::string_view class_name() const override { return name_; }
  Config config() const override { return Config::object({{"reduction", to_config(reduction_)}}); }
  std::string name() const override { return name_; }
  Reduction reduction() const override { return reduction_; }
  Value values(Value y_true, Value y_pred) const override { return function_(y_true, y_pred); }

 private:
  std::string name_;
  std::function<Value(Value, Value)> function_;
  Reduction reduction_;
};

}  // namespace

Loss make_loss(std::string name, std::function<Value(Value y_true, Value y_pred)> values,
               Reduction reduction) {
  return Loss(std::make_shared<FunctionLoss>(std::move(name), std::move(values), reduction));
}

namespace {

struct FunctionLossOptions {
  Reduction reduction = Reduction::sum_over_batch_size;
  static auto fields() {
    return std::tuple{field<&FunctionLossOptions::reduction>(
        "reduction", "How values per sample become one number.")};
  }
};

}  // namespace

void register_loss(const std::string& name,
                   std::function<Value(Value y_true, Value y_pred)> values) {
  const auto make = [name, values = std::move(values)](const Config& config) {
    FunctionLossOptions options;
    from_config(config, options, name);
    return make_loss(name, values, options.reduction).shared();
  };
  register_class<LossBase>({name, {}, "", field_infos<FunctionLossOptions>(), make});
}

namespace {

/// The cross-entropy that fits the shapes: binary for one output, sparse for targets without the
/// classes' axis, else categorical.
class CrossentropyByShape : public LossWithOptions<CrossentropyByShape, PlainLossOptions> {
 public:
  static constexpr const char* kName = "Crossentropy";
  static constexpr const char* kDefaultName = "crossentropy";
  static constexpr const char* kDoc = "The cross-entropy that fits the shapes of the targets.";
  using LossWithOptions::LossWithOptions;
  Value values(Value y_true, Value y_pred) const override {
    if (y_pred.shape().dim(-1) == 1) return loss_values::binary_crossentropy(y_true, y_pred);
    const bool column =
        y_true.shape().rank() == y_pred.shape().rank() && y_true.shape().dim(-1) == 1;
    if (!column && y_true.shape().rank() == y_pred.shape().rank()) {
      return loss_values::categorical_crossentropy(y_true, y_pred);
    }
    if (column) y_true = squeeze(y_true, -1);
    return loss_values::sparse_categorical_crossentropy(y_true, y_pred);
  }
};

}  // namespace

template <>
const std::vector<ObjectClass<LossBase>>& object_classes<LossBase>() {
  static const std::vector<ObjectClass<LossBase>> classes = {
      object_class<LossBase, PlainLossOf<kMeanSquaredError>>({"mse", "MSE"}),
      object_class<LossBase, PlainLossOf<kMeanAbsoluteError>>({"mae", "MAE"}),
      object_class<LossBase, PlainLossOf<kMeanAbsolutePercentageError>>({"mape", "MAPE"}),
      object_class<LossBase, PlainLossOf<kMeanSquaredLogarithmicError>>({"msle", "MSLE"}),
      object_class<LossBase, HuberLoss>({"huber_loss"}),
      object_class<LossBase, PlainLossOf<kLogCosh>>({"logcosh"}),
      object_class<LossBase, CosineSimilarityLoss>({}),
      object_class<LossBase, PlainLossOf<kHinge>>({}),
      object_class<LossBase, PlainLossOf<kSquaredHinge>>({}),
      object_class<LossBase, PlainLossOf<kCategoricalHinge>>({}),
      object_class<LossBase, PlainLossOf<kKLDivergence>>({"kld", "KLD", "kl_divergence"}),
      object_class<LossBase, PlainLossOf<kPoisson>>({}),
      object_class<LossBase, BinaryCrossentropyLoss>({"bce", "BCE"}),
      object_class<LossBase, CategoricalCrossentropyLoss>({}),
      object_class<LossBase, SparseCategoricalCrossentropyLoss>({}),
      object_class<LossBase, BinaryFocalCrossentropyLoss>({}),
      object_class<LossBase, CategoricalFocalCrossentropyLoss>({}),
      object_class<LossBase, CategoricalGeneralizedCrossEntropyLoss>({}),
      object_class<LossBase, DiceLoss>({}),
      object_class<LossBase, TverskyLoss>({}),
      object_class<LossBase, CircleLoss>({}),
      object_class<LossBase, CTCLoss>({}),
      object_class<LossBase, CrossentropyByShape>({"ce"}),
  };
  return classes;
}

namespace {

const detail::MadeBeforeFork kMadeBeforeFork([] { object_classes<LossBase>(); });

}  // namespace

}  // namespace tegula::nn
