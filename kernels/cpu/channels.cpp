#include "kernels/cpu/channels.hpp"

#include <algorithm>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/channels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "tegula/core/parallel.hpp"

#ifndef TEGULA_KERNELS_CPU_CHANNELS_ONCE
#define TEGULA_KERNELS_CPU_CHANNELS_ONCE
namespace tegula::kernels {
namespace {

/// Elements of a block, which stays in L1 while it is visited twice.
constexpr std::int64_t kBlock = 4096;
/// Sums of a run of one channel, so that the additions of neighbours do not wait for each other.
constexpr std::int64_t kLanes = 16;

/// Two numbers per channel: mean and sum of squared differences from it, or two sums.
template <typename T>
struct Pair {
  T* first;
  T* second;
};

template <typename T>
struct ChannelKernels {
  using Index = std::int64_t;
  void (*moments_of_rows)(const T* x, Index rows, Index channels, Pair<T> result, Pair<T> block);
  void (*sums_of_rows)(const T* y, const T* x, const T* center, Index rows, Index channels,
                       Pair<T> result, Pair<T> block);
  void (*moments_of_channel)(const ChannelProblem& problem, const T* x, Index channel,
                             Pair<T> result);
  void (*sums_of_channel)(const ChannelProblem& problem, const T* y, const T* x, T center,
                          Index channel, Pair<T> result);
  void (*join_moments)(Pair<T> all, Index count, Pair<T> part, Index more, Index channels);
};

}  // namespace
}  // namespace tegula::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace {

using Index = std::int64_t;

/// Joins the moments of `more` elements to those of `count`.
template <typename T>
void join_moments(Pair<T> all, Index count, Pair<T> part, Index more, Index channels) {
  const T share = static_cast<T>(more) / static_cast<T>(count + more);
  const T both = share * static_cast<T>(count);
  for (Index c = 0; c < channels; ++c) {
    const T step = part.first[c] - all.first[c];
    all.first[c] =
        all.first[c] * (1 - share) + part.first[c] * share;  // also where one is infinite
    all.second[c] += part.second[c] + step * step * both;
  }
}

/// Of rows of channels; `block` has room for two numbers per channel.
template <typename T>
void moments_of_rows(const T* x, Index rows, Index channels, Pair<T> result, Pair<T> block) {
  const Index height = std::max<Index>(kBlock / channels, 1);
  std::fill_n(result.first, channels, T{});
  std::fill_n(result.second, channels, T{});
  for (Index begin = 0; begin < rows; begin += height) {
    const Index count = std::min(height, rows - begin);
    const T* const from = x + begin * channels;
    std::fill_n(block.first, channels, T{});
    std::fill_n(block.second, channels, T{});
    for (Index r = 0; r < count; ++r) {
      for (Index c = 0; c < channels; ++c) block.first[c] += from[r * channels + c];
    }
    for (Index c = 0; c < channels; ++c) block.first[c] /= static_cast<T>(count);
    for (Index r = 0; r < count; ++r) {
      for (Index c = 0; c < channels; ++c) {
        const T difference = from[r * channels + c] - block.first[c];
        block.second[c] += difference * difference;
      }
    }
    join_moments(result, begin, block, count, channels);
  }
}

template <typename T>
void sums_of_rows(const T* y, const T* x, const T* center, Index rows, Index channels,
                  Pair<T> result, Pair<T> block) {
  const Index height = std::max<Index>(kBlock / channels, 1);
  std::fill_n(result.first, channels, T{});
  std::fill_n(result.second, channels, T{});
  for (Index begin = 0; begin < rows; begin += height) {
    const Index end = std::min(begin + height, rows);
    std::fill_n(block.first, channels, T{});
    std::fill_n(block.second, channels, T{});
    for (Index r = begin; r < end; ++r) {
      for (Index c = 0; c < channels; ++c) {
        const T value = y[r * channels + c];
        block.first[c] += value;
        block.second[c] += value * (x[r * channels + c] - center[c]);
      }
    }
    for (Index c = 0; c < channels; ++c) {
      result.first[c] += block.first[c];
      result.second[c] += block.second[c];
    }
  }
}

