#pragma once
// Learning rates as functions of the step.

#include <memory>
#include <variant>

#include "tegula/graph/ops.hpp"
#include "tegula/nn/object.hpp"

namespace tegula::nn {

class TEGULA_API ScheduleBase : public Object {
 public:
  static constexpr const char* kKind = "schedule";

  /// The rate at `step` (f32 scalar, 0 for the first update), as graph.
  virtual Value operator()(Value step) const = 0;
};
template <>
TEGULA_API const std::vector<ObjectClass<ScheduleBase>>& object_classes<ScheduleBase>();
using Schedule = Handle<ScheduleBase>;

/// A constant rate or a schedule.
class LearningRate {
 public:
  LearningRate(double rate) : content_(rate) {}                       // NOLINT: implicit by design
  LearningRate(Schedule schedule) : content_(std::move(schedule)) {}  // NOLINT

  /// Null for a constant.
  const Schedule* schedule() const { return std::get_if<Schedule>(&content_); }
  double constant() const { return std::get<double>(content_); }

 private:
  std::variant<double, Schedule> content_;
};
template <>
inline constexpr bool holds_numbers<LearningRate> = true;
inline std::string type_name(const LearningRate&) { return "learning rate"; }
inline std::shared_ptr<Object> option_as_object(const LearningRate& rate) {
  return rate.schedule() == nullptr ? nullptr : rate.schedule()->shared();
}
/// Takes schedules.
TEGULA_API bool put_object(LearningRate& rate, const std::shared_ptr<Object>& object);
TEGULA_API Config to_config(const LearningRate& rate);
TEGULA_API void from_config(const Config& config, LearningRate& rate);

}  // namespace tegula::nn
