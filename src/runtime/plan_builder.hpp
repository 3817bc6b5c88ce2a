#pragma once
// Turns an optimized graph into a plan. Private to src/runtime.
//
// Values that share bytes (reshapes, identities, results of assignments) have one root, the value
// that some kernel or source produces; places belong to roots. Work is a list of items: one kernel
// per node plus the copies that fetches and assignments need.

#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "src/runtime/arena_allocator.hpp"
#include "src/runtime/plan.hpp"
#include "src/runtime/schedule.hpp"

namespace tegula::detail {

class PlanBuilder {
 public:
  /// `variables` may be null where the graph has none.
  PlanBuilder(Plan& plan, const PlanRequest& request, VariableStore* variables,
              const Backend& backend);
  void build();

 private:
  static constexpr int kNone = -1;

  /// Bytes that one producer writes and others read.
  struct Root {
    Place place;
    std::size_t bytes = 0;
    int producer = kNone;  ///< item
    int output = 0;        ///< which of the item's
    bool gradient = false;
    bool used = false;
    int last_use = kNone;  ///< position in the schedule
  };
  struct Item {
    const Node* node = nullptr;  ///< null for copies
    std::unique_ptr<const Kernel> kernel;
    std::vector<int> inputs;   ///< roots
    std::vector<int> outputs;  ///< roots
    /// Roots that are computed before, though the kernel does not read them.
    std::vector<int> events = {};
    /// By output, then by input.
    std::vector<InPlace> in_place = {};
    /// Roots with the positions at which the kernel reads them, by root.
    std::vector<std::pair<int, int>> readings = {};

    /// The pairs that name this output.
    std::span<const InPlace> in_place_of(int output) const;
    /// Whether `output` may be written over this root, wherever the kernel reads it.
    bool may_overwrite(int root, int output) const;
  };
  struct Assignment {
    const Node* node = nullptr;
    int variable = 0;  ///< in plan.variables
    int source = 0;    ///< root of the new value
  };

  // plan_builder.cpp: what has to be done.
  void number_values();
  void place_source(const Node& node);
  void note_events(const Node& node, const Value& aliased);
  void collect_assignments();
  void mark_live();
  void add_kernel(const Node& node);
  void add_copies_of_variables();
  int add_copy(int from, int to, const std::string& what);
  bool may_overwrite(const Assignment& assignment) const;
  void order_items();
  void add_final_copies();
  void find_reads_and_writes();

  // plan_placement.cpp: where everything is.
  void find_last_uses();
  void place_item(int position);
  void place_outputs(Item& item, int position, ArenaUse& now);
  int reusable_input(const Item& item, int output, int position) const;
  void append_step(Item& item, std::size_t workspace_offset);
  void count(ArenaUse& use, const Root& root, bool add) const;

  int value_index(const Value& value) const;
  int root_of(const Value& value) const;
  Root& root(int index) { return roots_[static_cast<std::size_t>(index)]; }
  const Root& root(int index) const { return roots_[static_cast<std::size_t>(index)]; }
  int new_root(std::size_t bytes);
  int variable_of(int root_index) const;

  Plan& plan_;
  const PlanRequest& request_;
  VariableStore* variables_;
  const Backend& backend_;

  std::unordered_map<std::string, int> feed_by_name_;
  std::vector<int> first_value_;                      // by node id
  std::vector<int> value_root_;                       // by value number
  std::unordered_map<int, std::vector<int>> events_;  // by value number: roots that come before
  std::vector<bool> live_;                            // by node id
  std::vector<Root> roots_;
  std::vector<Item> items_;
  std::vector<Assignment> assignments_;
  std::vector<int> variable_roots_;  // by variable, as it was before the run
  std::vector<int> assignment_of_;   // by variable; kNone when it is only read
  std::vector<int> fetch_roots_;
  std::vector<bool> fetch_done_;
  std::vector<int> order_;  // items
  ArenaAllocator allocator_;
  ArenaUse now_;
};

}  // namespace tegula::detail
