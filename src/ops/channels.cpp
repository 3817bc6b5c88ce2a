// Normalization of channels: statistics over all axes but one, and what is computed from them.
// Gradients take two passes over the batch, as the values do: sums, and then each element. (Ioffe
// and Szegedy, "Batch normalization", 2015, section 3.)

#include "tegula/graph/channels.hpp"

#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

using Values = std::vector<Value>;

int axis_of(const Attrs& attrs, const Shape& shape) {
  return normalize_axis(integer(attrs, "axis"), shape.rank());
}

/// Throws unless x is floating and the inputs from `first` are vectors of its channels. The
/// vectors' type.
ValueType check_channels(const InferContext& context, int first, int count) {
  check_dtype(context.dtype(0), Accepts::floating);
  check_same_dtype(context);
  const Shape& x = context.shape(0);
  const Shape vector{x[axis_of(context.attrs, x)]};
  for (int i = first; i < count; ++i) {
    if (!compatible(vector, context.shape(i))) {
      throw ShapeError("takes a number for each channel, of shape " + vector.to_string() +
                       ", got " + context.shape(i).to_string());
    }
  }
  return {context.dtype(0), vector};
}

/// Calls visit(element, channel) for all elements, in order.
template <typename Visit>
void for_each_element(const Shape& shape, int axis, const Visit& visit) {
  std::int64_t inner = 1;
  for (int i = axis + 1; i < shape.rank(); ++i) inner *= shape[i];
  for (std::int64_t i = 0; i < shape.element_count(); ++i) visit(i, i / inner % shape[axis]);
}

/// A vector of channels as it broadcasts with x.
Value along(Value vector, const Value& x, const Attrs& attrs) {
  const int axis = axis_of(attrs, x.shape());
  const int rank = x.shape().rank();
  if (axis == rank - 1) return vector;
  std::vector<std::int64_t> shape(static_cast<std::size_t>(rank), 1);
  shape[static_cast<std::size_t>(axis)] = kUnknown;
  return reshape(vector, shape);
}

/// How many elements a channel has.
Value channel_size(const Value& x, const Attrs& attrs) {
  Axes others;
  others.emplace();
  for (int i = 0; i < x.shape().rank(); ++i) {
    if (i != axis_of(attrs, x.shape())) others->push_back(i);
  }
  return cast(element_count(x, others), x.dtype());
}

/// A difference, a product and two sums per element.
Cost cost_of_statistics(std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                        const Attrs&) {
  return {.flops = 4 * static_cast<double>(inputs[0].shape.element_count()),
          .bytes = operand_bytes(inputs, outputs)};
}

AttrDef axis_attribute() { return {"axis", std::int64_t{-1}, false, "Axis of the channels."}; }

