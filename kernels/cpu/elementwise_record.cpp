// Records what the instructions of a program compute: the same functions that compute on vectors,
// instantiated on operations that append lanes.

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
#include <bit>
#include <cmath>
#include <cstdint>

#include "kernels/cpu/elementwise_lanes.hpp"

// From here on hn:: means the namespace below: the headers with the arithmetic take their
// operations from hwy::HWY_NAMESPACE.
#undef HWY_NAMESPACE
#define HWY_NAMESPACE N_RECORD

namespace hwy::N_RECORD {

using tegula::kernels::detail::LaneBuilder;
using tegula::kernels::detail::LaneOp;

struct Value {
  LaneBuilder* builder = nullptr;
  int lane = 0;
};
struct Integer : Value {};
struct Mask : Value {};

struct FloatTag {
  using T = float;
  LaneBuilder* builder;
};
struct IntegerTag {
  using T = std::int32_t;
  IntegerTag() {}  // lets constants be declared without an initializer
};

template <typename D>
using TFromD = typename D::T;
template <typename D>
using Vec = std::conditional_t<std::is_same_v<D, FloatTag>, Value, Integer>;
template <typename T>
using ScalableTag = FloatTag;
template <typename T, typename D>
using Rebind = IntegerTag;

template <typename Result = Value>
Result record(LaneOp op, const Value& a, int b = -1, int c = -1, std::uint8_t immediate = 0) {
  Result result;
  result.builder = a.builder;
  result.lane = a.builder->append(op, {a.lane, b, c}, immediate);
  return result;
}

inline Value constant_of(LaneBuilder* builder, std::uint32_t bits) {
  return {builder, builder->constant(bits)};
}
inline Value Set(FloatTag d, float value) {
  return constant_of(d.builder, std::bit_cast<std::uint32_t>(value));
}
inline Value Zero(FloatTag d) { return constant_of(d.builder, 0); }

// clang-format off
inline Value Add(Value a, Value b) { return record(LaneOp::add, a, b.lane); }
inline Value Sub(Value a, Value b) { return record(LaneOp::sub, a, b.lane); }
inline Value Mul(Value a, Value b) { return record(LaneOp::mul, a, b.lane); }
inline Value Div(Value a, Value b) { return record(LaneOp::div, a, b.lane); }
inline Value Max(Value a, Value b) { return record(LaneOp::maximum, a, b.lane); }
inline Value Min(Value a, Value b) { return record(LaneOp::minimum, a, b.lane); }
inline Value MulAdd(Value a, Value b, Value c) { return record(LaneOp::mul_add, a, b.lane, c.lane); }
inline Value MulSub(Value a, Value b, Value c) { return record(LaneOp::mul_sub, a, b.lane, c.lane); }
inline Value NegMulAdd(Value a, Value b, Value c) { return record(LaneOp::neg_mul_add, a, b.lane, c.lane); }
inline Value Sqrt(Value x) { return record(LaneOp::sqrt, x); }
inline Value Round(Value x) { return record(LaneOp::round, x, -1, -1, 0x8); }
inline Value Floor(Value x) { return record(LaneOp::round, x, -1, -1, 0x9); }
inline Value Ceil(Value x) { return record(LaneOp::round, x, -1, -1, 0xA); }

inline Mask Eq(Value a, Value b) { return record<Mask>(LaneOp::compare, a, b.lane, -1, 0x00); }
inline Mask Lt(Value a, Value b) { return record<Mask>(LaneOp::compare, a, b.lane, -1, 0x11); }
inline Mask Le(Value a, Value b) { return record<Mask>(LaneOp::compare, a, b.lane, -1, 0x12); }
inline Mask Gt(Value a, Value b) { return record<Mask>(LaneOp::compare, a, b.lane, -1, 0x1E); }
inline Mask Ge(Value a, Value b) { return record<Mask>(LaneOp::compare, a, b.lane, -1, 0x1D); }
inline Mask IsNaN(Value x) { return record<Mask>(LaneOp::compare, x, x.lane, -1, 0x03); }
inline Mask And(Mask a, Mask b) { return record<Mask>(LaneOp::bit_and, a, b.lane); }
inline Mask Or(Mask a, Mask b) { return record<Mask>(LaneOp::bit_or, a, b.lane); }
inline Value Or(Value a, Value b) { return record(LaneOp::bit_or, a, b.lane); }
inline Mask Xor(Mask a, Mask b) { return record<Mask>(LaneOp::bit_xor, a, b.lane); }
inline Value IfThenElse(Mask m, Value yes, Value no) { return record(LaneOp::select, m, yes.lane, no.lane); }
inline Value IfThenElseZero(Mask m, Value yes) { return record(LaneOp::bit_and, m, yes.lane); }
// clang-format on

inline Mask Not(Mask m) {
  Mask result;
  result.builder = m.builder;
  result.lane = m.builder->inverted(m.lane);
  return result;
}

inline Value Neg(Value x) {
  return record(LaneOp::bit_xor, x, constant_of(x.builder, 0x80000000u).lane);
}
inline Value Abs(Value x) {
  return record(LaneOp::bit_and, x, constant_of(x.builder, 0x7fffffffu).lane);
}
inline Value CopySign(Value magnitude, Value sign) {
  const Value bit = constant_of(sign.builder, 0x80000000u);
  const Value taken = record(LaneOp::bit_and, sign, bit.lane);
  return record(LaneOp::bit_or, record(LaneOp::bit_and_not, bit, magnitude.lane), taken.lane);
}
inline Mask IsFinite(Value x) { return Lt(Abs(x), constant_of(x.builder, 0x7f800000u)); }

/// Tags of integers are made out of nothing and know no builder.
struct IntegerImmediate {
  std::int32_t value;
};
inline IntegerImmediate Set(IntegerTag, std::int32_t value) { return {value}; }
inline int lane_of(LaneBuilder* builder, IntegerImmediate immediate) {
  return builder->constant(static_cast<std::uint32_t>(immediate.value));
}
inline Integer Sub(Integer a, Integer b) { return record<Integer>(LaneOp::integer_sub, a, b.lane); }
inline Mask Gt(Integer a, IntegerImmediate b) {
  return record<Mask>(LaneOp::integer_greater, a, lane_of(a.builder, b));
}
template <int kBits>
Integer ShiftLeft(Integer x) {
  return record<Integer>(LaneOp::shift_left, x, -1, -1, kBits);
}
template <int kBits>
Integer ShiftRight(Integer x) {
  return record<Integer>(LaneOp::shift_right, x, -1, -1, kBits);
}
inline Value ConvertTo(FloatTag, Integer x) { return record(LaneOp::to_float, x); }
inline Integer BitCast(IntegerTag, Value x) {
  Integer result;
  static_cast<Value&>(result) = x;
  return result;
}
inline Value BitCast(FloatTag, Integer x) { return x; }

// Highway's own functions cannot be recorded.
inline Value Log(FloatTag d, Value) { return {d.builder, d.builder->unsupported()}; }
inline Value Log1p(FloatTag d, Value) { return {d.builder, d.builder->unsupported()}; }

}  // namespace hwy::N_RECORD

