// Graphs, their nodes and values, the registry of ops, and gradients.

#include "tegula/graph/graph.hpp"

#include <pybind11/stl.h>

#include <cstdint>
#include <optional>

#include "bindings.hpp"
#include "graph_types.hpp"
#include "location.hpp"
#include "tegula/graph/evaluate.hpp"
#include "tegula/graph/function.hpp"
#include "tegula/graph/gradients.hpp"
#include "tegula/graph/image.hpp"
#include "tegula/graph/recompute.hpp"
#include "tegula/passes/pass_manager.hpp"

namespace tegula::python {

namespace {

const char* type_name(const AttrValue& value) {
  static constexpr const char* kNames[] = {"bool",  "int",  "float", "str",     "dtype",
                                           "shape", "ints", "array", "cluster", "function"};
  return kNames[value.index()];
}

py::list describe_inputs(const OpDef& op) {
  py::list inputs;
  for (const InputDef& input : op.inputs) {
    inputs.append(py::make_tuple(input.name, input.doc));
  }
  return inputs;
}

py::list describe_attrs(const OpDef& op) {
  py::list attrs;
  for (const AttrDef& attr : op.attrs) {
    py::dict entry;
    entry["name"] = attr.name;
    entry["type"] = type_name(attr.value);
    entry["required"] = attr.required;
    entry["default"] = attr.required ? py::object(py::none()) : object_from_attr(attr.value);
    entry["doc"] = attr.doc;
    attrs.append(entry);
  }
  return attrs;
}

py::dict describe(const OpDef& op) {
  py::dict entry;
  entry["name"] = op.name;
  entry["doc"] = op.doc;
  entry["inputs"] = describe_inputs(op);
  entry["variadic"] = op.variadic;
  entry["attrs"] = describe_attrs(op);
  entry["differentiable"] = static_cast<bool>(op.gradient);
  entry["stateful"] = op.stateful;
  return entry;
}

Attrs attrs_from_dict(const OpDef& op, const py::dict& given) {
  Attrs attrs;
  for (const auto& [key, object] : given) {
    const auto name = key.cast<std::string>();
    const AttrDef* known = nullptr;
    for (const AttrDef& attr : op.attrs) {
      if (attr.name == name) known = &attr;
    }
    if (known == nullptr) throw NotFound(op.name + " has no attribute \"" + name + "\"");
    attrs.set(name, attr_from_object(object, known->value, name));
  }
  return attrs;
}

bool draws_from_stream(const OpDef& op) {
  for (const AttrDef& attr : op.attrs) {
    if (attr.name == "op_id") return true;
  }
  return false;
}

std::vector<Value> outputs_of(Node& node) {
  std::vector<Value> outputs;
  for (int i = 0; i < node.output_count(); ++i) outputs.push_back(node.output(i));
  return outputs;
}

std::vector<Value> build_op(Graph graph, const std::string& op_name,
                            const std::vector<Value>& inputs, const py::dict& attrs,
                            const std::string& name) {
  const OpDef& op = find_op(op_name);
  Attrs given = attrs_from_dict(op, attrs);
  if (draws_from_stream(op) && !given.has("op_id")) given.set("op_id", graph.next_op_id());
  // Within a body the line of the node counts, not that of the loop.
  std::optional<UserLine> own_line;
  if (FunctionScope::around(graph) != nullptr) own_line.emplace();
  return outputs_of(graph.add_node(op, inputs, std::move(given), name, user_location()));
}

std::vector<py::object> gradients_of(const std::vector<Value>& ys, const std::vector<Value>& xs,
                                     const std::vector<py::object>& output_gradients,
                                     const std::vector<Value>& stops) {
  const UserLine line;
  std::vector<Value> given;
  for (const py::object& gradient : output_gradients) {
    given.push_back(gradient.is_none() ? Value() : gradient.cast<Value>());
  }
  std::vector<py::object> results;
  for (const Value& gradient : gradients(ys, xs, given, Unconnected::kNone, stops)) {
    results.push_back(gradient ? py::cast(gradient) : py::object(py::none()));
  }
  return results;
}

Value add_variable(Graph graph, const py::object& initial, DType dtype, const Shape& shape,
                   const std::string& name, bool trainable) {
  const UserLine line;
  const Variable variable = graph.variable(ValueType{dtype, shape}, name, trainable);
  if (!initial.is_none()) graph.set_initial_value(variable, initial.cast<Value>());
  return variable;
}

std::vector<Tensor> evaluate_values(const std::vector<Value>& fetches,
                                    const std::vector<std::pair<Value, Tensor>>& feeds) {
  return evaluate(fetches, feeds);
}

void bind_value(py::module_& module) {
  py::class_<Value>(module, "Value", "One output of a node. Valid as long as its graph.")
      .def_property_readonly("graph", &Value::graph)
      .def_property_readonly("dtype", &Value::dtype)
      .def_property_readonly("shape", [](const Value& value) { return value.shape(); })
      .def_property_readonly("name", &Value::name)
      .def_property_readonly("node_id", [](const Value& value) { return value.node().id(); })
      .def_property_readonly("node_name", [](const Value& value) { return value.node().name(); })
      .def_property_readonly("index", &Value::index)
      .def_property_readonly("op", [](const Value& value) { return value.node().op().name; })
      .def_property_readonly("location",
                             [](const Value& value) { return value.node().location().to_string(); })
      .def_property_readonly("inputs",
                             [](const Value& value) {
                               const auto inputs = value.node().inputs();
                               return std::vector<Value>(inputs.begin(), inputs.end());
                             })
      .def_property_readonly("outputs", [](const Value& value) { return outputs_of(value.node()); })
      .def_property_readonly("attrs",
                             [](const Value& value) {
                               py::dict attrs;
                               for (const auto& [name, attr] : value.node().attrs()) {
                                 attrs[name.c_str()] = object_from_attr(attr);
                               }
                               return attrs;
                             })
      .def("describe", [](const Value& value) { return value.node().describe(); })
      .def("__eq__", [](const Value& a, const Value& b) { return a == b; })
      .def("__hash__",
           [](const Value& value) {
             return std::hash<const void*>()(&value.node()) +
                    static_cast<std::size_t>(value.index());
           })
      .def("__repr__", [](const Value& value) {
        return "<Value " + value.name() + " " + value.type().to_string() + ">";
      });
}

void bind_graph_class(py::module_& module) {
  py::class_<Graph>(module, "Graph", "The static graph. Copies refer to the same graph.")
      .def(py::init<>())
      .def_property_readonly(
          "id", [](const Graph& graph) { return reinterpret_cast<std::uintptr_t>(&graph.nodes()); },
          "The same for copies.")
      .def(
          "find",
          [](const Graph& graph, const std::string& name) -> std::vector<Value> {
            Node* const node = graph.find(name);
            return node == nullptr ? std::vector<Value>() : outputs_of(*node);
          },
          py::arg("name"), "The outputs of the node; empty when there is none of this name.")
      .def("value", &Graph::value, py::arg("name"))
      .def("node", [](const Graph& graph, int id) { return outputs_of(graph.node(id)); })
      .def("node_count", [](const Graph& graph) { return graph.nodes().size(); })
      .def("variable", &add_variable, py::arg("initial"), py::arg("dtype"), py::arg("shape"),
           py::arg("name"), py::arg("trainable"))
      .def("initial_value",
           [](const Graph& graph, const Value& variable) -> py::object {
             const Value initial = graph.initial_value(variable);
             return initial ? py::cast(initial) : py::object(py::none());
           })
      .def("variables",
           [](const Graph& graph) {
             const std::vector<Variable> variables = graph.variables();
             return std::vector<Value>(variables.begin(), variables.end());
           })
      .def("to_text", &Graph::to_text, "Readable and parseable form, one node a line.")
      .def_static("from_text", [](const std::string& text) { return Graph::from_text(text); })
      .def("to_dot", &Graph::to_dot, "Graphviz form.")
      .def("verify", &Graph::verify)
      .def("__eq__", [](const Graph& a, const Graph& b) { return a == b; })
      .attr("__hash__") = py::none();
}

}  // namespace

py::object object_from_attr(const AttrValue& value) {
  struct Converter {
    py::object operator()(bool flag) const { return py::bool_(flag); }
    py::object operator()(std::int64_t number) const { return py::int_(number); }
    py::object operator()(double number) const { return py::float_(number); }
    py::object operator()(const std::string& text) const { return py::str(text); }
    py::object operator()(DType dtype) const { return py::cast(dtype); }
    py::object operator()(const Shape& shape) const { return tuple_from_shape(shape); }
    py::object operator()(const std::vector<std::int64_t>& numbers) const {
      return py::tuple(py::cast(numbers));
    }
    py::object operator()(const Tensor& tensor) const { return array_from_tensor(tensor); }
    py::object operator()(const std::shared_ptr<const Cluster>& cluster) const {
      return py::str(to_string(AttrValue(cluster)));
    }
    py::object operator()(const std::shared_ptr<const Function>& function) const {
      return py::str(to_string(AttrValue(function)));
    }
  };
  return std::visit(Converter{}, value);
}

AttrValue attr_from_object(py::handle object, const AttrValue& like, std::string_view name) {
  try {
    if (std::holds_alternative<bool>(like)) return object.cast<bool>();
    if (std::holds_alternative<std::int64_t>(like)) return object.cast<std::int64_t>();
    if (std::holds_alternative<double>(like)) return object.cast<double>();
    if (std::holds_alternative<std::string>(like)) return object.cast<std::string>();
    if (std::holds_alternative<DType>(like)) return dtype_from_object(object);
    if (std::holds_alternative<Shape>(like)) return shape_from_object(object);
    if (std::holds_alternative<Tensor>(like)) return tensor_from_object(object);
    if (std::holds_alternative<std::vector<std::int64_t>>(like)) {
      return object.cast<std::vector<std::int64_t>>();
    }
  } catch (const py::cast_error&) {
  }
  throw InvalidArgument("attribute \"" + std::string(name) + "\" must be of type " +
                        type_name(like) + ", got " + py::repr(object).cast<std::string>());
}

void bind_graph(py::module_& module) {
  bind_value(module);
  bind_graph_class(module);
  module.def(
      "ops",
      [] {
        py::list entries;
        for (const OpDef* op : all_ops()) entries.append(describe(*op));
        return entries;
      },
      "Every op: name, doc, inputs, attributes with types and defaults.");
  module.def("build", &build_op, py::arg("graph"), py::arg("op"), py::arg("inputs"),
             py::arg("attrs") = py::dict(), py::arg("name") = "",
             "Adds a node and returns its outputs. Errors name the caller's line outside of the "
             "package.");
  module.def(
      "resize",
      [](const Value& images, std::int64_t height, std::int64_t width, std::string method,
         bool antialias) {
        const UserLine line;
        return resize(images, height, width, {.method = std::move(method), .antialias = antialias});
      },
      py::arg("images"), py::arg("height"), py::arg("width"), py::arg("method"),
      py::arg("antialias"), "Images of another size.");
  module.def("recomputed", [](const Value& y, const std::vector<Value>& xs) {
    const UserLine line;
    return recomputed(y, xs);
  });
  module.def("gradients", &gradients_of, py::arg("ys"), py::arg("xs"),
             py::arg("output_gradients") = std::vector<py::object>(),
             py::arg("stops") = std::vector<Value>(),
             "Gradients of the sum of all ys; None for an x that no y depends on.");
  module.def("evaluate", &evaluate_values, py::arg("fetches"),
             py::arg("feeds") = std::vector<std::pair<Value, Tensor>>(),
             "Values by the ops' reference evaluation: slow, without a session.");
  module.def(
      "user_line", [] { return user_location().to_string(); },
      "The caller's file:line outside of the package.");
  module.def("passes", [] {
    std::vector<std::pair<std::string, std::string>> names;
    for (const Pass& pass : all_passes()) names.emplace_back(pass.name, pass.doc);
    return names;
  });
}

}  // namespace tegula::python
