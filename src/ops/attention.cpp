// Attention: values summed with weights from the products of queries and keys.

#include "src/ops/attention.hpp"

#include <cmath>
#include <limits>

#include "src/ops/family.hpp"
#include "tegula/graph/attention.hpp"
#include "tegula/graph/gradients.hpp"
#include "tegula/graph/numeric.hpp"
#include "tegula/graph/sequences.hpp"

namespace tegula::ops {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Sets an unknown size, or checks that it is the other one.
void meet(std::int64_t& size, std::int64_t other, const char* what) {
  if (other == kUnknown) return;
  if (size != kUnknown && size != other) {
    throw ShapeError(std::string(what) + " differ: " + std::to_string(size) + " and " +
                     std::to_string(other));
  }
  size = other;
}

/// Checks the first five operands; unknown sizes become known where another operand tells them.
AttentionSizes check_operands(const InferContext& context) {
  for (const int operand : {kQuery, kKey, kValue}) {
    check_dtype(context.dtype(operand), Accepts::floating);
    if (context.dtype(operand) != context.dtype(kQuery)) {
      throw DTypeError("query, key and value must have one dtype");
    }
    if (context.shape(operand).rank() == 4) continue;
    throw ShapeError("query, key and value are [batch, length, heads, width], got shape " +
                     context.shape(operand).to_string());
  }
  const Shape& key = context.shape(kKey);
  const Shape& value = context.shape(kValue);
  AttentionSizes sizes(context.shape(kQuery), key, value);
  meet(sizes.batch, key[0], "batches of query and key");
  meet(sizes.batch, value[0], "batches of query and value");
  meet(sizes.keys, value[1], "lengths of key and value");
  meet(sizes.key_heads, value[2], "heads of key and value");
  meet(sizes.width, key[3], "widths of query and key");
  const bool known = sizes.heads != kUnknown && sizes.key_heads != kUnknown;
  if (known && (sizes.key_heads == 0 ? sizes.heads != 0 : sizes.heads % sizes.key_heads != 0)) {
    throw ShapeError("the query's " + std::to_string(sizes.heads) +
                     " heads are no multiple of the key's " + std::to_string(sizes.key_heads));
  }
  if (context.dtype(kMask) != DType::boolean && context.dtype(kMask) != context.dtype(kQuery)) {
    throw DTypeError("the mask is bool or of the query's dtype, not " +
                     std::string(to_string(context.dtype(kMask))));
  }
  const Shape weights = sizes.weights();
  const Shape& mask = context.shape(kMask);
  bool fits = mask.rank() <= 4;
  for (int i = 1; fits && i <= mask.rank(); ++i) {
    const std::int64_t size = mask.dim(-i), whole = weights.dim(-i);
    fits = size == 1 || size == kUnknown || whole == kUnknown || size == whole;
  }
  if (!fits) {
    throw ShapeError("a mask of shape " + mask.to_string() + " does not broadcast to " +
                     weights.to_string());
  }
  if (context.dtype(kOffset) != DType::i64 || context.shape(kOffset).rank() != 0) {
    throw ShapeError("the offset is a scalar i64");
  }
  if (integer(context.attrs, "window") < 0) {
    throw ShapeError("window must be 0 or more, got " +
                     std::to_string(integer(context.attrs, "window")));
  }
  return sizes;
}

AttentionOptions options_of(const GradientContext& context) {
  return {.scale = number(context.attrs(), "scale"),
          .causal = flag(context.attrs(), "causal"),
          .window = integer(context.attrs(), "window"),
          .mask = context.input(kMask),
          .offset = context.input(kOffset)};
}

/// The heads of a value [batch, length, heads, width], numbered.
Value head_numbers(Value x) { return positions(sum(x, {0, 1, 3})); }

/// The head of the keys that each head of the query uses: [heads].
Value shared_heads(Value key, Value query) {
  const std::int64_t heads = query.shape()[2], key_heads = key.shape()[2];
  if (heads != kUnknown && key_heads != kUnknown) {
    std::vector<std::int64_t> shared;
    for (std::int64_t head = 0; head < heads; ++head) shared.push_back(head * key_heads / heads);
    return query.graph().constant(Tensor::from(shared, {heads}));
  }
  const Value own = head_numbers(query);
  return floordiv(own * element_count(head_numbers(key)), element_count(own));
}

/// One of the keys' heads for each of the query's: [batch, keys, heads, width].
Value for_each_query_head(Value key, Value query) {
  const std::int64_t heads = query.shape()[2];
  if (heads != kUnknown && heads == key.shape()[2]) return key;
  return gather(key, shared_heads(key, query), 2);
}

Value heads_first(Value x) { return transpose(x, {0, 2, 1, 3}); }

/// Scaled and masked, but not hidden.
Value logits_of(Value query, Value key, double scale, Value mask) {
  const Value products = matmul(heads_first(query), heads_first(for_each_query_head(key, query)),
                                {.transpose_b = true}) *
                         scale;
  return mask && mask.dtype() != DType::boolean ? products + mask : products;
}

/// Where a query sees a key, of the logits' shape or broadcasting to it; no value: everywhere.
Value seen(Value logits, const AttentionOptions& options) {
  Value result = options.mask && options.mask.dtype() == DType::boolean ? options.mask : Value();
  const auto also = [&](Value condition) {
    result = result ? logical_and(result, condition) : condition;
  };
  if (!options.causal && options.window == 0) return result;
  Value query = positions(logits, 2);
  const Value key = positions(logits, 3);
  if (options.offset) query = query + cast(options.offset, DType::i64);
  if (options.causal) also(less_equal(key, query));
  if (options.window != 0) also(less(abs(query - key), static_cast<double>(options.window)));
  return result;
}

/// The gradient by the logits, for what the kernels do not give: that of a mask that is added, and
/// gradients of gradients.
struct Slopes {
  Value weights;
  Value logits;
};
Slopes slopes_of(std::span<const Value> inputs, Value slope, Value log_sum, Value delta,
                 const AttentionOptions& options) {
  const Value query = inputs[kQuery];
  const Value logits = logits_of(query, inputs[kKey], *options.scale, options.mask);
  const auto per_row = [](Value x) { return expand_dims(transpose(x, {0, 2, 1}), -1); };
  const Value total = per_row(log_sum);
  const Value none = equal(total, -kInfinity);
  Value sees = logical_not(none);
  if (const Value condition = seen(logits, options)) sees = logical_and(sees, condition);
  const Value zero = zeros_like(logits);
  const Value finite = where(sees, logits - where(none, 0.0, total), zero);
  const Value weights = where(sees, exp(finite), zero);
  const Value mean = where(none, zero + 1.0, zero) / element_count(logits, 3);
  const Value of_weights =
      matmul(heads_first(slope), heads_first(for_each_query_head(inputs[kValue], query)),
             {.transpose_b = true});
  const Value flows =
      logical_or(not_equal(per_row(delta), 0.0), any(not_equal(heads_first(slope), 0.0), -1, true));
  return {where(flows, weights + mean, zero),
          where(flows, weights * (of_weights - per_row(delta)), zero)};
}

std::vector<Value> attention_gradients(const GradientContext& context) {
  const Value y = context.output(0), log_sum = context.output(1);
  const Value slope = context.gradient(0) ? context.gradient(0) : zeros_like(y);
  Value delta = sum(where_flows(slope, slope * y), -1);
  if (const Value through = context.gradient(1)) delta = delta - through;
  const auto inputs = context.node.inputs();
  std::vector<Operand> operands(inputs.begin(), inputs.end());
  for (const Value& value : {log_sum, delta, slope}) operands.emplace_back(value);
  Node& node = build_node("attention_gradient", operands, context.attrs());
  std::vector<Value> results = {node.output(0), node.output(1), node.output(2), Value(), Value()};
  if (const Value mask = context.input(kMask); mask.dtype() != DType::boolean) {
    const Slopes slopes = slopes_of(inputs, slope, log_sum, delta, options_of(context));
    results[kMask] = unbroadcast(slopes.logits, mask);
  }
  return results;
}

/// The sum over the query's heads that share a head of the keys, of `x` [batch, keys, heads,
/// width].
Value per_key_head(Value x, Value key, Value query) {
  const std::vector<Value> shared = {for_each_query_head(key, query)}, from = {key}, of = {x};
  return gradients(shared, from, of, Unconnected::kZeros).front();
}

/// The gradients of a gradient, through the same computation of plain ops.
std::vector<Value> gradients_of_gradient(const GradientContext& context) {
  // Copies: what one operand is computed of may be another.
  std::vector<Value> xs;
  for (const Value& input : context.node.inputs()) xs.push_back(identity(input));
  AttentionOptions options = options_of(context);
  options.mask = xs[kMask];
  options.offset = xs[kOffset];
  const Slopes slopes = slopes_of(xs, xs[kSlope], xs[kLogSum], xs[kDelta], options);
  const Value logits = slopes.logits * *options.scale;
  const Value query = xs[kQuery], key = xs[kKey];
  const auto of_keys = [&](Value weights, Value rows, Value like) {
    const Value sums = matmul(weights, heads_first(rows), {.transpose_a = true});
    return per_key_head(heads_first(sums), like, query);
  };
  const std::vector<Value> ys = {
      heads_first(matmul(logits, heads_first(for_each_query_head(key, query)))),
      of_keys(logits, query, key), of_keys(slopes.weights, xs[kSlope], xs[kValue])};
  std::vector<Value> used, of_used;
  for (int i = 0; i < 3; ++i) {
    if (!context.gradient(i)) continue;
    used.push_back(ys[static_cast<std::size_t>(i)]);
    of_used.push_back(context.gradient(i));
  }
  std::vector<Value> sources;
  for (const Value& x : xs) {
    if (is_floating(x.dtype())) sources.push_back(x);
  }
  const std::vector<Value> found = gradients(used, sources, of_used, Unconnected::kNone);
  Value flows;
  for (const Value& gradient : of_used) {
    const Value own = any(not_equal(gradient, 0.0));
    flows = flows ? logical_or(flows, own) : own;
  }
  std::vector<Value> results;
  std::size_t next = 0;
  for (const Value& x : xs) {
    const Value gradient = is_floating(x.dtype()) ? found[next++] : Value();
    results.push_back(gradient ? where(flows, gradient, zeros_like(x)) : Value());
  }
  return results;
}

Cost cost_of(std::span<const ValueType> inputs, std::span<const ValueType> outputs,
             double products) {
  const AttentionSizes sizes(inputs[kQuery].shape, inputs[kKey].shape, inputs[kValue].shape);
  const auto weights = static_cast<double>(sizes.weights().element_count());
  const auto widths = static_cast<double>(sizes.width + sizes.value_width);
  return {.flops = weights * (products * widths + 14), .bytes = operand_bytes(inputs, outputs)};
}

OpDef definition(const char* name, const char* doc) {
  OpDef def;
  def.name = name;
  def.doc = doc;
  def.inputs = {{"query", "[batch, queries, heads, width]."},
                {"key", "[batch, keys, key heads, width]; heads is a multiple of key heads."},
                {"value", "[batch, keys, key heads, value width]."},
                {"mask",
                 "Broadcast to [batch, heads, queries, keys]: bool, true where attention is paid, "
                 "or added to the logits."},
                {"offset", "Scalar i64: the position of the first query among the keys."}};
  def.attrs = {
      {"scale", 1.0, false, "What logits are multiplied with."},
      {"causal", false, false, "Query i sees no key behind position i + offset."},
      {"window", std::int64_t{0}, false, "Keys that a query sees are nearer than this; 0: any."}};
  return def;
}

struct Case {
  Shape query, key, value;
  SampleInput mask;
  Attrs attrs;
  double offset = 0;
};

/// Samples in which a query sees nothing are too large for numeric gradients: its log_sum is
/// infinite.
std::vector<Case> cases() {
  const auto chosen = [](Shape shape) { return SampleInput{DType::boolean, shape, 0, 1}; };
  const auto added = [](Shape shape) { return SampleInput{DType::f32, shape, -1, 1}; };
  return {
      {{2, 3, 2, 4}, {2, 5, 2, 4}, {2, 5, 2, 3}, added({2, 1, 3, 5}), {{"scale", 0.5}}},
      {{1, 4, 2, 3}, {1, 4, 1, 3}, {1, 4, 1, 3}, chosen({1, 1, 4}), {{"causal", true}}},
      {{2, 3, 4, 2}, {2, 4, 2, 2}, {2, 4, 2, 1}, added({4, 1, 1}), {{"causal", true}}, 1},
      {{1, 5, 1, 2}, {1, 6, 1, 2}, {1, 6, 1, 2}, added({5, 6}), {{"window", std::int64_t{2}}}},
      {{1, 50, 1, 4},
       {1, 2, 1, 4},
       {1, 2, 1, 4},
       added({}),
       {{"window", std::int64_t{2}}, {"causal", true}, {"scale", -1.0}}},
      {{2, 1, 6, 8}, {2, 9, 3, 8}, {2, 9, 3, 8}, chosen({2, 1, 1, 9}), {{"causal", true}}, 4},
      {{1, 1, 1, 20}, {1, 1, 1, 20}, {1, 1, 1, 1}, added({1, 1}), {}},
      {{0, 3, 2, 4}, {0, 5, 2, 4}, {0, 5, 2, 4}, added({1, 5}), {}},
      {{2, 15, 2, 4}, {2, 0, 2, 4}, {2, 0, 2, 4}, added({}), {}},
      {{2, 0, 2, 4}, {2, 3, 2, 4}, {2, 3, 2, 4}, added({}), {}},
      {{1, 2, 1, 1}, {1, 2, 1, 1}, {1, 2, 1, 1}, added({}), {}},
      {{1, 2, 2, 1}, {1, 2, 1, 1}, {1, 2, 1, 1}, added({2, 2}), {{"causal", true}}},
      {{1, 100, 2, 17}, {1, 140, 2, 17}, {1, 140, 2, 19}, chosen({1, 2, 1, 140}), {{"scale", 0.3}}},
      {{1, 130, 2, 16},
       {1, 130, 1, 16},
       {1, 130, 1, 16},
       added({1, 130, 1}),
       {{"causal", true}, {"scale", 0.25}}},
      {{1, 100, 1, 8},
       {1, 270, 1, 8},
       {1, 270, 1, 8},
       added({100, 270}),
       {{"causal", true}, {"window", std::int64_t{70}}, {"scale", 0.25}},
       140},
  };
}

std::vector<Sample> attention_samples(bool gradient) {
  std::vector<Sample> samples;
  for (const Case& c : cases()) {
    Sample sample{{{DType::f32, c.query},
                   {DType::f32, c.key},
                   {DType::f32, c.value},
                   c.mask,
                   {DType::i64, {}, c.offset, c.offset}},
                  c.attrs,
                  ""};
    if (gradient) {
      const Shape rows = {c.query[0], c.query[1], c.query[2]};
      sample.inputs.push_back({DType::f32, rows, 4, 6});
      sample.inputs.push_back({DType::f32, rows, -1, 1});
      sample.inputs.push_back(
          {DType::f32, {c.query[0], c.query[1], c.query[2], c.value[3]}, -1, 1});
    }
    samples.push_back(sample);
  }
  return samples;
}

std::vector<Sample> bad_attention_samples() {
  const auto of = [](Shape query, Shape key, Shape value, SampleInput mask, const char* error) {
    return Sample{
        {{DType::f32, query}, {DType::f32, key}, {DType::f32, value}, mask, {DType::i64, {}, 0, 0}},
        {},
        error};
  };
  const SampleInput all = {DType::boolean, {}, 1, 1};
  Sample negative = of({2, 3, 2, 4}, {2, 5, 2, 4}, {2, 5, 2, 4}, all, "window must be 0 or more");
  negative.attrs = {{"window", std::int64_t{-1}}};
  Sample narrow = of({2, 3, 2, 4}, {2, 5, 2, 4}, {2, 5, 2, 4}, all, "the offset is a scalar i64");
  narrow.inputs[kOffset] = {DType::i64, {1}, 0, 0};
  return {
      of({2, 3, 4}, {2, 5, 4}, {2, 5, 4}, all, "[batch, length, heads, width]"),
      of({2, 3, 2, 4}, {2, 5, 2, 3}, {2, 5, 2, 3}, all, "widths of query and key differ: 4 and 3"),
      of({2, 3, 2, 4}, {2, 5, 2, 4}, {2, 6, 2, 4}, all, "lengths of key and value"),
      of({2, 3, 2, 4}, {3, 5, 2, 4}, {3, 5, 2, 4}, all, "batches of query and key"),
      of({2, 3, 3, 4}, {2, 5, 2, 4}, {2, 5, 2, 4}, all, "no multiple of the key's 2"),
      of({2, 3, 2, 4}, {2, 5, 2, 4}, {2, 5, 2, 4}, {DType::i32, {}}, "the mask is bool or"),
      of({2, 3, 2, 4}, {2, 5, 2, 4}, {2, 5, 2, 4}, {DType::f32, {3, 4}}, "does not broadcast"),
      negative,
      narrow};
}

void register_forward(OpRegistry& registry) {
  OpDef def =
      definition("attention",
                 "softmax(scale · query · keyᵀ + mask) · value per head; second output: the "
                 "logarithms of the softmax's sums");
  def.infer = [](const InferContext& context) {
    const AttentionSizes sizes = check_operands(context);
    const DType dtype = context.dtype(kQuery);
    return std::vector<ValueType>{
        {dtype, {sizes.batch, sizes.queries, sizes.heads, sizes.value_width}},
        {dtype, {sizes.batch, sizes.queries, sizes.heads}}};
  };
  def.gradient = attention_gradients;
  def.reference = evaluate_attention;
  def.cost = [](std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                const Attrs&) { return cost_of(inputs, outputs, 2); };
  def.samples = [] { return attention_samples(false); };
  def.bad_samples = bad_attention_samples;
  registry.add(std::move(def));
}

void register_gradient(OpRegistry& registry) {
  OpDef def = definition("attention_gradient", "Gradients of attention by query, key and value");
  def.inputs.push_back({"log_sum", "attention's second output."});
  def.inputs.push_back({"delta", "[batch, queries, heads]: sum of dy · y over the values' axis."});
  def.inputs.push_back({"dy", "Gradient of attention's result."});
  def.infer = [](const InferContext& context) {
    const AttentionSizes sizes = check_operands(context);
    const Shape rows = {sizes.batch, sizes.queries, sizes.heads};
    const Shape result = {sizes.batch, sizes.queries, sizes.heads, sizes.value_width};
    for (const auto& [operand, expected] :
         {std::pair(kLogSum, rows), std::pair(kDelta, rows), std::pair(kSlope, result)}) {
      if (context.dtype(operand) != context.dtype(kQuery)) {
        throw DTypeError("log_sum, delta and dy must have the query's dtype");
      }
      if (compatible(context.shape(operand), expected)) continue;
      throw ShapeError("log_sum, delta or dy has shape " + context.shape(operand).to_string() +
                       ", expected " + expected.to_string());
    }
    return std::vector<ValueType>{context.inputs[kQuery], context.inputs[kKey],
                                  context.inputs[kValue]};
  };
  def.gradient = gradients_of_gradient;
  def.reference = evaluate_attention_gradient;
  def.cost = [](std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                const Attrs&) { return cost_of(inputs, outputs, 5); };
  def.samples = [] { return attention_samples(true); };
  def.bad_samples = [] {
    Sample sample = attention_samples(true).front();
    sample.inputs[kDelta].shape = {2, 3, 3};
    sample.error = "has shape [2,3,3], expected [2,3,2]";
    return std::vector<Sample>{sample};
  };
  registry.add(std::move(def));
}

}  // namespace

