// The text form of graphs.

#include "tegula/graph/graph.hpp"
#include "tests/fuzz/targets.hpp"

namespace tegula::fuzz {

namespace {

void run(std::string_view input) {
  const Graph graph = Graph::from_text(input);
  const std::string text = graph.to_text();
  try {
    graph.verify();
    require(Graph::from_text(text).to_text() == text, "a graph's text reads back as the graph");
  } catch (const Error& error) {
    throw BrokenProperty(std::string("a graph that was read is valid: ") + error.what());
  }
}

}  // namespace

const Target graph_text = {"graph_text", run};

}  // namespace tegula::fuzz
