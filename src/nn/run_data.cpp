#include "src/nn/run_data.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <type_traits>

#include "src/core/rethrow.hpp"
#include "src/nn/shape_text.hpp"
#include "src/nn/user_terms.hpp"
#include "tegula/nn/logs.hpp"

namespace tegula::nn {

namespace {

std::int64_t rows_of(const Tensor& tensor) {
  return tensor.rank() == 0 ? std::int64_t{-1} : tensor.shape()[0];
}

/// Elements per row.
std::int64_t width_of(const Tensor& tensor) {
  const std::int64_t rows = rows_of(tensor);
  return rows <= 0 ? 1 : std::max<std::int64_t>(1, tensor.element_count() / rows);
}

std::string number_text_of(double value) {
  return value == std::floor(value) && std::abs(value) < 0x1p53
             ? std::to_string(static_cast<std::int64_t>(value))
             : number_text(value);
}

void check_indices_shape(const Tensor& y, const LossBase& loss, const Shape& outputs) {
  const bool one_column = y.rank() > 0 && y.shape().dim(-1) == 1;
  if (y.rank() != outputs.rank() || one_column) return;
  Shape expected = y.shape();
  expected = Shape(expected.dims().subspan(0, static_cast<std::size_t>(expected.rank() - 1)));
  throw ShapeError(std::string(loss.class_name()) + " takes class indices as targets, of shape " +
                   shape_text(expected) + ", but y has shape " + shape_text(y.shape()) +
                   ". For one-hot rows use CategoricalCrossentropy, or give it the indices: the "
                   "argmax of each row");
}

/// Throws for the first label that is no class, or without known classes no 32-bit index.
template <typename T>
void check_labels(std::span<const T> labels, const LossBase& loss, std::int64_t classes,
                  std::int64_t width, const RowNames& rows) {
  const std::optional<std::int64_t> ignored = loss.ignored_class();
  const double end = classes == kUnknown ? 0x1p31 : static_cast<double>(classes);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto label = static_cast<double>(labels[i]);
    if (label >= 0 && label < end && label == std::floor(label)) continue;
    if (ignored && label == static_cast<double>(*ignored)) continue;
    const std::string row = rows.of(static_cast<std::int64_t>(i) / width);
    if (std::isnan(label)) throw InvalidArgument("y is NaN in " + row);
    if (label != std::floor(label)) {
      throw InvalidArgument(std::string(loss.class_name()) +
                            " takes class indices as targets; y is " + number_text_of(label) +
                            " in " + row + ", which is not an integer");
    }
    if (classes == kUnknown) {
      throw InvalidArgument("label " + number_text_of(label) + " in " + row +
                            " is no index of a class: expected 0 to 2147483647");
    }
    throw InvalidArgument("label " + number_text_of(label) + " in " + row + " is outside the " +
                          std::to_string(classes) + " classes 0 to " + std::to_string(classes - 1) +
                          " that the model's output has");
  }
}

Tensor prepare_indices(const Tensor& y, const LossBase& loss, const Shape& outputs,
                       const RowNames& rows) {
  check_indices_shape(y, loss, outputs);
  const int axis = outputs.rank() == 0 ? 0 : normalize_axis(loss.class_axis(), outputs.rank());
  const std::int64_t classes = outputs.rank() == 0 ? kUnknown : outputs[axis];
  const bool half = y.dtype() == DType::f16 || y.dtype() == DType::bf16;
  const Tensor labels = half ? y.cast(DType::f32) : y;
  visit_dtype(labels.dtype(), [&]<typename T>() {
    if constexpr (std::is_arithmetic_v<T>) {
      check_labels(labels.values<T>(), loss, classes, width_of(y), rows);
    }
  });
  return y.cast(DType::i32);
}

/// NaN that a weight of 0 hides becomes 0: 0 times NaN would be NaN.
Tensor without_hidden_nan(const Tensor& y, const std::optional<Tensor>& weight,
                          const LossBase& loss, const RowNames& rows) {
  const std::span<const float> values = y.values<float>();
  const auto is_nan = [](float value) { return std::isnan(value); };
  if (std::none_of(values.begin(), values.end(), is_nan)) return y;
  Tensor result = y.clone();
  const std::int64_t width = width_of(y);
  const std::int64_t weighed =  // how many values have one weight
      weight ? std::max<std::int64_t>(1, y.element_count() / weight->element_count()) : 1;
  for (std::int64_t i = 0; i < y.element_count(); ++i) {
    if (!std::isnan(values[static_cast<std::size_t>(i)])) continue;
    if (weight && weight->at(i / weighed) == 0) {
      result.set(i, 0);
    } else if (loss.refuses_nan_targets()) {
      throw InvalidArgument("y is NaN in " + rows.of(i / width) +
                            "; give such samples the sample weight 0, or use a loss that masks "
                            "them");
    }
  }
  return result;
}

/// One for each label, which is a number, as targets of fewer axes than the outputs are, or a row
/// of a last axis, where the largest value stands for the class.
Tensor weights_of_classes(const Tensor& y, const ClassWeights& weights, const Shape& outputs) {
  const bool numbers = y.rank() < std::max(2, outputs.rank());
  const std::int64_t width = numbers ? 1 : y.shape().dim(-1);
  const auto labels =
      y.shape().dims().first(static_cast<std::size_t>(numbers ? y.rank() : y.rank() - 1));
  Tensor result(DType::f32, Shape(labels));
  for (std::int64_t i = 0; i < result.element_count(); ++i) {
    std::int64_t label = width == 1 ? std::llround(y.at(i)) : 0;
    for (std::int64_t j = 1; j < width; ++j) {
      if (y.at(i * width + j) > y.at(i * width + label)) label = j;
    }
    const auto found = weights.find(label);
    result.set(i, found == weights.end() ? 1.0 : found->second);
  }
  return result;
}

}  // namespace

