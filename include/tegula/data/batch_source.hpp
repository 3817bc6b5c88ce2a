#pragma once
// Batches that come one after the other, for data that does not lie in memory as a whole.

#include <cstdint>
#include <functional>
#include <optional>

#include "tegula/core/export.hpp"
#include "tegula/core/structure.hpp"

namespace tegula::data {

/// Row i of each tensor belongs to sample i of the batch.
struct Batch {
  Tensors x;
  /// Not needed by `predict`.
  Tensors y = {};
  /// [n], or [n, steps] for losses with a value per step: multiplies the losses of the samples;
  /// none: 1. One for all outputs, or one for each.
  Tensors sample_weight = {};
};

/// Where `fit`, `evaluate` and `predict` get batches from instead of a Dataset. A batch is asked
/// for when the step before it has run, so one batch is in memory at a time. An exception that a
/// source throws leaves the run, with the model usable.
class TEGULA_API BatchSource {
 public:
  virtual ~BatchSource() = default;
  /// The next batch, or nothing at the end of the data.
  virtual std::optional<Batch> next() = 0;
  /// Goes back to the first batch. False when the data cannot be had again, as with a stream.
  virtual bool rewind() = 0;
  /// Batches from the first to the end; nothing when that is not known. A run over such a source
  /// lasts until `next` gives nothing, unless it is given a number of steps.
  virtual std::optional<std::int64_t> count() const { return std::nullopt; }
  /// Around each epoch of `fit`, and each evaluation or prediction.
  virtual void on_epoch_begin() {}
  virtual void on_epoch_end() {}
};

/// A function as a source: it gives the batches one after the other and nothing at the end.
class TEGULA_API FunctionSource : public BatchSource {
 public:
  using Next = std::function<std::optional<Batch>()>;
  /// `rewind`, when given, makes `next` start from the first batch again. Throws InvalidArgument
  /// for an empty `next`.
  explicit FunctionSource(Next next, std::function<void()> rewind = {},
                          std::optional<std::int64_t> count = std::nullopt);
  std::optional<Batch> next() override { return next_(); }
  bool rewind() override;
  std::optional<std::int64_t> count() const override { return count_; }

 private:
  Next next_;
  std::function<void()> rewind_;
  std::optional<std::int64_t> count_;
};

}  // namespace tegula::data
