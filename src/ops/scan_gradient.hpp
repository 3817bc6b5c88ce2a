#pragma once
// The gradient rule of scan. Private to src/ops.

#include <vector>

#include "tegula/graph/op_def.hpp"

namespace tegula::ops {

std::vector<Value> gradient_of_scan(const GradientContext& context);

}  // namespace tegula::ops
