#pragma once
// A table of classes for Python: `layer_names()`, `describe_layer(name)`, `make_layer(name,
// options)` and `find_layer(name)`, each kind in the same way.

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>

#include "nn_config.hpp"
#include "tegula/nn/object.hpp"

namespace tegula::python {

namespace py = pybind11;

template <typename Base>
py::dict describe(const nn::ObjectClass<Base>& entry) {
  py::list arguments, required;
  py::dict types;
  for (const nn::FieldInfo& field : entry.fields) {
    arguments.append(
        py::make_tuple(field.name, object_from_config(field.default_value), field.doc));
    types[py::str(field.name)] = field.type;
    if (field.required) required.append(field.name);
  }
  py::dict result;
  result["name"] = entry.name;
  result["doc"] = entry.doc;
  result["arguments"] = arguments;
  result["types"] = types;
  result["required"] = required;
  return result;
}

/// Adds the table's functions to the module, and `class_name` and `config` to the bound class.
template <typename Base, typename Bound>
void bind_table(py::module_& module, Bound& bound) {
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
             [](const std::string& name) { return describe(*nn::find_class<Base>(name)); },
             py::arg("name"), "A class: name, doc, arguments with defaults and docs.");
  module.def(("make_" + kind).c_str(),
             [](const std::string& name, const nn::Config& options) {
               return nn::find_class<Base>(name)->make(options);
             },
             py::arg("name"), py::arg("options"));
  module.def(("find_" + kind).c_str(),
             [](const std::string& name) { return nn::find_class<Base>(name)->name; },
             py::arg("name"), "The class that a name, an alias or a snake-case form means.");
}

}  // namespace tegula::python
