// Pictures of models in the DOT language.

#include <map>
#include <set>

#include "src/nn/markup.hpp"
#include "src/nn/model_diagram.hpp"

namespace tegula::nn {

namespace {

std::string dot_string(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

/// One of a box's lines as a row of a table.
std::string row(const std::string& line, bool title) {
  const std::string colors = title ? R"(bgcolor="black"><font color="white" point-size="16">)"
                                   : R"(bgcolor="white"><font point-size="14">)";
  return "<tr><td " + colors + escaped_markup(line) + "</font></td></tr>";
}

class DotText {
 public:
  explicit DotText(const PlotOptions& options) : options_(options) {}

  std::string of(const Diagram& diagram) {
    text_ = "digraph G {\nrankdir=" + options_.rankdir +
            ";\nconcentrate=true;\ndpi=" + std::to_string(options_.dpi) +
            ";\nsplines=" + options_.splines + ";\nnode [shape=plain, fontname=\"Helvetica\"];\n";
    add_nodes(diagram);
    add_links(diagram);
    return text_ + "}\n";
  }

 private:
  void add_nodes(const Diagram& diagram) {
    for (const DiagramNode& node : diagram.nodes) {
      if (node.model != nullptr) {
        text_ += "subgraph cluster_" + std::to_string(clusters_++) +
                 " {\nstyle=dashed;\nlabeljust=l;\nlabel=" + dot_string(node.model->name) + ";\n";
        add_nodes(*node.model);
        text_ += "}\n";
        continue;
      }
      const std::string name = "n" + std::to_string(names_.size());
      names_[&node] = name;
      text_ += name + R"( [label=<<table border="0" cellborder="1" cellpadding="10">)";
      for (std::size_t i = 0; i < node.lines.size(); ++i) text_ += row(node.lines[i], i == 0);
      text_ += "</table>>];\n";
    }
  }

  void add_links(const Diagram& diagram) {
    for (const DiagramLink& link : diagram.links) {
      const std::string edge = begin_of(diagram, link.from) + " -> " +
                               end_of(diagram.nodes[link.to], link.input) + " [penwidth=2];\n";
      if (edges_.insert(edge).second) text_ += edge;
    }
    for (const DiagramNode& node : diagram.nodes) {
      if (node.model != nullptr) add_links(*node.model);
    }
  }

  std::string begin_of(const Diagram& diagram, const DiagramPort& port) const {
    const DiagramNode& node = diagram.nodes[port.node];
    if (node.model == nullptr) return names_.at(&node);
    return begin_of(*node.model, node.model->outputs[port.output]);
  }

  std::string end_of(const DiagramNode& node, std::size_t input) const {
    if (node.model == nullptr) return names_.at(&node);
    return end_of(node.model->nodes[node.model->inputs[input]], 0);
  }

  const PlotOptions& options_;
  std::string text_;
  int clusters_ = 0;
  std::map<const DiagramNode*, std::string> names_;
  std::set<std::string> edges_;
};

}  // namespace

std::string model_to_dot(const Model& model, const PlotOptions& options) {
  return DotText(options).of(diagram_of(model, options));
}

}  // namespace tegula::nn
