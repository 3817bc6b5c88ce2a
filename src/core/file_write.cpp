#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "src/core/file_faults.hpp"
#include "src/core/input_file.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/file.hpp"

namespace tegula {

namespace {

namespace fs = std::filesystem;
using detail::throw_io_error;

// The file operations below can each be made to fail by a test.
constexpr int kNoFault = -1;
std::atomic<int> operations_before_fault{kNoFault};
std::atomic<bool> fault_is_forever{false};
std::atomic<bool> fault_struck{false};
std::atomic<bool> exchange_supported{true};

/// Whether the operation about to happen is the one that a test wants to see fail.
bool faulty() {
  if (operations_before_fault.load(std::memory_order_relaxed) == kNoFault) return false;
  if (fault_struck && !fault_is_forever) return false;
  if (!fault_struck && operations_before_fault-- > 0) return false;
  operations_before_fault = 0;
  fault_struck = true;
  errno = EIO;
  return true;
}

ssize_t write_some(int descriptor, std::string_view bytes) {
  if (faulty()) {
    const ssize_t ignored = ::write(descriptor, bytes.data(), bytes.size() / 2);
    static_cast<void>(ignored);
    errno = EIO;
    return -1;
  }
  return ::write(descriptor, bytes.data(), bytes.size());
}

int create_file(const std::string& path, mode_t mode) {
  return faulty() ? -1 : ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
}

int create_folder(const std::string& path) { return faulty() ? -1 : ::mkdir(path.c_str(), 0777); }

int flush(int descriptor) { return faulty() ? -1 : ::fsync(descriptor); }

int rename_path(const std::string& from, const std::string& to) {
  return faulty() ? -1 : std::rename(from.c_str(), to.c_str());
}

/// Swaps two paths in one step; fails with ENOSYS or EINVAL where that is not possible.
int exchange_paths([[maybe_unused]] const std::string& a, [[maybe_unused]] const std::string& b) {
  if (faulty()) return -1;
#if defined(RENAME_EXCHANGE)
  if (exchange_supported) {
    return ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE);
  }
#endif
  errno = ENOSYS;
  return -1;
}

/// Removes a file or a whole folder; true when nothing is left.
bool remove_path(const std::string& path) {
  if (faulty()) return false;
  std::error_code error;
  fs::remove_all(path, error);
  return !error;
}

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }
  void set(int value) { value_ = value; }
  /// Network file systems report the failure of earlier writes here.
  int close() { return ::close(std::exchange(value_, -1)); }

 private:
  int value_;
};

