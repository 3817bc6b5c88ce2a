// The tables of classes, each kind bound in the same way: `layer_names()`, `describe_layer(name)`,
// `make_layer(name, config)`.

#include "nn_objects.hpp"

#include <pybind11/stl.h>

#include <cstdint>

#include "gil.hpp"
#include "location.hpp"
#include "nn_config.hpp"
#include "nn_table.hpp"
#include "numpy.hpp"
#include "tegula/graph/evaluate.hpp"
#include "tegula/nn/activation.hpp"
#include "tegula/nn/call_arguments.hpp"
#include "tegula/nn/constraint.hpp"
#include "tegula/nn/counting_metrics.hpp"
#include "tegula/nn/functional.hpp"
#include "tegula/nn/layer.hpp"
#include "tegula/nn/layers/recurrent.hpp"
#include "tegula/nn/layers/wrapping.hpp"
#include "tegula/nn/loss.hpp"
#include "tegula/nn/metric.hpp"
#include "tegula/nn/optimizer.hpp"
#include "tegula/nn/regularizer.hpp"
#include "tegula/nn/schedule.hpp"
#include "tegula/nn/sequential.hpp"

namespace tegula::python {

namespace {

/// As the kind that it is; None for null.
template <typename... Bases>
py::object object_of_kind(const std::shared_ptr<nn::Object>& object) {
  py::object found = py::none();
  const auto look = [&](const auto& of_kind) {
    if (of_kind != nullptr) found = py::cast(of_kind);
  };
  (look(std::dynamic_pointer_cast<Bases>(object)), ...);
  return found;
}

template <typename Base>
auto bind_kind(py::module_& module, const char* class_name) {
  py::class_<Base, nn::Object, std::shared_ptr<Base>> bound(module, class_name);
  bind_table<Base>(module, bound);
  return bound;
}

void bind_weight(py::module_& module) {
  using nn::Weight;
  py::class_<Weight>(module, "Weight")
      .def_property_readonly(
          "id", [](const Weight& weight) { return reinterpret_cast<std::uintptr_t>(weight.id()); })
      .def_property_readonly("name", &Weight::name)
      .def_property_readonly("path", &Weight::path)
      .def_property_readonly("shape", &Weight::shape)
      .def_property_readonly("dtype", &Weight::dtype)
      .def_property("trainable", &Weight::trainable, &Weight::set_trainable)
      .def_property_readonly("value", [](const Weight& weight) { return Value(weight); })
      .def_property_readonly("graph",
                             [](const Weight& weight) { return weight.variable().graph(); })
      .def("get", &Weight::get)
      .def("set", &Weight::set)
      .def("assign", &Weight::assign)
      .def("assign_add", [](const Weight& weight, const Value& x) { return weight.assign_add(x); })
      .def("assign_sub", [](const Weight& weight, const Value& x) { return weight.assign_sub(x); });
}

/// A function of Python's instead of a layer's `call`; none for None.
nn::LayerBase::CallFunction call_function(const py::object& function, std::string class_name) {
  if (function.is_none()) return {};
  const SharedObject shared(function);
  return [shared, name = std::move(class_name) + ".call"](const nn::Values& x, bool training) {
    const AcquiredGil gil;
    return values_from_object(call_python(shared.get(), object_from_values(x), training), name);
  };
}

/// What a call with further arguments computes: `function`, or the layer's own where that is None.
nn::LayerBase::CallFunction call_function(nn::LayerBase& layer, const py::object& function,
                                          const nn::Config& arguments) {
  if (!function.is_none()) return call_function(function, std::string(layer.class_name()));
  return nn::function_of(layer, arguments);
}

py::object call_layer(nn::LayerBase& layer, const py::object& x, std::optional<bool> training,
                      const py::object& function, const nn::Config& arguments) {
  const std::string class_name(layer.class_name());
  return object_from_values(layer.call_with(values_from_object(x, class_name), training,
                                            call_function(layer, function, arguments)));
}

/// What the layer makes of arrays, and the masks of that.
std::pair<py::object, py::list> evaluate_layer(nn::LayerBase& layer, const py::object& x,
                                               std::vector<std::optional<Tensor>> masks,
                                               bool training, const py::object& function,
                                               const std::string& key,
                                               const nn::Config& arguments) {
  const UserLine line;
  const auto call = call_function(layer, function, arguments);
  const nn::MaskedTensors inputs{tensors_from_object(x), std::move(masks)};
  nn::MaskedTensors outputs;
  {
    const ReleasedGil released;
    outputs = layer.evaluate_masked(inputs, training, call, key);
  }
  py::list masks_of_outputs;
  for (const std::optional<Tensor>& mask : outputs.masks) {
    masks_of_outputs.append(mask ? result_from_tensor(*mask) : py::object(py::none()));
  }
  return {results_from_tensors(outputs.values), masks_of_outputs};
}

py::object base_call(nn::LayerBase& layer, const py::object& x, bool training) {
  return object_from_values(
      layer.base_call(values_from_object(x, std::string(layer.class_name())), training));
}

py::list base_compute_mask(nn::LayerBase& layer, const py::object& x, const py::object& masks) {
  return objects_from_masks(layer.base_compute_mask(
      values_from_object(x, std::string(layer.class_name())), masks_from_objects(masks)));
}

std::vector<Tensor> regularization_values(const nn::LayerBase& layer) {
  const std::vector<Value> penalties = layer.regularization();
  if (penalties.empty()) return {};
  std::vector<Feed> weights;
  for (const nn::Weight& weight : layer.weights()) {
    weights.emplace_back(weight.variable(), weight.get());
  }
  return evaluate(penalties, weights);
}

void bind_layer_state(
    py::class_<nn::LayerBase, nn::Object, std::shared_ptr<nn::LayerBase>>& layer) {
  using nn::LayerBase;
  layer.def_property_readonly("built", &LayerBase::built)
      .def_property_readonly(
          "id", [](const LayerBase& self) { return reinterpret_cast<std::uintptr_t>(&self); })
      .def_property_readonly("sublayers", &LayerBase::sublayers)
      .def_property_readonly(
          "input_shapes",
          [](const LayerBase& self) { return shapes_from_types(self.input_types()); })
      .def_property_readonly(
          "output_shapes",
          [](const LayerBase& self) { return shapes_from_types(self.output_types()); })
      .def_property_readonly(
          "symbolic_inputs",
          [](const LayerBase& self) { return object_from_values(nn::symbolic_inputs(self)); })
      .def_property_readonly(
          "symbolic_outputs",
          [](const LayerBase& self) { return object_from_values(nn::symbolic_outputs(self)); })
      .def_property_readonly("weights", &LayerBase::weights)
      .def_property_readonly("trainable_weights", &LayerBase::trainable_weights)
      .def("get_weights", &LayerBase::get_weights)
      .def_property_readonly("trains_alone", &LayerBase::trains_alone)
      .def("set_weights", &LayerBase::set_weights)
      .def_property(
          "trainable", [](const LayerBase& self) { return self.trainable.load(); },
          &LayerBase::set_trainable)
      .def_property(
          "own_trainable", [](const LayerBase& self) { return self.trainable.load(); },
          [](LayerBase& self, bool value) { self.trainable = value; })
      .def_property_readonly("call_losses", &LayerBase::call_losses)
      .def_property_readonly("evaluated_losses", &LayerBase::evaluated_losses)
      .def_property_readonly("regularization", &LayerBase::regularization)
      .def("regularization_values", &regularization_values)
      .def("reset_state",
           [](LayerBase& self) {
             auto* const keeps = dynamic_cast<nn::StatefulLayer*>(&self);
             if (keeps != nullptr) keeps->reset_state();
           })
      .def_property_readonly("kept_states", [](const LayerBase& self) {
        const auto* const keeps = dynamic_cast<const nn::StatefulLayer*>(&self);
        return keeps == nullptr ? std::vector<nn::Weight>() : keeps->kept_states();
      });
}

void bind_layer(py::module_& module) {
  using nn::LayerBase;
  bind_weight(module);
  auto layer = bind_kind<LayerBase>(module, "Layer");
  layer.def_property_readonly("name", &LayerBase::name)
      .def_readwrite("input_shape", &LayerBase::input_shape)
      .def_property(
          "activity_regularizer",
          [](const LayerBase& self) { return self.activity_regularizer().shared(); },
          [](LayerBase& self, std::shared_ptr<nn::RegularizerBase> regularizer) {
            self.set_activity_regularizer(nn::Regularizer(std::move(regularizer)));
          })
      .def("locate", [](LayerBase& self) { self.location = user_location(); })
      .def("base_config", &LayerBase::base_config)
      .def("build",
           [](LayerBase& self, const py::object& shape) {
             const UserLine line;
             self.build(types_from_object(shape));
           })
      .def("base_build", [](LayerBase& self,
                            const py::object& shape) { self.base_build(types_from_object(shape)); })
      .def("base_call", &base_call)
      .def("base_compute_mask", &base_compute_mask)
      .def_property(
          "supports_masking", [](const LayerBase& self) { return self.supports_masking.load(); },
          [](LayerBase& self, bool value) { self.supports_masking = value; })
      .def_property("remat", &LayerBase::remat, &LayerBase::set_remat)
      .def("compute_output_shape",
           [](const LayerBase& self, const py::object& shape) {
             const UserLine line;
             return shapes_from_types(self.compute_output_types(types_from_object(shape)));
           })
      .def("call", &call_layer, py::arg("x"), py::arg("training"), py::arg("function"),
           py::arg("arguments") = py::dict())
      .def("evaluate", &evaluate_layer, py::arg("x"), py::arg("masks"), py::arg("training"),
           py::arg("function"), py::arg("key"), py::arg("arguments") = py::dict());
  bind_layer_state(layer);
  module.def("enclosing_training", &LayerBase::enclosing_training);
  module.def(
      "mask_of", [](const Value& value) { return object_from_value(nn::mask_of(value)); },
      py::arg("value"));
  module.def("with_mask", &nn::with_mask, py::arg("value"), py::arg("mask"));
  module.def("is_symbolic_graph", &nn::is_symbolic, py::arg("graph"));
  module.def("input_layer_of", &nn::input_layer_of, py::arg("value"));
  module.def("input_symbol", &nn::symbol_of, py::arg("layer"));
  py::class_<nn::FunctionalLayer, LayerBase, std::shared_ptr<nn::FunctionalLayer>>(
      module, "FunctionalLayer")
      .def(py::init([](const py::object& inputs, const py::object& outputs,
                       const std::string& name) {
             const UserLine line;
             return std::make_shared<nn::FunctionalLayer>(values_from_object(inputs, "inputs"),
                                                          values_from_object(outputs, "outputs"),
                                                          name);
           }),
           py::arg("inputs"), py::arg("outputs"), py::arg("name"))
      .def_property_readonly(
          "inputs",
          [](const nn::FunctionalLayer& self) { return object_from_values(self.inputs()); })
      .def_property_readonly(
          "outputs",
          [](const nn::FunctionalLayer& self) { return object_from_values(self.outputs()); })
      .def_property_readonly("output_names", &nn::FunctionalLayer::output_names)
      .def("described", [](const nn::FunctionalLayer& self, const py::function& describe) {
        return object_from_config(
            self.described([&describe](const std::shared_ptr<nn::LayerBase>& one) {
              return config_from_object(describe(one));
            }));
      });
  py::class_<nn::OperationLayer, LayerBase, std::shared_ptr<nn::OperationLayer>>(module,
                                                                                 "OperationLayer")
      .def(py::init([](const std::string& graph, const std::string& name) {
             return std::make_shared<nn::OperationLayer>(Graph::from_text(graph), name);
           }),
           py::arg("graph"), py::arg("name"));
  py::class_<nn::MaskedLayer, LayerBase, std::shared_ptr<nn::MaskedLayer>>(module, "MaskedLayer")
      .def(py::init<std::string>(), py::arg("name"));
  py::class_<nn::TimeDistributedLayer, LayerBase, std::shared_ptr<nn::TimeDistributedLayer>>(
      module, "TimeDistributedLayer")
      .def(py::init([](const std::shared_ptr<LayerBase>& wrapped, const std::string& name) {
             return std::make_shared<nn::TimeDistributedLayer>(nn::Layer(wrapped), name);
           }),
           py::arg("wrapped"), py::arg("name"));
  py::class_<nn::BidirectionalLayer, LayerBase, std::shared_ptr<nn::BidirectionalLayer>>(
      module, "BidirectionalLayer")
      .def(py::init([](const std::shared_ptr<LayerBase>& forward,
                       const std::shared_ptr<LayerBase>& backward, const std::string& merge_mode,
                       const std::string& name) {
             return std::make_shared<nn::BidirectionalLayer>(nn::Layer(forward),
                                                             nn::Layer(backward), merge_mode, name);
           }),
           py::arg("forward"), py::arg("backward"), py::arg("merge_mode"), py::arg("name"));
  py::class_<nn::SpectralNormalizationLayer, LayerBase,
             std::shared_ptr<nn::SpectralNormalizationLayer>>(module, "SpectralNormalizationLayer")
      .def(py::init([](const std::shared_ptr<LayerBase>& wrapped, std::int64_t power_iterations,
                       const std::string& name) {
             return std::make_shared<nn::SpectralNormalizationLayer>(nn::Layer(wrapped),
                                                                     power_iterations, name);
           }),
           py::arg("wrapped"), py::arg("power_iterations"), py::arg("name"));
  py::class_<nn::SequentialLayer, LayerBase, std::shared_ptr<nn::SequentialLayer>>(
      module, "SequentialLayer")
      .def(py::init<std::string>(), py::arg("name"))
      .def_property_readonly("stated_shape", [](const nn::SequentialLayer& self) {
        return self.stated_input() ? py::cast(self.stated_input()->shape) : py::object(py::none());
      });
  module.def("reset_layer_names", &nn::reset_layer_names);
  module.def("unique_layer_name", &nn::unique_layer_name);
}

}  // namespace

void bind_objects(py::module_& module) {
  py::class_<nn::Object, std::shared_ptr<nn::Object>>(module, "Object")
      .def_property_readonly("class_name",
                             [](const nn::Object& o) { return std::string(o.class_name()); })
      .def(
          "config", [](const nn::Object& object) { return object.config(); },
          "The arguments that make an equal object.")
      .def("set_option", [](nn::Object& object, const std::string& name,
                            const nn::Config& value) { object.set_option(name, value); })
      .def("set_option_object",
           [](nn::Object& object, const std::string& name,
              const std::shared_ptr<nn::Object>& value) { object.set_option_object(name, value); })
      .def("option_object", [](const nn::Object& object, const std::string& name) {
        return object_of_kind<nn::InitializerBase, nn::RegularizerBase, nn::ConstraintBase,
                              nn::ScheduleBase>(object.option_object(name));
      });
  bind_kind<nn::InitializerBase>(module, "Initializer");
  bind_kind<nn::RegularizerBase>(module, "Regularizer");
  bind_kind<nn::ConstraintBase>(module, "Constraint");
  bind_kind<nn::ScheduleBase>(module, "Schedule");
  bind_kind<nn::LossBase>(module, "Loss")
      .def_property_readonly("name", &nn::LossBase::name)
      .def_property_readonly("integer_targets", &nn::LossBase::integer_targets);
  bind_kind<nn::MetricBase>(module, "Metric")
      .def_property_readonly("name", &nn::MetricBase::name)
      .def_property_readonly("thresholds",
                             [](const nn::MetricBase& metric) {
                               const auto* counting =
                                   dynamic_cast<const nn::metrics::ConfusionMetricBase*>(&metric);
                               return counting == nullptr ? std::optional<std::vector<double>>()
                                                          : counting->thresholds();
                             })
      .def_property_readonly("variables",
                             [](const nn::MetricBase& metric) {
                               const std::vector<Variable> all = metric.variables();
                               return std::vector<Value>(all.begin(), all.end());
                             })
      .def_property_readonly("direction", [](const nn::MetricBase& metric) {
        const char* names[] = {"unknown", "up", "down"};
        return names[static_cast<int>(metric.direction())];
      });
  bind_layer(module);
  auto optimizer = bind_kind<nn::OptimizerBase>(module, "Optimizer");
  bind_optimizers(module, optimizer);
  module.def("activations", [] {
    std::vector<std::pair<std::string, std::string>> entries;
    for (const nn::ActivationInfo& info : nn::activations())
      entries.emplace_back(info.name, info.doc);
    return entries;
  });
  module.def("snake_case", &nn::snake_case);
}

}  // namespace tegula::python
