#include "tests/fuzz/targets.hpp"

#include <algorithm>

#include "tegula/core/error.hpp"

namespace tegula::fuzz {

namespace {

constexpr std::string_view kBetweenParts = "\n--\n";

}  // namespace

void require(bool holds, std::string_view what) {
  if (!holds) throw BrokenProperty(std::string(what));
}

std::size_t Dice::operator()(std::size_t sides) {
  state_ = state_ * 6364136223846793005u + 1442695040888963407u;
  return static_cast<std::size_t>(state_ >> 33) % sides;
}

void run(const Target& target, std::string_view input) {
  try {
    target.run(input);
  } catch (const Error&) {
  }
}

std::vector<std::string> parts_of(std::string_view input, std::size_t count) {
  std::vector<std::string> parts;
  while (parts.size() + 1 < count) {
    const std::size_t end = std::min(input.find(kBetweenParts), input.size());
    parts.emplace_back(input.substr(0, end));
    input.remove_prefix(std::min(end + kBetweenParts.size(), input.size()));
  }
  parts.emplace_back(input);
  return parts;
}

std::string join_parts(std::span<const std::string> parts) {
  std::string input;
  for (const std::string& part : parts) {
    input += (&part == &parts.front() ? "" : kBetweenParts);
    input += part;
  }
  return input;
}

}  // namespace tegula::fuzz
