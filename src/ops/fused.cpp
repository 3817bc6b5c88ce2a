// What the fusion passes build: one node that computes a cluster of elementwise ops. The reference
// evaluation runs the cluster's ops one after the other by their own reference evaluations.

#include <algorithm>
#include <utility>

#include "src/ops/cluster.hpp"
#include "src/ops/convolution.hpp"
#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

std::size_t at(int index) { return static_cast<std::size_t>(index); }

/// Output types of a cluster over an iteration space: its shape for all.
std::vector<ValueType> infer_cluster(const Cluster& cluster, std::span<const ValueType> inputs) {
  const std::vector<ValueType> types = operand_types(cluster, inputs);
  Shape space;
  for (const ValueType& type : types) space = broadcast_shapes(space, type.shape);
  for (std::size_t i = 0; i < cluster.instructions.size(); ++i) {
    // Random numbers are indexed by the position in the iteration space.
    if (cluster.instructions[i].op->random && types[inputs.size() + i].shape != space) {
      throw ShapeError("a random op in a cluster must have the cluster's shape " +
                       space.to_string());
    }
  }
  std::vector<ValueType> outputs;
  for (const int output : cluster.outputs) {
    if (output < 0 || output >= static_cast<int>(types.size())) {
      throw InvalidArgument("output %" + std::to_string(output) + " is not defined");
    }
    outputs.push_back({types[at(output)].dtype, space});
  }
  return outputs;
}

Tensor broadcast(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x.clone();
  Tensor y(x.dtype(), shape);
  const BroadcastIndex index(x.shape(), shape);
  for (std::int64_t i = 0; i < y.element_count(); ++i) copy_element(x, index(i), y, i);
  return y;
}

std::vector<Tensor> evaluate_cluster(const Cluster& cluster, std::span<const Tensor> inputs,
                                     const Shape& space, const RandomKey& key) {
  std::vector<Tensor> outputs;
  for (const Tensor& output : evaluate_instructions(cluster, inputs, key)) {
    outputs.push_back(broadcast(output, space));
  }
  return outputs;
}

/// FLOPs of the instructions over `space`; constants are free.
double cluster_flops(const Cluster& cluster, std::span<const ValueType> inputs,
                     const Shape& space) {
  const std::vector<ValueType> types = operand_types(cluster, inputs);
  double flops = 0;
  for (const ClusterInstruction& instruction : cluster.instructions) {
    if (!instruction.op->cost || instruction.operands.empty()) continue;
    std::vector<ValueType> operands;
    for (const int operand : instruction.operands) {
      operands.push_back({types[at(operand)].dtype, space});
    }
    const ValueType result{DType::f32, space};
    flops += instruction.op->cost(operands, std::span(&result, 1), instruction.attrs).flops;
  }
  return flops;
}

/// relu(%0 + %1) and a comparison of it.
AttrValue biased_relu() {
  return cluster_attr(
      2, {instruction("add", {0, 1}), instruction("relu", {2}), instruction("greater", {3, 1})},
      {3, 4});
}

/// %0 * %1 - %2 / 4
AttrValue three_operands() {
  return cluster_attr(
      3,
      {instruction("constant", {}, {{"value", Tensor::scalar(4.0f)}}), instruction("mul", {0, 1}),
       instruction("div", {2, 3}), instruction("sub", {4, 5})},
      {6});
}

