#pragma once
// A matrix product as ../works/gemm.py states it, with its arrays.

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>

#include "worker.hpp"

namespace compare {

/// C[m,n] = op(A) op(B), row-major; A is stored [k,m] when `ta`, B [n,k] when `tb`.
struct Gemm {
  std::int64_t m, n, k;
  bool ta, tb;
  std::shared_ptr<float> a, b, c;

  explicit Gemm(const Json& details)
      : m(details.at("parameters").at("m")),
        n(details.at("parameters").at("n")),
        k(details.at("parameters").at("k")),
        ta(details.at("parameters").at("ta")),
        tb(details.at("parameters").at("tb")),
        a(random(m * k)),
        b(random(k * n)),
        c(random(m * n)) {}

  std::int64_t lda() const { return ta ? m : k; }
  std::int64_t ldb() const { return tb ? k : n; }

 private:
  static std::shared_ptr<float> random(std::int64_t count) {
    const auto bytes = static_cast<std::size_t>((count * 4 + 63) / 64 * 64);
    std::shared_ptr<float> values(static_cast<float*>(std::aligned_alloc(64, bytes)), std::free);
    std::mt19937 generator(1);
    std::uniform_real_distribution<float> uniform(-1, 1);
    for (std::int64_t i = 0; i < count; ++i) values.get()[i] = uniform(generator);
    return values;
  }
};

}  // namespace compare
