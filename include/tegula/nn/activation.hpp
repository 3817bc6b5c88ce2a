#pragma once
// Activation functions by name.

#include <functional>
#include <string>
#include <vector>

#include "tegula/graph/ops.hpp"
#include "tegula/nn/config.hpp"

namespace tegula::nn {

/// A named activation or a function of the user's; default: linear.
class TEGULA_API Activation {
 public:
  using Function = std::function<Value(Value)>;

  Activation() = default;
  Activation(const char* name) : Activation(std::string(name)) {}  // NOLINT: implicit by design
  /// Throws NotFound listing similar names.
  Activation(const std::string& name);  // NOLINT: implicit by design
  Activation(std::string name, Function function)
      : name_(std::move(name)), function_(std::move(function)) {}

  /// "linear" for none.
  const std::string& name() const { return name_; }
  Value operator()(Value x) const { return function_ ? function_(x) : x; }

 private:
  std::string name_ = "linear";
  Function function_;
};

struct ActivationInfo {
  std::string name;
  std::string doc;
  Activation::Function function;
};
/// All named activations, as Keras names them.
TEGULA_API const std::vector<ActivationInfo>& activations();
/// Makes a function of the user's known by name, in configs and saved models too; found before the
/// built-in ones, and replaces an earlier one of this name.
TEGULA_API void register_activation(ActivationInfo activation);
/// Takes that back; nothing when there is none. What uses the function goes on to use it.
TEGULA_API void forget_activation(const std::string& name);

inline std::string type_name(const Activation&) { return "activation"; }
TEGULA_API Config to_config(const Activation& activation);
TEGULA_API void from_config(const Config& config, Activation& activation);

}  // namespace tegula::nn
