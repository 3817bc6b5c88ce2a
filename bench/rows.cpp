// Reductions, softmax and their like in bytes per second, beside the bandwidth of reading and
// copying.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "bench/values.hpp"
#include "kernels/cpu/reduce.hpp"
#include "kernels/cpu/softmax.hpp"
#include "tegula/core/parallel.hpp"
#include "tegula/graph/ops.hpp"
#include "tegula/runtime/session.hpp"

namespace {

using namespace tegula;
using namespace tegula::kernels;
using bench::count_bytes;
using bench::values;

/// What no reduction can beat: every byte is read once, by one or by all threads, and nothing else
/// is done with it.
std::uint64_t read_words(const std::uint64_t* words, std::int64_t count) {
  std::uint64_t folded[16] = {};
  for (std::int64_t i = 0; i + 16 <= count; i += 16) {
    for (int k = 0; k < 16; ++k) folded[k] |= words[i + k];
  }
  return *std::max_element(folded, folded + 16);
}

void read(benchmark::State& state) {
  const std::int64_t count = state.range(0);
  const auto x = values(count);
  const auto* words = reinterpret_cast<const std::uint64_t*>(x.data());
  const std::int64_t tasks = state.range(1), chunk = count / 2 / tasks;
  for (auto _ : state) {
    parallel_for(tasks, [&](std::int64_t task) {
      benchmark::DoNotOptimize(read_words(words + task * chunk, chunk));
    });
  }
  count_bytes(state, 4 * count);
}
BENCHMARK(read)
    ->ArgNames({"elements", "tasks"})
    ->ArgsProduct({{4096, 65536, 1048576, 67108864}, {1, 64}})
    ->UseRealTime();

void reduction(benchmark::State& state, ReduceOp op) {
  const std::int64_t outer = state.range(0), extent = state.range(1), inner = state.range(2);
  const auto x = values(outer * extent * inner);
  std::vector<std::int64_t> result(static_cast<std::size_t>(outer * inner));
  for (auto _ : state) {
    reduce(op, DType::f32, x.data(), result.data(), outer, extent, inner);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 4 * outer * extent * inner);
}

template <void (*kFunction)(const float*, float*, std::int64_t, std::int64_t)>
void rows(benchmark::State& state) {
  const std::int64_t count = state.range(0), columns = state.range(1);
  const auto x = values(count * columns);
  std::vector<float> y(x.size());
  for (auto _ : state) {
    kFunction(x.data(), y.data(), count, columns);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 8 * count * columns);
}

void copy_rows(const float* x, float* y, std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t kChunk = 1 << 16;
  const std::int64_t count = rows * columns;
  parallel_for((count + kChunk - 1) / kChunk, [&](std::int64_t task) {
    const std::int64_t begin = task * kChunk;
    std::memcpy(y + begin, x + begin,
                static_cast<std::size_t>(std::min(kChunk, count - begin)) * sizeof(float));
  });
}

void softmax_shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"rows", "columns"})->UseRealTime();
  for (const auto& [rows, columns] :
       {std::pair{32, 10}, {1, 1000}, {100000, 10}, {100, 1000}, {10000, 1000}, {10, 1000000}}) {
    benchmark->Args({rows, columns});
  }
}
BENCHMARK(rows<copy_rows>)->Apply(softmax_shapes);
BENCHMARK(rows<softmax<float>>)->Apply(softmax_shapes);
BENCHMARK(rows<log_softmax<float>>)->Apply(softmax_shapes);

void cross_entropy(benchmark::State& state) {
  const std::int64_t rows = state.range(0), columns = state.range(1);
  const auto x = values(rows * columns);
  const std::vector<std::int32_t> labels(static_cast<std::size_t>(rows), 1);
  std::vector<float> loss(labels.size()), dx(x.size());
  for (auto _ : state) {
    sparse_softmax_cross_entropy<float, std::int32_t>(x.data(), labels.data(), loss.data(),
                                                      dx.data(), nullptr, 0, rows, columns);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 8 * rows * columns);
}
BENCHMARK(cross_entropy)->Apply(softmax_shapes);

