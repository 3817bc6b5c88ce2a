#pragma once
// The MNIST classifier (784-128-dropout-10, Adam) built at graph level, for benchmarks.

#include <string>
#include <vector>

#include "tegula/graph/gradients.hpp"
#include "tegula/graph/graph.hpp"
#include "tegula/graph/ops.hpp"

namespace tegula::bench {

struct MnistGraph {
  Graph graph;
  Value images;  ///< f32[?,784]
  Value labels;  ///< i64[?]
  Value probabilities;
  Value loss;
  std::vector<Value> updates;

  MnistGraph() {
    images = graph.placeholder(DType::f32, {-1, 784}, "images");
    labels = graph.placeholder(DType::i64, {-1}, "labels");
    const Variable w1 = dense_weights(784, 128, "dense/kernel");
    const Variable b1 = graph.variable(Tensor::zeros(DType::f32, {128}), "dense/bias");
    const Variable w2 = dense_weights(128, 10, "logits/kernel");
    const Variable b2 = graph.variable(Tensor::zeros(DType::f32, {10}), "logits/bias");
    const Value hidden = relu(matmul(images, w1) + b1);
    probabilities = softmax(matmul(hidden, w2) + b2);
    const Value logits = matmul(dropout(hidden, 0.2), w2) + b2;
    loss = mean(sparse_softmax_cross_entropy(logits, labels));
    adam({w1, b1, w2, b2});
  }

 private:
  Variable dense_weights(std::int64_t inputs, std::int64_t units, const std::string& name) {
    const double limit = 2.4 / static_cast<double>(units);
    return graph.variable(InitialValue(random_uniform(graph, {inputs, units}, -limit, limit)),
                          name);
  }

  /// Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1, with the bias
  /// correction folded into the step size.
  void adam(const std::vector<Value>& variables) {
    constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kRate = 0.001, kEpsilon = 1e-7;
    const Variable step = graph.variable(Tensor::scalar(0.0f), "adam/step", false);
    const Value next = step + 1.0;
    updates.push_back(assign(step, next));
    const Value rate = sqrt(1.0 - pow(graph.constant(Tensor::scalar(float{kBeta2})), next)) /
                       (1.0 - pow(graph.constant(Tensor::scalar(float{kBeta1})), next)) * kRate;
    const std::vector<Value> slopes = gradients(loss, variables);
    for (std::size_t i = 0; i < variables.size(); ++i) {
      const Tensor zeros = Tensor::zeros(DType::f32, variables[i].shape());
      const std::string name = variables[i].node().name();
      const Variable m = graph.variable(zeros, "adam/m/" + name, false);
      const Variable v = graph.variable(zeros, "adam/v/" + name, false);
      const Value new_m = m + (slopes[i] - m) * (1 - kBeta1);
      const Value new_v = v + (square(slopes[i]) - v) * (1 - kBeta2);
      updates.push_back(assign(m, new_m));
      updates.push_back(assign(v, new_v));
      updates.push_back(assign_sub(variables[i], rate * new_m / (sqrt(new_v) + kEpsilon)));
    }
  }
};

}  // namespace tegula::bench
