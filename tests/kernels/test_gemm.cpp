#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cpu/gemm.hpp"
#include "kernels/cpu/isa.hpp"
#include "tegula/core/error.hpp"
#include "tests/kernels/each_isa.hpp"

using namespace tegula;
using namespace tegula::kernels;

namespace {

using Index = std::int64_t;

/// Deterministic values in [-1, 1).
class Values {
 public:
  double next() {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<double>(state_ >> 40) / static_cast<double>(1 << 23) - 1.0;
  }
  template <typename T>
  std::vector<T> vector(Index count) {
    std::vector<T> values(static_cast<std::size_t>(count));
    for (T& value : values) value = static_cast<T>(next());
    return values;
  }

 private:
  std::uint64_t state_ = 7;
};

/// A stored matrix whose rows are followed by `gap` elements that must be neither read nor written.
template <typename T>
struct Padded {
  Index rows;
  Index cols;
  Index ld;
  std::vector<T> data;

  Padded(Values& values, Index stored_rows, Index stored_cols, Index gap)
      : rows(stored_rows), cols(stored_cols), ld(stored_cols + gap) {
    data.assign(static_cast<std::size_t>(rows * ld), std::numeric_limits<T>::quiet_NaN());
    for (Index i = 0; i < rows; ++i) {
      for (Index j = 0; j < cols; ++j) at(i, j) = static_cast<T>(values.next());
    }
  }
  T& at(Index i, Index j) { return data[static_cast<std::size_t>(i * ld + j)]; }
  bool gaps_untouched() {
    for (Index i = 0; i < rows; ++i) {
      for (Index j = cols; j < ld; ++j) {
        if (!std::isnan(at(i, j))) return false;
      }
    }
    return true;
  }
};

struct Case {
  Index m;
  Index n;
  Index k;
};

std::string describe(const GemmProblem& p) {
  return std::to_string(p.m) + "x" + std::to_string(p.n) + "x" + std::to_string(p.k) +
         (p.transpose_a ? " T" : " N") + (p.transpose_b ? "T" : "N") +
         (p.accumulate ? " accumulating" : "");
}

struct Options {
  bool transpose_a = false;
  bool transpose_b = false;
  bool accumulate = false;
  bool bias = false;
  bool epilogue = false;
  Index gap = 0;
};

/// Runs one product and compares every element with a loop in double precision. The error of a sum
/// is measured against the sum of its terms' magnitudes; 16 roundings is far above what a few
/// hundred terms give and far below any wrong term.
template <typename T, typename Multiply>
void check(const Case& size, const Options& options, const Multiply& multiply) {
  Values values;
  const auto [m, n, k] = size;
  Padded<T> a(values, options.transpose_a ? k : m, options.transpose_a ? m : k, options.gap);
  Padded<T> b(values, options.transpose_b ? n : k, options.transpose_b ? k : n, options.gap);
  Padded<T> c(values, m, n, options.gap);
  const Padded<T> before = c;
  const std::vector<T> bias = values.vector<T>(n);
  GemmProblem problem = GemmProblem::dense(m, n, k, options.transpose_a, options.transpose_b);
  problem.lda = a.ld;
  problem.ldb = b.ld;
  problem.ldc = c.ld;
  problem.accumulate = options.accumulate;

  std::vector<int> calls(static_cast<std::size_t>(m * n), 0);
  const auto negate = [&](Index row, Index col, Index rows, Index cols) {
    for (Index i = row; i < row + rows; ++i) {
      for (Index j = col; j < col + cols; ++j) {
        ++calls[static_cast<std::size_t>(i * n + j)];
        c.at(i, j) = -c.at(i, j);
      }
    }
  };
  const GemmEpilogue epilogue(negate);
  multiply(
      problem, a.data.data(), b.data.data(), c.data.data(),
      GemmFinish<T>{options.bias ? bias.data() : nullptr, options.epilogue ? &epilogue : nullptr});

  const double tolerance = 16 * static_cast<double>(std::numeric_limits<T>::epsilon());
  int wrong = 0;
  for (Index i = 0; i < m; ++i) {
    for (Index j = 0; j < n; ++j) {
      const auto at = static_cast<std::size_t>(i * c.ld + j);
      const double held = options.accumulate ? static_cast<double>(before.data[at]) : 0.0;
      const double shift =
          options.bias ? static_cast<double>(bias[static_cast<std::size_t>(j)]) : 0.0;
      double sum = held + shift;
      double magnitude = std::abs(held) + std::abs(shift);
      for (Index p = 0; p < k; ++p) {
        const double term = static_cast<double>(options.transpose_a ? a.at(p, i) : a.at(i, p)) *
                            static_cast<double>(options.transpose_b ? b.at(j, p) : b.at(p, j));
        sum += term;
        magnitude += std::abs(term);
      }
      if (options.epilogue) sum = -sum;
      if (!(std::abs(static_cast<double>(c.data[at]) - sum) <= tolerance * magnitude)) ++wrong;
      if (options.epilogue && calls[static_cast<std::size_t>(i * n + j)] != 1) ++wrong;
    }
  }
  INFO(describe(problem));
  CHECK(wrong == 0);
  CHECK(c.gaps_untouched());
}

/// Sizes around the micro-kernels' edges, and the ones that models use.
std::vector<Case> all_sizes() {
  std::vector<Case> sizes;
  for (const Index m : {1, 2, 3, 5, 6, 7, 12, 13, 25}) {
    for (const Index n : {1, 7, 16, 17, 32, 63}) {
      for (const Index k : {1, 2, 9, 33}) sizes.push_back({m, n, k});
    }
  }
  for (const Case& size :
       {Case{0, 5, 3}, Case{4, 0, 3}, Case{4, 5, 0}, Case{0, 0, 0}, Case{32, 10, 128},
        Case{784, 128, 32}, Case{32, 128, 784}, Case{32, 128, 10}, Case{1, 300, 700},
        Case{2, 301, 641}, Case{4, 130, 701}, Case{61, 211, 331}, Case{259, 131, 67},
        Case{509, 40, 3}, Case{37, 1030, 321}, Case{192, 80, 100}, Case{300, 150, 10}}) {
    sizes.push_back(size);
  }
  return sizes;
}

const auto own = [](const auto&... arguments) { gemm_f32(GemmImplementation::own, arguments...); };

}  // namespace

