#pragma once
// The computations of a compiled model. Private to src/nn.

#include <functional>
#include <vector>

#include "src/nn/model_impl.hpp"

namespace tegula::nn {

using ForwardFunction = std::function<Value(Value x, bool training)>;

/// The step for training or testing, with or without sample weights; built at first use. Feeds: x,
/// targets and, if weighted, sample weights. It updates the metrics' state and, in training, the
/// weights.
Executable& find_step(Model::Impl& impl, const std::vector<Layer>& layers,
                      const ForwardFunction& forward, bool training, bool weighted);

}  // namespace tegula::nn
