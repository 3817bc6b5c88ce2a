// Convolution over one to three axes, channels last, and its gradients. The gradient with respect
// to the input is the transposed convolution; each of the three is bilinear, and its own gradients
// are the other two.

#include "src/ops/convolution.hpp"

#include <algorithm>

#include "src/ops/family.hpp"

namespace tegula::ops {

std::vector<AttrDef> convolution_attrs() {
  std::vector<AttrDef> attrs = padding_attrs();
  attrs.push_back({"strides", Integers{}, false, "Per spatial axis; none: 1."});
  attrs.push_back(
      {"dilations", Integers{}, false, "Distance of neighbouring taps per spatial axis; none: 1."});
  attrs.push_back({"groups", std::int64_t{1}, false,
                   "Into so many the channels and the filters are cut; each group of filters sees "
                   "one of channels."});
  return attrs;
}

std::vector<AttrDef> input_gradient_attrs() {
  std::vector<AttrDef> attrs = convolution_attrs();
  attrs.push_back({"spatial", Integers{}, false,
                   "Sizes of x's spatial axes; -1 or none: what dy's windows cover."});
  return attrs;
}

namespace {

/// What every convolution's attributes say, without those of one op alone.
Attrs common_attrs(const Attrs& attrs) {
  Attrs common;
  for (const AttrDef& def : convolution_attrs()) common.set(def.name, *attrs.find(def.name));
  return common;
}

std::vector<WindowAxis> axes_of(const Integers& sizes, const Integers& windows,
                                const Attrs& attrs) {
  return window_axes(attrs, sizes, windows, integers(attrs, "strides"),
                     integers(attrs, "dilations"));
}

void check_groups(const Attrs& attrs, const Shape& w) {
  const std::int64_t groups = integer(attrs, "groups");
  const std::int64_t filters = w.dim(-1);
  if (groups >= 1 && (filters == kUnknown || filters % groups == 0)) return;
  throw ShapeError("groups = " + std::to_string(groups) + " must divide the " +
                   std::to_string(filters) + " filters of w " + w.to_string());
}

Integers window_sizes(const Shape& w) {
  const Integers sizes = spatial_sizes(w, "w");
  return Integers(w.begin(), w.begin() + static_cast<std::ptrdiff_t>(sizes.size()));
}

/// Channels of x that w of this shape takes.
std::int64_t channels_of(const Shape& w, const Attrs& attrs) {
  const std::int64_t channels = w.dim(-2);
  return channels == kUnknown ? kUnknown : channels * integer(attrs, "groups");
}

/// Shape of y; checks everything that is known of x and w.
Shape result_shape(const Shape& x, const Shape& w, const Attrs& attrs) {
  const Integers sizes = spatial_sizes(x, "x");
  const Integers windows = window_sizes(w);
  if (x.rank() != w.rank()) {
    throw ShapeError("x " + x.to_string() + " has " + std::to_string(sizes.size()) +
                     " spatial axes, w " + w.to_string() + " has " +
                     std::to_string(windows.size()));
  }
  check_groups(attrs, w);
  const std::int64_t taken = channels_of(w, attrs);
  if (taken != x.dim(-1) && taken != kUnknown && x.dim(-1) != kUnknown) {
    throw ShapeError("x " + x.to_string() + " has " + std::to_string(x.dim(-1)) + " channels, w " +
                     w.to_string() + " takes " + std::to_string(taken) + " in " +
                     std::to_string(integer(attrs, "groups")) + " groups");
  }
  return windowed_shape(x[0], axes_of(sizes, windows, attrs), w.dim(-1));
}

/// The size that a transposed convolution gives an axis when none is stated: what its windows
/// cover, and at least a stride per element.
std::int64_t covered_size(const WindowAxis& axis, std::int64_t elements, std::int64_t pads,
                          bool same) {
  if (elements == kUnknown || (!same && axis.window == kUnknown)) return kUnknown;
  const std::int64_t beyond = same ? 0 : std::max<std::int64_t>(axis.extent() - axis.stride, 0);
  return std::max<std::int64_t>(elements * axis.stride + beyond - pads, 0);
}

/// The attribute "spatial" with every size that follows from dy filled in.
Integers transposed_sizes(const Shape& dy, const Shape& w, const Attrs& attrs) {
  const Integers elements = spatial_sizes(dy, "dy");
  Integers sizes = integers(attrs, "spatial");
  if (sizes.empty()) sizes.assign(elements.size(), kUnknown);
  if (sizes.size() != elements.size() || w.rank() != dy.rank()) {
    throw ShapeError("spatial " + to_string(AttrValue(sizes)) + " and w " + w.to_string() +
                     " must have the " + std::to_string(elements.size()) + " spatial axes of dy " +
                     dy.to_string());
  }
  const Integers any(elements.size(), kUnknown);
  const std::vector<WindowAxis> axes = axes_of(any, window_sizes(w), attrs);
  const Integers& pads = integers(attrs, "pads");
  const bool same = attrs.get<std::string>("padding") == "same";
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < kUnknown) {
      throw ShapeError("spatial " + to_string(AttrValue(sizes)) +
                       " must be sizes, or -1 for what follows from dy");
    }
    const std::int64_t padded = pads.empty() ? 0 : pads[2 * i] + pads[2 * i + 1];
    if (sizes[i] == kUnknown) sizes[i] = covered_size(axes[i], elements[i], padded, same);
  }
  return sizes;
}

