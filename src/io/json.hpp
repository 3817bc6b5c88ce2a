#pragma once
// Configurations as JSON text. Private to src/io.

#include <string>
#include <string_view>

#include "tegula/nn/config.hpp"

namespace tegula::io {

/// Indented JSON, keys in their order. Throws InvalidArgument for NaN and infinities, which JSON
/// does not have.
std::string to_json(const nn::Config& config);

/// Throws FormatError naming `source` and the position; nesting deeper than 64 levels is refused.
nn::Config parse_json(std::string_view text, const std::string& source);

}  // namespace tegula::io
