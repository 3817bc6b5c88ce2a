// The softmax family against references in long double.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "kernel_test.hpp"
#include "kernels/cpu/softmax.hpp"
#include "kernels/cpu/streaming.hpp"
#include "tegula/core/tensor.hpp"

using namespace tegula;
using namespace tegula::kernels;
using namespace tegula::testing;

namespace {

constexpr std::pair<std::int64_t, std::int64_t> kShapes[] = {
    {0, 5}, {5, 0}, {1, 1}, {3, 1}, {32, 10}, {7, 8}, {5, 31}, {2, 1000}, {300, 129}};

using Row = std::vector<long double>;

/// log softmax of one row.
template <typename T>
Row log_softmax_reference(const T* x, std::int64_t columns) {
  long double maximum = -INFINITY, sum = 0;
  for (std::int64_t c = 0; c < columns; ++c) maximum = std::max<long double>(maximum, x[c]);
  for (std::int64_t c = 0; c < columns; ++c) sum += std::exp(x[c] - maximum);
  Row row;
  for (std::int64_t c = 0; c < columns; ++c) row.push_back(x[c] - maximum - std::log(sum));
  return row;
}

template <typename T>
double tolerance() {
  return sizeof(T) == 4 ? 1e-6 : 3e-15;
}

/// Values of size 1, compared absolutely; larger ones relatively.
template <typename T>
bool close(T actual, long double expected) {
  return std::abs(static_cast<long double>(actual) - expected) <=
         tolerance<T>() * std::max<long double>(1, std::abs(expected));
}

template <typename T>
void check_forward_and_gradients(std::int64_t rows, std::int64_t columns) {
  CAPTURE(rows);
  CAPTURE(columns);
  CAPTURE(sizeof(T));
  const auto count = static_cast<std::size_t>(rows * columns);
  const auto x = uniform_values<T>(count, -8, 8, 1), dy = uniform_values<T>(count, -1, 1, 2);
  std::vector<T> p(count), l(count), dp(count), dl(count);
  softmax(x.data(), p.data(), rows, columns);
  log_softmax(x.data(), l.data(), rows, columns);
  softmax_gradient(p.data(), dy.data(), dp.data(), rows, columns);
  log_softmax_gradient(l.data(), dy.data(), dl.data(), rows, columns);
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto at = static_cast<std::size_t>(r * columns);
    const Row expected = log_softmax_reference(x.data() + at, columns);
    long double dot = 0, sum = 0;
    for (std::size_t c = 0; c < expected.size(); ++c) {
      dot += std::exp(expected[c]) * dy[at + c];
      sum += dy[at + c];
    }
    for (std::size_t c = 0; c < expected.size(); ++c) {
      const long double probability = std::exp(expected[c]);
      REQUIRE(std::abs(p[at + c] / probability - 1) <= tolerance<T>());
      REQUIRE(close(l[at + c], expected[c]));
      REQUIRE(close(dp[at + c], probability * (dy[at + c] - dot)));
      REQUIRE(std::abs(dl[at + c] - (dy[at + c] - probability * sum)) <= 20 * tolerance<T>());
    }
  }
}

template <typename T>
void check_dense(std::int64_t rows, std::int64_t columns) {
  CAPTURE(rows);
  CAPTURE(columns);
  const auto count = static_cast<std::size_t>(rows * columns);
  const auto x = uniform_values<T>(count, -8, 8, 1), labels = uniform_values<T>(count, 0, 1, 2);
  const auto scale = uniform_values<T>(static_cast<std::size_t>(rows), 0.5, 2, 3);
  std::vector<T> loss(static_cast<std::size_t>(rows)), dx(count);
  softmax_cross_entropy(x.data(), labels.data(), loss.data(), dx.data(), scale.data(), 1, rows,
                        columns);
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto at = static_cast<std::size_t>(r * columns), row = static_cast<std::size_t>(r);
    const Row expected = log_softmax_reference(x.data() + at, columns);
    long double wanted = 0;
    for (std::size_t c = 0; c < expected.size(); ++c) {
      wanted -= labels[at + c] * expected[c];
    }
    REQUIRE(close(loss[row], wanted));
    for (std::size_t c = 0; c < expected.size(); ++c) {
      REQUIRE(close(dx[at + c], (std::exp(expected[c]) - labels[at + c]) * scale[row]));
    }
  }
  auto in_place = x;
  softmax_cross_entropy<T>(in_place.data(), labels.data(), nullptr, in_place.data(), scale.data(),
                           1, rows, columns);
  CHECK(same_bits(in_place, dx));
}

