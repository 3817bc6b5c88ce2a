// Elementwise programs and random fills in bytes per second, beside memcpy.

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "bench/values.hpp"
#include "kernels/cpu/elementwise.hpp"
#include "tegula/core/parallel.hpp"

namespace {

using namespace tegula;
using namespace tegula::kernels;
using bench::count_bytes;
using bench::values;

/// What no kernel can beat: the bytes read once and written once, by all threads.
void copy(benchmark::State& state) {
  const std::int64_t count = state.range(0);
  const auto x = values(count);
  std::vector<float> y(x.size());
  constexpr std::int64_t kChunk = 1 << 18;
  for (auto _ : state) {
    parallel_for((count + kChunk - 1) / kChunk, [&](std::int64_t task) {
      const std::int64_t begin = task * kChunk, end = std::min(count, begin + kChunk);
      std::memcpy(y.data() + begin, x.data() + begin,
                  static_cast<std::size_t>(end - begin) * sizeof(float));
    });
    benchmark::ClobberMemory();
  }
  count_bytes(state, 8 * count);
}
BENCHMARK(copy)->RangeMultiplier(10)->Range(1000, 100000000)->UseRealTime();

/// One call of memcpy, on one thread: it may choose stores that bypass the caches.
void copy_at_once(benchmark::State& state) {
  const auto x = values(state.range(0));
  std::vector<float> y(x.size());
  for (auto _ : state) {
    std::memcpy(y.data(), x.data(), x.size() * sizeof(float));
    benchmark::ClobberMemory();
  }
  count_bytes(state, 8 * state.range(0));
}
BENCHMARK(copy_at_once)->RangeMultiplier(10)->Range(1000, 100000000)->UseRealTime();

/// A program whose inputs are all as large as its outputs.
void run_program(benchmark::State& state, const Program& program) {
  const std::int64_t count = state.range(0);
  const std::size_t inputs = static_cast<std::size_t>(program.inputs);
  std::vector<std::vector<float>> in(inputs, values(count)), out(program.outputs.size());
  std::vector<const void*> in_pointers;
  std::vector<void*> out_pointers;
  for (const auto& x : in) in_pointers.push_back(x.data());
  for (auto& y : out) {
    y.resize(static_cast<std::size_t>(count));
    out_pointers.push_back(y.data());
  }
  const std::vector<ElementwiseInput> kinds(inputs, {DType::f32, {count}});
  const std::vector<DType> dtypes(out.size(), DType::f32);
  const auto plan = ElementwisePlan::whole(program, DType::f32, kinds, {count}, dtypes);
  for (auto _ : state) {
    plan.run(in_pointers.data(), out_pointers.data(), {.seed = 1, .step = 2});
    benchmark::ClobberMemory();
  }
  count_bytes(state, 4 * count * static_cast<std::int64_t>(inputs + out.size()));
}

/// One instruction.
void instruction(benchmark::State& state, ElementwiseOp op, std::array<double, 2> immediates) {
  Program program;
  program.inputs = operand_count(op);
  program.outputs = {program.append(op, {0, 1, 2}, immediates)};
  run_program(state, program);
}

/// sigmoid-free chain of eight cheap operations on one input.
void chain(benchmark::State& state) {
  using Op = ElementwiseOp;
  Program program;
  program.inputs = 1;
  auto constant = [&](double value) {
    return program.append(Op::constant, {-1, -1, -1}, {value, 0});
  };
  int x = program.append(Op::mul, {0, constant(1.5)});
  x = program.append(Op::add, {x, constant(0.25)});
  x = program.append(Op::abs, {x});
  x = program.append(Op::maximum, {x, constant(0.5)});
  x = program.append(Op::square, {x});
  x = program.append(Op::sub, {x, constant(1)});
  x = program.append(Op::relu, {x});
  x = program.append(Op::minimum, {x, constant(6)});
  program.outputs = {x};
  run_program(state, program);
}
BENCHMARK(chain)->RangeMultiplier(10)->Range(1000, 100000000)->UseRealTime();

/// Adam in place over one array of parameters.
void adam(benchmark::State& state) {
  using Op = ElementwiseOp;
  Program program;
  program.inputs = 5;
  auto constant = [&](double value) {
    return program.append(Op::constant, {-1, -1, -1}, {value, 0});
  };
  const int old_m = program.append(Op::mul, {1, constant(0.9)});
  const int m = program.append(Op::add, {old_m, program.append(Op::mul, {3, constant(0.1)})});
  const int old_v = program.append(Op::mul, {2, constant(0.999)});
  const int square = program.append(Op::square, {3});
  const int v =
      program.append(Op::add, {old_v, program.append(Op::mul, {square, constant(0.001)})});
  const int root = program.append(Op::add, {program.append(Op::sqrt, {v}), constant(1e-7)});
  const int step = program.append(Op::div, {program.append(Op::mul, {m, 4}), root});
  program.outputs = {program.append(Op::sub, {0, step}), m, v};

  const std::int64_t count = state.range(0);
  std::vector<std::vector<float>> arrays(4, values(count));
  const float rate = 1e-3f;
  const void* inputs[] = {arrays[0].data(), arrays[1].data(), arrays[2].data(), arrays[3].data(),
                          &rate};
  void* outputs[] = {arrays[0].data(), arrays[1].data(), arrays[2].data()};
  std::vector<ElementwiseInput> kinds(4, {DType::f32, {count}});
  kinds.push_back({DType::f32, {}});
  const std::vector<DType> dtypes(3, DType::f32);
  const auto plan = ElementwisePlan::linear(program, DType::f32, kinds, dtypes);
  const Segment segment{inputs, outputs, count};
  for (auto _ : state) {
    plan.run_segments({&segment, 1});
    benchmark::ClobberMemory();
  }
  count_bytes(state, 7 * 4 * count);
}
BENCHMARK(adam)->Arg(1000)->Arg(101770)->Arg(10000000)->UseRealTime();

/// relu(x + bias) over [rows, columns].
void bias_relu(benchmark::State& state) {
  Program program;
  program.inputs = 2;
  const int sum = program.append(ElementwiseOp::add, {0, 1});
  program.outputs = {program.append(ElementwiseOp::relu, {sum})};
  const std::int64_t rows = state.range(0), columns = state.range(1);
  auto x = values(rows * columns);
  const auto bias = values(columns);
  const ElementwiseInput kinds[] = {{DType::f32, {rows, columns}}, {DType::f32, {columns}}};
  const DType dtype = DType::f32;
  const auto plan = ElementwisePlan::whole(program, dtype, kinds, {rows, columns}, {&dtype, 1});
  const void* inputs[] = {x.data(), bias.data()};
  void* outputs[] = {x.data()};
  for (auto _ : state) {
    plan.run(inputs, outputs);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 8 * rows * columns);
}
BENCHMARK(bias_relu)->Args({32, 10})->Args({32, 128})->Args({4096, 1024})->UseRealTime();

/// The epilogue of a product, on the calling thread: relu(x + bias), then dropout where a rate is
/// given, in blocks of [rows, columns] of a [32, 128] product.
void epilogue(benchmark::State& state) {
  const std::int64_t rows = state.range(0), columns = state.range(1);
  const double rate = static_cast<double>(state.range(2)) / 100;
  Program program;
  program.inputs = 2;
  int y = program.append(ElementwiseOp::add, {0, 1});
  y = program.append(ElementwiseOp::relu, {y});
  if (rate > 0) y = program.append(ElementwiseOp::dropout, {y}, {rate, 0}, 7);
  program.outputs = {y};
  auto x = values(32 * 128);
  const auto bias = values(128);
  const ElementwiseInput kinds[] = {{DType::f32, {32, 128}}, {DType::f32, {128}}};
  const DType dtype = DType::f32;
  const auto plan = ElementwisePlan::blocks(program, dtype, kinds, {32, 128}, {&dtype, 1});
  const void* inputs[] = {x.data(), bias.data()};
  void* outputs[] = {x.data()};
  for (auto _ : state) {
    for (std::int64_t row = 0; row < 32; row += rows) {
      for (std::int64_t column = 0; column < 128; column += columns) {
        plan.run_block({row, rows, column, columns}, inputs, outputs, {.seed = 1, .step = 2});
      }
    }
    benchmark::ClobberMemory();
  }
  count_bytes(state, 8 * 32 * 128);
}
BENCHMARK(epilogue)
    ->Args({32, 128, 0})
    ->Args({16, 16, 0})
    ->Args({4, 16, 0})
    ->Args({32, 128, 20})
    ->Args({16, 16, 20})
    ->UseRealTime();

void random_fill(benchmark::State& state,
                 void (*fill)(const RandomKey&, float*, std::int64_t, float, float)) {
  std::vector<float> x(1000000);
  for (auto _ : state) {
    fill({.seed = 1}, x.data(), 1000000, 0, 1);
    benchmark::ClobberMemory();
  }
  count_bytes(state, 4 * 1000000);
}
BENCHMARK_CAPTURE(random_fill, uniform, &fill_uniform<float>)->UseRealTime();
BENCHMARK_CAPTURE(random_fill, normal, &fill_normal<float>)->UseRealTime();
BENCHMARK_CAPTURE(random_fill, truncated_normal, &fill_truncated_normal<float>)->UseRealTime();

/// Every opcode over an array in the cache, some also over one in memory.
const bool registered = [] {
  using Op = ElementwiseOp;
  for (int op = 0; op <= static_cast<int>(Op::random_normal); ++op) {
    const Op code = static_cast<Op>(op);
    if (code == Op::constant) continue;
    auto* entry = benchmark::RegisterBenchmark(
        ("instruction/" + std::string(to_string(code))).c_str(), [code](benchmark::State& state) {
          instruction(state, code, {0.5, 1});
        });
    entry->Arg(10000)->UseRealTime();
    if (code == Op::add || code == Op::exp || code == Op::dropout) entry->Arg(10000000);
  }
  return true;
}();

}  // namespace
