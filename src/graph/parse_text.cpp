// The parser of the graph's text form: the inverse of text.cpp. Survives any input.

#include <algorithm>

#include "src/graph/storage.hpp"
#include "src/graph/text_scanner.hpp"
#include "src/graph/text_values.hpp"
#include "tegula/graph/function.hpp"

namespace tegula {

namespace {

using detail::TextScanner;

class TextParser {
 public:
  explicit TextParser(Graph graph) : graph_(std::move(graph)) {}

  void parse_line(std::string_view line, int number) {
    TextScanner scanner(line, number, repeatable_);
    if (scanner.at_end() || scanner.next_is('#')) return;
    if (scanner.next_is('%')) {
      parse_node(scanner);
    } else {
      parse_statement(scanner);
    }
    if (!scanner.at_end()) scanner.fail("expected the end of the line");
  }

  /// What stands between the braces of a function.
  FunctionPointer parse_function(TextScanner& scanner) {
    while (scanner.next_is('%')) {
      parse_node(scanner);
      scanner.expect(';');
    }
    if (scanner.word() != "fetch") scanner.fail("expected a node or \"fetch\"");
    if (scanner.next_is('%')) parse_values(scanner, fetches_);
    std::vector<Value> parameters;
    for (const Node& node : graph_.nodes()) {
      if (node.op().name == "variable") scanner.fail("a function cannot hold variables");
      if (node.op().name == "placeholder") parameters.push_back(graph_.node(node.id()).output());
    }
    return std::make_shared<const Function>(Function{graph_, std::move(parameters), fetches_});
  }

  const std::vector<Value>& fetches() const { return fetches_; }
  const std::vector<Value>& targets() const { return targets_; }

 private:
  Value parse_value(TextScanner& scanner) {
    const std::string name = scanner.name();
    Node* node = graph_.find(name);
    if (node == nullptr) scanner.fail("%" + name + " is not defined above");
    const std::int64_t index = scanner.accept(':') ? scanner.integer() : 0;
    if (index < 0 || index >= node->output_count()) {
      scanner.fail("%" + name + " has " + std::to_string(node->output_count()) +
                   " outputs, there is no output " + std::to_string(index));
    }
    return node->output(static_cast<int>(index));
  }

  void parse_values(TextScanner& scanner, std::vector<Value>& values) {
    do {
      values.push_back(parse_value(scanner));
    } while (scanner.accept(','));
  }

  void parse_node(TextScanner& scanner) {
    const std::string name = scanner.name();
    if (graph_.find(name) != nullptr) scanner.fail("%" + name + " is defined twice");
    scanner.expect('=');
    const OpDef& op = scanner.op();
    Attrs leading;
    scanner.leading_attrs(op, leading);
    std::vector<Value> inputs;
    if (scanner.next_is('%')) parse_values(scanner, inputs);
    Attrs attrs = scanner.attrs(op);
    for (const auto& [key, value] : leading) attrs.set(key, value);
    try {
      graph_.add_node(
          op, inputs, std::move(attrs), name,
          SourceLocation("graph text", static_cast<std::uint32_t>(scanner.line_number())));
    } catch (const Error& error) {
      scanner.fail(error.what());
    }
  }

  void parse_statement(TextScanner& scanner) {
    const std::string_view keyword = scanner.word();
    if (keyword == "fetch") {
      parse_values(scanner, fetches_);
    } else if (keyword == "target") {
      parse_values(scanner, targets_);
    } else if (keyword == "initial") {
      parse_initial(scanner);
    } else {
      scanner.fail("expected a node, \"initial\", \"fetch\" or \"target\"");
    }
  }

  void parse_initial(TextScanner& scanner) {
    const Value variable = parse_value(scanner);
    if (variable.node().op().name != "variable") {
      scanner.fail("\"" + variable.node().name() + "\" is not a variable");
    }
    scanner.expect('=');
    const Value initial = parse_value(scanner);
    try {
      graph_.set_initial_value(variable, initial);
    } catch (const Error& error) {
      scanner.fail(error.what());
    }
  }

  Graph graph_;
  std::size_t repeatable_ = detail::kMaxRepeatedBytesOfText;
  std::vector<Value> fetches_;
  std::vector<Value> targets_;
};

/// One more than the largest id of the graph's random ops.
std::int64_t count_random_ops(const Graph& graph) {
  std::int64_t count = 0;
  for (const Node& node : graph.nodes()) {
    const AttrValue* id = node.attrs().find("op_id");
    if (id == nullptr || !std::holds_alternative<std::int64_t>(*id)) continue;
    const std::int64_t used = std::get<std::int64_t>(*id);
    if (used >= count && used < std::int64_t{UINT32_MAX}) count = used + 1;
  }
  return count;
}

}  // namespace

std::shared_ptr<const Function> detail::TextScanner::function() {
  constexpr int kMaxDepth = 32;
  if (depth_ == kMaxDepth) fail("functions are nested too deeply");
  ++depth_;
  expect('{');
  FunctionPointer function = TextParser(Graph()).parse_function(*this);
  expect('}');
  --depth_;
  return function;
}

Graph Graph::from_text(std::string_view text) {
  Graph graph;
  TextParser parser(graph);
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    parser.parse_line(line, ++number);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  graph.set_fetches(parser.fetches());
  graph.set_targets(parser.targets());
  graph.storage_->random_ops = count_random_ops(graph);
  return graph;
}

}  // namespace tegula