void register_cluster(OpRegistry& registry) {
  OpDef def;
  def.name = "cluster";
  def.doc = "Elementwise ops in one loop; built by fusion passes";
  def.inputs = {{"inputs", "Operands of the cluster; they broadcast to the outputs' shape."}};
  def.variadic = true;
  def.attrs = {cluster_definition()};
  def.infer = [](const InferContext& context) {
    return infer_cluster(cluster_of(context.attrs), context.inputs);
  };
  def.reference = [](const EvaluateContext& context) {
    return evaluate_cluster(cluster_of(context.attrs), context.inputs, context.outputs[0].shape,
                            context.key);
  };
  def.cost = [](std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                const Attrs& attrs) {
    return Cost{.flops = cluster_flops(cluster_of(attrs), inputs, outputs[0].shape),
                .bytes = operand_bytes(inputs, outputs)};
  };
  def.samples = [] {
    std::vector<Sample> samples =
        elementwise_samples({{DType::f32, {}}, {DType::f32, {}}}, {{"cluster", biased_relu()}});
    for (Sample& sample :
         elementwise_samples({{DType::f32, {}}, {DType::f32, {}}, {DType::f32, {}}},
                             {{"cluster", three_operands()}})) {
      samples.push_back(std::move(sample));
    }
    return samples;
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {3}}}, {{"cluster", biased_relu()}}, "reads 2 inputs"},
        {{{DType::f32, {3}}, {DType::f32, {4}}}, {{"cluster", biased_relu()}}, "cannot broadcast"},
        {{{DType::f32, {3}}},
         {{"cluster", cluster_attr(1, {instruction("relu", {5})}, {1})}},
         "not defined"}};
  };
  registry.add(std::move(def));
}

/// The product's type, then those of the epilogue's other operands.
std::vector<ValueType> epilogue_inputs(const ValueType& product,
                                       std::span<const ValueType> inputs) {
  std::vector<ValueType> types = {product};
  types.insert(types.end(), inputs.begin() + 2, inputs.end());
  return types;
}

/// The product's attributes are among those of the fused op.
ValueType product_type(const std::string& product, std::span<const ValueType> inputs,
                       const Attrs& attrs) {
  return find_op(product).infer({inputs.first(2), attrs})[0];
}

/// "fused_" and the name of a product of two operands, which has these attributes.
OpDef fused_product(const std::string& product, const char* doc, std::vector<AttrDef> attributes) {
  OpDef def;
  def.name = "fused_" + product;
  def.doc = doc;
  def.inputs = {{"a", "As for " + product + "."},
                {"b", "As for " + product + "; then the cluster's operands after the product."}};
  def.variadic = true;
  def.attrs = std::move(attributes);
  def.attrs.push_back(cluster_definition());
  def.fusion = FusionClass::contraction;
  def.infer = [product](const InferContext& context) {
    const ValueType type = product_type(product, context.inputs, context.attrs);
    std::vector<ValueType> outputs =
        infer_cluster(cluster_of(context.attrs), epilogue_inputs(type, context.inputs));
    for (const ValueType& output : outputs) {
      if (output.shape == type.shape) continue;
      throw ShapeError("the operands of the cluster must broadcast to the product " +
                       type.shape.to_string() + ", not to " + output.shape.to_string());
    }
    return outputs;
  };
  def.reference = [product](const EvaluateContext& context) {
    std::vector<ValueType> types;
    for (const Tensor& input : context.inputs) types.push_back({input.dtype(), input.shape()});
    const ValueType type = product_type(product, types, context.attrs);
    std::vector<Tensor> operands = find_op(product).reference(
        {context.inputs.first(2), context.attrs, std::span(&type, 1), context.key});
    operands.insert(operands.end(), context.inputs.begin() + 2, context.inputs.end());
    return evaluate_cluster(cluster_of(context.attrs), operands, type.shape, context.key);
  };
  def.cost = [product](std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                       const Attrs& attrs) {
    const ValueType type = product_type(product, inputs, attrs);
    Cost cost = find_op(product).cost(inputs.first(2), std::span(&type, 1), attrs);
    cost.flops += cluster_flops(cluster_of(attrs), epilogue_inputs(type, inputs), type.shape);
    cost.bytes = operand_bytes(inputs, outputs);
    return cost;
  };
  return def;
}