Shape input_shape(std::int64_t batch, const Integers& sizes, std::int64_t channels) {
  Shape shape = {batch};
  for (const std::int64_t size : sizes) shape.append(size);
  shape.append(channels);
  return shape;
}

/// Calls `visit(element of x or -1, element of w, element of y)` for every product that a
/// convolution sums up; -1 stands for the zeros of the padding.
template <typename VisitProduct>
void for_each_product(const ConvolutionProblem& problem, const VisitProduct& visit) {
  detail::for_each_tap(problem.grid, [&](std::int64_t from, std::int64_t to, std::int64_t tap) {
    for (std::int64_t filter = 0; filter < problem.filters; ++filter) {
      const std::int64_t first = filter / problem.group_filters() * problem.group_channels();
      for (std::int64_t channel = 0; channel < problem.group_channels(); ++channel) {
        visit(from < 0 ? -1 : from * problem.channels + first + channel,
              (tap * problem.group_channels() + channel) * problem.filters + filter,
              to * problem.filters + filter);
      }
    }
  });
}

/// A tensor of the node's type with the sums that `add(totals)` leaves.
template <typename Add>
std::vector<Tensor> summed(const EvaluateContext& context, const Add& add) {
  Tensor result(context.outputs[0].dtype, context.outputs[0].shape);
  std::vector<double> totals(static_cast<std::size_t>(result.element_count()));
  add(totals.data());
  for (std::int64_t i = 0; i < result.element_count(); ++i) {
    result.set(i, totals[static_cast<std::size_t>(i)]);
  }
  return {result};
}

std::vector<Tensor> evaluate_convolution(const EvaluateContext& context) {
  const Tensor& x = context.input(0);
  const Tensor& w = context.input(1);
  return summed(context, [&](double* y) {
    for_each_product(convolution_problem(x.shape(), w.shape(), context.attrs),
                     [&](std::int64_t from, std::int64_t weight, std::int64_t to) {
                       y[to] += (from < 0 ? 0.0 : x.at(from)) * w.at(weight);
                     });
  });
}

std::vector<Tensor> evaluate_input_gradient(const EvaluateContext& context) {
  const Tensor& dy = context.input(0);
  const Tensor& w = context.input(1);
  return summed(context, [&](double* dx) {
    for_each_product(convolution_problem(context.outputs[0].shape, w.shape(), context.attrs),
                     [&](std::int64_t from, std::int64_t weight, std::int64_t to) {
                       if (from >= 0) dx[from] += dy.at(to) * w.at(weight);
                     });
  });
}

std::vector<Tensor> evaluate_weight_gradient(const EvaluateContext& context) {
  const Tensor& x = context.input(0);
  const Tensor& dy = context.input(1);
  return summed(context, [&](double* dw) {
    for_each_product(convolution_problem(x.shape(), context.outputs[0].shape, context.attrs),
                     [&](std::int64_t from, std::int64_t weight, std::int64_t to) {
                       dw[weight] += (from < 0 ? 0.0 : x.at(from)) * dy.at(to);
                     });
  });
}

