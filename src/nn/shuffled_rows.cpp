#include "src/nn/shuffled_rows.hpp"

#include <algorithm>
#include <iterator>

namespace tegula::nn {

namespace {

/// Bytes of a task: short enough that a thread which took one is soon back for the next product.
constexpr std::int64_t kTaskBytes = 4096;
/// Batches of fewer tasks are gathered when they are asked for: handing them over would cost more.
constexpr std::int64_t kMinTasksAhead = 4;
/// Tasks between the one that is copied and the one whose rows are read ahead meanwhile, by
/// whichever thread will take it.
constexpr std::int64_t kTasksAhead = 2;
constexpr std::int64_t kLineBytes = 64;

}  // namespace

ShuffledRows::ShuffledRows(std::span<const Tensor> parts, std::span<const DType> dtypes,
                           std::int64_t rows, std::int64_t batch_size)
    : parts_(parts.begin(), parts.end()), batches_(rows, batch_size) {
  std::size_t row_bytes = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Shape shape = parts[i].shape();
    shape.set(0, batch_size);
    for (Buffer& buffer : buffers_) buffer.tensors.emplace_back(dtypes[i], shape);
    row_bytes += buffers_[0].tensors[i].byte_count() / static_cast<std::size_t>(batch_size);
  }
  rows_per_task_ = std::max<std::int64_t>(
      1, kTaskBytes / static_cast<std::int64_t>(std::max<std::size_t>(1, row_bytes)));
  current_.resize(parts.size());
}

void ShuffledRows::shuffle(std::uint64_t seed, std::uint64_t epoch) {
  ahead_.finish();
  for (Buffer& buffer : buffers_) buffer.batch = kNone;
  batches_.start_epoch(seed, epoch);
}

std::int64_t ShuffledRows::tasks_of(std::int64_t batch) const {
  return (std::ssize(batches_[batch]) + rows_per_task_ - 1) / rows_per_task_;
}

std::span<const Tensor> ShuffledRows::get(std::int64_t batch) {
  ahead_.finish();
  if (buffers_[1].batch != batch) {
    buffers_[1].batch = batch;
    for (std::int64_t task = 0; task < tasks_of(batch); ++task) gather_task(task);
  }
  std::swap(buffers_[0], buffers_[1]);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    current_[i] = buffers_[0].tensors[i].rows(0, std::ssize(batches_[batch]));
  }
  const bool more = batch + 1 < batches_.count();
  if (more && tasks_of(batch + 1) >= kMinTasksAhead) read_ahead(batch + 1);
  return current_;
}

/// Starts to gather a batch into the second buffer.
void ShuffledRows::read_ahead(std::int64_t batch) {
  buffers_[1].batch = batch;
  ahead_.start(tasks_of(batch), gather_);
}

std::span<const data::RowIndex> ShuffledRows::rows_of(std::int64_t task) const {
  const std::span<const data::RowIndex> rows = batches_[buffers_[1].batch];
  const std::int64_t first = std::min(task * rows_per_task_, std::ssize(rows));
  const std::int64_t count = std::min(rows_per_task_, std::ssize(rows) - first);
  return rows.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
}

void ShuffledRows::prefetch_task(std::int64_t task) const {
  for (const data::RowIndex row : rows_of(task)) {
    for (const Tensor& part : parts_) {
      const auto row_bytes = static_cast<std::int64_t>(part.byte_count()) / part.shape()[0];
      const auto* const from = static_cast<const std::byte*>(part.raw()) + row * row_bytes;
      const std::int64_t end = std::min(row_bytes, kTaskBytes);
      for (std::int64_t at = 0; at < end; at += kLineBytes) __builtin_prefetch(from + at, 0, 2);
    }
  }
}

void ShuffledRows::gather_task(std::int64_t task) {
  prefetch_task(task + kTasksAhead);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    data::gather_rows(parts_[i], rows_of(task), buffers_[1].tensors[i], task * rows_per_task_);
  }
}

}  // namespace tegula::nn
