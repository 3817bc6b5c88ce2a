#pragma once
// Places for boxes and lines of a diagram that goes from top to bottom. Knows nothing of models.
// Private to src/nn.

#include <cstddef>
#include <vector>

namespace tegula::nn {

struct Point {
  double x = 0;
  double y = 0;
};

/// A rectangle to place. Lines end at its upper edge and begin at its lower one, at these distances
/// from the left.
struct LayoutItem {
  double width = 0;
  double height = 0;
  std::vector<double> entries = {};
  std::vector<double> exits = {};
  /// Whether it stands below all others.
  bool last = false;
};

struct LayoutLine {
  std::size_t from = 0;
  std::size_t exit = 0;
  std::size_t to = 0;
  std::size_t entry = 0;
};

struct Layout {
  /// Upper left corners, one per item.
  std::vector<Point> corners;
  /// One per line, from its beginning to its end.
  std::vector<std::vector<Point>> lines;
  double width = 0;
  double height = 0;
};

/// Items are on levels, each below those that lines come from; lines, which go from earlier items
/// to later ones, run between them. `orthogonal`: lines are of horizontal and vertical pieces.
Layout layered_layout(const std::vector<LayoutItem>& items, const std::vector<LayoutLine>& lines,
                      bool orthogonal);

}  // namespace tegula::nn