/// dx of a convolution's x, from its size where that is known.
Value input_gradient(Value dy, Value w, Value x, const Attrs& attrs) {
  const Integers sizes = spatial_sizes(x.shape(), "x");
  Attrs own = common_attrs(attrs);
  for (const std::int64_t size : sizes) {
    if (size == kUnknown) return build("convolution_input_gradient_like", {dy, w, x}, own);
  }
  own.set("spatial", sizes);
  return build("convolution_input_gradient", {dy, w}, own);
}

Value weight_gradient(Value x, Value dy, Value w, const Attrs& attrs) {
  return build("convolution_weight_gradient", {x, dy, w}, common_attrs(attrs));
}

/// Gradients of an input gradient that takes (dy, w): `g` is a gradient of the shape of x.
std::vector<Value> gradients_of_input_gradient(const GradientContext& context) {
  const Value g = context.gradient();
  std::vector<Value> values = {
      build("convolution", {g, context.input(1)}, common_attrs(context.attrs())),
      weight_gradient(g, context.input(0), context.input(1), context.attrs())};
  values.resize(context.node.inputs().size());
  return values;
}

struct Case {
  Shape x;
  Shape w;
  Attrs attrs = {};
};

/// Every rank, padding, stride, dilation and grouping; empty and single sizes, and some that are
/// larger than a kernel's blocks.
std::vector<Case> cases() {
  const AttrValue same = std::string("same");
  const auto numbers = [](Integers values) { return AttrValue(std::move(values)); };
  const auto groups = [](std::int64_t count) { return AttrValue(count); };
  const AttrValue given = std::string("explicit");
  return {
      {{1, 3, 1}, {2, 1, 1}},
      {{2, 7, 3}, {3, 3, 4}},
      {{2, 7, 3}, {3, 3, 2}, {{"padding", given}, {"pads", numbers({2, 0})}}},
      {{1, 9, 2}, {3, 2, 3}, {{"padding", same}, {"dilations", numbers({2})}}},
      {{1, 3, 3, 1}, {2, 2, 1, 1}},
      {{2, 5, 6, 3}, {3, 3, 3, 4}, {{"padding", same}}},
      {{2, 5, 6, 3}, {3, 2, 3, 4}, {{"padding", same}, {"strides", numbers({2, 3})}}},
      {{1, 6, 7, 2},
       {2, 3, 2, 3},
       {{"padding", given}, {"pads", numbers({1, 2, 0, 1})}, {"strides", numbers({2, 1})}}},
      {{1, 7, 8, 2},
       {3, 2, 2, 3},
       {{"dilations", numbers({2, 3})}, {"strides", numbers({1, 2})}, {"padding", same}}},
      {{1, 8, 7, 1}, {3, 3, 1, 2}, {{"dilations", numbers({3, 2})}, {"strides", numbers({2, 3})}}},
      {{1, 8, 7, 2}, {3, 2, 2, 3}, {{"dilations", numbers({2, 2})}, {"strides", numbers({2, 2})}}},
      {{2, 4, 4, 6}, {3, 3, 2, 9}, {{"groups", groups(3)}, {"padding", same}}},
      {{1, 4, 5, 4}, {2, 2, 1, 8}, {{"groups", groups(4)}, {"padding", same}}},
      {{2, 5, 5, 3}, {1, 1, 3, 5}},
      {{2, 5, 5, 3}, {1, 1, 3, 5}, {{"strides", numbers({2, 2})}}},
      {{1, 1, 1, 1}, {1, 1, 1, 1}},
      {{0, 4, 4, 2}, {3, 3, 2, 3}},
      {{2, 4, 4, 2}, {3, 3, 2, 0}},
      {{1, 4, 4, 0}, {3, 3, 0, 2}, {{"padding", same}}},
      {{1, 3, 4, 5, 2}, {2, 3, 2, 2, 3}, {{"padding", same}}},
      {{1, 5, 4, 5, 1}, {2, 2, 3, 1, 2}, {{"strides", numbers({2, 1, 2})}}},
      {{2, 13, 11, 17}, {3, 3, 17, 35}, {{"padding", same}}},
      {{1, 16, 19, 36}, {5, 5, 36, 16}, {{"padding", same}, {"strides", numbers({2, 2})}}},
      {{3, 9, 40, 3}, {3, 5, 3, 33}, {{"padding", same}}},
      {{2, 9, 10, 37}, {3, 3, 1, 37}, {{"groups", groups(37)}, {"padding", same}}}};
}