#include "kernels/cpu/elementwise_functors-inl.hpp"

namespace tegula::kernels::detail {

namespace {

namespace hn = hwy::N_RECORD;
using hn::Value;

/// Follows the instructions of the tile interpreter, with a lane in place of each tile buffer.
class Recorder {
 public:
  Recorder(const ElementwiseCode& code, LaneProgram& program)
      : code_(code), program_(program), builder_(program) {}

  bool record() {
    if (code_.compute != DType::f32) return false;
    if (!add_inputs()) return false;
    for (const CodeInstruction& instruction : code_.instructions) {
      lane_at(instruction.result) = result_of(instruction);
      if (builder_.failed()) return false;
    }
    for (std::size_t i = 0; i < code_.outputs.size(); ++i) {
      const CodeOutput& output = code_.outputs[i];
      if (output.dtype != DType::f32 && output.dtype != DType::boolean) return false;
      program_.results.push_back(operand(output.location).lane);
      program_.arrays.push_back({LaneArray::Source::output, static_cast<std::uint8_t>(i),
                                 output.dtype == DType::boolean});
    }
    drop_unused();
    return !builder_.failed();
  }

 private:
  bool add_inputs() {
    std::fill_n(lanes_, kLocations, -1);
    for (std::size_t i = 0; i < code_.inputs.size(); ++i) {
      const CodeInput& input = code_.inputs[i];
      if (!input.read || input.level == Level::run) continue;
      const bool is_bool = input.dtype == DType::boolean;
      const bool is_column = input.column_stride == 0;
      if (input.dtype != DType::f32 && (!is_bool || is_column)) return false;
      const LaneOp op = is_column ? LaneOp::column : is_bool ? LaneOp::load_bool : LaneOp::load;
      const LaneLevel level = is_column ? LaneLevel::row : LaneLevel::element;
      lane_at(input.location) = builder_.named(op, program_.arrays.size(), level);
      program_.arrays.push_back(
          {LaneArray::Source::input, static_cast<std::uint8_t>(i), is_bool, input.block_only});
    }
    return true;
  }

  int& lane_at(Location location) { return lanes_[location]; }

