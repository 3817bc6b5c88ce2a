#pragma once
// Branches and loops: ops that hold functions. What the given callables build becomes the function;
// values of the graph around that they use are captured. State (variables, assignments) stays
// outside. All of it is differentiable.

#include <cstdint>
#include <functional>
#include <source_location>
#include <span>
#include <vector>

#include "tegula/graph/operand.hpp"

namespace tegula {

using Branch = std::function<std::vector<Value>()>;
using LoopCondition = std::function<Value(std::span<const Value> states)>;
using LoopBody = std::function<std::vector<Value>(std::span<const Value> states)>;

/// The results of `then_branch` where `predicate` (bool[], or a bool of any shape with one element)
/// is true, else those of `else_branch`: only one of them runs. Both give the same number of
/// results, of the same dtypes and shapes. Throws InvalidArgument, DTypeError or ShapeError.
TEGULA_API std::vector<Value> cond(Operand predicate, const Branch& then_branch,
                                   const Branch& else_branch);

/// The results of branch `index` (i32[] or i64[]); of the last one where there is no such branch,
/// as in TensorFlow.
TEGULA_API std::vector<Value> switch_case(Operand index, std::span<const Branch> branches);

/// Applies `body` to the states as long as `condition` gives true, at most `maximum_iterations`
/// times (negative: without a limit); gives the last states. Their dtypes and shapes stay what they
/// are. The gradient computes the body again.
TEGULA_API std::vector<Value> while_loop(
    const LoopCondition& condition, const LoopBody& body, std::span<const Value> initial,
    std::int64_t maximum_iterations = -1,
    std::source_location location = std::source_location::current());

struct ScanResult {
  /// After the last step.
  std::vector<Value> states;
  /// Of every step, stacked along a new first axis.
  std::vector<Value> outputs;
};
/// Gives the next states and the step's outputs. `elements` are those of the sequences.
using ScanBody =
    std::function<ScanResult(std::span<const Value> states, std::span<const Value> elements)>;
struct ScanOptions {
  /// Number of steps; -1: the length of the sequences' first axis.
  std::int64_t length = -1;
  /// From the last element to the first; outputs stay at the places of their elements.
  bool reverse = false;
};

/// Applies `body` to every step of the sequences, in order. At least one state or sequence; a
/// length where there is no sequence. The gradient is a scan in the other direction.
TEGULA_API ScanResult scan(const ScanBody& body, std::span<const Value> initial,
                           std::span<const Value> sequences, ScanOptions options = {},
                           std::source_location location = std::source_location::current());

/// `function` of every element along the first axis, stacked.
TEGULA_API std::vector<Value> map_fn(
    const LoopBody& function, std::span<const Value> sequences,
    std::source_location location = std::source_location::current());

/// Applies `body` to i = lower, ..., upper - 1 (i64[]) and the states.
TEGULA_API std::vector<Value> fori_loop(
    std::int64_t lower, std::int64_t upper,
    const std::function<std::vector<Value>(Value i, std::span<const Value> states)>& body,
    std::span<const Value> initial,
    std::source_location location = std::source_location::current());

}  // namespace tegula