TEST_CASE("own GEMM agrees with a plain loop for every size and transpose") {
  for_each_isa([] {
    for (const Case& size : all_sizes()) {
      for (const bool transpose_a : {false, true}) {
        for (const bool transpose_b : {false, true}) {
          check<float>(size, {.transpose_a = transpose_a, .transpose_b = transpose_b}, own);
        }
      }
    }
  });
}

TEST_CASE("own GEMM leaves the gaps of leading dimensions alone") {
  for_each_isa([] {
    for (const Case& size :
         {Case{5, 17, 9}, Case{13, 33, 40}, Case{1, 70, 33}, Case{40, 90, 330}}) {
      for (const bool transpose_a : {false, true}) {
        for (const bool transpose_b : {false, true}) {
          check<float>(size, {.transpose_a = transpose_a, .transpose_b = transpose_b, .gap = 3},
                       own);
        }
      }
    }
  });
}

TEST_CASE("own GEMM copies rows of A that lie far apart") {
  for_each_isa([] {
    for (const Case& size : {Case{3, 20, 40}, Case{20, 260, 33}, Case{150, 260, 25}}) {
      for (const bool transpose_a : {false, true}) {
        check<float>(
            size, {.transpose_a = transpose_a, .bias = true, .epilogue = true, .gap = 1000}, own);
      }
    }
  });
}

