#pragma once
// What Python code gives to C++ to call: kept by C++ on any thread, called with the GIL.

#include <pybind11/pybind11.h>

#include <memory>
#include <string>

#include "tegula/graph/graph.hpp"
#include "tegula/nn/optimizer.hpp"
#include "tegula/nn/values.hpp"

namespace tegula::python {

namespace py = pybind11;

/// A Python object that C++ may copy and drop without the GIL.
class SharedObject {
 public:
  explicit SharedObject(pybind11::object object);
  /// Needs the GIL.
  pybind11::object get() const { return *object_; }

 private:
  std::shared_ptr<pybind11::object> object_;
};

/// What a function of the user's made of values. Throws TypeError, naming the function, for
/// anything but a value. Needs the GIL.
Value value_from_result(const pybind11::object& result, const std::string& function);
/// The value, or None for no value.
pybind11::object object_from_value(const Value& value);

/// One value, a list or tuple of values, or a dict of them. Throws DTypeError, naming the function
/// that they come from, for anything else. Needs the GIL.
nn::Values values_from_object(const pybind11::handle& object, const std::string& function);
/// The same back, with lists for lists. Needs the GIL.
pybind11::object object_from_values(const nn::Values& values);
/// Of each of several values the mask, or None.
pybind11::list objects_from_masks(const nn::Masks& masks);
nn::Masks masks_from_objects(const pybind11::handle& objects);
/// Shapes of a batch: one, a list of them, or a dict.
nn::ValueTypes types_from_object(const pybind11::handle& object);
pybind11::object shapes_from_types(const nn::ValueTypes& types);
/// Arrays: one, a list or tuple of arrays, or a dict of them; none for None.
Tensors tensors_from_object(const pybind11::handle& object);
/// The same back, as arrays of results.
pybind11::object results_from_tensors(const Tensors& tensors);

/// Callbacks of a run: Python's list of them, and Ctrl-C.
void bind_callbacks(pybind11::module_& module);
/// Classes of layers, losses, metrics and so on, by name.
void bind_objects(pybind11::module_& module);
/// What optimizers have beside their options.
void bind_optimizers(
    pybind11::module_& module,
    py::class_<nn::OptimizerBase, nn::Object, std::shared_ptr<nn::OptimizerBase>>& bound);
/// Classes that Python code derives.
void bind_user_objects(pybind11::module_& module);
/// Losses and activations on values, and anything on arrays at once.
void bind_functions(pybind11::module_& module);
/// Models, training, files.
void bind_models(pybind11::module_& module);

}  // namespace tegula::python
