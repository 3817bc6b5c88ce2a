#include <algorithm>
#include <map>

#include "src/passes/functions.hpp"
#include "src/passes/rewriter.hpp"
#include "tegula/graph/function.hpp"

namespace tegula::passes {

namespace {

const FunctionPointer& body_of(const Node& node) {
  return node.attrs().get<FunctionPointer>("body");
}

bool same_loop(const Node& a, const Node& b) {
  if (!std::ranges::equal(a.inputs(), b.inputs())) return false;
  if (!(body_of(a)->graph == body_of(b)->graph)) return false;
  return std::ranges::all_of(a.attrs(), [&](const Attrs::Entry& entry) {
    return entry.first == "body" || equal(entry.second, *b.attrs().find(entry.first));
  });
}

/// Scans by the first that they run together with.
class Groups {
 public:
  explicit Groups(const Graph& graph) {
    for (const Node& node : graph.nodes()) {
      if (node.op().name != "scan") continue;
      const auto first =
          std::ranges::find_if(scans_, [&](const Node* known) { return same_loop(*known, node); });
      first_[&node] = first == scans_.end() ? &node : *first;
      if (first == scans_.end()) scans_.push_back(&node);
      members_[first_[&node]].push_back(&node);
    }
  }

  bool any() const { return scans_.size() < first_.size(); }
  const Node* first(const Node& node) const {
    const auto known = first_.find(&node);
    return known == first_.end() ? nullptr : known->second;
  }
  const std::vector<const Node*>& members(const Node* first) const { return members_.at(first); }

 private:
  std::vector<const Node*> scans_;
  std::map<const Node*, const Node*> first_;
  std::map<const Node*, std::vector<const Node*>> members_;
};

/// One scan for all of `members`, and which of its outputs each of theirs is.
void build_union(GraphRewriter& rewriter, const std::vector<const Node*>& members) {
  const Node& first = *members.front();
  const auto states = static_cast<std::size_t>(first.attrs().get<std::int64_t>("states"));
  Function body = *body_of(first);
  std::map<std::pair<const Node*, std::size_t>, std::size_t> places;
  for (const Node* const member : members) {
    const std::vector<Value>& results = body_of(*member)->results;
    for (std::size_t i = 0; i < results.size(); ++i) {
      // States are first, and the same in all.
      const auto known = i < states ? body.results.begin() + std::ptrdiff_t(i)
                                    : std::find(body.results.begin() + std::ptrdiff_t(states),
                                                body.results.end(), results[i]);
      places[{member, i}] = static_cast<std::size_t>(known - body.results.begin());
      if (known == body.results.end()) body.results.push_back(results[i]);
    }
  }
  Attrs attrs = first.attrs();
  attrs.set("body", std::make_shared<const Function>(std::move(body)));
  Node& node =
      rewriter.build(first.op(), rewriter.map(first.inputs()), std::move(attrs), first, true);
  for (const auto& [of_member, place] : places) {
    const Value old(&rewriter.source().nodes()[static_cast<std::size_t>(of_member.first->id())],
                    static_cast<int>(of_member.second));
    rewriter.replace(old, node.output(static_cast<int>(place)));
  }
}

}  // namespace

Graph merge_scans(const Graph& graph) {
  const Groups groups(graph);
  if (!groups.any()) return graph;
  GraphRewriter rewriter(graph);
  for (const Node& node : graph.nodes()) {
    const Node* const first = groups.first(node);
    if (first == nullptr || groups.members(first).size() == 1) {
      rewriter.copy(node);
    } else if (first == &node) {
      build_union(rewriter, groups.members(first));
    }
  }
  return rewriter.finish();
}

}  // namespace tegula::passes
