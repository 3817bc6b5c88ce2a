// Inputs that a recursive or quadratic parser would not survive.
#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "tests/fuzz/targets.hpp"

using namespace tegula;

namespace {

std::string repeated(std::string_view text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

/// `piece(i)` for each i, with nothing between.
template <typename Piece>
std::string numbered(int count, const Piece& piece) {
  std::string result;
  for (int i = 0; i < count; ++i) result += piece(std::to_string(i));
  return result;
}

std::string safetensors_file(const std::string& header) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(header.size() >> shift);
  return bytes + header;
}

}  // namespace

TEST_CASE("parsers take a hundred thousand levels, keys, nodes and fields in seconds") {
  constexpr int kMany = 100'000;
  struct Row {
    const char* what;
    const fuzz::Target& target;
    std::string input;
  };
  const auto chain = [](const std::string& i) { return "%n" + i + "x = neg %n" + i + "\n"; };
  const std::string keys = numbered(
      kMany, [](const std::string& i) { return (i == "0" ? "\"" : ",\"") + i + "\":\"\""; });
  const Row rows[] = {
      {"lists in JSON", fuzz::json, repeated("[", kMany)},
      {"objects in JSON", fuzz::json, repeated("{\"a\":", kMany)},
      {"keys in JSON", fuzz::json, "{" + keys + "}"},
      {"elements in JSON", fuzz::json, "[" + repeated("1,", kMany) + "1]"},
      {"lists in a header", fuzz::safetensors, safetensors_file("{\"a\":" + repeated("[", kMany))},
      {"texts in a header", fuzz::safetensors,
       safetensors_file("{\"__metadata__\":{" + keys + "}}")},
      {"nodes", fuzz::graph_text,
       numbered(kMany, [](const std::string& i) { return "%n" + i + " = placeholder f32[4]\n"; }) +
           numbered(kMany, chain)},
      {"inputs of a node", fuzz::graph_text,
       "%x = placeholder f32[4]\n%c = concat %x" + repeated(", %x", kMany) +
           " {axis=0}\nfetch %c\n"},
      {"fetches", fuzz::graph_text,
       "%x = placeholder f32[4]\nfetch %x" + repeated(", %x", kMany) + "\n"},
      {"attributes", fuzz::graph_text,
       "%x = placeholder f32[4]\n%y = neg %x {" + repeated("a=1, ", kMany) + "a=1}\n"},
      {"clusters in clusters", fuzz::attributes, "i" + repeated("{%1 = cluster {cluster=", kMany)},
      {"columns", fuzz::csv, "\1a" + repeated(",a", kMany) + "\n1" + repeated(",1", kMany) + "\n"},
      {"quoted fields", fuzz::csv, repeated("\"\"\"\",", kMany)},
      {"fields of a path", fuzz::format_path, repeated("{epoch:03d}", kMany)},
      {"open fields of a path", fuzz::format_path, repeated("{", kMany)},
      {"dimensions", fuzz::objects, "{\"shape\": [" + repeated("1, ", kMany) + "1]}"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const auto begin = std::chrono::steady_clock::now();
    CHECK_NOTHROW(fuzz::run(row.target, row.input));
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    CHECK(taken.count() < 20);  // a quadratic parser takes minutes
  }
}