template <typename T, typename Label>
void check_sparse(std::int64_t rows, std::int64_t columns) {
  CAPTURE(rows);
  CAPTURE(columns);
  const auto count = static_cast<std::size_t>(rows * columns);
  const auto x = uniform_values<T>(count, -8, 8, 1);
  std::vector<Label> labels;
  for (std::int64_t r = 0; r < rows; ++r) labels.push_back(static_cast<Label>(r * 7 % columns));
  std::vector<T> loss(static_cast<std::size_t>(rows)), only_loss = loss, dx(count);
  const T scale = T(0.125);
  CHECK(sparse_softmax_cross_entropy(x.data(), labels.data(), loss.data(), dx.data(), &scale, 0,
                                     rows, columns) == -1);
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto at = static_cast<std::size_t>(r * columns), row = static_cast<std::size_t>(r);
    const Row expected = log_softmax_reference(x.data() + at, columns);
    const auto label = static_cast<std::size_t>(labels[row]);
    REQUIRE(close(loss[row], -expected[label]));
    for (std::size_t c = 0; c < expected.size(); ++c) {
      REQUIRE(close(dx[at + c], (std::exp(expected[c]) - (c == label)) * scale));
    }
  }
  CHECK(sparse_softmax_cross_entropy<T, Label>(x.data(), labels.data(), only_loss.data(), nullptr,
                                               nullptr, 0, rows, columns) == -1);
  CHECK(same_bits(loss, only_loss));
}

}  // namespace

TEST_CASE("softmax, log softmax and their gradients") {
  for_each_isa([] {
    for (const auto& [rows, columns] : kShapes) {
      check_forward_and_gradients<float>(rows, columns);
      check_forward_and_gradients<double>(rows, columns);
    }
  });
}

TEST_CASE("cross-entropy with dense and sparse labels") {
  for_each_isa([] {
    for (const auto& [rows, columns] : kShapes) {
      if (columns == 0) continue;
      check_dense<float>(rows, columns);
      check_dense<double>(rows, columns);
      check_sparse<float, std::int32_t>(rows, columns);
      check_sparse<float, std::int64_t>(rows, columns);
      check_sparse<double, std::uint8_t>(rows, columns);
    }
  });
}

TEST_CASE("large logits neither overflow nor lose the small ones") {
  for_each_isa([] {
    const std::vector<float> x = {1000, 0, -1000, -INFINITY, 88.5f, -88.5f, 3e38f, 0};
    std::vector<float> y(8);
    softmax(x.data(), y.data(), 2, 4);
    CHECK(y == std::vector<float>{1, 0, 0, 0, 0, 0, 1, 0});
    log_softmax(x.data(), y.data(), 1, 4);
    CHECK(y[1] == -1000);
    CHECK(y[3] == -INFINITY);
    const std::vector<float> labels = {1, 0, 0, 0};
    float loss = -1;
    softmax_cross_entropy<float>(x.data(), labels.data(), &loss, nullptr, nullptr, 0, 1, 4);
    CHECK(loss == 0);
  });
}

