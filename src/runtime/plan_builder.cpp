#include "src/runtime/plan_builder.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_set>

#include "tegula/core/error.hpp"
#include "tegula/graph/function.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula::detail {

namespace {

class CopyKernel final : public Kernel {
 public:
  CopyKernel(std::size_t bytes, std::string what) : bytes_(bytes), what_(std::move(what)) {}

  void run(const KernelArguments& arguments) const override {
    if (bytes_ > 0) std::memcpy(arguments.outputs[0], arguments.inputs[0], bytes_);
  }
  std::string description() const override { return "copy " + what_; }

 private:
  std::size_t bytes_;
  std::string what_;
};

/// The input whose bytes are the node's output, or -1.
int alias_input(const Node& node) {
  static constexpr std::array<std::string_view, 9> kSameBytes = {
      "reshape",      "squeeze", "expand_dims", "identity",  "stop_gradient",
      "reshape_like", "assign",  "after",       "recomputed"};
  const std::string& op = node.op().name;
  if (std::find(kSameBytes.begin(), kSameBytes.end(), op) == kSameBytes.end()) return -1;
  return op == "assign" ? 1 : 0;
}

bool is_source(const Node& node) {
  const std::string& op = node.op().name;
  return op == "placeholder" || op == "constant" || op == "variable";
}

/// `gradients` builds in a scope of this name.
bool is_gradient(const Node& node) {
  return node.name().starts_with("gradients") ||
         node.name().find("/gradients") != std::string::npos;
}

void remove_repeated(std::vector<int>& list) {
  std::ranges::sort(list);
  const auto repeated = std::ranges::unique(list);
  list.erase(repeated.begin(), repeated.end());
}

}  // namespace

PlanBuilder::PlanBuilder(Plan& plan, const PlanRequest& request, VariableStore* variables,
                         const Backend& backend)
    : plan_(plan), request_(request), variables_(variables), backend_(backend) {
  for (std::size_t i = 0; i < request.feeds.size(); ++i) {
    // As `extract` names the placeholder of a fed value: a later output of a node by its number.
    const Value& feed = request.feeds[i];
    feed_by_name_.emplace(feed.index() == 0 ? feed.node().name() : feed.name(),
                          static_cast<int>(i));
  }
}

void PlanBuilder::build() {
  number_values();
  mark_live();
  collect_assignments();
  for (const Node& node : plan_.graph.nodes()) {
    const bool computes = !is_source(node) && alias_input(node) < 0;
    if (computes && live_[static_cast<std::size_t>(node.id())]) add_kernel(node);
  }
  add_copies_of_variables();
  order_items();
  add_final_copies();
  find_reads_and_writes();
  find_last_uses();
  for (int position = 0; position < static_cast<int>(order_.size()); ++position) {
    place_item(position);
  }
}

int PlanBuilder::value_index(const Value& value) const {
  return first_value_[static_cast<std::size_t>(value.node().id())] + value.index();
}

int PlanBuilder::root_of(const Value& value) const {
  return value_root_[static_cast<std::size_t>(value_index(value))];
}

int PlanBuilder::new_root(std::size_t bytes) {
  roots_.push_back({.place = {}, .bytes = bytes});
  return static_cast<int>(roots_.size()) - 1;
}

/// The variable whose value from before the run this root is, or kNone.
int PlanBuilder::variable_of(int root_index) const {
  const Root& it = root(root_index);
  return it.producer == kNone && it.place.storage == Storage::variable ? it.place.index : kNone;
}

void PlanBuilder::number_values() {
  first_value_.reserve(plan_.graph.nodes().size());
  for (const Node& node : plan_.graph.nodes()) {
    first_value_.push_back(static_cast<int>(value_root_.size()));
    const int aliased = alias_input(node);
    for (const ValueType& type : node.outputs()) {
      if (aliased >= 0) {
        note_events(node, node.input(aliased));
        value_root_.push_back(root_of(node.input(aliased)));
        continue;
      }
      value_root_.push_back(new_root(byte_count(type)));
      roots_.back().gradient = is_gradient(node);
    }
    if (is_source(node)) place_source(node);
  }
}