  Value operand(Location location) {
    int& lane = lane_at(location);
    if (lane < 0) {
      // What is computed once per run: known already, or a place in the table of scalars.
      const auto known = code_.constants[location];
      lane = known ? builder_.constant(std::bit_cast<std::uint32_t>(static_cast<float>(*known)))
                   : builder_.named(LaneOp::scalar, location, LaneLevel::run);
    }
    return {&builder_, lane};
  }

  struct Visitor {
    Recorder& recorder;
    const CodeInstruction& instruction;
    Value at(std::size_t k) const { return recorder.operand(instruction.operands[k]); }
    hn::FloatTag tag() const { return {&recorder.builder_}; }
    template <typename Op>
    Value unary() const {
      return Op(tag(), instruction.immediates.data())(tag(), at(0));
    }
    template <typename Op>
    Value binary() const {
      const Value a = at(0);
      return Op()(tag(), a, at(1));
    }
    template <typename Op>
    Value ternary() const {
      const Value a = at(0), b = at(1);
      return Op()(tag(), a, b, at(2));
    }
    Value none() const { return {&recorder.builder_, recorder.builder_.unsupported()}; }
  };

  int result_of(const CodeInstruction& instruction) {
    if (instruction.fused == FusedOp::none) {
      if (instruction.op == ElementwiseOp::dropout) return dropout(instruction);
      if (instruction.op == ElementwiseOp::random_uniform) return uniform(instruction);
    }
    return N_RECORD::visit_functor<float>(instruction, Visitor{*this, instruction}).lane;
  }

  /// Random words, the upper 24 bits as an integer.
  hn::Integer random_bits(const CodeInstruction& instruction) {
    auto& streams = program_.random_op_ids;
    std::size_t stream = 0;
    while (stream < streams.size() && streams[stream] != instruction.random_op_id) ++stream;
    if (stream == streams.size()) {
      if (stream == LaneProgram::kMaxStreams) builder_.unsupported();
      streams.push_back(instruction.random_op_id);
      stream_arrays_.push_back(program_.arrays.size());
      program_.arrays.push_back({LaneArray::Source::words, static_cast<std::uint8_t>(stream)});
    }
    hn::Integer words;
    words.builder = &builder_;
    words.lane = builder_.named(LaneOp::load, stream_arrays_[stream], LaneLevel::element);
    return hn::ShiftRight<8>(words);
  }

  int dropout(const CodeInstruction& instruction) {
    const hn::Integer bits = random_bits(instruction);
    const DropoutRule rule(instruction.immediates[0]);
    const Value keep = hn::Set(hn::FloatTag{&builder_}, static_cast<float>(rule.keep));
    const Value kept = hn::Div(operand(instruction.operands[0]), keep);
    return hn::IfThenElseZero(hn::Gt(bits, hn::IntegerImmediate{rule.limit}), kept).lane;
  }

  int uniform(const CodeInstruction& instruction) {
    const hn::FloatTag d{&builder_};
    const hn::Integer bits = random_bits(instruction);
    const auto low = static_cast<float>(instruction.immediates[0]);
    const float range = static_cast<float>(instruction.immediates[1]) - low;
    const Value u = hn::Mul(hn::ConvertTo(d, bits), hn::Set(d, 0x1.0p-24f));
    return hn::Add(hn::Set(d, low), hn::Mul(u, hn::Set(d, range))).lane;
  }

  /// Keeps the lanes that results depend on, in their order.
  void drop_unused() {
    std::vector<Lane>& lanes = program_.lanes;
    std::vector<std::int16_t> number(lanes.size(), -1);
    for (const int result : program_.results) number[static_cast<std::size_t>(result)] = 0;
    for (std::size_t i = lanes.size(); i-- > 0;) {
      if (number[i] < 0) continue;
      for (const std::int16_t operand : lanes[i].operands) {
        if (operand >= 0) number[static_cast<std::size_t>(operand)] = 0;
      }
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      if (number[i] < 0) continue;
      number[i] = static_cast<std::int16_t>(kept);
      Lane lane = lanes[i];
      for (std::int16_t& operand : lane.operands) {
        if (operand >= 0) operand = number[static_cast<std::size_t>(operand)];
      }
      program_.uses_scalars = program_.uses_scalars || lane.op == LaneOp::scalar;
      lanes[kept++] = lane;
    }
    lanes.resize(kept);
    for (int& result : program_.results) result = number[static_cast<std::size_t>(result)];
  }

  const ElementwiseCode& code_;
  LaneProgram& program_;
  LaneBuilder builder_;
  std::vector<std::size_t> stream_arrays_;
  int lanes_[kLocations];
};

}  // namespace

std::optional<LaneProgram> record_lanes(const ElementwiseCode& code) {
  LaneProgram program;
  if (!Recorder(code, program).record()) return std::nullopt;
  return program;
}

}  // namespace tegula::kernels::detail
