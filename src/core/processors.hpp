#pragma once
// How many processors this process may use: the affinity mask and the container's CPU quota.

#include <cstddef>
#include <string>
#include <string_view>
#include <thread>

namespace tegula::detail {

/// Processors that may be kept busy at once, at least 1.
int available_processors();

/// Moves a thread to the processor that comes `distance` after the caller's among those that it
/// may use, counting round; the system may move it again at any time. Does nothing where the
/// system has no such call.
void move_thread_away(std::thread::native_handle_type thread, std::size_t distance);

/// The CPU quota of the control group that `membership` (the text of /proc/self/cgroup) names and
/// of its ancestors, in processors rounded up; 0 when there is none. Reads cgroup v2 and v1 files
/// below `mount_point`.
int cpu_quota(std::string_view membership, const std::string& mount_point);

}  // namespace tegula::detail
