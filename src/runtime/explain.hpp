#pragma once
// A plan in words.

#include <string>

#include "src/runtime/plan.hpp"

namespace tegula::detail {

/// Passes, what they folded and fused, kernels with FLOPs and bytes, and planned memory.
std::string explain(const Plan& plan);

/// "1.5 MiB", "312 B".
std::string bytes_text(double bytes);
/// "3.2 M", "812".
std::string count_text(double count);

}  // namespace tegula::detail
