#pragma once
// Shapes of targets beside those of predictions. Private to src/nn.

#include "tegula/graph/ops.hpp"

namespace tegula::nn {

/// Throws ShapeError when targets and predictions cannot be broadcast. For metrics, which are also
/// built for arrays: there a batch may meet another axis, as Keras lets it.
void check_broadcast(Value y_true, Value y_pred);

}  // namespace tegula::nn
