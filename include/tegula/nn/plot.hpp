#pragma once
// Tables of models, a row per layer; and pictures, a box per layer and an arrow per connection.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "tegula/nn/model.hpp"

namespace tegula::nn {

struct SummaryOptions {
  std::optional<std::int64_t> line_length = {};
  std::vector<double> positions = {};
  bool expand_nested = false;
  bool show_trainable = false;
  std::vector<std::string> layer_range = {};
  static auto fields() {
    using Self = SummaryOptions;
    return std::tuple{
        field<&Self::line_length>("line_length", "Characters of a line; as the terminal has room.",
                                  at_least(1)),
        field<&Self::positions>("positions", "Where columns end, as shares of a line.",
                                in_range(0, 1)),
        field<&Self::expand_nested>("expand_nested", "Show the layers of models among the layers."),
        field<&Self::show_trainable>("show_trainable", "Show whether layers are trainable."),
        field<&Self::layer_range>("layer_range",
                                  "The first and the last layer to show: names, or regular "
                                  "expressions that match their beginnings.")};
  }
};

/// A table of layers, output shapes, parameter counts and, where the layers are no chain, of what
/// they take, in UTF-8: what `Model::summary` gives, with options. Throws InvalidArgument for
/// options that do not fit.
TEGULA_API std::string model_summary(const Model& model, const SummaryOptions& options = {});

struct PlotOptions {
  bool show_shapes = false;
  bool show_dtype = false;
  bool show_layer_names = false;
  /// "TB", "LR", "BT" or "RL".
  std::string rankdir = "TB";
  bool expand_nested = false;
  /// Dots per inch, of 72 points: a font of Keras's boxes has 14 points.
  std::int64_t dpi = 200;
  bool show_layer_activations = false;
  bool show_trainable = false;
  /// "ortho" or "line"; in the DOT language also "curved", "polyline" and "spline".
  std::string splines = "ortho";
  static auto fields() {
    using Self = PlotOptions;
    return std::tuple{
        field<&Self::show_shapes>("show_shapes", "Show the shapes of inputs and outputs."),
        field<&Self::show_dtype>("show_dtype", "Show the dtypes of outputs."),
        field<&Self::show_layer_names>("show_layer_names", "Show names beside classes."),
        field<&Self::rankdir>("rankdir", "Where arrows go: \"TB\", \"LR\", \"BT\" or \"RL\"."),
        field<&Self::expand_nested>("expand_nested", "Show the layers of models among the layers."),
        field<&Self::dpi>("dpi", "Dots per inch.", at_least(1)),
        field<&Self::show_layer_activations>("show_layer_activations", "Show activations."),
        field<&Self::show_trainable>("show_trainable", "Show whether layers are trainable."),
        field<&Self::splines>("splines", "Form of the arrows: \"ortho\" or \"line\".")};
  }
};

/// The picture in the DOT language, for Graphviz. Throws RunError before the model is built, and
/// InvalidArgument for options that do not fit.
TEGULA_API std::string model_to_dot(const Model& model, const PlotOptions& options = {});
/// The picture as SVG, drawn without other programs. Throws as `model_to_dot`.
TEGULA_API std::string model_to_svg(const Model& model, const PlotOptions& options = {});

}  // namespace tegula::nn
