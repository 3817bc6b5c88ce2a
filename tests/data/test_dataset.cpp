// Datasets: row checks, slices, the validation split, the order of an epoch, batches.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/data/dataset.hpp"
#include "tests/support/allocation_counter.hpp"

using namespace tegula;
using namespace tegula::data;

namespace {

/// x is [n, 2] with rows (0, 1), (2, 3) ...; y is 0..n-1; the weights are halves of y.
Dataset counting(std::int64_t n) {
  Tensor x(DType::f32, {n, 2});
  Tensor y(DType::i32, {n});
  Tensor weight(DType::f32, {n});
  for (std::int64_t i = 0; i < 2 * n; ++i) x.set(i, static_cast<double>(i));
  for (std::int64_t i = 0; i < n; ++i) y.set(i, static_cast<double>(i));
  for (std::int64_t i = 0; i < n; ++i) weight.set(i, static_cast<double>(i) / 2);
  return {x, y, weight};
}

std::vector<RowIndex> order_of(std::size_t n, std::uint64_t seed, std::uint64_t epoch) {
  std::vector<RowIndex> order(n);
  shuffled_order(order, seed, epoch);
  return order;
}

}  // namespace

TEST_CASE("tensors with different numbers of rows are no dataset") {
  CHECK(Dataset().size() == 0);
  CHECK_THROWS_WITH_AS(Dataset(Tensor(DType::f32, {3, 2}), Tensor(DType::i32, {4})),
                       "x has 3 samples (shape [3,2]) but y has 4 (shape [4])", ShapeError);
  CHECK_THROWS_WITH_AS(
      Dataset(Tensor(DType::f32, {3}), Tensor(DType::f32, {3}), Tensor(DType::f32, {2, 1})),
      "x has 3 samples (shape [3]) but sample_weight has 2 (shape [2,1])", ShapeError);
  CHECK_THROWS_WITH_AS(Dataset(Tensor(DType::f32, {}), Tensor(DType::i32, {1})),
                       "a dataset needs one row per sample; x has shape [] and y has shape [1]",
                       ShapeError);
}

TEST_CASE("a slice shares the rows of all tensors") {
  const Dataset all = counting(5);
  const Dataset part = all.slice(1, 3);
  CHECK(part.size() == 2);
  CHECK(part.x->to_string() == "f32[2,2] {2, 3, 4, 5}");
  CHECK(part.y->to_string() == "i32[2] {1, 2}");
  CHECK(part.sample_weight->to_string() == "f32[2] {0.5, 1}");
  CHECK(part.x->raw() == all.x->data<float>() + 2);
  CHECK_THROWS_AS(all.slice(3, 6), ShapeError);
}

TEST_CASE("a split sets the last part aside, rounded as in Keras") {
  struct Case {
    std::int64_t samples;
    double fraction;
    std::int64_t first;
  };
  // int(math.floor(n * (1.0 - fraction))) in Python.
  for (const Case& c :
       {Case{10, 0.2, 8}, Case{10, 0.25, 7}, Case{60000, 0.1, 54000}, Case{3, 0.5, 1},
        Case{10, 0.1, 9}, Case{10, 0.9, 0}, Case{100, 0.9, 9}, Case{2, 0.001, 1}}) {
    CAPTURE(c.samples);
    CAPTURE(c.fraction);
    if (c.first == 0) {
      CHECK_THROWS_AS(counting(c.samples).split(c.fraction), InvalidArgument);
      continue;
    }
    const auto [train, validation] = counting(c.samples).split(c.fraction);
    CHECK(train.size() == c.first);
    CHECK(validation.size() == c.samples - c.first);
    CHECK(validation.y->at(0) == static_cast<double>(c.first));
  }
  for (const double fraction : {0.0, 1.0, -0.1, 1.5, std::nan("")}) {
    CHECK_THROWS_AS(counting(10).split(fraction), InvalidArgument);
  }
  CHECK_THROWS_WITH_AS(counting(1).split(0.5),
                       "1 samples are too few to set aside a fraction of 0.500000 for validation; "
                       "one part would be empty",
                       InvalidArgument);
}

TEST_CASE("an order is a permutation fixed by seed and epoch") {
  for (const std::size_t n : {0, 1, 2, 3, 1000}) {
    std::vector<RowIndex> order = order_of(n, 1, 0);
    CHECK(order == order_of(n, 1, 0));
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < n; ++i) CHECK(order[i] == static_cast<std::int64_t>(i));
  }
  CHECK(order_of(1000, 1, 0) != order_of(1000, 1, 1));
  CHECK(order_of(1000, 1, 0) != order_of(1000, 2, 0));
  // Every training run depends on this; the value comes from an implementation in Python.
  CHECK(order_of(8, 42, 0) == std::vector<RowIndex>{5, 6, 2, 0, 3, 7, 4, 1});
}

