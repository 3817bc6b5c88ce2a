// Pictures and summaries of models in C++; tests/python has most of their tests.
#include <doctest/doctest.h>

#include <random>
#include <string>

#include "src/nn/layered_layout.hpp"
#include "tegula/nn/layers.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/plot.hpp"
#include "tegula/nn/sequential.hpp"

using namespace tegula;

namespace {

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

nn::Model two_branches() {
  const nn::Input x({4});
  const Value left = nn::Dense({.units = 3, .name = "left"})(x);
  const Value right = nn::Dense({.units = 3, .name = "right"})(x);
  return {x, nn::Add({.name = "sum"})({left, right}), "model"};
}

}  // namespace

TEST_CASE("a picture has a box per layer and an arrow per connection") {
  const nn::Model model = two_branches();
  const std::string svg = nn::model_to_svg(model, {.show_layer_names = true});
  CHECK(count_of(svg, "<g class=\"layer\">") == 4);
  CHECK(count_of(svg, "<path class=\"edge\"") == 4);
  CHECK(count_of(svg, ">left (Dense)<") == 1);
  const std::string dot = nn::model_to_dot(model);
  CHECK(count_of(dot, " [label=<") == 4);
  CHECK(count_of(dot, " -> ") == 4);
}

TEST_CASE("pictures of models that are not built and other options are refused") {
  CHECK_THROWS_WITH_AS(nn::model_to_svg(nn::Sequential{nn::Dense({.units = 2})}),
                       doctest::Contains("has not yet been built"), RunError);
  CHECK_THROWS_WITH_AS(nn::model_to_svg(two_branches(), {.rankdir = "XY"}),
                       doctest::Contains("`rankdir` must be one of"), InvalidArgument);
  CHECK_THROWS_WITH_AS(nn::model_to_svg(two_branches(), {.splines = "spline"}),
                       doctest::Contains("without Graphviz"), InvalidArgument);
  CHECK_NOTHROW(nn::model_to_dot(two_branches(), {.splines = "spline"}));
}

TEST_CASE("a summary of branches tells what layers take") {
  const std::string text =
      nn::model_summary(two_branches(), {.line_length = 100, .show_trainable = true});
  CHECK(count_of(text, "Connected to") == 1);
  CHECK(count_of(text, "left[0][0]") == 1);
  CHECK(count_of(text, " Total params: 30 (120.00 B)\n") == 1);
  CHECK_THROWS_WITH_AS(nn::model_summary(two_branches(), {.line_length = 12}),
                       doctest::Contains("Insufficient console width"), InvalidArgument);
  CHECK_THROWS_WITH_AS(nn::model_summary(two_branches(), {.positions = {0.5, 1}}),
                       doctest::Contains("`positions` needs 4 ends"), InvalidArgument);
}

TEST_CASE("items of random diagrams do not overlap, and lines go down from item to item") {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<nn::LayoutItem> items;
    std::vector<nn::LayoutLine> lines;
    const std::size_t count = 1 + random() % 20;
    for (std::size_t i = 0; i < count; ++i) {
      const double width = 10 + static_cast<double>(random() % 90);
      const double height = 10 + static_cast<double>(random() % 40);
      items.push_back({width, height, {width / 2}, {width / 3}});
      for (std::size_t n = random() % 3; i > 0 && n > 0; --n)
        lines.push_back({random() % i, 0, i, 0});
    }
    const nn::Layout layout = nn::layered_layout(items, lines, round % 2 == 0);
    REQUIRE(layout.corners.size() == items.size());
    REQUIRE(layout.lines.size() == lines.size());
    for (std::size_t a = 0; a < count; ++a) {
      const nn::Point& p = layout.corners[a];
      CHECK(p.x >= 0);
      CHECK(p.x + items[a].width <= layout.width + 1e-9);
      CHECK(p.y + items[a].height <= layout.height + 1e-9);
      for (std::size_t b = 0; b < a; ++b) {
        const nn::Point& q = layout.corners[b];
        const bool beside = p.x + items[a].width <= q.x || q.x + items[b].width <= p.x;
        const bool below = p.y + items[a].height <= q.y || q.y + items[b].height <= p.y;
        CHECK((beside || below));
      }
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::vector<nn::Point>& points = layout.lines[i];
      const nn::Point& from = layout.corners[lines[i].from];
      const nn::Point& to = layout.corners[lines[i].to];
      CHECK(points.front().x == doctest::Approx(from.x + items[lines[i].from].exits[0]));
      CHECK(points.front().y == doctest::Approx(from.y + items[lines[i].from].height));
      CHECK(points.back().x == doctest::Approx(to.x + items[lines[i].to].entries[0]));
      CHECK(points.back().y == doctest::Approx(to.y));
      for (std::size_t j = 1; j < points.size(); ++j) CHECK(points[j].y >= points[j - 1].y);
    }
  }
}
