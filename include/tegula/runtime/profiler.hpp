#pragma once
// Times kernels and says how close they come to what the machine can do.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tegula/core/export.hpp"

namespace tegula {

/// One kernel of a plan, for explain and profiles.
struct KernelInfo {
  std::string node;         ///< name of the node it computes
  std::string description;  ///< what runs: "gemm own 32x128x784 + cluster(3)"
  double flops = 0;         ///< of one call
  double bytes = 0;         ///< read plus written by one call
};

/// Upper bounds of the machine for the present number of threads.
struct MachinePeak {
  double gflops = 0;                ///< f32 multiply-adds, each counted as two
  double gigabytes_per_second = 0;  ///< of a copy far larger than the caches, read plus written
};

/// Takes about 50 ms and 128 MiB for a moment.
TEGULA_API MachinePeak measure_machine_peak();

/// Sums over all calls of one kernel.
struct KernelProfile {
  KernelInfo kernel;
  std::int64_t calls = 0;
  double seconds = 0;
};

struct ProfilerOptions {
  /// Measured when the profiler is made, unless given.
  MachinePeak peak;
  /// Calls kept for the trace; later ones count in the table only.
  std::size_t max_events = 1'000'000;
};

/// Records the kernels of the sessions it is attached to (`Session::set_profiler`), from any
/// thread. Must outlive its attachment.
class TEGULA_API Profiler {
 public:
  explicit Profiler(ProfilerOptions options = {});
  ~Profiler();
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;

  /// Longest total time first; kernels of equal node and description are one entry.
  std::vector<KernelProfile> kernels() const;
  /// For people: kernel, calls, time, share, GFLOP/s and GB/s achieved and possible.
  std::string table() const;
  /// Chrome's trace event format (chrome://tracing, Perfetto). Written to a temporary file first
  /// and then renamed. Throws IoError.
  void write_trace(const std::string& path) const;
  void clear();

  /// Called by the runtime after a run: `times` are the nanoseconds (steady clock) at which the
  /// first kernel started and each one ended.
  void record(const std::shared_ptr<const std::vector<KernelInfo>>& kernels,
              std::span<const std::int64_t> times);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tegula
