// Places every operand of an ordered plan: one walk over the schedule with a best-fit allocator.

#include <algorithm>

#include "src/runtime/arena_allocator.hpp"
#include "src/runtime/plan_builder.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula::detail {

void PlanBuilder::find_last_uses() {
  for (int position = 0; position < static_cast<int>(order_.size()); ++position) {
    const Item& item = items_[static_cast<std::size_t>(order_[static_cast<std::size_t>(position)])];
    for (const int input : item.inputs) {
      root(input).last_use = position;
      root(input).used = true;
    }
  }
}

/// An arena buffer that dies here and that the kernel may overwrite with `output`, or kNone.
int PlanBuilder::reusable_input(const Item& item, int output, int position) const {
  const std::size_t bytes = root(item.outputs[static_cast<std::size_t>(output)]).bytes;
  for (const InPlace& pair : item.in_place_of(output)) {
    const int candidate = item.inputs[static_cast<std::size_t>(pair.input)];
    const Root& input = root(candidate);
    if (input.place.storage != Storage::arena || input.last_use != position) continue;
    if (input.bytes == bytes && item.may_overwrite(candidate, output)) return candidate;
  }
  return kNone;
}

void PlanBuilder::count(ArenaUse& use, const Root& root, bool add) const {
  std::size_t& part = root.gradient ? use.gradients : use.activations;
  part = add ? part + root.bytes : part - root.bytes;
}

void PlanBuilder::place_outputs(Item& item, int position, ArenaUse& now) {
  for (std::size_t i = 0; i < item.outputs.size(); ++i) {
    Root& output = root(item.outputs[i]);
    if (output.place.storage != Storage::none) continue;
    if (!output.used) {
      if (item.kernel->skips_null_outputs()) continue;
      output.last_use = position;
    }
    const int reused = reusable_input(item, static_cast<int>(i), position);
    if (reused != kNone) {
      output.place = root(reused).place;
      root(reused).last_use = kNone;  // it lives on as the output
      count(now, root(reused), false);
    } else {
      output.place = {Storage::arena, 0, allocator_.allocate(output.bytes)};
    }
    plan_.unshared_bytes += output.bytes;
    count(now, output, true);
  }
}

void PlanBuilder::place_item(int position) {
  Item& item = items_[static_cast<std::size_t>(order_[static_cast<std::size_t>(position)])];
  place_outputs(item, position, now_);

  const std::size_t workspace = item.kernel->workspace_bytes();
  const std::size_t workspace_offset = workspace > 0 ? allocator_.allocate(workspace) : 0;
  now_.workspace = workspace;
  if (now_.total() > plan_.fullest.total()) plan_.fullest = now_;

  append_step(item, workspace_offset);
  if (workspace > 0) allocator_.release(workspace_offset, workspace);
  const auto release_if_dead = [&](int index) {
    Root& dying = root(index);
    if (dying.place.storage != Storage::arena || dying.last_use != position) return;
    allocator_.release(dying.place.offset, dying.bytes);
    count(now_, dying, false);
    dying.last_use = kNone;  // released once, though it may be several inputs
  };
  for (const int input : item.inputs) release_if_dead(input);
  for (const int output : item.outputs) release_if_dead(output);
  plan_.arena_bytes = allocator_.size();
}

void PlanBuilder::append_step(Item& item, std::size_t workspace_offset) {
  Step step;
  step.node = item.node;
  step.first_place = plan_.places.size();
  step.inputs = item.inputs.size();
  step.outputs = item.outputs.size();
  step.workspace_bytes = item.kernel->workspace_bytes();
  step.workspace_offset = workspace_offset;
  for (const int input : item.inputs) plan_.places.push_back(root(input).place);
  for (const int output : item.outputs) plan_.places.push_back(root(output).place);
  step.kernel = std::move(item.kernel);
  plan_.steps.push_back(std::move(step));
}

}  // namespace tegula::detail