void register_moments(OpRegistry& registry) {
  OpDef def;
  def.name = "channel_moments";
  def.doc = "Mean and variance of each channel, over all other axes";
  def.inputs = {{"x", "Floating, rank 1 or more."}};
  def.attrs = {axis_attribute()};
  def.fusion = FusionClass::reduction;
  def.cost = cost_of_statistics;
  def.infer = [](const InferContext& context) {
    const ValueType vector = check_channels(context, 1, 1);
    return std::vector<ValueType>{vector, vector};
  };
  def.gradient = [](const GradientContext& context) -> Values {
    const Value x = context.input(0);
    const Value mean = context.output(0);
    const Value size = channel_size(x, context.attrs());
    const Value zeros = zeros_like(mean);
    const Value to_mean = context.gradient(0) ? context.gradient(0) / size : zeros;
    const Value to_variance = context.gradient(1) ? context.gradient(1) * 2.0 / size : zeros;
    return {normalize_channels(x, mean, to_variance, to_mean, integer(context.attrs(), "axis"))};
  };
  def.reference = [](const EvaluateContext& context) {
    const Tensor& x = context.input(0);
    const int axis = axis_of(context.attrs, x.shape());
    const std::int64_t channels = x.shape()[axis];
    std::vector<double> mean(static_cast<std::size_t>(channels));
    std::vector<double> spread(mean.size());
    const double count = static_cast<double>(x.element_count()) / static_cast<double>(channels);
    const auto at = [](std::int64_t channel) { return static_cast<std::size_t>(channel); };
    for_each_element(x.shape(), axis,
                     [&](std::int64_t i, std::int64_t c) { mean[at(c)] += x.at(i); });
    for (double& value : mean) value /= count;
    for_each_element(x.shape(), axis, [&](std::int64_t i, std::int64_t c) {
      spread[at(c)] += (x.at(i) - mean[at(c)]) * (x.at(i) - mean[at(c)]);
    });
    for (double& value : spread) value /= count;
    return std::vector<Tensor>{Tensor::from(mean, {channels}).cast(x.dtype()),
                               Tensor::from(spread, {channels}).cast(x.dtype())};
  };
  def.samples = [] {
    return std::vector<Sample>{{{{DType::f32, {6, 3}}}, {}, ""},
                               {{{DType::f32, {2, 3, 4, 5}}}, {}, ""},
                               {{{DType::f32, {2, 3, 4, 5}}}, {{"axis", std::int64_t{1}}}, ""},
                               {{{DType::f64, {3, 40}}}, {{"axis", std::int64_t{0}}}, ""},
                               {{{DType::f32, {700, 11}, 100, 101}}, {}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{{{{DType::i32, {3, 2}}}, {}, "takes f32 or f64"},
                               {{{DType::f32, {3}}}, {{"axis", std::int64_t{1}}}, "out of range"}};
  };
  registry.add(std::move(def));
}

void register_sums(OpRegistry& registry) {
  OpDef def;
  def.name = "channel_sums";
  def.doc = "Sums of y and of y * (x - center) of each channel, over all other axes";
  def.inputs = {{"y", "Floating, rank 1 or more."},
                {"x", "Of y's shape."},
                {"center", "A vector with a number for each channel."}};
  def.attrs = {axis_attribute()};
  def.fusion = FusionClass::reduction;
  def.cost = cost_of_statistics;
  def.infer = [](const InferContext& context) {
    const ValueType vector = check_channels(context, 2, 3);
    if (!compatible(context.shape(0), context.shape(1))) {
      throw ShapeError("takes two values of one type, got shapes " + context.shape(0).to_string() +
                       " and " + context.shape(1).to_string());
    }
    return std::vector<ValueType>{vector, vector};
  };
  def.gradient = [](const GradientContext& context) -> Values {
    const Value y = context.input(0);
    const Value x = context.input(1);
    const Value center = context.input(2);
    const std::int64_t axis = integer(context.attrs(), "axis");
    const Value zeros = zeros_like(center);
    const Value to_sum = context.gradient(0) ? context.gradient(0) : zeros;
    const Value to_product = context.gradient(1) ? context.gradient(1) : zeros;
    return {normalize_channels(x, center, to_product, to_sum, axis),
            y * along(to_product, y, context.attrs()), -(to_product * context.output(0))};
  };
  def.reference = [](const EvaluateContext& context) {
    const Tensor& y = context.input(0);
    const Tensor& x = context.input(1);
    const Tensor& center = context.input(2);
    std::vector<double> sum(static_cast<std::size_t>(center.element_count()));
    std::vector<double> product(sum.size());
    for_each_element(y.shape(), axis_of(context.attrs, y.shape()),
                     [&](std::int64_t i, std::int64_t c) {
                       sum[static_cast<std::size_t>(c)] += y.at(i);
                       product[static_cast<std::size_t>(c)] += y.at(i) * (x.at(i) - center.at(c));
                     });
    return std::vector<Tensor>{Tensor::from(sum, center.shape()).cast(y.dtype()),
                               Tensor::from(product, center.shape()).cast(y.dtype())};
  };
  def.samples = [] {
    const auto sample = [](DType dtype, const Shape& shape, std::int64_t axis) {
      const Shape vector{shape[normalize_axis(axis, shape.rank())]};
      return Sample{{{dtype, shape}, {dtype, shape}, {dtype, vector}}, {{"axis", axis}}, ""};
    };
    return std::vector<Sample>{sample(DType::f32, {6, 3}, -1), sample(DType::f32, {2, 3, 4, 5}, -1),
                               sample(DType::f32, {2, 3, 4, 5}, 1), sample(DType::f64, {3, 40}, 0),
                               sample(DType::f32, {700, 11}, -1)};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {3, 2}}, {DType::f32, {3, 2}}, {DType::f32, {3}}}, {}, "for each channel"},
        {{{DType::f32, {3, 2}}, {DType::f32, {2, 2}}, {DType::f32, {2}}}, {}, "of one type"}};
  };
  registry.add(std::move(def));
}

