#include "src/ops/family.hpp"

#include <cstring>
#include <type_traits>

namespace tegula::ops {

namespace {

std::string accepted(Accepts accepts) {
  switch (accepts) {
    case Accepts::floating:
      return "f32 or f64";
    case Accepts::numbers:
      return "f32, f64 or an integer dtype";
    case Accepts::integers:
      return "an integer dtype";
    case Accepts::boolean:
      return "bool";
    case Accepts::everything:
      return "any dtype";
  }
  return "";
}

bool is_accepted(DType dtype, Accepts accepts) {
  const bool computes = dtype == DType::f32 || dtype == DType::f64;
  switch (accepts) {
    case Accepts::floating:
      return computes;
    case Accepts::numbers:
      return computes || is_integer(dtype);
    case Accepts::integers:
      return is_integer(dtype);
    case Accepts::boolean:
      return dtype == DType::boolean;
    case Accepts::everything:
      return true;
  }
  return false;
}

}  // namespace

void check_dtype(DType dtype, Accepts accepts) {
  if (is_accepted(dtype, accepts)) return;
  std::string message = "takes " + accepted(accepts) + ", not " + std::string(to_string(dtype));
  if (dtype == DType::f16 || dtype == DType::bf16) message += "; cast to f32 first";
  throw DTypeError(message);
}

void check_indices(DType dtype) {
  if (dtype == DType::i32 || dtype == DType::i64) return;
  throw DTypeError("indices must be i32 or i64, not " + std::string(to_string(dtype)));
}

void check_same_dtype(const InferContext& context) {
  for (const ValueType& type : context.inputs) {
    if (type.dtype == context.inputs[0].dtype) continue;
    throw DTypeError("the operands must have one dtype, got " +
                     std::string(to_string(context.inputs[0].dtype)) + " and " +
                     std::string(to_string(type.dtype)) + "; cast one of them");
  }
}

Shape broadcast_of(const InferContext& context) {
  Shape shape;
  for (const ValueType& type : context.inputs) shape = broadcast_shapes(shape, type.shape);
  return shape;
}

std::int64_t integer_at(const Tensor& tensor, std::int64_t index) {
  if (tensor.dtype() == DType::i64) return tensor.data<std::int64_t>()[index];
  return static_cast<std::int64_t>(tensor.at(index));
}

void set_integer(Tensor& tensor, std::int64_t index, std::int64_t value) {
  visit_dtype(tensor.dtype(), [&]<typename T>() {
    if constexpr (std::is_integral_v<T>) {
      static_cast<T*>(tensor.raw())[index] = static_cast<T>(value);
    } else {
      tensor.set(index, static_cast<double>(value));
    }
  });
}

Value unbroadcast(Value gradient, Value like) {
  if (!gradient) return gradient;
  const bool same = gradient.shape() == like.shape() && like.shape().is_known();
  return same ? gradient : sum_like(gradient, like);
}

Value zeros_like(Value x) { return broadcast_like(Tensor::full(x.dtype(), {}, 0), x); }

Value where_flows(Value gradient, Value product) {
  return where(cast(gradient, DType::boolean), product, 0.0);
}

BroadcastIndex::BroadcastIndex(const Shape& operand, const Shape& shape) : shape_(shape) {
  const std::vector<std::int64_t> own = strides_of(operand);
  const int offset = shape.rank() - operand.rank();
  for (int i = 0; i < operand.rank(); ++i) {
    strides_[i + offset] = operand[i] == 1 ? 0 : own[static_cast<std::size_t>(i)];
  }
}

std::int64_t BroadcastIndex::operator()(std::int64_t position) const {
  std::int64_t index = 0;
  for (int axis = shape_.rank() - 1; axis >= 0; --axis) {
    index += position % shape_[axis] * strides_[axis];
    position /= shape_[axis];
  }
  return index;
}

std::vector<std::int64_t> strides_of(const Shape& shape) {
  std::vector<std::int64_t> strides(static_cast<std::size_t>(shape.rank()));
  std::int64_t stride = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    strides[static_cast<std::size_t>(i)] = stride;
    stride *= shape[i];
  }
  return strides;
}

void copy_element(const Tensor& source, std::int64_t from, Tensor& target, std::int64_t to) {
  const std::size_t size = size_of(source.dtype());
  std::memcpy(static_cast<std::byte*>(target.raw()) + static_cast<std::size_t>(to) * size,
              static_cast<const std::byte*>(source.raw()) + static_cast<std::size_t>(from) * size,
              size);
}

double operand_bytes(std::span<const ValueType> inputs, std::span<const ValueType> outputs) {
  double bytes = 0;
  for (const auto& types : {inputs, outputs}) {
    for (const ValueType& type : types) {
      bytes += static_cast<double>(type.shape.element_count()) *
               static_cast<double>(size_of(type.dtype));
    }
  }
  return bytes;
}

std::function<Cost(std::span<const ValueType>, std::span<const ValueType>, const Attrs&)>
flops_per_output(double flops) {
  return
      [flops](std::span<const ValueType> inputs, std::span<const ValueType> outputs, const Attrs&) {
        const auto elements = static_cast<double>(outputs[0].shape.element_count());
        return Cost{.flops = flops * elements, .bytes = operand_bytes(inputs, outputs)};
      };
}

