#include "kernels/cpu/cast.hpp"

#include <algorithm>

#include "src/core/convert.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::kernels {

namespace {

/// Elements per task: some 20 us of work, and a multiple of a cache line in every dtype.
constexpr std::int64_t kElementsPerTask = 65536;

template <typename From, typename To>
void cast_range(const From* from, To* to, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; ++i) to[i] = detail::convert<To>(from[i]);
}

}  // namespace

void cast(DType from_dtype, const void* from, DType to_dtype, void* to, std::int64_t count) {
  visit_dtype(from_dtype, [&]<typename From>() {
    visit_dtype(to_dtype, [&]<typename To>() {
      const std::int64_t tasks = (count + kElementsPerTask - 1) / kElementsPerTask;
      parallel_for(tasks, [&](std::int64_t task) {
        cast_range(static_cast<const From*>(from), static_cast<To*>(to), task * kElementsPerTask,
                   std::min(count, (task + 1) * kElementsPerTask));
      });
    });
  });
}

}  // namespace tegula::kernels
