// Attention of several heads between projections.

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "src/nn/layers/attention_calls.hpp"
#include "src/nn/shape_text.hpp"
#include "tegula/graph/attention.hpp"
#include "tegula/nn/layers/attention.hpp"

namespace tegula::nn {

namespace {

/// Query, value and key of a call, and the mask that was given, where there is one.
template <typename T>
struct Operands {
  const T* query = nullptr;
  const T* value = nullptr;
  const T* key = nullptr;
  const T* mask = nullptr;

  /// Whether keys are other values.
  bool has_key() const { return key != value; }
};

template <typename T>
Operands<T> operands_of(const Structure<T>& x, const std::string& layer) {
  Operands<T> operands;
  const auto known = [&]() -> std::array<std::pair<std::string_view, const T**>, 4> {
    return {{{"query", &operands.query},
             {"value", &operands.value},
             {"key", &operands.key},
             {"attention_mask", &operands.mask}}};
  }();
  for (std::size_t i = 0; i < x.size(); ++i) {
    std::size_t at = i;
    if (x.is_named()) {
      at = static_cast<std::size_t>(
          std::ranges::find(known, x.names()[i], [](const auto& one) { return one.first; }) -
          known.begin());
    }
    if (at >= known.size() || (!x.is_named() && at > 2)) {
      throw InvalidArgument(
          layer + " is called on query, value, key and attention_mask, got " +
          (x.is_named() ? "\"" + x.names()[i] + '"' : std::to_string(x.size()) + " values"));
    }
    *known[at].second = &x[i];
  }
  if (operands.query == nullptr || operands.value == nullptr) {
    throw InvalidArgument(layer + " is called on a query and a value, got only " +
                          std::to_string(x.size()) + " of them");
  }
  if (operands.key == nullptr) operands.key = operands.value;
  return operands;
}

/// Letters of axes: "abc".
std::string letters(std::size_t first, std::size_t count) {
  std::string text(count, 'a');
  std::iota(text.begin(), text.end(), static_cast<char>('a' + first));
  return text;
}

std::shared_ptr<EinsumDenseLayer> projection(const AttentionPlan& plan, std::string name,
                                             std::string equation, std::string bias_axes,
                                             Shape result) {
  const AttentionProjections& options = plan.projections;
  return std::make_shared<EinsumDenseLayer>(EinsumDenseOptions{
      .equation = std::move(equation),
      .output_shape = SampleShape(std::move(result)),
      .activation = name == "gate" ? Activation("sigmoid") : Activation(),
      .bias_axes = plan.use_bias ? std::optional(std::move(bias_axes)) : std::nullopt,
      .kernel_initializer = options.kernel_initializer,
      .bias_initializer = options.bias_initializer,
      .kernel_regularizer = options.kernel_regularizer,
      .bias_regularizer = options.bias_regularizer,
      .activity_regularizer = options.activity_regularizer,
      .kernel_constraint = options.kernel_constraint,
      .bias_constraint = options.bias_constraint,
      .name = std::move(name)});
}

/// To heads of this width: "abc,cde->abde".
std::shared_ptr<EinsumDenseLayer> to_heads(const AttentionPlan& plan, std::string name,
                                           const Shape& input, std::int64_t heads,
                                           std::int64_t width) {
  const auto free = static_cast<std::size_t>(input.rank() - 1);
  const std::string kept = letters(0, free), summed = letters(free, 1), made = letters(free + 1, 2);
  Shape result;
  for (int axis = 1; axis < input.rank() - 1; ++axis) result.append(kUnknown);
  result.append(heads);
  result.append(width);
  auto layer = projection(plan, std::move(name),
                          kept + summed + "," + summed + made + "->" + kept + made, made, result);
  layer->build(ValueType{DType::f32, input});
  return layer;
}

/// From heads to the layer's result: "abcd,cde->abe".
std::shared_ptr<EinsumDenseLayer> from_heads(const AttentionPlan& plan, const Shape& query) {
  const auto free = static_cast<std::size_t>(query.rank() - 1);
  const Shape last = plan.result.value_or(Shape{query.dim(-1)});
  const std::string kept = letters(0, free), summed = letters(free, 2);
  const std::string made = letters(free + 2, static_cast<std::size_t>(last.rank()));
  Shape input, result;
  for (int axis = 0; axis < query.rank() - 1; ++axis) input.append(query[axis]);
  for (int axis = 1; axis < query.rank() - 1; ++axis) result.append(kUnknown);
  for (const std::int64_t size : last.dims()) result.append(size);
  input.append(plan.heads);
  input.append(plan.value_dim);
  auto layer = projection(plan, "attention_output",
                          kept + summed + "," + summed + made + "->" + kept + made, made, result);
  layer->build(ValueType{DType::f32, input});
  return layer;
}

/// The values alone: the layer itself sees to masks.
Value unmasked(const Value& value) { return mask_of(value) ? identity(value) : value; }

/// How projections [batch, axes..., heads, width] become [rows, length, heads, width]: the axes
/// that are attended over are one behind the others.
class Rows {
 public:
  /// Of a query or key of this shape before the projection.
  Rows(const AttentionPlan& plan, const Shape& input, const std::string& layer) : layer_(layer) {
    const int last = input.rank() - 1;
    std::vector<bool> attended(static_cast<std::size_t>(input.rank()), !plan.axes);
    if (plan.axes) {
      for (const std::int64_t axis : *plan.axes) {
        const int at = normalize_axis(axis, input.rank());
        if (at == 0 || at == last) {
          throw InvalidArgument(layer +
                                ": `attention_axes` are between the batch's axis and the "
                                "last one, got " +
                                std::to_string(axis));
        }
        attended[static_cast<std::size_t>(at)] = true;
      }
    }
    attended[0] = attended[static_cast<std::size_t>(last)] = false;
    for (const bool wanted : {false, true}) {
      for (int axis = 1; axis < last; ++axis) {
        if (attended[static_cast<std::size_t>(axis)] == wanted) order_.push_back(axis);
        if (attended[static_cast<std::size_t>(axis)] == wanted) sizes_.push_back(input[axis]);
      }
    }
    for (int axis = 1; axis < last; ++axis) attended_ += attended[static_cast<std::size_t>(axis)];
  }
  bool are_plain() const { return order_.size() == 1 && attended_ == 1; }
  /// Sizes of the axes that are attended over.
  std::span<const std::int64_t> lengths() const {
    return std::span(sizes_).last(static_cast<std::size_t>(attended_));
  }
  /// Sizes of those that are not, but the batch's.
  std::span<const std::int64_t> others() const {
    return std::span(sizes_).first(sizes_.size() - static_cast<std::size_t>(attended_));
  }
  std::int64_t length() const {
    std::int64_t product = 1;
    for (const std::int64_t size : lengths()) product *= size;
    return product;
  }
  Value gathered(const Value& x) const {
    if (are_plain()) return x;
    if (std::ranges::find(sizes_, kUnknown) != sizes_.end()) {
      throw ShapeError(layer_ +
                       " over other axes than the second of three needs known sizes of "
                       "all but the batch's");
    }
    return reshape(transpose(x, permutation()),
                   {-1, length(), x.shape().dim(-2), x.shape().dim(-1)});
  }
  Value scattered(const Value& x) const {
    if (are_plain()) return x;
    std::vector<std::int64_t> shape = {-1};
    shape.insert(shape.end(), sizes_.begin(), sizes_.end());
    shape.push_back(x.shape().dim(-2));
    shape.push_back(x.shape().dim(-1));
    Axes back = permutation();
    const std::vector<std::int64_t> forward = *back;
    for (std::size_t i = 0; i < forward.size(); ++i) {
      (*back)[static_cast<std::size_t>(forward[i])] = static_cast<std::int64_t>(i);
    }
    return transpose(reshape(x, shape), back);
  }

