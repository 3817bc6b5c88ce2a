// Attention between values as they are, with one head.

#include <string>
#include <utility>
#include <vector>

#include "src/nn/layers/attention_calls.hpp"
#include "src/nn/shape_text.hpp"
#include "tegula/graph/attention.hpp"
#include "tegula/graph/sequences.hpp"
#include "tegula/nn/initializers.hpp"
#include "tegula/nn/layers/attention.hpp"

namespace tegula::nn {

namespace {

/// Keras's: what a score that does not count is lowered by.
constexpr double kHidden = 1e9;

void check_inputs(std::size_t count, bool is_list, std::string_view class_name) {
  const std::string layer(class_name);
  if (!is_list) {
    throw InvalidArgument(layer +
                          " layer must be called on a list of inputs, namely [query, value] or "
                          "[query, value, key].");
  }
  if (count < 2 || count > 3) {
    throw InvalidArgument(layer +
                          " layer accepts inputs list of length 2 or 3, namely [query, value] or "
                          "[query, value, key]. Received length: " +
                          std::to_string(count) + ".");
  }
}

Value key_of(const Values& x) { return x.size() > 2 ? x[2] : x[1]; }

/// How one layer scores: products, where `scale` and a fused kernel serve, or scores at large.
struct Scoring {
  /// The query, scaled; no value where scores are no products.
  Value query;
  /// [..., queries, keys]
  Value scores;
};

/// Lowered where a key does not count, or comes later than its query.
Value masked_scores(Value scores, Value value_mask, bool causal) {
  Value counts = value_mask ? expand_dims(value_mask, -2) : Value();
  if (causal) {
    const Value seen = less_equal(positions(scores, -1), positions(scores, -2));
    counts = counts ? logical_and(counts, seen) : seen;
  }
  return counts ? where(counts, scores, scores - kHidden) : scores;
}

struct Dropping {
  double rate = 0;
  std::optional<std::int64_t> seed;
};

Values weighted(const Values& x, const Scoring& scoring, const Dropping& dropping, bool training,
                const AttentionArguments& arguments) {
  const Value value_mask = mask_of(x[1]);
  const bool drops = training && dropping.rate > 0;
  const bool fused =
      scoring.query && !drops && !arguments.return_attention_scores && x[0].shape().rank() == 3;
  Value result, weights;
  if (fused) {
    const auto one_head = [](const Value& rows) { return expand_dims(rows, 2); };
    AttentionOptions options{.scale = 1.0, .causal = arguments.use_causal_mask};
    if (value_mask) options.mask = expand_dims(expand_dims(value_mask, 1), 1);
    result = squeeze(
        attention(one_head(scoring.query), one_head(key_of(x)), one_head(x[1]), options), 2);
  } else {
    const Value scores =
        scoring.query ? matmul(scoring.query, key_of(x), {.transpose_b = true}) : scoring.scores;
    weights = softmax(masked_scores(scores, value_mask, arguments.use_causal_mask));
    if (drops) weights = dropout(weights, dropping.rate, dropping.seed.value_or(-1));
    result = matmul(weights, x[1]);
  }
  if (const Value query_mask = mask_of(x[0])) {
    result = where(expand_dims(query_mask, -1), result, 0.0);
  }
  if (arguments.return_attention_scores) return Values({result, weights});
  return result;
}

/// Each query beside each key: [..., queries, keys, features].
Value sums_of_pairs(const Values& x) { return expand_dims(x[0], -2) + expand_dims(key_of(x), -3); }

Masks of_query(const Masks& masks) { return {masks.empty() ? Value() : masks.front()}; }

}  // namespace

AttentionLayer::AttentionLayer(AttentionLayerOptions options)
    : LayerWithOptions(std::move(options)) {
  if (options_.score_mode == "dot" || options_.score_mode == "concat") return;
  throw InvalidArgument(
      "Invalid value for argument score_mode. Expected one of {'dot', 'concat'}. Received: "
      "score_mode=" +
      options_.score_mode);
}

void AttentionLayer::build_all(const ValueTypes& inputs) {
  check_inputs(inputs.size(), !inputs.is_one() && !inputs.is_named(), class_name());
  if (options_.use_scale) scale_ = add_weight("scale", {}, "ones");
  if (options_.score_mode == "concat") {
    concat_score_weight_ = add_weight("concat_score_weight", {}, "ones");
  }
}

LayerBase::CallFunction AttentionLayer::function_of(const Config& arguments) {
  return attention_function(
      arguments, class_name(),
      [this](const Values& x, bool training, const AttentionArguments& given) {
        return attend(x, training, given);
      });
}

Values AttentionLayer::call_all(const Values& x, bool training) { return attend(x, training, {}); }

Values AttentionLayer::attend(const Values& x, bool training, const AttentionArguments& arguments) {
  check_inputs(x.size(), !x.is_one() && !x.is_named(), class_name());
  Scoring scoring;
  const std::int64_t width = x[0].shape().dim(-1), key_width = key_of(x).shape().dim(-1);
  if (!compatible(Shape{width}, Shape{key_width})) {
    throw ShapeError(describe() + ": query and key must have the same last dimension, got shapes " +
                     shape_text(x[0].shape()) + " and " + shape_text(key_of(x).shape()));
  }
  if (options_.score_mode == "dot") {
    scoring.query = scale_ ? x[0] * scale_ : x[0];
  } else {
    const Value pairs = sums_of_pairs(x);
    scoring.scores = sum(tanh(scale_ ? pairs * scale_ : pairs), -1) * concat_score_weight_;
  }
  return weighted(x, scoring, {options_.dropout, options_.seed}, training, arguments);
}

Masks AttentionLayer::compute_mask(const Values& /*x*/, const Masks& masks) {
  return of_query(masks);
}

void AdditiveAttentionLayer::build_all(const ValueTypes& inputs) {
  check_inputs(inputs.size(), !inputs.is_one() && !inputs.is_named(), class_name());
  if (!options_.use_scale) return;
  const std::int64_t features = inputs[0].shape.dim(-1);
  if (features == kUnknown) {
    throw ShapeError(describe() + " needs a known last axis of the query, got shape " +
                     shape_text(inputs[0].shape));
  }
  scale_ = add_weight("scale", {features}, "glorot_uniform");
}

LayerBase::CallFunction AdditiveAttentionLayer::function_of(const Config& arguments) {
  return attention_function(
      arguments, class_name(),
      [this](const Values& x, bool training, const AttentionArguments& given) {
        return attend(x, training, given);
      });
}

Values AdditiveAttentionLayer::call_all(const Values& x, bool training) {
  return attend(x, training, {});
}

Values AdditiveAttentionLayer::attend(const Values& x, bool training,
                                      const AttentionArguments& arguments) {
  check_inputs(x.size(), !x.is_one() && !x.is_named(), class_name());
  const Value activated = tanh(sums_of_pairs(x));
  const Scoring scoring{.query = {}, .scores = sum(scale_ ? activated * scale_ : activated, -1)};
  return weighted(x, scoring, {options_.dropout, options_.seed}, training, arguments);
}

Masks AdditiveAttentionLayer::compute_mask(const Values& /*x*/, const Masks& masks) {
  return of_query(masks);
}

}  // namespace tegula::nn