void register_fused_matmul(OpRegistry& registry) {
  OpDef def =
      fused_product("matmul", "A matrix product and elementwise ops on it; built by fusion passes",
                    {{"transpose_a", false, false, "Whether a is given transposed."},
                     {"transpose_b", false, false, "Whether b is given transposed."}});
  def.samples = [] {
    const auto sample = [](const Shape& a, const Shape& b, const Shape& other, bool transpose_a,
                           bool transpose_b) {
      return Sample{
          {{DType::f32, a}, {DType::f32, b}, {DType::f32, other}},
          {{"cluster", biased_relu()}, {"transpose_a", transpose_a}, {"transpose_b", transpose_b}},
          ""};
    };
    return std::vector<Sample>{
        sample({3, 5}, {5, 4}, {4}, false, false),      sample({5, 3}, {5, 4}, {3, 1}, true, false),
        sample({3, 5}, {4, 5}, {3, 4}, false, true),    sample({1, 1}, {1, 1}, {}, false, false),
        sample({37, 19}, {19, 23}, {23}, false, false), sample({0, 5}, {5, 4}, {4}, false, false),
        sample({2, 3, 5}, {5, 4}, {4}, false, false)};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {3, 5}}, {DType::f32, {5, 4}}},
         {{"cluster", biased_relu()}},
         "reads 2 inputs"},
        {{{DType::f32, {3, 5}}, {DType::f32, {5, 4}}, {DType::f32, {2, 3, 4}}},
         {{"cluster", biased_relu()}},
         "must broadcast to the product"}};
  };
  registry.add(std::move(def));
}

/// Samples of a fused product of a and b whose result is a matrix or more, with an operand that
/// broadcasts to it.
Sample fused_sample(const Shape& a, const Shape& b, const Shape& other, Attrs attrs) {
  attrs.set("cluster", biased_relu());
  return {{{DType::f32, a}, {DType::f32, b}, {DType::f32, other}}, std::move(attrs), ""};
}

void register_fused_convolutions(OpRegistry& registry) {
  const Attrs same = {{"padding", std::string("same")}};
  const Attrs strided = {{"strides", std::vector<std::int64_t>{2, 2}}};
  OpDef forward = fused_product("convolution",
                                "A convolution and elementwise ops on it; built by fusion passes",
                                convolution_attrs());
  forward.samples = [same, strided] {
    return std::vector<Sample>{fused_sample({2, 5, 3}, {2, 3, 4}, {4}, {}),
                               fused_sample({2, 5, 6, 3}, {3, 3, 3, 4}, {2, 5, 6, 4}, same),
                               fused_sample({1, 5, 6, 3}, {2, 2, 3, 4}, {}, strided),
                               fused_sample({2, 4, 5, 3}, {1, 1, 3, 4}, {4}, {}),
                               fused_sample({2, 9, 10, 40}, {3, 3, 40, 35}, {2, 9, 10, 1}, same),
                               fused_sample({0, 4, 5, 3}, {2, 2, 3, 4}, {4}, {})};
  };
  forward.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {2, 5, 3}}, {DType::f32, {2, 3, 4}}, {DType::f32, {3, 2, 4, 4}}},
         {{"cluster", biased_relu()}},
         "must broadcast to the product"}};
  };
  registry.add(std::move(forward));

  OpDef gradient = fused_product("convolution_input_gradient",
                                 "A convolution's input gradient and elementwise ops on it; built "
                                 "by fusion passes",
                                 input_gradient_attrs());
  gradient.samples = [same, strided] {
    return std::vector<Sample>{fused_sample({2, 5, 6, 4}, {3, 3, 3, 4}, {2, 5, 6, 3}, same),
                               fused_sample({1, 2, 3, 4}, {2, 2, 3, 4}, {3}, strided),
                               fused_sample({2, 4, 5, 4}, {1, 1, 3, 4}, {2, 4, 5, 3}, {}),
                               fused_sample({2, 9, 10, 35}, {3, 3, 40, 35}, {2, 9, 10, 40}, same)};
  };
  gradient.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {2, 4, 4}}, {DType::f32, {2, 3, 4}}, {DType::f32, {3, 2, 5, 3}}},
         {{"cluster", biased_relu()}},
         "must broadcast to the product"}};
  };
  registry.add(std::move(gradient));
}

