// The family of exceptions and the places that they point at.
#include <doctest/doctest.h>

#include <source_location>
#include <string>

#include "tegula/core/error.hpp"
#include "tegula/core/shortened.hpp"

using namespace tegula;

TEST_CASE("a source location prints as file:line") {
  CHECK_FALSE(SourceLocation().known());
  CHECK(SourceLocation().to_string().empty());
  const SourceLocation here = std::source_location::current();
  CHECK(here.known());
  CHECK(here.to_string() == std::string(__FILE__) + ":" + std::to_string(__LINE__ - 2));
}

TEST_CASE("a file name that is no literal outlives its text, once for equal names") {
  SourceLocation first;
  SourceLocation second;
  {
    std::string name = "script.py";
    first = SourceLocation(name, 3);
    second = SourceLocation(name + "", 4);
    name = "overwritten";
  }
  CHECK(first.to_string() == "script.py:3");
  CHECK(second.to_string() == "script.py:4");
  CHECK(first.file == second.file);
}

TEST_CASE("every exception is an Error, and the value errors are InvalidArgument") {
  CHECK_THROWS_AS(throw ShapeError("x"), InvalidArgument);
  CHECK_THROWS_AS(throw NotFound("x"), InvalidArgument);
  CHECK_THROWS_AS(throw FormatError("x"), InvalidArgument);
  CHECK_THROWS_AS(throw InvalidArgument("x"), Error);
  CHECK_THROWS_AS(throw DTypeError("x"), Error);
  CHECK_THROWS_AS(throw IoError("x"), Error);
  CHECK_THROWS_WITH_AS(throw RunError("text"), "text", std::runtime_error);
}

TEST_CASE("long texts of messages lose their middle, and no character is cut in two") {
  const struct {
    std::string text;
    std::size_t max_bytes;
    std::string expected;
  } cases[] = {
      {"", 4, ""},
      {"abcd", 4, "abcd"},
      {"abcdefgh", 4, "ab […] gh"},
      {"aéb…cédé", 8, "aéb […] dé"},
      {"aaaéxxxxéaaa", 8, "aaa […] aaa"},
      {std::string(100, '\x80'), 8, "\x80 […] \x80"},
  };
  for (const auto& [text, max_bytes, expected] : cases) {
    CHECK(detail::shortened(text, max_bytes) == expected);
  }
}