 private:
  Axes permutation() const {
    std::vector<std::int64_t> axes = {0};
    axes.insert(axes.end(), order_.begin(), order_.end());
    const auto rank = static_cast<std::int64_t>(axes.size());
    axes.push_back(rank);
    axes.push_back(rank + 1);
    Axes result;
    result.emplace(axes);
    return result;
  }

  const std::string& layer_;
  std::vector<std::int64_t> order_;
  std::vector<std::int64_t> sizes_;
  int attended_ = 0;
};

/// One call: its operands, projected.
class Call {
 public:
  Call(const AttentionPlan& plan, const AttentionSublayers& layers, const Values& x, bool training,
       const AttentionArguments& arguments, const std::string& layer)
      : plan_(plan),
        layers_(layers),
        operands_(operands_of(x, layer)),
        training_(training),
        arguments_(arguments),
        layer_(layer),
        query_rows_(plan, operands_.query->shape(), layer),
        key_rows_(plan, operands_.key->shape(), layer) {
    if (!plan.flash || !arguments.return_attention_scores) return;
    throw InvalidArgument(
        "Returning attention scores is not supported when flash attention is enabled. Please "
        "disable flash attention to access attention scores.");
  }

  Values result() const {
    const Value input = unmasked(*operands_.query);
    const Value query = query_rows_.gathered(projected(*layers_.query, input));
    const Value key = key_rows_.gathered(projected(*layers_.key, unmasked(*operands_.key)));
    const Value value = key_rows_.gathered(projected(*layers_.value, unmasked(*operands_.value)));
    const bool drops = training_ && plan_.dropout > 0;
    Value weights;
    Value rows;
    if (drops || arguments_.return_attention_scores) {
      weights = attention_weights(query, key, options(true));
      rows =
          summed(drops ? dropout(weights, plan_.dropout, plan_.seed.value_or(-1)) : weights, value);
    } else {
      rows = fused(query, key, value);
    }
    Value y = query_rows_.scattered(rows);
    if (layers_.gate) y = y * projected(*layers_.gate, input);
    y = projected(*layers_.output, y);
    if (!arguments_.return_attention_scores) return y;
    return Values({y, scores(weights)});
  }