/// Shape of the result, for samples.
Shape sample_result(const Case& c) {
  Attrs attrs = c.attrs;
  for (const AttrDef& each : convolution_attrs()) {
    if (!attrs.has(each.name)) attrs.set(each.name, each.value);
  }
  return result_shape(c.x, c.w, attrs);
}

OpDef definition(const char* name, const char* doc, std::vector<InputDef> inputs) {
  OpDef def;
  def.name = name;
  def.doc = doc;
  def.inputs = std::move(inputs);
  def.attrs = convolution_attrs();
  return def;
}

constexpr const char* kX = "[batch, one to three axes, channels].";
constexpr const char* kW = "[window of each axis, channels / groups, filters].";
constexpr const char* kDy = "Of the convolution's result shape, [batch, axes, filters].";

/// Cost of an op with the shapes of x and w.
Cost cost_of(const Shape& x, const Shape& w, const Attrs& attrs, std::span<const ValueType> inputs,
             std::span<const ValueType> outputs) {
  const ConvolutionProblem problem = convolution_problem(x, w, attrs);
  const std::int64_t results = problem.grid.batch * problem.grid.outputs() * problem.filters;
  const std::int64_t terms = problem.grid.taps() * problem.group_channels();
  return {.flops = 2.0 * static_cast<double>(results) * static_cast<double>(terms),
          .bytes = operand_bytes(inputs, outputs)};
}

void register_forward(OpRegistry& registry) {
  OpDef def = definition("convolution",
                         "Sums of products of windows of x with w, zeros beyond the borders; w is "
                         "not flipped",
                         {{"x", kX}, {"w", kW}});
  def.fusion = FusionClass::contraction;
  def.infer = [](const InferContext& context) {
    check_same_dtype(context);
    check_dtype(context.dtype(0), Accepts::floating);
    return std::vector<ValueType>{
        {context.dtype(0), result_shape(context.shape(0), context.shape(1), context.attrs)}};
  };
  def.gradient = [](const GradientContext& context) {
    const Value x = context.input(0);
    const Value w = context.input(1);
    const Value dy = context.gradient();
    return std::vector<Value>{input_gradient(dy, w, x, context.attrs()),
                              weight_gradient(x, dy, w, context.attrs())};
  };
  def.reference = evaluate_convolution;
  def.cost = [](std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                const Attrs& attrs) {
    return cost_of(inputs[0].shape, inputs[1].shape, attrs, inputs, outputs);
  };
  def.samples = [] {
    std::vector<Sample> samples;
    for (const Case& c : cases()) {
      samples.push_back({{{DType::f32, c.x, -1, 1}, {DType::f32, c.w, -1, 1}}, c.attrs, ""});
    }
    return samples;
  };
  def.bad_samples = [] {
    const auto bad = [](Shape x, Shape w, Attrs attrs, const char* error) {
      return Sample{{{DType::f32, x}, {DType::f32, w}}, std::move(attrs), error};
    };
    const Attrs two = {{"strides", Integers{2}}};
    const Attrs zero = {{"dilations", Integers{1, 0}}};
    return std::vector<Sample>{
        bad({2, 5}, {3, 5, 4}, {}, "one to three spatial axes"),
        bad({2, 5, 3}, {3, 3, 3, 4}, {}, "has 1 spatial axes, w [3,3,3,4] has 2"),
        bad({2, 5, 5, 3}, {3, 3, 2, 4}, {}, "has 3 channels, w [3,3,2,4] takes 2"),
        bad({2, 5, 5, 4}, {3, 3, 2, 3}, {{"groups", std::int64_t{2}}}, "must divide the 3 filters"),
        bad({2, 2, 5, 3}, {3, 3, 3, 4}, {}, "a window of 3 elements is larger than the axis"),
        bad({2, 5, 5, 3}, {3, 3, 3, 4}, two, "one per spatial axis"),
        bad({2, 5, 5, 3}, {3, 3, 3, 4}, zero, "must be from 1"),
        bad({2, 5, 5, 3}, {0, 3, 3, 4}, {}, "sizes must be from 1"),
        bad({2, 5, 3}, {3, 3, 4}, {{"padding", std::string("full")}}, "expected valid, same"),
        bad({2, 5, 3}, {3, 3, 4}, {{"pads", Integers{1, 1}}}, "need padding explicit"),
        bad({2, 5, 3}, {3, 3, 4}, {{"padding", std::string("explicit")}}, "must be 2 numbers"),
        {{{DType::i32, {2, 5, 3}}, {DType::i32, {3, 3, 4}}}, {}, "takes f32 or f64"},
        {{{DType::f32, {2, 5, 3}}, {DType::f64, {3, 3, 4}}}, {}, "one dtype"}};
  };
  registry.add(std::move(def));
}

