// Products whose A is mostly zeros.

#include <doctest/doctest.h>

#include <cfloat>
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
constexpr float kHeld = 0.5f;  ///< what C holds before
constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Case {
  Index m;
  Index n;
  Index k;
  bool transpose_a;
};

/// With whole panels and cut ones, one slice of k and several, few columns and many.
const Case kCases[] = {
    {32, 128, 784, false}, {784, 128, 32, true},  {784, 128, 70, true},   {40, 70, 500, false},
    {33, 100, 700, false}, {17, 16, 1500, false}, {300, 150, 100, false}, {150, 33, 321, true},
    {20, 300, 64, false},  {1, 128, 784, false},  {8, 100, 700, false},
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

  std::vector<float> product() const {
    std::vector<float> c(static_cast<std::size_t>(problem.m * problem.n), kHeld);
    gemm_f32(GemmImplementation::own, problem, a.data(), b.data(), c.data(), {.bias = bias.data()});
    return c;
  }

  /// Elements that differ from a sum in double precision by more than 16 roundings of its terms'
  /// magnitudes.
  Index wrong_elements(const std::vector<float>& c) const {
    Index wrong = 0;
    for (Index i = 0; i < problem.m; ++i) {
      for (Index j = 0; j < problem.n; ++j) {
        double sum = bias[static_cast<std::size_t>(j)] + (problem.accumulate ? kHeld : 0.0);
        double magnitude = std::abs(sum);
        for (Index p = 0; p < problem.k; ++p) {
          const Index at = problem.transpose_a ? p * problem.m + i : i * problem.k + p;
          const double term = static_cast<double>(a[static_cast<std::size_t>(at)]) *
                              static_cast<double>(b[static_cast<std::size_t>(p * problem.n + j)]);
          sum += term;
          magnitude += std::abs(term);
        }
        const double error = std::abs(c[static_cast<std::size_t>(i * problem.n + j)] - sum);
        if (!(error <= 16 * static_cast<double>(FLT_EPSILON) * magnitude)) ++wrong;
      }
    }
    return wrong;
  }
};

struct PackedB {
  std::vector<float> memory;
  float* data;
  bool finite;

  explicit PackedB(const Operands& operands)
      : memory(packed_b_size(operands.problem.k, operands.problem.n) + 16), data(memory.data()) {
    while (reinterpret_cast<std::uintptr_t>(data) % 64 != 0) ++data;
    finite = pack_b_f32(operands.problem, operands.b.data(), data);
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

TEST_CASE("a product of mostly zeros agrees with a plain loop, for any number of threads alike") {
  const int threads_before = thread_count();
  for_each_isa([&] {
    for (const Case& size : kCases) {
      Operands operands(size);
      for (const bool accumulate : {false, true}) {
        operands.problem.accumulate = accumulate;
        INFO(describe(operands.problem));
        set_thread_count(1);
        const std::vector<float> expected = operands.product();
        CHECK(operands.wrong_elements(expected) == 0);
        for (const int threads : {2, 5}) {
          set_thread_count(threads);
          CHECK(operands.product() == expected);
        }
        set_thread_count(threads_before);
      }
    }
  });
}

TEST_CASE("epilogues and consumers see a product of mostly zeros once, also of a packed B") {
  for_each_isa([] {
    for (const Case& size : kCases) {
      const Operands operands(size);
      const GemmProblem& problem = operands.problem;
      INFO(describe(problem));
      const PackedB packed(operands);
      CHECK(packed.finite);
      std::vector<float> c, seen;
      std::vector<int> calls;
      const auto see = [&](Index row, Index col, Index rows, Index cols, const float* block,
                           Index stride) {
        for (Index i = 0; i < rows; ++i) {
          for (Index j = 0; j < cols; ++j) {
            const auto at = static_cast<std::size_t>((row + i) * size.n + col + j);
            seen[at] = block[i * stride + j];
            ++calls[at];
          }
        }
      };
      const auto look = [&](Index row, Index col, Index rows, Index cols) {
        see(row, col, rows, cols, c.data() + row * size.n + col, size.n);
      };
      const auto take = [&](Index row, Index col, Index rows, Index cols, const float* block) {
        see(row, col, rows, cols, block, cols);
      };
      const GemmEpilogue epilogue(look);
      const GemmConsumer<float> consumer(take);
      const auto check = [&](const auto& multiply) {
        c.assign(static_cast<std::size_t>(size.m * size.n), 0.0f);
        seen = c;
        calls.assign(c.size(), 0);
        multiply();
        CHECK(operands.wrong_elements(seen) == 0);
        CHECK(calls == std::vector<int>(calls.size(), 1));
      };
      const float *a = operands.a.data(), *b = operands.b.data(), *bias = operands.bias.data();
      check([&] {
        gemm_f32(GemmImplementation::own, problem, a, b, c.data(),
                 {.bias = bias, .epilogue = &epilogue});
      });
      check([&] {
        gemm_packed_f32(problem, a, packed.data, packed.finite, c.data(),
                        {.bias = bias, .epilogue = &epilogue});
      });
      if (!gemm_consumable(GemmImplementation::own, problem)) continue;
      check([&] {
        gemm_f32(GemmImplementation::own, problem, a, b, nullptr,
                 {.bias = bias, .consumer = &consumer});
      });
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
        INFO(describe(operands.problem));
        const auto check = [&](const std::vector<float>& c) {
          Index wrong = 0;
          for (Index i = 0; i < size.m * size.n; ++i) {
            const bool odd_column = i % size.n == size.n - 2;
            if (std::isnan(c[static_cast<std::size_t>(i)]) != odd_column) ++wrong;
          }
          CHECK(wrong == 0);
        };
        check(operands.product());
        const PackedB packed(operands);
        CHECK_FALSE(packed.finite);
        std::vector<float> c(static_cast<std::size_t>(size.m * size.n));
        gemm_packed_f32(operands.problem, operands.a.data(), packed.data, packed.finite, c.data());
        check(c);
      }
    }
  });
}
