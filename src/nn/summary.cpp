// The table of a model that `Model::summary` gives.

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <regex>

#include "src/nn/shape_text.hpp"
#include "src/nn/text_table.hpp"
#include "src/nn/types_text.hpp"
#include "tegula/nn/functional.hpp"
#include "tegula/nn/plot.hpp"
#include "tegula/nn/sequential.hpp"

namespace tegula::nn {

namespace {

using Row = std::vector<std::string>;
using Layers = std::vector<std::shared_ptr<LayerBase>>;

std::string with_thousands(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<std::size_t>(i), ",");
  }
  return digits;
}

/// "397.54 KB"
std::string bytes_text(std::int64_t bytes) {
  const char* units[] = {"B", "KB", "MB", "GB", "TB", "PB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (size >= 1024 && unit + 1 < std::size(units)) {
    size /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.2f %s", size, units[unit]);
  return text;
}

struct Size {
  std::int64_t count = 0;
  std::int64_t bytes = 0;

  Size operator+(const Size& other) const { return {count + other.count, bytes + other.bytes}; }
  Size operator-(const Size& other) const { return {count - other.count, bytes - other.bytes}; }
};

template <typename Weights>
Size size_of_all(const Weights& weights) {
  Size size;
  for (const auto& weight : weights) {
    const std::int64_t count = weight.shape().element_count();
    size = size + Size{count, count * static_cast<std::int64_t>(size_of(weight.dtype()))};
  }
  return size;
}

std::string size_line(const char* label, const Size& size) {
  return std::string(" ") + label + ": " + with_thousands(size.count) + " (" +
         bytes_text(size.bytes) + ")\n";
}

/// Of the terminal, as the environment or the system knows it.
std::int64_t terminal_columns() {
  if (const char* const given = std::getenv("COLUMNS")) {
    const std::int64_t columns = std::strtoll(given, nullptr, 10);
    if (columns > 0) return columns;
  }
  winsize size = {};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

/// Whether each layer is called once, on what the one before it gives.
bool is_chain(const FunctionalLayer& model) {
  const std::vector<ConnectedCall> calls = model.connected_calls();
  std::size_t last = 0;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (calls[i].inputs.size() != 1 || (i > 0 && calls[i].inputs.front().layer != last)) {
      return false;
    }
    last = calls[i].layer;
  }
  return calls.size() + 1 == model.sublayers().size();
}

/// "dense[0][0], dense[1][0]" for each layer: what its calls take, which are outputs of calls.
std::vector<std::string> connections(const FunctionalLayer& model) {
  const Layers layers = model.sublayers();
  std::vector<std::string> texts(layers.size());
  for (const ConnectedCall& call : model.connected_calls()) {
    std::string& text = texts[call.layer];
    for (const SymbolSource& source : call.inputs) {
      text += (text.empty() ? "" : ", ") + layers[source.layer]->name() + "[" +
              std::to_string(source.call) + "][" + std::to_string(source.output) + "]";
    }
  }
  return texts;
}

std::string output_text(const LayerBase& layer) {
  if (!layer.built() || layer.output_types().empty()) return "?";
  return types_text(layer.output_types(), [](const ValueType& type) {
    std::string text = shape_text(type.shape);
    if (type.shape.rank() == 1) text.erase(text.size() - 2, 1);
    return text;
  });
}

/// The rows of a summary.
class Rows {
 public:
  /// `connected`: whether there is a column of connections.
  Rows(const SummaryOptions& options, bool connected) : options_(options), connected_(connected) {}

  void add(const LayerBase& layer, const std::string& connections, int level = 0) {
    std::string name = layer.name() + " (" + std::string(layer.class_name()) + ")";
    for (int i = 0; i < level; ++i) name = (i == 0 ? "   └ " : "   ") + name;
    const std::vector<Weight> weights = layer.weights();
    Row row = {name, output_text(layer),
               layer.built() ? with_thousands(size_of_all(weights).count) : "0 (unbuilt)"};
    if (connected_) row.push_back(connections.empty() ? "-" : connections);
    if (options_.show_trainable) {
      row.emplace_back(weights.empty() ? "-" : layer.trainable ? "Y" : "N");
    }
    rows_.push_back(std::move(row));
    const bool is_model = dynamic_cast<const FunctionalLayer*>(&layer) != nullptr ||
                          dynamic_cast<const SequentialLayer*>(&layer) != nullptr;
    if (!options_.expand_nested || !is_model) return;
    for (const auto& inner : layer.sublayers()) add(*inner, "", level + 1);
  }

  const std::vector<Row>& all() const { return rows_; }

 private:
  const SummaryOptions& options_;
  bool connected_;
  std::vector<Row> rows_;
};

/// The columns, by the shares of the line at which they end. Throws InvalidArgument where they find
/// no room.
std::vector<TableColumn> columns_of(const SummaryOptions& options, bool connected,
                                    std::int64_t line_length) {
  std::vector<TableColumn> columns = {{.header = "Layer (type)"},
                                      {.header = "Output Shape"},
                                      {.header = "Param #", .alignment = Alignment::right}};
  std::vector<double> ends = {0.45, 0.80, 1.0};
  if (connected) {
    columns.push_back({.header = "Connected to"});
    ends = {0.3, 0.56, 0.74, 1.0};
  }
  if (!options.positions.empty()) ends = options.positions;
  if (ends.size() != columns.size()) {
    throw InvalidArgument("summary: `positions` needs " + std::to_string(columns.size()) +
                          " ends of columns, got " + to_config(ends).to_string());
  }
  if (options.show_trainable) {
    columns.push_back({.header = "Trainable", .alignment = Alignment::center});
    for (double& end : ends) end *= 0.9;
    ends.push_back(1);
  }
  std::int64_t last = 0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto end = static_cast<std::int64_t>(ends[i] * static_cast<double>(line_length));
    columns[i].width = end - last;
    last = end;
    if (columns[i].width >= 4) continue;
    throw InvalidArgument("Insufficient console width to print summary: with lines of " +
                          std::to_string(line_length) + " characters, column \"" +
                          columns[i].header + "\" would have " + std::to_string(columns[i].width) +
                          ", and needs 4");
  }
  return columns;
}

