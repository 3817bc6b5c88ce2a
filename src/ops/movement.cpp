// Ops that move elements without computing: transposition, slicing, padding, tiling.

#include <algorithm>
#include <limits>
#include <numeric>

#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

using Integers = std::vector<std::int64_t>;

OpDef moving(const char* name, const char* doc) {
  OpDef def;
  def.name = name;
  def.doc = doc;
  def.inputs = {{"x", "Any dtype."}};
  def.fusion = FusionClass::movement;
  return def;
}

/// Fills `y` with elements of `x`: `source(coordinates of y)` is an offset into x, or -1 to leave
/// the element alone.
template <typename Source>
void move_elements(const Tensor& x, Tensor& y, Source&& source) {
  Integers at(static_cast<std::size_t>(y.rank()));
  for (std::int64_t i = 0; i < y.element_count(); ++i) {
    const std::int64_t from = source(at);
    if (from >= 0) copy_element(x, from, y, i);
    for (std::size_t axis = at.size(); axis-- > 0;) {
      if (++at[axis] < y.shape()[static_cast<int>(axis)]) break;
      at[axis] = 0;
    }
  }
}

void register_transpose(OpRegistry& registry) {
  OpDef def = moving("transpose", "Axis i of the result is axis perm[i] of x");
  def.attrs = {{"perm", Integers{}, true, "A permutation of the axes."}};
  def.infer = [](const InferContext& context) {
    const Shape& from = context.shape(0);
    const Integers& perm = integers(context.attrs, "perm");
    Integers sorted = perm;
    std::sort(sorted.begin(), sorted.end());
    Integers expected(static_cast<std::size_t>(from.rank()));
    std::iota(expected.begin(), expected.end(), std::int64_t{0});
    if (sorted != expected) {
      throw ShapeError(to_string(AttrValue(perm)) + " is no permutation of the " +
                       std::to_string(from.rank()) + " axes of " + from.to_string());
    }
    Shape to;
    for (const std::int64_t axis : perm) to.append(from[static_cast<int>(axis)]);
    return std::vector<ValueType>{{context.dtype(0), to}};
  };
  def.gradient = [](const GradientContext& context) {
    const Integers& perm = integers(context.attrs(), "perm");
    Integers inverse(perm.size());
    for (std::size_t i = 0; i < perm.size(); ++i) {
      inverse[static_cast<std::size_t>(perm[i])] = static_cast<std::int64_t>(i);
    }
    return std::vector<Value>{transpose(context.gradient(), Axes(inverse))};
  };
  def.reference = [](const EvaluateContext& context) {
    const Tensor& x = context.input(0);
    const Integers& perm = integers(context.attrs, "perm");
    const Integers strides = strides_of(x.shape());
    Tensor y(x.dtype(), context.outputs[0].shape);
    move_elements(x, y, [&](const Integers& at) {
      std::int64_t from = 0;
      for (std::size_t i = 0; i < at.size(); ++i) {
        from += at[i] * strides[static_cast<std::size_t>(perm[i])];
      }
      return from;
    });
    return std::vector<Tensor>{y};
  };
  def.samples = [] {
    return std::vector<Sample>{{{{DType::f32, {3, 5}}}, {{"perm", Integers{1, 0}}}, ""},
                               {{{DType::f32, {2, 3, 4}}}, {{"perm", Integers{2, 0, 1}}}, ""},
                               {{{DType::f32, {2, 3, 4, 5}}}, {{"perm", Integers{0, 2, 1, 3}}}, ""},
                               {{{DType::i64, {0, 2}}}, {{"perm", Integers{1, 0}}}, ""},
                               {{{DType::f32, {33, 65}}}, {{"perm", Integers{1, 0}}}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {2, 3}}}, {{"perm", Integers{0, 0}}}, "no permutation"},
        {{{DType::f32, {2, 3}}}, {{"perm", Integers{0}}}, "no permutation"}};
  };
  registry.add(std::move(def));
}

/// begin:end:step of one axis, resolved for a size: `count` elements from `first`.
struct ResolvedRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::int64_t step = 1;
};