 private:
  Value projected(EinsumDenseLayer& layer, const Value& x) const { return layer(x, training_); }

  /// As [batch, heads or 1, queries or 1, keys], true where a key counts; `all` with the query's
  /// own mask.
  Value mask(bool all) const {
    Value mask;
    const auto also = [&](Value condition) {
      mask = mask ? logical_and(mask, condition) : condition;
    };
    if (operands_.mask != nullptr) also(given_mask());
    const auto along = [&](const Value& of_rows, std::int64_t axis) {
      if (!query_rows_.are_plain() || !key_rows_.are_plain()) {
        throw InvalidArgument(layer_ +
                              " over other axes than the second of three takes no masks of query, "
                              "value and key: give an attention_mask");
      }
      also(expand_dims(expand_dims(of_rows, 1), axis));
    };
    if (const Value own = mask_of(*operands_.value)) along(own, 1);
    if (operands_.has_key()) {
      if (const Value own = mask_of(*operands_.key)) along(own, 1);
    }
    if (all) {
      if (const Value own = mask_of(*operands_.query)) along(own, -1);
    }
    return mask;
  }

  /// [batch, other axes..., queries..., keys...], or fewer axes before the last ones.
  Value given_mask() const {
    Value mask = *operands_.mask;
    if (mask.dtype() != DType::boolean) mask = cast(mask, DType::boolean);
    const int rank = mask.shape().rank();
    const auto lengths =
        static_cast<int>(query_rows_.lengths().size() + key_rows_.lengths().size());
    const auto others = static_cast<int>(query_rows_.others().size());
    if (query_rows_.are_plain() && rank >= 2 && rank <= 4) {
      while (mask.shape().rank() < 4) mask = expand_dims(mask, -3);
      return mask;
    }
    if (rank == 1 + others + lengths) {
      return reshape(mask, {-1, 1, query_rows_.length(), key_rows_.length()});
    }
    throw ShapeError(layer_ + ": attention_mask is [batch, queries, keys], got shape " +
                     shape_text(mask.shape()));
  }

