// What every registered op owes: its inference, reference evaluation, gradient and errors agree.
// An op that is added to the registry is tested here without a further line.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/graph/evaluate.hpp"
#include "tegula/graph/gradient_check.hpp"
#include "tegula/graph/gradients.hpp"
#include "tegula/graph/ops.hpp"
#include "tests/support/op_samples.hpp"

using namespace tegula;
using namespace tegula::test;

namespace {

/// Ops that accept every input of their rank and dtype.
const std::set<std::string> kNeverRefuses = {"after",       "cast",     "constant",     "identity",
                                             "placeholder", "shape_of", "stop_gradient"};

/// Numeric differences of larger samples would take most of the test's time.
constexpr std::int64_t kMostElementsForGradients = 200;
constexpr std::int64_t kMostElementsForSecondGradients = 16;

template <typename Visit>
void for_each_sample(Visit&& visit) {
  for (const OpDef* op : all_ops()) {
    if (!op->samples) continue;
    std::size_t number = 0;
    for (const Sample& sample : op->samples()) {
      const std::string text = describe(*op, sample, number++);
      CAPTURE(text);
      try {
        visit(*op, sample);
      } catch (const std::exception& error) {
        FAIL_CHECK(error.what());
      }
    }
  }
}

std::vector<std::pair<Value, Tensor>> feeds_of(const SampleGraph& built, const Sample& sample) {
  std::vector<std::pair<Value, Tensor>> feeds;
  const std::vector<Tensor> tensors = tensors_of(sample);
  for (std::size_t i = 0; i < tensors.size(); ++i) feeds.emplace_back(built.inputs[i], tensors[i]);
  return feeds;
}

ValueType type_of(const Tensor& tensor) { return {tensor.dtype(), tensor.shape()}; }

/// A sample as a function of its floating inputs, ready for a gradient check.
struct Differentiable {
  SampleGraph built;
  std::vector<Value> xs;
  std::vector<Value> ys;
  std::vector<std::pair<Value, Tensor>> feeds;
};

Differentiable differentiable(const OpDef& op, const Sample& sample, Dims dims) {
  Differentiable result;
  result.built = build_sample(op, sample, dims);
  if (op.name == "softmax_cross_entropy") {
    // As in TensorFlow, the gradient supposes labels that sum to 1.
    const auto& inputs = result.built.inputs;
    result.built.node = &softmax_cross_entropy(inputs[0], softmax(inputs[1])).node();
  }
  for (const Value& input : result.built.inputs) {
    if (is_floating(input.dtype())) result.xs.push_back(input);
  }
  for (const Value& y : differentiable_outputs(*result.built.node)) {
    if (y.dtype() == DType::f32 || y.dtype() == DType::f64) result.ys.push_back(y);
  }
  result.feeds = feeds_of(result.built, sample);
  return result;
}

bool floats_are_wide(const Sample& sample) {
  return std::none_of(sample.inputs.begin(), sample.inputs.end(), [](const SampleInput& input) {
    return input.dtype == DType::f16 || input.dtype == DType::bf16;
  });
}

}  // namespace

TEST_CASE("every op states samples and, where it can refuse, bad samples") {
  for (const OpDef* op : all_ops()) {
    CAPTURE(op->name);
    CHECK_FALSE((op->samples ? op->samples() : std::vector<Sample>{}).empty());
    const bool refuses = op->bad_samples && !op->bad_samples().empty();
    CHECK(refuses != kNeverRefuses.contains(op->name));
    CHECK_FALSE(op->doc.empty());
    for (const InputDef& input : op->inputs) CHECK_FALSE(input.doc.empty());
    for (const AttrDef& attr : op->attrs) CHECK_FALSE(attr.doc.empty());
  }
}

TEST_CASE("reference results have the inferred types, with known and with unknown dimensions") {
  for_each_sample([](const OpDef& op, const Sample& sample) {
    if (!op.reference) return;
    const std::vector<Tensor> inputs = tensors_of(sample);
    std::vector<Tensor> untouched;
    for (const Tensor& input : inputs) untouched.push_back(input.clone());
    const SampleGraph exact = build_sample(op, sample, Dims::known);
    const std::vector<Tensor> results = evaluate_node(*exact.node, inputs);
    REQUIRE(static_cast<int>(results.size()) == exact.node->output_count());
    const SampleGraph vague = build_sample(op, sample, Dims::unknown);
    REQUIRE(vague.node->output_count() == exact.node->output_count());
    for (std::size_t i = 0; i < results.size(); ++i) {
      const Value inferred = exact.node->output(static_cast<int>(i));
      const Value guessed = vague.node->output(static_cast<int>(i));
      CHECK(type_of(results[i]) == inferred.type());
      CHECK(guessed.dtype() == inferred.dtype());
      CHECK(compatible(guessed.shape(), inferred.shape()));
      for (const Tensor& input : inputs) CHECK(results[i].owner() != input.owner());
    }
    const std::vector<Tensor> again = evaluate_node(*vague.node, inputs);
    for (std::size_t i = 0; i < results.size(); ++i) CHECK(identical(again[i], results[i]));
    for (std::size_t i = 0; i < inputs.size(); ++i) CHECK(identical(inputs[i], untouched[i]));
  });
}

