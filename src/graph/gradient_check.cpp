#include "tegula/graph/gradient_check.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <unordered_map>
#include <vector>

#include "tegula/core/random.hpp"
#include "tegula/graph/evaluate.hpp"
#include "tegula/graph/gradients.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula {

namespace {

using Feeds = std::vector<std::pair<Value, Tensor>>;

DType widened(DType dtype) { return is_floating(dtype) ? DType::f64 : dtype; }

/// What `y` depends on, in a graph of its own in which every float is a float64. Values with a
/// known tensor are placeholders there; shapes stay as little known as they were.
class WideCopy {
 public:
  /// `known` holds the xs, everything that is fed, and all state.
  WideCopy(const Value& y, const Feeds& known) {
    for (const auto& [value, tensor] : known) {
      const Value input =
          graph_.placeholder(widened(value.dtype()), value.shape(), value.node().name());
      copies_[&value.node()].resize(static_cast<std::size_t>(value.node().output_count()));
      copies_[&value.node()][static_cast<std::size_t>(value.index())] = input;
      feeds_.emplace_back(input, tensor.cast(input.dtype()));
    }
    y_ = copy_with_inputs(y);
  }

  Value y() const { return y_; }
  Feeds& feeds() { return feeds_; }

 private:
  Value& copy_of(const Value& value) {
    auto& outputs = copies_[&value.node()];
    outputs.resize(static_cast<std::size_t>(value.node().output_count()));
    return outputs[static_cast<std::size_t>(value.index())];
  }

  Value copy_with_inputs(const Value& y) {
    std::vector<Value> pending = {y};
    while (!pending.empty()) {
      const Value value = pending.back();
      const std::size_t before = pending.size();
      if (!copy_of(value)) {
        for (const Value& input : value.node().inputs()) {
          if (!copy_of(input)) pending.push_back(input);
        }
        if (pending.size() == before) copy_node(value.node());
      }
      if (pending.size() == before) pending.pop_back();
    }
    return copy_of(y);
  }

  void copy_node(Node& node) {
    Attrs attrs;
    for (const auto& [name, value] : node.attrs()) attrs.set(name, wide_attribute(value));
    std::vector<Value> inputs;
    for (const Value& input : node.inputs()) inputs.push_back(copy_of(input));
    Node& copy = graph_.add_node(node.op(), inputs, attrs, node.name(), node.location());
    for (int i = 0; i < node.output_count(); ++i) {
      Value& output = copy_of(node.output(i));
      if (!output) output = copy.output(i);
    }
  }

  static AttrValue wide_attribute(const AttrValue& value) {
    if (const DType* dtype = std::get_if<DType>(&value)) return widened(*dtype);
    if (const Tensor* tensor = std::get_if<Tensor>(&value)) {
      return tensor->cast(widened(tensor->dtype()));
    }
    return value;
  }

  Graph graph_;
  Value y_;
  Feeds feeds_;
  std::unordered_map<const Node*, std::vector<Value>> copies_;
};

/// Values of everything that the copy takes as given: feeds, state and the xs.
Feeds known_values(std::span<const Value> xs, std::span<const std::pair<Value, Tensor>> feeds) {
  Feeds known(feeds.begin(), feeds.end());
  const auto add = [&](const Value& value, bool required) {
    const bool fed = std::any_of(known.begin(), known.end(),
                                 [&](const auto& entry) { return entry.first == value; });
    if (fed || (!required && !value.graph().initial_value(value))) return;
    known.emplace_back(value, evaluate(std::span(&value, 1), feeds)[0]);
  };
  for (const Value& x : xs) add(x, true);
  if (!xs.empty()) {
    for (const Variable& variable : xs[0].graph().variables()) add(variable, false);
  }
  return known;
}

/// Different for each element, so that errors which cancel in a plain sum are seen: a softmax's
/// elements sum to 1 whatever its input.
Tensor weights_for(const Shape& shape) {
  Tensor weights(DType::f64, shape);
  for (std::int64_t i = 0; i < weights.element_count(); ++i) {
    weights.set(i, 0.5 + random_uniform_at({.seed = 1, .op_id = 0, .step = 0},
                                           static_cast<std::uint64_t>(i)));
  }
  return weights;
}

/// Fourth-order central difference of the weighted sum of y along one element of `x`.
double numeric_derivative(const Value& y, const Tensor& weights, const Feeds& feeds, Tensor& x,
                          std::int64_t index, double step) {
  const double centre = x.at(index);
  const auto moved = [&](double distance) {
    x.set(index, centre + distance);
    return evaluate(std::span(&y, 1), feeds)[0];
  };
  const double near = step / 2;
  const Tensor points[] = {moved(-step), moved(-near), moved(near), moved(step)};
  x.set(index, centre);
  double sum = 0;
  // Differences before the sum: cancellation costs digits once per element, not of the total.
  for (std::int64_t i = 0; i < weights.element_count(); ++i) {
    const double inner = points[2].at(i) - points[1].at(i);
    const double outer = points[3].at(i) - points[0].at(i);
    sum += weights.at(i) * (8 * inner - outer);
  }
  return sum / (12 * near);
}

}  // namespace

