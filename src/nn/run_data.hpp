#pragma once
// Checks what a run is given and makes of it what steps take. Private to src/nn.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tegula/data/batch_source.hpp"
#include "tegula/data/dataset.hpp"
#include "tegula/nn/loss.hpp"

namespace tegula::nn {

using ClassWeights = std::map<std::int64_t, double>;

/// Which rows of the user's data a tensor holds, for errors: "row 7", "row 7 of batch 3".
struct RowNames {
  /// Number of the first row in the data set.
  std::int64_t first = 0;
  /// Batch of a source; -1 for arrays.
  std::int64_t batch = -1;
  /// Follows the row: " of the validation data".
  const char* of_set = "";

  std::string of(std::int64_t row) const;
  /// Several rows: "rows 7 to 9", "rows 7, 2, 5".
  std::string of(std::span<const std::int64_t> rows) const;
};

/// Throws ShapeError unless all tensors have the same number of rows.
void check_cardinality(const Tensors& x, const Tensors& y, const Tensors& weights);

/// One tensor per output, of a structure as the user gave it: `what` it is, for errors; one of
/// weights is for all outputs; none stay none. Throws InvalidArgument for another number or other
/// names.
std::vector<Tensor> per_output(const Tensors& given, const std::vector<std::string>& outputs,
                               const char* what);

/// Targets as the loss wants them for outputs of shape `outputs`: class indices become i32, all
/// others f32. Throws InvalidArgument, naming the row, for indices that are no integers or no
/// class, and for NaN where a weight of 0 does not hide it and the loss cannot be one that masks
/// it; ShapeError for one-hot rows in place of indices.
Tensor prepare_targets(const Tensor& y, const LossBase& loss, const Shape& outputs,
                       const std::optional<Tensor>& weight, const RowNames& rows);

/// The shapes of batches of such tensors.
std::vector<Shape> batch_shapes(std::span<const Tensor> tensors);

/// The weight of each sample, f32 of shape [n], or of each of its values of the loss, such as
/// [n, steps], from weights or classes; nothing without either. Throws InvalidArgument when both
/// are given, ShapeError for a shape that does not fit outputs of this one.
std::optional<Tensor> prepare_weights(const Tensor& y, const std::optional<Tensor>& weight,
                                      const ClassWeights& class_weight, const Shape& outputs);

/// The line that a binding names, or else the caller's own.
SourceLocation line_of(const std::source_location& location);

/// Rethrows the current exception of the library with `more` and the line of the user's program
/// that called `run` ("fit") at its end.
[[noreturn]] void rethrow_called_at(const char* run, const SourceLocation& line,
                                    const std::string& more);

/// What `work` returns; its errors, but for those of the operating system, tell `more()` and the
/// line of the call of `run`.
template <typename Work, typename More>
auto called_at(const char* run, const SourceLocation& line, Work&& work, More&& more) {
  try {
    return work();
  } catch (const IoError&) {
    throw;
  } catch (const Error&) {
    rethrow_called_at(run, line, more());
  }
}
template <typename Work>
auto called_at(const char* run, const SourceLocation& line, Work&& work) {
  return called_at(run, line, std::forward<Work>(work), [] { return std::string(); });
}

}  // namespace tegula::nn
