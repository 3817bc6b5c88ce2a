// The table that `Model::summary` prints.

#include <algorithm>
#include <cstdio>

#include "src/nn/shape_text.hpp"
#include "tegula/nn/model.hpp"

namespace tegula::nn {

namespace {

using Row = std::vector<std::string>;

template <typename Weights>
std::int64_t parameter_count(const Weights& weights) {
  std::int64_t count = 0;
  for (const auto& weight : weights) count += weight.shape().element_count();
  return count;
}

std::string with_thousands(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<std::size_t>(i), ",");
  }
  return digits;
}

/// "397.54 KB"
std::string bytes_text(std::int64_t bytes) {
  const char* units[] = {"B", "KB", "MB", "GB", "TB"};
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

std::string table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string rule;
  for (const std::size_t width : widths) rule += "+" + std::string(width + 2, '-');
  rule += "+\n";
  std::string text = rule;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t i = 0; i < rows[r].size(); ++i) {
      const std::string padding(widths[i] - rows[r][i].size(), ' ');
      const bool number = i + 1 == rows[r].size();
      text += "| " + (number ? padding + rows[r][i] : rows[r][i] + padding) + " ";
    }
    text += "|\n";
    if (r == 0) text += rule;
  }
  return text + rule;
}

std::string parameter_line(const char* label, std::int64_t count, std::int64_t bytes) {
  return std::string(" ") + label + ": " + with_thousands(count) + " (" + bytes_text(bytes) + ")\n";
}

}  // namespace

std::string shape_text(const Shape& shape) {
  std::string text = "(";
  for (int i = 0; i < shape.rank(); ++i) {
    text += (i == 0 ? "" : ", ");
    text += shape[i] == kUnknown ? "None" : std::to_string(shape[i]);
  }
  return text + (shape.rank() == 1 ? ",)" : ")");
}

namespace {

std::string shapes_text(const ValueTypes& types) {
  std::string text;
  for (const ValueType& type : types) text += (text.empty() ? "" : ", ") + shape_text(type.shape);
  return types.size() == 1 ? text : "[" + text + "]";
}

}  // namespace

std::string Model::summary() const {
  std::vector<Row> rows = {{"Layer (type)", "Output Shape", "Param #"}};
  for (const Layer& layer : layers()) {
    const std::string type = layer->name() + " (" + std::string(layer->class_name()) + ")";
    rows.push_back(
        {type, layer->built() ? shapes_text(layer->output_types()) : "?",
         layer->built() ? with_thousands(parameter_count(layer->weights())) : "0 (unbuilt)"});
  }
  const std::int64_t trainable = parameter_count(trainable_weights());
  constexpr std::int64_t kFloatBytes = 4;
  const std::int64_t all = parameter_count(weights());
  const std::int64_t state = parameter_count(optimizer_variables());
  std::string text =
      "Model: \"" + name() + "\"\n" + table(rows) +
      parameter_line("Total params", all + state, (all + state) * kFloatBytes) +
      parameter_line("Trainable params", trainable, trainable * kFloatBytes) +
      parameter_line("Non-trainable params", all - trainable, (all - trainable) * kFloatBytes);
  if (state > 0) text += parameter_line("Optimizer params", state, state * kFloatBytes);
  return text;
}

}  // namespace tegula::nn
