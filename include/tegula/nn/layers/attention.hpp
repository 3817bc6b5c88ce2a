#pragma once
// Layers that sum values with weights from queries and keys.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>

#include "tegula/nn/axes.hpp"
#include "tegula/nn/call_arguments.hpp"
#include "tegula/nn/layer_with_options.hpp"
#include "tegula/nn/layers/einsum.hpp"

namespace tegula::nn {

/// What calls of these layers take beside values.
struct AttentionArguments {
  bool return_attention_scores = false;
  bool use_causal_mask = false;
  static auto fields() {
    using Self = AttentionArguments;
    return std::tuple{field<&Self::return_attention_scores>(
                          "return_attention_scores", "Whether the weights are a second output."),
                      field<&Self::use_causal_mask>(
                          "use_causal_mask", "Whether a query sees no key of a later position.")};
  }
};

/// A handle of such a layer: `attention({query, value}, {.use_causal_mask = true})`.
template <typename Impl>
class MakeAttention : public MakeLayer<Impl> {
 public:
  using MakeLayer<Impl>::MakeLayer;
  using Layer::operator();
  Values operator()(const Values& x, const AttentionArguments& arguments,
                    std::optional<bool> training = {}) const {
    return (*this)->call_with(x, training, function_of(**this, to_config(arguments)));
  }
};

/// Fields of the projections of MultiHeadAttention and GroupQueryAttention, in Keras's order.
struct AttentionProjections {
  Initializer kernel_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
};
template <typename Self>
auto attention_fields() {
  using P = AttentionProjections;
  return std::tuple{
      field<&Self::projections, &P::kernel_initializer>("kernel_initializer", "First kernels.")
          .fixed_when_built(),
      field<&Self::projections, &P::bias_initializer>("bias_initializer", "First biases.")
          .fixed_when_built(),
      field<&Self::projections, &P::kernel_regularizer>("kernel_regularizer",
                                                        "Penalty on the kernels.")
          .fixed_when_built(),
      field<&Self::projections, &P::bias_regularizer>("bias_regularizer", "Penalty on the biases.")
          .fixed_when_built(),
      field<&Self::projections, &P::activity_regularizer>("activity_regularizer",
                                                          "Penalty on what projections give.")
          .fixed_when_built(),
      field<&Self::projections, &P::kernel_constraint>("kernel_constraint",
                                                       "What kernels become after updates.")
          .fixed_when_built(),
      field<&Self::projections, &P::bias_constraint>("bias_constraint",
                                                     "What biases become after updates.")
          .fixed_when_built(),
      field<&Self::use_gate>("use_gate",
                             "Whether results are multiplied by the sigmoid of a projection of the "
                             "query.")
          .fixed_when_built(),
      field<&Self::seed>("seed", "Of dropout; none: the model's.", any_finite),
      field<&Self::name>("name", "Name of the layer.")};
}

struct MultiHeadAttentionOptions {
  std::int64_t num_heads = 1;
  std::int64_t key_dim = 1;
  std::optional<std::int64_t> value_dim = {};
  double dropout = 0;
  bool use_bias = true;
  std::optional<SampleShape> output_shape = {};
  Axes attention_axes = {};
  std::optional<std::int64_t> sliding_window = {};
  std::optional<bool> flash_attention = {};
  AttentionProjections projections = {};
  bool use_gate = false;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  static auto fields() {
    using Self = MultiHeadAttentionOptions;
    return std::tuple_cat(
        std::tuple{
            field<&Self::num_heads>("num_heads", "Number of heads.", at_least(1))
                .required()
                .fixed_when_built(),
            field<&Self::key_dim>("key_dim", "Size of a head's queries and keys.", at_least(1))
                .required()
                .fixed_when_built(),
            field<&Self::value_dim>("value_dim", "Size of a head's values; none: key_dim.",
                                    at_least(1))
                .fixed_when_built(),
            field<&Self::dropout>("dropout", "Fraction of the weights that training drops.",
                                  in_range(0, 1)),
            field<&Self::use_bias>("use_bias", "Whether projections have biases.")
                .fixed_when_built(),
            field<&Self::output_shape>("output_shape",
                                       "Last axes of the output; none: the query's last one.")
                .fixed_when_built(),
            field<&Self::attention_axes>("attention_axes",
                                         "Axes of the query that are attended over; none: all but "
                                         "the first and the last.",
                                         any_finite)
                .fixed_when_built(),
            field<&Self::sliding_window>("sliding_window",
                                         "Keys that a query sees are nearer than this; none: any.",
                                         at_least(1)),
            field<&Self::flash_attention>("flash_attention",
                                          "Whether scores are never stored, which is so anyway "
                                          "where nothing asks for them; True refuses what does.")},
        attention_fields<Self>());
  }
};

struct GroupQueryAttentionOptions {
  std::int64_t head_dim = 1;
  std::int64_t num_query_heads = 1;
  std::int64_t num_key_value_heads = 1;
  double dropout = 0;
  bool use_bias = true;
  std::optional<std::int64_t> sliding_window = {};
  std::optional<bool> flash_attention = {};
  AttentionProjections projections = {};
  bool use_gate = false;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  static auto fields() {
    using Self = GroupQueryAttentionOptions;
    return std::tuple_cat(
        std::tuple{
            field<&Self::head_dim>("head_dim", "Size of a head.", at_least(1))
                .required()
                .fixed_when_built(),
            field<&Self::num_query_heads>("num_query_heads", "Number of heads of the query.",
                                          at_least(1))
                .required()
                .fixed_when_built(),
            field<&Self::num_key_value_heads>(
                "num_key_value_heads", "Number of heads of keys and values, a divisor of that.",
                at_least(1))
                .required()
                .fixed_when_built(),
            field<&Self::dropout>("dropout", "Fraction of the weights that training drops.",
                                  in_range(0, 1)),
            field<&Self::use_bias>("use_bias", "Whether projections have biases.")
                .fixed_when_built(),
            field<&Self::sliding_window>("sliding_window",
                                         "Keys that a query sees are nearer than this; none: any.",
                                         at_least(1)),
            field<&Self::flash_attention>("flash_attention",
                                          "Whether scores are never stored, which is so anyway "
                                          "where nothing asks for them; True refuses what does.")},
        attention_fields<Self>());
  }
};

/// What the options of both layers say.
struct AttentionPlan {
  std::int64_t heads = 1;
  std::int64_t key_heads = 1;
  std::int64_t key_dim = 1;
  std::int64_t value_dim = 1;
  double dropout = 0;
  bool use_bias = true;
  bool use_gate = false;
  bool flash = false;
  std::int64_t window = 0;
  std::optional<std::int64_t> seed = {};
  AttentionProjections projections = {};
  /// Last axes of the output; none: the query's last one.
  std::optional<Shape> result = {};
  Axes axes = {};
};
TEGULA_API AttentionPlan plan_of(const MultiHeadAttentionOptions& options);
TEGULA_API AttentionPlan plan_of(const GroupQueryAttentionOptions& options);

/// Layers that attention projects with; without a gate that one is null.
struct AttentionSublayers {
  std::shared_ptr<EinsumDenseLayer> query, key, gate, value, output;
};

/// Attention between projections of a query, of keys and of values: of [query, value] or
/// [query, value, key], or of the same by these names with an `attention_mask` of
/// [batch, queries, keys].
template <HasFields Own>
class TEGULA_API ProjectedAttentionLayer
    : public LayerWithOptions<ProjectedAttentionLayer<Own>, Own>,
      public CallsWithArguments {
  using Base = LayerWithOptions<ProjectedAttentionLayer<Own>, Own>;
  static constexpr bool kGrouped = std::is_same_v<Own, GroupQueryAttentionOptions>;

 public:
  static constexpr const char* kName = kGrouped ? "GroupQueryAttention" : "MultiHeadAttention";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc =
      kGrouped ? "Attention of several heads, of which some share keys and values."
               : "Attention of several heads: softmax(query · keyᵀ / sqrt(key_dim)) · value of "
                 "projections, projected.";
  /// Throws InvalidArgument for options that do not go together.
  explicit ProjectedAttentionLayer(Own options);
  LayerBase::CallFunction function_of(const Config& arguments) override;
  Regularizer activity_regularizer() const override;

 protected:
  void build_all(const ValueTypes& inputs) override;
  Values call_all(const Values& x, bool training) override;
  /// The query's.
  Masks compute_mask(const Values& x, const Masks& masks) override;

 private:
  AttentionSublayers sublayers_;
};
using MultiHeadAttentionLayer = ProjectedAttentionLayer<MultiHeadAttentionOptions>;
using GroupQueryAttentionLayer = ProjectedAttentionLayer<GroupQueryAttentionOptions>;
using MultiHeadAttention = MakeAttention<MultiHeadAttentionLayer>;
using GroupQueryAttention = MakeAttention<GroupQueryAttentionLayer>;

struct AttentionLayerOptions {
  bool use_scale = false;
  std::string score_mode = "dot";
  double dropout = 0;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  static auto fields() {
    using Self = AttentionLayerOptions;
    return std::tuple{
        field<&Self::use_scale>("use_scale", "Whether a weight scales the scores.")
            .fixed_when_built(),
        field<&Self::score_mode>("score_mode",
                                 "\"dot\": products of query and key; \"concat\": sums of "
                                 "tanh(query + key).")
            .fixed_when_built(),
        field<&Self::dropout>("dropout", "Fraction of the weights that training drops.",
                              in_range(0, 1)),
        field<&Self::seed>("seed", "Of dropout; none: the model's.", any_finite),
        field<&Self::name>("name", "Name of the layer.")};
  }
};
/// Of [query, value] or [query, value, key], each [batch, length, features].
class TEGULA_API AttentionLayer : public LayerWithOptions<AttentionLayer, AttentionLayerOptions>,
                                  public CallsWithArguments {
 public:
  static constexpr const char* kName = "Attention";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc =
      "softmax(score(query, key)) · value of a list [query, value] or [query, value, key].";
  /// Throws InvalidArgument for another score mode.
  explicit AttentionLayer(AttentionLayerOptions options);
  CallFunction function_of(const Config& arguments) override;

 protected:
  void build_all(const ValueTypes& inputs) override;
  Values call_all(const Values& x, bool training) override;
  /// The query's.
  Masks compute_mask(const Values& x, const Masks& masks) override;

 private:
  Values attend(const Values& x, bool training, const AttentionArguments& arguments);

  Weight scale_;
  Weight concat_score_weight_;
};
using Attention = MakeAttention<AttentionLayer>;

struct AdditiveAttentionOptions {
  bool use_scale = true;
  double dropout = 0;
  std::optional<std::int64_t> seed = {};
  std::string name = {};
  static auto fields() {
    using Self = AdditiveAttentionOptions;
    return std::tuple{
        field<&Self::use_scale>("use_scale", "Whether weights scale the features' scores.")
            .fixed_when_built(),
        field<&Self::dropout>("dropout", "Fraction of the weights that training drops.",
                              in_range(0, 1)),
        field<&Self::seed>("seed", "Of dropout; none: the model's.", any_finite),
        field<&Self::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API AdditiveAttentionLayer
    : public LayerWithOptions<AdditiveAttentionLayer, AdditiveAttentionOptions>,
      public CallsWithArguments {
 public:
  static constexpr const char* kName = "AdditiveAttention";
  static constexpr bool kSupportsMasking = true;
  static constexpr const char* kDoc =
      "softmax(sum(scale · tanh(query + key))) · value of a list [query, value] or "
      "[query, value, key].";
  using LayerWithOptions::LayerWithOptions;
  CallFunction function_of(const Config& arguments) override;

 protected:
  void build_all(const ValueTypes& inputs) override;
  Values call_all(const Values& x, bool training) override;
  /// The query's.
  Masks compute_mask(const Values& x, const Masks& masks) override;

 private:
  Values attend(const Values& x, bool training, const AttentionArguments& arguments);

  Weight scale_;
};
using AdditiveAttention = MakeAttention<AdditiveAttentionLayer>;

}  // namespace tegula::nn
