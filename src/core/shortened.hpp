#pragma once
// Texts of unknown length in messages.

#include <cstddef>
#include <string>
#include <string_view>

namespace tegula::detail {

/// The text, or its first `max_bytes` and an ellipsis; a UTF-8 character is not cut in two.
inline std::string shortened(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return std::string(text);
  std::size_t end = max_bytes;
  const auto continues = [&] { return (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80; };
  while (end > 0 && continues()) --end;
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace tegula::detail