/// What has to be computed before the node's output is read: the events of the value whose bytes it
/// has, and its own.
void PlanBuilder::note_events(const Node& node, const Value& aliased) {
  const auto known = events_.find(value_index(aliased));
  std::vector<int> events = known == events_.end() ? std::vector<int>() : known->second;
  if (node.op().name == "after") events.push_back(root_of(node.input(1)));
  if (!events.empty()) events_.emplace(first_value_.back(), std::move(events));
}

void PlanBuilder::place_source(const Node& node) {
  Place& place = roots_.back().place;
  const std::string& op = node.op().name;
  if (op == "constant") {
    place = {Storage::constant, static_cast<int>(plan_.constants.size())};
    plan_.constants.push_back(node.attrs().get<Tensor>("value").raw());
  } else if (op == "variable") {
    place = {Storage::variable, static_cast<int>(plan_.variables.size())};
    variable_roots_.push_back(static_cast<int>(roots_.size()) - 1);
    plan_.variables.push_back(variables_->state(request_.graph.value(node.name())));
    assignment_of_.push_back(kNone);
  } else {
    const auto feed = feed_by_name_.find(node.name());
    if (feed == feed_by_name_.end()) throw RunError("no feed for " + node.describe());
    place = {Storage::feed, feed->second};
  }
}

void PlanBuilder::mark_live() {
  live_.assign(plan_.graph.nodes().size(), false);
  const auto mark = [&](const Value& value) {
    live_[static_cast<std::size_t>(value.node().id())] = true;
  };
  for (const Value& fetch : plan_.graph.fetches()) mark(fetch);
  for (const Value& target : plan_.graph.targets()) mark(target);
  for (auto node = plan_.graph.nodes().rbegin(); node != plan_.graph.nodes().rend(); ++node) {
    if (!live_[static_cast<std::size_t>(node->id())]) continue;
    for (const Value& input : node->inputs()) mark(input);
  }
}

namespace {

bool depends_on(const Node& node, const Node& other) {
  std::vector<const Node*> stack = {&node};
  std::unordered_set<int> seen;
  while (!stack.empty()) {
    const Node* next = stack.back();
    stack.pop_back();
    if (next == &other) return true;
    if (next->id() < other.id() || !seen.insert(next->id()).second) continue;
    for (const Value& input : next->inputs()) stack.push_back(&input.node());
  }
  return false;
}

}  // namespace

void PlanBuilder::collect_assignments() {
  for (const Node& node : plan_.graph.nodes()) {
    if (node.op().name != "assign" || !live_[static_cast<std::size_t>(node.id())]) continue;
    const int variable = variable_of(root_of(node.input(0)));
    if (variable == kNone) throw RunError("only a variable can be assigned: " + node.describe());
    int& assigned = assignment_of_[static_cast<std::size_t>(variable)];
    if (assigned != kNone) {
      Assignment& earlier = assignments_[static_cast<std::size_t>(assigned)];
      if (depends_on(node, *earlier.node)) {  // the last one of a chain is what stays
        earlier = {&node, variable, root_of(node.input(1))};
        continue;
      }
      const Node& first = *assignments_[static_cast<std::size_t>(assigned)].node;
      throw RunError(
          describe_variable(plan_.variables[static_cast<std::size_t>(variable)]->variable) +
          " is assigned twice in one run, so its new value is ambiguous\n  first: " +
          first.describe() + "\n  second: " + node.describe());
    }
    assigned = static_cast<int>(assignments_.size());
    assignments_.push_back({&node, variable, root_of(node.input(1))});
  }
}

