#include "src/nn/shuffled_rows.hpp"

#include <algorithm>
#include <cstring>

#include "tegula/data/dataset.hpp"

namespace tegula::nn {

namespace {

/// Bytes of a task: short enough that a thread which took one is soon back for the next product.
constexpr std::int64_t kTaskBytes = 4096;
/// Batches of fewer tasks are gathered when they are asked for: handing them over would cost more.
constexpr std::int64_t kMinTasksAhead = 4;

}  // namespace

ShuffledRows::ShuffledRows(std::span<const Tensor> parts, std::span<const DType> dtypes,
                           std::int64_t rows, std::int64_t batch_size)
    : rows_(rows), batch_size_(batch_size), order_(static_cast<std::size_t>(rows)) {
  std::int64_t row_bytes = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::int64_t width = parts[i].element_count() / rows;
    parts_.push_back({parts[i], dtypes[i], width});
    row_bytes += width * static_cast<std::int64_t>(size_of(dtypes[i]));
    Shape shape = parts[i].shape();
    shape.set(0, batch_size);
    for (Buffer& buffer : buffers_) buffer.tensors.emplace_back(dtypes[i], shape);
  }
  rows_per_task_ = std::max<std::int64_t>(1, kTaskBytes / std::max<std::int64_t>(1, row_bytes));
  current_.resize(parts.size());
}

void ShuffledRows::shuffle(std::uint64_t seed, std::uint64_t epoch) {
  ahead_.finish();
  for (Buffer& buffer : buffers_) buffer.batch = kNone;
  data::shuffled_order(order_, seed, epoch);
}

std::int64_t ShuffledRows::rows_of(std::int64_t batch) const {
  return std::min(batch_size_, rows_ - batch * batch_size_);
}

std::int64_t ShuffledRows::tasks_of(std::int64_t batch) const {
  return (rows_of(batch) + rows_per_task_ - 1) / rows_per_task_;
}

std::span<const Tensor> ShuffledRows::get(std::int64_t batch) {
  ahead_.finish();
  if (buffers_[1].batch != batch) {
    buffers_[1].batch = batch;
    for (std::int64_t task = 0; task < tasks_of(batch); ++task) gather_task(task);
  }
  std::swap(buffers_[0], buffers_[1]);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    current_[i] = buffers_[0].tensors[i].rows(0, rows_of(batch));
  }
  const bool more = (batch + 1) * batch_size_ < rows_;
  if (more && tasks_of(batch + 1) >= kMinTasksAhead) read_ahead(batch + 1);
  return current_;
}

/// Starts to gather a batch into the second buffer.
void ShuffledRows::read_ahead(std::int64_t batch) {
  buffers_[1].batch = batch;
  ahead_.start(tasks_of(batch), gather_);
}

void ShuffledRows::gather_task(std::int64_t task) {
  Buffer& buffer = buffers_[1];
  const std::int64_t first = task * rows_per_task_;
  const std::int64_t last = std::min(first + rows_per_task_, rows_of(buffer.batch));
  for (std::int64_t position = first; position < last; ++position) {
    const auto at = static_cast<std::size_t>(buffer.batch * batch_size_ + position);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      gather_row(parts_[i], order_[at], buffer.tensors[i], position);
    }
  }
}

void ShuffledRows::gather_row(const Part& part, std::int64_t row, Tensor& to,
                              std::int64_t position) const {
  visit_dtype(part.source.dtype(), [&]<typename T>() {
    const T* from = part.source.data<T>() + row * part.width;
    if (part.source.dtype() == part.dtype) {
      std::memcpy(to.data<T>() + position * part.width, from,
                  static_cast<std::size_t>(part.width) * sizeof(T));
    } else {
      float* values = to.data<float>() + position * part.width;
      for (std::int64_t i = 0; i < part.width; ++i) values[i] = static_cast<float>(from[i]);
    }
  });
}

}  // namespace tegula::nn