using Expression = Value (*)(const Value& x, const Value& row);

struct NamedExpression {
  const char* name;
  Expression build;
};

constexpr NamedExpression kExpressions[] = {
    {"softmax_by_hand",
     [](const Value& x, const Value&) {
       const Value e = exp(x - max(x, -1, true));
       return e / sum(e, -1, true);
     }},
    {"layer_norm",
     [](const Value& x, const Value& row) {
       const Value centered = x - mean(x, -1, true);
       const Value variance = mean(square(centered), -1, true);
       return centered / sqrt(variance + 1e-5) * row + row;
     }},
    {"rms_norm",
     [](const Value& x, const Value& row) {
       return x * rsqrt(mean(square(x), -1, true) + 1e-5) * row;
     }},
    {"logsumexp_by_hand",
     [](const Value& x, const Value&) {
       const Value largest = max(x, -1, true);
       return log(sum(exp(x - largest), -1, true)) + largest;
     }},
    {"dot_of_rows", [](const Value& x, const Value& row) { return sum(x * row, -1); }},
    {"squared_error", [](const Value& x, const Value&) { return mean(square(x - 0.5)); }},
};

/// An expression as a session runs it, with its passes over memory fused or not.
void expression(benchmark::State& state, Expression build, bool fused) {
  const std::int64_t rows = state.range(0), columns = state.range(1);
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {rows, columns}, "x");
  const Value row = graph.placeholder(DType::f32, {columns}, "row");
  const Value y = build(x, row);
  SessionOptions options;
  if (!fused) options.passes.disabled = {"fuse_rows"};
  Session session(graph, options);
  Executable executable = session.compile({x, row}, {y});
  const std::vector<Tensor> feeds = {Tensor::full(DType::f32, {rows, columns}, 0.7),
                                     Tensor::full(DType::f32, {columns}, 1.5)};
  std::vector<Tensor> results = {Tensor(DType::f32, y.shape())};
  executable.run_into(feeds, results);  // plans, and touches all memory
  for (auto _ : state) executable.run_into(feeds, results);
  count_bytes(state, 4 * (rows * columns + y.shape().element_count()));
}

const bool registered = [] {
  for (const NamedExpression& each : kExpressions) {
    for (const bool fused : {false, true}) {
      benchmark::RegisterBenchmark(
          (std::string(each.name) + (fused ? "/fused" : "/unfused")).c_str(),
          [=](benchmark::State& state) { expression(state, each.build, fused); })
          ->Apply(softmax_shapes);
    }
  }
  for (const ReduceOp op : {ReduceOp::sum, ReduceOp::max, ReduceOp::logsumexp, ReduceOp::argmax}) {
    auto* entry =
        benchmark::RegisterBenchmark(("reduce/" + std::string(to_string(op))).c_str(),
                                     [op](benchmark::State& state) { reduction(state, op); });
    entry->ArgNames({"outer", "extent", "inner"})->UseRealTime();
    // All, the last axis, the first, the middle one.
    for (const std::vector<std::int64_t>& shape :
         std::vector<std::vector<std::int64_t>>{{1, 1000, 1},
                                                {1, 100000, 1},
                                                {1, 1000000, 1},
                                                {1, 100000000, 1},
                                                {100, 10, 1},
                                                {32, 1000, 1},
                                                {10000, 10, 1},
                                                {10000, 1000, 1},
                                                {10000000, 10, 1},
                                                {1, 32, 128},
                                                {1, 1000, 100},
                                                {1, 1000000, 10},
                                                {1, 10000, 1000},
                                                {1, 100, 100000},
                                                {64, 100, 1000},
                                                {10000, 10, 100}}) {
      entry->Args(shape);
    }
  }
  return true;
}();

}  // namespace