void PlanBuilder::add_kernel(const Node& node) {
  Item item{.node = &node, .kernel = backend_.lower(node), .inputs = {}, .outputs = {}};
  item.in_place = item.kernel->in_place();
  std::ranges::sort(item.in_place, {},
                    [](const InPlace& pair) { return std::pair(pair.output, pair.input); });
  for (const Value& input : node.inputs()) {
    item.readings.emplace_back(root_of(input), static_cast<int>(item.inputs.size()));
    item.inputs.push_back(root_of(input));
    const auto events = events_.find(value_index(input));
    if (events == events_.end()) continue;
    item.events.insert(item.events.end(), events->second.begin(), events->second.end());
  }
  std::ranges::sort(item.readings);
  const auto first = static_cast<std::size_t>(first_value_[static_cast<std::size_t>(node.id())]);
  for (std::size_t i = 0; i < node.outputs().size(); ++i) {
    item.outputs.push_back(value_root_[first + i]);
    root(item.outputs.back()).producer = static_cast<int>(items_.size());
    root(item.outputs.back()).output = static_cast<int>(i);
  }
  plan_.random = plan_.random || draws_random(node);
  items_.push_back(std::move(item));
}

int PlanBuilder::add_copy(int from, int to, const std::string& what) {
  items_.push_back({.node = nullptr,
                    .kernel = std::make_unique<CopyKernel>(root(from).bytes, what),
                    .inputs = {from},
                    .outputs = {to},
                    .readings = {{from, 0}}});
  return static_cast<int>(items_.size()) - 1;
}

/// Copies that must see a variable's value from before the run: of fetched variables, and of
/// variables that are assigned to another one while they are assigned themselves (a swap).
void PlanBuilder::add_copies_of_variables() {
  const std::vector<Value> fetches = plan_.graph.fetches();
  fetch_done_.assign(fetches.size(), false);
  for (std::size_t i = 0; i < fetches.size(); ++i) {
    fetch_roots_.push_back(root_of(fetches[i]));
    if (variable_of(fetch_roots_[i]) == kNone) continue;
    const int result = new_root(root(fetch_roots_[i]).bytes);
    root(result).producer = add_copy(fetch_roots_[i], result, fetches[i].name() + " to result");
    root(result).place = {Storage::fetch, static_cast<int>(i)};
    fetch_done_[i] = true;
  }
  for (Assignment& assignment : assignments_) {
    const int from = variable_of(assignment.source);
    if (from == kNone || assignment_of_[static_cast<std::size_t>(from)] == kNone) continue;
    const int saved = new_root(root(assignment.source).bytes);
    root(saved).producer =
        add_copy(assignment.source, saved, assignment.node->input(1).name() + " before its update");
    assignment.source = saved;
  }
}

std::span<const InPlace> PlanBuilder::Item::in_place_of(int output) const {
  const auto [begin, end] = std::ranges::equal_range(in_place, output, {}, &InPlace::output);
  return {begin, end};
}

bool PlanBuilder::Item::may_overwrite(int root, int output) const {
  const std::span<const InPlace> pairs = in_place_of(output);
  using Reading = std::pair<int, int>;
  const auto [begin, end] = std::ranges::equal_range(readings, root, {}, &Reading::first);
  return std::all_of(begin, end, [&](const Reading& reading) {
    return std::ranges::binary_search(pairs, reading.second, {}, &InPlace::input);
  });
}

/// Whether the item that computes an assignment's value could write it over the variable, being the
/// last to read it.
bool PlanBuilder::may_overwrite(const Assignment& assignment) const {
  const Root& source = root(assignment.source);
  if (source.producer == kNone) return false;
  const Item& item = items_[static_cast<std::size_t>(source.producer)];
  return item.may_overwrite(variable_roots_[static_cast<std::size_t>(assignment.variable)],
                            source.output);
}

