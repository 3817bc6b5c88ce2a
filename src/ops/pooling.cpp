// Pooling over one to three axes, channels last: the largest or the mean element of each window.
// Padding takes no part: a mean counts the elements within the borders.

#include "src/ops/pooling.hpp"

#include <algorithm>
#include <cmath>

#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

std::vector<AttrDef> pool_attrs() {
  std::vector<AttrDef> attrs = padding_attrs();
  attrs.push_back({"window", Integers{}, true, "Size per spatial axis."});
  attrs.push_back({"strides", Integers{}, false, "Per spatial axis; none: the window's sizes."});
  return attrs;
}

/// What every pool's attributes say, without those of one op alone.
Attrs common_attrs(const Attrs& attrs) {
  Attrs common;
  for (const AttrDef& def : pool_attrs()) common.set(def.name, *attrs.find(def.name));
  return common;
}

std::vector<WindowAxis> axes_of(const Integers& sizes, const Attrs& attrs) {
  const Integers& window = integers(attrs, "window");
  if (window.size() != sizes.size()) {
    throw InvalidArgument("window " + to_string(AttrValue(window)) + " must be " +
                          std::to_string(sizes.size()) + " sizes, one per spatial axis");
  }
  for (const std::int64_t size : window) {
    if (size < 1) throw InvalidArgument("window " + to_string(AttrValue(window)) + " must be > 0");
  }
  const Integers& pads = integers(attrs, "pads");
  for (std::size_t i = 0; i < pads.size() && i / 2 < window.size(); ++i) {
    if (pads[i] < window[i / 2]) continue;
    throw InvalidArgument("pads " + to_string(AttrValue(pads)) + " must be less than the window " +
                          to_string(AttrValue(window)) + ", so that none sees padding alone");
  }
  const Integers& strides = integers(attrs, "strides");
  return window_axes(attrs, sizes, window, strides.empty() ? window : strides, {});
}

Shape result_shape(const Shape& x, const Attrs& attrs) {
  return windowed_shape(x[0], axes_of(spatial_sizes(x, "x"), attrs), x.dim(-1));
}

/// Calls `visit(element of y, elements of x in its window, in order)`.
template <typename Visit>
void for_each_window(const Shape& x, const Attrs& attrs, const Visit& visit) {
  const WindowGrid grid = pool_grid(x, attrs);
  const std::int64_t channels = x.dim(-1);
  const std::int64_t last = grid.taps() - 1;
  std::vector<std::int64_t> pixels;
  detail::for_each_tap(grid, [&](std::int64_t from, std::int64_t to, std::int64_t tap) {
    if (from >= 0) pixels.push_back(from);
    if (tap < last) return;
    std::vector<std::int64_t> elements(pixels.size());
    for (std::int64_t channel = 0; channel < channels; ++channel) {
      for (std::size_t i = 0; i < pixels.size(); ++i) elements[i] = pixels[i] * channels + channel;
      visit(to * channels + channel, elements);
    }
    pixels.clear();
  });
}

/// The first NaN, or else the first of the largest.
std::int64_t first_largest(const Tensor& x, const std::vector<std::int64_t>& elements) {
  std::int64_t best = elements.front();
  for (const std::int64_t element : elements) {
    if (std::isnan(x.at(best))) break;
    if (std::isnan(x.at(element)) || x.at(element) > x.at(best)) best = element;
  }
  return best;
}

std::vector<Tensor> evaluate_max(const EvaluateContext& context) {
  const Tensor& x = context.input(0);
  Tensor y(x.dtype(), context.outputs[0].shape);
  for_each_window(x.shape(), context.attrs, [&](std::int64_t to, const auto& elements) {
    y.set(to, x.at(first_largest(x, elements)));
  });
  return {y};
}

std::vector<Tensor> evaluate_max_gradient(const EvaluateContext& context) {
  const Tensor& x = context.input(0);
  const Tensor& dy = context.input(1);
  std::vector<double> totals(static_cast<std::size_t>(x.element_count()));
  for_each_window(x.shape(), context.attrs, [&](std::int64_t to, const auto& elements) {
    totals[static_cast<std::size_t>(first_largest(x, elements))] += dy.at(to);
  });
  Tensor dx(x.dtype(), x.shape());
  for (std::int64_t i = 0; i < dx.element_count(); ++i) {
    dx.set(i, totals[static_cast<std::size_t>(i)]);
  }
  return {dx};
}

