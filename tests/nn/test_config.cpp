// Config, whatever its depth, its size and the memory there is.

#include <doctest/doctest.h>

#include <ctime>
#include <functional>
#include <new>
#include <string>

#include "src/io/json.hpp"
#include "tegula/nn/config.hpp"
#include "tegula/nn/logs.hpp"
#include "tests/support/allocation_counter.hpp"

using namespace tegula;
using nn::Config;

namespace {

using Wrap = std::function<Config(Config)>;

const std::vector<std::pair<const char*, Wrap>>& ways_to_nest() {
  static const std::vector<std::pair<const char*, Wrap>> ways = {
      {"list", [](Config inner) { return Config::List{std::move(inner)}; }},
      {"object",
       [](Config inner) {
         return Config::Object{{"key", std::move(inner)}};
       }},
      {"set",
       [](Config inner) {
         Config outer;
         outer.set("key", std::move(inner));
         return outer;
       }},
      {"replaced",
       [](Config inner) {
         Config outer = Config::object({{"key", 1}});
         outer.set("key", std::move(inner));
         return outer;
       }},
  };
  return ways;
}

/// Of the processor, which other processes do not slow down.
template <typename Work>
double seconds_of(Work&& work) {
  const std::clock_t start = std::clock();
  work();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

}  // namespace

TEST_CASE("a configuration of more levels than the limit is refused where it is made") {
  for (const auto& [name, wrap] : ways_to_nest()) {
    CAPTURE(name);
    Config config = 1;
    for (std::size_t level = 0; level < nn::kMaxConfigDepth; ++level) config = wrap(config);
    const Config same = config;
    CHECK(same == config);
    CHECK(io::parse_json(io::to_json(config), "text") == config);
    CHECK_THROWS_WITH_AS(
        wrap(config),
        "a configuration has more than 64 levels of lists and objects within each other",
        InvalidArgument);
    CHECK(same == config);
  }
}

TEST_CASE("the JSON of a configuration is indented, and reads back as the same") {
  const Config config =
      Config::object({{"text", "a\"\\\n\x01é"},
                      {"numbers", Config::List{1, -2.5, 1e300, 1e-7, 100000.0}},
                      {"empty", Config::List{Config::List{}, Config::Object{}}},
                      {"nested", Config::object({{"yes", true}, {"no", nullptr}})}});
  const std::string text = io::to_json(config);
  CHECK(text ==
        "{\n"
        "  \"text\": \"a\\\"\\\\\\n\\u0001é\",\n"
        "  \"numbers\": [\n    1,\n    -2.5,\n    1e+300,\n    1e-07,\n    1e+05\n  ],\n"
        "  \"empty\": [\n    [],\n    {}\n  ],\n"
        "  \"nested\": {\n    \"yes\": true,\n    \"no\": null\n  }\n"
        "}\n");
  CHECK(io::parse_json(text, "text") == config);
  for (const Config& broken : {Config("\xff"), Config::object({{"\xff", 1}})}) {
    CHECK_THROWS_WITH_AS(io::to_json(broken), "a name or text to be saved is not valid UTF-8",
                         InvalidArgument);
  }
}

TEST_CASE("a copy for which there is no memory is an exception and leaves nothing behind" *
          doctest::skip(!test::counts_allocations())) {
  const std::string text = "a text that is too long for a string without memory of its own";
  const Config config = Config::object(
      {{"list", Config::List{text, Config::object({{text, text}}), 2.5}}, {text, nullptr}});
  bool reached = true;
  for (std::int64_t n = 1; reached; ++n) {
    CAPTURE(n);
    const std::int64_t live = test::live_allocations();
    Config assigned = 1;
    try {
      const test::FailingAllocation failing(n, false);
      try {
        const Config copy = config;
        assigned = copy;
        reached = failing.reached();
      } catch (const std::bad_alloc&) {
        reached = failing.reached();
      }
    } catch (const std::bad_alloc&) {
    }
    CHECK((assigned == config || assigned == Config(1)));
    CHECK(reached == (assigned == Config(1)));
    assigned = 1;
    CHECK(test::live_allocations() == live);
  }
}

TEST_CASE("the keys of long objects are set in linear time, in order, each once") {
  constexpr int kKeys = 40'000;
  const auto key = [](int i) { return "key " + std::to_string(i); };
  Config config;
  const double seconds = seconds_of([&] {
    for (int round = 0; round < 2; ++round) {
      for (int i = 0; i < kKeys; ++i) config.set(key(i), i + round);
    }
    const Config read = io::parse_json(io::to_json(config), "text");
    CHECK((read == config));
  });
  CHECK(seconds < 1);
  const Config::Object& entries = config.as_object();
  REQUIRE(entries.size() == kKeys);
  CHECK((entries[7] == Config::Entry(key(7), 8)));
  CHECK((entries[kKeys - 1] == Config::Entry(key(kKeys - 1), kKeys)));
  Config copy = config;
  copy.set(key(3), "changed");
  copy.set("another", "added");
  CHECK(copy.as_object().size() == kKeys + 1);
  CHECK(copy.as_object()[3].second.as_string() == "changed");
  CHECK(config.as_object()[3].second.as_integer() == 4);
}

TEST_CASE("the names of long logs are set in linear time, in order, each once") {
  constexpr int kNames = 40'000;
  const auto name = [](int i) { return "metric " + std::to_string(i); };
  nn::Logs logs;
  const double seconds = seconds_of([&] {
    for (int round = 0; round < 2; ++round) {
      for (int i = 0; i < kNames; ++i) logs.set(name(i), i + round);
    }
  });
  CHECK(seconds < 1);
  CHECK(std::distance(logs.begin(), logs.end()) == kNames);
  CHECK(std::next(logs.begin(), 7)->first == name(7));
  CHECK(logs.at(name(7)) == 8);
  nn::Logs copy = logs;
  copy.set(name(7), 0);
  CHECK(copy.at(name(7)) == 0);
  CHECK(logs.at(name(7)) == 8);
  logs = nn::Logs();
  logs.set(name(7), 1);
  CHECK(std::distance(logs.begin(), logs.end()) == 1);
}