std::vector<Sample> elementwise_samples(std::vector<SampleInput> prototypes, const Attrs& attrs) {
  // Shapes per input: equal, scalar against tensor, row and column broadcasts, empty, odd sizes,
  // more than one tile of a kernel.
  const std::vector<std::vector<Shape>> shapes = {
      {{3, 5}, {3, 5}, {3, 5}},   {{}, {}, {}},    {{4, 1}, {1, 3}, {3}}, {{2, 3, 5}, {5}, {}},
      {{0, 3}, {1, 3}, {3}},      {{1}, {7}, {1}}, {{37}, {37}, {1}},     {{2, 1, 9}, {4, 1}, {9}},
      {{331, 33}, {33}, {331, 1}}};
  std::vector<Sample> samples;
  for (const auto& row : shapes) {
    Sample sample{prototypes, attrs, ""};
    for (std::size_t i = 0; i < sample.inputs.size(); ++i) sample.inputs[i].shape = row[i];
    samples.push_back(std::move(sample));
  }
  return samples;
}

namespace {

/// The dtype of an op's samples.
DType sample_dtype(Accepts accepts) {
  if (accepts == Accepts::boolean) return DType::boolean;
  return accepts == Accepts::integers ? DType::i32 : DType::f32;
}

}  // namespace

void unary(OpRegistry& registry, const UnaryOp& op) {
  OpDef def;
  def.name = op.name;
  def.doc = op.doc;
  def.inputs = {{"x", "Any shape."}};
  def.attrs = op.attrs;
  def.fusion = op.fusion;
  def.infer = [accepts = op.accepts, boolean = op.boolean_result](const InferContext& context) {
    check_dtype(context.dtype(0), accepts);
    return std::vector<ValueType>{{boolean ? DType::boolean : context.dtype(0), context.shape(0)}};
  };
  if (op.gradient != nullptr) {
    def.gradient = [gradient = op.gradient](const GradientContext& context) {
      return std::vector<Value>{
          gradient(context.input(0), context.output(), context.gradient(), context.attrs())};
    };
  }
  def.reference = [evaluate = op.evaluate,
                   on_integers = op.on_integers](const EvaluateContext& context) {
    const Tensor& x = context.input(0);
    Tensor y(context.outputs[0].dtype, context.outputs[0].shape);
    const bool integers = on_integers != nullptr && is_integer(x.dtype());
    for (std::int64_t i = 0; i < y.element_count(); ++i) {
      if (integers) {
        set_integer(y, i, on_integers(integer_at(x, i)));
      } else {
        y.set(i, evaluate(x.at(i), context.attrs));
      }
    }
    return std::vector<Tensor>{y};
  };
  def.cost = flops_per_output(op.flops);
  const DType dtype = sample_dtype(op.accepts);
  def.samples = [dtype, low = op.low, high = op.high] {
    return elementwise_samples({{dtype, {}, low, high}});
  };
  def.bad_samples = [boolean = op.accepts == Accepts::boolean] {
    const DType wrong = boolean ? DType::f32 : DType::boolean;
    return std::vector<Sample>{{{{wrong, {2}}}, {}, "takes"}};
  };
  registry.add(std::move(def));
}

void binary(OpRegistry& registry, const BinaryOp& op) {
  OpDef def;
  def.name = op.name;
  def.doc = op.doc;
  def.inputs = {{"a", "Any shape."}, {"b", "Any shape that broadcasts with a's; same dtype."}};
  def.fusion = op.fusion;
  def.commutative = op.commutative;
  def.infer = [accepts = op.accepts, boolean = op.boolean_result](const InferContext& context) {
    check_same_dtype(context);
    check_dtype(context.dtype(0), accepts);
    return std::vector<ValueType>{
        {boolean ? DType::boolean : context.dtype(0), broadcast_of(context)}};
  };
  if (op.gradient != nullptr) {
    def.gradient = [gradient = op.gradient](const GradientContext& context) {
      const Value a = context.input(0);
      const Value b = context.input(1);
      std::vector<Value> values = gradient(a, b, context.output(), context.gradient());
      return std::vector<Value>{unbroadcast(values[0], a), unbroadcast(values[1], b)};
    };
  }
  def.reference = [evaluate = op.evaluate,
                   on_integers = op.on_integers](const EvaluateContext& context) {
    const Tensor& a = context.input(0);
    const Tensor& b = context.input(1);
    Tensor y(context.outputs[0].dtype, context.outputs[0].shape);
    const BroadcastIndex index_a(a.shape(), y.shape());
    const BroadcastIndex index_b(b.shape(), y.shape());
    const bool integers = on_integers != nullptr && !is_floating(a.dtype());
    for (std::int64_t i = 0; i < y.element_count(); ++i) {
      if (integers) {
        set_integer(y, i, on_integers(integer_at(a, index_a(i)), integer_at(b, index_b(i))));
      } else {
        y.set(i, evaluate(a.at(index_a(i)), b.at(index_b(i))));
      }
    }
    return std::vector<Tensor>{y};
  };
  def.cost = flops_per_output(1);
  const DType dtype = sample_dtype(op.accepts);
  def.samples = [dtype, a = SampleInput{dtype, {}, op.low_a, op.high_a},
                 b = SampleInput{dtype, {}, op.low_b, op.high_b}] {
    return elementwise_samples({a, b});
  };
  def.bad_samples = [dtype] {
    return std::vector<Sample>{{{{dtype, {2, 3}}, {dtype, {4}}}, {}, "cannot broadcast"},
                               {{{dtype, {2}}, {DType::i64, {2}}}, {}, "one dtype"}};
  };
  registry.add(std::move(def));
}

}  // namespace tegula::ops
