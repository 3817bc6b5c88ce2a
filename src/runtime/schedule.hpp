#pragma once
// The order in which a plan's kernels run, and which of them may write straight into a variable.

#include <span>
#include <vector>

namespace tegula::detail {

/// One kernel to be ordered. Items are numbered in the graph's order, which is a valid one.
struct ScheduleItem {
  /// Items whose results it needs, each once.
  std::vector<int> needs = {};
  /// Variables whose value from before the run it reads, each once.
  std::vector<int> reads = {};
  /// Variables whose new value it computes and whose storage it could write directly, were it the
  /// last to read the old value.
  std::vector<int> updates = {};
};

struct Schedule {
  /// All items, each after those it needs.
  std::vector<int> order;
  /// Per variable: whether its updating item runs after every other reader of the old value.
  std::vector<bool> in_place;
};

/// Keeps the given order where it can, but puts an update behind the other readers of its variables
/// unless they depend on it.
Schedule make_schedule(std::span<const ScheduleItem> items, int variable_count);

}  // namespace tegula::detail
