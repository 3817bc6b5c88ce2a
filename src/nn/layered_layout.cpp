// Levels by the longest path; the order within a level by the mean place of neighbours (Sugiyama,
// Tagawa and Toda, "Methods for visual understanding of hierarchical system structures", 1981).

#include "src/nn/layered_layout.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

namespace tegula::nn {

namespace {

constexpr double kBetweenItems = 32;
constexpr double kBetweenLevels = 36;
constexpr double kBetweenTracks = 10;
constexpr int kSweeps = 12;

/// On a level: an item, or the place where a line goes through.
struct Slot {
  double width = 0;
  double height = 0;
  std::size_t level = 0;
  double x = 0;
};

/// Of a line, from one level to the next.
struct Piece {
  std::size_t from = 0;
  double exit = 0;
  std::size_t to = 0;
  double entry = 0;
};

class LayoutMaker {
 public:
  LayoutMaker(const std::vector<LayoutItem>& items, const std::vector<LayoutLine>& lines)
      : items_(items), lines_(lines) {
    place_on_levels();
    cut_lines();
  }

  Layout made(bool orthogonal) {
    order();
    straighten();
    return drawn(orthogonal);
  }

 private:
  /// The pieces above a slot, or those below it.
  enum class Side { above, below };

  void place_on_levels() {
    for (const LayoutItem& item : items_) slots_.push_back({item.width, item.height});
    std::vector<LayoutLine> sorted = lines_;
    std::ranges::stable_sort(sorted, {}, &LayoutLine::to);
    std::size_t lowest = 0;
    for (const LayoutLine& line : sorted) {
      std::size_t& level = slots_[line.to].level;
      level = std::max(level, slots_[line.from].level + 1);
      if (!items_[line.to].last) lowest = std::max(lowest, level);
    }
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (items_[i].last) slots_[i].level = lowest + 1;
    }
  }

  void cut_lines() {
    for (const LayoutLine& line : lines_) {
      std::vector<std::size_t>& path = paths_.emplace_back();
      Piece piece{.from = line.from, .exit = items_[line.from].exits[line.exit]};
      for (std::size_t level = slots_[line.from].level + 1; level < slots_[line.to].level;
           ++level) {
        piece.to = slots_.size();
        slots_.push_back({.level = level});
        path.push_back(pieces_.size());
        pieces_.push_back(piece);
        piece = {.from = piece.to};
      }
      piece.to = line.to;
      piece.entry = items_[line.to].entries[line.entry];
      path.push_back(pieces_.size());
      pieces_.push_back(piece);
    }
    above_.resize(slots_.size());
    below_.resize(slots_.size());
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      above_[pieces_[i].to].push_back(i);
      below_[pieces_[i].from].push_back(i);
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      levels_.resize(std::max(levels_.size(), slots_[i].level + 1));
      levels_[slots_[i].level].push_back(i);
    }
  }

