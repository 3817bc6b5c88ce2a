// The tables of classes, each kind bound in the same way: `layer_names()`, `describe_layer(name)`,
// `make_layer(name, config)`.

#include "nn_objects.hpp"

#include <pybind11/stl.h>

#include "location.hpp"
#include "nn_config.hpp"
#include "numpy.hpp"
#include "tegula/nn/activation.hpp"
#include "tegula/nn/layer.hpp"
#include "tegula/nn/loss.hpp"
#include "tegula/nn/metric.hpp"
#include "tegula/nn/optimizer.hpp"
#include "tegula/nn/regularizer.hpp"
#include "tegula/nn/schedule.hpp"

namespace tegula::python {

namespace {

template <typename Base>
py::dict describe(const nn::ObjectClass<Base>& entry) {
  py::list arguments;
  for (const nn::FieldInfo& field : entry.fields) {
    arguments.append(
        py::make_tuple(field.name, object_from_config(field.default_value), field.doc));
  }
  py::dict result;
  result["name"] = entry.name;
  result["doc"] = entry.doc;
  result["arguments"] = arguments;
  return result;
}

template <typename Base>
auto bind_kind(py::module_& module, const char* class_name) {
  py::class_<Base, std::shared_ptr<Base>> bound(module, class_name);
  bound
      .def_property_readonly("class_name",
                             [](const Base& object) { return std::string(object.class_name()); })
      .def(
          "config", [](const Base& object) { return object.config(); },
          "The arguments that make an equal object.");
  const std::string kind = Base::kKind;
  module.def((kind + "_names").c_str(),
             [] {
               py::dict names;
               for (const auto& entry : nn::object_classes<Base>()) {
                 names[py::str(entry.name)] = entry.aliases;
               }
               return names;
             },
             "The classes' names, each with its aliases.");
  module.def(("describe_" + kind).c_str(),
             [](const std::string& name) { return describe(nn::find_class<Base>(name)); },
             py::arg("name"), "A class: name, doc, arguments with defaults and docs.");
  module.def(("make_" + kind).c_str(),
             [](const std::string& name, const nn::Config& options) {
               return nn::find_class<Base>(name).make(options);
             },
             py::arg("name"), py::arg("options"));
  module.def(("find_" + kind).c_str(),
             [](const std::string& name) { return nn::find_class<Base>(name).name; },
             py::arg("name"), "The class that a name, an alias or a snake-case form means.");
  return bound;
}

void bind_layer(py::module_& module) {
  using nn::LayerBase;
  bind_kind<LayerBase>(module, "Layer")
      .def_property_readonly("name", &LayerBase::name)
      .def_readwrite("trainable", &LayerBase::trainable)
      .def_readwrite("input_shape", &LayerBase::input_shape)
      .def_property_readonly("built", &LayerBase::built)
      .def_property_readonly("input_type",
                             [](const LayerBase& layer) { return layer.input_type().shape; })
      .def_property_readonly("output_type",
                             [](const LayerBase& layer) { return layer.output_type().shape; })
      .def_property_readonly("weights",
                             [](const LayerBase& layer) {
                               return std::vector<Value>(layer.weights().begin(),
                                                         layer.weights().end());
                             })
      .def_property_readonly("trainable_weights",
                             [](const LayerBase& layer) {
                               const auto weights = layer.trainable_weights();
                               return std::vector<Value>(weights.begin(), weights.end());
                             })
      .def("locate", [](LayerBase& layer) { layer.location = user_location(); })
      .def("get_weights",
           [](const LayerBase& layer) {
             std::vector<Tensor> copies;
             for (const Tensor& value : layer.get_weights()) copies.push_back(value);
             return copies;
           })
      .def("set_weights", &LayerBase::set_weights)
      .def("call",
           [](LayerBase& layer, const Value& x, bool training) { return layer(x, training); })
      .def("evaluate", &LayerBase::evaluate, py::arg("x"), py::arg("training"),
           py::call_guard<py::gil_scoped_release>());
  module.def("reset_layer_names", &nn::reset_layer_names);
  module.def("unique_layer_name", &nn::unique_layer_name);
}

void bind_optimizer(py::module_& module) {
  using nn::OptimizerBase;
  bind_kind<OptimizerBase>(module, "Optimizer")
      .def_property_readonly("name", &OptimizerBase::name)
      .def_property_readonly("built", &OptimizerBase::built)
      .def_property_readonly("variables",
                             [](const OptimizerBase& optimizer) {
                               const auto variables = optimizer.variables();
                               return std::vector<Value>(variables.begin(), variables.end());
                             })
      .def_property_readonly("scheduled",
                             [](const OptimizerBase& o) { return o.rate().schedule() != nullptr; })
      .def_property_readonly("schedule",
                             [](const OptimizerBase& o) -> std::shared_ptr<nn::ScheduleBase> {
                               const nn::Schedule* schedule = o.rate().schedule();
                               return schedule == nullptr ? nullptr : schedule->shared();
                             });
}

}  // namespace

void bind_objects(py::module_& module) {
  bind_kind<nn::InitializerBase>(module, "Initializer");
  bind_kind<nn::RegularizerBase>(module, "Regularizer");
  bind_kind<nn::ScheduleBase>(module, "Schedule");
  bind_kind<nn::LossBase>(module, "Loss")
      .def_property_readonly("name", &nn::LossBase::name)
      .def_property_readonly("integer_targets", &nn::LossBase::integer_targets);
  bind_kind<nn::MetricBase>(module, "Metric")
      .def_property_readonly("name", &nn::MetricBase::name)
      .def_property_readonly("direction", [](const nn::MetricBase& metric) {
        const char* names[] = {"unknown", "up", "down"};
        return names[static_cast<int>(metric.direction())];
      });
  bind_layer(module);
  bind_optimizer(module);
  module.def("activations", [] {
    std::vector<std::pair<std::string, std::string>> entries;
    for (const nn::ActivationInfo& info : nn::activations())
      entries.emplace_back(info.name, info.doc);
    return entries;
  });
  module.def("snake_case", &nn::snake_case);
}

}  // namespace tegula::python