/// Absent ends are encoded by values that no index can have.
constexpr std::int64_t kAbsent = std::numeric_limits<std::int64_t>::max();

/// Python's rules: negative indices count from the end, then both are clamped.
ResolvedRange resolve(std::int64_t begin, std::int64_t end, std::int64_t step, std::int64_t size) {
  const std::int64_t lowest = step > 0 ? 0 : -1;
  const std::int64_t highest = step > 0 ? size : size - 1;
  const auto clamp = [&](std::int64_t index, std::int64_t absent) {
    if (index == kAbsent) return absent;
    if (index < 0) index += size;
    return std::clamp(index, lowest, highest);
  };
  const std::int64_t first = clamp(begin, step > 0 ? lowest : highest);
  const std::int64_t last = clamp(end, step > 0 ? highest : lowest);
  const std::int64_t span = step > 0 ? last - first : first - last;
  const std::int64_t stride = step > 0 ? step : -step;
  return {first, span <= 0 ? 0 : (span + stride - 1) / stride, step};
}

std::vector<ResolvedRange> resolve_all(const Attrs& attrs, const Shape& shape) {
  const Integers& begin = integers(attrs, "begin");
  const Integers& end = integers(attrs, "end");
  const Integers& step = integers(attrs, "step");
  std::vector<ResolvedRange> ranges;
  for (std::size_t i = 0; i < begin.size(); ++i) {
    ranges.push_back(resolve(begin[i], end[i], step[i], shape[static_cast<int>(i)]));
  }
  return ranges;
}

std::vector<ValueType> infer_slice(const InferContext& context) {
  const Shape& from = context.shape(0);
  const Integers& begin = integers(context.attrs, "begin");
  const Integers& end = integers(context.attrs, "end");
  const Integers& step = integers(context.attrs, "step");
  const auto rank = static_cast<std::size_t>(from.rank());
  if (begin.size() != rank || end.size() != rank || step.size() != rank) {
    throw ShapeError("a slice of " + from.to_string() + " needs " + std::to_string(rank) +
                     " ranges, got " + std::to_string(begin.size()));
  }
  Shape to;
  for (std::size_t i = 0; i < rank; ++i) {
    if (step[i] == 0) throw InvalidArgument("slice step cannot be zero");
    const std::int64_t size = from[static_cast<int>(i)];
    const bool whole = begin[i] == kAbsent && end[i] == kAbsent && step[i] == 1;
    if (size == kUnknown) {
      to.append(whole ? size : kUnknown);
    } else {
      to.append(resolve(begin[i], end[i], step[i], size).count);
    }
  }
  return {{context.dtype(0), to}};
}

std::vector<AttrDef> slice_attrs() {
  return {{"begin", Integers{}, true, "First index per axis; the largest i64 for none."},
          {"end", Integers{}, true, "Index after the last; the largest i64 for none."},
          {"step", Integers{}, true, "Step per axis, not 0."}};
}

std::vector<Sample> slice_samples(const std::vector<SampleInput>& more) {
  struct Case {
    Shape shape;
    Integers begin, end, step;
  };
  const std::vector<Case> cases = {{{7}, {1}, {5}, {2}},
                                   {{7}, {kAbsent}, {kAbsent}, {-1}},
                                   {{7}, {-2}, {kAbsent}, {1}},
                                   {{7}, {5}, {2}, {1}},
                                   {{7}, {100}, {-100}, {-3}},
                                   {{4, 5}, {1, kAbsent}, {3, kAbsent}, {1, 2}},
                                   {{2, 3, 4}, {0, 1, kAbsent}, {1, 3, kAbsent}, {1, 1, -1}}};
  std::vector<Sample> samples;
  for (const Case& c : cases) {
    Sample sample{
        {{DType::f32, c.shape}}, {{"begin", c.begin}, {"end", c.end}, {"step", c.step}}, ""};
    sample.inputs.insert(sample.inputs.end(), more.begin(), more.end());
    samples.push_back(std::move(sample));
  }
  return samples;
}