  AttentionOptions options(bool all) const {
    return {.scale = 1 / std::sqrt(static_cast<double>(plan_.key_dim)),
            .causal = arguments_.use_causal_mask,
            .window = plan_.window,
            .mask = mask(all),
            // As Keras: softmax hides what is masked in the dropped weights also where all is.
            .zero_where_blind = all || plan_.dropout > 0};
  }

  /// The query's mask hides whole rows, so that it is applied to the results: no mask of queries by
  /// keys is made.
  Value fused(const Value& query, const Value& key, const Value& value) const {
    const Value rows = attention(query, key, value, options(false));
    const Value own = mask_of(*operands_.query);
    if (!own) return rows;
    const Value counts = expand_dims(expand_dims(own, -1), -1);
    if (plan_.dropout > 0) return where(counts, rows, 0.0);
    return where(counts, rows, of_heads(mean(value, 1, true)));
  }

  Value summed(const Value& weights, const Value& value) const {
    const Value by_head = transpose(of_heads(value), {0, 2, 1, 3});
    return transpose(matmul(weights, by_head), {0, 2, 1, 3});
  }

  /// Each head of the keys as often as heads of the query share it.
  Value of_heads(const Value& x) const {
    if (plan_.heads == plan_.key_heads) return x;
    std::vector<std::int64_t> shared;
    for (std::int64_t head = 0; head < plan_.heads; ++head) {
      shared.push_back(head * plan_.key_heads / plan_.heads);
    }
    return gather(x, Tensor::from(shared, {plan_.heads}), 2);
  }

  /// [batch, other axes..., heads, queries..., keys...]
  Value scores(const Value& weights) const {
    if (query_rows_.are_plain() && key_rows_.are_plain()) return weights;
    std::vector<std::int64_t> shape = {-1};
    const auto others = query_rows_.others();
    const auto add = [&shape](std::span<const std::int64_t> sizes) {
      shape.insert(shape.end(), sizes.begin(), sizes.end());
    };
    add(others);
    shape.push_back(plan_.heads);
    add(query_rows_.lengths());
    add(key_rows_.lengths());
    return reshape(weights, shape);
  }

