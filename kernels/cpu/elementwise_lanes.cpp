#include "kernels/cpu/elementwise_lanes.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace tegula::kernels::detail {

namespace {

constexpr std::uint8_t kUnordered = 3, kOrdered = 7;
constexpr std::uint8_t kInvert = 4;  ///< the bit that turns x86's predicates into their opposites

}  // namespace

std::string LaneProgram::key() const {
  std::string key;
  const auto put = [&](auto value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    key.append(bytes, sizeof value);
  };
  for (const Lane& lane : lanes) {
    put(lane.op);
    put(lane.immediate);
    for (const std::int16_t operand : lane.operands) put(operand);
    put(lane.bits);
  }
  for (const LaneArray& array : arrays) {
    put(array.source);
    put(array.is_bool);
  }
  for (const int result : results) put(result);
  return key;
}

int LaneBuilder::unique(const Lane& lane) {
  // Lanes are few enough for 10 bits each; a constant and a named lane have no operands.
  std::uint64_t key =
      static_cast<std::uint64_t>(lane.op) << 56 | static_cast<std::uint64_t>(lane.immediate) << 48;
  if (lane.operands[0] < 0) {
    key |= lane.bits;
  } else {
    for (const std::int16_t operand : lane.operands) {
      key = (key & 0xffff'0000'0000'0000) | (key << 12 & 0xffff'ffff'ffff) |
            static_cast<std::uint64_t>(operand + 1);
    }
  }
  const auto [found, is_new] = known_.try_emplace(key, static_cast<int>(program_.lanes.size()));
  if (!is_new) return found->second;
  if (program_.lanes.size() == LaneProgram::kMaxLanes) return unsupported();
  program_.lanes.push_back(lane);
  return found->second;
}

int LaneBuilder::unsupported() {
  failed_ = true;
  return 0;
}

int LaneBuilder::constant(std::uint32_t bits) {
  return unique({.op = LaneOp::constant, .bits = bits});
}

int LaneBuilder::named(LaneOp op, std::size_t number, LaneLevel level) {
  return unique({.op = op, .level = level, .bits = static_cast<std::uint32_t>(number)});
}

bool LaneBuilder::is_constant(int number, std::uint32_t bits) const {
  return lane(number).op == LaneOp::constant && lane(number).bits == bits;
}

bool LaneBuilder::is_plain_constant(int number) const {
  if (lane(number).op != LaneOp::constant) return false;
  const float value = std::bit_cast<float>(lane(number).bits);
  return !std::isnan(value) && value != 0;
}

bool LaneBuilder::is_nan_test(int mask, int of) const {
  return lane(mask).op == LaneOp::compare && lane(mask).immediate == kUnordered &&
         lane(mask).operands[0] == of && lane(mask).operands[1] == of;
}

int LaneBuilder::simplified_select(int mask, int yes, int no) {
  if (is_constant(mask, 0)) return no;
  if (is_constant(yes, 0)) return append(LaneOp::bit_and_not, {mask, no, -1});
  if (is_constant(no, 0)) return append(LaneOp::bit_and, {mask, yes, -1});
  // "x where it is NaN, else the larger of x and c": x86 returns the second where one is NaN.
  const auto chooses = [&](int number) {
    return lane(number).op == LaneOp::maximum || lane(number).op == LaneOp::minimum;
  };
  if (!is_nan_test(mask, yes) || !chooses(no)) return -1;
  const Lane choice = lane(no);
  const int a = choice.operands[0], b = choice.operands[1];
  if (b == yes) return no;
  if (a == yes && is_plain_constant(b)) return append(choice.op, {b, a, -1});
  if (chooses(a) && is_plain_constant(b)) {
    const Lane inner = lane(a);
    if (inner.operands[0] == yes && is_plain_constant(inner.operands[1])) {
      const int swapped = append(inner.op, {inner.operands[1], yes, -1});
      return append(choice.op, {b, swapped, -1});
    }
  }
  return -1;
}

int LaneBuilder::append(LaneOp op, std::array<int, 3> operands, std::uint8_t immediate) {
  if (failed_) return 0;
  if (op == LaneOp::select) {
    const int simpler = simplified_select(operands[0], operands[1], operands[2]);
    if (simpler >= 0) return simpler;
  }
  if (op == LaneOp::compare && immediate == kUnordered && operands[0] == operands[1] &&
      lane(operands[0]).op == LaneOp::constant &&
      !std::isnan(std::bit_cast<float>(lane(operands[0]).bits))) {
    return constant(0);
  }
  Lane result{.op = op, .immediate = immediate, .level = LaneLevel::run};
  for (std::size_t k = 0; k < 3; ++k) {
    result.operands[k] = static_cast<std::int16_t>(operands[k]);
    if (operands[k] >= 0) result.level = std::max(result.level, lane(operands[k]).level);
  }
  return unique(result);
}

int LaneBuilder::inverted(int mask) {
  if (failed_) return 0;
  const Lane test = lane(mask);
  if (test.op == LaneOp::compare) {
    return append(LaneOp::compare, {test.operands[0], test.operands[1], -1},
                  test.immediate ^ kInvert);
  }
  return append(LaneOp::bit_xor, {mask, constant(0xffffffffu), -1});
}

}  // namespace tegula::kernels::detail
