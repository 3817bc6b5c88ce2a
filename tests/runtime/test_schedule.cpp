// The order of kernels, and which of them may write straight into a variable.
#include <doctest/doctest.h>

#include "src/runtime/schedule.hpp"

using tegula::detail::make_schedule;
using tegula::detail::Schedule;
using tegula::detail::ScheduleItem;

using Order = std::vector<int>;

TEST_CASE("without updates the given order stays") {
  const std::vector<ScheduleItem> items = {{}, {.needs = {0}}, {}, {.needs = {1, 2}}};
  CHECK(make_schedule(items, 0).order == Order{0, 1, 2, 3});
}

TEST_CASE("an update runs behind the other readers of its variable") {
  // 0: update of variable 0; 1, 2: readers of its old value.
  const std::vector<ScheduleItem> items = {
      {.reads = {0}, .updates = {0}}, {.reads = {0}}, {.needs = {1}, .reads = {0}}};
  const Schedule schedule = make_schedule(items, 1);
  CHECK(schedule.order == Order{1, 2, 0});
  CHECK(schedule.in_place[0]);
}

TEST_CASE("a reader that depends on the update keeps it from being in place") {
  const std::vector<ScheduleItem> items = {{.updates = {0}}, {.needs = {0}, .reads = {0}}};
  const Schedule schedule = make_schedule(items, 1);
  CHECK(schedule.order == Order{0, 1});
  CHECK_FALSE(schedule.in_place[0]);
}

TEST_CASE("of two updates that read each other's variable one is in place") {
  const std::vector<ScheduleItem> items = {{.reads = {0, 1}, .updates = {0}},
                                           {.reads = {0, 1}, .updates = {1}}};
  const Schedule schedule = make_schedule(items, 2);
  CHECK(schedule.order == Order{0, 1});
  CHECK_FALSE(schedule.in_place[0]);
  CHECK(schedule.in_place[1]);
}

TEST_CASE("one item updates several variables, each in place on its own terms") {
  // 0 updates variables 0 and 1; 1 reads variable 1 and needs 0.
  const std::vector<ScheduleItem> items = {{.reads = {0, 1}, .updates = {0, 1}},
                                           {.needs = {0}, .reads = {1}}};
  const Schedule schedule = make_schedule(items, 2);
  CHECK(schedule.order == Order{0, 1});
  CHECK(schedule.in_place[0]);
  CHECK_FALSE(schedule.in_place[1]);
}