/// Removes what it names when it goes out of scope, unless that was renamed into place.
class Temporary {
 public:
  explicit Temporary(std::string path) : path_(std::move(path)) {}
  ~Temporary() {
    if (!kept_) remove_path(path_);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  const std::string& path() const { return path_; }
  void keep() { kept_ = true; }

 private:
  std::string path_;
  bool kept_ = false;
};

/// Where the bytes really go: symbolic links are followed, so that saving keeps them, and a
/// trailing slash is dropped. Throws InvalidArgument for a path without a name.
std::string resolve(const std::string& path) {
  std::error_code error;
  fs::path target = path;
  if (!target.has_filename()) target = target.parent_path();
  if (fs::is_symlink(target, error)) {
    target = fs::weakly_canonical(target, error);
    if (error) throw_io_error("resolve", path, error.value());
  }
  if (target.filename().empty() || target.filename() == "." || target.filename() == "..") {
    throw InvalidArgument("\"" + path + "\" does not name a file or folder to write");
  }
  return target.string();
}

std::string folder_of(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

/// A name beside `path`, so on the same file system; different for every call of every process.
std::string beside(const std::string& path, const char* purpose) {
  static std::atomic<unsigned> counter{0};
  return path + "." + purpose + "-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
}

/// Calls `create` on names beside `path` until one is new: a process that died may have left some.
template <typename Create>
std::string create_beside(const std::string& path, Create create) {
  for (;;) {
    std::string name = beside(path, "tmp");
    if (create(name) >= 0) return name;
    if (errno != EEXIST) throw_io_error("write", path, errno);
  }
}

/// Makes the names in a folder survive a loss of power. Returns 0 or the error number.
int flush_folder(const std::string& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return descriptor.get() < 0 || flush(descriptor.get()) != 0 ? errno : 0;
}

/// The last step of a writer. After a failure the new version is in place, but a loss of power may
/// bring back the old one, which therefore is not removed.
void flush_parent(const std::string& target, const std::string& old) {
  const int error = flush_folder(folder_of(target));
  if (error == 0) return;
  throw IoError("\"" + target +
                "\" is written, but may not survive a loss of power: cannot flush \"" +
                folder_of(target) + "\": " + std::generic_category().message(error) +
                (old.empty() ? "" : "; its previous version is left in \"" + old + "\""));
}

void write_and_close(Descriptor& file, Pieces contents, const std::string& path) {
  for (std::string_view piece : contents) {
    while (!piece.empty()) {
      const ssize_t count = write_some(file.get(), piece);
      if (count >= 0) {
        piece.remove_prefix(static_cast<std::size_t>(count));
      } else if (errno != EINTR) {
        throw_io_error("write", path, errno);
      }
    }
  }
  if (flush(file.get()) != 0 || file.close() != 0) throw_io_error("write", path, errno);
}

void write_new_file(const std::string& path, Pieces contents) {
  Descriptor file(create_file(path, 0666));
  if (file.get() < 0) throw_io_error("write", path, errno);
  write_and_close(file, contents, path);
}

void check_names(std::span<const FolderEntry> entries) {
  if (entries.empty()) throw InvalidArgument("a folder to write needs at least one file");
  for (const FolderEntry& entry : entries) {
    if (entry.name.empty() || entry.name == "." || entry.name == ".." ||
        entry.name.find('/') != std::string::npos) {
      throw InvalidArgument("\"" + entry.name + "\" is not a plain file name");
    }
  }
}

/// Whether there is a folder to replace; throws InvalidArgument when it must not be replaced.
bool may_replace(const std::string& path, const std::string& marker) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return false;
  if (!fs::is_directory(status)) {
    throw InvalidArgument("\"" + path +
                          "\" exists and is not a folder; expected a new path or an "
                          "earlier saved folder");
  }
  if (!fs::is_empty(path, error) && !fs::exists(fs::path(path) / marker, error)) {
    throw InvalidArgument("the folder \"" + path + "\" holds other files and no \"" + marker +
                          "\"; it is not replaced, so choose another path or empty it first");
  }
  return true;
}

/// For file systems that cannot swap: the old folder steps aside for a moment. Returns its new
/// path.
std::string step_aside(const std::string& target, Temporary& replacement) {
  std::string old = beside(target, "old");
  if (rename_path(target, old) != 0) throw_io_error("replace", target, errno);
  if (rename_path(replacement.path(), target) != 0) {
    const int error = errno;
    if (rename_path(old, target) != 0) {
      throw IoError("cannot replace \"" + target + "\": " + std::generic_category().message(error) +
                    "; its old contents are now in \"" + old + "\"");
    }
    throw_io_error("replace", target, error);
  }
  replacement.keep();
  return old;
}

/// Puts `replacement` where the old folder is and returns the path where the old one is now.
std::string swap_folders(const std::string& target, Temporary& replacement) {
  if (exchange_paths(replacement.path(), target) == 0) {
    replacement.keep();
    return replacement.path();
  }
  if (errno == ENOSYS || errno == EINVAL) return step_aside(target, replacement);
  throw_io_error("replace", target, errno);
}

}  // namespace

void detail::set_file_fault(int successes, Fault fault) {
  fault_struck = false;
  fault_is_forever = fault == Fault::forever;
  operations_before_fault = successes < 0 ? kNoFault : successes;
}

bool detail::file_fault_struck() { return fault_struck; }

void detail::set_exchange_supported(bool supported) { exchange_supported = supported; }

void write_file_atomically(const std::string& path, Pieces contents) {
  const std::string target = resolve(path);
  struct stat old {};
  const bool exists = ::stat(target.c_str(), &old) == 0;
  if (exists && S_ISDIR(old.st_mode)) throw_io_error("write", path, EISDIR);
  Descriptor file(-1);
  Temporary temporary(create_beside(target, [&](const std::string& name) {
    file.set(create_file(name, 0666));
    return file.get();
  }));
  // A file that its owner has closed to others stays closed.
  if (exists && ::fchmod(file.get(), old.st_mode & 0777) != 0) throw_io_error("write", path, errno);
  write_and_close(file, contents, path);
  if (rename_path(temporary.path(), target) != 0) throw_io_error("replace", path, errno);
  temporary.keep();
  flush_parent(target, "");
}

void write_file_atomically(const std::string& path, std::string_view contents) {
  write_file_atomically(path, Pieces(&contents, 1));
}

void write_folder_atomically(const std::string& path, std::span<const FolderEntry> entries) {
  check_names(entries);
  const std::string target = resolve(path);
  const bool replaces = may_replace(target, entries.front().name);
  std::error_code error;
  fs::create_directories(folder_of(target), error);
  if (error) throw_io_error("create", folder_of(target), error.value());
  Temporary temporary(create_beside(target, create_folder));
  for (const FolderEntry& entry : entries) {
    write_new_file(temporary.path() + "/" + entry.name, entry.contents);
  }
  if (const int failure = flush_folder(temporary.path()); failure != 0) {
    throw_io_error("write", path, failure);
  }
  std::string old;
  if (replaces) {
    old = swap_folders(target, temporary);
  } else if (rename_path(temporary.path(), target) == 0) {
    temporary.keep();
  } else {
    throw_io_error("write", path, errno);
  }
  flush_parent(target, old);
  if (!old.empty() && !remove_path(old)) {
    throw IoError("\"" + path + "\" is written, but its previous version could not be removed: \"" +
                  old + "\" is left");
  }
}

}  // namespace tegula