TEST_CASE("all orders are equally likely") {
  std::map<std::vector<RowIndex>, int> counts;
  const int rounds = 24000;
  for (int epoch = 0; epoch < rounds; ++epoch) {
    ++counts[order_of(4, 7, static_cast<std::uint64_t>(epoch))];
  }
  CHECK(counts.size() == 24);
  double chi_squared = 0;
  for (const auto& [order, count] : counts) {
    chi_squared += (count - rounds / 24.0) * (count - rounds / 24.0) / (rounds / 24.0);
  }
  CHECK(chi_squared < 49.7);  // 99.9 % of the distribution with 23 degrees of freedom
}

TEST_CASE("batches cover every row once, the last one smaller") {
  Batches batches(10, 4);
  CHECK(batches.count() == 3);
  CHECK(batches[0].size() == 4);
  CHECK(batches[2].size() == 2);
  CHECK(batches[2][1] == 9);
  batches.start_epoch(5, 3);
  std::vector<RowIndex> rows;
  for (std::int64_t i = 0; i < batches.count(); ++i) {
    rows.insert(rows.end(), batches[i].begin(), batches[i].end());
  }
  CHECK(rows == order_of(10, 5, 3));
  CHECK_THROWS_WITH_AS(batches[3], "batch 3 is outside an epoch of 3 batches", InvalidArgument);
  CHECK_THROWS_AS(batches[-1], InvalidArgument);
  CHECK(Batches(0, 4).count() == 0);
  CHECK(Batches(8, 4).count() == 2);
  CHECK_THROWS_AS(Batches(8, 0), InvalidArgument);
  CHECK_THROWS_AS(Batches(-1, 1), InvalidArgument);
  CHECK_THROWS_AS(Batches(std::int64_t{1} << 32, 1), InvalidArgument);
}

TEST_CASE("gathering copies rows of any dtype in the given order") {
  const Dataset all = counting(5);
  Tensor x(DType::f32, {3, 2});
  Tensor y(DType::i32, {3});
  const RowIndex rows[] = {4, 0, 4};
  const auto bytes = [](Tensor& tensor) {
    return std::span(static_cast<std::byte*>(tensor.raw()), tensor.byte_count());
  };
  gather_rows(all.x, rows, bytes(x));
  gather_rows(all.y, rows, bytes(y));
  CHECK(x.to_string() == "f32[3,2] {8, 9, 0, 1, 8, 9}");
  CHECK(y.to_string() == "i32[3] {4, 0, 4}");
  const RowIndex outside[] = {0, 5, 1};
  CHECK_THROWS_WITH_AS(gather_rows(all.x, outside, bytes(x)),
                       "row 5 is outside a tensor of shape [5,2]", InvalidArgument);
  CHECK_THROWS_WITH_AS(gather_rows(all.x, std::span(rows, 2), bytes(x)),
                       "2 rows of a tensor of shape [5,2] take 16 bytes; the destination has 24",
                       InvalidArgument);
  Tensor nothing(DType::f32, {3, 0});
  gather_rows(Tensor(DType::f32, {5, 0}), rows, bytes(nothing));
}

TEST_CASE("gathered rows go to any rows of a tensor, cast to its dtype") {
  const Tensor source = Tensor::from<std::uint8_t>({0, 1, 10, 11, 250, 251}, {3, 2});
  const RowIndex rows[] = {2, 0};
  Tensor bytes = Tensor::zeros(DType::u8, {4, 2});
  gather_rows(source, rows, bytes, 1);
  CHECK(bytes.to_string() == "u8[4,2] {0, 0, 250, 251, 0, 1, 0, 0}");
  Tensor floats = Tensor::zeros(DType::f32, {4, 2});
  gather_rows(source, rows, floats, 2);
  CHECK(floats.to_string() == "f32[4,2] {0, 0, 0, 0, 250, 251, 0, 1}");

  for (const std::int64_t first : {-1, 3}) {
    CHECK_THROWS_WITH_AS(gather_rows(source, rows, floats, first),
                         ("2 rows of a tensor of shape [3,2] do not fit at row " +
                          std::to_string(first) + " of one of shape [4,2]")
                             .c_str(),
                         InvalidArgument);
  }
  Tensor narrow(DType::f32, {4});
  CHECK_THROWS_AS(gather_rows(source, rows, narrow), InvalidArgument);
  const RowIndex outside[] = {3};
  CHECK_THROWS_WITH_AS(gather_rows(source, outside, floats),
                       "row 3 is outside a tensor of shape [3,2]", InvalidArgument);
  Tensor truths(DType::boolean, {2, 2});
  gather_rows(source, rows, truths);
  CHECK(truths.to_string() == "bool[2,2] {1, 1, 0, 1}");
}

TEST_CASE("an epoch of batches allocates nothing") {
  const Dataset all = counting(100);
  Tensor x(DType::f32, {10, 2});
  Batches batches(100, 10);
  const std::uint64_t before = test::allocation_count();
  batches.start_epoch(1, 2);
  for (std::int64_t i = 0; i < batches.count(); ++i) {
    gather_rows(all.x, batches[i], {static_cast<std::byte*>(x.raw()), x.byte_count()});
  }
  CHECK(test::allocation_count() == before);
}
