// Recurrent layers: inference, and training steps (forward and backward), beside the rate of a
// large matrix product on the same threads.
//
// The threads are TEGULA_NUM_THREADS, the instruction set TEGULA_ISA. Counter FLOPS is FLOP/s of
// the products; of_gemm is its ratio to the rate of a 1024x1024x1024 product.

#include "kernels/cpu/recurrent.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bench/gemm_rate.hpp"
#include "bench/values.hpp"
#include "kernels/cpu/isa.hpp"
#include "tegula/core/tensor.hpp"

using namespace tegula;
using namespace tegula::kernels;

namespace {

using Index = std::int64_t;

struct Named {
  const char* name;
  RecurrentCell cell;
  Index batch, steps, features, units;
};

constexpr Named kLayers[] = {
    {"lstm/mnist_rows", RecurrentCell::lstm, 32, 28, 28, 128},
    {"lstm/one_sample", RecurrentCell::lstm, 1, 100, 256, 256},
    {"lstm/text", RecurrentCell::lstm, 64, 100, 256, 256},
    {"lstm/large", RecurrentCell::lstm, 128, 50, 512, 512},
    {"gru/mnist_rows", RecurrentCell::gru, 32, 28, 28, 128},
    {"gru/reset_before", RecurrentCell::gru_reset_before, 32, 28, 28, 128},
    {"simple/mnist_rows", RecurrentCell::simple, 32, 28, 28, 128},
};

/// All that a layer and its gradient read and write.
struct Operands {
  explicit Operands(const RecurrentProblem& p)
      : problem(p),
        x(bench::values(p.batch * p.steps * p.features)),
        kernel(bench::values(p.features * p.gates() * p.units)),
        recurrent_kernel(bench::values(p.units * p.gates() * p.units)),
        bias(bench::values(2 * p.gates() * p.units)),
        state(bench::values(p.batch * p.units)),
        all(bench::values(p.batch * p.steps * p.units)),
        saved(bench::values(p.batch * p.steps * p.saved() * p.units)),
        dx(x),
        dkernel(kernel),
        drecurrent(recurrent_kernel),
        dbias(bias),
        dstate(state),
        packed(floats(packed_recurrent_size(p))),
        workspace(floats(recurrent_workspace_size(p))),
        gradient_workspace(floats(recurrent_gradient_workspace_size(p))) {
    for (float& weight : recurrent_kernel) weight *= 0.1f;
  }

  static Tensor floats(std::size_t count) {
    return Tensor(DType::f32, {static_cast<Index>(count)});
  }

  void pack() { pack_recurrent(problem, recurrent_kernel.data(), packed.data<float>()); }
  void forward() {
    recurrent_forward(problem, inputs(), packed.data<float>(),
                      {all.data(), last.data(), last_carry.data(), saved.data()},
                      workspace.data<float>());
  }
  void backward() {
    recurrent_backward(problem, inputs(),
                       {all.data(), saved.data(), all.data(), state.data(), state.data()},
                       {dx.data(), dkernel.data(), drecurrent.data(), dbias.data(), dstate.data(),
                        last_carry.data()},
                       gradient_workspace.data<float>());
  }

  RecurrentProblem problem;
  std::vector<float> x, kernel, recurrent_kernel, bias, state, all, saved, dx, dkernel, drecurrent,
      dbias, dstate;
  std::vector<float> last = state, last_carry = state;
  Tensor packed, workspace, gradient_workspace;
  bool counts = true;

 private:
  RecurrentInputs inputs() const {
    return {x.data(),     kernel.data(), recurrent_kernel.data(), bias.data(), &counts,
            state.data(), state.data()};
  }
};

RecurrentProblem problem_of(const Named& named) {
  return {.cell = named.cell,
          .batch = named.batch,
          .steps = named.steps,
          .features = named.features,
          .units = named.units};
}

void count_flops(benchmark::State& state, const RecurrentProblem& p, double passes) {
  const double flops = passes * 2 * static_cast<double>(p.batch * p.steps) *
                       static_cast<double>(p.features + p.units) *
                       static_cast<double>(p.gates() * p.units) *
                       static_cast<double>(state.iterations());
  state.counters["FLOPS"] = benchmark::Counter(flops, benchmark::Counter::kIsRate);
  state.counters["of_gemm"] =
      benchmark::Counter(flops / bench::gemm_rate(), benchmark::Counter::kIsRate);
}

/// Weights are packed once, as between predictions.
void run_inference(benchmark::State& state, const Named& named) {
  Operands operands(problem_of(named));
  operands.pack();
  for (auto _ : state) {
    operands.forward();
    benchmark::ClobberMemory();
  }
  count_flops(state, operands.problem, 1);
}

void run_training(benchmark::State& state, const Named& named) {
  Operands operands(problem_of(named));
  for (auto _ : state) {
    operands.pack();
    operands.forward();
    operands.backward();
    benchmark::ClobberMemory();
  }
  count_flops(state, operands.problem, 3);
}

const bool registered = [] {
  active_isa();
  for (const Named& named : kLayers) {
    const auto add = [&](const char* what, void (*run)(benchmark::State&, const Named&)) {
      benchmark::RegisterBenchmark((std::string(what) + "/" + named.name).c_str(),
                                   [run, named](benchmark::State& state) { run(state, named); })
          ->UseRealTime()
          ->Unit(benchmark::kMillisecond);
    };
    add("inference", run_inference);
    add("training", run_training);
  }
  return true;
}();

}  // namespace
