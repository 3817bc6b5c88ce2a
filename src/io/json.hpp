#pragma once
// Configurations as JSON text. Private to src/io.

#include <string>
#include <string_view>

#include "tegula/nn/config.hpp"

namespace tegula::io {

/// The text as a JSON string. Throws InvalidArgument when it is not valid UTF-8.
std::string quoted(const std::string& text);

/// Indented JSON, keys in their order. Throws InvalidArgument for NaN and infinities, which JSON
/// does not have, for a key that stands twice, and for what is not valid UTF-8.
std::string to_json(const nn::Config& config);

/// Throws FormatError naming `source` and the position; nesting deeper than 64 levels is refused.
nn::Config parse_json(std::string_view text, const std::string& source);

}  // namespace tegula::io
