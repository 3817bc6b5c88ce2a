// Changes of safetensors files that keep the length of the header, and some that keep its form.

#include "tests/fuzz/targets.hpp"

namespace tegula::fuzz {

namespace {

constexpr std::size_t kLengthBytes = 8;

std::size_t header_bytes(std::string_view input) {
  std::size_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) {
    length = length << 8 | static_cast<unsigned char>(input[i]);
  }
  return length;
}

std::string with_length(std::string header) {
  std::string bytes;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    bytes += static_cast<char>(header.size() >> (8 * i));
  }
  return bytes + header;
}

}  // namespace

std::string mutate_safetensors(std::string_view input, std::size_t max_bytes, Dice& dice,
                               ChangeBytes change) {
  if (input.size() < kLengthBytes || header_bytes(input) > input.size() - kLengthBytes) {
    return change(input, max_bytes);
  }
  std::string header(input.substr(kLengthBytes, header_bytes(input)));
  std::string data(input.substr(kLengthBytes + header.size()));
  switch (dice(8)) {
    case 0:
      return change(input, max_bytes);
    case 1:
    case 2:
      data = change(data, max_bytes);
      break;
    case 3:
    case 4:
      header = change(header, max_bytes);
      break;
    default:
      header = mutate_json(header, max_bytes, dice, change);
  }
  std::string changed = with_length(std::move(header)) + data;
  return changed.size() <= max_bytes ? changed : std::string(input);
}

}  // namespace tegula::fuzz
