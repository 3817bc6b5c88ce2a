#pragma once
// Errors of the ops that layers, losses and metrics are made of, in the terms of who uses these.
// Private to src/nn.

#include <string>

#include "tegula/graph/graph.hpp"
#include "tegula/nn/metric.hpp"

namespace tegula::nn {

/// "takes f32, not bool; shapes [?,3]" as "takes float32, not bool; shapes (None, 3)".
std::string in_user_terms(std::string_view text);

/// The message of an error of a step that ran, in these terms; names of files stay as they are.
std::string run_error_in_user_terms(std::string_view message);

/// Rethrows the error in flight with its message in these terms.
[[noreturn]] void rethrow_in_user_terms();

/// What `run` returns; its errors speak in these terms.
template <typename Run>
auto running_in_user_terms(const Run& run) {
  try {
    return run();
  } catch (const Error&) {
    rethrow_in_user_terms();
  }
}

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