std::string RowNames::of(std::int64_t row) const {
  const std::string text = "row " + std::to_string(first + row) + of_set;
  return batch < 0 ? text : text + " of batch " + std::to_string(batch);
}

std::string RowNames::of(std::span<const std::int64_t> rows) const {
  constexpr std::size_t kShown = 64;
  if (rows.size() == 1) return of(rows[0]);
  const std::int64_t last = rows.back() - rows.front();
  const bool in_order = last + 1 == std::ssize(rows) && std::ranges::is_sorted(rows);
  std::string text = "rows " + std::to_string(first + rows[0]);
  if (in_order) text += " to " + std::to_string(first + rows.back());
  for (std::size_t i = 1; !in_order && i < rows.size(); ++i) {
    text += i == kShown ? ", …" : ", " + std::to_string(first + rows[i]);
    if (i == kShown) break;
  }
  return text + of_set;
}

void check_cardinality(const Tensors& x, const Tensors& y, const Tensors& weights) {
  const std::int64_t expected = x.empty() ? -1 : rows_of(x[0]);
  bool same = expected >= 0;
  std::string sizes;
  const auto check = [&](const Tensors& tensors, const char* name) {
    for (const Tensor& tensor : tensors) {
      same &= rows_of(tensor) == expected;
      sizes += (sizes.empty() ? "'" : ", '") + std::string(name) +
               "' shape: " + shape_text(tensor.shape());
    }
  };
  check(x, "x");
  check(y, "y");
  check(weights, "sample_weight");
  if (same) return;
  throw ShapeError(
      "Data cardinality is ambiguous. Make sure all arrays contain the same number of samples. " +
      sizes);
}

std::vector<Tensor> per_output(const Tensors& given, const std::vector<std::string>& outputs,
                               const char* what) {
  if (given.is_named()) {
    std::vector<Tensor> ordered = given.ordered(outputs);
    if (given.size() == outputs.size()) return ordered;
  }
  const bool for_all = given.is_one() && std::string_view(what) == "sample_weight";
  if (given.empty() || for_all || given.size() == outputs.size()) return given.items();
  throw InvalidArgument("the model has " + std::to_string(outputs.size()) + " outputs, but `" +
                        what + "` has " + std::to_string(given.size()) + " entries");
}

Tensor prepare_targets(const Tensor& y, const LossBase& loss, const Shape& outputs,
                       const std::optional<Tensor>& weight, const RowNames& rows) {
  if (loss.integer_targets()) return prepare_indices(y, loss, outputs, rows);
  return without_hidden_nan(y.cast(DType::f32), weight, loss, rows);
}

std::optional<Tensor> prepare_weights(const Tensor& y, const std::optional<Tensor>& weight,
                                      const ClassWeights& class_weight, const Shape& outputs) {
  if (!class_weight.empty()) {
    if (weight) {
      throw InvalidArgument("`class_weight` and `sample_weight` cannot be given at the same time");
    }
    return weights_of_classes(y, class_weight, outputs);
  }
  if (!weight) return std::nullopt;
  const Tensor converted = weight->cast(DType::f32);
  // A loss has a value for each of a sample's last axes.
  const int most = std::max(1, outputs.rank() - 1);
  if (converted.rank() > 0 && converted.rank() <= most) return converted;
  if (converted.rank() == most + 1 && converted.shape()[most] == 1) {
    std::vector<std::int64_t> dims(converted.shape().begin(), converted.shape().end() - 1);
    return converted.reshaped(Shape(std::span<const std::int64_t>(dims)));
  }
  throw ShapeError("`sample_weight` must have one weight per sample, of shape (" +
                   std::to_string(rows_of(y)) + ",), " +
                   (most > 1 ? "or one per value of the loss, " : "") + "but has shape " +
                   shape_text(weight->shape()) + " beside outputs of shape " + shape_text(outputs));
}

std::vector<Shape> batch_shapes(std::span<const Tensor> tensors) {
  std::vector<Shape> shapes;
  for (const Tensor& tensor : tensors) {
    shapes.push_back(tensor.shape());
    shapes.back().set(0, kUnknown);
  }
  return shapes;
}

SourceLocation line_of(const std::source_location& location) {
  const SourceLocation outer = LocationScope::current();
  return outer.known() ? outer : SourceLocation(location);
}

void rethrow_called_at(const char* run, const SourceLocation& line, const std::string& more) {
  const auto text = [&](const Error& error) {
    const std::string said = run_error_in_user_terms(error.what()) + more;
    return line.known() ? said + "\n  " + run + " called at: " + line.to_string() : said;
  };
  detail::rethrow_with(text);
}

}  // namespace tegula::nn
