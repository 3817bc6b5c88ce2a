#pragma once
// From lanes to machine code for x86-64 with AVX2 and FMA.

#include <cstdint>
#include <vector>

#include "kernels/cpu/elementwise_lanes.hpp"

namespace tegula::kernels::detail {

/// Whether this build has a generator.
bool has_generator();

/// A LoopFunction for the program, independent of its position; empty where the program is too
/// large, or there is no generator. `streaming`: with stores that bypass the caches.
std::vector<std::uint8_t> generate_loop(const LaneProgram& program, bool streaming);

}  // namespace tegula::kernels::detail