  const AttentionPlan& plan_;
  const AttentionSublayers& layers_;
  Operands<Value> operands_;
  bool training_;
  const AttentionArguments& arguments_;
  const std::string& layer_;
  Rows query_rows_;
  Rows key_rows_;
};

AttentionSublayers built_sublayers(const AttentionPlan& plan, const ValueTypes& inputs,
                                   const std::string& layer) {
  const Operands<ValueType> operands = operands_of(inputs, layer);
  const Shape &query = operands.query->shape, &key = operands.key->shape;
  const Shape& value = operands.value->shape;
  if (query.rank() < 3 || key.rank() != query.rank() || value.rank() != query.rank()) {
    throw ShapeError(layer + " takes [batch, length, features], all of one rank, got shapes " +
                     shape_text(query) + ", " + shape_text(value) + " and " + shape_text(key));
  }
  for (int axis = 1; axis < value.rank() - 1; ++axis) {
    if (compatible(Shape{value[axis]}, Shape{key[axis]})) continue;
    throw ShapeError(
        "All dimensions of `value` and `key`, except the last one, must be equal. Received: "
        "value_shape=" +
        shape_text(value) + " and key_shape=" + shape_text(key));
  }
  AttentionSublayers layers;
  layers.query = to_heads(plan, "query", query, plan.heads, plan.key_dim);
  layers.key = to_heads(plan, "key", key, plan.key_heads, plan.key_dim);
  if (plan.use_gate) layers.gate = to_heads(plan, "gate", query, plan.heads, plan.value_dim);
  layers.value = to_heads(plan, "value", value, plan.key_heads, plan.value_dim);
  layers.output = from_heads(plan, query);
  return layers;
}

void check_flash(const AttentionPlan& plan) {
  if (!plan.flash || plan.dropout == 0) return;
  throw InvalidArgument(
      "Dropout is not supported when flash attention is enabled. Please set dropout to 0.0 to use "
      "flash attention.");
}

template <typename Own>
AttentionPlan common_plan(const Own& options) {
  AttentionPlan plan;
  plan.dropout = options.dropout;
  plan.use_bias = options.use_bias;
  plan.use_gate = options.use_gate;
  plan.flash = options.flash_attention.value_or(false);
  plan.window = options.sliding_window.value_or(0);
  plan.seed = options.seed;
  plan.projections = options.projections;
  return plan;
}

}  // namespace

LayerBase::CallFunction attention_function(const Config& arguments, std::string_view class_name,
                                           AttentionCall call) {
  if (arguments.as_object().empty()) return {};
  AttentionArguments given;
  from_config(arguments, given, class_name);
  return with_arguments(arguments, [call = std::move(call), given](const Values& x, bool training) {
    return call(x, training, given);
  });
}

AttentionPlan plan_of(const MultiHeadAttentionOptions& options) {
  AttentionPlan plan = common_plan(options);
  plan.heads = plan.key_heads = options.num_heads;
  plan.key_dim = options.key_dim;
  plan.value_dim = options.value_dim.value_or(options.key_dim);
  if (options.output_shape) plan.result = options.output_shape->dims;
  plan.axes = options.attention_axes;
  return plan;
}

AttentionPlan plan_of(const GroupQueryAttentionOptions& options) {
  AttentionPlan plan = common_plan(options);
  plan.heads = options.num_query_heads;
  plan.key_heads = options.num_key_value_heads;
  plan.key_dim = plan.value_dim = options.head_dim;
  return plan;
}

template <HasFields Own>
ProjectedAttentionLayer<Own>::ProjectedAttentionLayer(Own options) : Base(std::move(options)) {
  const AttentionPlan plan = plan_of(this->options_);
  if (plan.heads % plan.key_heads != 0) {
    throw InvalidArgument("`num_query_heads` must be divisible by `num_key_value_heads`.");
  }
  check_flash(plan);
}

template <HasFields Own>
Regularizer ProjectedAttentionLayer<Own>::activity_regularizer() const {
  // Keras's MultiHeadAttention penalizes what the projections give only.
  return kGrouped ? this->options_.projections.activity_regularizer : Regularizer();
}

template <HasFields Own>
void ProjectedAttentionLayer<Own>::build_all(const ValueTypes& inputs) {
  AttentionSublayers layers = built_sublayers(plan_of(this->options_), inputs, this->describe());
  std::vector<std::shared_ptr<LayerBase>> all = {layers.query, layers.key};
  if (layers.gate) all.push_back(layers.gate);
  all.push_back(layers.value);
  all.push_back(layers.output);
  this->set_sublayers(std::move(all));
  sublayers_ = std::move(layers);
}

template <HasFields Own>
LayerBase::CallFunction ProjectedAttentionLayer<Own>::function_of(const Config& arguments) {
  return attention_function(
      arguments, this->class_name(),
      [this](const Values& x, bool training, const AttentionArguments& given) {
        return Call(plan_of(this->options_), sublayers_, x, training, given, this->describe())
            .result();
      });
}

template <HasFields Own>
Values ProjectedAttentionLayer<Own>::call_all(const Values& x, bool training) {
  const AttentionPlan plan = plan_of(this->options_);
  const std::string layer = this->describe();
  return Call(plan, sublayers_, x, training, {}, layer).result();
}

template <HasFields Own>
Masks ProjectedAttentionLayer<Own>::compute_mask(const Values& x, const Masks& masks) {
  for (std::size_t i = 0; i < masks.size(); ++i) {
    if (x.is_named() ? x.names()[i] == "query" : i == 0) return {masks[i]};
  }
  return {};
}

template class ProjectedAttentionLayer<MultiHeadAttentionOptions>;
template class ProjectedAttentionLayer<GroupQueryAttentionOptions>;

}  // namespace tegula::nn
