#pragma once
// What one lane of a generated loop computes: a program broken down to single machine operations,
// in SSA form. elementwise_record.cpp makes it, elementwise_jit.cpp makes machine code of it.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "kernels/cpu/elementwise_code.hpp"

namespace tegula::kernels::detail {

/// Masks are lanes of all ones or all zeros.
enum class LaneOp : std::uint8_t {
  constant,   ///< its bits
  scalar,     ///< number of a scalar location
  column,     ///< number of an array: its element of this row
  load,       ///< number of an array of 32-bit elements
  load_bool,  ///< number of an array of bytes, as floats
  add,
  sub,
  mul,
  div,
  maximum,  ///< the second operand where one is NaN or both are zeros, as x86 does
  minimum,
  mul_add,      ///< a b + c
  mul_sub,      ///< a b - c
  neg_mul_add,  ///< c - a b
  sqrt,
  round,    ///< immediate: x86's rounding mode
  compare,  ///< immediate: x86's predicate
  select,   ///< mask, value where set, value elsewhere
  bit_and,
  bit_and_not,  ///< ~a & b
  bit_or,
  bit_xor,
  integer_sub,
  integer_greater,
  shift_left,   ///< immediate: bits
  shift_right,  ///< immediate: bits; zeros come in
  to_float,     ///< from a signed integer
};

/// How often a lane's value changes.
enum class LaneLevel : std::uint8_t { constant, run, row, element };

struct Lane {
  LaneOp op = LaneOp::constant;
  std::uint8_t immediate = 0;
  LaneLevel level = LaneLevel::constant;
  std::array<std::int16_t, 3> operands = {-1, -1, -1};
  std::uint32_t bits = 0;  ///< of a constant; or the number that the op names

  int operand_count() const {
    int count = 0;
    while (count < 3 && operands[static_cast<std::size_t>(count)] >= 0) ++count;
    return count;
  }
};

struct LaneProgram {
  static constexpr std::size_t kMaxLanes = 600;
  static constexpr std::size_t kMaxStreams = 4;

  std::vector<Lane> lanes;
  std::vector<LaneArray> arrays;             ///< outputs last, in order
  std::vector<int> results;                  ///< lane of each output
  std::vector<std::uint32_t> random_op_ids;  ///< of the streams of random words
  bool uses_scalars = false;

  std::size_t first_output() const { return arrays.size() - results.size(); }
  /// Equal for programs that make the same machine code.
  std::string key() const;
};

/// The lanes of a program that computes in f32; nothing where it holds what loops are not generated
/// for: the C library's functions, normal random numbers, arrays of other dtypes than f32 and bool.
std::optional<LaneProgram> record_lanes(const ElementwiseCode& code);

/// Appends lanes, finding equal ones and simplifying where no bit of a result changes (but for the
/// payload of NaN where two meet).
class LaneBuilder {
 public:
  explicit LaneBuilder(LaneProgram& program) : program_(program) {}

  int constant(std::uint32_t bits);
  int named(LaneOp op, std::size_t number, LaneLevel level);
  int append(LaneOp op, std::array<int, 3> operands, std::uint8_t immediate = 0);
  int inverted(int mask);

  /// For operations that no code is generated for; everything that follows is void.
  int unsupported();
  bool failed() const { return failed_; }

 private:
  const Lane& lane(int number) const { return program_.lanes[static_cast<std::size_t>(number)]; }
  bool is_constant(int number, std::uint32_t bits) const;
  /// A constant that is neither NaN nor zero.
  bool is_plain_constant(int number) const;
  bool is_nan_test(int mask, int of) const;
  int simplified_select(int mask, int yes, int no);
  int unique(const Lane& lane);

  LaneProgram& program_;
  std::unordered_map<std::uint64_t, int> known_;
  bool failed_ = false;
};

}  // namespace tegula::kernels::detail
