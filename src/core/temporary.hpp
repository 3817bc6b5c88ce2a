#pragma once
// What the atomic writers make beside their target: found again, and removed, when a writer died.

#include <span>
#include <string>
#include <vector>

#include "src/core/descriptor.hpp"

namespace tegula::detail {

/// What a temporary is: a file, or a folder with files of these names, without which it would not
/// be removed.
struct TemporaryKind {
  bool is_folder = false;
  std::span<const std::string> names = {};
};

/// A new file or folder beside `target`, so on the same file system. It is locked while its writer
/// lives, and removed in the end unless it was renamed into place.
class Temporary {
 public:
  /// Throws IoError.
  Temporary(const std::string& target, TemporaryKind kind);
  ~Temporary();
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  const std::string& path() const { return path_; }
  int descriptor() const { return descriptor_.get(); }
  void keep() { kept_ = true; }

 private:
  bool create(const std::string& target);

  TemporaryKind kind_;
  std::string path_;
  std::vector<std::string> files_;
  Descriptor descriptor_;
  bool kept_ = false;
};

/// A name beside `path` for a version that steps aside for its successor.
std::string aside_name(const std::string& path);

/// True when nothing is left.
bool remove_temporary(const std::string& path, TemporaryKind kind);

/// Removes the temporaries of writers of `target` that were killed: their locks died with them.
void remove_abandoned(const std::string& target, TemporaryKind kind);
/// The same for versions that stepped aside: only for when `target` is in place.
void remove_abandoned_versions(const std::string& target, TemporaryKind kind);

}  // namespace tegula::detail