std::string GradientCheck::to_string() const {
  if (compared == 0) return "no elements to compare";
  char text[160];
  std::snprintf(text, sizeof(text), "[%lld]: analytic %.10g, numeric %.10g (%lld elements)",
                static_cast<long long>(index), analytic, numeric, static_cast<long long>(compared));
  char error[32];
  std::snprintf(error, sizeof(error), "%.2g", max_error);
  return "largest error " + std::string(error) + " at " + x.name() + text;
}

GradientCheck check_gradients(Value y, std::span<const Value> xs,
                              std::span<const std::pair<Value, Tensor>> feeds, double step) {
  for (const Value& x : xs) {
    if (!x) throw InvalidArgument("check_gradients: an x is an empty value");
    if (is_floating(x.dtype())) continue;
    throw DTypeError("check_gradients: \"" + x.name() + "\" is " + x.type().to_string() +
                     "; only floating values have gradients");
  }
  const Feeds known = known_values(xs, feeds);
  WideCopy copy(y, known);
  Feeds point = copy.feeds();
  std::vector<Value> wide_xs;
  std::vector<std::size_t> positions;
  for (const Value& x : xs) {
    const auto entry = std::find_if(known.begin(), known.end(),
                                    [&](const auto& candidate) { return candidate.first == x; });
    positions.push_back(static_cast<std::size_t>(entry - known.begin()));
    wide_xs.push_back(point[positions.back()].first);
    // Elements of this tensor are moved below; feeds may share their bytes with the caller's.
    point[positions.back()].second = point[positions.back()].second.clone();
  }
  const Value wide_y = copy.y();
  const Tensor weights = weights_for(evaluate(std::span(&wide_y, 1), point)[0].shape());
  const Value weights_value = wide_y.graph().constant(weights);
  const std::vector<Value> analytic =
      gradients(std::span(&wide_y, 1), wide_xs, std::span(&weights_value, 1), Unconnected::kZeros);
  const std::vector<Tensor> analytic_values = evaluate(analytic, point);

  GradientCheck result;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    Tensor& x = point[positions[i]].second;
    for (std::int64_t index = 0; index < x.element_count(); ++index) {
      const double exact = analytic_values[i].at(index);
      const double numeric = numeric_derivative(wide_y, weights, point, x, index, step);
      const double scale = std::max({1.0, std::abs(exact), std::abs(numeric)});
      const double error = std::abs(exact - numeric) / scale;
      ++result.compared;
      if (result.compared > 1 && !(error > result.max_error) && !std::isnan(error)) continue;
      if (result.compared > 1 && std::isnan(result.max_error)) continue;
      const std::int64_t compared = result.compared;
      result = {error, xs[i], index, exact, numeric, compared};
    }
  }
  return result;
}

GradientCheck check_gradients(Value y, std::initializer_list<Value> xs,
                              std::initializer_list<std::pair<Value, Tensor>> feeds, double step) {
  return check_gradients(y, std::span(xs.begin(), xs.size()),
                         std::span(feeds.begin(), feeds.size()), step);
}

}  // namespace tegula
