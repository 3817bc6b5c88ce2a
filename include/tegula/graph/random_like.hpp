#pragma once
// Builders of random numbers in the shape and dtype of a value, which is not read; otherwise as
// those of ops.hpp.

#include <cstdint>

#include "tegula/graph/operand.hpp"

namespace tegula {

TEGULA_API Value random_uniform_like(Operand x, double low = 0, double high = 1,
                                     std::int64_t seed = -1);
TEGULA_API Value random_normal_like(Operand x, double mean = 0, double stddev = 1,
                                    std::int64_t seed = -1);
TEGULA_API Value truncated_normal_like(Operand x, double mean = 0, double stddev = 1,
                                       std::int64_t seed = -1);

}  // namespace tegula