/// Offset into the whole for coordinates of the slice.
std::int64_t slice_offset(const std::vector<ResolvedRange>& ranges, const Integers& strides,
                          const Integers& at) {
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < at.size(); ++i) {
    offset += (ranges[i].first + at[i] * ranges[i].step) * strides[i];
  }
  return offset;
}

void register_slice(OpRegistry& registry) {
  OpDef def = moving("slice", "x[begin:end:step, ...] with NumPy's rules");
  def.attrs = slice_attrs();
  def.infer = infer_slice;
  def.gradient = [](const GradientContext& context) {
    return std::vector<Value>{
        build("slice_gradient", {context.gradient(), context.input(0)}, context.attrs())};
  };
  def.reference = [](const EvaluateContext& context) {
    const Tensor& x = context.input(0);
    Tensor y(x.dtype(), context.outputs[0].shape);
    const auto ranges = resolve_all(context.attrs, x.shape());
    const Integers strides = strides_of(x.shape());
    move_elements(x, y, [&](const Integers& at) { return slice_offset(ranges, strides, at); });
    return std::vector<Tensor>{y};
  };
  def.samples = [] { return slice_samples({}); };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {3}}},
         {{"begin", Integers{0}}, {"end", Integers{1}}, {"step", Integers{0}}},
         "cannot be zero"},
        {{{DType::f32, {3, 3}}},
         {{"begin", Integers{0}}, {"end", Integers{1}}, {"step", Integers{1}}},
         "needs 2 ranges"}};
  };
  registry.add(std::move(def));

  OpDef gradient = moving("slice_gradient", "Puts dy where slice took it from; zeros elsewhere");
  gradient.inputs = {{"dy", "Of the slice's shape."}, {"like", "What was sliced; not read."}};
  gradient.attrs = slice_attrs();
  gradient.infer = [](const InferContext& context) {
    const ValueType whole = {context.dtype(0), context.shape(1)};
    const Shape slice_shape = infer_slice({std::span(&whole, 1), context.attrs})[0].shape;
    if (!compatible(slice_shape, context.shape(0))) {
      throw ShapeError("dy has shape " + context.shape(0).to_string() + ", the slice of " +
                       whole.shape.to_string() + " has " + slice_shape.to_string());
    }
    return std::vector<ValueType>{whole};
  };
  gradient.gradient = [](const GradientContext& context) -> std::vector<Value> {
    return {build("slice", {context.gradient()}, context.attrs()), Value()};
  };
  gradient.reference = [](const EvaluateContext& context) {
    const Tensor& dy = context.input(0);
    Tensor result = Tensor::zeros(dy.dtype(), context.outputs[0].shape);
    const auto ranges = resolve_all(context.attrs, result.shape());
    const Integers strides = strides_of(result.shape());
    std::int64_t i = 0;
    Tensor visited(dy.dtype(), dy.shape());
    move_elements(dy, visited, [&](const Integers& at) {
      copy_element(dy, i++, result, slice_offset(ranges, strides, at));
      return std::int64_t{-1};
    });
    return std::vector<Tensor>{result};
  };
  gradient.samples = [] {
    std::vector<Sample> samples = slice_samples({});
    for (Sample& sample : samples) {
      const ValueType whole = {DType::f32, sample.inputs[0].shape};
      const Shape part = infer_slice({std::span(&whole, 1), sample.attrs})[0].shape;
      sample.inputs = {{DType::f32, part}, {DType::f32, whole.shape}};
    }
    return samples;
  };
  gradient.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {3}}, {DType::f32, {3}}},
         {{"begin", Integers{0}}, {"end", Integers{1}}, {"step", Integers{1}}},
         "dy has shape"}};
  };
  registry.add(std::move(gradient));
}