TEST_CASE("own GEMM accumulates, adds the bias and calls the epilogue once for each element") {
  for_each_isa([] {
    for (const Case& size : all_sizes()) {
      for (const bool accumulate : {false, true}) {
        check<float>(size, {.accumulate = accumulate, .bias = true, .epilogue = true}, own);
        check<float>(
            size, {.transpose_b = true, .accumulate = accumulate, .bias = true, .epilogue = true},
            own);
      }
    }
  });
}

TEST_CASE("a packed B gives the same bits as the B it was packed from") {
  for_each_isa([] {
    for (const Case& size : all_sizes()) {
      const auto [m, n, k] = size;
      Values values;
      const auto a = values.vector<float>(m * k);
      const auto b = values.vector<float>(k * n);
      std::vector<float> c(static_cast<std::size_t>(m * n), 1.0f);
      std::vector<float> packed_c(static_cast<std::size_t>(m * n), 2.0f);
      std::vector<float> memory(packed_b_size(k, n) + 16);
      void* start = memory.data();
      std::size_t room = memory.size() * sizeof(float);
      auto* packed =
          static_cast<float*>(std::align(64, packed_b_size(k, n) * sizeof(float), start, room));
      REQUIRE(packed != nullptr);
      const GemmProblem problem = GemmProblem::dense(m, n, k);
      CHECK(pack_b_f32(problem, b.data(), packed));
      gemm_f32(GemmImplementation::own, problem, a.data(), b.data(), c.data());
      gemm_packed_f32(problem, a.data(), packed, true, packed_c.data());
      INFO(describe(problem));
      CHECK(c == packed_c);
    }
  });
}

TEST_CASE("a packed transposed B multiplies like the B it was packed from") {
  for_each_isa([] {
    for (const Case& size : all_sizes()) {
      check<float>(size, {.transpose_b = true, .bias = true, .epilogue = true, .gap = 1},
                   [](const GemmProblem& problem, const float* a, const float* b, float* c,
                      const GemmFinish<float>& finish) {
                     std::vector<float> memory(packed_b_size(problem.k, problem.n) + 16);
                     auto* packed = memory.data();
                     while (reinterpret_cast<std::uintptr_t>(packed) % 64 != 0) ++packed;
                     const bool finite = pack_b_f32(problem, b, packed);
                     gemm_packed_f32(problem, a, packed, finite, c, finish);
                   });
    }
  });
}

TEST_CASE("GEMM gives the same bits for any number of threads") {
  const int threads_before = thread_count();
  for_each_isa([] {
    for (const Case& size : {Case{32, 128, 784}, Case{784, 128, 32}, Case{513, 257, 129},
                             Case{300, 300, 700}, Case{1, 4000, 700}}) {
      for (const bool transposed : {false, true}) {
        const auto [m, n, k] = size;
        Values values;
        const auto a = values.vector<float>(m * k);
        const auto b = values.vector<float>(k * n);
        const GemmProblem problem = GemmProblem::dense(m, n, k, transposed, transposed);
        for (const auto implementation : {GemmImplementation::own, GemmImplementation::eigen}) {
          std::vector<std::vector<float>> results;
          for (const int threads : {1, 2, 3}) {
            set_thread_count(threads);
            results.emplace_back(static_cast<std::size_t>(m * n));
            gemm_f32(implementation, problem, a.data(), b.data(), results.back().data());
          }
          INFO(describe(problem), " ", to_string(implementation));
          CHECK(results[0] == results[1]);
          CHECK(results[0] == results[2]);
        }
      }
    }
  });
  set_thread_count(threads_before);
}

