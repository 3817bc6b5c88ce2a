#pragma once
// Inputs and rates that the kernels' benchmarks share.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "kernels/cpu/random.hpp"

namespace tegula::bench {

inline std::vector<float> values(std::int64_t count) {
  std::vector<float> x(static_cast<std::size_t>(count));
  kernels::fill_uniform<float>({.seed = 1}, x.data(), count, 0.1f, 2.0f);
  return x;
}

inline void count_bytes(benchmark::State& state, std::int64_t bytes) {
  state.SetBytesProcessed(state.iterations() * bytes);
}

}  // namespace tegula::bench
