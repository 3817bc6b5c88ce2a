// The submodule _core.nn, from which the package's `keras` is made.

#include "bindings.hpp"
#include "nn_objects.hpp"

namespace tegula::python {

void bind_nn(pybind11::module_& module) {
  pybind11::module_ nn = module.def_submodule("nn", "Layers, models and training.");
  bind_objects(nn);
  bind_user_objects(nn);
  bind_functions(nn);
  bind_callbacks(nn);
  bind_models(nn);
}

}  // namespace tegula::python
