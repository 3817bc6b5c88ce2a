#pragma once
// The losses, with Keras's names, arguments, defaults and arithmetic.

#include <optional>
#include <string>
#include <tuple>

#include "tegula/nn/losses/embedding.hpp"
#include "tegula/nn/losses/overlap.hpp"
#include "tegula/nn/losses/sequence.hpp"
#include "tegula/nn/losses/with_options.hpp"

namespace tegula::nn {

/// One row per plain loss: names, documentation, and the values per sample.
struct PlainLoss {
  const char* name;
  const char* default_name;
  const char* doc;
  Value (*values)(Value y_true, Value y_pred);
};

/// A loss without options of its own; `Plain` is its row.
template <const PlainLoss& Plain>
class PlainLossOf : public LossWithOptions<PlainLossOf<Plain>, PlainLossOptions> {
 public:
  static constexpr const char* kName = Plain.name;
  static constexpr const char* kDefaultName = Plain.default_name;
  static constexpr const char* kDoc = Plain.doc;
  using LossWithOptions<PlainLossOf<Plain>, PlainLossOptions>::LossWithOptions;
  Value values(Value y_true, Value y_pred) const override {
    check_elementwise(y_true, y_pred);
    return Plain.values(y_true, y_pred);
  }
};

namespace loss_values {
TEGULA_API Value mean_squared_error(Value y_true, Value y_pred);
TEGULA_API Value mean_absolute_error(Value y_true, Value y_pred);
TEGULA_API Value mean_absolute_percentage_error(Value y_true, Value y_pred);
TEGULA_API Value mean_squared_logarithmic_error(Value y_true, Value y_pred);
TEGULA_API Value log_cosh(Value y_true, Value y_pred);
TEGULA_API Value hinge(Value y_true, Value y_pred);
TEGULA_API Value squared_hinge(Value y_true, Value y_pred);
TEGULA_API Value categorical_hinge(Value y_true, Value y_pred);
TEGULA_API Value kl_divergence(Value y_true, Value y_pred);
TEGULA_API Value poisson(Value y_true, Value y_pred);
/// Along `axis`; the negative of the similarity.
TEGULA_API Value cosine_similarity(Value y_true, Value y_pred, std::int64_t axis = -1);
TEGULA_API Value huber(Value y_true, Value y_pred, double delta = 1);
TEGULA_API Value binary_crossentropy(Value y_true, Value y_pred, bool from_logits = false,
                                     double label_smoothing = 0, std::int64_t axis = -1);
TEGULA_API Value categorical_crossentropy(Value y_true, Value y_pred, bool from_logits = false,
                                          double label_smoothing = 0, std::int64_t axis = -1);
/// Labels are class indices; `ignore_class` gives 0.
TEGULA_API Value sparse_categorical_crossentropy(Value y_true, Value y_pred,
                                                 bool from_logits = false,
                                                 std::optional<std::int64_t> ignore_class = {},
                                                 std::int64_t axis = -1);
TEGULA_API Value binary_focal_crossentropy(Value y_true, Value y_pred, bool apply_class_balancing,
                                           double alpha, double gamma, bool from_logits,
                                           double label_smoothing, std::int64_t axis = -1);
TEGULA_API Value categorical_focal_crossentropy(Value y_true, Value y_pred, double alpha,
                                                double gamma, bool from_logits,
                                                double label_smoothing, std::int64_t axis = -1);
/// Labels are class indices.
TEGULA_API Value categorical_generalized_cross_entropy(Value y_true, Value y_pred, double q);
}  // namespace loss_values

inline constexpr PlainLoss kMeanSquaredError = {"MeanSquaredError", "mean_squared_error",
                                                "mean((y_true - y_pred)²)",
                                                loss_values::mean_squared_error};
inline constexpr PlainLoss kMeanAbsoluteError = {"MeanAbsoluteError", "mean_absolute_error",
                                                 "mean(|y_true - y_pred|)",
                                                 loss_values::mean_absolute_error};
inline constexpr PlainLoss kMeanAbsolutePercentageError = {
    "MeanAbsolutePercentageError", "mean_absolute_percentage_error",
    "100 mean(|y_true - y_pred| / |y_true|)", loss_values::mean_absolute_percentage_error};
inline constexpr PlainLoss kMeanSquaredLogarithmicError = {
    "MeanSquaredLogarithmicError", "mean_squared_logarithmic_error",
    "mean((log(y_true + 1) - log(y_pred + 1))²)", loss_values::mean_squared_logarithmic_error};
inline constexpr PlainLoss kLogCosh = {"LogCosh", "log_cosh", "mean(log(cosh(y_pred - y_true)))",
                                       loss_values::log_cosh};
inline constexpr PlainLoss kHinge = {"Hinge", "hinge", "mean(max(1 - y_true y_pred, 0))",
                                     loss_values::hinge};
inline constexpr PlainLoss kSquaredHinge = {"SquaredHinge", "squared_hinge",
                                            "mean(max(1 - y_true y_pred, 0)²)",
                                            loss_values::squared_hinge};
inline constexpr PlainLoss kCategoricalHinge = {"CategoricalHinge", "categorical_hinge",
                                                "max(largest wrong score - right score + 1, 0)",
                                                loss_values::categorical_hinge};
inline constexpr PlainLoss kKLDivergence = {"KLDivergence", "kl_divergence",
                                            "sum(y_true log(y_true / y_pred))",
                                            loss_values::kl_divergence};
inline constexpr PlainLoss kPoisson = {"Poisson", "poisson", "mean(y_pred - y_true log(y_pred))",
                                       loss_values::poisson};

using MeanSquaredError = Make<PlainLossOf<kMeanSquaredError>, Loss>;
using MeanAbsoluteError = Make<PlainLossOf<kMeanAbsoluteError>, Loss>;
using MeanAbsolutePercentageError = Make<PlainLossOf<kMeanAbsolutePercentageError>, Loss>;
using MeanSquaredLogarithmicError = Make<PlainLossOf<kMeanSquaredLogarithmicError>, Loss>;
using LogCosh = Make<PlainLossOf<kLogCosh>, Loss>;
using Hinge = Make<PlainLossOf<kHinge>, Loss>;
using SquaredHinge = Make<PlainLossOf<kSquaredHinge>, Loss>;
using CategoricalHinge = Make<PlainLossOf<kCategoricalHinge>, Loss>;
using KLDivergence = Make<PlainLossOf<kKLDivergence>, Loss>;
using Poisson = Make<PlainLossOf<kPoisson>, Loss>;

struct HuberOptions {
  double delta = 1;
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
  static auto fields() {
    using Self = HuberOptions;
    return std::tuple{field<&Self::delta>("delta", "Where squares become linear.", positive),
                      field<&Self::reduction>("reduction", "How samples become one number."),
                      field<&Self::name>("name", "Name of the loss.")};
  }
};
class TEGULA_API HuberLoss : public LossWithOptions<HuberLoss, HuberOptions> {
 public:
  static constexpr const char* kName = "Huber";
  static constexpr const char* kDefaultName = "huber_loss";
  static constexpr const char* kDoc = "Squared for small errors, linear beyond delta.";
  using LossWithOptions::LossWithOptions;
  Value values(Value y_true, Value y_pred) const override;
};
using Huber = Make<HuberLoss, Loss>;

struct CosineSimilarityOptions {
  std::int64_t axis = -1;
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
  static auto fields() {
    using Self = CosineSimilarityOptions;
    return std::tuple{field<&Self::axis>("axis", "Axis of the vectors.", any_finite),
                      field<&Self::reduction>("reduction", "How samples become one number."),
                      field<&Self::name>("name", "Name of the loss.")};
  }
};
class TEGULA_API CosineSimilarityLoss
    : public LossWithOptions<CosineSimilarityLoss, CosineSimilarityOptions> {
 public:
  static constexpr const char* kName = "CosineSimilarity";
  static constexpr const char* kDefaultName = "cosine_similarity";
  static constexpr const char* kDoc = "Minus the cosine of the angle between the vectors.";
  using LossWithOptions::LossWithOptions;
  Value values(Value y_true, Value y_pred) const override;
};
using CosineSimilarity = Make<CosineSimilarityLoss, Loss>;

/// Options of binary and categorical cross-entropy.
struct CrossentropyOptions {
  bool from_logits = false;
  double label_smoothing = 0;
  std::int64_t axis = -1;
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
  static auto fields() {
    using Self = CrossentropyOptions;
    return std::tuple{field<&Self::from_logits>("from_logits", "Whether predictions are logits."),
                      field<&Self::label_smoothing>(
                          "label_smoothing", "Share of the label that is spread.", in_range(0, 1)),
                      field<&Self::axis>("axis", "Axis of the classes.", any_finite),
                      field<&Self::reduction>("reduction", "How samples become one number."),
                      field<&Self::name>("name", "Name of the loss.")};
  }
};
class TEGULA_API BinaryCrossentropyLoss
    : public LossWithOptions<BinaryCrossentropyLoss, CrossentropyOptions> {
 public:
  static constexpr const char* kName = "BinaryCrossentropy";
  static constexpr const char* kDefaultName = "binary_crossentropy";
  static constexpr const char* kDoc = "-(t log p + (1 - t) log(1 - p)), averaged.";
  using LossWithOptions::LossWithOptions;
  Value values(Value y_true, Value y_pred) const override;
};
using BinaryCrossentropy = Make<BinaryCrossentropyLoss, Loss>;

class TEGULA_API CategoricalCrossentropyLoss
    : public LossWithOptions<CategoricalCrossentropyLoss, CrossentropyOptions> {
 public:
  static constexpr const char* kName = "CategoricalCrossentropy";
  static constexpr const char* kDefaultName = "categorical_crossentropy";
  static constexpr const char* kDoc = "-sum(t log p) over the classes; targets are one-hot.";
  using LossWithOptions::LossWithOptions;
  Value values(Value y_true, Value y_pred) const override;
};
using CategoricalCrossentropy = Make<CategoricalCrossentropyLoss, Loss>;

struct SparseCategoricalCrossentropyOptions {
  bool from_logits = false;
  std::optional<std::int64_t> ignore_class = {};
  Reduction reduction = Reduction::sum_over_batch_size;
  std::int64_t axis = -1;
  std::string name = {};
  static auto fields() {
    using Self = SparseCategoricalCrossentropyOptions;
    return std::tuple{
        field<&Self::from_logits>("from_logits", "Whether predictions are logits."),
        field<&Self::ignore_class>("ignore_class", "Class whose samples do not count.", any_finite),
        field<&Self::reduction>("reduction", "How samples become one number."),
        field<&Self::axis>("axis", "Axis of the classes.", any_finite),
        field<&Self::name>("name", "Name of the loss.")};
  }
};
class TEGULA_API SparseCategoricalCrossentropyLoss
    : public LossWithOptions<SparseCategoricalCrossentropyLoss,
                             SparseCategoricalCrossentropyOptions> {
 public:
  static constexpr const char* kName = "SparseCategoricalCrossentropy";
  static constexpr const char* kDefaultName = "sparse_categorical_crossentropy";
  static constexpr const char* kDoc = "-log p of the target class; targets are class indices.";
  using LossWithOptions::LossWithOptions;
  bool integer_targets() const override { return true; }
  std::int64_t class_axis() const override { return options_.axis; }
  std::optional<std::int64_t> ignored_class() const override { return options_.ignore_class; }
  Value values(Value y_true, Value y_pred) const override;
  Value mask(Value y_true) const override;
};
using SparseCategoricalCrossentropy = Make<SparseCategoricalCrossentropyLoss, Loss>;

struct BinaryFocalCrossentropyOptions {
  bool apply_class_balancing = false;
  double alpha = 0.25;
  double gamma = 2;
  bool from_logits = false;
  double label_smoothing = 0;
  std::int64_t axis = -1;
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
  static auto fields() {
    using Self = BinaryFocalCrossentropyOptions;
    return std::tuple{
        field<&Self::apply_class_balancing>("apply_class_balancing", "Weigh classes by alpha."),
        field<&Self::alpha>("alpha", "Weight of class 1; class 0 weighs 1 - alpha.",
                            in_range(0, 1)),
        field<&Self::gamma>("gamma", "How much easy samples count less.", at_least(0)),
        field<&Self::from_logits>("from_logits", "Whether predictions are logits."),
        field<&Self::label_smoothing>("label_smoothing", "Share of the label that is spread.",
                                      in_range(0, 1)),
        field<&Self::axis>("axis", "Axis of the average.", any_finite),
        field<&Self::reduction>("reduction", "How samples become one number."),
        field<&Self::name>("name", "Name of the loss.")};
  }
};
/// Lin et al., "Focal loss for dense object detection", 2017.
class TEGULA_API BinaryFocalCrossentropyLoss
    : public LossWithOptions<BinaryFocalCrossentropyLoss, BinaryFocalCrossentropyOptions> {
 public:
  static constexpr const char* kName = "BinaryFocalCrossentropy";
  static constexpr const char* kDefaultName = "binary_focal_crossentropy";
  static constexpr const char* kDoc = "Binary cross-entropy that looks at hard samples.";
  using LossWithOptions::LossWithOptions;
  Value values(Value y_true, Value y_pred) const override;
};
using BinaryFocalCrossentropy = Make<BinaryFocalCrossentropyLoss, Loss>;

struct CategoricalFocalCrossentropyOptions {
  double alpha = 0.25;
  double gamma = 2;
  bool from_logits = false;
  double label_smoothing = 0;
  std::int64_t axis = -1;
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
  static auto fields() {
    using Self = CategoricalFocalCrossentropyOptions;
    return std::tuple{
        field<&Self::alpha>("alpha", "Weight of all classes.", at_least(0)),
        field<&Self::gamma>("gamma", "How much easy samples count less.", at_least(0)),
        field<&Self::from_logits>("from_logits", "Whether predictions are logits."),
        field<&Self::label_smoothing>("label_smoothing", "Share of the label that is spread.",
                                      in_range(0, 1)),
        field<&Self::axis>("axis", "Axis of the classes.", any_finite),
        field<&Self::reduction>("reduction", "How samples become one number."),
        field<&Self::name>("name", "Name of the loss.")};
  }
};
class TEGULA_API CategoricalFocalCrossentropyLoss
    : public LossWithOptions<CategoricalFocalCrossentropyLoss,
                             CategoricalFocalCrossentropyOptions> {
 public:
  static constexpr const char* kName = "CategoricalFocalCrossentropy";
  static constexpr const char* kDefaultName = "categorical_focal_crossentropy";
  static constexpr const char* kDoc = "Categorical cross-entropy that looks at hard samples.";
  using LossWithOptions::LossWithOptions;
  Value values(Value y_true, Value y_pred) const override;
};
using CategoricalFocalCrossentropy = Make<CategoricalFocalCrossentropyLoss, Loss>;

struct CategoricalGeneralizedCrossEntropyOptions {
  double q = 0.5;
  Reduction reduction = Reduction::sum_over_batch_size;
  std::string name = {};
  static auto fields() {
    using Self = CategoricalGeneralizedCrossEntropyOptions;
    constexpr Range kInside = {
        .lowest = 0, .highest = 1, .excludes_lowest = true, .excludes_highest = true};
    return std::tuple{
        field<&Self::q>("q", "From cross-entropy, near 0, to absolute error, near 1.", kInside),
        field<&Self::reduction>("reduction", "How samples become one number."),
        field<&Self::name>("name", "Name of the loss.")};
  }
};
/// Zhang and Sabuncu, "Generalized cross entropy loss for training deep neural networks with noisy
/// labels", 2018.
class TEGULA_API CategoricalGeneralizedCrossEntropyLoss
    : public LossWithOptions<CategoricalGeneralizedCrossEntropyLoss,
                             CategoricalGeneralizedCrossEntropyOptions> {
 public:
  static constexpr const char* kName = "CategoricalGeneralizedCrossEntropy";
  static constexpr const char* kDefaultName = "categorical_generalized_cross_entropy";
  static constexpr const char* kDoc = "(1 - p^q) / q of the target class; bears wrong labels.";
  using LossWithOptions::LossWithOptions;
  bool integer_targets() const override { return true; }
  Value values(Value y_true, Value y_pred) const override;
};
using CategoricalGeneralizedCrossEntropy = Make<CategoricalGeneralizedCrossEntropyLoss, Loss>;

/// A loss from a function of the user's that returns values per sample.
TEGULA_API Loss make_loss(std::string name, std::function<Value(Value y_true, Value y_pred)> values,
                          Reduction reduction = Reduction::sum_over_batch_size);
/// Makes the loss known by its name: `{.loss = "name"}`, and models that were saved with the loss
/// that `make_loss` made of it can be loaded.
TEGULA_API void register_loss(const std::string& name,
                              std::function<Value(Value y_true, Value y_pred)> values);

}  // namespace tegula::nn
