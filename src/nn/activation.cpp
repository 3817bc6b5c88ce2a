#include "tegula/nn/activation.hpp"

#include <cmath>

#include "src/core/made_before_fork.hpp"
#include "src/core/similar_names.hpp"
#include "tegula/nn/activation_functions.hpp"
#include "tegula/nn/object.hpp"

namespace tegula::nn {

namespace {

Value relu6(Value x) { return clip(x, 0, 6); }
Value hard_sigmoid(Value x) { return relu6(x + 3.0) * (1.0 / 6.0); }

/// Klambauer et al., "Self-normalizing neural networks", 2017.
Value selu(Value x) {
  constexpr double kAlpha = 1.67326324235437728481, kScale = 1.05070098735548049342;
  return elu(x, kAlpha) * kScale;
}

Value sparse_plus(Value x) {
  const Value middle = square(x + 1.0) * 0.25;
  return where(less_equal(x, -1.0), 0.0, where(less(x, 1.0), middle, x));
}

Value sparse_sigmoid(Value x) { return clip((x + 1.0) * 0.5, 0, 1); }

}  // namespace

const std::vector<ActivationInfo>& activations() {
  static const std::vector<ActivationInfo> table = {
      {"linear", "x", {}},
      {"relu", "max(x, 0)", [](Value x) { return relu(x); }},
      {"relu6", "min(max(x, 0), 6)", relu6},
      {"leaky_relu", "x, or 0.2 x below 0", [](Value x) { return leaky_relu(x); }},
      {"elu", "x, or exp(x) - 1 below 0", [](Value x) { return elu(x); }},
      {"selu", "1.0507 elu(x) with alpha 1.67326", selu},
      {"celu", "max(x, 0) + exp(min(x, 0)) - 1",
       [](Value x) { return activation_functions::celu(x); }},
      {"gelu", "x times the normal distribution of x", [](Value x) { return gelu(x); }},
      {"glu", "first half of the last axis times the sigmoid of the second",
       [](Value x) { return activation_functions::glu(x); }},
      {"silu", "x sigmoid(x)", [](Value x) { return silu(x); }},
      {"swish", "x sigmoid(x)", [](Value x) { return silu(x); }},
      {"sigmoid", "1 / (1 + exp(-x))", [](Value x) { return sigmoid(x); }},
      {"hard_sigmoid", "relu6(x + 3) / 6", hard_sigmoid},
      {"hard_silu", "x hard_sigmoid(x)", [](Value x) { return x * hard_sigmoid(x); }},
      {"hard_swish", "x hard_sigmoid(x)", [](Value x) { return x * hard_sigmoid(x); }},
      {"tanh", "hyperbolic tangent", [](Value x) { return tanh(x); }},
      {"hard_tanh", "x, clipped to [-1, 1]", [](Value x) { return clip(x, -1, 1); }},
      {"tanh_shrink", "x - tanh(x)", [](Value x) { return x - tanh(x); }},
      {"hard_shrink", "x where |x| > 0.5, else 0",
       [](Value x) { return activation_functions::hard_shrink(x); }},
      {"soft_shrink", "x moved by 0.5 towards 0",
       [](Value x) { return activation_functions::soft_shrink(x); }},
      {"softplus", "log(1 + exp(x))", [](Value x) { return softplus(x); }},
      {"softsign", "x / (1 + |x|)", [](Value x) { return x / (abs(x) + 1.0); }},
      {"log_sigmoid", "log(sigmoid(x))", [](Value x) { return -softplus(-x); }},
      {"mish", "x tanh(softplus(x))", [](Value x) { return x * tanh(softplus(x)); }},
      {"squareplus", "(x + sqrt(x² + 4)) / 2",
       [](Value x) { return activation_functions::squareplus(x); }},
      {"sparse_plus", "0, (x + 1)² / 4, then x", sparse_plus},
      {"sparse_sigmoid", "0, (x + 1) / 2, then 1", sparse_sigmoid},
      {"exponential", "exp(x)", [](Value x) { return exp(x); }},
      {"softmax", "exp(x) / sum(exp(x)) over the last axis", [](Value x) { return softmax(x); }},
      {"sparsemax", "the nearest point of the probability simplex",
       [](Value x) { return activation_functions::sparsemax(x); }},
      {"log_softmax", "log(softmax(x))", [](Value x) { return log_softmax(x); }},
  };
  return table;
}

namespace {

/// Guarded by the ConstructionLock.
std::vector<ActivationInfo>& user_activations() {
  static std::vector<ActivationInfo> table;
  return table;
}

const detail::MadeBeforeFork kMadeBeforeFork([] {
  activations();
  user_activations();
});

}  // namespace

void register_activation(ActivationInfo activation) {
  const ConstructionLock lock;
  forget_activation(activation.name);
  user_activations().push_back(std::move(activation));
}

void forget_activation(const std::string& name) {
  const ConstructionLock lock;
  std::erase_if(user_activations(),
                [&name](const ActivationInfo& known) { return known.name == name; });
}

Activation::Activation(const std::string& name) {
  if (name.empty()) return;
  const ConstructionLock lock;
  std::vector<std::string> known;
  for (const std::vector<ActivationInfo>* table :
       {&std::as_const(user_activations()), &activations()}) {
    for (const ActivationInfo& info : *table) {
      if (info.name == name) {
        name_ = name;
        function_ = info.function;
        return;
      }
      known.push_back(info.name);
    }
  }
  if (const std::size_t end = name.find('>'); end != std::string::npos) {  // "package>name"
    *this = Activation(name.substr(end + 1));
    return;
  }
  throw NotFound("Could not interpret activation function identifier: " + name +
                 did_you_mean(name, known) +
                 "; one of your own must be made known with nn::register_activation");
}

namespace {

/// Of `{"class_name": "function", "config": name, "registered_name": key}`: known by the key when
/// it is registered under it, else by its name.
Activation described_activation(const Config& config) {
  const std::string& name = config.at("config").as_string();
  const Config* const key = config.find("registered_name");
  const ConstructionLock lock;
  for (const ActivationInfo& info : user_activations()) {
    if (key != nullptr && *key == Config(info.name)) return {name, info.function};
  }
  return {name};
}

}  // namespace

Config to_config(const Activation& activation) { return activation.name(); }

void from_config(const Config& config, Activation& activation) {
  if (config.is_null()) {
    activation = Activation();
  } else if (config.is_object()) {
    activation = described_activation(config);
  } else {
    activation = Activation(config.as_string());
  }
}

}  // namespace tegula::nn
