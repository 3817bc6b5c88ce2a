#pragma once
// A size per spatial axis, as an option: one number for all axes, or a list.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "tegula/nn/fields.hpp"

namespace tegula::nn {

/// One number, or one per axis. Default constructed: none.
struct Sizes {
  std::vector<std::int64_t> values;
  /// Whether its config is one number, not a list.
  bool one = false;

  Sizes() = default;
  Sizes(int size) : values{size} {}                                    // NOLINT: implicit by design
  Sizes(std::int64_t size) : values{size} {}                           // NOLINT
  Sizes(std::initializer_list<std::int64_t> sizes) : values(sizes) {}  // NOLINT
  Sizes(std::vector<std::int64_t> sizes) : values(std::move(sizes)) {}  // NOLINT

  /// One number per axis. Throws InvalidArgument for another number of them, or one below `least`.
  TEGULA_API Sizes expanded(int axes, std::int64_t least, std::string_view owner,
                            std::string_view name) const;
  bool operator==(const Sizes&) const = default;
};
inline std::string type_name(const Sizes&) { return "int or list"; }
/// A list; null for none.
TEGULA_API Config to_config(const Sizes& sizes);
TEGULA_API void from_config(const Config& config, Sizes& sizes);

/// Numbers before and after each spatial axis, as an option: one for all, one per axis, or a pair
/// per axis.
struct Margins {
  std::vector<std::int64_t> before;
  std::vector<std::int64_t> after;

  Margins() = default;
  Margins(int size) : Margins(std::vector<std::int64_t>{size}) {}                       // NOLINT
  Margins(std::vector<std::int64_t> sizes) : before(sizes), after(std::move(sizes)) {}  // NOLINT
  Margins(std::vector<std::int64_t> first, std::vector<std::int64_t> last)
      : before(std::move(first)), after(std::move(last)) {}

  /// A pair per axis. Throws InvalidArgument for another number of them, or negative ones.
  TEGULA_API Margins expanded(int axes, std::string_view owner, std::string_view name) const;
  bool operator==(const Margins&) const = default;
};
inline std::string type_name(const Margins&) { return "int or list"; }
/// A list of pairs; of one axis the pair.
TEGULA_API Config to_config(const Margins& margins);
TEGULA_API void from_config(const Config& config, Margins& margins);

}  // namespace tegula::nn
