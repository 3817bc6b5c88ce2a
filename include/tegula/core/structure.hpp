#pragma once
// One thing, a list of them, or named ones: what layers, models and losses take and give.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/core/tensor.hpp"

namespace tegula {

/// What the items of a structure are to each other.
enum class StructureKind { one, list, named };

namespace detail {
[[noreturn]] TEGULA_API void throw_not_one(std::size_t count);
[[noreturn]] TEGULA_API void throw_no_item(std::size_t index, std::size_t count);
[[noreturn]] TEGULA_API void throw_no_item(std::string_view name,
                                           const std::vector<std::string>& names);
}  // namespace detail

/// Items in a fixed order: one, a list, or named ones (in the order given). Default constructed: an
/// empty list.
template <typename T>
class Structure {
 public:
  Structure() = default;
  /// One item, from whatever converts to it.
  template <std::convertible_to<T> From>
  requires(!std::derived_from<std::remove_cvref_t<From>, Structure>)
      Structure(From&& one)  // NOLINT: implicit by design
      : items_{static_cast<T>(std::forward<From>(one))}, kind_(StructureKind::one) {}
  Structure(std::vector<T> list) : items_(std::move(list)) {}  // NOLINT: implicit by design
  Structure(std::initializer_list<T> list) : items_(list) {}   // NOLINT: implicit by design

  /// Throws InvalidArgument for a name that comes twice.
  static Structure named(std::vector<std::string> names, std::vector<T> items) {
    Structure result(std::move(items));
    result.kind_ = StructureKind::named;
    result.names_ = std::move(names);
    for (std::size_t i = 0; i < result.names_.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (result.names_[i] == result.names_[j]) {
          throw InvalidArgument("two items are named \"" + result.names_[i] + "\"");
        }
      }
    }
    return result;
  }

  StructureKind kind() const { return kind_; }
  bool is_one() const { return kind_ == StructureKind::one; }
  bool is_named() const { return kind_ == StructureKind::named; }
  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  const std::vector<T>& items() const { return items_; }
  /// One per item; empty unless they are named.
  const std::vector<std::string>& names() const { return names_; }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }

  /// The only item. Throws InvalidArgument when there are several or none.
  const T& one() const {
    if (items_.size() != 1) detail::throw_not_one(items_.size());
    return items_.front();
  }
  operator const T&() const { return one(); }  // NOLINT: implicit by design
  const T* operator->() const { return &one(); }
  /// Throws InvalidArgument when there is no such item.
  const T& operator[](std::size_t index) const {
    if (index >= items_.size()) detail::throw_no_item(index, items_.size());
    return items_[index];
  }
  /// Throws NotFound, with the names that there are.
  const T& at(std::string_view name) const {
    const auto found = std::ranges::find(names_, name);
    if (found == names_.end()) detail::throw_no_item(name, names_);
    return items_[static_cast<std::size_t>(found - names_.begin())];
  }

  /// The items of these names, in their order. Throws NotFound as `at`.
  std::vector<T> ordered(const std::vector<std::string>& names) const {
    std::vector<T> items;
    items.reserve(names.size());
    for (const std::string& name : names) items.push_back(at(name));
    return items;
  }

  /// Other items in the same structure. Throws InvalidArgument for another number of them.
  template <typename U>
  Structure<U> with(std::vector<U> items) const {
    if (items.size() != items_.size()) detail::throw_no_item(items.size(), items_.size());
    if (kind_ == StructureKind::named) return Structure<U>::named(names_, std::move(items));
    if (kind_ == StructureKind::one) return Structure<U>(std::move(items.front()));
    return Structure<U>(std::move(items));
  }
  /// What `function` makes of each item, in the same structure.
  template <typename Function>
  auto map(Function&& function) const {
    std::vector<std::decay_t<std::invoke_result_t<Function&, const T&>>> results;
    results.reserve(items_.size());
    for (const T& item : items_) results.push_back(function(item));
    return with(std::move(results));
  }

  bool operator==(const Structure&) const = default;

 private:
  std::vector<T> items_;
  std::vector<std::string> names_;
  StructureKind kind_ = StructureKind::list;
};

using Tensors = Structure<Tensor>;

}  // namespace tegula
