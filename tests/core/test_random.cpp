// Philox against the known-answer vectors of the Random123 distribution, and the normals built on
// it.
#include <doctest/doctest.h>

#include <cmath>

#include "tegula/core/random.hpp"

using namespace tegula;

TEST_CASE("Philox4x32-10 gives Random123's known answers") {
  struct Case {
    std::array<std::uint32_t, 4> counter;
    std::array<std::uint32_t, 2> key;
    std::array<std::uint32_t, 4> answer;
  };
  const Case cases[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const Case& c : cases) {
    const RandomKey key{.seed = c.key[0] | std::uint64_t{c.key[1]} << 32,
                        .op_id = c.counter[1],
                        .step = c.counter[2] | std::uint64_t{c.counter[3]} << 32};
    CHECK(philox(key, c.counter[0]) == c.answer);
  }
}

TEST_CASE("uniforms cover [0, 1) and name their word") {
  CHECK(uniform_from_bits(0) == 0.0f);
  CHECK(uniform_from_bits(0xffffffff) == 1.0f - 0x1.0p-24f);
  const RandomKey key{.seed = 7, .op_id = 3, .step = 11};
  for (std::uint64_t i : {0u, 1u, 6u, 4003u}) {
    const auto words = philox(key, static_cast<std::uint32_t>(i / 4));
    CHECK(random_uniform_at(key, i) == uniform_from_bits(words[i % 4]));
  }
}

TEST_CASE("normals are the Box-Muller transform of the documented words") {
  const RandomKey key{.seed = 42, .op_id = 1, .step = 2};
  const auto words = philox(key, 5);
  for (int pair = 0; pair < 2; ++pair) {
    const float u1 = uniform_from_bits(words[static_cast<std::size_t>(2 * pair)]) + 0x1.0p-24f;
    const float u2 = uniform_from_bits(words[static_cast<std::size_t>(2 * pair + 1)]);
    const float radius = std::sqrt(-2.0f * std::log(u1));
    const float angle = 6.2831853f * u2;
    const auto first = static_cast<std::uint64_t>(20 + 2 * pair);
    CHECK(random_normal_at(key, first) == doctest::Approx(radius * std::cos(angle)).epsilon(1e-5));
    CHECK(random_normal_at(key, first + 1) ==
          doctest::Approx(radius * std::sin(angle)).epsilon(1e-5));
  }
}

TEST_CASE("the moments of 200,000 normals are those of the standard normal") {
  const RandomKey key{.seed = 2024, .op_id = 9, .step = 0};
  const int count = 200000;
  double moments[4] = {};
  for (std::uint32_t block = 0; block < count / 4; ++block) {
    for (const float value : random_normal_block(key, block)) {
      REQUIRE(std::isfinite(value));
      double power = 1;
      for (double& moment : moments) moment += (power *= value) / count;
    }
  }
  // Five standard errors of each moment: sqrt(Var(x^k) / count).
  CHECK(std::abs(moments[0]) < 5 * std::sqrt(1.0 / count));
  CHECK(std::abs(moments[1] - 1) < 5 * std::sqrt(2.0 / count));
  CHECK(std::abs(moments[2]) < 5 * std::sqrt(15.0 / count));
  CHECK(std::abs(moments[3] - 3) < 5 * std::sqrt(96.0 / count));
}
