// Compiled once per instruction set: elements of the inner axes are lanes.

#include "kernels/cpu/resample.hpp"

#include <algorithm>
#include <cstddef>

#include "tegula/core/parallel.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/resample.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using Index = std::int64_t;

/// Results [first, last), counted over outer and results together.
template <typename T>
void resample_rows(const ResampleProblem& problem, const Index* starts, const T* weights,
                   const T* x, T* y, Index first, Index last) {
  const hn::ScalableTag<T> d;
  const Index lanes = static_cast<Index>(hn::Lanes(d));
  const Index inner = problem.inner, whole = inner / lanes * lanes;
  const auto rest = hn::FirstN(d, static_cast<std::size_t>(inner - whole));
  for (Index row = first; row < last; ++row) {
    const Index result = row % problem.results;
    const T* w = weights + result * problem.taps;
    const T* from = x + (row / problem.results * problem.size + starts[result]) * inner;
    T* to = y + row * inner;
    for (Index i = 0; i < whole; i += lanes) {
      auto total = hn::Zero(d);
      for (Index tap = 0; tap < problem.taps; ++tap) {
        if (w[tap] == 0) continue;
        total = hn::MulAdd(hn::Set(d, w[tap]), hn::LoadU(d, from + tap * inner + i), total);
      }
      hn::StoreU(total, d, to + i);
    }
    if (whole == inner) continue;
    auto total = hn::Zero(d);
    for (Index tap = 0; tap < problem.taps; ++tap) {
      if (w[tap] == 0) continue;
      const auto value = hn::MaskedLoad(rest, d, from + tap * inner + whole);
      total = hn::MulAdd(hn::Set(d, w[tap]), value, total);
    }
    hn::BlendedStore(total, rest, d, to + whole);
  }
}

void resample_f32(const ResampleProblem& problem, const Index* starts, const float* weights,
                  const float* x, float* y, Index first, Index last) {
  resample_rows(problem, starts, weights, x, y, first, last);
}
void resample_f64(const ResampleProblem& problem, const Index* starts, const double* weights,
                  const double* x, double* y, Index first, Index last) {
  resample_rows(problem, starts, weights, x, y, first, last);
}

}  // namespace
}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tegula::kernels {

HWY_EXPORT(resample_f32);
HWY_EXPORT(resample_f64);

namespace {

/// Products that one task computes, about: some microseconds.
constexpr std::int64_t kProductsPerTask = 32'768;

template <typename T, typename Function>
void deal_rows(const ResampleProblem& problem, const std::int64_t* starts, const T* weights,
               const T* x, T* y, Function function) {
  const std::int64_t rows = problem.outer * problem.results;
  if (rows == 0 || problem.inner == 0) return;
  const std::int64_t per_task =
      std::clamp<std::int64_t>(kProductsPerTask / (problem.inner * problem.taps), 1, rows);
  parallel_for((rows + per_task - 1) / per_task, [&](std::int64_t task) {
    const std::int64_t first = task * per_task;
    function(problem, starts, weights, x, y, first, std::min(first + per_task, rows));
  });
}

}  // namespace

template <>
void resample(const ResampleProblem& problem, const std::int64_t* starts, const float* weights,
              const float* x, float* y) {
  deal_rows(problem, starts, weights, x, y, HWY_DYNAMIC_DISPATCH(resample_f32));
}
template <>
void resample(const ResampleProblem& problem, const std::int64_t* starts, const double* weights,
              const double* x, double* y) {
  deal_rows(problem, starts, weights, x, y, HWY_DYNAMIC_DISPATCH(resample_f64));
}

}  // namespace tegula::kernels
#endif
