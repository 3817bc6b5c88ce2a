// Recurrent kernels: the same bits for any number of threads, whichever way the work is shared out.
// What they compute is compared with the reference evaluation in tests/runtime.

#include "kernels/cpu/recurrent.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tegula/core/tensor.hpp"
#include "tests/kernels/kernel_test.hpp"

using namespace tegula;
using namespace tegula::kernels;
using namespace tegula::testing;

namespace {

using Index = std::int64_t;
using Floats = std::vector<float>;

struct Case {
  const char* name;
  RecurrentCell cell;
  Index batch, steps, features, units;
};

constexpr Case kCases[] = {
    {"tasks of samples", RecurrentCell::lstm, 70, 3, 5, 40},
    {"tasks of units", RecurrentCell::lstm, 5, 4, 6, 150},
    {"one sample", RecurrentCell::gru, 1, 6, 20, 300},
    {"two products a step", RecurrentCell::gru_reset_before, 9, 3, 7, 170},
    {"samples in two products a step", RecurrentCell::gru_reset_before, 49, 2, 7, 33},
    {"simple", RecurrentCell::simple, 26, 5, 3, 129},
};

/// Aligned as kernels want their memory, with NaN in it.
Tensor memory(std::size_t count) {
  return Tensor::full(DType::f32, {static_cast<Index>(count)}, NAN);
}

std::size_t size_of(Index count) { return static_cast<std::size_t>(count); }

Floats values(Index count, double bound, unsigned seed) {
  return uniform_values<float>(size_of(count), -bound, bound, seed);
}

/// All results of a layer and its gradient, one after the other.
Floats results_of(const RecurrentProblem& p) {
  const Index columns = p.gates() * p.units, states = p.batch * p.units;
  const Index places = p.batch * p.steps;
  const Floats x = values(places * p.features, 1, 1), kernel = values(p.features * columns, 0.3, 2),
               recurrent = values(p.units * columns, 0.1, 3), bias = values(2 * columns, 0.5, 4),
               h = values(states, 1, 5), carry = values(states, 1, 6),
               dall = values(places * p.units, 1, 7), dlast = values(states, 1, 8);
  const bool counts = true;
  const RecurrentInputs inputs = {x.data(), kernel.data(), recurrent.data(), bias.data(),
                                  &counts,  h.data(),      carry.data()};
  Tensor packed = memory(packed_recurrent_size(p)), workspace = memory(recurrent_workspace_size(p)),
         gradient_workspace = memory(recurrent_gradient_workspace_size(p));
  Floats all(size_of(places * p.units)), last(size_of(states)), last_carry(last),
      saved(size_of(places * p.saved() * p.units));
  pack_recurrent(p, recurrent.data(), packed.data<float>());
  recurrent_forward(p, inputs, packed.data<float>(),
                    {all.data(), last.data(), last_carry.data(), saved.data()},
                    workspace.data<float>());
  Floats dx(x.size()), dkernel(kernel.size()), drecurrent(recurrent.size()), dbias(bias.size()),
      dh(h.size()), dcarry(h.size());
  recurrent_backward(
      p, inputs, {all.data(), saved.data(), dall.data(), dlast.data(), dlast.data()},
      {dx.data(), dkernel.data(), drecurrent.data(), dbias.data(), dh.data(), dcarry.data()},
      gradient_workspace.data<float>());
  Floats results;
  for (const Floats* one : {&all, &last, &saved, &dx, &dkernel, &drecurrent, &dbias, &dh}) {
    results.insert(results.end(), one->begin(), one->end());
  }
  return results;
}

}  // namespace

TEST_CASE("recurrent kernels give the same bits for any number of threads") {
  for_each_isa([] {
    for (const Case& one : kCases) {
      INFO(one.name);
      const RecurrentProblem problem = {.cell = one.cell,
                                        .batch = one.batch,
                                        .steps = one.steps,
                                        .features = one.features,
                                        .units = one.units};
      Floats expected;
      for (const int threads : {1, 2, 3}) {
        const ThreadCount count(threads);
        const Floats found = results_of(problem);
        if (expected.empty()) expected = found;
        CHECK(same_bits(found, expected));
      }
    }
  });
}
