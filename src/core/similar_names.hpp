#pragma once
// Suggestions for error messages about unknown names.

#include <span>
#include <string>
#include <string_view>

namespace tegula {

/// `; did you mean "dense", "dense_1"?` with up to three names within a small edit distance, or an
/// empty string.
std::string did_you_mean(std::string_view given, std::span<const std::string> known);

}  // namespace tegula