void register_pad(OpRegistry& registry) {
  OpDef def = moving("pad", "Adds elements of one value before and after each axis");
  def.attrs = {{"before", Integers{}, true, "Number of elements before, per axis."},
               {"after", Integers{}, true, "Number of elements after, per axis."},
               {"value", 0.0, false, "What is added."}};
  def.infer = [](const InferContext& context) {
    const Shape& from = context.shape(0);
    const Integers& before = integers(context.attrs, "before");
    const Integers& after = integers(context.attrs, "after");
    const auto rank = static_cast<std::size_t>(from.rank());
    const auto negative = [](std::int64_t count) { return count < 0; };
    if (before.size() != rank || after.size() != rank ||
        std::any_of(before.begin(), before.end(), negative) ||
        std::any_of(after.begin(), after.end(), negative)) {
      throw ShapeError("padding " + to_string(AttrValue(before)) + " before and " +
                       to_string(AttrValue(after)) + " after does not fit " + from.to_string() +
                       ": expected one number >= 0 per axis");
    }
    Shape to;
    for (std::size_t i = 0; i < rank; ++i) {
      const std::int64_t size = from[static_cast<int>(i)];
      to.append(size == kUnknown ? kUnknown : size + before[i] + after[i]);
    }
    return std::vector<ValueType>{{context.dtype(0), to}};
  };
  def.gradient = [](const GradientContext& context) {
    const Integers& before = integers(context.attrs(), "before");
    const Integers& after = integers(context.attrs(), "after");
    std::vector<SliceRange> ranges;
    for (std::size_t i = 0; i < before.size(); ++i) {
      SliceRange range;
      range.begin = before[i];
      if (after[i] > 0) range.end = -after[i];
      ranges.push_back(range);
    }
    return std::vector<Value>{slice(context.gradient(), ranges)};
  };
  def.reference = [](const EvaluateContext& context) {
    const Tensor& x = context.input(0);
    const Integers& before = integers(context.attrs, "before");
    const Integers strides = strides_of(x.shape());
    Tensor y = Tensor::full(x.dtype(), context.outputs[0].shape, number(context.attrs, "value"));
    move_elements(x, y, [&](const Integers& at) -> std::int64_t {
      std::int64_t from = 0;
      for (std::size_t i = 0; i < at.size(); ++i) {
        const std::int64_t index = at[i] - before[i];
        if (index < 0 || index >= x.shape()[static_cast<int>(i)]) return -1;
        from += index * strides[i];
      }
      return from;
    });
    return std::vector<Tensor>{y};
  };
  def.samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {2, 3}}}, {{"before", Integers{1, 0}}, {"after", Integers{0, 2}}}, ""},
        {{{DType::f32, {3}}},
         {{"before", Integers{2}}, {"after", Integers{2}}, {"value", 1.5}},
         ""},
        {{{DType::i32, {0}}}, {{"before", Integers{1}}, {"after", Integers{1}}}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {3}}}, {{"before", Integers{-1}}, {"after", Integers{0}}}, "does not fit"},
        {{{DType::f32, {3, 3}}},
         {{"before", Integers{1}}, {"after", Integers{1}}},
         "does not fit"}};
  };
  registry.add(std::move(def));
}

/// Each axis of size n repeated r times is an axis [r, n], whose copies are summed.
Value tile_gradient(const GradientContext& context) {
  const Value x = context.input(0);
  const Integers& multiples = integers(context.attrs(), "multiples");
  if (std::find(multiples.begin(), multiples.end(), 0) != multiples.end()) {
    return broadcast_like(x.graph().constant(Tensor::zeros(x.dtype(), {})), x);
  }
  const auto unknown = std::count(x.shape().begin(), x.shape().end(), kUnknown);
  if (x.shape().rank() * 2 > Shape::kMaxRank || unknown > 1) {
    throw ShapeError("the gradient of tile needs rank " + std::to_string(Shape::kMaxRank / 2) +
                     " or less and at most one unknown dimension, got " + x.shape().to_string());
  }
  Integers shape;
  Integers copies;
  for (int i = 0; i < x.shape().rank(); ++i) {
    copies.push_back(static_cast<std::int64_t>(shape.size()));
    shape.push_back(multiples[static_cast<std::size_t>(i)]);
    shape.push_back(x.shape()[i]);
  }
  return sum(reshape(context.gradient(), shape), Axes(copies));
}