TEST_CASE("analytic gradients agree with numeric ones") {
  for (const Dims dims : {Dims::known, Dims::unknown}) {
    const bool unknown = dims == Dims::unknown;
    CAPTURE(unknown);
    for_each_sample([&](const OpDef& op, const Sample& sample) {
      const bool small = element_count_of(sample) <= kMostElementsForGradients;
      if (!op.gradient || !small || !floats_are_wide(sample)) return;
      // What it is for is a gradient that differs from the numeric one.
      if (op.name == "stop_gradient") return;
      // The sum over copies of an axis is a reshape, which infers one dimension.
      if (op.name == "tile" && unknown && sample.inputs[0].shape.rank() > 1) return;
      const Differentiable f = differentiable(op, sample, dims);
      for (const Value& y : f.ys) {
        if (f.xs.empty()) continue;
        const GradientCheck check = check_gradients(y, f.xs, f.feeds);
        CHECK_MESSAGE(check.passed(1e-8), check.to_string());
      }
    });
  }
}

TEST_CASE("gradients of gradients agree with numeric ones") {
  for_each_sample([&](const OpDef& op, const Sample& sample) {
    const bool small = element_count_of(sample) <= kMostElementsForSecondGradients;
    if (!op.gradient || !small || !floats_are_wide(sample)) return;
    // Its gradient goes back through iterations whose number only its own kernel knows.
    if (op.name == "while_loop") return;
    const Differentiable f = differentiable(op, sample, Dims::known);
    for (const Value& y : f.ys) {
      if (f.xs.empty()) continue;
      // Squared, so that the second derivative of a linear op is not just zero.
      for (const Value& first : gradients(square(y), f.xs)) {
        const GradientCheck check = check_gradients(first, f.xs, f.feeds);
        CHECK_MESSAGE(check.passed(1e-7), check.to_string());
      }
    }
  });
}

TEST_CASE("bad samples are refused in words that name op, node, shapes and line") {
  for (const OpDef* op : all_ops()) {
    if (!op->bad_samples) continue;
    std::size_t number = 0;
    for (const Sample& sample : op->bad_samples()) {
      const std::string text = describe(*op, sample, number++);
      CAPTURE(text);
      std::string message;
      try {
        build_sample(*op, sample, Dims::known);
      } catch (const Error& error) {
        message = error.what();
      }
      CAPTURE(message);
      REQUIRE_FALSE(message.empty());
      REQUIRE_FALSE(sample.error.empty());
      CHECK(message.find(sample.error) != std::string::npos);
      CHECK(message.find(op->name + " \"sample\": ") == 0);
      CHECK(message.find("\n  given: " + op->name + "(") != std::string::npos);
      CHECK(message.find("op_samples.cpp:") != std::string::npos);
    }
  }
}

TEST_CASE("16-bit floats are moved, or refused with the advice to cast") {
  for_each_sample([](const OpDef& op, const Sample& sample) {
    for (const DType dtype : {DType::f16, DType::bf16}) {
      const Sample narrow = with_floats(sample, dtype);
      try {
        const SampleGraph built = build_sample(op, narrow, Dims::known);
        if (op.reference) {
          const std::vector<Tensor> results = evaluate_node(*built.node, tensors_of(narrow));
          CHECK(type_of(results[0]) == built.node->output().type());
        }
      } catch (const DTypeError& error) {
        const std::string message = error.what();
        CAPTURE(message);
        CHECK(message.find("cast") != std::string::npos);
      }
    }
  });
}

TEST_CASE("costs are finite, and bytes count at least every output") {
  for_each_sample([](const OpDef& op, const Sample& sample) {
    const SampleGraph built = build_sample(op, sample, Dims::known);
    const Cost cost = node_cost(*built.node);
    double written = 0;
    for (const ValueType& output : built.node->outputs()) {
      written += static_cast<double>(output.shape.element_count()) *
                 static_cast<double>(size_of(output.dtype));
    }
    CHECK(std::isfinite(cost.flops));
    CHECK(cost.flops >= 0);
    CHECK(cost.bytes >= written);
  });
}