void register_input_gradient(OpRegistry& registry) {
  OpDef def = definition("convolution_input_gradient",
                         "Gradient of a convolution with respect to its x: the transposed "
                         "convolution of dy",
                         {{"dy", kDy}, {"w", kW}});
  def.fusion = FusionClass::contraction;
  def.attrs = input_gradient_attrs();
  def.infer = [](const InferContext& context) {
    check_same_dtype(context);
    check_dtype(context.dtype(0), Accepts::floating);
    const Shape& dy = context.shape(0);
    const Shape& w = context.shape(1);
    const Shape x =
        input_shape(dy[0], transposed_sizes(dy, w, context.attrs), channels_of(w, context.attrs));
    check_shape("dy", dy, result_shape(x, w, context.attrs));
    return std::vector<ValueType>{{context.dtype(0), x}};
  };
  def.gradient = gradients_of_input_gradient;
  def.reference = evaluate_input_gradient;
  def.cost = [](std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                const Attrs& attrs) {
    return cost_of(outputs[0].shape, inputs[1].shape, attrs, inputs, outputs);
  };
  def.samples = [] {
    std::vector<Sample> samples;
    for (const Case& c : cases()) {
      Attrs attrs = c.attrs;
      attrs.set("spatial", Integers(c.x.begin() + 1, c.x.end() - 1));
      samples.push_back(
          {{{DType::f32, sample_result(c), -1, 1}, {DType::f32, c.w, -1, 1}}, attrs, ""});
    }
    const AttrValue strides = Integers{2, 3};
    samples.push_back(
        {{{DType::f32, {2, 3, 3, 2}}, {DType::f32, {3, 2, 4, 2}}}, {{"strides", strides}}, ""});
    samples.push_back(
        {{{DType::f32, {2, 3, 3, 2}}, {DType::f32, {3, 2, 4, 2}}},
         {{"strides", strides}, {"padding", std::string("same")}, {"spatial", Integers{-1, 8}}},
         ""});
    return samples;
  };
  def.bad_samples = [] {
    const auto bad = [](Shape dy, Integers spatial, const char* error) {
      return Sample{{{DType::f32, dy}, {DType::f32, {3, 3, 2, 4}}}, {{"spatial", spatial}}, error};
    };
    return std::vector<Sample>{
        bad({2, 5, 5, 4}, {9, 7}, "dy has shape [2,5,5,4], expected [2,7,5,4]"),
        bad({2, 5, 5, 3}, {7, 7}, "dy has shape [2,5,5,3], expected [2,5,5,4]"),
        bad({2, 5, 5, 4}, {7}, "must have the 2 spatial axes"),
        bad({2, 5, 5, 4}, {7, -2}, "must be sizes"),
        {{{DType::i32, {2, 5, 3}}, {DType::i32, {3, 3, 3}}}, {}, "takes f32 or f64"}};
  };
  registry.add(std::move(def));
}

