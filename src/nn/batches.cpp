#include "src/nn/batches.hpp"

#include <algorithm>

#include "src/nn/shape_text.hpp"
#include "tegula/core/error.hpp"

namespace tegula::nn {

namespace {

/// What the model computes with: inputs become f32, everything else was prepared before.
DType dtype_of_part(std::size_t part, const Tensor& tensor) {
  return part == 0 ? DType::f32 : tensor.dtype();
}

}  // namespace

Batches::Batches(Tensor x, std::optional<Tensor> y, std::optional<Tensor> weight,
                 std::int64_t batch_size)
    : rows_(x.rank() == 0 ? 0 : x.shape()[0]), batch_size_(batch_size) {
  if (batch_size <= 0) {
    throw InvalidArgument("`batch_size` must be positive, got " + std::to_string(batch_size));
  }
  if (rows_ == 0) throw InvalidArgument("there is no data: x has shape " + shape_text(x.shape()));
  parts_.push_back(std::move(x));
  if (y) parts_.push_back(std::move(*y));
  if (weight) parts_.push_back(std::move(*weight));
  batch_size_ = std::min(batch_size_, rows_);
  current_.resize(parts_.size());
}

std::int64_t Batches::rows_of(std::int64_t batch) const {
  return std::min(batch_size_, rows_ - batch * batch_size_);
}

void Batches::shuffle(std::uint64_t seed, std::uint64_t epoch) {
  if (!shuffled_) {
    std::vector<DType> dtypes;
    for (std::size_t i = 0; i < parts_.size(); ++i) dtypes.push_back(dtype_of_part(i, parts_[i]));
    shuffled_ = std::make_unique<ShuffledRows>(parts_, dtypes, rows_, batch_size_);
  }
  shuffled_->shuffle(seed, epoch);
}

std::span<const Tensor> Batches::get(std::int64_t batch) {
  if (shuffled_) return shuffled_->get(batch);
  const std::int64_t begin = batch * batch_size_;
  const std::int64_t end = begin + rows_of(batch);
  for (std::size_t part = 0; part < parts_.size(); ++part) {
    const Tensor& source = parts_[part];
    current_[part] = source.rows(begin, end).cast(dtype_of_part(part, source));
  }
  return current_;
}

}  // namespace tegula::nn