template <typename T>
T total_of(const T* lanes) {
  T total{};
  for (Index i = 0; i < kLanes; ++i) total += lanes[i];
  return total;
}

/// What `term(i)` is for all i below `count`, added up in lanes.
template <typename T, typename Term>
T lane_sum(Index count, const Term& term) {
  T lanes[kLanes] = {};
  Index i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (Index lane = 0; lane < kLanes; ++lane) lanes[lane] += term(i + lane);
  }
  for (; i < count; ++i) lanes[i % kLanes] += term(i);
  return total_of(lanes);
}

template <typename T>
void moments_of_channel(const ChannelProblem& problem, const T* x, Index channel, Pair<T> result) {
  Index seen = 0;
  T& mean = result.first[channel] = T{};
  T& squares = result.second[channel] = T{};
  for (Index o = 0; o < problem.outer; ++o) {
    const T* const run = x + (o * problem.channels + channel) * problem.inner;
    for (Index begin = 0; begin < problem.inner; begin += kBlock) {
      const Index count = std::min(kBlock, problem.inner - begin);
      const T* const from = run + begin;
      T center = lane_sum<T>(count, [&](Index i) { return from[i]; }) / static_cast<T>(count);
      T spread =
          lane_sum<T>(count, [&](Index i) { return (from[i] - center) * (from[i] - center); });
      join_moments<T>({&mean, &squares}, seen, {&center, &spread}, count, 1);
      seen += count;
    }
  }
}

template <typename T>
void sums_of_channel(const ChannelProblem& problem, const T* y, const T* x, T center, Index channel,
                     Pair<T> result) {
  T sum{};
  T product{};
  for (Index o = 0; o < problem.outer; ++o) {
    const Index at = (o * problem.channels + channel) * problem.inner;
    for (Index begin = 0; begin < problem.inner; begin += kBlock) {
      const Index count = std::min(kBlock, problem.inner - begin);
      const T* const values = y + at + begin;
      const T* const others = x + at + begin;
      sum += lane_sum<T>(count, [&](Index i) { return values[i]; });
      product += lane_sum<T>(count, [&](Index i) { return values[i] * (others[i] - center); });
    }
  }
  result.first[channel] = sum;
  result.second[channel] = product;
}

