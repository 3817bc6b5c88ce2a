// Random numbers. Every element is a function of (seed, op, step, index): see core/random.hpp.

#include <algorithm>
#include <cmath>

#include "src/ops/family.hpp"
#include "tegula/graph/random_like.hpp"

namespace tegula::ops {

namespace {

AttrDef seed_attr() {
  return {"seed", std::int64_t{-1}, false, "Replaces the run's seed when >= 0."};
}
AttrDef op_id_attr() {
  return {"op_id", std::int64_t{0}, true, "Names the stream within the graph."};
}

using Draw = double (*)(const RandomKey& key, std::uint64_t index, const Attrs& attrs);

std::vector<Tensor> drawn(const EvaluateContext& context, Draw draw) {
  const RandomKey key = random_key(context.attrs, context.key);
  Tensor y(context.outputs[0].dtype, context.outputs[0].shape);
  for (std::int64_t i = 0; i < y.element_count(); ++i) {
    y.set(i, draw(key, static_cast<std::uint64_t>(i), context.attrs));
  }
  return {y};
}

/// `<name>_like`: the same numbers in the shape and dtype of a value, which may not be known yet.
void like_source(OpRegistry& registry, const OpDef& plain, Draw draw) {
  OpDef def = plain;
  def.name += "_like";
  def.doc += ", in the shape and dtype of x";
  def.inputs = {{"x", "Gives the type; not read."}};
  std::erase_if(def.attrs,
                [](const AttrDef& attr) { return attr.name == "shape" || attr.name == "dtype"; });
  def.fusion = FusionClass::opaque;
  def.infer = [](const InferContext& context) {
    check_dtype(context.dtype(0), Accepts::floating);
    return std::vector<ValueType>{context.inputs[0]};
  };
  def.gradient = [](const GradientContext&) { return std::vector<Value>{Value()}; };
  def.reference = [draw](const EvaluateContext& context) { return drawn(context, draw); };
  def.samples = [] {
    std::vector<Sample> samples;
    for (const Shape& shape : {Shape{3, 5}, Shape{}, Shape{0}, Shape{1027}}) {
      samples.push_back({{{DType::f32, shape}}, {{"op_id", std::int64_t{7}}}, ""});
    }
    return samples;
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::i32, {2}}}, {{"op_id", std::int64_t{0}}}, "takes f32 or f64"}};
  };
  registry.add(std::move(def));
}

void source(OpRegistry& registry, const char* name, const char* doc, AttrDef first, AttrDef second,
            Draw draw) {
  OpDef def;
  def.name = name;
  def.doc = doc;
  def.attrs = {{"shape", Shape{}, true, "All dimensions known."},
               {"dtype", DType::f32, false, "f32 or f64."},
               std::move(first),
               std::move(second),
               seed_attr(),
               op_id_attr()};
  def.fusion = FusionClass::source;
  def.random = true;
  def.infer = [](const InferContext& context) {
    const Shape& shape = context.attrs.get<Shape>("shape");
    const DType dtype = context.attrs.get<DType>("dtype");
    check_dtype(dtype, Accepts::floating);
    if (!shape.is_known()) {
      throw ShapeError("random numbers need known dimensions, got " + shape.to_string());
    }
    return std::vector<ValueType>{{dtype, shape}};
  };
  def.reference = [draw](const EvaluateContext& context) { return drawn(context, draw); };
  def.cost = flops_per_output(20);
  def.samples = [] {
    std::vector<Sample> samples;
    for (const Shape& shape : {Shape{3, 5}, Shape{}, Shape{0}, Shape{1027}}) {
      samples.push_back({{}, {{"shape", shape}, {"op_id", std::int64_t{7}}}, ""});
    }
    return samples;
  };
  def.bad_samples = [] {
    const std::int64_t id = 0;
    return std::vector<Sample>{
        {{}, {{"shape", Shape{kUnknown}}, {"op_id", id}}, "known dimensions"},
        {{}, {{"shape", Shape{2}}, {"dtype", DType::i32}, {"op_id", id}}, "takes f32 or f64"}};
  };
  like_source(registry, registry.add(std::move(def)), draw);
}

/// z with Phi(z) = Phi(-2) + u (Phi(2) - Phi(-2)), u the middle of the uniform's interval: by
/// Newton's method, which converges quadratically on [-2, 2].
double truncated_at(const RandomKey& key, std::uint64_t index) {
  constexpr double kRootHalf = 0.70710678118654752440, kInverseRootTwoPi = 0.39894228040143267794;
  const auto cumulative = [](double z) { return 0.5 * std::erfc(-z * kRootHalf); };
  const double u = random_uniform_at(key, index) + 0x1.0p-25;
  const double low = cumulative(-2);
  const double target = low + u * (cumulative(2) - low);
  double z = 0;
  for (int i = 0; i < 40; ++i) {
    const double slope = kInverseRootTwoPi * std::exp(-0.5 * z * z);
    z = std::clamp(z - (cumulative(z) - target) / slope, -2.0, 2.0);
  }
  return z;
}

