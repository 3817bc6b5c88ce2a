#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "src/core/file_calls.hpp"
#include "src/core/input_file.hpp"
#include "src/core/temporary.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/file.hpp"

namespace tegula {

namespace {

namespace fs = std::filesystem;
namespace calls = detail::calls;
using detail::Descriptor;
using detail::Temporary;
using detail::TemporaryKind;
using detail::throw_io_error;

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

/// Makes the names in a folder survive a loss of power. Returns 0 or the error number.
int flush_folder(const std::string& folder) {
  const Descriptor descriptor(calls::open(folder, O_RDONLY | O_DIRECTORY));
  return descriptor.valid() && calls::flush(descriptor.get()) == 0 ? 0 : errno;
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

/// Writes and flushes; the descriptor stays open, and with it the lock that it may hold.
void write_all(int descriptor, Pieces contents, const std::string& path) {
  for (std::string_view piece : contents) {
    while (!piece.empty()) {
      const ssize_t count = calls::write(descriptor, piece);
      if (count >= 0) {
        piece.remove_prefix(static_cast<std::size_t>(count));
      } else if (errno != EINTR) {
        throw_io_error("write", path, errno);
      }
    }
  }
  if (calls::flush(descriptor) != 0) throw_io_error("write", path, errno);
}

void write_new_file(const std::string& path, Pieces contents) {
  const Descriptor file(calls::open(path, O_WRONLY | O_CREAT | O_EXCL, 0666));
  if (!file.valid()) throw_io_error("write", path, errno);
  write_all(file.get(), contents, path);
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

/// Why the folder at `path` is no earlier version; empty when it is one.
std::string difference(const std::string& path, TemporaryKind kind,
                       const RecognizesVersion& is_earlier_version) {
  const auto held = calls::names_in(path);
  if (!held && errno == ENOENT) return "is gone";
  if (!held) throw_io_error("read", path, errno);
  if (held->empty()) return "";
  for (const std::string& name : *held) {
    if (std::ranges::find(kind.names, name) != kind.names.end()) continue;
    return "holds \"" + name + "\", which is not part of a saved version";
  }
  const std::string& marker = kind.names.front();
  if (std::ranges::find(*held, marker) == held->end()) return "holds no \"" + marker + "\"";
  if (is_earlier_version(path + "/" + marker)) return "";
  return "holds a \"" + marker + "\" that is of something else";
}

/// Whether there is a folder to replace; throws InvalidArgument when it must not be replaced.
bool may_replace(const std::string& path, TemporaryKind kind,
                 const RecognizesVersion& is_earlier_version) {
  for (;;) {
    const Descriptor folder(calls::open(path, O_RDONLY | O_DIRECTORY));
    if (!folder.valid() && errno == ENOENT) return false;
    if (!folder.valid() && errno == ENOTDIR) {
      throw InvalidArgument("\"" + path +
                            "\" exists and is not a folder; expected a new path or an "
                            "earlier saved folder");
    }
    if (!folder.valid()) throw_io_error("open", path, errno);
    const std::string why = difference(path, kind, is_earlier_version);
    if (why.empty()) return true;
    // What another writer has replaced meanwhile may be half removed.
    if (!detail::is_at(folder, path)) continue;
    throw InvalidArgument("the folder \"" + path + "\" " + why +
                          "; it is not replaced, so choose another path or empty it first");
  }
}

/// Why a folder cannot be renamed to a name that has one by now.
bool is_occupied(int error) { return error == EEXIST || error == ENOTEMPTY; }

/// For file systems that cannot swap: the old folder steps aside for a moment and is then one of
/// `old`. False when another writer was quicker.
bool step_aside(const std::string& target, Temporary& replacement, std::vector<std::string>& old) {
  const std::string aside = detail::aside_name(target);
  if (calls::rename(target, aside) != 0) {
    if (errno == ENOENT) return false;
    throw_io_error("replace", target, errno);
  }
  const int error = calls::rename(replacement.path(), target) == 0 ? 0 : errno;
  if (error == 0 || is_occupied(error)) {
    old.push_back(aside);
    return error == 0;
  }
  if (calls::rename(aside, target) != 0) {
    throw IoError("cannot replace \"" + target + "\": " + std::generic_category().message(error) +
                  "; its old contents are now in \"" + aside + "\"");
  }
  throw_io_error("replace", target, error);
}

/// Puts `replacement` where the target is or shall be, and returns the paths of the versions that
/// had that place. Every attempt is lost to another writer that did the same.
std::vector<std::string> put_into_place(const std::string& target, Temporary& replacement,
                                        TemporaryKind kind,
                                        const RecognizesVersion& is_earlier_version) {
  constexpr int kAttempts = 1000;
  std::vector<std::string> old;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (!may_replace(target, kind, is_earlier_version)) {
      if (calls::rename(replacement.path(), target) == 0) return old;
      if (!is_occupied(errno)) throw_io_error("write", target, errno);
    } else if (calls::exchange(replacement.path(), target) == 0) {
      old.push_back(replacement.path());
      return old;
    } else if (errno == ENOSYS || errno == EINVAL) {
      if (step_aside(target, replacement, old)) return old;
    } else if (errno != ENOENT) {
      throw_io_error("replace", target, errno);
    }
  }
  throw IoError("cannot write \"" + target + "\": other writers replace it all the time");
}

}  // namespace

void write_file_atomically(const std::string& path, Pieces contents) {
  const std::string target = resolve(path);
  struct stat old {};
  const bool exists = ::stat(target.c_str(), &old) == 0;
  if (exists && S_ISDIR(old.st_mode)) throw_io_error("write", path, EISDIR);
  detail::remove_abandoned(target, {});
  Temporary temporary(target, {});
  // A file that its owner has closed to others stays closed.
  if (exists && calls::set_mode(temporary.descriptor(), old.st_mode & 0777) != 0) {
    throw_io_error("write", path, errno);
  }
  write_all(temporary.descriptor(), contents, path);
  if (calls::rename(temporary.path(), target) != 0) throw_io_error("replace", path, errno);
  temporary.keep();
  flush_parent(target, "");
}

void write_file_atomically(const std::string& path, std::string_view contents) {
  write_file_atomically(path, Pieces(&contents, 1));
}

void write_folder_atomically(const std::string& path, std::span<const FolderEntry> entries,
                             const RecognizesVersion& is_earlier_version) {
  check_names(entries);
  std::vector<std::string> names;
  for (const FolderEntry& entry : entries) names.push_back(entry.name);
  const TemporaryKind kind{true, names};
  const std::string target = resolve(path);
  may_replace(target, kind, is_earlier_version);
  std::error_code error;
  fs::create_directories(folder_of(target), error);
  if (error) throw_io_error("create", folder_of(target), error.value());
  detail::remove_abandoned(target, kind);
  Temporary temporary(target, kind);
  for (const FolderEntry& entry : entries) {
    write_new_file(temporary.path() + "/" + entry.name, entry.contents);
  }
  if (calls::flush(temporary.descriptor()) != 0) throw_io_error("write", path, errno);
  const std::vector<std::string> old = put_into_place(target, temporary, kind, is_earlier_version);
  temporary.keep();
  flush_parent(target, old.empty() ? "" : old.back());
  for (const std::string& version : old) {
    if (detail::remove_temporary(version, kind)) continue;
    throw IoError("\"" + path + "\" is written, but its previous version could not be removed: \"" +
                  version + "\" is left");
  }
  detail::remove_abandoned_versions(target, kind);
}

}  // namespace tegula
