#include "tegula/core/error.hpp"

#include <mutex>
#include <unordered_set>

#include "src/core/fork_safe.hpp"

namespace tegula {

namespace {

/// File names are few and live as long as the process, because nodes and exceptions refer to them.
const char* intern(std::string_view text) {
  static detail::BriefMutex mutex;
  static std::unordered_set<std::string> names;
  std::lock_guard lock(mutex);
  return names.emplace(text).first->c_str();
}

}  // namespace

SourceLocation::SourceLocation(std::string_view file_name, std::uint32_t line_number)
    : file(intern(file_name)), line(line_number) {}

std::string SourceLocation::to_string() const {
  return known() ? std::string(file) + ":" + std::to_string(line) : std::string();
}

}  // namespace tegula