TEST_CASE("batches step through their operands, or repeat them where the stride is 0") {
  for_each_isa([] {
    for (const Case& size : {Case{3, 5, 4}, Case{33, 17, 40}, Case{300, 200, 20}}) {
      const auto [m, n, k] = size;
      constexpr Index kCount = 5;
      Values values;
      const auto a = values.vector<float>(kCount * m * k);
      const auto b = values.vector<float>(k * n);
      const auto bias = values.vector<float>(n);
      const GemmProblem problem = GemmProblem::dense(m, n, k);
      std::vector<float> expected(static_cast<std::size_t>(kCount * m * n));
      for (Index i = 0; i < kCount; ++i) {
        gemm_f32(GemmImplementation::own, problem, a.data() + i * m * k, b.data(),
                 expected.data() + i * m * n, {.bias = bias.data()});
      }
      std::vector<int> calls(static_cast<std::size_t>(kCount * m * n), 0);
      const auto count = [&](Index row, Index col, Index rows, Index cols) {
        for (Index i = row; i < row + rows; ++i) {
          for (Index j = col; j < col + cols; ++j) ++calls[static_cast<std::size_t>(i * n + j)];
        }
      };
      const GemmEpilogue epilogue(count);
      std::vector<float> c(expected.size());
      gemm_batched_f32(GemmImplementation::own, problem, {kCount, m * k, 0, m * n}, a.data(),
                       b.data(), c.data(), {bias.data(), &epilogue});
      CHECK(c == expected);
      CHECK(calls == std::vector<int>(calls.size(), 1));
    }
  });
}

TEST_CASE("a consumer receives every element once, with the bits that would be stored") {
  for_each_isa([] {
    for (const Case& size : all_sizes()) {
      for (const bool transpose_a : {false, true}) {
        for (const bool transpose_b : {false, true}) {
          const auto [m, n, k] = size;
          const auto problem = GemmProblem::dense(m, n, k, transpose_a, transpose_b);
          if (!gemm_consumable(GemmImplementation::own, problem)) continue;
          // Sums of a dot product run in another order than those of the panels.
          if (m <= 2 && transpose_b && (!transpose_a || m == 1)) continue;
          Values values;
          const auto a = values.vector<float>(m * k);
          const auto b = values.vector<float>(k * n);
          const auto bias = values.vector<float>(n);
          std::vector<float> stored(static_cast<std::size_t>(m * n));
          gemm_f32(GemmImplementation::own, problem, a.data(), b.data(), stored.data(),
                   {.bias = bias.data()});
          std::vector<float> consumed(stored.size());
          std::vector<int> calls(stored.size(), 0);
          const auto take = [&](Index row, Index col, Index rows, Index cols, const float* block) {
            for (Index i = 0; i < rows * cols; ++i) {
              const auto at = static_cast<std::size_t>((row + i / cols) * n + col + i % cols);
              consumed[at] = block[i];
              ++calls[at];
            }
          };
          const GemmConsumer<float> consumer(take);
          gemm_f32(GemmImplementation::own, problem, a.data(), b.data(), nullptr,
                   {.bias = bias.data(), .consumer = &consumer});
          INFO(describe(problem));
          CHECK(consumed == stored);
          CHECK(calls == std::vector<int>(calls.size(), 1));
        }
      }
    }
  });
}

TEST_CASE("a workspace changes no bit of a product, stored or consumed") {
  for_each_isa([] {
    for (const Case& size : {Case{64, 130, 70}, Case{513, 75, 100}, Case{1030, 40, 330}}) {
      for (const bool transpose_a : {false, true}) {
        for (const bool transpose_b : {false, true}) {
          const auto [m, n, k] = size;
          const auto problem = GemmProblem::dense(m, n, k, transpose_a, transpose_b);
          Values values;
          const auto a = values.vector<float>(m * k);
          const auto b = values.vector<float>(k * n);
          const auto multiply = [&](float* workspace, bool consumes) {
            std::vector<float> c(static_cast<std::size_t>(m * n));
            const auto take = [&, columns = n](Index row, Index col, Index rows, Index cols,
                                               const float* block) {
              for (Index i = 0; i < rows * cols; ++i) {
                c[static_cast<std::size_t>((row + i / cols) * columns + col + i % cols)] = block[i];
              }
            };
            const GemmConsumer<float> consumer(take);
            gemm_f32(GemmImplementation::own, problem, a.data(), b.data(),
                     consumes ? nullptr : c.data(), {.consumer = consumes ? &consumer : nullptr},
                     workspace);
            return c;
          };
          const std::vector<float> expected = multiply(nullptr, false);
          for (const bool consumes : {false, true}) {
            if (consumes && !gemm_consumable(GemmImplementation::own, problem)) continue;
            const auto floats = gemm_workspace_size(GemmImplementation::own, problem, consumes);
            if (floats == 0) continue;
            std::vector<float> memory(floats + 16);
            float* workspace = memory.data();
            while (reinterpret_cast<std::uintptr_t>(workspace) % 64 != 0) ++workspace;
            INFO(describe(problem), consumes ? " consumed" : " stored");
            CHECK(multiply(workspace, consumes) == expected);
          }
        }
      }
    }
  });
}

