#pragma once
// What a picture of a model shows, without places. Private to src/nn.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tegula/nn/plot.hpp"

namespace tegula::nn {

/// Shown of a layer: the first line is its title.
using BoxLines = std::vector<std::string>;

struct Diagram;

/// A layer, or a model whose layers are shown.
struct DiagramNode {
  BoxLines lines = {};
  std::unique_ptr<Diagram> model = nullptr;
};

/// An output of a node; always 0 of a box.
struct DiagramPort {
  std::size_t node = 0;
  std::size_t output = 0;

  bool operator==(const DiagramPort&) const = default;
};

struct DiagramLink {
  DiagramPort from;
  std::size_t to = 0;
  /// Always 0 of a box.
  std::size_t input = 0;

  bool operator==(const DiagramLink&) const = default;
};

struct Diagram {
  std::string name = {};
  /// In the order of computation: layers that are called again have links to earlier ones.
  std::vector<DiagramNode> nodes = {};
  std::vector<DiagramLink> links = {};
  /// Where inputs go and outputs come from, for the model around.
  std::vector<std::size_t> inputs = {};
  std::vector<DiagramPort> outputs = {};
};

/// Throws RunError before the model is built, and InvalidArgument for options that do not fit.
Diagram diagram_of(const Model& model, const PlotOptions& options);

}  // namespace tegula::nn
