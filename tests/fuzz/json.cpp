// Configurations as JSON.

#include "src/io/json.hpp"

#include "tests/fuzz/targets.hpp"

namespace tegula::fuzz {

namespace {

void run(std::string_view input) {
  const nn::Config config = io::parse_json(input, "input");
  const std::string text = io::to_json(config);
  require(io::parse_json(text, "text") == config, "JSON reads back as its configuration");
  require(io::parse_json(config.to_string(), "text") == config, "so does the compact form");
}

}  // namespace

const Target json = {"json", run, mutate_json};

}  // namespace tegula::fuzz
