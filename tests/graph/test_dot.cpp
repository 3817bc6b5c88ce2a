// The Graphviz form.
#include <doctest/doctest.h>

#include "tegula/graph/graph.hpp"

using namespace tegula;

TEST_CASE("a graph is drawn with a box per node, edges and results") {
  const Graph graph = Graph::from_text(
      "%x = placeholder f32[?,4]\n"
      "%\"a \\\"b\" = cluster %x {cluster={%1 = exp %0; %2 = neg %1; return %1, %2}}\n"
      "%y = neg %\"a \\\"b\":1\n"
      "fetch %y\n");
  const std::string dot = graph.to_dot();
  for (const char* part : {"digraph tegula {", "n0 [label=\"placeholder\\nx\\nf32[?,4]\"",
                           "n1 [label=\"cluster\\na \\\"b\\n exp neg\\nf32[?,4]\\nf32[?,4]\"",
                           "n0 -> n1;", "n1 -> n2 [label=\"1\"];", "n2 -> fetch0;"}) {
    CHECK_MESSAGE(dot.find(part) != std::string::npos, std::string(part) << "\n" << dot);
  }
  CHECK(dot.ends_with("}\n"));
}
