#pragma once
// Which lanes of a program share registers and for how long: what the generator decides before it
// makes any code.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/cpu/elementwise_lanes.hpp"

namespace tegula::kernels::detail {

/// Vector registers of AVX2.
inline constexpr int kRegisters = 16;
inline constexpr int kNever = std::numeric_limits<int>::max();

/// What a lane program needs of the machine, known before any code is made.
class Layout {
 public:
  explicit Layout(const LaneProgram& program) : program_(program) {
    const std::size_t count = program.lanes.size();
    uses_.resize(count);
    body_uses_.resize(count);
    last_load_use_ = -1;
    for (std::size_t i = 0; i < count; ++i) {
      const Lane& lane = program.lanes[i];
      for (const std::int16_t operand : lane.operands) {
        if (operand < 0) continue;
        const auto source = static_cast<std::size_t>(operand);
        uses_[source].push_back(operation_at(static_cast<int>(i)));
        if (lane.level == LaneLevel::element) body_uses_[source] += 1;
        if (is_load(program.lanes[source])) last_load_use_ = static_cast<int>(i);
      }
    }
    for (const int result : program.results) {
      if (is_load(lane(result))) last_load_use_ = std::max(last_load_use_, result);
    }
    // Results are stored as soon as nothing remains to be read: outputs may overwrite inputs.
    for (const int result : program.results) {
      const int at = std::max(result, last_load_use_);
      stores_.push_back(at);
      uses_[static_cast<std::size_t>(result)].push_back(store_at(at));
      body_uses_[static_cast<std::size_t>(result)] += 1;
    }
    choose_copies();
    choose_pinned();
  }

  /// A lane is computed at one position and stored at the next.
  static int operation_at(int lane) { return 2 * lane; }
  static int store_at(int lane) { return 2 * lane + 1; }
  /// Whether arrays may still be read at a position.
  bool may_load(int position) const { return position <= operation_at(last_load_use_); }

  static bool is_load(const Lane& lane) {
    return lane.op == LaneOp::load || lane.op == LaneOp::load_bool;
  }
  const Lane& lane(int number) const { return program_.lanes[static_cast<std::size_t>(number)]; }
  int copies() const { return copies_; }
  int stored_after(std::size_t output) const { return stores_[output]; }
  bool used_in_body(int number) const { return body_uses_[static_cast<std::size_t>(number)] > 0; }
  int pinned(int number) const { return pinned_[static_cast<std::size_t>(number)]; }
  const std::vector<int>& uses(int number) const { return uses_[static_cast<std::size_t>(number)]; }

  int last_use(int number) const {
    const std::vector<int>& at = uses(number);
    return at.empty() ? -1 : *std::max_element(at.begin(), at.end());
  }
  /// The first use at or after a position.
  int next_use(int number, int position) const {
    int next = kNever;
    for (const int at : uses(number)) {
      if (at >= position) next = std::min(next, at);
    }
    return next;
  }

 private:
  /// Vectors in flight: more of them for short bodies, as far as registers last.
  void choose_copies() {
    int operations = 0, live = 0;
    std::vector<int> ends(program_.lanes.size() + 1, 0);
    for (std::size_t i = 0; i < program_.lanes.size(); ++i) {
      live -= ends[i];
      if (program_.lanes[i].level != LaneLevel::element) continue;
      ++operations;
      most_live_ = std::max(most_live_, ++live);
      const int end = last_use(static_cast<int>(i));
      if (end >= 0) ends[static_cast<std::size_t>(end / 2)] += 1;
    }
    copies_ = operations <= 16 ? 4 : operations <= 48 ? 2 : 1;
    while (copies_ > 1 && copies_ * most_live_ > kRegisters - 3) copies_ /= 2;
  }

  /// Constants, scalars and row values that stay in registers: as many as the body can spare.
  void choose_pinned() {
    pinned_.assign(program_.lanes.size(), -1);
    std::vector<int> candidates;
    for (std::size_t i = 0; i < program_.lanes.size(); ++i) {
      if (program_.lanes[i].level != LaneLevel::element && body_uses_[i] > 0) {
        candidates.push_back(static_cast<int>(i));
      }
    }
    std::stable_sort(candidates.begin(), candidates.end(), [&](int a, int b) {
      return body_uses_[static_cast<std::size_t>(a)] > body_uses_[static_cast<std::size_t>(b)];
    });
    const int spare = std::clamp(kRegisters - copies_ * most_live_ - 2, 0, 9);
    const auto count = std::min<std::size_t>(candidates.size(), static_cast<std::size_t>(spare));
    for (std::size_t k = 0; k < count; ++k) {
      pinned_[static_cast<std::size_t>(candidates[k])] = kRegisters - 1 - static_cast<int>(k);
    }
  }

  const LaneProgram& program_;
  std::vector<std::vector<int>> uses_;  ///< positions of the lanes that read a lane, and of stores
  std::vector<int> body_uses_;          ///< how many of them are in the loop's body
  std::vector<int> stores_;
  std::vector<int> pinned_;
  int last_load_use_ = -1;
  int copies_ = 1, most_live_ = 0;
};

}  // namespace tegula::kernels::detail
