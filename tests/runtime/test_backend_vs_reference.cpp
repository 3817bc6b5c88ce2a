// The CPU backend's kernels against the ops' reference evaluation, over the registry's samples.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tegula/graph/evaluate.hpp"
#include "tegula/runtime/backend.hpp"
#include "tests/support/op_samples.hpp"

using namespace tegula;
using namespace tegula::test;

namespace {

constexpr RandomKey kKey{.seed = 5, .op_id = 0, .step = 9};

/// Relative to the larger of the value and 1; sums of a few dozen rounded products stay below.
double tolerance(DType dtype) { return dtype == DType::f64 ? 1e-11 : 1e-5; }

bool close(double given, double wanted, DType dtype) {
  if (given == wanted || (std::isnan(given) && std::isnan(wanted))) return true;
  if (!is_floating(dtype)) return false;
  return std::abs(given - wanted) <= tolerance(dtype) * std::max(1.0, std::abs(wanted));
}

bool close(const Tensor& given, const Tensor& wanted) {
  for (std::int64_t i = 0; i < wanted.element_count(); ++i) {
    if (close(given.at(i), wanted.at(i), wanted.dtype())) continue;
    MESSAGE("element " << i << ": " << given.at(i) << " instead of " << wanted.at(i));
    return false;
  }
  return true;
}

struct Call {
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
};

/// Runs the kernel on memory of its own; with `pair`, that output is the memory of that input.
Call run_kernel(const Kernel& kernel, const Node& node, const std::vector<Tensor>& inputs,
                const InPlace* pair = nullptr) {
  Call call;
  std::vector<const void*> from;
  std::vector<void*> to;
  for (const Tensor& input : inputs) {
    call.inputs.push_back(input.clone());
    from.push_back(call.inputs.back().raw());
  }
  for (int i = 0; i < node.output_count(); ++i) {
    const ValueType& type = node.outputs()[static_cast<std::size_t>(i)];
    if (pair != nullptr && pair->output == i) {
      const Tensor& shared = call.inputs[static_cast<std::size_t>(pair->input)];
      call.outputs.push_back(
          Tensor::borrow(type.dtype, type.shape, const_cast<void*>(shared.raw()), nullptr));
    } else {
      call.outputs.emplace_back(type.dtype, type.shape);
    }
    to.push_back(call.outputs.back().raw());
  }
  Tensor workspace(DType::u8, {static_cast<std::int64_t>(kernel.workspace_bytes())});
  kernel.run({from.data(), to.data(), workspace.raw(), kKey});
  return call;
}

/// Calls `visit(node, inputs)` for every sample, with f32 and with f64 in place of it.
template <typename Visit>
void for_each_sample(Visit&& visit) {
  for (const OpDef* op : all_ops()) {
    if (!op->samples || !op->reference) continue;
    std::size_t number = 0;
    for (const Sample& original : op->samples()) {
      for (const DType floats : {DType::f32, DType::f64}) {
        // Constants inside a cluster keep their dtype, so clusters stay as they are.
        if (floats != DType::f32 && original.attrs.has("cluster")) continue;
        const Sample sample = with_floats(original, floats);
        const std::string text = describe(*op, sample, number);
        CAPTURE(text);
        visit(*build_sample(*op, sample, Dims::known).node, tensors_of(sample));
      }
      ++number;
    }
  }
}

}  // namespace

TEST_CASE("kernels compute what the reference evaluation computes") {
  for_each_sample([](const Node& node, const std::vector<Tensor>& inputs) {
    const std::unique_ptr<Kernel> kernel = cpu_backend().lower(node);
    const std::string description = kernel->description();
    CAPTURE(description);
    const std::vector<Tensor> wanted = evaluate_node(node, inputs, kKey);
    const Call call = run_kernel(*kernel, node, inputs);
    for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(close(call.outputs[i], wanted[i]));
    for (std::size_t i = 0; i < inputs.size(); ++i) CHECK(identical(call.inputs[i], inputs[i]));
  });
}

TEST_CASE("kernels that may work in place give the same bits there") {
  for_each_sample([](const Node& node, const std::vector<Tensor>& inputs) {
    const std::unique_ptr<Kernel> kernel = cpu_backend().lower(node);
    const Call apart = run_kernel(*kernel, node, inputs);
    for (const InPlace& pair : kernel->in_place()) {
      CAPTURE(pair.input);
      CAPTURE(pair.output);
      const Call shared = run_kernel(*kernel, node, inputs, &pair);
      for (std::size_t i = 0; i < apart.outputs.size(); ++i) {
        CHECK(identical(shared.outputs[i], apart.outputs[i]));
      }
    }
  });
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