TEST_CASE("Eigen's product agrees with a plain loop") {
  for (const Case& size : {Case{0, 3, 2}, Case{3, 4, 0}, Case{1, 1, 1}, Case{7, 33, 129},
                           Case{32, 128, 784}, Case{300, 130, 70}}) {
    for (const bool transpose_a : {false, true}) {
      for (const bool transpose_b : {false, true}) {
        for (const bool accumulate : {false, true}) {
          check<float>(
              size,
              {.transpose_a = transpose_a,
               .transpose_b = transpose_b,
               .accumulate = accumulate,
               .bias = true,
               .epilogue = true,
               .gap = 2},
              [&](const auto&... arguments) { gemm_f32(GemmImplementation::eigen, arguments...); });
        }
      }
    }
  }
}

TEST_CASE("double precision agrees with a plain loop") {
  for (const Case& size : all_sizes()) {
    for (const bool transpose_a : {false, true}) {
      for (const bool transpose_b : {false, true}) {
        check<double>(size,
                      {.transpose_a = transpose_a,
                       .transpose_b = transpose_b,
                       .accumulate = true,
                       .bias = true,
                       .epilogue = true,
                       .gap = 1},
                      [](const auto&... arguments) { gemm_f64(arguments...); });
      }
    }
  }
  Values values;
  const auto a = values.vector<double>(3 * 4 * 5);
  const auto b = values.vector<double>(5 * 2);
  std::vector<double> c(3 * 4 * 2);
  std::vector<double> expected(c.size());
  const GemmProblem problem = GemmProblem::dense(4, 2, 5);
  gemm_batched_f64(problem, {3, 20, 0, 8}, a.data(), b.data(), c.data());
  for (int i = 0; i < 3; ++i) {
    gemm_f64(problem, a.data() + 20 * i, b.data(), expected.data() + 8 * i);
  }
  CHECK(c == expected);
}

TEST_CASE("zeros do not hide infinities and NaN") {
  for_each_isa([] {
    for (const Index m : {1, 8}) {
      const Index n = 20;
      const Index k = 3;
      const std::vector<float> a(static_cast<std::size_t>(m * k), 0.0f);
      std::vector<float> b(static_cast<std::size_t>(k * n), 1.0f);
      b[static_cast<std::size_t>(n + 18)] = std::numeric_limits<float>::infinity();
      std::vector<float> c(static_cast<std::size_t>(m * n));
      gemm_f32(GemmImplementation::own, GemmProblem::dense(m, n, k), a.data(), b.data(), c.data());
      for (Index i = 0; i < m; ++i) {
        for (Index j = 0; j < n; ++j) {
          CHECK(std::isnan(c[static_cast<std::size_t>(i * n + j)]) == (j == 18));
        }
      }
    }
  });
}

TEST_CASE("the chosen implementation is the same each time") {
  for (const Case& size : all_sizes()) {
    const GemmProblem problem = GemmProblem::dense(size.m, size.n, size.k);
    CHECK(choose_gemm(problem) == choose_gemm(problem));
  }
}