void register_attention(OpRegistry& registry) {
  register_forward(registry);
  register_gradient(registry);
}

}  // namespace tegula::ops

namespace tegula {

namespace {

Value value_of(const Operand& query) {
  if (const Value* value = query.value()) return *value;
  throw InvalidArgument("attention: the query must be a value of a graph");
}

double scale_of(const AttentionOptions& options, const Value& query) {
  if (options.scale) return *options.scale;
  const std::int64_t width = query.shape().rank() == 0 ? kUnknown : query.shape().dim(-1);
  if (width == kUnknown) {
    throw ShapeError("attention needs a scale for a query of unknown width, got shape " +
                     query.shape().to_string());
  }
  return 1 / std::sqrt(static_cast<double>(std::max<std::int64_t>(width, 1)));
}

}  // namespace

Value attention(Operand query, Operand key, Operand value, const AttentionOptions& options) {
  const LocationScope scope(query.location());
  const Value of_query = value_of(query);
  Graph graph = of_query.graph();
  const Value mask = options.mask ? options.mask : graph.constant(Tensor::scalar(true));
  Value offset = options.offset;
  if (!offset) offset = graph.constant(Tensor::scalar(std::int64_t{0}));
  if (offset.dtype() != DType::i64) offset = cast(offset, DType::i64);
  const Operand operands[] = {query, key, value, mask, offset};
  Node& node = build_node("attention", operands,
                          {{"scale", scale_of(options, of_query)},
                           {"causal", options.causal},
                           {"window", options.window}});
  if (!options.zero_where_blind) return node.output(0);
  const Value blind = equal(node.output(1), -std::numeric_limits<double>::infinity());
  return where(expand_dims(blind, -1), 0.0, node.output(0));
}

Value attention_weights(Operand query, Operand key, const AttentionOptions& options) {
  const LocationScope scope(query.location());
  const Value of_query = value_of(query);
  const Value of_key = build("identity", {key});
  Value logits = ops::logits_of(of_query, of_key, scale_of(options, of_query), options.mask);
  // So low that what is hidden counts nothing, and that rows where all is have equal weights.
  const double lowest = logits.dtype() == DType::f64 ? -1e300 : -2e38;
  if (options.mask && options.mask.dtype() != DType::boolean) logits = maximum(logits, lowest);
  const Value sees = ops::seen(logits, options);
  if (!sees) return softmax(logits);
  const Value weights = softmax(where(sees, logits, lowest));
  return options.zero_where_blind ? where(any(sees, -1, true), weights, 0.0) : weights;
}

}  // namespace tegula
