#include "tegula/runtime/profiler.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <mutex>
#include <utility>

#include "src/core/fork_safe.hpp"
#include "src/runtime/explain.hpp"
#include "tegula/core/file.hpp"

namespace tegula {

namespace {

using KernelList = std::shared_ptr<const std::vector<KernelInfo>>;

struct Totals {
  KernelList kernels;  ///< keeps the plan's descriptions alive
  std::vector<KernelProfile> profiles;
};

struct Event {
  const KernelInfo* kernel;
  std::int64_t start;
  std::int64_t duration;
  int thread;
};

/// A small number per thread, in order of first use.
int thread_number() {
  static std::atomic<int> threads{0};
  thread_local const int number = threads.fetch_add(1);
  return number;
}

std::string json_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      quoted += escape;
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string event_json(const Event& event, std::int64_t origin) {
  char times[192];
  // Microseconds, as the format demands; 0.001 of them is the clock's resolution.
  std::snprintf(times, sizeof times,
                ",\"ph\":\"X\",\"pid\":0,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f,"
                "\"args\":{\"flops\":%.0f,\"bytes\":%.0f,\"node\":",
                event.thread, static_cast<double>(event.start - origin) * 1e-3,
                static_cast<double>(event.duration) * 1e-3, event.kernel->flops,
                event.kernel->bytes);
  return "{\"name\":" + json_string(event.kernel->description) + times +
         json_string(event.kernel->node) + "}}";
}

double rate(double amount, std::int64_t calls, double seconds) {
  return seconds > 0 ? amount * static_cast<double>(calls) / seconds * 1e-9 : 0;
}

}  // namespace

struct Profiler::Impl {
  MachinePeak peak;
  std::size_t max_events = 0;

  mutable detail::BriefMutex mutex;  // guards what follows
  std::map<const std::vector<KernelInfo>*, Totals> totals;
  std::vector<Event> events;
};

Profiler::Profiler(ProfilerOptions options) : impl_(std::make_unique<Impl>()) {
  impl_->peak = options.peak.gflops > 0 ? options.peak : measure_machine_peak();
  impl_->max_events = options.max_events;
}

Profiler::~Profiler() = default;

void Profiler::record(const KernelList& kernels, std::span<const std::int64_t> times) {
  const std::lock_guard guard(impl_->mutex);
  Totals& totals = impl_->totals[kernels.get()];
  if (!totals.kernels) {
    totals.kernels = kernels;
    for (const KernelInfo& info : *kernels) totals.profiles.push_back({info, 0, 0});
  }
  const int thread = thread_number();
  for (std::size_t i = 0; i + 1 < times.size(); ++i) {
    const std::int64_t duration = times[i + 1] - times[i];
    totals.profiles[i].calls += 1;
    totals.profiles[i].seconds += static_cast<double>(duration) * 1e-9;
    if (impl_->events.size() < impl_->max_events) {
      impl_->events.push_back({&(*kernels)[i], times[i], duration, thread});
    }
  }
}

std::vector<KernelProfile> Profiler::kernels() const {
  std::map<std::pair<std::string, std::string>, KernelProfile> merged;
  {
    const std::lock_guard guard(impl_->mutex);
    for (const auto& [list, totals] : impl_->totals) {
      for (const KernelProfile& profile : totals.profiles) {
        auto [position, created] =
            merged.try_emplace({profile.kernel.node, profile.kernel.description}, profile);
        if (created) continue;
        position->second.calls += profile.calls;
        position->second.seconds += profile.seconds;
      }
    }
  }
  std::vector<KernelProfile> sorted;
  for (auto& [name, profile] : merged) sorted.push_back(std::move(profile));
  std::stable_sort(
      sorted.begin(), sorted.end(),
      [](const KernelProfile& a, const KernelProfile& b) { return a.seconds > b.seconds; });
  return sorted;
}

std::string Profiler::table() const {
  const std::vector<KernelProfile> profiles = kernels();
  double total = 0;
  std::size_t widest = 6;
  for (const KernelProfile& profile : profiles) {
    total += profile.seconds;
    widest = std::max(widest, profile.kernel.description.size());
  }
  const int width = static_cast<int>(widest);
  char line[512];
  std::snprintf(line, sizeof line, "%-*s %9s %11s %6s %9s %5s %8s %5s  %s\n", width, "kernel",
                "calls", "total ms", "share", "GFLOP/s", "peak", "GB/s", "peak", "node");
  std::string text = line;
  for (const KernelProfile& profile : profiles) {
    const double gflops = rate(profile.kernel.flops, profile.calls, profile.seconds);
    const double gigabytes = rate(profile.kernel.bytes, profile.calls, profile.seconds);
    std::snprintf(line, sizeof line, "%-*s %9lld %11.3f %5.1f%% %9.2f %4.0f%% %8.2f %4.0f%%  ",
                  width, profile.kernel.description.c_str(), static_cast<long long>(profile.calls),
                  profile.seconds * 1e3, total > 0 ? 100 * profile.seconds / total : 0, gflops,
                  100 * gflops / impl_->peak.gflops, gigabytes,
                  100 * gigabytes / impl_->peak.gigabytes_per_second);
    text += line + profile.kernel.node + "\n";
  }
  std::snprintf(line, sizeof line, "all kernels %.3f ms; possible: %.1f GFLOP/s, %.1f GB/s\n",
                total * 1e3, impl_->peak.gflops, impl_->peak.gigabytes_per_second);
  return text + line;
}

void Profiler::write_trace(const std::string& path) const {
  std::string json = "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[";
  {
    const std::lock_guard guard(impl_->mutex);
    const std::int64_t origin = impl_->events.empty() ? 0 : impl_->events.front().start;
    for (std::size_t i = 0; i < impl_->events.size(); ++i) {
      json += (i == 0 ? "\n" : ",\n") + event_json(impl_->events[i], origin);
    }
  }
  write_file_atomically(path, json + "\n]}\n");
}

void Profiler::clear() {
  const std::lock_guard guard(impl_->mutex);
  impl_->totals.clear();
  impl_->events.clear();
}

}  // namespace tegula
