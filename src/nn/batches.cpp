#include "src/nn/batches.hpp"

#include <algorithm>
#include <numeric>

#include "src/nn/run_data.hpp"
#include "src/nn/shape_text.hpp"
#include "tegula/core/error.hpp"

namespace tegula::nn {

std::vector<Tensor> StepData::feeds() && {
  std::vector<Tensor> feeds = std::move(x);
  for (std::size_t i = 0; i < feeds.size(); ++i) feeds[i] = feeds[i].cast(dtypes[i]);
  feeds.insert(feeds.end(), y.begin(), y.end());
  feeds.insert(feeds.end(), weights.begin(), weights.end());
  return feeds;
}

Batches::Batches(StepData data, std::int64_t batch_size)
    : parts_(std::move(data.x)),
      dtypes_(std::move(data.dtypes)),
      weight_shapes_(batch_shapes(data.weights)),
      rows_(parts_.front().rank() == 0 ? 0 : parts_.front().shape()[0]),
      batch_size_(batch_size) {
  if (batch_size <= 0) {
    throw InvalidArgument("`batch_size` must be positive, got " + std::to_string(batch_size));
  }
  if (rows_ == 0) {
    throw InvalidArgument("there is no data: x has shape " + shape_text(parts_.front().shape()));
  }
  for (const auto* more : {&data.y, &data.weights}) {
    for (const Tensor& tensor : *more) {
      parts_.push_back(tensor);
      dtypes_.push_back(tensor.dtype());
    }
  }
  batch_size_ = std::min(batch_size_, rows_);
  current_.resize(parts_.size());
}

std::int64_t Batches::rows_of(std::int64_t batch) const {
  return std::min(batch_size_, rows_ - batch * batch_size_);
}

std::vector<std::int64_t> Batches::numbers(std::int64_t batch) const {
  if (shuffled_) {
    const std::span<const data::RowIndex> rows = shuffled_->numbers(batch);
    return {rows.begin(), rows.end()};
  }
  std::vector<std::int64_t> rows(static_cast<std::size_t>(rows_of(batch)));
  std::iota(rows.begin(), rows.end(), batch * batch_size_);
  return rows;
}

void Batches::shuffle(std::uint64_t seed, std::uint64_t epoch) {
  if (!shuffled_) {
    shuffled_ = std::make_unique<ShuffledRows>(parts_, dtypes_, rows_, batch_size_);
  }
  shuffled_->shuffle(seed, epoch);
}

std::span<const Tensor> Batches::get(std::int64_t batch) {
  if (shuffled_) return shuffled_->get(batch);
  const std::int64_t begin = batch * batch_size_;
  const std::int64_t end = begin + rows_of(batch);
  for (std::size_t part = 0; part < parts_.size(); ++part) {
    const Tensor& source = parts_[part];
    current_[part] = source.rows(begin, end).cast(dtypes_[part]);
  }
  return current_;
}

}  // namespace tegula::nn