void register_input_gradient_like(OpRegistry& registry) {
  OpDef def = definition("convolution_input_gradient_like",
                         "convolution_input_gradient to the shape of `like`",
                         {{"dy", kDy}, {"w", kW}, {"like", "Gives the shape; not read."}});
  def.infer = [](const InferContext& context) {
    check_same_dtype(context);
    check_dtype(context.dtype(0), Accepts::floating);
    const Shape& x = context.shape(2);
    check_shape("dy", context.shape(0), result_shape(x, context.shape(1), context.attrs));
    return std::vector<ValueType>{{context.dtype(0), x}};
  };
  def.gradient = gradients_of_input_gradient;
  def.reference = evaluate_input_gradient;
  def.cost = [](std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                const Attrs& attrs) {
    return cost_of(outputs[0].shape, inputs[1].shape, attrs, inputs, outputs);
  };
  def.samples = [] {
    std::vector<Sample> samples;
    for (const Case& c : cases()) {
      samples.push_back(
          {{{DType::f32, sample_result(c), -1, 1}, {DType::f32, c.w, -1, 1}, {DType::f32, c.x}},
           c.attrs,
           ""});
      if (samples.size() == 12) break;
    }
    return samples;
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {2, 5, 4}}, {DType::f32, {3, 2, 4}}, {DType::f32, {2, 8, 2}}},
         {},
         "dy has shape [2,5,4], expected [2,6,4]"}};
  };
  registry.add(std::move(def));
}

void register_weight_gradient(OpRegistry& registry) {
  OpDef def =
      definition("convolution_weight_gradient", "Gradient of a convolution with respect to its w",
                 {{"x", kX}, {"dy", kDy}, {"like", "w: gives the shape; not read."}});
  def.infer = [](const InferContext& context) {
    check_same_dtype(context);
    check_dtype(context.dtype(0), Accepts::floating);
    const Shape& w = context.shape(2);
    check_shape("dy", context.shape(1), result_shape(context.shape(0), w, context.attrs));
    return std::vector<ValueType>{{context.dtype(0), w}};
  };
  def.gradient = [](const GradientContext& context) {
    const Value g = context.gradient();
    const Value x = context.input(0);
    return std::vector<Value>{input_gradient(context.input(1), g, x, context.attrs()),
                              build("convolution", {x, g}, context.attrs()), Value()};
  };
  def.reference = evaluate_weight_gradient;
  def.cost = [](std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                const Attrs& attrs) {
    return cost_of(inputs[0].shape, outputs[0].shape, attrs, inputs, outputs);
  };
  def.samples = [] {
    std::vector<Sample> samples;
    for (const Case& c : cases()) {
      samples.push_back(
          {{{DType::f32, c.x, -1, 1}, {DType::f32, sample_result(c), -1, 1}, {DType::f32, c.w}},
           c.attrs,
           ""});
    }
    return samples;
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {2, 8, 2}}, {DType::f32, {2, 5, 4}}, {DType::f32, {3, 2, 4}}},
         {},
         "dy has shape [2,5,4], expected [2,6,4]"}};
  };
  registry.add(std::move(def));
}

}  // namespace

ConvolutionProblem convolution_problem(const Shape& x, const Shape& w, const Attrs& attrs) {
  ConvolutionProblem problem;
  problem.grid = make_grid(x[0], axes_of(spatial_sizes(x, "x"), window_sizes(w), attrs));
  problem.groups = integer(attrs, "groups");
  problem.channels = x.dim(-1);
  problem.filters = w.dim(-1);
  return problem;
}

void register_convolution(OpRegistry& registry) {
  register_forward(registry);
  register_input_gradient(registry);
  register_input_gradient_like(registry);
  register_weight_gradient(registry);
}

}  // namespace tegula::ops

namespace tegula {

namespace {

Attrs attrs_of(const ConvolutionOptions& options) {
  return {{"strides", options.strides},
          {"dilations", options.dilations},
          {"groups", options.groups},
          {"padding", options.padding},
          {"pads", options.pads}};
}

}  // namespace

Value convolution(Operand x, Operand w, const ConvolutionOptions& options) {
  return build("convolution", {x, w}, attrs_of(options));
}

Value transposed_convolution(Operand y, Operand w, const std::vector<std::int64_t>& spatial,
                             const ConvolutionOptions& options) {
  Attrs attrs = attrs_of(options);
  attrs.set("spatial", spatial);
  return build("convolution_input_gradient", {y, w}, attrs);
}

}  // namespace tegula
