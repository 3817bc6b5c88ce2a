// Reductions against long double references.

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "kernel_test.hpp"
#include "kernels/cpu/reduce.hpp"
#include "tegula/core/error.hpp"

using namespace tegula;
using namespace tegula::kernels;
using namespace tegula::testing;

namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr ReduceOp kAllOps[] = {ReduceOp::sum,  ReduceOp::mean,   ReduceOp::prod,
                                ReduceOp::max,  ReduceOp::min,    ReduceOp::logsumexp,
                                ReduceOp::norm, ReduceOp::argmax, ReduceOp::argmin,
                                ReduceOp::any,  ReduceOp::all};

/// The reduction of a list, in double.
double reference(ReduceOp op, const std::vector<double>& x) {
  long double sum = 0, product = 1;
  std::size_t largest = 0, smallest = 0;
  bool any = false, all = true;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += x[i];
    product *= x[i];
    any = any || x[i] != 0;
    all = all && x[i] != 0;
    if (x[i] > x[largest] || (std::isnan(x[i]) && !std::isnan(x[largest]))) largest = i;
    if (x[i] < x[smallest] || (std::isnan(x[i]) && !std::isnan(x[smallest]))) smallest = i;
  }
  switch (op) {
    case ReduceOp::sum:
      return static_cast<double>(sum);
    case ReduceOp::mean:
      return static_cast<double>(sum / static_cast<long double>(x.size()));
    case ReduceOp::prod:
      return static_cast<double>(product);
    case ReduceOp::max:
      return x[largest];
    case ReduceOp::min:
      return x[smallest];
    case ReduceOp::argmax:
      return static_cast<double>(largest);
    case ReduceOp::argmin:
      return static_cast<double>(smallest);
    case ReduceOp::any:
      return any;
    case ReduceOp::all:
      return all;
    case ReduceOp::norm: {
      long double squares = 0;
      for (const double v : x) squares += static_cast<long double>(v) * v;
      return static_cast<double>(std::sqrt(squares));
    }
    case ReduceOp::logsumexp: {
      long double exps = 0;
      for (const double v : x) exps += std::exp(static_cast<long double>(v));
      return static_cast<double>(std::log(exps));
    }
  }
  return 0;
}

/// Results as doubles, whatever their type.
std::vector<double> run_axes(ReduceOp op, DType dtype, const void* input, const Shape& shape,
                             std::uint32_t mask) {
  std::int64_t count = 1;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if ((mask >> axis & 1) == 0) count *= shape[axis];
  }
  std::vector<std::int64_t> raw(static_cast<std::size_t>(count) + 1, 0x5555555555555555);
  reduce_axes(op, dtype, input, raw.data(), shape, mask);
  std::vector<double> result;
  visit_dtype(reduce_result_dtype(op, dtype), [&]<typename T>() {
    for (std::int64_t i = 0; i < count; ++i) {
      if constexpr (std::is_arithmetic_v<T>) {
        result.push_back(static_cast<double>(reinterpret_cast<const T*>(raw.data())[i]));
      }
    }
  });
  return result;
}

template <typename T>
std::vector<double> reference_axes(ReduceOp op, const std::vector<T>& x, const Shape& shape,
                                   std::uint32_t mask) {
  std::vector<std::vector<double>> groups;
  std::int64_t kept_count = 1;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if ((mask >> axis & 1) == 0) kept_count *= shape[axis];
  }
  groups.resize(static_cast<std::size_t>(kept_count));
  for (std::size_t flat = 0; flat < x.size(); ++flat) {
    auto rest = static_cast<std::int64_t>(flat);
    std::int64_t kept = 0, stride = 1;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      const std::int64_t position = rest % shape[axis];
      rest /= shape[axis];
      if ((mask >> axis & 1) != 0) continue;
      kept += position * stride;
      stride *= shape[axis];
    }
    groups[static_cast<std::size_t>(kept)].push_back(static_cast<double>(x[flat]));
  }
  std::vector<double> result;
  for (const auto& group : groups) result.push_back(reference(op, group));
  return result;
}

double tolerance(DType dtype) { return dtype == DType::f32 ? 1e-6 : 1e-14; }

template <typename T>
void check_shape(const Shape& shape, std::uint32_t mask) {
  CAPTURE(shape.to_string());
  CAPTURE(mask);
  CAPTURE(sizeof(T));
  const auto count = static_cast<std::size_t>(shape.element_count());
  // Near 1, so that products stay finite, and above 0, so that sums do not cancel.
  const auto x = uniform_values<T>(count, 0.97, 1.03);
  for (const ReduceOp op : kAllOps) {
    CAPTURE(std::string(to_string(op)));
    const auto expected = reference_axes(op, x, shape, mask);
    const auto actual = run_axes(op, dtype_of<T>, x.data(), shape, mask);
    REQUIRE(actual.size() == expected.size());
    const double limit = op == ReduceOp::prod ? 1e2 : op == ReduceOp::logsumexp ? 2 : 1;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      REQUIRE(relative_error(actual[i], expected[i], 0) <= limit * tolerance(dtype_of<T>));
    }
  }
}