TEST_CASE("long rows are shared by threads and still end alike") {
  for_each_isa([] {
    constexpr std::int64_t kColumns = 100003;
    auto x = uniform_values<float>(2 * kColumns, -5, 5);
    std::fill_n(x.begin(), 40000, -INFINITY);  // whole parts of the first row
    x[2 * kColumns - 1] = 9;
    std::vector<float> p(x.size()), l(x.size());
    const auto run_with = [&](int threads) {
      const ThreadCount scope(threads);
      softmax(x.data(), p.data(), 2, kColumns);
      log_softmax(x.data(), l.data(), 2, kColumns);
      return std::pair{p, l};
    };
    const auto one = run_with(1);
    CHECK(one == run_with(3));
    for (std::int64_t r = 0; r < 2; ++r) {
      const Row expected = log_softmax_reference(x.data() + r * kColumns, kColumns);
      for (std::size_t c = 0; c < expected.size(); ++c) {
        const std::size_t at = static_cast<std::size_t>(r * kColumns) + c;
        REQUIRE(std::abs(p[at] - std::exp(expected[c])) <= 2e-6 * std::exp(expected[c]));
        REQUIRE((l[at] == expected[c] || close(l[at], expected[c])));
      }
    }
    x[99] = NAN;
    softmax(x.data(), p.data(), 2, kColumns);
    CHECK(std::isnan(p[0]));
    CHECK(std::isnan(p[kColumns - 1]));
    CHECK_FALSE(std::isnan(p[kColumns]));
  });
}

TEST_CASE("large results, which bypass the caches, have the bits of small ones") {
  constexpr std::int64_t kColumns = 1024;
  constexpr std::int64_t kRows = kStreamingBytes / (4 * kColumns) + 3;
  Tensor x(DType::f32, {kRows, kColumns});
  const auto some = uniform_values<float>(9973, -5, 5);
  float* const values = x.data<float>();
  for (std::int64_t i = 0; i < kRows * kColumns; ++i)
    values[i] = some[static_cast<std::size_t>(i) % some.size()];
  for_each_isa([&] {
    Tensor large(DType::f32, x.shape()), small(DType::f32, x.shape());
    softmax(values, large.data<float>(), kRows, kColumns);
    for (std::int64_t row = 0; row < kRows; row += 1000) {
      const std::int64_t at = row * kColumns;
      softmax(values + at, small.data<float>() + at, std::min<std::int64_t>(1000, kRows - row),
              kColumns);
    }
    CHECK(identical(large, small));
  });
}

TEST_CASE("NaN in a row stays in that row") {
  for_each_isa([] {
    std::vector<float> x(3 * 11, 1.0f);
    x[11 + 4] = NAN;
    std::vector<float> y(x.size());
    softmax(x.data(), y.data(), 3, 11);
    for (std::size_t i = 0; i < y.size(); ++i) CHECK(std::isnan(y[i]) == (i / 11 == 1));
  });
}

TEST_CASE("labels out of range are reported and spoil only their rows") {
  const auto x = uniform_values<float>(6000 * 10, -1, 1);
  std::vector<std::int64_t> labels(6000, 3);
  labels[5000] = 10;
  labels[2500] = -1;
  std::vector<float> loss(6000), dx(x.size());
  CHECK(sparse_softmax_cross_entropy<float, std::int64_t>(x.data(), labels.data(), loss.data(),
                                                          dx.data(), nullptr, 0, 6000, 10) == 2500);
  for (std::size_t row = 0; row < 6000; ++row) {
    const bool bad = row == 2500 || row == 5000;
    REQUIRE(std::isnan(loss[row]) == bad);
    REQUIRE(std::isnan(dx[row * 10 + 9]) == bad);
  }
}

TEST_CASE("softmax gives the same bits with one and several threads, in place or not") {
  for_each_isa([] {
    const auto x = uniform_values<float>(999 * 77, -5, 5);
    auto run_with = [&](int threads) {
      const ThreadCount scope(threads);
      auto y = x;
      softmax(y.data(), y.data(), 999, 77);
      return y;
    };
    std::vector<float> apart(x.size());
    softmax(x.data(), apart.data(), 999, 77);
    CHECK(same_bits(run_with(1), apart));
    CHECK(same_bits(run_with(3), apart));
  });
}
