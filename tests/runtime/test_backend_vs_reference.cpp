// Every kernel of the CPU backend against the op's reference evaluation, over the registry's
// samples in several dtypes: plainly, in place where the kernel allows it, and with outputs that
// nobody reads.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

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

/// Largest difference that is let pass, relative to 1 + |expected|: rounding of results and of
/// sums over at most some thousand terms.
double tolerance(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return 2e-5;
    case DType::f64:
      return 1e-12;
    default:
      return 0;
  }
}

/// Index of the first element that differs too much, -1 for none.
std::int64_t first_difference(const Tensor& actual, const Tensor& expected) {
  for (std::int64_t i = 0; i < expected.element_count(); ++i) {
    const double a = actual.at(i);
    const double e = expected.at(i);
    if (a == e || (std::isnan(a) && std::isnan(e))) continue;
    if (!(std::abs(a - e) <= tolerance(expected.dtype()) * (1 + std::abs(e)))) return i;
  }
  return -1;
}

/// Calls a kernel with buffers of the node's types; a null output is not computed.
void call(const Kernel& kernel, const std::vector<Tensor>& inputs, std::vector<Tensor>& outputs,
          int skipped = -1) {
  std::vector<const void*> input_pointers;
  for (const Tensor& input : inputs) input_pointers.push_back(input.raw());
  std::vector<void*> output_pointers;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    output_pointers.push_back(static_cast<int>(i) == skipped ? nullptr : outputs[i].raw());
  }
  Tensor workspace(DType::u8, {static_cast<std::int64_t>(kernel.workspace_bytes())});
  kernel.run({input_pointers.data(), output_pointers.data(), workspace.raw(), kKey});
}

std::vector<Tensor> empty_outputs(const Node& node) {
  std::vector<Tensor> outputs;
  for (const ValueType& type : node.outputs()) {
    // Not zeros: an element that the kernel forgets must be seen.
    outputs.push_back(Tensor::full(type.dtype, type.shape, 77));
  }
  return outputs;
}

void check_same_bytes(const std::vector<Tensor>& actual, const std::vector<Tensor>& expected,
                      int skipped = -1) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (static_cast<int>(i) != skipped) CHECK(identical(actual[i], expected[i]));
  }
}

void check_kernel(const Node& node, const std::vector<Tensor>& inputs) {
  const std::unique_ptr<Kernel> kernel = cpu_backend().lower(node);
  const std::string description = kernel->description();
  CAPTURE(description);
  const std::vector<Tensor> expected = evaluate_node(node, inputs, kKey);
  std::vector<Tensor> outputs = empty_outputs(node);
  std::vector<Tensor> untouched;
  for (const Tensor& input : inputs) untouched.push_back(input.clone());
  call(*kernel, inputs, outputs);
  check_same_bytes(inputs, untouched);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    const std::int64_t index = first_difference(outputs[i], expected[i]);
    if (index < 0) continue;
    CAPTURE(index);
    CHECK(outputs[i].at(index) == expected[i].at(index));
  }

  for (const InPlace& pair : kernel->in_place()) {
    std::vector<Tensor> own_inputs;
    for (const Tensor& input : inputs) own_inputs.push_back(input.clone());
    std::vector<Tensor> shared = empty_outputs(node);
    Tensor& input = own_inputs[static_cast<std::size_t>(pair.input)];
    Tensor& output = shared[static_cast<std::size_t>(pair.output)];
    REQUIRE(input.byte_count() >= output.byte_count());
    output = Tensor::borrow(output.dtype(), output.shape(), input.raw(), input.owner());
    call(*kernel, own_inputs, shared);
    check_same_bytes(shared, outputs);
  }

  if (!kernel->skips_null_outputs() || outputs.size() < 2) return;
  for (int skipped = 0; skipped < node.output_count(); ++skipped) {
    std::vector<Tensor> others = empty_outputs(node);
    call(*kernel, inputs, others, skipped);
    check_same_bytes(others, outputs, skipped);
  }
}

void check_samples(DType dtype) {
  for (const OpDef* op : all_ops()) {
    // Without inputs or reference evaluation: held by the session, not computed by a kernel.
    if (!op->reference || op->name == "constant") continue;
    std::size_t number = 0;
    for (const Sample& given : op->samples()) {
      const Sample sample = with_floats(given, dtype);
      const std::string text = describe(*op, sample, number++);
      CAPTURE(text);
      SampleGraph built;
      try {
        built = build_sample(*op, sample, Dims::known);
      } catch (const DTypeError&) {
        continue;  // The op does not take this dtype; the conformance test looks at the message.
      }
      check_kernel(*built.node, tensors_of(sample));
    }
  }
}

}  // namespace

TEST_CASE("kernels agree with the reference evaluation, in every dtype, on every instruction set") {
  for_each_isa([] {
    for (const DType dtype : kAllDTypes) check_samples(dtype);
  });
}

TEST_CASE("the comparison sees a wrong element") {
  const Tensor expected = Tensor::from({1.f, 2.f, 3.f});
  Tensor actual = expected.clone();
  CHECK(first_difference(actual, expected) == -1);
  actual.set(2, 3.001);
  CHECK(first_difference(actual, expected) == 2);
  actual.set(1, std::nan(""));
  CHECK(first_difference(actual, expected) == 1);
}

TEST_CASE("rows are computed by a kernel of their own, whatever their length") {
  const OpDef& op = find_op("row_cluster");
  for (const Sample& sample : op.samples()) {
    const SampleGraph built = build_sample(op, sample, Dims::known);
    CAPTURE(built.graph.to_text());
    CHECK(cpu_backend().lower(*built.node)->description().starts_with("rows f32"));
  }
}

TEST_CASE("the ops of an MLP in f32 have kernels of their own") {
  const std::vector<std::string> ops = {
      "matmul",  "fused_matmul",   "cluster",         "multi_cluster", "add",
      "relu",    "dropout",        "softmax",         "sum",           "mean",
      "argmax",  "gather",         "transpose",       "broadcast_to",  "cast",
      "one_hot", "random_uniform", "truncated_normal"};
  for (const std::string& name : ops) {
    CAPTURE(name);
    const OpDef& op = find_op(name);
    const Sample sample = op.samples().front();
    const SampleGraph built = build_sample(op, sample, Dims::known);
    CHECK_FALSE(cpu_backend().lower(*built.node)->description().starts_with("reference"));
  }
}
