#pragma once
// Texts of unknown length in messages.

#include <cstddef>
#include <string>
#include <string_view>

namespace tegula::detail {

/// The text, or `max_bytes` of its two ends around an ellipsis; a UTF-8 character is not cut.
inline std::string shortened(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return std::string(text);
  const auto continues = [text](std::size_t place) {
    return (static_cast<unsigned char>(text[place]) & 0xC0) == 0x80;
  };
  std::size_t head = max_bytes / 2;
  std::size_t tail = text.size() - max_bytes / 2;
  constexpr int kMaxContinuing = 3;  // bytes after a character's first
  for (int i = 0; i < kMaxContinuing && head > 0 && continues(head); ++i) --head;
  for (int i = 0; i < kMaxContinuing && tail < text.size() && continues(tail); ++i) ++tail;
  return std::string(text.substr(0, head)) + " […] " + std::string(text.substr(tail));
}

}  // namespace tegula::detail