template <typename T>
void check_squares(DType dtype, std::int64_t rows, std::int64_t columns, bool shifted) {
  CAPTURE(columns);
  const auto x = uniform_values<T>(static_cast<std::size_t>(rows * columns), -2, 2);
  const auto shifts = uniform_values<T>(static_cast<std::size_t>(rows), -1, 1);
  std::vector<T> squares(x);
  for (std::size_t i = 0; i < squares.size(); ++i) {
    if (shifted) squares[i] -= shifts[i / static_cast<std::size_t>(columns)];
    squares[i] *= squares[i];
  }
  for (const ReduceOp op : {ReduceOp::sum, ReduceOp::mean}) {
    std::vector<T> expected(static_cast<std::size_t>(rows)), actual(expected);
    reduce(op, dtype, squares.data(), expected.data(), rows, columns, 1);
    reduce_squares(op, dtype, x.data(), shifted ? shifts.data() : nullptr, actual.data(), rows,
                   columns);
    CHECK(same_bits(actual, expected));
  }
}

}  // namespace

TEST_CASE("names and reductions map both ways") {
  for (const ReduceOp op : kAllOps) CHECK(reduce_op(to_string(op)) == op);
  CHECK_FALSE(reduce_op("softmax").has_value());
}

TEST_CASE("every reduction over every set of axes is right") {
  struct Case {
    Shape shape;
    std::vector<std::uint32_t> masks;
  };
  const Case cases[] = {
      {{}, {0}},
      {{1}, {0, 1}},
      {{7}, {0, 1}},
      {{1000}, {1}},
      {{4099}, {1}},
      {{32, 10}, {0, 1, 2, 3}},
      {{33, 128}, {1, 2, 3}},
      {{200, 300}, {1, 2}},
      {{70, 1}, {1, 2}},
      {{5, 2500}, {1, 2}},
      {{3, 5, 7}, {0, 1, 2, 3, 4, 5, 6, 7}},
      {{2, 3, 4, 5}, {5, 10, 9, 6, 11, 13}},
      {{4, 1, 6, 1, 2}, {21, 4, 10, 17}},
  };
  for_each_isa([&] {
    for (const Case& c : cases) {
      for (const std::uint32_t mask : c.masks) {
        check_shape<float>(c.shape, mask);
        check_shape<double>(c.shape, mask);
      }
    }
  });
}

TEST_CASE("large arrays are summed accurately and alike by any number of threads") {
  for_each_isa([] {
    for (const Shape& shape : {Shape{1, 3000001, 1}, Shape{1, 60000, 10}, Shape{1, 60000, 130},
                               Shape{2, 300000, 1}, Shape{3, 3000, 100}, Shape{2099, 1003, 1}}) {
      CAPTURE(shape.to_string());
      const auto x =
          uniform_values<float>(static_cast<std::size_t>(shape.element_count()), 0, 1, 7);
      const auto expected = reference_axes(ReduceOp::sum, x, shape, 2);
      auto run_with = [&](int threads) {
        const ThreadCount scope(threads);
        return run_axes(ReduceOp::sum, DType::f32, x.data(), shape, 2);
      };
      const auto one = run_with(1);
      CHECK(one == run_with(2));
      CHECK(one == run_with(7));
      double worst = 0;
      for (std::size_t i = 0; i < one.size(); ++i) {
        worst = std::max(worst, relative_error(one[i], expected[i], 0));
      }
      CHECK(worst <= 3e-7);
      for (const ReduceOp op :
           {ReduceOp::argmax, ReduceOp::min, ReduceOp::max, ReduceOp::mean, ReduceOp::logsumexp}) {
        const auto actual = run_axes(op, DType::f32, x.data(), shape, 2);
        const auto wanted = reference_axes(op, x, shape, 2);
        for (std::size_t i = 0; i < wanted.size(); ++i) {
          REQUIRE(relative_error(actual[i], wanted[i], 0) <= 3e-7);
        }
      }
    }
  });
}

TEST_CASE("sums of squares have the bits of the sums of stored squares") {
  for_each_isa([] {
    for (const std::int64_t columns : {1, 3, 8, 65, 1000, 1024, 1025, 70001}) {
      for (const bool shifted : {false, true}) {
        check_squares<float>(DType::f32, 5, columns, shifted);
        check_squares<double>(DType::f64, 5, columns, shifted);
      }
    }
  });
}

TEST_CASE("NaN in a row of a large array stays in that row") {
  for_each_isa([] {
    const Shape shape{2100, 1003};
    auto x = uniform_values<float>(static_cast<std::size_t>(shape.element_count()), 0, 1);
    const std::size_t row = 1234;
    x[row * 1003 + 1002] = static_cast<float>(kNan);
    for (const ReduceOp op : {ReduceOp::sum, ReduceOp::max, ReduceOp::min}) {
      const auto results = run_axes(op, DType::f32, x.data(), shape, 2);
      for (std::size_t i = 0; i < results.size(); ++i) {
        REQUIRE(std::isnan(results[i]) == (i == row));
      }
    }
  });
}

