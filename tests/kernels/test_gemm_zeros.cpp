// Products whose A is mostly zeros.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernels/cpu/gemm.hpp"
#include "kernels/cpu/gemm_tile.hpp"
#include "tests/kernels/each_isa.hpp"

using namespace tegula;
using namespace tegula::kernels;

namespace {

using Index = std::int64_t;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Case {
  Index m;
  Index n;
  Index k;
  bool transpose_a;
};

/// With whole panels and cut ones, one slice of k and several, few columns and many.
const Case kCases[] = {
    {32, 128, 784, false},  {784, 128, 32, true},  {784, 128, 70, true},
    {40, 70, 500, false},   {33, 100, 700, false}, {17, 16, 1500, false},
    {300, 150, 100, false}, {150, 33, 321, true},  {20, 300, 64, false},
};

struct Operands {
  GemmProblem problem;
  std::vector<float> a, b, bias;

  /// A with numbers in a fifth of its places.
  explicit Operands(const Case& size)
      : problem(GemmProblem::dense(size.m, size.n, size.k, size.transpose_a)) {
    std::mt19937 random(3);
    std::normal_distribution<float> normal;
    const auto fill = [&](std::vector<float>& values, Index count) {
      values.resize(static_cast<std::size_t>(count));
      for (float& value : values) value = normal(random);
    };
    fill(a, size.m * size.k);
    fill(b, size.k * size.n);
    fill(bias, size.n);
    for (float& value : a) value = random() % 5 == 0 ? value : 0.0f;
  }

  std::vector<float> product(const GemmProblem& part, Index first_row) const {
    std::vector<float> c(static_cast<std::size_t>(part.m * part.n), 0.5f);
    const float* from = a.data() + first_row * (part.transpose_a ? 1 : part.lda);
    gemm_f32(GemmImplementation::own, part, from, b.data(), c.data(), {.bias = bias.data()});
    return c;
  }

  /// The product a few rows at a time: too few for zeros to be skipped.
  std::vector<float> rows_of_product() const {
    std::vector<float> c;
    for (Index row = 0; row < problem.m; row += 4) {
      GemmProblem part = problem;
      part.m = std::min<Index>(4, problem.m - row);
      const std::vector<float> rows = product(part, row);
      c.insert(c.end(), rows.begin(), rows.end());
    }
    return c;
  }
};

std::string describe(const GemmProblem& p) {
  return std::to_string(p.m) + "x" + std::to_string(p.n) + "x" + std::to_string(p.k) +
         (p.transpose_a ? " TN" : " NN") + (p.accumulate ? " accumulating" : "");
}

}  // namespace

TEST_CASE("a tile that skips zeros has the bits of one that does not") {
  for_each_isa([] {
    for (const Case& size : kCases) {
      const Operands operands(size);
      for (const bool accumulate : {false, true}) {
        GemmTile tile;
        tile.rows = size.m;
        tile.cols = size.n;
        tile.k = size.k;
        tile.a = operands.a.data();
        tile.a_row_stride = size.transpose_a ? 1 : size.k;
        tile.a_k_stride = size.transpose_a ? size.m : 1;
        tile.b = operands.b.data();
        tile.ldb = size.n;
        tile.ldc = size.n;
        tile.accumulate = accumulate;
        tile.bias = operands.bias.data();
        std::vector<float> c[2];
        for (const bool skips : {false, true}) {
          c[skips].assign(static_cast<std::size_t>(size.m * size.n), 0.25f);
          tile.c = c[skips].data();
          tile.skip_zeros = skips;
          compute_gemm_tile(tile);
        }
        INFO(describe(operands.problem));
        CHECK(c[0] == c[1]);
      }
    }
  });
}

TEST_CASE("a product of mostly zeros has the bits of its rows, for any number of threads") {
  const int threads_before = thread_count();
  for_each_isa([&] {
    for (const Case& size : kCases) {
      Operands operands(size);
      for (const bool accumulate : {false, true}) {
        operands.problem.accumulate = accumulate;
        INFO(describe(operands.problem));
        const std::vector<float> expected = operands.rows_of_product();
        for (const int threads : {1, 2, 5}) {
          set_thread_count(threads);
          CHECK(operands.product(operands.problem, 0) == expected);
        }
        set_thread_count(threads_before);
      }
    }
  });
}

TEST_CASE("a packed B, an epilogue and a consumer see what a product of mostly zeros stores") {
  for_each_isa([] {
    for (const Case& size : kCases) {
      const Operands operands(size);
      const GemmProblem& problem = operands.problem;
      INFO(describe(problem));
      const std::vector<float> expected = operands.product(problem, 0);

      std::vector<float> memory(packed_b_size(size.k, size.n) + 16);
      float* packed = memory.data();
      while (reinterpret_cast<std::uintptr_t>(packed) % 64 != 0) ++packed;
      pack_b_f32(problem, operands.b.data(), packed);
      std::vector<float> c(expected.size());
      std::vector<int> calls(expected.size(), 0);
      const auto at = [&](Index row, Index col) {
        return static_cast<std::size_t>(row * size.n + col);
      };
      const auto count = [&](Index row, Index col, Index rows, Index cols) {
        for (Index i = row; i < row + rows; ++i) {
          for (Index j = col; j < col + cols; ++j) {
            calls[at(i, j)] += c[at(i, j)] == expected[at(i, j)] ? 1 : 100;
          }
        }
      };
      const GemmEpilogue epilogue(count);
      gemm_packed_f32(problem, operands.a.data(), packed, c.data(),
                      {.bias = operands.bias.data(), .epilogue = &epilogue});
      CHECK(c == expected);
      CHECK(calls == std::vector<int>(calls.size(), 1));

      if (!gemm_consumable(GemmImplementation::own, problem)) continue;
      std::vector<float> consumed(expected.size());
      const auto take = [&](Index row, Index col, Index rows, Index cols, const float* block) {
        for (Index i = 0; i < rows * cols; ++i) {
          consumed[at(row + i / cols, col + i % cols)] = block[i];
        }
      };
      const GemmConsumer<float> consumer(take);
      gemm_f32(GemmImplementation::own, problem, operands.a.data(), operands.b.data(), nullptr,
               {.bias = operands.bias.data(), .consumer = &consumer});
      CHECK(consumed == expected);
    }
  });
}

TEST_CASE("skipped zeros do not hide infinities and NaN") {
  for_each_isa([] {
    for (const Case& size : kCases) {
      Operands operands(size);
      // No row of A holds a number at step 1, which alone meets what is not finite.
      for (Index row = 0; row < size.m; ++row) {
        operands.a[static_cast<std::size_t>(size.transpose_a ? size.m + row : row * size.k + 1)] =
            0;
      }
      for (const float odd : {kInfinity, -kInfinity, std::nanf("")}) {
        operands.b[static_cast<std::size_t>(2 * size.n - 2)] = odd;
        const std::vector<float> c = operands.product(operands.problem, 0);
        INFO(describe(operands.problem));
        Index wrong = 0;
        for (Index i = 0; i < size.m * size.n; ++i) {
          const bool odd_column = i % size.n == size.n - 2;
          if (std::isnan(c[static_cast<std::size_t>(i)]) != odd_column) ++wrong;
        }
        CHECK(wrong == 0);
      }
    }
  });
}
