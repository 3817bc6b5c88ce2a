#pragma once
// The seeds that follow from `set_random_seed`. Private to src/nn.

#include <cstdint>

namespace tegula::nn {

/// The first after set_random_seed is the seed itself, later ones are others: two models of one
/// program do not start from the same weights.
std::uint64_t next_random_seed();

}  // namespace tegula::nn