std::vector<Tensor> evaluate_max_take(const EvaluateContext& context) {
  const Tensor& x = context.input(0);
  Tensor y(x.dtype(), context.outputs[0].shape);
  for_each_window(x.shape(), context.attrs, [&](std::int64_t to, const auto& elements) {
    y.set(to, context.input(1).at(first_largest(x, elements)));
  });
  return {y};
}

std::vector<Tensor> evaluate_average(const EvaluateContext& context) {
  const Tensor& x = context.input(0);
  Tensor y(x.dtype(), context.outputs[0].shape);
  for_each_window(x.shape(), context.attrs, [&](std::int64_t to, const auto& elements) {
    double total = 0;
    for (const std::int64_t element : elements) total += x.at(element);
    y.set(to, total / static_cast<double>(elements.size()));
  });
  return {y};
}

std::vector<Tensor> evaluate_average_gradient(const EvaluateContext& context) {
  const Tensor& dy = context.input(0);
  Tensor dx(dy.dtype(), context.outputs[0].shape);
  std::vector<double> totals(static_cast<std::size_t>(dx.element_count()));
  for_each_window(dx.shape(), context.attrs, [&](std::int64_t to, const auto& elements) {
    for (const std::int64_t element : elements) {
      totals[static_cast<std::size_t>(element)] += dy.at(to) / static_cast<double>(elements.size());
    }
  });
  for (std::int64_t i = 0; i < dx.element_count(); ++i) {
    dx.set(i, totals[static_cast<std::size_t>(i)]);
  }
  return {dx};
}

struct Case {
  Shape x;
  Attrs attrs;
};

std::vector<Case> cases() {
  const AttrValue same = std::string("same");
  const auto numbers = [](Integers values) { return AttrValue(std::move(values)); };
  return {{{1, 4, 1}, {{"window", numbers({2})}}},
          {{2, 7, 3}, {{"window", numbers({3})}, {"strides", numbers({2})}, {"padding", same}}},
          {{2, 5, 6, 3}, {{"window", numbers({2, 3})}}},
          {{2, 5, 6, 3},
           {{"window", numbers({3, 2})}, {"strides", numbers({1, 1})}, {"padding", same}}},
          {{1, 5, 7, 2},
           {{"window", numbers({3, 3})},
            {"strides", numbers({2, 3})},
            {"padding", std::string("explicit")},
            {"pads", numbers({1, 2, 0, 2})}}},
          {{1, 4, 5, 3}, {{"window", numbers({2, 2})}, {"strides", numbers({3, 3})}}},
          {{1, 1, 1, 1}, {{"window", numbers({1, 1})}}},
          {{1, 2, 2, 2}, {{"window", numbers({3, 3})}, {"padding", same}}},
          {{0, 4, 4, 2}, {{"window", numbers({2, 2})}}},
          {{2, 4, 4, 0}, {{"window", numbers({2, 2})}}},
          {{1, 4, 3, 5, 2},
           {{"window", numbers({2, 2, 3})}, {"strides", numbers({1, 2, 2})}, {"padding", same}}},
          {{2, 14, 13, 37},
           {{"window", numbers({3, 3})}, {"strides", numbers({2, 2})}, {"padding", same}}}};
}

Shape sample_result(const Case& c) {
  Attrs attrs = c.attrs;
  for (const AttrDef& each : pool_attrs()) {
    if (!attrs.has(each.name)) attrs.set(each.name, each.value);
  }
  return result_shape(c.x, attrs);
}

OpDef definition(const char* name, const char* doc, std::vector<InputDef> operands) {
  OpDef def;
  def.name = name;
  def.doc = doc;
  def.inputs = std::move(operands);
  def.attrs = pool_attrs();
  def.cost = [](std::span<const ValueType> inputs, std::span<const ValueType> outputs,
                const Attrs& attrs) {
    // The smallest operand is y's shape or larger; each of its elements has a window.
    double elements = static_cast<double>(outputs[0].shape.element_count());
    for (const ValueType& input : inputs) {
      elements = std::min(elements, static_cast<double>(input.shape.element_count()));
    }
    for (const std::int64_t size : integers(attrs, "window")) {
      elements *= static_cast<double>(size);
    }
    return Cost{.flops = elements, .bytes = operand_bytes(inputs, outputs)};
  };
  return def;
}

std::vector<ValueType> infer_pool(const InferContext& context) {
  check_dtype(context.dtype(0), Accepts::floating);
  return {{context.dtype(0), result_shape(context.shape(0), context.attrs)}};
}

