#include "src/nn/batches.hpp"

#include <algorithm>

#include "tegula/core/error.hpp"
#include "tegula/data/dataset.hpp"

namespace tegula::nn {

namespace {

/// What the model computes with: inputs become f32, everything else was prepared before.
DType dtype_of_part(std::size_t part, const Tensor& tensor) {
  return part == 0 ? DType::f32 : tensor.dtype();
}

template <typename T>
void convert_row(const T* from, float* to, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]);
}

}  // namespace

Batches::Batches(Tensor x, std::optional<Tensor> y, std::optional<Tensor> weight,
                 std::int64_t batch_size)
    : rows_(x.rank() == 0 ? 0 : x.shape()[0]), batch_size_(batch_size) {
  if (batch_size <= 0) {
    throw InvalidArgument("`batch_size` must be positive, got " + std::to_string(batch_size));
  }
  if (rows_ == 0) throw InvalidArgument("there is no data: x has shape " + x.shape().to_string());
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
  order_.resize(static_cast<std::size_t>(rows_));
  data::shuffled_order(order_, seed, epoch);
}

std::span<const Tensor> Batches::get(std::int64_t batch) {
  const std::int64_t begin = batch * batch_size_;
  const std::int64_t end = begin + rows_of(batch);
  for (std::size_t part = 0; part < parts_.size(); ++part) {
    const Tensor& source = parts_[part];
    const DType dtype = dtype_of_part(part, source);
    if (order_.empty()) {
      current_[part] = source.rows(begin, end).cast(dtype);
    } else {
      current_[part] = gather(part, begin, end);
    }
  }
  return current_;
}

Tensor Batches::gather(std::size_t part, std::int64_t begin, std::int64_t end) {
  const Tensor& source = parts_[part];
  const DType dtype = dtype_of_part(part, source);
  if (buffers_.empty()) {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      Shape shape = parts_[i].shape();
      shape.set(0, batch_size_);
      buffers_.emplace_back(dtype_of_part(i, parts_[i]), shape);
    }
  }
  Tensor target = buffers_[part].rows(0, end - begin);
  const auto rows = std::span(order_).subspan(static_cast<std::size_t>(begin),
                                              static_cast<std::size_t>(end - begin));
  if (dtype == source.dtype()) {
    data::gather_rows(source, rows, {static_cast<std::byte*>(target.raw()), target.byte_count()});
    return target;
  }
  const std::int64_t width = source.element_count() / rows_;
  float* to = target.data<float>();
  visit_dtype(source.dtype(), [&]<typename T>() {
    for (const std::int64_t row : rows) {
      convert_row(source.data<T>() + row * width, to, width);
      to += width;
    }
  });
  return target;
}

}  // namespace tegula::nn
