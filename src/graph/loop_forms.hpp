#pragma once
// The operands of loops by what they are: for the ops, passes and backends that know loops.

#include <cstdint>
#include <vector>

#include "tegula/graph/op_def.hpp"

namespace tegula {

struct ScanForm {
  std::size_t states = 0;
  std::size_t sequences = 0;
  std::size_t captures = 0;
  bool reverse = false;
  /// -1 where it is not known yet.
  std::int64_t length = -1;

  std::size_t operands() const { return states + sequences + captures; }
};

/// Throws InvalidArgument or ShapeError where attributes and operands do not fit.
ScanForm scan_form(const InferContext& context);
ScanForm scan_form(const Node& node);

struct WhileForm {
  std::size_t states = 0;
  std::size_t captures = 0;
  /// -1: no limit.
  std::int64_t maximum_iterations = -1;

  bool may_go_on(std::int64_t iteration) const {
    return maximum_iterations < 0 || iteration < maximum_iterations;
  }
};

/// Of while_loop and while_loop_gradient; in the latter, gradients of floating states follow the
/// captures. Throws InvalidArgument where attributes and operands do not fit.
WhileForm while_form(const InferContext& context);
WhileForm while_form(const Node& node);

/// Looks for Ctrl-C from time to time: loops may run for ever.
void poll_in_loop(std::int64_t iteration);

}  // namespace tegula