constexpr const char* kX = "[batch, one to three axes, channels].";
constexpr const char* kDy = "Of the pool's result shape.";

std::vector<Sample> pool_samples() {
  std::vector<Sample> samples;
  for (const Case& c : cases()) samples.push_back({{{DType::f32, c.x}}, c.attrs, ""});
  return samples;
}

std::vector<Sample> bad_pool_samples() {
  const auto bad = [](Shape x, Attrs attrs, const char* error) {
    return Sample{{{DType::f32, x}}, std::move(attrs), error};
  };
  const AttrValue two = Integers{2, 2};
  return std::vector<Sample>{
      bad({2, 5}, {{"window", two}}, "one to three spatial axes"),
      bad({2, 5, 3}, {{"window", two}}, "must be 1 sizes, one per spatial axis"),
      bad({2, 5, 5, 3}, {{"window", Integers{2, 0}}}, "must be > 0"),
      bad({2, 1, 5, 3}, {{"window", two}}, "a window of 2 elements is larger than the axis"),
      bad({2, 5, 5, 3},
          {{"window", two}, {"padding", std::string("explicit")}, {"pads", Integers{0, 2, 0, 0}}},
          "must be less than the window"),
      {{{DType::i32, {2, 5, 3}}}, {{"window", Integers{2}}}, "takes f32 or f64"}};
}

void register_max_pool(OpRegistry& registry) {
  OpDef def = definition("max_pool", "The largest element of each window; NaN wins", {{"x", kX}});
  def.infer = infer_pool;
  def.gradient = [](const GradientContext& context) {
    return std::vector<Value>{
        build("max_pool_gradient", {context.input(0), context.gradient()}, context.attrs())};
  };
  def.reference = evaluate_max;
  def.samples = pool_samples;
  def.bad_samples = bad_pool_samples;
  registry.add(std::move(def));
}

/// The two linear ops that a maximum's gradients consist of: dy to the places of the maxima of x,
/// and from there.
void register_max_places(OpRegistry& registry) {
  OpDef def = definition("max_pool_gradient",
                         "Adds dy to zeros of x's shape, each element where its window has its "
                         "first maximum, or first NaN",
                         {{"x", kX}, {"dy", kDy}});
  def.infer = [](const InferContext& context) {
    check_same_dtype(context);
    check_dtype(context.dtype(0), Accepts::floating);
    check_shape("dy", context.shape(1), result_shape(context.shape(0), context.attrs));
    return std::vector<ValueType>{{context.dtype(0), context.shape(0)}};
  };
  def.gradient = [](const GradientContext& context) -> std::vector<Value> {
    return {zeros_like(context.input(0)),
            build("max_pool_take", {context.input(0), context.gradient()}, context.attrs())};
  };
  def.reference = evaluate_max_gradient;
  def.samples = [] {
    std::vector<Sample> samples;
    for (const Case& c : cases()) {
      samples.push_back({{{DType::f32, c.x}, {DType::f32, sample_result(c)}}, c.attrs, ""});
    }
    return samples;
  };
  def.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {2, 6, 3}}, {DType::f32, {2, 2, 3}}},
                                {{"window", Integers{2}}},
                                "dy has shape [2,2,3], expected [2,3,3]"}};
  };
  registry.add(std::move(def));

  OpDef take = definition("max_pool_take",
                          "From each window the element of v where x has its first maximum, or "
                          "first NaN",
                          {{"x", kX}, {"v", "Of x's shape."}});
  take.infer = [](const InferContext& context) {
    check_same_dtype(context);
    check_shape("v", context.shape(1), context.shape(0));
    return infer_pool(context);
  };
  take.gradient = [](const GradientContext& context) -> std::vector<Value> {
    return {zeros_like(context.input(0)),
            build("max_pool_gradient", {context.input(0), context.gradient()}, context.attrs())};
  };
  take.reference = evaluate_max_take;
  take.samples = [] {
    std::vector<Sample> samples;
    for (const Case& c : cases()) {
      samples.push_back({{{DType::f32, c.x}, {DType::f32, c.x}}, c.attrs, ""});
    }
    return samples;
  };
  take.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {2, 6, 3}}, {DType::f32, {2, 5, 3}}},
                                {{"window", Integers{2}}},
                                "v has shape [2,5,3], expected [2,6,3]"}};
  };
  registry.add(std::move(take));
}