  void order() {
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      for_each_level(sweep, [this](std::vector<std::size_t>& level, Side side) {
        std::map<std::size_t, double> wanted;
        for (std::size_t i = 0; i < level.size(); ++i) {
          wanted[level[i]] = mean_neighbour(level[i], side, static_cast<double>(i));
        }
        std::ranges::stable_sort(level, {}, [&wanted](std::size_t slot) { return wanted[slot]; });
      });
    }
  }

  double mean_neighbour(std::size_t slot, Side side, double otherwise) const {
    const auto& pieces = side == Side::above ? above_[slot] : below_[slot];
    if (pieces.empty()) return otherwise;
    double sum = 0;
    for (const std::size_t piece : pieces) {
      const std::size_t other = side == Side::above ? pieces_[piece].from : pieces_[piece].to;
      const auto& level = levels_[slots_[other].level];
      sum += static_cast<double>(std::ranges::find(level, other) - level.begin());
    }
    return sum / static_cast<double>(pieces.size());
  }

  void straighten() {
    for (const auto& level : levels_) {
      double x = 0;
      for (const std::size_t slot : level) {
        slots_[slot].x = x;
        x += slots_[slot].width + kBetweenItems;
      }
    }
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      for_each_level(sweep, [this](const std::vector<std::size_t>& level, Side side) {
        std::vector<double> wanted;
        for (const std::size_t slot : level) wanted.push_back(wanted_place(slot, side));
        move(level, wanted);
      });
    }
  }

  /// Downwards and upwards in turn; the neighbours that count are on the levels that come before.
  template <typename Work>
  void for_each_level(int sweep, Work&& work) {
    if (sweep % 2 == 0) {
      for (auto& level : levels_) work(level, Side::above);
    } else {
      for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
        work(*level, Side::below);
      }
    }
  }

  /// Where the lines of this side are straight, on average.
  double wanted_place(std::size_t slot, Side side) const {
    const auto& pieces = side == Side::above ? above_[slot] : below_[slot];
    if (pieces.empty()) return slots_[slot].x;
    double sum = 0;
    for (const std::size_t number : pieces) {
      const Piece& piece = pieces_[number];
      sum += side == Side::above ? slots_[piece.from].x + piece.exit - piece.entry
                                 : slots_[piece.to].x + piece.entry - piece.exit;
    }
    return sum / static_cast<double>(pieces.size());
  }

  /// To the wanted places as far as the order allows: between those that items pushed to the right
  /// have, and those of items pushed to the left.
  void move(const std::vector<std::size_t>& level, const std::vector<double>& wanted) {
    std::vector<double> right = wanted;
    for (std::size_t i = 1; i < level.size(); ++i) {
      right[i] = std::max(right[i], right[i - 1] + slots_[level[i - 1]].width + kBetweenItems);
    }
    std::vector<double> left = wanted;
    for (std::size_t i = level.size() - 1; i-- > 0;) {
      left[i] = std::min(left[i], left[i + 1] - slots_[level[i]].width - kBetweenItems);
    }
    for (std::size_t i = 0; i < level.size(); ++i) {
      slots_[level[i]].x = (left[i] + right[i]) / 2;
    }
  }

  double begin_of(const Piece& piece) const { return slots_[piece.from].x + piece.exit; }
  double end_of(const Piece& piece) const { return slots_[piece.to].x + piece.entry; }
  bool is_straight(const Piece& piece) const {
    return std::abs(begin_of(piece) - end_of(piece)) < 1;
  }

  /// Of each level, the slots whose lines turn below it, from left to right: each has its track.
  std::vector<std::vector<std::size_t>> tracks() const {
    std::vector<std::vector<std::size_t>> tracks(levels_.size());
    for (std::size_t level = 0; level < levels_.size(); ++level) {
      for (const std::size_t slot : levels_[level]) {
        const auto turns = [this](std::size_t piece) { return !is_straight(pieces_[piece]); };
        if (std::ranges::any_of(below_[slot], turns)) tracks[level].push_back(slot);
      }
    }
    return tracks;
  }

  Layout drawn(bool orthogonal) const {
    const auto turning = tracks();
    double leftmost = 0;
    for (const Slot& slot : slots_) leftmost = std::min(leftmost, slot.x);
    Layout layout;
    std::vector<double> tops;
    std::vector<double> bottoms;
    double y = 0;
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      tops.push_back(y);
      double height = 0;
      for (const std::size_t slot : levels_[i]) height = std::max(height, slots_[slot].height);
      bottoms.push_back(y + height);
      layout.height = y + height;
      y += height + kBetweenLevels + kBetweenTracks * static_cast<double>(turning[i].size());
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const Slot& slot = slots_[i];
      if (i < items_.size()) layout.corners.push_back({slot.x - leftmost, tops[slot.level]});
      layout.width = std::max(layout.width, slot.x - leftmost + slot.width);
    }
    for (const auto& path : paths_) {
      std::vector<Point>& points = layout.lines.emplace_back();
      const auto add = [&](double x, double at) { points.push_back({x - leftmost, at}); };
      for (const std::size_t number : path) {
        const Piece& piece = pieces_[number];
        const Slot& from = slots_[piece.from];
        if (from.height > 0 || points.empty()) {
          add(begin_of(piece), tops[from.level] + from.height);
        }
        add(begin_of(piece), bottoms[from.level]);
        if (orthogonal && !is_straight(piece)) {
          const auto& here = turning[from.level];
          const auto track = std::ranges::find(here, piece.from) - here.begin();
          const double turn = bottoms[from.level] + kBetweenLevels / 2 +
                              kBetweenTracks * static_cast<double>(track);
          add(begin_of(piece), turn);
          add(end_of(piece), turn);
        }
        add(end_of(piece), tops[from.level + 1]);
      }
    }
    return layout;
  }

  const std::vector<LayoutItem>& items_;
  const std::vector<LayoutLine>& lines_;
  std::vector<Slot> slots_;
  std::vector<Piece> pieces_;
  /// The pieces of each line.
  std::vector<std::vector<std::size_t>> paths_;
  /// The pieces that end at each slot, and those that begin there.
  std::vector<std::vector<std::size_t>> above_;
  std::vector<std::vector<std::size_t>> below_;
  /// Slots from left to right.
  std::vector<std::vector<std::size_t>> levels_;
};

}  // namespace

Layout layered_layout(const std::vector<LayoutItem>& items, const std::vector<LayoutLine>& lines,
                      bool orthogonal) {
  return LayoutMaker(items, lines).made(orthogonal);
}

}  // namespace tegula::nn