void register_tile(OpRegistry& registry) {
  OpDef def = moving("tile", "Repeats x along each axis");
  def.attrs = {{"multiples", Integers{}, true, "Repetitions per axis, >= 0."}};
  def.infer = [](const InferContext& context) {
    const Shape& from = context.shape(0);
    const Integers& multiples = integers(context.attrs, "multiples");
    Shape to;
    for (int i = 0; i < from.rank(); ++i) {
      const auto index = static_cast<std::size_t>(i);
      if (index >= multiples.size() || multiples[index] < 0) break;
      to.append(from[i] == kUnknown ? kUnknown : from[i] * multiples[index]);
    }
    if (to.rank() != from.rank() || multiples.size() != static_cast<std::size_t>(from.rank())) {
      throw ShapeError("multiples " + to_string(AttrValue(multiples)) + " do not fit " +
                       from.to_string() + ": expected one number >= 0 per axis");
    }
    return std::vector<ValueType>{{context.dtype(0), to}};
  };
  def.gradient = [](const GradientContext& context) {
    return std::vector<Value>{tile_gradient(context)};
  };
  def.reference = [](const EvaluateContext& context) {
    const Tensor& x = context.input(0);
    const Integers strides = strides_of(x.shape());
    Tensor y(x.dtype(), context.outputs[0].shape);
    move_elements(x, y, [&](const Integers& at) {
      std::int64_t from = 0;
      for (std::size_t i = 0; i < at.size(); ++i) {
        from += at[i] % x.shape()[static_cast<int>(i)] * strides[i];
      }
      return from;
    });
    return std::vector<Tensor>{y};
  };
  def.samples = [] {
    return std::vector<Sample>{{{{DType::f32, {2, 3}}}, {{"multiples", Integers{2, 1}}}, ""},
                               {{{DType::f32, {3}}}, {{"multiples", Integers{3}}}, ""},
                               {{{DType::f32, {3}}}, {{"multiples", Integers{0}}}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{{{{DType::f32, {2, 3}}}, {{"multiples", Integers{2}}}, "do not fit"},
                               {{{DType::f32, {2}}}, {{"multiples", Integers{-1}}}, "do not fit"}};
  };
  registry.add(std::move(def));
}

}  // namespace

void register_movement(OpRegistry& registry) {
  register_transpose(registry);
  register_slice(registry);
  register_pad(registry);
  register_tile(registry);
}

}  // namespace tegula::ops

namespace tegula {

namespace {

int rank_of(const Operand& x) {
  const Value* value = x.value();
  if (value == nullptr || !*value) throw InvalidArgument("expected a value of a graph");
  return value->shape().rank();
}

}  // namespace

Value transpose(Operand x, Axes permutation) {
  const int rank = rank_of(x);
  std::vector<std::int64_t> perm;
  if (permutation) {
    for (const std::int64_t axis : *permutation) perm.push_back(axis < 0 ? axis + rank : axis);
  } else {
    for (int axis = rank - 1; axis >= 0; --axis) perm.push_back(axis);
  }
  return build("transpose", {x}, {{"perm", perm}});
}

Value slice(Operand x, const std::vector<SliceRange>& ranges) {
  const auto rank = static_cast<std::size_t>(rank_of(x));
  if (ranges.size() > rank) {
    throw ShapeError("slice: " + std::to_string(ranges.size()) + " ranges for a value of rank " +
                     std::to_string(rank));
  }
  std::vector<std::int64_t> begin(rank, ops::kAbsent);
  std::vector<std::int64_t> end(rank, ops::kAbsent);
  std::vector<std::int64_t> step(rank, 1);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    begin[i] = ranges[i].begin.value_or(ops::kAbsent);
    end[i] = ranges[i].end.value_or(ops::kAbsent);
    step[i] = ranges[i].step;
  }
  return build("slice", {x}, {{"begin", begin}, {"end", end}, {"step", step}});
}

Value pad(Operand x, const std::vector<std::int64_t>& before,
          const std::vector<std::int64_t>& after, double value) {
  return build("pad", {x}, {{"before", before}, {"after", after}, {"value", value}});
}

Value tile(Operand x, const std::vector<std::int64_t>& multiples) {
  return build("tile", {x}, {{"multiples", multiples}});
}

}  // namespace tegula
