// Ops that move elements without computing: transposition, concatenation, slicing, padding, tiling.

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

std::vector<ValueType> infer_concat(const InferContext& context) {
  check_same_dtype(context);
  Shape shape = context.shape(0);
  const int axis = normalize_axis(integer(context.attrs, "axis"), shape.rank());
  for (std::size_t i = 1; i < context.inputs.size(); ++i) {
    const Shape& other = context.inputs[i].shape;
    Shape same = other;
    if (other.rank() == shape.rank()) same.set(axis, shape[axis]);
    if (!compatible(same, shape)) {
      throw ShapeError("cannot join " + other.to_string() + " to " + context.shape(0).to_string() +
                       " along axis " + std::to_string(axis) + ": other dimensions differ");
    }
    for (int d = 0; d < shape.rank(); ++d) {
      if (d != axis && shape[d] == kUnknown) shape.set(d, other[d]);
    }
    const bool unknown = shape[axis] == kUnknown || other[axis] == kUnknown;
    shape.set(axis, unknown ? kUnknown : shape[axis] + other[axis]);
  }
  return {{context.dtype(0), shape}};
}

std::vector<Value> concat_gradient(const GradientContext& context) {
  const int axis =
      normalize_axis(integer(context.attrs(), "axis"), context.output().shape().rank());
  Integers sizes;
  for (const Value& input : context.node.inputs()) {
    sizes.push_back(input.shape()[axis]);
    if (sizes.back() == kUnknown) {
      throw ShapeError("the gradient of concat needs known sizes along axis " +
                       std::to_string(axis));
    }
  }
  return split(context.gradient(), sizes, axis);
}

/// Copies `part`, a piece of `whole` that begins at `begin` along `axis`, in or out.
void copy_piece(const Tensor& from, Tensor& to, int axis, std::int64_t begin, bool into) {
  const Shape& piece = into ? from.shape() : to.shape();
  const Shape& whole = into ? to.shape() : from.shape();
  const std::int64_t inner = strides_of(piece)[static_cast<std::size_t>(axis)];
  const std::int64_t length = piece[axis] * inner;
  const std::int64_t stride = whole[axis] * inner;
  if (length == 0) return;
  for (std::int64_t row = 0; row < piece.element_count() / length; ++row) {
    for (std::int64_t i = 0; i < length; ++i) {
      const std::int64_t in_whole = row * stride + begin * inner + i;
      const std::int64_t in_piece = row * length + i;
      copy_element(from, into ? in_piece : in_whole, to, into ? in_whole : in_piece);
    }
  }
}

void register_concat(OpRegistry& registry) {
  OpDef def = moving("concat", "Joins tensors along an axis");
  def.inputs = {{"values", "Equal but for the size of the axis."}};
  def.variadic = true;
  def.attrs = {{"axis", std::int64_t{0}, true, "Axis along which they are joined."}};
  def.infer = infer_concat;
  def.gradient = concat_gradient;
  def.reference = [](const EvaluateContext& context) {
    Tensor y(context.outputs[0].dtype, context.outputs[0].shape);
    const int axis = normalize_axis(integer(context.attrs, "axis"), y.rank());
    std::int64_t begin = 0;
    for (const Tensor& piece : context.inputs) {
      copy_piece(piece, y, axis, begin, true);
      begin += piece.shape()[axis];
    }
    return std::vector<Tensor>{y};
  };
  def.samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {2, 3}}, {DType::f32, {4, 3}}}, {{"axis", std::int64_t{0}}}, ""},
        {{{DType::f32, {2, 3}}, {DType::f32, {2, 1}}, {DType::f32, {2, 5}}},
         {{"axis", std::int64_t{-1}}},
         ""},
        {{{DType::i32, {2}}}, {{"axis", std::int64_t{0}}}, ""},
        {{{DType::f32, {0, 3}}, {DType::f32, {2, 3}}}, {{"axis", std::int64_t{0}}}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {2, 3}}, {DType::f32, {2, 4}}}, {{"axis", std::int64_t{0}}}, "cannot join"},
        {{{DType::f32, {2}}, {DType::i32, {2}}}, {{"axis", std::int64_t{0}}}, "one dtype"},
        {{{DType::f32, {2}}}, {{"axis", std::int64_t{1}}}, "out of range"}};
  };
  registry.add(std::move(def));
}