void register_normalize(OpRegistry& registry) {
  OpDef def;
  def.name = "normalize_channels";
  def.doc = "(x - mean) * scale + shift, with numbers for each channel";
  def.inputs = {{"x", "Floating, rank 1 or more."},
                {"mean", "A vector with a number for each channel."},
                {"scale", "Likewise."},
                {"shift", "Likewise."}};
  def.attrs = {axis_attribute()};
  def.infer = [](const InferContext& context) {
    check_channels(context, 1, 4);
    return std::vector<ValueType>{{context.dtype(0), context.shape(0)}};
  };
  def.gradient = [](const GradientContext& context) -> Values {
    const Value dy = context.gradient();
    const Value scale = context.input(2);
    const ChannelSums sums =
        channel_sums(dy, context.input(0), context.input(1), integer(context.attrs(), "axis"));
    return {dy * along(scale, dy, context.attrs()), -(sums.sum * scale), sums.product, sums.sum};
  };
  def.reference = [](const EvaluateContext& context) {
    const Tensor& x = context.input(0);
    Tensor y(x.dtype(), x.shape());
    for_each_element(x.shape(), axis_of(context.attrs, x.shape()),
                     [&](std::int64_t i, std::int64_t c) {
                       y.set(i, (x.at(i) - context.input(1).at(c)) * context.input(2).at(c) +
                                    context.input(3).at(c));
                     });
    return std::vector<Tensor>{y};
  };
  def.samples = [] {
    const auto sample = [](DType dtype, const Shape& shape, std::int64_t axis) {
      const ValueType vector{dtype, {shape[normalize_axis(axis, shape.rank())]}};
      const SampleInput numbers{dtype, vector.shape};
      return Sample{{{dtype, shape}, numbers, numbers, numbers}, {{"axis", axis}}, ""};
    };
    return std::vector<Sample>{sample(DType::f32, {6, 3}, -1), sample(DType::f32, {2, 3, 4, 5}, -1),
                               sample(DType::f32, {2, 3, 4, 5}, 1), sample(DType::f64, {3, 4}, 0)};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {3, 2}}, {DType::f32, {2}}, {DType::f32, {3}}, {DType::f32, {2}}},
         {},
         "for each channel"}};
  };
  registry.add(std::move(def));
}

}  // namespace

void register_channels(OpRegistry& registry);

void register_channels(OpRegistry& registry) {
  register_moments(registry);
  register_sums(registry);
  register_normalize(registry);
}

}  // namespace tegula::ops

namespace tegula {

ChannelMoments channel_moments(Operand x, std::int64_t axis) {
  const Value mean = build("channel_moments", {x}, {{"axis", axis}});
  return {mean, mean.node().output(1)};
}

ChannelSums channel_sums(Operand y, Operand x, Operand center, std::int64_t axis) {
  const Value sum = build("channel_sums", {y, x, center}, {{"axis", axis}});
  return {sum, sum.node().output(1)};
}

Value normalize_channels(Operand x, Operand mean, Operand scale, Operand shift, std::int64_t axis) {
  return build("normalize_channels", {x, mean, scale, shift}, {{"axis", axis}});
}

}  // namespace tegula
