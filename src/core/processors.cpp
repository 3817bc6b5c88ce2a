#include "src/core/processors.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <thread>

#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#endif

namespace tegula::detail {

namespace {

int affinity_processors() {
#if defined(__linux__)
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) return CPU_COUNT(&mask);
#endif
  // More processors than cpu_set_t has bits, or another system.
  return static_cast<int>(std::thread::hardware_concurrency());
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// `quota` and `period` in microseconds; no limit (0) unless both are positive numbers.
int processors_of(const std::string& quota, const std::string& period) {
  double allowed = 0;
  double interval = 0;
  std::istringstream(quota) >> allowed;
  std::istringstream(period) >> interval;
  if (!(allowed > 0) || !(interval > 0)) return 0;
  return static_cast<int>(std::clamp(std::ceil(allowed / interval), 1.0, 1e6));
}

/// Version 2: one file, "max 100000" or "150000 100000".
int quota_v2(const std::string& folder) {
  std::istringstream line(first_line(folder + "/cpu.max"));
  std::string quota;
  std::string period;
  line >> quota >> period;
  return processors_of(quota, period);
}

int quota_v1(const std::string& folder) {
  return processors_of(first_line(folder + "/cpu.cfs_quota_us"),
                       first_line(folder + "/cpu.cfs_period_us"));
}

/// The tightest limit from `group` up to the root: each ancestor's quota binds its descendants.
/// Inside a container the named group may not be visible; then only the root's files are.
template <typename Quota>
int tightest(const std::string& mount_point, std::string group, Quota quota) {
  int limit = 0;
  for (;;) {
    const int here = quota(mount_point + group);
    if (here > 0) limit = limit == 0 ? here : std::min(limit, here);
    if (group.empty()) return limit;
    group.resize(group.find_last_of('/') == std::string::npos ? 0 : group.find_last_of('/'));
  }
}

bool lists_cpu(const std::string& controllers) {
  return ("," + controllers + ",").find(",cpu,") != std::string::npos;
}

}  // namespace

int cpu_quota(std::string_view membership, const std::string& mount_point) {
  int limit = 0;
  std::istringstream lines{std::string(membership)};
  for (std::string line; std::getline(lines, line);) {
    // "hierarchy:controllers:path"; version 2 is hierarchy 0 without controllers.
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    int here = 0;
    if (controllers.empty()) {
      here = tightest(mount_point, path, quota_v2);
    } else if (lists_cpu(controllers)) {
      here = tightest(mount_point + "/cpu", path, quota_v1);
    }
    if (here > 0) limit = limit == 0 ? here : std::min(limit, here);
  }
  return limit;
}

int available_processors() {
  const int affinity = std::max(1, affinity_processors());
#if defined(__linux__)
  std::ifstream file("/proc/self/cgroup");
  std::ostringstream membership;
  membership << file.rdbuf();
  const int quota = cpu_quota(membership.str(), "/sys/fs/cgroup");
  if (quota > 0) return std::min(affinity, quota);
#endif
  return affinity;
}

void move_thread_away([[maybe_unused]] std::thread::native_handle_type thread,
                      [[maybe_unused]] std::size_t distance) {
#if defined(__linux__)
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  int processor = sched_getcpu();
  if (processor < 0 || pthread_getaffinity_np(thread, sizeof allowed, &allowed) != 0) return;
  const auto count = static_cast<std::size_t>(CPU_COUNT(&allowed));
  if (distance % count == 0) return;
  for (std::size_t steps = 0; steps < distance % count;) {
    processor = (processor + 1) % CPU_SETSIZE;
    if (CPU_ISSET(processor, &allowed)) ++steps;
  }
  cpu_set_t chosen;
  CPU_ZERO(&chosen);
  CPU_SET(processor, &chosen);
  if (pthread_setaffinity_np(thread, sizeof chosen, &chosen) != 0) return;
  (void)pthread_setaffinity_np(thread, sizeof allowed, &allowed);
#endif
}

}  // namespace tegula::detail