void register_split(OpRegistry& registry) {
  OpDef def = moving("split", "Cuts a tensor into pieces along an axis; one output per piece");
  def.attrs = {{"axis", std::int64_t{0}, true, "Axis that is cut."},
               {"sizes", Integers{}, true, "Sizes of the pieces; they add up to the axis."}};
  def.infer = [](const InferContext& context) {
    const Shape& from = context.shape(0);
    const int axis = normalize_axis(integer(context.attrs, "axis"), from.rank());
    const Integers& sizes = integers(context.attrs, "sizes");
    const std::int64_t total = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
    const bool negative = std::any_of(sizes.begin(), sizes.end(), [](auto s) { return s < 0; });
    if (sizes.empty() || negative || (from[axis] != kUnknown && total != from[axis])) {
      throw ShapeError("cannot split axis " + std::to_string(axis) + " of " + from.to_string() +
                       " into pieces of sizes " + to_string(AttrValue(sizes)));
    }
    std::vector<ValueType> types;
    for (const std::int64_t size : sizes) {
      Shape piece = from;
      piece.set(axis, size);
      types.push_back({context.dtype(0), piece});
    }
    return types;
  };
  def.gradient = [](const GradientContext& context) {
    std::vector<Value> pieces;
    for (int i = 0; i < context.node.output_count(); ++i) {
      const Value dy = context.gradient(i);
      pieces.push_back(dy ? dy : context.output(i) * 0.0);
    }
    return std::vector<Value>{concat(pieces, integer(context.attrs(), "axis"))};
  };
  def.reference = [](const EvaluateContext& context) {
    const Tensor& x = context.input(0);
    const int axis = normalize_axis(integer(context.attrs, "axis"), x.rank());
    std::vector<Tensor> pieces;
    std::int64_t begin = 0;
    for (const ValueType& type : context.outputs) {
      copy_piece(x, pieces.emplace_back(type.dtype, type.shape), axis, begin, false);
      begin += type.shape[axis];
    }
    return pieces;
  };
  def.samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {6, 3}}}, {{"axis", std::int64_t{0}}, {"sizes", Integers{2, 4}}}, ""},
        {{{DType::f32, {2, 7}}}, {{"axis", std::int64_t{-1}}, {"sizes", Integers{1, 0, 6}}}, ""},
        {{{DType::i64, {3}}}, {{"axis", std::int64_t{0}}, {"sizes", Integers{3}}}, ""}};
  };
  def.bad_samples = [] {
    return std::vector<Sample>{
        {{{DType::f32, {6}}},
         {{"axis", std::int64_t{0}}, {"sizes", Integers{2, 2}}},
         "cannot split"},
        {{{DType::f32, {6}}}, {{"axis", std::int64_t{0}}, {"sizes", Integers{}}}, "cannot split"}};
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
    // Each axis of size n repeated r times is an axis [r, n]; the copies are summed.
    const Shape& from = context.input(0).shape();
    const Integers& multiples = integers(context.attrs(), "multiples");
    if (from.rank() * 2 > Shape::kMaxRank) {
      throw ShapeError("the gradient of tile takes at most rank " +
                       std::to_string(Shape::kMaxRank / 2));
    }
    Integers shape;
    Integers copies;
    for (int i = 0; i < from.rank(); ++i) {
      copies.push_back(static_cast<std::int64_t>(shape.size()));
      shape.push_back(multiples[static_cast<std::size_t>(i)]);
      shape.push_back(from[i]);
    }
    return std::vector<Value>{sum(reshape(context.gradient(), shape), Axes(copies))};
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
  register_concat(registry);
  register_split(registry);
  register_slice(registry);
  register_pad(registry);
  register_tile(registry);
}

}  // namespace tegula::ops

namespace tegula {

namespace {

std::vector<Operand> operands_of(std::span<const Value> values, std::source_location location) {
  std::vector<Operand> operands;
  for (const Value& value : values) operands.emplace_back(value, location);
  return operands;
}

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

Value concat(std::span<const Value> values, std::int64_t axis, std::source_location location) {
  if (values.empty()) throw InvalidArgument("concat: there are no values to join");
  return build_node("concat", operands_of(values, location), {{"axis", axis}}).output();
}

Value stack(std::span<const Value> values, std::int64_t axis, std::source_location location) {
  if (values.empty()) throw InvalidArgument("stack: there are no values to join");
  std::vector<Value> expanded;
  for (const Value& value : values) expanded.push_back(expand_dims(Operand(value, location), axis));
  return concat(expanded, axis, location);
}

std::vector<Value> split(Operand x, const std::vector<std::int64_t>& sizes, std::int64_t axis) {
  Node& node = build_node("split", std::span(&x, 1), {{"axis", axis}, {"sizes", sizes}});
  std::vector<Value> pieces;
  for (int i = 0; i < node.output_count(); ++i) pieces.push_back(node.output(i));
  return pieces;
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