void PlanBuilder::order_items() {
  std::vector<ScheduleItem> schedule_items(items_.size());
  for (std::size_t i = 0; i < items_.size(); ++i) {
    for (const int input : items_[i].inputs) {
      const int producer = root(input).producer;
      if (producer != kNone) schedule_items[i].needs.push_back(producer);
      if (variable_of(input) != kNone) schedule_items[i].reads.push_back(variable_of(input));
    }
    for (const int event : items_[i].events) {
      if (root(event).producer != kNone) schedule_items[i].needs.push_back(root(event).producer);
    }
    remove_repeated(schedule_items[i].needs);
    remove_repeated(schedule_items[i].reads);
  }
  std::vector<const Assignment*> candidates;
  std::vector<bool> claimed(roots_.size(), false);
  for (const Assignment& assignment : assignments_) {
    const std::size_t source = static_cast<std::size_t>(assignment.source);
    if (claimed[source] || !may_overwrite(assignment)) continue;
    claimed[source] = true;
    candidates.push_back(&assignment);
    schedule_items[static_cast<std::size_t>(roots_[source].producer)].updates.push_back(
        assignment.variable);
  }
  Schedule schedule = make_schedule(schedule_items, static_cast<int>(plan_.variables.size()));
  order_ = std::move(schedule.order);
  for (const Assignment* assignment : candidates) {
    if (!schedule.in_place[static_cast<std::size_t>(assignment->variable)]) continue;
    root(assignment->source).place = {Storage::variable, assignment->variable};
  }
}

/// Results that no kernel writes in place: they are copied when all kernels have run.
void PlanBuilder::add_final_copies() {
  const std::vector<Value> fetches = plan_.graph.fetches();
  for (std::size_t i = 0; i < fetches.size(); ++i) {
    if (fetch_done_[i]) continue;
    const Place here{Storage::fetch, static_cast<int>(i)};
    Root& source = root(fetch_roots_[i]);
    if (source.place.storage == Storage::none) {
      source.place = here;
      continue;
    }
    const int result = new_root(source.bytes);
    root(result).place = here;
    order_.push_back(add_copy(fetch_roots_[i], result, fetches[i].name() + " to result"));
  }
  for (const Assignment& assignment : assignments_) {
    const Place& place = root(assignment.source).place;
    if (place.storage == Storage::variable && place.index == assignment.variable) continue;
    const int result = new_root(root(assignment.source).bytes);
    root(result).place = {Storage::variable, assignment.variable};
    order_.push_back(add_copy(assignment.source, result,
                              "to variable " + assignment.node->input(0).node().name()));
  }
}

void PlanBuilder::find_reads_and_writes() {
  std::vector<bool> read(plan_.variables.size(), false);
  for (const Item& item : items_) {
    for (const int input : item.inputs) {
      const int variable = variable_of(input);
      if (variable != kNone) read[static_cast<std::size_t>(variable)] = true;
    }
  }
  for (const Assignment& assignment : assignments_) {
    const int variable = variable_of(assignment.source);  // assigned to itself: no kernel reads it
    if (variable != kNone) read[static_cast<std::size_t>(variable)] = true;
    plan_.writes.push_back(assignment.variable);
  }
  for (std::size_t i = 0; i < read.size(); ++i) {
    if (read[i]) plan_.reads.push_back(static_cast<int>(i));
  }
}

std::shared_ptr<const Plan> build_plan(const Function& function, const Backend& backend) {
  std::vector<Shape> shapes;
  for (const Value& parameter : function.parameters) shapes.push_back(parameter.shape());
  auto plan = std::make_shared<Plan>();
  plan->graph = plan->extracted = extract(function.parameters, shapes, function.results, {});
  for (const Value& result : function.results) plan->fetch_types.push_back(result.type());
  const PlanRequest request{.graph = function.graph,
                            .feeds = function.parameters,
                            .feed_shapes = shapes,
                            .fetches = function.results,
                            .targets = {}};
  PlanBuilder(*plan, request, nullptr, backend).build();
  return plan;
}

std::shared_ptr<const Plan> build_plan(const PlanRequest& request, const PassOptions& passes,
                                       VariableStore& variables, const Backend& backend) {
  const Graph extracted =
      extract(request.feeds, request.feed_shapes, request.fetches, request.targets);
  OptimizedGraph optimized = optimize(extracted, passes);
  auto plan = std::make_shared<Plan>();
  plan->extracted = extracted;
  plan->graph = std::move(optimized.graph);
  plan->reports = std::move(optimized.reports);
  for (const Value& fetch : plan->graph.fetches()) plan->fetch_types.push_back(fetch.type());
  PlanBuilder(*plan, request, &variables, backend).build();
  return plan;
}

}  // namespace tegula::detail
