#pragma once
// Finds entries of growing lists by name.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tegula::detail {

/// Where the names of a list stand to which entries are only appended: a short list is looked
/// through, a long one is hashed. A copy begins anew.
class NameIndex {
 public:
  NameIndex() = default;
  NameIndex(const NameIndex&) {}
  NameIndex(NameIndex&&) = default;
  NameIndex& operator=(const NameIndex&) {
    hashed_.reset();
    return *this;
  }
  NameIndex& operator=(NameIndex&&) = default;
  ~NameIndex() = default;

  /// Place of the first entry whose `first` is the name; `entries.size()` without one.
  template <typename Entries>
  std::size_t find(const Entries& entries, std::string_view name) {
    constexpr std::size_t kShort = 16;
    if (entries.size() <= kShort) {
      std::size_t place = 0;
      while (place < entries.size() && entries[place].first != name) ++place;
      return place;
    }
    if (!hashed_) hashed_ = std::make_unique<Hashed>();
    for (std::size_t& next = hashed_->next; next < entries.size(); ++next) {
      hashed_->places.emplace(entries[next].first, next);
    }
    const auto found = hashed_->places.find(name);
    return found == hashed_->places.end() ? entries.size() : found->second;
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>()(name);
    }
  };
  struct Hashed {
    std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> places;
    std::size_t next = 0;
  };

  std::unique_ptr<Hashed> hashed_;
};

}  // namespace tegula::detail
