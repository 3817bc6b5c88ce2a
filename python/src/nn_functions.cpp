// Losses, activations and the like on values of a graph; and anything on arrays at once.

#include <pybind11/stl.h>

#include <variant>

#include "location.hpp"
#include "nn_objects.hpp"
#include "numpy.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/nn/activation.hpp"
#include "tegula/nn/activation_functions.hpp"
#include "tegula/nn/constraint.hpp"
#include "tegula/nn/eager.hpp"
#include "tegula/nn/initializer.hpp"
#include "tegula/nn/loss.hpp"
#include "tegula/nn/metrics.hpp"
#include "tegula/nn/regularizer.hpp"
#include "tegula/nn/schedule.hpp"

namespace tegula::python {

namespace {

/// `build(graph, values)` evaluated for these arrays.
py::object evaluate(const std::vector<Tensor>& inputs, const py::function& build) {
  return array_from_tensor(
      nn::evaluate_eagerly(inputs, [&build](Graph& graph, std::span<const Value> values) {
        const py::object result = build(graph, std::vector<Value>(values.begin(), values.end()));
        return value_from_result(result, "the function");
      }));
}

/// The values of what `build(graph)`, a list, makes.
py::list evaluate_all(const py::function& build) {
  const std::vector<Tensor> results = nn::evaluate_eagerly(
      [&build](Graph& graph) { return build(graph).cast<std::vector<Value>>(); });
  py::list arrays;
  for (const Tensor& result : results) arrays.append(array_from_tensor(result));
  return arrays;
}

Value loss_value(const nn::LossBase& loss, const Value& y_true, const Value& y_pred,
                 const std::optional<Value>& sample_weight) {
  const UserLine line;
  return loss(y_true, y_pred, sample_weight.value_or(Value()));
}

Value loss_values(const nn::LossBase& loss, const Value& y_true, const Value& y_pred) {
  const UserLine line;
  return nn::values_per_sample(loss, y_true, y_pred);
}

Value initial_value(const nn::InitializerBase& initializer, Graph graph, DType dtype,
                    const Shape& shape) {
  return initializer({dtype, shape}).build(graph);
}

/// One axis, or several together.
using AxisArgument = std::variant<std::int64_t, std::vector<std::int64_t>>;

Axes axes_of(const AxisArgument& axis) {
  if (const auto* one = std::get_if<std::int64_t>(&axis)) return *one;
  return Axes(std::get<std::vector<std::int64_t>>(axis));
}

void bind_activation_functions(py::module_& module) {
  namespace functions = nn::activation_functions;
  module.def("activate",
             [](const std::string& name, const Value& x) { return nn::Activation(name)(x); });
  module.def("relu", &functions::relu, py::arg("x"), py::arg("negative_slope") = 0.0,
             py::arg("max_value") = py::none(), py::arg("threshold") = 0.0);
  module.def(
      "leaky_relu", [](Value x, double negative_slope) { return leaky_relu(x, negative_slope); },
      py::arg("x"), py::arg("negative_slope") = 0.2);
  module.def(
      "elu", [](Value x, double alpha) { return elu(x, alpha); }, py::arg("x"),
      py::arg("alpha") = 1.0);
  module.def("celu", &functions::celu, py::arg("x"), py::arg("alpha") = 1.0);
  module.def(
      "gelu", [](Value x, bool approximate) { return gelu(x, approximate); }, py::arg("x"),
      py::arg("approximate") = false);
  module.def(
      "softmax", [](Value x, const AxisArgument& axis) { return softmax(x, axes_of(axis)); },
      py::arg("x"), py::arg("axis") = -1);
  module.def(
      "log_softmax",
      [](Value x, const AxisArgument& axis) { return log_softmax(x, axes_of(axis)); }, py::arg("x"),
      py::arg("axis") = -1);
  module.def("sparsemax", &functions::sparsemax, py::arg("x"), py::arg("axis") = -1);
  module.def("hard_shrink", &functions::hard_shrink, py::arg("x"), py::arg("threshold") = 0.5);
  module.def("soft_shrink", &functions::soft_shrink, py::arg("x"), py::arg("threshold") = 0.5);
  module.def("squareplus", &functions::squareplus, py::arg("x"), py::arg("b") = 4.0);
  module.def("glu", &functions::glu, py::arg("x"), py::arg("axis") = -1);
  module.def("threshold", &functions::threshold, py::arg("x"), py::arg("threshold"),
             py::arg("default_value"));
}

void bind_metric_functions(py::module_& module) {
  namespace values = nn::metrics::metric_values;
  module.def("binary_accuracy", &values::binary_accuracy, py::arg("y_true"), py::arg("y_pred"),
             py::arg("threshold") = 0.5);
  module.def("categorical_accuracy", &values::categorical_accuracy, py::arg("y_true"),
             py::arg("y_pred"));
  module.def("sparse_categorical_accuracy", &values::sparse_categorical_accuracy, py::arg("y_true"),
             py::arg("y_pred"));
  module.def("top_k_categorical_accuracy", &values::top_k_categorical_accuracy, py::arg("y_true"),
             py::arg("y_pred"), py::arg("k") = 5);
  module.def("pearson_correlation", &values::pearson_correlation, py::arg("y_true"),
             py::arg("y_pred"), py::arg("axis") = -1);
  module.def("concordance_correlation", &values::concordance_correlation, py::arg("y_true"),
             py::arg("y_pred"), py::arg("axis") = -1);
  module.def("sparse_top_k_categorical_accuracy", &values::sparse_top_k_categorical_accuracy,
             py::arg("y_true"), py::arg("y_pred"), py::arg("k") = 5,
             py::arg("from_sorted_ids") = false);
}

void bind_running_metric(py::module_& module) {
  using nn::RunningMetric;
  py::class_<RunningMetric>(module, "RunningMetric")
      .def(py::init([](std::shared_ptr<nn::MetricBase> metric) {
        return RunningMetric(nn::Metric(std::move(metric)));
      }))
      .def(
          "update",
          [](RunningMetric& self, const Tensor& y_true, const Tensor& y_pred,
             const std::optional<Tensor>& sample_weight) {
            const UserLine line;
            self.update(y_true, y_pred, sample_weight);
          },
          py::arg("y_true"), py::arg("y_pred"), py::arg("sample_weight") = py::none())
      .def("result", &RunningMetric::result)
      .def("reset", &RunningMetric::reset)
      .def("state", &RunningMetric::state)
      .def("state_names", &RunningMetric::state_names)
      .def("set_state", &RunningMetric::set_state, py::arg("index"), py::arg("value"));
}

}  // namespace

void bind_functions(py::module_& module) {
  module.def(
      "circle",
      [](const Value& y_true, const Value& y_pred, const Value& labels, const Value& references,
         double gamma, double margin, bool remove_diagonal) {
        return nn::loss_values::circle(
            y_true, y_pred, labels, references,
            {.gamma = gamma, .margin = margin, .remove_diagonal = remove_diagonal});
      },
      py::arg("y_true"), py::arg("y_pred"), py::arg("ref_labels"), py::arg("ref_embeddings"),
      py::arg("gamma"), py::arg("margin"), py::arg("remove_diagonal"));
  module.def("evaluate", &evaluate, py::arg("inputs"), py::arg("build"));
  module.def("evaluate_all", &evaluate_all, py::arg("build"));
  module.def("loss", &loss_value, py::arg("loss"), py::arg("y_true"), py::arg("y_pred"),
             py::arg("sample_weight") = py::none());
  module.def("loss_values", &loss_values, py::arg("loss"), py::arg("y_true"), py::arg("y_pred"));
  module.def("cast",
             [](const Value& x, DType dtype) { return x.dtype() == dtype ? x : cast(x, dtype); });
  module.def("constrain", [](const nn::ConstraintBase& c, const Value& x) { return c(x); });
  module.def("regularize", [](const nn::RegularizerBase& r, const Value& x) { return r(x); });
  module.def("schedule", [](const nn::ScheduleBase& s, const Value& step) { return s(step); });
  module.def("initial_value", &initial_value);
  bind_activation_functions(module);
  bind_metric_functions(module);
  bind_running_metric(module);
}

}  // namespace tegula::python
