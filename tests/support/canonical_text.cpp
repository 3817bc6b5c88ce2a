#include "tests/support/canonical_text.hpp"

#include <algorithm>
#include <vector>

#include "tegula/graph/op_def.hpp"

namespace tegula::test {

namespace {

class Canonicalizer {
 public:
  explicit Canonicalizer(const Graph& graph) : source_(graph), copies_(graph.nodes().size()) {}

  Graph run() {
    result_.set_fetches(visit_all(source_.fetches()));
    result_.set_targets(visit_all(source_.targets()));
    return result_;
  }

 private:
  std::vector<Value> visit_all(std::span<const Value> values) {
    std::vector<Value> copies;
    for (const Value& value : values) copies.push_back(visit(value));
    return copies;
  }

  Value visit(const Value& value) {
    Node& node = value.node();
    Node*& copy = copies_[static_cast<std::size_t>(node.id())];
    if (copy == nullptr) {
      const std::vector<Value> inputs = visit_all(node.inputs());
      const bool named = node.op().name == "placeholder" || node.op().name == "variable";
      const std::string name = named ? node.name() : std::to_string(result_.nodes().size());
      copy = &result_.add_node(node.op(), inputs, node.attrs(), name);
    }
    return copy->output(value.index());
  }

  Graph source_;
  Graph result_;
  std::vector<Node*> copies_;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

}  // namespace

std::string canonical_text(const Graph& graph) { return Canonicalizer(graph).run().to_text(); }

std::string difference(const std::string& expected, const std::string& actual) {
  const std::vector<std::string> left = lines_of(expected);
  const std::vector<std::string> right = lines_of(actual);
  std::string text;
  for (const std::string& line : left) {
    const bool common = std::ranges::find(right, line) != right.end();
    text += (common ? "    " : "  - ") + line + "\n";
  }
  text += "  instead of the above, there is\n";
  for (const std::string& line : right) {
    const bool common = std::ranges::find(left, line) != left.end();
    text += (common ? "    " : "  + ") + line + "\n";
  }
  return text;
}

}  // namespace tegula::test
