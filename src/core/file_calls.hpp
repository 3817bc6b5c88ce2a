#pragma once
// The system calls of the atomic writers. They return and set errno as the calls that they are
// named after; a test can let each of them fail (file_faults.hpp).

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tegula::detail::calls {

/// open(2), close-on-exec and never waiting for a pipe's other end.
int open(const std::string& path, int flags, mode_t mode = 0);
int make_folder(const std::string& path);
/// flock(2), exclusive; fails at once when somebody else holds the lock.
int lock(int descriptor);
int set_mode(int descriptor, mode_t mode);
/// A write that fails writes half of its bytes first.
ssize_t write(int descriptor, std::string_view bytes);
int flush(int descriptor);
int rename(const std::string& from, const std::string& to);
/// Swaps two paths in one step; fails with ENOSYS or EINVAL where the file system cannot do that.
int exchange(const std::string& a, const std::string& b);
int remove_file(const std::string& path);
int remove_folder(const std::string& path);
/// The names in a folder; nothing when it cannot be read.
std::optional<std::vector<std::string>> names_in(const std::string& folder);

}  // namespace tegula::detail::calls