TEST_CASE("NaN and infinities go through as in NumPy") {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<std::vector<double>> rows = {
      {1, kNan, 3, kNan}, {infinity, 1, -infinity, 2}, {-infinity, -infinity, -infinity, -infinity},
      {2, 5, 5, 2},       {-0.0, 0.0, -0.0, 0.0},
  };
  for_each_isa([&] {
    for (const auto& row : rows) {
      const std::vector<float> x(row.begin(), row.end());
      std::vector<float> columns(16);  // the same list down each of four columns
      for (std::size_t i = 0; i < 16; ++i) columns[i] = x[i / 4];
      for (const ReduceOp op : kAllOps) {
        CAPTURE(std::string(to_string(op)));
        CAPTURE(row[0]);
        const double expected =
            op == ReduceOp::logsumexp && row[0] == -infinity ? -infinity : reference(op, row);
        CHECK(relative_error(run_axes(op, DType::f32, x.data(), {4}, 1)[0], expected, 0) < 1e-6);
        for (const double actual : run_axes(op, DType::f32, columns.data(), {4, 4}, 1)) {
          CHECK(relative_error(actual, expected, 0) < 1e-6);
        }
      }
    }
  });
}

TEST_CASE("logsumexp neither overflows nor underflows") {
  const std::vector<float> x = {1000, 1000, -1000, -1000};
  const auto rows = run_axes(ReduceOp::logsumexp, DType::f32, x.data(), {2, 2}, 2);
  CHECK(rows[0] == doctest::Approx(1000 + std::log(2.0)));
  CHECK(rows[1] == doctest::Approx(-1000 + std::log(2.0)));
  const auto columns = run_axes(ReduceOp::logsumexp, DType::f32, x.data(), {2, 2}, 1);
  CHECK(columns[0] == doctest::Approx(1000));
}

TEST_CASE("integers and truth values are reduced exactly") {
  const auto check_integers = []<typename T>(T) {
    std::vector<T> x(2 * 35 * 3);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(i * 7 % 5 + (i % 11 == 0));
    for (const ReduceOp op : {ReduceOp::max, ReduceOp::min, ReduceOp::argmax, ReduceOp::argmin,
                              ReduceOp::any, ReduceOp::all}) {
      CAPTURE(std::string(to_string(op)));
      for (const std::uint32_t mask : {1u, 2u, 4u, 5u, 7u}) {
        CHECK(run_axes(op, dtype_of<T>, x.data(), {2, 35, 3}, mask) ==
              reference_axes(op, x, {2, 35, 3}, mask));
      }
    }
    CHECK(run_axes(ReduceOp::sum, dtype_of<T>, x.data(), {2, 35, 3}, 1) ==
          reference_axes(ReduceOp::sum, x, {2, 35, 3}, 1));
    CHECK(run_axes(ReduceOp::prod, dtype_of<T>, x.data(), {2, 35, 3}, 1) ==
          reference_axes(ReduceOp::prod, x, {2, 35, 3}, 1));
  };
  check_integers(std::int8_t{});
  check_integers(std::uint8_t{});
  check_integers(std::int32_t{});
  check_integers(std::int64_t{});
  const std::uint8_t wrapping[] = {200, 100};
  CHECK(run_axes(ReduceOp::sum, DType::u8, wrapping, {2}, 1)[0] == 44);
  const bool truths[] = {false, true, false, false, true, true};
  CHECK(run_axes(ReduceOp::any, DType::boolean, truths, {3, 2}, 1) == std::vector<double>{1, 1});
  CHECK(run_axes(ReduceOp::all, DType::boolean, truths, {3, 2}, 2) == std::vector<double>{0, 0, 1});
}

TEST_CASE("empty extents have the neutral value, or an error where there is none") {
  const float none = 0;
  CHECK(run_axes(ReduceOp::sum, DType::f32, &none, {3, 0}, 2) == std::vector<double>(3, 0));
  CHECK(run_axes(ReduceOp::sum, DType::f32, &none, {0, 3}, 1) == std::vector<double>(3, 0));
  CHECK(run_axes(ReduceOp::prod, DType::f32, &none, {0, 3}, 1) == std::vector<double>(3, 1));
  CHECK(std::isnan(run_axes(ReduceOp::mean, DType::f32, &none, {0}, 1)[0]));
  CHECK(run_axes(ReduceOp::logsumexp, DType::f32, &none, {0}, 1)[0] == -INFINITY);
  CHECK(run_axes(ReduceOp::all, DType::f32, &none, {0}, 1)[0] == 1);
  CHECK(run_axes(ReduceOp::sum, DType::f32, &none, {0, 3}, 2).empty());
  CHECK(run_axes(ReduceOp::max, DType::f32, &none, {0, 3}, 2).empty());
  CHECK_THROWS_WITH_AS(run_axes(ReduceOp::max, DType::f32, &none, {2, 0}, 2),
                       doctest::Contains("max over an empty axis"), InvalidArgument);
  CHECK_THROWS_WITH_AS(run_axes(ReduceOp::mean, DType::i32, &none, {1}, 1),
                       doctest::Contains("mean does not take i32"), DTypeError);
}
