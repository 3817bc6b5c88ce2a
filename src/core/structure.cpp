#include "tegula/core/structure.hpp"

#include "src/core/similar_names.hpp"

namespace tegula::detail {

void throw_not_one(std::size_t count) {
  throw InvalidArgument(
      "expected one item, got " +
      (count == 0 ? std::string("none") : "a structure of " + std::to_string(count)));
}

void throw_no_item(std::size_t index, std::size_t count) {
  throw InvalidArgument("there is no item " + std::to_string(index) + " in a structure of " +
                        std::to_string(count));
}

void throw_no_item(std::string_view name, const std::vector<std::string>& names) {
  throw NotFound("there is no item \"" + std::string(name) + "\"" + did_you_mean(name, names));
}

}  // namespace tegula::detail
