#include "src/core/temporary.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <vector>

#include "src/core/file_calls.hpp"
#include "src/core/input_file.hpp"

namespace tegula::detail {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemporary = ".tmp-";
constexpr std::string_view kAside = ".old-";

/// Different for every call of every process; a process that died may have left it, though.
std::string beside(const std::string& path, std::string_view purpose) {
  static std::atomic<unsigned> counter{0};
  return path + std::string(purpose) + std::to_string(::getpid()) + "-" + std::to_string(counter++);
}

/// Whether `name` is what `beside` makes of `base`.
bool is_beside(std::string_view name, std::string_view base, std::string_view purpose) {
  if (!name.starts_with(base)) return false;
  name.remove_prefix(base.size());
  if (!name.starts_with(purpose)) return false;
  name.remove_prefix(purpose.size());
  const std::size_t dash = name.find('-');
  constexpr std::string_view kDigits = "0123456789";
  return dash != 0 && dash != std::string_view::npos && dash + 1 < name.size() &&
         name.find_first_not_of(kDigits) == dash &&
         name.find_first_not_of(kDigits, dash + 1) == std::string_view::npos;
}

bool is_of_kind(int descriptor, const std::string& path, TemporaryKind kind) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return false;
  if (!kind.is_folder) return S_ISREG(status.st_mode);
  if (!S_ISDIR(status.st_mode)) return false;
  const auto held = calls::names_in(path);
  return held && std::ranges::all_of(*held, [&](const std::string& name) {
           return std::ranges::find(kind.names, name) != kind.names.end();
         });
}

/// Paths of the files in a temporary folder.
std::vector<std::string> files_of(const std::string& path, TemporaryKind kind) {
  std::vector<std::string> files;
  for (const std::string& name : kind.names) files.push_back(path + "/" + name);
  return files;
}

bool remove_all(const std::string& path, TemporaryKind kind, std::span<const std::string> files) {
  if (!kind.is_folder) return calls::remove_file(path) == 0 || errno == ENOENT;
  for (const std::string& file : files) {
    if (calls::remove_file(file) != 0 && errno != ENOENT) return false;
  }
  return calls::remove_folder(path) == 0 || errno == ENOENT;
}

/// Removes what killed processes left of `target` under names with this purpose.
void remove_left(const std::string& target, TemporaryKind kind, std::string_view purpose) {
  const fs::path path(target);
  const std::string parent = path.has_parent_path() ? path.parent_path().string() : ".";
  const std::string base = path.filename().string();
  for (const std::string& name : calls::names_in(parent).value_or(std::vector<std::string>())) {
    if (!is_beside(name, base, purpose)) continue;
    const std::string left = (path.parent_path() / name).string();
    const Descriptor opened(calls::open(left, O_RDONLY | O_NOFOLLOW));
    if (!opened.valid() || calls::lock(opened.get()) != 0) continue;
    if (is_at(opened, left) && is_of_kind(opened.get(), left, kind)) {
      remove_temporary(left, kind);
    }
  }
}

}  // namespace

Temporary::Temporary(const std::string& target, TemporaryKind kind) : kind_(kind) {
  while (!create(target)) {
  }
}

/// False when that name is somebody else's.
bool Temporary::create(const std::string& target) {
  path_ = beside(target, kTemporary);
  files_ = files_of(path_, kind_);
  if (kind_.is_folder && calls::make_folder(path_) != 0) {
    if (errno == EEXIST) return false;
    throw_io_error("write", target, errno);
  }
  const int flags = kind_.is_folder ? O_RDONLY | O_DIRECTORY : O_WRONLY | O_CREAT | O_EXCL;
  descriptor_ = Descriptor(calls::open(path_, flags, 0666));
  if (!descriptor_.valid()) {
    const int error = errno;
    if (kind_.is_folder) calls::remove_folder(path_);
    if (error == (kind_.is_folder ? ENOENT : EEXIST)) return false;
    throw_io_error("write", target, error);
  }
  // Another writer may take it for abandoned until the lock is held. File systems without locks
  // let nobody take it so.
  if (calls::lock(descriptor_.get()) != 0 && errno == EWOULDBLOCK) return false;
  return is_at(descriptor_, path_);
}

Temporary::~Temporary() {
  if (!kept_) remove_all(path_, kind_, files_);  // takes no memory, of which there may be none
}

std::string aside_name(const std::string& path) { return beside(path, kAside); }

bool remove_temporary(const std::string& path, TemporaryKind kind) {
  return remove_all(path, kind, files_of(path, kind));
}

void remove_abandoned(const std::string& target, TemporaryKind kind) {
  remove_left(target, kind, kTemporary);
}

void remove_abandoned_versions(const std::string& target, TemporaryKind kind) {
  remove_left(target, kind, kAside);
}

}  // namespace tegula::detail
