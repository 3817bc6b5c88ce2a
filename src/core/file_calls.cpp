#include "src/core/file_calls.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>

#include "src/core/file_faults.hpp"

namespace tegula::detail {

namespace {

constexpr int kNoFault = -1;
std::atomic<int> calls_before_fault{kNoFault};
std::atomic<bool> fault_is_forever{false};
std::atomic<bool> fault_struck{false};
std::atomic<bool> exchange_supported{true};

/// Whether the call about to happen is the one that a test wants to see fail.
bool faulty() {
  if (calls_before_fault.load(std::memory_order_relaxed) == kNoFault) return false;
  if (fault_struck && !fault_is_forever) return false;
  if (!fault_struck && calls_before_fault-- > 0) return false;
  calls_before_fault = 0;
  fault_struck = true;
  errno = EIO;
  return true;
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

void set_file_fault(int successes, Fault fault) {
  fault_struck = false;
  fault_is_forever = fault == Fault::forever;
  calls_before_fault = successes < 0 ? kNoFault : successes;
}

bool file_fault_struck() { return fault_struck; }

void set_exchange_supported(bool supported) { exchange_supported = supported; }

int calls::open(const std::string& path, int flags, mode_t mode) {
  return faulty() ? -1 : ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, mode);
}

int calls::make_folder(const std::string& path) {
  return faulty() ? -1 : ::mkdir(path.c_str(), 0777);
}

int calls::lock(int descriptor) { return faulty() ? -1 : ::flock(descriptor, LOCK_EX | LOCK_NB); }

int calls::set_mode(int descriptor, mode_t mode) {
  return faulty() ? -1 : ::fchmod(descriptor, mode);
}

ssize_t calls::write(int descriptor, std::string_view bytes) {
  if (!faulty()) return ::write(descriptor, bytes.data(), bytes.size());
  const ssize_t ignored = ::write(descriptor, bytes.data(), bytes.size() / 2);
  static_cast<void>(ignored);
  errno = EIO;
  return -1;
}

int calls::flush(int descriptor) { return faulty() ? -1 : ::fsync(descriptor); }

int calls::rename(const std::string& from, const std::string& to) {
  return faulty() ? -1 : std::rename(from.c_str(), to.c_str());
}

int calls::exchange([[maybe_unused]] const std::string& a, [[maybe_unused]] const std::string& b) {
  if (faulty()) return -1;
#if defined(RENAME_EXCHANGE)
  if (exchange_supported) {
    return ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE);
  }
#endif
  errno = ENOSYS;
  return -1;
}

int calls::remove_file(const std::string& path) { return faulty() ? -1 : ::unlink(path.c_str()); }

int calls::remove_folder(const std::string& path) { return faulty() ? -1 : ::rmdir(path.c_str()); }

// std::filesystem::directory_iterator ends the process where there is no memory for it.
std::optional<std::vector<std::string>> calls::names_in(const std::string& folder) {
  if (faulty()) return std::nullopt;
  const std::unique_ptr<DIR, CloseFolder> opened(::opendir(folder.c_str()));
  if (opened == nullptr) return std::nullopt;
  std::vector<std::string> names;
  for (errno = 0; const dirent* const entry = ::readdir(opened.get()); errno = 0) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return std::nullopt;
  return names;
}

}  // namespace tegula::detail
