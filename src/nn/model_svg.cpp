// Pictures of models as SVG. Lengths are points; places are those of a picture from top to bottom,
// which is turned when it is written.

#include <algorithm>
#include <cstdio>

#include "src/nn/layered_layout.hpp"
#include "src/nn/markup.hpp"
#include "src/nn/model_diagram.hpp"

namespace tegula::nn {

namespace {

constexpr double kMargin = 8;
constexpr double kFontSize = 14;
constexpr double kLineHeight = 28;
/// Around the layers of a model; its name stands there.
constexpr double kPadding = 28;
/// Of a character, as a share of the font's size: most of Helvetica's are narrower.
constexpr double kCharacterWidth = 0.6;
constexpr double kPointsPerInch = 72;

double text_width(const std::string& text) {
  return kCharacterWidth * kFontSize * static_cast<double>(text.size()) + 20;
}

/// A node with its size; of a model, with places of what is in it.
struct Block {
  double width = 0;
  double height = 0;
  std::vector<double> entries = {};
  std::vector<double> exits = {};
  Layout layout = {};
  std::vector<Block> nodes = {};
};

class SvgText {
 public:
  explicit SvgText(const PlotOptions& options)
      : options_(options), sideways_(options.rankdir == "LR" || options.rankdir == "RL") {
    if (options.splines == "ortho" || options.splines == "line") return;
    throw InvalidArgument(
        "`splines`: without Graphviz a picture has \"ortho\" or \"line\", got \"" +
        options.splines + "\"");
  }

  std::string of(const Diagram& diagram) {
    const Block all = laid_out(diagram, false);
    height_ = all.height;
    const double width = (sideways_ ? all.height : all.width) + 2 * kMargin;
    const double height = (sideways_ ? all.width : all.height) + 2 * kMargin;
    const double scale = static_cast<double>(options_.dpi) / kPointsPerInch;
    text_ = R"(<svg xmlns="http://www.w3.org/2000/svg" width=")" + number(width * scale) +
            "\" height=\"" + number(height * scale) + "\" viewBox=\"0 0 " + number(width) + " " +
            number(height) + "\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"" +
            number(kFontSize) + "\">\n" +
            R"(<marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="5" )"
            R"(markerHeight="5" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker>)"
            "\n" +
            rectangle({0, 0, width, height}, R"(fill="white")");
    add_all(diagram, all, {kMargin, kMargin});
    return text_ + "</svg>\n";
  }

 private:
  struct Rectangle {
    double x, y, width, height;
  };

  Block box(const BoxLines& lines) const {
    double width = 0;
    for (const std::string& line : lines) width = std::max(width, text_width(line));
    double height = kLineHeight * static_cast<double>(lines.size());
    if (sideways_) std::swap(width, height);
    return {width, height, {width / 2}, {width / 2}};
  }

  /// `inner`: whether it is in another model, which its inputs come from and its outputs go to.
  Block laid_out(const Diagram& diagram, bool inner) const {
    Block all;
    std::vector<LayoutItem> items;
    for (const DiagramNode& node : diagram.nodes) {
      const Block& block = all.nodes.emplace_back(
          node.model == nullptr ? box(node.lines) : laid_out(*node.model, true));
      items.push_back({block.width, block.height, block.entries, block.exits});
    }
    std::vector<LayoutLine> lines;
    for (const DiagramLink& link : diagram.links) {
      if (link.from.node < link.to) {
        lines.push_back({link.from.node, link.from.output, link.to, link.input});
      } else if (link.from.node > link.to) {
        lines.push_back({link.to, 0, link.from.node, 0});
      }
    }
    if (inner) {
      for (const DiagramPort& output : diagram.outputs) {
        lines.push_back({output.node, output.output, items.size(), 0});
        items.push_back({.entries = {0}, .last = true});
      }
    }
    all.layout = layered_layout(items, lines, options_.splines == "ortho");
    const double padding = inner ? kPadding : 0;
    all.width = all.layout.width + 2 * padding;
    all.height = all.layout.height + 2 * padding;
    if (inner && !sideways_) all.width = std::max(all.width, text_width(diagram.name));
    for (const std::size_t input : diagram.inputs) {
      all.entries.push_back(padding + all.layout.corners[input].x + all.nodes[input].entries[0]);
    }
    for (std::size_t i = diagram.nodes.size(); i < items.size(); ++i) {
      all.exits.push_back(padding + all.layout.corners[i].x);
    }
    return all;
  }

