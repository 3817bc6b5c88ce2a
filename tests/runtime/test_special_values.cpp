// NaN, infinities and zeros of both signs through every kernel, on every instruction set, with and
// without generated code: what the reference evaluation gives. An op that is added to the registry
// is tested here without a further line.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cpu/elementwise_jit.hpp"
#include "tegula/core/error.hpp"
#include "tegula/graph/evaluate.hpp"
#include "tegula/graph/op_def.hpp"
#include "tegula/runtime/backend.hpp"
#include "tests/kernels/each_isa.hpp"
#include "tests/support/op_samples.hpp"

using namespace tegula;
using namespace tegula::test;

namespace {

constexpr RandomKey kKey{.seed = 3, .op_id = 0, .step = 8};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::numeric_limits<double>::quiet_NaN();

/// What is scattered among a sample's own numbers.
const std::vector<std::vector<double>>& mixtures() {
  static const std::vector<std::vector<double>> table = {
      {kNan}, {kInfinity}, {-kInfinity}, {kInfinity, -kInfinity, 0.0, -0.0, kNan, 1.0}};
  return table;
}

std::vector<Tensor> scatter(std::vector<Tensor> tensors, const std::vector<double>& mixture) {
  std::size_t input = 0;
  for (Tensor& tensor : tensors) {
    ++input;
    if (!is_floating(tensor.dtype())) continue;
    const std::size_t every = mixture.size() > 1 ? 1 : 3;
    for (std::int64_t i = 0; i < tensor.element_count(); ++i) {
      const std::size_t step = static_cast<std::size_t>(i) * input + input;
      if (step % every == 0) tensor.set(i, mixture[step / every % mixture.size()]);
    }
  }
  return tensors;
}

bool agrees(double actual, double expected, DType dtype) {
  if (actual == expected || (std::isnan(actual) && std::isnan(expected))) return true;
  const double tolerance = dtype == DType::f32 ? 2e-5 : dtype == DType::f64 ? 1e-12 : 0;
  return std::abs(actual - expected) <= tolerance * (1 + std::abs(expected));
}

/// Returns the number of elements that were compared.
std::int64_t check_kernel(const Node& node, const std::vector<Tensor>& inputs,
                          const std::vector<Tensor>& expected) {
  const std::unique_ptr<Kernel> kernel = cpu_backend().lower(node);
  const std::string description = kernel->description();
  CAPTURE(description);
  std::vector<const void*> input_pointers;
  for (const Tensor& input : inputs) input_pointers.push_back(input.raw());
  std::vector<Tensor> outputs;
  std::vector<void*> output_pointers;
  for (const ValueType& type : node.outputs()) {
    outputs.push_back(Tensor::full(type.dtype, type.shape, 77));
    output_pointers.push_back(outputs.back().raw());
  }
  Tensor workspace(DType::u8, {static_cast<std::int64_t>(kernel->workspace_bytes())});
  kernel->run({input_pointers.data(), output_pointers.data(), workspace.raw(), kKey});
  std::int64_t compared = 0;
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    compared += outputs[k].element_count();
    for (std::int64_t i = 0; i < outputs[k].element_count(); ++i) {
      const double actual = outputs[k].at(i), wanted = expected[k].at(i);
      if (agrees(actual, wanted, outputs[k].dtype())) continue;
      CAPTURE(k);
      CAPTURE(i);
      CHECK(actual == wanted);
      break;
    }
  }
  return compared;
}

std::int64_t check_sample(const OpDef& op, const Sample& sample) {
  SampleGraph built;
  try {
    built = build_sample(op, sample, Dims::known);
  } catch (const DTypeError&) {
    return 0;  // not of this dtype
  }
  std::int64_t compared = 0;
  for (std::size_t mixture = 0; mixture < mixtures().size(); ++mixture) {
    CAPTURE(mixture);
    const std::vector<Tensor> inputs = scatter(tensors_of(sample), mixtures()[mixture]);
    std::vector<Tensor> expected;
    try {
      expected = evaluate_node(*built.node, inputs, kKey);
    } catch (const RunError&) {
      continue;  // no such result, by the op's own rule
    }
    for (const bool generated : {true, false}) {
      const bool before = kernels::detail::allow_generated_code(generated);
      CAPTURE(generated);
      compared += check_kernel(*built.node, inputs, expected);
      kernels::detail::allow_generated_code(before);
    }
  }
  return compared;
}

}  // namespace

TEST_CASE("kernels treat NaN, infinities and zeros as the reference evaluation does") {
  for_each_isa([] {
    std::int64_t compared = 0;
    for (const OpDef* op : all_ops()) {
      if (!op->reference || op->name == "constant") continue;
      std::size_t number = 0;
      for (const Sample& given : op->samples()) {
        if (element_count_of(given) > 400) continue;
        for (const DType dtype : {DType::f32, DType::f64}) {
          const Sample sample = with_floats(given, dtype);
          const std::string text = describe(*op, sample, number);
          CAPTURE(text);
          compared += check_sample(*op, sample);
        }
        ++number;
      }
    }
    CHECK(compared > 10'000);
  });
}
