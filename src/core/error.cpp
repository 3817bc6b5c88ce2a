#include "tegula/core/error.hpp"

#include <mutex>
#include <unordered_set>

#include "src/core/fork_safe.hpp"
#include "src/core/made_before_fork.hpp"

namespace tegula {

namespace {

/// File names are few and live as long as the process, because nodes and exceptions refer to them.
struct FileNames {
  detail::BriefMutex mutex;
  std::unordered_set<std::string> names;
};

FileNames& file_names() {
  static FileNames& known = *new FileNames;
  return known;
}

const detail::MadeBeforeFork kMadeBeforeFork([] { file_names(); });

const char* intern(std::string_view text) {
  FileNames& known = file_names();
  const std::lock_guard lock(known.mutex);
  return known.names.emplace(text).first->c_str();
}

}  // namespace

SourceLocation::SourceLocation(std::string_view file_name, std::uint32_t line_number)
    : file(intern(file_name)), line(line_number) {}

std::string SourceLocation::to_string() const {
  return known() ? std::string(file) + ":" + std::to_string(line) : std::string();
}

}  // namespace tegula