std::regex regex_of(const std::string& pattern) {
  try {
    return std::regex(pattern);
  } catch (const std::regex_error&) {
    throw InvalidArgument("summary: `layer_range` takes names or regular expressions, got \"" +
                          pattern + "\"");
  }
}

/// Places of the first layer that is shown and of the one after the last.
std::pair<std::size_t, std::size_t> shown_range(const Layers& layers,
                                                const std::vector<std::string>& range) {
  if (range.empty()) return {0, layers.size()};
  if (range.size() != 2) {
    throw InvalidArgument("summary: `layer_range` takes two names, of the first and the last " +
                          std::string("layer; got ") + to_config(range).to_string());
  }
  const auto matches = [](const std::string& pattern) {
    return [regex = regex_of(pattern)](const auto& layer) {
      return std::regex_search(layer->name(), regex, std::regex_constants::match_continuous);
    };
  };
  const auto first = std::ranges::find_if(layers, matches(range[0]));
  const auto last = std::ranges::find_if(layers.rbegin(), layers.rend(), matches(range[1]));
  if (first == layers.end() || last == layers.rend()) {
    throw InvalidArgument("summary: `layer_range` " + to_config(range).to_string() +
                          " matches no layers of the model");
  }
  const auto begin = static_cast<std::size_t>(first - layers.begin());
  const auto end = static_cast<std::size_t>(last.base() - layers.begin());
  return begin < end ? std::pair(begin, end) : std::pair(end - 1, begin + 1);
}

}  // namespace

std::string Model::summary() const { return model_summary(*this); }

std::string model_summary(const Model& model, const SummaryOptions& options) {
  check_ranges(options, "summary");
  const ConstructionLock lock;
  const Layers layers = model.layer()->sublayers();
  const auto* const functional = dynamic_cast<const FunctionalLayer*>(model.layer().shared().get());
  const bool connected = functional != nullptr && !is_chain(*functional);
  const std::int64_t usual = (connected ? 108 : 88) + (options.show_trainable ? 12 : 0);
  const std::int64_t line_length =
      options.line_length.value_or(std::min(usual, terminal_columns() - 4));
  const std::vector<TableColumn> columns = columns_of(options, connected, line_length);
  const std::vector<std::string> sources =
      connected ? connections(*functional) : std::vector<std::string>(layers.size());
  Rows rows(options, connected);
  const auto [first, end] = shown_range(layers, options.layer_range);
  for (std::size_t i = first; i < end; ++i) rows.add(*layers[i], sources[i]);

  const Size all = size_of_all(model.weights());
  const Size trainable = size_of_all(model.trainable_weights());
  const Size state = size_of_all(model.optimizer_variables());
  std::string text =
      "Model: \"" + model.name() + "\"\n" + text_table(columns, rows.all(), line_length) +
      size_line("Total params", all + state) + size_line("Trainable params", trainable) +
      size_line("Non-trainable params", all - trainable);
  if (state.count > 0) text += size_line("Optimizer params", state);
  return text;
}

}  // namespace tegula::nn
