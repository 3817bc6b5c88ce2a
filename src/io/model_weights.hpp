#pragma once
// The tensors of a model under their names in files. Private to src/io.

#include <span>
#include <string>
#include <vector>

#include "src/io/safetensors.hpp"
#include "tegula/nn/model.hpp"

namespace tegula::nn {

struct NamedVariable {
  std::string name;
  Variable variable;
};

/// Names that depend on the structure alone, because layer names are counted per process:
/// "layers/dense_1/0" is the kernel of the second Dense layer.
std::vector<NamedVariable> named_weights(const Model& model);
/// What a whole saved model holds: the weights and, if the model is compiled, the optimizer's
/// state: "optimizer/0".
std::vector<NamedVariable> named_state(const Model& model);

/// Sets all variables from exactly their tensors; those of the optimizer may be left over. Throws
/// FormatError, NotFound, ShapeError or DTypeError before it reads the first element.
void set_all(Model& model, const std::vector<NamedVariable>& named,
             io::detail::SafetensorsReader reader);
/// Sets the weights of the layers whose tensors all fit, and warns of those that are left.
void set_fitting_layers(Model& model, io::detail::SafetensorsReader reader);

}  // namespace tegula::nn