void register_dropout(OpRegistry& registry) {
  OpDef def;
  def.name = "dropout";
  def.doc = "x / (1 - rate) with probability 1 - rate, else 0; the same op is its gradient";
  def.inputs = {{"x", "Any shape."}};
  def.attrs = {{"rate", 0.5, true, "Fraction of elements that become 0, 0 to 1."},
               seed_attr(),
               op_id_attr()};
  def.fusion = FusionClass::elementwise;
  def.random = true;
  def.infer = [](const InferContext& context) {
    check_dtype(context.dtype(0), Accepts::floating);
    const double rate = number(context.attrs, "rate");
    if (!(rate >= 0 && rate <= 1)) {
      throw InvalidArgument("rate must be between 0 and 1, got " + std::to_string(rate));
    }
    return std::vector<ValueType>{context.inputs[0]};
  };
  def.gradient = [](const GradientContext& context) {
    return std::vector<Value>{build("dropout", {context.gradient()}, context.attrs())};
  };
  def.reference = [](const EvaluateContext& context) {
    const Tensor& x = context.input(0);
    const RandomKey key = random_key(context.attrs, context.key);
    // The comparison is in float, as the kernels do it, so that the masks agree bit for bit.
    const auto rate = static_cast<float>(number(context.attrs, "rate"));
    const double scale = rate < 1 ? 1 / (1 - number(context.attrs, "rate")) : 0;
    Tensor y(x.dtype(), x.shape());
    for (std::int64_t i = 0; i < x.element_count(); ++i) {
      const bool kept = random_uniform_at(key, static_cast<std::uint64_t>(i)) >= rate;
      y.set(i, kept ? x.at(i) * scale : 0.0);
    }
    return std::vector<Tensor>{y};
  };
  def.cost = flops_per_output(20);
  def.samples = [] {
    std::vector<Sample> samples;
    for (const double rate : {0.2, 0.0, 0.5, 1.0}) {
      const Attrs attrs = {{"rate", rate}, {"op_id", std::int64_t{3}}};
      samples.push_back({{{DType::f32, {5, 37}}}, attrs, ""});
    }
    samples.push_back({{{DType::f32, {0}}}, {{"rate", 0.3}, {"op_id", std::int64_t{3}}}, ""});
    return samples;
  };
  def.bad_samples = [] {
    const std::int64_t id = 0;
    return std::vector<Sample>{
        {{{DType::f32, {2}}}, {{"rate", 1.5}, {"op_id", id}}, "between 0 and 1"},
        {{{DType::i32, {2}}}, {{"rate", 0.5}, {"op_id", id}}, "takes f32 or f64"}};
  };
  registry.add(std::move(def));
}

}  // namespace

void register_random(OpRegistry& registry) {
  source(registry, "random_uniform", "Uniform in [low, high)", {"low", 0.0, false, "Lower bound."},
         {"high", 1.0, false, "Upper bound, excluded."},
         [](const RandomKey& key, std::uint64_t index, const Attrs& attrs) {
           const double low = number(attrs, "low");
           return low + (number(attrs, "high") - low) * random_uniform_at(key, index);
         });
  source(registry, "random_normal", "Normal distribution", {"mean", 0.0, false, "Mean."},
         {"stddev", 1.0, false, "Standard deviation."},
         [](const RandomKey& key, std::uint64_t index, const Attrs& attrs) {
           return number(attrs, "mean") + number(attrs, "stddev") * random_normal_at(key, index);
         });
  source(registry, "truncated_normal", "Normal, within two standard deviations of the mean",
         {"mean", 0.0, false, "Mean."},
         {"stddev", 1.0, false, "Standard deviation before truncation."},
         [](const RandomKey& key, std::uint64_t index, const Attrs& attrs) {
           return number(attrs, "mean") + number(attrs, "stddev") * truncated_at(key, index);
         });
  register_dropout(registry);
}

}  // namespace tegula::ops

namespace tegula {

namespace {

Value random_source(Graph graph, const char* op, const Shape& shape, DType dtype, AttrValue first,
                    const char* first_name, AttrValue second, const char* second_name,
                    std::int64_t seed, std::source_location location) {
  Attrs attrs = {{"shape", shape}, {"dtype", dtype}, {"seed", seed}, {"op_id", graph.next_op_id()}};
  attrs.set(first_name, std::move(first));
  attrs.set(second_name, std::move(second));
  return graph.add_node(find_op(op), {}, std::move(attrs), "", location).output();
}

/// An op on a value that draws numbers of a stream of its own.
Value random_op(const char* op, Operand x, Attrs attrs) {
  const Value* value = x.value();
  if (value == nullptr || !*value) {
    throw InvalidArgument(std::string(op) + " takes a value of a graph");
  }
  attrs.set("op_id", value->graph().next_op_id());
  return build(op, {x}, std::move(attrs));
}

}  // namespace

Value random_uniform(Graph graph, const Shape& shape, double low, double high, DType dtype,
                     std::int64_t seed, std::source_location location) {
  return random_source(std::move(graph), "random_uniform", shape, dtype, low, "low", high, "high",
                       seed, location);
}

Value random_normal(Graph graph, const Shape& shape, double mean, double stddev, DType dtype,
                    std::int64_t seed, std::source_location location) {
  return random_source(std::move(graph), "random_normal", shape, dtype, mean, "mean", stddev,
                       "stddev", seed, location);
}

Value truncated_normal(Graph graph, const Shape& shape, double mean, double stddev, DType dtype,
                       std::int64_t seed, std::source_location location) {
  return random_source(std::move(graph), "truncated_normal", shape, dtype, mean, "mean", stddev,
                       "stddev", seed, location);
}

Value random_uniform_like(Operand x, double low, double high, std::int64_t seed) {
  return random_op("random_uniform_like", x, {{"low", low}, {"high", high}, {"seed", seed}});
}

Value random_normal_like(Operand x, double mean, double stddev, std::int64_t seed) {
  return random_op("random_normal_like", x, {{"mean", mean}, {"stddev", stddev}, {"seed", seed}});
}

Value truncated_normal_like(Operand x, double mean, double stddev, std::int64_t seed) {
  return random_op("truncated_normal_like", x,
                   {{"mean", mean}, {"stddev", stddev}, {"seed", seed}});
}

Value dropout(Operand x, double rate, std::int64_t seed) {
  return random_op("dropout", x, {{"rate", rate}, {"seed", seed}});
}

}  // namespace tegula
