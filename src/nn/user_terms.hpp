#pragma once
// Errors of the ops that layers, losses and metrics are made of, in the terms of who uses these.
// Private to src/nn.

#include <string>

#include "tegula/graph/graph.hpp"
#include "tegula/nn/metric.hpp"

namespace tegula::nn {

/// "takes f32, not bool; shapes [?,3]" as "takes float32, not bool; shapes (None, 3)".
std::string in_user_terms(std::string_view text);

/// 'Precision metric "precision_1"'
std::string describe_metric(const MetricBase& metric);

/// While alive, errors about nodes that this thread builds say that they are the owner's: name the
/// shapes as Keras does, and no line of the library's own sources.
class UserTerms {
 public:
  /// `owner`: 'Conv2D layer "stem"'.
  explicit UserTerms(std::string owner);

 private:
  BuildErrorScope scope_;
};

}  // namespace tegula::nn