/// How the inputs of a multi_cluster are cut: the shared ones, then as many for each segment.
struct Segments {
  Segments(const Attrs& attrs, std::size_t inputs)
      : count(integer(attrs, "segments")), shared(integer(attrs, "shared")) {
    const std::int64_t given = static_cast<std::int64_t>(inputs);
    if (count < 1 || count > given || shared < 0 || shared > given ||
        (given - shared) % count != 0) {
      throw InvalidArgument(std::to_string(given) + " inputs, " + std::to_string(shared) +
                            " of them shared, cannot be cut into " + std::to_string(count) +
                            " segments");
    }
    own = (given - shared) / count;
  }

  /// The shared elements of `all`, then those of one segment.
  template <typename T>
  std::vector<T> take(std::span<const T> all, std::int64_t segment) const {
    std::vector<T> taken(all.begin(), all.begin() + shared);
    const auto begin = all.begin() + shared + segment * own;
    taken.insert(taken.end(), begin, begin + own);
    return taken;
  }

  std::int64_t count = 1;
  std::int64_t shared = 0;
  std::int64_t own = 0;
};

void register_multi_cluster(OpRegistry& registry) {
  OpDef def;
  def.name = "multi_cluster";
  def.doc =
      "The same cluster over several sets of inputs, of different shapes, in one kernel; "
      "built by fusion passes";
  def.inputs = {{"inputs", "The shared inputs, of one element each, then each segment's own."}};
  def.variadic = true;
  def.attrs = {{"segments", std::int64_t{1}, true, "Number of sets of inputs."},
               {"shared", std::int64_t{0}, false, "Number of inputs that all segments read."},
               cluster_definition()};
  def.infer = [](const InferContext& context) {
    const Segments segments(context.attrs, context.inputs.size());
    const Cluster& cluster = cluster_of(context.attrs);
    std::vector<ValueType> outputs;
    for (std::int64_t i = 0; i < segments.count; ++i) {
      for (ValueType& type : infer_cluster(cluster, segments.take(context.inputs, i))) {
        outputs.push_back(std::move(type));
      }
    }
    return outputs;
  };
  def.reference = [](const EvaluateContext& context) {
    const Segments segments(context.attrs, context.inputs.size());
    const Cluster& cluster = cluster_of(context.attrs);
    std::vector<Tensor> outputs;
    for (std::int64_t i = 0; i < segments.count; ++i) {
      const Shape& space = context.outputs[outputs.size()].shape;
      for (Tensor& output :
           evaluate_cluster(cluster, segments.take(context.inputs, i), space, context.key)) {
        outputs.push_back(std::move(output));
      }
    }
    return outputs;
  };
  def.cost = [](std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                const Attrs& attrs) {
    const Segments segments(attrs, inputs.size());
    const Cluster& cluster = cluster_of(attrs);
    Cost cost{.flops = 0, .bytes = operand_bytes(inputs, outputs)};
    for (std::int64_t i = 0; i < segments.count; ++i) {
      const Shape& space = outputs[static_cast<std::size_t>(i) * cluster.outputs.size()].shape;
      cost.flops += cluster_flops(cluster, segments.take(inputs, i), space);
    }
    return cost;
  };
  def.samples = [] {
    const SampleInput scalar{DType::f32, {}};
    const auto of = [](const Shape& shape) { return SampleInput{DType::f32, shape}; };
    const Attrs two = {
        {"cluster", three_operands()}, {"segments", std::int64_t{2}}, {"shared", std::int64_t{1}}};
    const Attrs three = {{"cluster", biased_relu()}, {"segments", std::int64_t{3}}};
    return std::vector<Sample>{
        {{scalar, of({3, 5}), of({3, 5}), of({37}), of({37})}, two, ""},
        {{scalar, of({1}), of({1}), of({0}), of({0})}, two, ""},
        {{of({4}), of({4}), of({2, 3}), of({2, 3}), of({}), of({})}, three, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {3}}, {DType::f32, {3}}, {DType::f32, {3}}},
                                {{"cluster", biased_relu()}, {"segments", std::int64_t{2}}},
                                "cannot be cut"}};
  };
  registry.add(std::move(def));
}

}  // namespace

void register_fused(OpRegistry& registry) {
  register_cluster(registry);
  register_fused_matmul(registry);
  register_fused_convolutions(registry);
  register_multi_cluster(registry);
}

}  // namespace tegula::ops
