#pragma once
// Data of a run, cut into batches. Private to src/nn.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "src/nn/shuffled_rows.hpp"
#include "tegula/core/tensor.hpp"

namespace tegula::nn {

/// What the steps of a run take: inputs of any number dtype, the dtypes that the model computes
/// them in, prepared targets (none for predictions), and a weight for each of them or none.
struct StepData {
  std::vector<Tensor> x;
  std::vector<DType> dtypes;
  std::vector<Tensor> y = {};
  std::vector<Tensor> weights = {};

  /// All of it in one row, inputs cast.
  std::vector<Tensor> feeds() &&;
};

/// Hands out batches as the tensors that a step takes (x in the model's dtypes, y, weights).
/// Batches in order of the data share its memory; shuffled ones are gathered ahead.
class Batches {
 public:
  Batches(StepData data, std::int64_t batch_size);

  std::int64_t rows() const { return rows_; }
  /// Number of batches, the last one possibly smaller.
  std::int64_t count() const { return (rows_ + batch_size_ - 1) / batch_size_; }
  std::int64_t rows_of(std::int64_t batch) const;
  /// The batch's rows, as they are numbered in the data.
  std::vector<std::int64_t> numbers(std::int64_t batch) const;
  const std::vector<Shape>& weight_shapes() const { return weight_shapes_; }
  /// A new order of the rows, which follows from seed and epoch; without a call it is the data's
  /// own.
  void shuffle(std::uint64_t seed, std::uint64_t epoch);
  /// Valid until the next call.
  std::span<const Tensor> get(std::int64_t batch);

 private:
  std::vector<Tensor> parts_;
  /// What each part is handed out as.
  std::vector<DType> dtypes_;
  std::vector<Shape> weight_shapes_;
  std::int64_t rows_ = 0;
  std::int64_t batch_size_ = 0;
  std::vector<Tensor> current_;
  std::unique_ptr<ShuffledRows> shuffled_;
};

}  // namespace tegula::nn