/// dx of an average pool's x, from its size where that is known.
Value average_gradient(Value dy, Value x, const Attrs& attrs) {
  const Integers sizes = spatial_sizes(x.shape(), "x");
  Attrs own = common_attrs(attrs);
  for (const std::int64_t size : sizes) {
    if (size == kUnknown) return build("average_pool_gradient_like", {dy, x}, own);
  }
  own.set("spatial", sizes);
  return build("average_pool_gradient", {dy}, own);
}

void register_average_pool(OpRegistry& registry) {
  OpDef def = definition("average_pool", "The mean of each window, without padding", {{"x", kX}});
  def.infer = infer_pool;
  def.gradient = [](const GradientContext& context) {
    return std::vector<Value>{
        average_gradient(context.gradient(), context.input(0), context.attrs())};
  };
  def.reference = evaluate_average;
  def.samples = pool_samples;
  def.bad_samples = bad_pool_samples;
  registry.add(std::move(def));
}

void register_average_pool_gradient(OpRegistry& registry) {
  OpDef def =
      definition("average_pool_gradient",
                 "Gradient of an average pool: deals dy evenly to its windows", {{"dy", kDy}});
  def.attrs.push_back({"spatial", Integers{}, true, "Sizes of x's spatial axes."});
  def.infer = [](const InferContext& context) {
    check_dtype(context.dtype(0), Accepts::floating);
    const Shape& dy = context.shape(0);
    Shape x = {dy[0]};
    for (const std::int64_t size : integers(context.attrs, "spatial")) x.append(size);
    x.append(dy.dim(-1));
    check_shape("dy", dy, result_shape(x, context.attrs));
    return std::vector<ValueType>{{context.dtype(0), x}};
  };
  def.gradient = [](const GradientContext& context) {
    return std::vector<Value>{
        build("average_pool", {context.gradient()}, common_attrs(context.attrs()))};
  };
  def.reference = evaluate_average_gradient;
  def.samples = [] {
    std::vector<Sample> samples;
    for (const Case& c : cases()) {
      Attrs attrs = c.attrs;
      attrs.set("spatial", Integers(c.x.begin() + 1, c.x.end() - 1));
      samples.push_back({{{DType::f32, sample_result(c)}}, attrs, ""});
    }
    return samples;
  };
  def.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {2, 2, 3}}},
                                {{"window", Integers{2}}, {"spatial", Integers{6}}},
                                "dy has shape [2,2,3], expected [2,3,3]"}};
  };
  registry.add(std::move(def));

  OpDef like =
      definition("average_pool_gradient_like", "average_pool_gradient to the shape of `like`",
                 {{"dy", kDy}, {"like", "Gives the shape; not read."}});
  like.infer = [](const InferContext& context) {
    check_dtype(context.dtype(0), Accepts::floating);
    check_shape("dy", context.shape(0), result_shape(context.shape(1), context.attrs));
    return std::vector<ValueType>{{context.dtype(0), context.shape(1)}};
  };
  like.gradient = [](const GradientContext& context) -> std::vector<Value> {
    return {build("average_pool", {context.gradient()}, context.attrs()), Value()};
  };
  like.reference = evaluate_average_gradient;
  like.samples = [] {
    std::vector<Sample> samples;
    for (const Case& c : cases()) {
      samples.push_back({{{DType::f32, sample_result(c)}, {DType::f32, c.x}}, c.attrs, ""});
    }
    return samples;
  };
  like.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {2, 2, 3}}, {DType::f32, {2, 6, 3}}},
                                {{"window", Integers{2}}},
                                "dy has shape [2,2,3], expected [2,3,3]"}};
  };
  registry.add(std::move(like));
}

}  // namespace

WindowGrid pool_grid(const Shape& x, const Attrs& attrs) {
  return make_grid(x[0], axes_of(spatial_sizes(x, "x"), attrs));
}

void register_pooling(OpRegistry& registry) {
  register_max_pool(registry);
  register_max_places(registry);
  register_average_pool(registry);
  register_average_pool_gradient(registry);
}

}  // namespace tegula::ops

namespace tegula {

namespace {

Value pool(const char* op, Operand x, const std::vector<std::int64_t>& window,
           const PoolOptions& options) {
  return build(op, {x},
               {{"window", window},
                {"strides", options.strides},
                {"padding", options.padding},
                {"pads", options.pads}});
}

}  // namespace

Value max_pool(Operand x, const std::vector<std::int64_t>& window, const PoolOptions& options) {
  return pool("max_pool", x, window, options);
}

Value average_pool(Operand x, const std::vector<std::int64_t>& window, const PoolOptions& options) {
  return pool("average_pool", x, window, options);
}

}  // namespace tegula
