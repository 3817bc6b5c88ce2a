#pragma once
// The parsers that are fuzzed: each takes any bytes and either accepts them or throws an Error.

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tegula::fuzz {

/// What a target throws when a property does not hold, such as that written text reads back.
class BrokenProperty : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Throws BrokenProperty that says `what` unless it holds.
void require(bool holds, std::string_view what);

/// A generator of small numbers, for mutations.
class Dice {
 public:
  explicit Dice(unsigned seed) : state_(seed * 2654435769u + 1) {}
  /// 0 to sides - 1.
  std::size_t operator()(std::size_t sides);

 private:
  std::uint64_t state_;
};

/// Changes a part of an input without any knowledge of its form.
using ChangeBytes = std::string (*)(std::string_view bytes, std::size_t max_bytes);

/// One parser. To add one, define it in tests/fuzz/<name>.cpp and name it here and in
/// test_corpus.cpp.
struct Target {
  std::string_view name;
  void (*run)(std::string_view input);
  /// Changes an input so that it stays well-formed where that pays; null when `change` alone
  /// serves.
  std::string (*mutate)(std::string_view input, std::size_t max_bytes, Dice& dice,
                        ChangeBytes change) = nullptr;
};

extern const Target attributes, csv, dlpack, format_path, graph_text, gzip, idx, json, mnist,
    objects, safetensors, saved_model;

std::string mutate_json(std::string_view input, std::size_t max_bytes, Dice& dice,
                        ChangeBytes change);
std::string mutate_safetensors(std::string_view input, std::size_t max_bytes, Dice& dice,
                               ChangeBytes change);

/// Runs the target; its Errors are what it is allowed to throw.
void run(const Target& target, std::string_view input);

/// An input of several files: what stands between lines of two dashes. As many parts as asked for,
/// the last ones empty when there are fewer.
std::vector<std::string> parts_of(std::string_view input, std::size_t count);
std::string join_parts(std::span<const std::string> parts);

}  // namespace tegula::fuzz
