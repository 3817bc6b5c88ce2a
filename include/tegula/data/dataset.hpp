#pragma once
// Samples with their targets, the order in which an epoch visits them, and the copying of a batch.

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "tegula/core/export.hpp"
#include "tegula/core/structure.hpp"
#include "tegula/core/tensor.hpp"

namespace tegula::data {

/// Row i of each tensor belongs to sample i. One tensor each, or several for models with several
/// inputs and outputs. Copies share their memory.
struct Dataset {
  Tensors x;
  Tensors y;
  /// [n], multiplies the losses of the samples; none: 1. One for all outputs, or one for each.
  Tensors sample_weight;

  /// No samples.
  Dataset() = default;
  /// Throws ShapeError when a tensor is a scalar or their row counts differ.
  TEGULA_API Dataset(Tensors inputs, Tensors targets, Tensors weights = {});

  /// Number of samples.
  std::int64_t size() const { return x.empty() ? 0 : x[0].shape()[0]; }
  /// Samples `begin` to `end`, sharing memory. Throws ShapeError out of range.
  TEGULA_API Dataset slice(std::int64_t begin, std::int64_t end) const;
  /// Keras's validation_split: the first part for training, and the last `fraction` of the samples,
  /// as they stand here, for validation; both share memory. The first part has floor(n * (1 -
  /// fraction)) samples. Throws InvalidArgument unless 0 < fraction < 1 and both parts have
  /// samples.
  TEGULA_API std::pair<Dataset, Dataset> split(double fraction) const;
};

/// Number of a sample, from 0. An epoch's order holds one per sample.
using RowIndex = std::uint32_t;

/// Fills `order` with a permutation of 0..n-1 that depends on n, seed and epoch alone: a
/// Fisher-Yates shuffle on a Philox stream of its own. Never allocates. Throws InvalidArgument for
/// n >= 2^32.
TEGULA_API void shuffled_order(std::span<RowIndex> order, std::uint64_t seed, std::uint64_t epoch);

/// Cuts the rows 0..n-1 into batches, the last of which may be smaller, in an order that
/// `start_epoch` chooses. Allocates only in its constructor.
class Batches {
 public:
  /// Rows in their own order until `start_epoch`. Throws InvalidArgument when `rows` is negative or
  /// 2^32 and more, or `batch_size` not positive.
  TEGULA_API Batches(std::int64_t rows, std::int64_t batch_size);

  /// Shuffles the rows for this epoch, as `shuffled_order` does.
  void start_epoch(std::uint64_t seed, std::uint64_t epoch) { shuffled_order(order_, seed, epoch); }

  /// Batches per epoch.
  std::int64_t count() const { return (rows() + batch_size_ - 1) / batch_size_; }
  std::int64_t rows() const { return static_cast<std::int64_t>(order_.size()); }
  /// The rows of batch 0..count()-1. Throws InvalidArgument out of range.
  TEGULA_API std::span<const RowIndex> operator[](std::int64_t batch) const;

 private:
  std::vector<RowIndex> order_;
  std::int64_t batch_size_;
};

/// Copies rows of axis 0 of `source`, one after the other, to `destination`, which must have
/// exactly their size in bytes. Never allocates. Throws InvalidArgument for another size or a row
/// outside.
TEGULA_API void gather_rows(const Tensor& source, std::span<const RowIndex> rows,
                            std::span<std::byte> destination);
/// Copies them to the rows of `destination` from `first` on, cast to its dtype. Never allocates.
/// Throws InvalidArgument when they do not fit or a row is outside.
TEGULA_API void gather_rows(const Tensor& source, std::span<const RowIndex> rows,
                            Tensor& destination, std::int64_t first = 0);

}  // namespace tegula::data
