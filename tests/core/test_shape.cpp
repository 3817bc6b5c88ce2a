// Shapes: limits, unknown dimensions, broadcasting, and the words of their errors.
#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/core/shape.hpp"

using namespace tegula;

namespace {

constexpr std::int64_t kMany = std::int64_t{1} << 40;

}  // namespace

TEST_CASE("a shape knows its dimensions, its text and its element count") {
  struct Case {
    Shape shape;
    const char* text;
    std::optional<std::int64_t> count;
  };
  for (const Case& c :
       {Case{{}, "[]", 1}, Case{{0}, "[0]", 0}, Case{{2, 3, 4}, "[2,3,4]", 24},
        Case{{-1, 784}, "[?,784]", {}}, Case{{1, 1, 1, 1, 1, 1, 1, 5}, "[1,1,1,1,1,1,1,5]", 5}}) {
    CHECK(c.shape.to_string() == c.text);
    CHECK(c.shape.is_known() == c.count.has_value());
    if (c.count) CHECK(c.shape.element_count() == *c.count);
  }
  CHECK_THROWS_WITH_AS(Shape({-1, 2}).element_count(),
                       "shape [?,2] has unknown dimensions, so no element count", ShapeError);
  CHECK_THROWS_WITH_AS(Shape({kMany, kMany}).element_count(),
                       "the element count of shape [1099511627776,1099511627776] overflows 64 bits",
                       ShapeError);
}

TEST_CASE("dimensions are reached by positive and negative axes") {
  Shape shape{2, 3, 4};
  CHECK(shape.dim(0) == 2);
  CHECK(shape.dim(-1) == 4);
  shape.set(-2, 7);
  CHECK(shape == Shape{2, 7, 4});
  CHECK(shape != Shape{2, 7});
  CHECK_THROWS_WITH_AS(shape.dim(3), "axis 3 is out of range for rank 3", ShapeError);
  CHECK_THROWS_WITH_AS(shape.dim(-4), "axis -4 is out of range for rank 3", ShapeError);
  CHECK_THROWS_AS(Shape{}.dim(0), ShapeError);
  CHECK_THROWS_AS(normalize_axis(std::int64_t{1} << 32, 3), ShapeError);
}

TEST_CASE("bad dimensions and too many of them are refused") {
  CHECK_THROWS_WITH_AS(Shape({3, -2}), "a dimension must be >= 0, or -1 for unknown; got -2",
                       ShapeError);
  CHECK_THROWS_WITH_AS(Shape({1, 2, 3, 4, 5, 6, 7, 8, 9}),
                       "a shape has at most 8 dimensions; got 9", ShapeError);
  Shape full{1, 2, 3, 4, 5, 6, 7, 8};
  CHECK_THROWS_AS(full.append(9), ShapeError);
  CHECK_THROWS_AS(full.set(0, -5), ShapeError);
  CHECK(full == Shape{1, 2, 3, 4, 5, 6, 7, 8});
}

TEST_CASE("broadcasting follows NumPy, and unknown dimensions stay unknown where they must") {
  struct Case {
    Shape a;
    Shape b;
    std::optional<Shape> result;  ///< none: an error
  };
  const Case cases[] = {
      {{}, {}, Shape{}},
      {{}, {3}, Shape{3}},
      {{3}, {3}, Shape{3}},
      {{3}, {1}, Shape{3}},
      {{2, 3}, {3}, Shape{2, 3}},
      {{2, 1}, {1, 3}, Shape{2, 3}},
      {{4, 1, 5}, {3, 1}, Shape{4, 3, 5}},
      {{0}, {1}, Shape{0}},
      {{0}, {0}, Shape{0}},
      {{-1, 3}, {3}, Shape{-1, 3}},
      {{-1}, {1}, Shape{-1}},
      {{-1}, {-1}, Shape{-1}},
      {{-1}, {5}, Shape{5}},
      {{-1}, {0}, Shape{0}},
      {{-1, 1}, {1, -1}, Shape{-1, -1}},
      {{2}, {3}, {}},
      {{0}, {2}, {}},
      {{2, 3}, {2}, {}},
      {{-1, 3}, {-1, 4}, {}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.a.to_string());
    CAPTURE(c.b.to_string());
    if (c.result) {
      CHECK(broadcast_shapes(c.a, c.b) == *c.result);
      CHECK(broadcast_shapes(c.b, c.a) == *c.result);
    } else {
      CHECK_THROWS_AS(broadcast_shapes(c.a, c.b), ShapeError);
      CHECK_THROWS_AS(broadcast_shapes(c.b, c.a), ShapeError);
    }
  }
  CHECK_THROWS_WITH_AS(broadcast_shapes({2, 3}, {4, 3}),
                       "cannot broadcast shapes [2,3] and [4,3]: dimensions 2 and 4 differ and "
                       "neither is 1",
                       ShapeError);
}

TEST_CASE("shapes are compatible when known dimensions agree") {
  CHECK(compatible({-1, 3}, {2, 3}));
  CHECK(compatible({2, -1}, {-1, 3}));
  CHECK(compatible({}, {}));
  CHECK_FALSE(compatible({2}, {2, 1}));
  CHECK_FALSE(compatible({1}, {2}));
}
