// Patterns of paths that name the epoch and metrics.

#include <cmath>

#include "tegula/nn/callbacks.hpp"
#include "tests/fuzz/targets.hpp"

namespace tegula::fuzz {

namespace {

void run(std::string_view input) {
  nn::Logs logs;
  logs.set("loss", 0.25);
  logs.set("a", -1e300);
  logs.set("n", std::nan(""));
  logs.set("i", HUGE_VAL);
  const std::string pattern(input);
  const std::string path = nn::format_path(pattern, 7, 12, logs);
  if (input.find('{') == std::string_view::npos) {
    require(path == pattern, "a pattern without fields stays as it is");
  }
}

}  // namespace

const Target format_path = {"format_path", run};

}  // namespace tegula::fuzz
