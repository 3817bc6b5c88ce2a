#pragma once
// Calls of layers with further arguments than values.

#include "tegula/nn/layer.hpp"

namespace tegula::nn {

/// What a layer derives from, beside LayerBase, whose calls take further arguments.
class TEGULA_API CallsWithArguments {
 public:
  virtual ~CallsWithArguments() = default;
  /// Calls the layer with these arguments, by name as configs hold them; nothing where there are
  /// none. Throws NotFound for arguments that it does not take. For `LayerBase::call_with`.
  virtual LayerBase::CallFunction function_of(const Config& arguments) = 0;
};

/// The same of any layer. Throws FormatError for arguments of one that takes none.
TEGULA_API LayerBase::CallFunction function_of(LayerBase& layer, const Config& arguments);
/// The arguments of a call; null for a function that no config holds.
TEGULA_API const Config* arguments_of(const LayerBase::CallFunction& function);

/// `function`, which calls with these arguments, so that configs can hold the call.
TEGULA_API LayerBase::CallFunction with_arguments(Config arguments,
                                                  LayerBase::CallFunction function);

}  // namespace tegula::nn
