#include "tegula/data/dataset.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>

#include "src/core/convert.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/random.hpp"

namespace tegula::data {

namespace {

/// Keeps the shuffling apart from the streams of random ops, whose ids count up from 0.
constexpr std::uint32_t kShuffleStream = 0xFFFFFFFF;
constexpr RowIndex kMaxRows = std::numeric_limits<RowIndex>::max();

void check_rows(const Tensor& x, const Tensor& other, const char* name) {
  if (x.rank() == 0 || other.rank() == 0) {
    throw ShapeError("a dataset needs one row per sample; x has shape " + x.shape().to_string() +
                     " and " + name + " has shape " + other.shape().to_string());
  }
  if (x.shape()[0] != other.shape()[0]) {
    throw ShapeError("x has " + std::to_string(x.shape()[0]) + " samples (shape " +
                     x.shape().to_string() + ") but " + name + " has " +
                     std::to_string(other.shape()[0]) + " (shape " + other.shape().to_string() +
                     ")");
  }
}

std::int64_t row_count(const Tensor& tensor) { return tensor.rank() == 0 ? 0 : tensor.shape()[0]; }

std::int64_t row_width(const Tensor& tensor) {
  const std::int64_t count = row_count(tensor);
  return count == 0 ? 0 : tensor.element_count() / count;
}

void check_row(const Tensor& source, RowIndex row) {
  if (row < row_count(source)) return;
  throw InvalidArgument("row " + std::to_string(row) + " is outside a tensor of shape " +
                        source.shape().to_string());
}

/// A number in 0..bound-1 for bound < 2^32: the upper half of the 96-bit product of 64 random bits
/// with the bound, off the uniform distribution by less than 2^-32 of its value.
std::uint32_t bounded(std::uint32_t high, std::uint32_t low, std::uint64_t bound) {
  return static_cast<std::uint32_t>((high * bound + (low * bound >> 32)) >> 32);
}

}  // namespace

Dataset::Dataset(Tensors inputs, Tensors targets, Tensors weights)
    : x(std::move(inputs)), y(std::move(targets)), sample_weight(std::move(weights)) {
  for (const Tensor& tensor : x) {
    if (&tensor != &x[0]) check_rows(x[0], tensor, "x");
  }
  for (const Tensor& tensor : y) check_rows(x[0], tensor, "y");
  for (const Tensor& tensor : sample_weight) check_rows(x[0], tensor, "sample_weight");
}

Dataset Dataset::slice(std::int64_t begin, std::int64_t end) const {
  const auto part = [&](const Tensor& tensor) { return tensor.rows(begin, end); };
  return {x.map(part), y.map(part), sample_weight.map(part)};
}

std::pair<Dataset, Dataset> Dataset::split(double fraction) const {
  if (!(fraction > 0 && fraction < 1)) {
    throw InvalidArgument("the fraction of samples for validation must be between 0 and 1; got " +
                          std::to_string(fraction));
  }
  const auto first =
      static_cast<std::int64_t>(std::floor(static_cast<double>(size()) * (1.0 - fraction)));
  if (first == 0 || first == size()) {
    throw InvalidArgument(std::to_string(size()) +
                          " samples are too few to set aside a fraction of " +
                          std::to_string(fraction) + " for validation; one part would be empty");
  }
  return {slice(0, first), slice(first, size())};
}

void shuffled_order(std::span<RowIndex> order, std::uint64_t seed, std::uint64_t epoch) {
  if (order.size() > kMaxRows) {
    throw InvalidArgument("cannot shuffle " + std::to_string(order.size()) +
                          " rows; expected fewer than 2^32");
  }
  std::iota(order.begin(), order.end(), RowIndex{0});
  const RandomKey key{.seed = seed, .op_id = kShuffleStream, .step = epoch};
  std::array<std::uint32_t, 4> words{};
  for (std::size_t left = order.size(), draw = 0; left > 1; --left, ++draw) {
    // Two draws per block of four words.
    if (draw % 2 == 0) words = philox(key, static_cast<std::uint32_t>(draw / 2));
    const std::size_t word = draw % 2 * 2;
    std::swap(order[left - 1], order[bounded(words[word], words[word + 1], left)]);
  }
}

Batches::Batches(std::int64_t rows, std::int64_t batch_size) : batch_size_(batch_size) {
  if (rows < 0 || rows > std::int64_t{kMaxRows} || batch_size < 1) {
    throw InvalidArgument("cannot cut " + std::to_string(rows) + " rows into batches of " +
                          std::to_string(batch_size) +
                          "; expected fewer than 2^32 rows and a batch size of at least 1");
  }
  order_.resize(static_cast<std::size_t>(rows));
  std::iota(order_.begin(), order_.end(), RowIndex{0});
}

std::span<const RowIndex> Batches::operator[](std::int64_t batch) const {
  if (batch < 0 || batch >= count()) {
    throw InvalidArgument("batch " + std::to_string(batch) + " is outside an epoch of " +
                          std::to_string(count()) + " batches");
  }
  const std::int64_t begin = batch * batch_size_;
  const std::int64_t size = std::min(batch_size_, rows() - begin);
  return std::span(order_).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size));
}

void gather_rows(const Tensor& source, std::span<const RowIndex> rows,
                 std::span<std::byte> destination) {
  const std::size_t row_bytes =
      static_cast<std::size_t>(row_width(source)) * size_of(source.dtype());
  if (destination.size() != rows.size() * row_bytes) {
    throw InvalidArgument(std::to_string(rows.size()) + " rows of a tensor of shape " +
                          source.shape().to_string() + " take " +
                          std::to_string(rows.size() * row_bytes) + " bytes; the destination has " +
                          std::to_string(destination.size()));
  }
  const auto* from = static_cast<const std::byte*>(source.raw());
  std::byte* to = destination.data();
  for (const RowIndex row : rows) {
    check_row(source, row);
    if (row_bytes == 0) continue;
    std::memcpy(to, from + std::size_t{row} * row_bytes, row_bytes);
    to += row_bytes;
  }
}

void gather_rows(const Tensor& source, std::span<const RowIndex> rows, Tensor& destination,
                 std::int64_t first) {
  const std::int64_t width = row_width(source);
  const auto count = static_cast<std::int64_t>(rows.size());
  if (first < 0 || first + count > row_count(destination) || row_width(destination) != width) {
    throw InvalidArgument(std::to_string(count) + " rows of a tensor of shape " +
                          source.shape().to_string() + " do not fit at row " +
                          std::to_string(first) + " of one of shape " +
                          destination.shape().to_string());
  }
  if (destination.dtype() == source.dtype()) {
    const std::size_t row_bytes = static_cast<std::size_t>(width) * size_of(source.dtype());
    auto* const to = static_cast<std::byte*>(destination.raw());
    return gather_rows(source, rows,
                       {to + static_cast<std::size_t>(first) * row_bytes, rows.size() * row_bytes});
  }
  visit_dtype(source.dtype(), [&]<typename From>() {
    visit_dtype(destination.dtype(), [&]<typename To>() {
      To* to = destination.data<To>() + first * width;
      for (const RowIndex row : rows) {
        check_row(source, row);
        const From* const from = source.data<From>() + std::int64_t{row} * width;
        for (std::int64_t i = 0; i < width; ++i) to[i] = tegula::detail::convert<To>(from[i]);
        to += width;
      }
    });
  });
}

}  // namespace tegula::data
