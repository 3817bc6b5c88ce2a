#include "src/runtime/plan.hpp"

#include <chrono>
#include <mutex>

#include "src/core/float_mode.hpp"
#include "src/core/rethrow.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula::detail {

namespace {

KernelInfo describe_step(const Plan& plan, const Step& step) {
  KernelInfo info;
  info.description = step.kernel->description();
  if (step.node != nullptr) {
    const Cost cost = node_cost(*step.node);
    info.node = step.node->name();
    info.flops = cost.flops;
    info.bytes = cost.bytes;
  } else {
    info.node = plan.places[step.first_place + step.inputs].storage == Storage::variable ? "assign"
                                                                                         : "result";
  }
  return info;
}

std::int64_t now_in_nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

void rethrow_for(const Node* node) {
  const auto text = [&](const Error& error) {
    return node == nullptr ? std::string(error.what())
                           : std::string(error.what()) + "\n  in: " + node->describe();
  };
  rethrow_with(text);
}

std::shared_ptr<const std::vector<KernelInfo>> Plan::kernel_infos() const {
  {
    const std::lock_guard guard(mutex_);
    if (infos_) return infos_;
  }
  auto infos = std::make_shared<std::vector<KernelInfo>>();
  for (const Step& step : steps) infos->push_back(describe_step(*this, step));
  const std::lock_guard guard(mutex_);
  if (!infos_) infos_ = std::move(infos);
  return infos_;
}

void* Plan::pointer(const Place& place, std::byte* arena) const {
  const auto index = static_cast<std::size_t>(place.index);
  switch (place.storage) {
    case Storage::none:
    case Storage::feed:
    case Storage::fetch:
      return nullptr;
    case Storage::arena:
      return arena + place.offset;
    case Storage::variable:
      return variables[index]->value.raw();
    case Storage::constant:
      return const_cast<void*>(constants[index]);  // only ever an input
  }
  return nullptr;
}

PlanInstance::PlanInstance(std::shared_ptr<const Plan> plan)
    : plan_(std::move(plan)),
      arena_(DType::u8, Shape{static_cast<std::int64_t>(plan_->arena_bytes)}) {
  bind();
}

void PlanInstance::bind() {
  pointers_.reserve(plan_->places.size());
  auto* const arena = static_cast<std::byte*>(arena_.raw());
  for (const Place& place : plan_->places) {
    const auto index = static_cast<std::size_t>(place.index);
    if (place.storage == Storage::feed) feeds_.push_back({pointers_.size(), index});
    if (place.storage == Storage::fetch) fetches_.push_back({pointers_.size(), index});
    pointers_.push_back(plan_->pointer(place, arena));
  }
  steps_.reserve(plan_->steps.size());
  for (const Step& step : plan_->steps) {
    void* const* const first = pointers_.data() + step.first_place;
    steps_.push_back({step.kernel.get(), const_cast<const void* const*>(first), first + step.inputs,
                      step.workspace_bytes > 0 ? arena + step.workspace_offset : nullptr});
  }
}

void PlanInstance::run(const TensorRow& feeds, std::span<Tensor> outputs, const Context& context) {
  for (const Patch& patch : feeds_) {
    pointers_[patch.place] = const_cast<void*>(feeds[patch.index].raw());  // only ever an input
  }
  for (const Patch& patch : fetches_) pointers_[patch.place] = outputs[patch.index].raw();
  const FlushSubnormals flush;
  if (context.profiler != nullptr) return run_profiled(context);
  const BoundStep* step = steps_.data();
  try {
    for (const BoundStep* const end = step + steps_.size(); step != end; ++step) {
      step->kernel->run(
          {step->inputs, step->outputs, step->workspace, context.key, context.variables_version});
    }
  } catch (const Error&) {
    rethrow_for(plan_->steps[static_cast<std::size_t>(step - steps_.data())].node);
  }
}

void PlanInstance::run_profiled(const Context& context) {
  times_.clear();
  times_.reserve(steps_.size() + 1);
  times_.push_back(now_in_nanoseconds());
  const BoundStep* step = steps_.data();
  try {
    for (const BoundStep* const end = step + steps_.size(); step != end; ++step) {
      step->kernel->run(
          {step->inputs, step->outputs, step->workspace, context.key, context.variables_version});
      times_.push_back(now_in_nanoseconds());
    }
  } catch (const Error&) {
    rethrow_for(plan_->steps[static_cast<std::size_t>(step - steps_.data())].node);
  }
  context.profiler->record(plan_->kernel_infos(), times_);
}

}  // namespace tegula::detail
