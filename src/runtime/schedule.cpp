#include "src/runtime/schedule.hpp"

#include <functional>
#include <queue>
#include <set>

namespace tegula::detail {

namespace {

class Scheduler {
 public:
  Scheduler(std::span<const ScheduleItem> items, int variable_count)
      : items_(items),
        missing_(items.size(), 0),
        users_(items.size()),
        blockers_(items.size(), 0),
        other_readers_(static_cast<std::size_t>(variable_count), 0),
        updater_(static_cast<std::size_t>(variable_count), -1) {
    const int count = static_cast<int>(items.size());
    for (int item = 0; item < count; ++item) {
      for (const int variable : at(item).updates) updater_[index(variable)] = item;
    }
    for (int item = 0; item < count; ++item) {
      for (const int needed : at(item).needs) users_[index(needed)].push_back(item);
      missing_[index(item)] = static_cast<int>(at(item).needs.size());
      for (const int variable : at(item).reads) {
        const int updater = updater_[index(variable)];
        if (updater < 0 || updater == item) continue;
        ++other_readers_[index(variable)];
        ++blockers_[index(updater)];
      }
    }
  }

  Schedule run() {
    Schedule schedule;
    schedule.order.reserve(items_.size());
    schedule.in_place.assign(updater_.size(), false);
    for (int item = 0; item < static_cast<int>(items_.size()); ++item) {
      if (missing_[index(item)] == 0) enqueue(item);
    }
    while (!ready_.empty() || !waiting_.empty()) {
      const int item = next();
      schedule.order.push_back(item);
      for (const int variable : at(item).updates) {
        schedule.in_place[index(variable)] = other_readers_[index(variable)] == 0;
      }
      finish(item);
    }
    return schedule;
  }

 private:
  static std::size_t index(int number) { return static_cast<std::size_t>(number); }
  const ScheduleItem& at(int item) const { return items_[index(item)]; }

  void enqueue(int item) {
    if (blockers_[index(item)] > 0) {
      waiting_.insert(item);
    } else {
      ready_.push(item);
    }
  }

  /// A ready item; when only updates are left whose variables are still to be read by what depends
  /// on them, the first of those.
  int next() {
    int item = 0;
    if (ready_.empty()) {
      item = *waiting_.begin();
      waiting_.erase(waiting_.begin());
    } else {
      item = ready_.top();
      ready_.pop();
    }
    return item;
  }

  void finish(int item) {
    for (const int variable : at(item).reads) {
      const int updater = updater_[index(variable)];
      if (updater < 0 || updater == item) continue;
      --other_readers_[index(variable)];
      if (--blockers_[index(updater)] == 0 && waiting_.erase(updater) > 0) ready_.push(updater);
    }
    for (const int user : users_[index(item)]) {
      if (--missing_[index(user)] == 0) enqueue(user);
    }
  }

  std::span<const ScheduleItem> items_;
  std::vector<int> missing_;             // per item: results it still waits for
  std::vector<std::vector<int>> users_;  // per item: the reverse of `needs`
  std::vector<int> blockers_;            // per item: sum of other_readers_ over its updates
  std::vector<int> other_readers_;       // per variable: readers still to run, but its updater
  std::vector<int> updater_;             // per variable: the item, or -1
  std::priority_queue<int, std::vector<int>, std::greater<>> ready_;
  std::set<int> waiting_;  // updates that only wait for other readers
};

}  // namespace

Schedule make_schedule(std::span<const ScheduleItem> items, int variable_count) {
  return Scheduler(items, variable_count).run();
}

}  // namespace tegula::detail
