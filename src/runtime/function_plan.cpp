#include "src/runtime/function_plan.hpp"

#include <algorithm>

#include "src/runtime/arena_allocator.hpp"
#include "tegula/core/error.hpp"

namespace tegula::detail {

FunctionPlan::FunctionPlan(const Function& function, const Backend& backend)
    : plan_(build_plan(function, backend)) {
  pointer_offset_ = aligned(plan_->arena_bytes);
  const std::size_t feeds = function.parameters.size();
  std::vector<std::vector<std::uint32_t>> places(feeds + function.results.size());
  for (std::size_t i = 0; i < plan_->places.size(); ++i) {
    const Place& place = plan_->places[i];
    const auto index = static_cast<std::size_t>(place.index);
    if (place.storage == Storage::feed) places[index].push_back(static_cast<std::uint32_t>(i));
    if (place.storage == Storage::fetch) {
      places[feeds + index].push_back(static_cast<std::uint32_t>(i));
    }
  }
  for (const std::vector<std::uint32_t>& of_operand : places) {
    first_.push_back(static_cast<std::uint32_t>(patched_.size()));
    patched_.insert(patched_.end(), of_operand.begin(), of_operand.end());
  }
  first_.push_back(static_cast<std::uint32_t>(patched_.size()));
}

FunctionRun::FunctionRun(const FunctionPlan& function, void* workspace)
    : function_(function),
      arena_(static_cast<std::byte*>(workspace)),
      pointers_(reinterpret_cast<void**>(arena_ + function.pointer_offset_)),
      feeds_(function.first_.size() - 1 - function.plan().fetch_types.size()) {
  const std::vector<Place>& places = function.plan().places;
  for (std::size_t i = 0; i < places.size(); ++i) {
    pointers_[i] = function.plan().pointer(places[i], arena_);
  }
}

void FunctionRun::run(const RandomKey& key, std::uint64_t variables_version) {
  const Step* step = function_.plan().steps.data();
  const Step* const end = step + function_.plan().steps.size();
  try {
    for (; step != end; ++step) {
      void** const first = pointers_ + step->first_place;
      step->kernel->run({.inputs = first,
                         .outputs = first + step->inputs,
                         .workspace = arena_ + step->workspace_offset,
                         .key = key,
                         .variables_version = variables_version});
    }
  } catch (const Error&) {
    rethrow_for(step->node);
  }
}

}  // namespace tegula::detail