ChannelKernels<float> channel_kernels_f32() {
  return {moments_of_rows<float>, sums_of_rows<float>, moments_of_channel<float>,
          sums_of_channel<float>, join_moments<float>};
}
ChannelKernels<double> channel_kernels_f64() {
  return {moments_of_rows<double>, sums_of_rows<double>, moments_of_channel<double>,
          sums_of_channel<double>, join_moments<double>};
}

}  // namespace
}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tegula::kernels {

HWY_EXPORT(channel_kernels_f32);
HWY_EXPORT(channel_kernels_f64);

namespace {

template <typename T>
const ChannelKernels<T>& channel_kernels() {
  if constexpr (std::is_same_v<T, float>) {
    static const ChannelKernels<T> kernels = HWY_DYNAMIC_DISPATCH(channel_kernels_f32)();
    return kernels;
  } else {
    static const ChannelKernels<T> kernels = HWY_DYNAMIC_DISPATCH(channel_kernels_f64)();
    return kernels;
  }
}

/// Rows of channels are shared out in parts of this many elements, but in no more than kMostParts.
constexpr std::int64_t kPart = 64 * 1024;
constexpr std::int64_t kMostParts = 16;

struct Parts {
  std::int64_t count;
  std::int64_t rows;
};

Parts parts_of(const ChannelProblem& problem) {
  const std::int64_t wanted =
      std::clamp<std::int64_t>(problem.outer * problem.channels / kPart, 1, kMostParts);
  const std::int64_t rows = std::max<std::int64_t>((problem.outer + wanted - 1) / wanted, 1);
  return {std::max<std::int64_t>((problem.outer + rows - 1) / rows, 1), rows};
}

/// Room for a part's result, and for its block.
template <typename T>
Pair<T> pair_at(T* scratch, std::int64_t index, std::int64_t channels) {
  return {scratch + 2 * index * channels, scratch + (2 * index + 1) * channels};
}

/// Calls visit(begin, rows, result, block) for each part.
template <typename T, typename Visit>
void for_each_part(const ChannelProblem& problem, T* scratch, const Visit& visit) {
  const Parts parts = parts_of(problem);
  parallel_for(parts.count, [&](std::int64_t part) {
    const std::int64_t begin = part * parts.rows;
    visit(begin, std::min(parts.rows, problem.outer - begin),
          pair_at(scratch, 2 * part, problem.channels),
          pair_at(scratch, 2 * part + 1, problem.channels));
  });
}

template <typename Visit>
void for_each_channel(const ChannelProblem& problem, const Visit& visit) {
  const std::int64_t per_task =
      std::max<std::int64_t>(kPart / std::max<std::int64_t>(problem.outer * problem.inner, 1), 1);
  parallel_for((problem.channels + per_task - 1) / per_task, [&](std::int64_t task) {
    const std::int64_t end = std::min(problem.channels, (task + 1) * per_task);
    for (std::int64_t channel = task * per_task; channel < end; ++channel) visit(channel);
  });
}

}  // namespace

std::size_t channel_scratch_size(const ChannelProblem& problem) {
  if (problem.inner != 1) return 0;
  return static_cast<std::size_t>(4 * parts_of(problem).count * problem.channels);
}

template <typename T>
void channel_moments(const ChannelProblem& problem, const T* x, T* mean, T* variance, T* scratch) {
  const ChannelKernels<T>& kernels = channel_kernels<T>();
  const std::int64_t channels = problem.channels;
  const Pair<T> result{mean, variance};
  if (problem.inner == 1) {
    for_each_part(problem, scratch,
                  [&](std::int64_t begin, std::int64_t rows, Pair<T> part, Pair<T> block) {
                    kernels.moments_of_rows(x + begin * channels, rows, channels, part, block);
                  });
    const Parts parts = parts_of(problem);
    std::fill_n(mean, channels, T{});
    std::fill_n(variance, channels, T{});
    for (std::int64_t part = 0; part < parts.count; ++part) {
      const std::int64_t begin = part * parts.rows;
      const std::int64_t rows = std::min(parts.rows, problem.outer - begin);
      if (rows <= 0) continue;
      kernels.join_moments(result, begin, pair_at(scratch, 2 * part, channels), rows, channels);
    }
  } else {
    for_each_channel(problem, [&](std::int64_t channel) {
      kernels.moments_of_channel(problem, x, channel, result);
    });
  }
  const T count = static_cast<T>(problem.outer * problem.inner);
  for (std::int64_t c = 0; c < channels; ++c) {
    variance[c] /= count;
    if (count == 0) mean[c] = variance[c];
  }
}

template <typename T>
void channel_sums(const ChannelProblem& problem, const T* y, const T* x, const T* center, T* sum,
                  T* product, T* scratch) {
  const ChannelKernels<T>& kernels = channel_kernels<T>();
  const std::int64_t channels = problem.channels;
  if (problem.inner != 1) {
    return for_each_channel(problem, [&](std::int64_t channel) {
      kernels.sums_of_channel(problem, y, x, center[channel], channel, {sum, product});
    });
  }
  for_each_part(problem, scratch,
                [&](std::int64_t begin, std::int64_t rows, Pair<T> part, Pair<T> block) {
                  kernels.sums_of_rows(y + begin * channels, x + begin * channels, center, rows,
                                       channels, part, block);
                });
  std::fill_n(sum, channels, T{});
  std::fill_n(product, channels, T{});
  for (std::int64_t part = 0; part < parts_of(problem).count; ++part) {
    const Pair<T> found = pair_at(scratch, 2 * part, channels);
    for (std::int64_t c = 0; c < channels; ++c) {
      sum[c] += found.first[c];
      product[c] += found.second[c];
    }
  }
}

template void channel_moments(const ChannelProblem&, const float*, float*, float*, float*);
template void channel_moments(const ChannelProblem&, const double*, double*, double*, double*);
template void channel_sums(const ChannelProblem&, const float*, const float*, const float*, float*,
                           float*, float*);
template void channel_sums(const ChannelProblem&, const double*, const double*, const double*,
                           double*, double*, double*);

}  // namespace tegula::kernels
#endif