  void add_all(const Diagram& diagram, const Block& all, const Point& origin) {
    for (std::size_t i = 0; i < diagram.nodes.size(); ++i) {
      const DiagramNode& node = diagram.nodes[i];
      const Point corner = sum(origin, all.layout.corners[i]);
      const Rectangle place = turned({corner.x, corner.y, all.nodes[i].width, all.nodes[i].height});
      if (node.model == nullptr) {
        add_box(node.lines, place);
        continue;
      }
      text_ += "<g class=\"model\">\n" +
               rectangle(place, R"(fill="none" stroke="black" stroke-dasharray="5 3")") +
               "<text x=\"" + number(place.x + 10) + "\" y=\"" + number(place.y + 18) + "\">" +
               escaped_markup(node.model->name) + "</text>\n";
      add_all(*node.model, all.nodes[i], sum(corner, {kPadding, kPadding}));
      text_ += "</g>\n";
    }
    std::size_t line = 0;
    for (const DiagramLink& link : diagram.links) {
      if (link.from.node == link.to) {
        add_loop(all, link.to, origin);
        continue;
      }
      std::vector<Point> points = shifted(all.layout.lines[line++], origin);
      if (link.from.node < link.to) {
        std::vector<Point> path = way_out(diagram, all, link.from, origin);
        path.insert(path.end(), points.begin(), points.end());
        const std::vector<Point> end = way_in(diagram, all, link.to, link.input, origin);
        path.insert(path.end(), end.begin(), end.end());
        add_edge(path);
      } else {
        std::ranges::reverse(points);
        add_edge(points);
      }
    }
  }

  void add_box(const BoxLines& lines, const Rectangle& place) {
    text_ += "<g class=\"layer\">\n" + rectangle(place, R"(fill="white" stroke="black")") +
             rectangle({place.x, place.y, place.width, kLineHeight}, R"(fill="black")");
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const double y = place.y + kLineHeight * static_cast<double>(i) + 19;
      text_ += "<text x=\"" + number(place.x + place.width / 2) + "\" y=\"" + number(y) +
               "\" text-anchor=\"middle\"" + (i == 0 ? " fill=\"white\">" : ">") +
               escaped_markup(lines[i]) + "</text>\n";
    }
    text_ += "</g>\n";
  }

  /// From the layer within models that gives the output to the edge of the node.
  std::vector<Point> way_out(const Diagram& diagram, const Block& all, const DiagramPort& port,
                             const Point& origin) const {
    const DiagramNode& node = diagram.nodes[port.node];
    if (node.model == nullptr) return {};
    const Block& block = all.nodes[port.node];
    const Point inside = sum(sum(origin, all.layout.corners[port.node]), {kPadding, kPadding});
    std::vector<Point> path = way_out(*node.model, block, node.model->outputs[port.output], inside);
    const std::size_t first = block.layout.lines.size() - node.model->outputs.size();
    const auto line = shifted(block.layout.lines[first + port.output], inside);
    path.insert(path.end(), line.begin(), line.end());
    return path;
  }

  /// From the edge of the node to the layer within models that takes the input.
  std::vector<Point> way_in(const Diagram& diagram, const Block& all, std::size_t number,
                            std::size_t input, const Point& origin) const {
    const DiagramNode& node = diagram.nodes[number];
    if (node.model == nullptr) return {};
    const Block& block = all.nodes[number];
    const Point corner = sum(origin, all.layout.corners[number]);
    const std::size_t taker = node.model->inputs[input];
    const Point inside = sum(corner, {kPadding, kPadding});
    std::vector<Point> path = {
        {corner.x + block.entries[input], inside.y + block.layout.corners[taker].y}};
    const auto end = way_in(*node.model, block, taker, 0, inside);
    path.insert(path.end(), end.begin(), end.end());
    return path;
  }

  /// Of a layer that takes what it gave.
  void add_loop(const Block& all, std::size_t node, const Point& origin) {
    const Point corner = sum(origin, all.layout.corners[node]);
    const double x = corner.x + all.nodes[node].width;
    const double y = corner.y + all.nodes[node].height;
    const double out = x + kMargin - 2;
    add_edge({{x, y - 6}, {out, y - 6}, {out, corner.y + 6}, {x, corner.y + 6}});
  }

  void add_edge(const std::vector<Point>& points) {
    text_ += R"-(<path class="edge" fill="none" stroke="black" marker-end="url(#arrow)" d="M)-";
    for (std::size_t i = 0; i < points.size(); ++i) {
      const Rectangle place = turned({points[i].x, points[i].y, 0, 0});
      text_ += (i == 0 ? "" : " L") + number(place.x) + " " + number(place.y);
    }
    text_ += "\"/>\n";
  }

  static Point sum(const Point& a, const Point& b) { return {a.x + b.x, a.y + b.y}; }

  static std::vector<Point> shifted(std::vector<Point> points, const Point& by) {
    for (Point& point : points) point = sum(point, by);
    return points;
  }

  /// As it stands in a picture of this direction.
  Rectangle turned(Rectangle place) const {
    if (options_.rankdir == "BT" || options_.rankdir == "RL") {
      place.y = height_ + 2 * kMargin - place.y - place.height;
    }
    if (sideways_) {
      std::swap(place.x, place.y);
      std::swap(place.width, place.height);
    }
    return place;
  }

  static std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", value);
    return text;
  }

  static std::string rectangle(const Rectangle& place, const char* style) {
    return "<rect x=\"" + number(place.x) + "\" y=\"" + number(place.y) + "\" width=\"" +
           number(place.width) + "\" height=\"" + number(place.height) + "\" " + style + "/>\n";
  }

  const PlotOptions& options_;
  const bool sideways_;
  double height_ = 0;
  std::string text_;
};

}  // namespace

std::string model_to_svg(const Model& model, const PlotOptions& options) {
  const Diagram diagram = diagram_of(model, options);
  return SvgText(options).of(diagram);
}

}  // namespace tegula::nn
