#pragma once
// The networks of ../case.py in C++: as layers, and as a graph with Adam.

#include <random>
#include <tegula/tegula.hpp>
#include <vector>

#include "worker.hpp"

namespace compare {

struct Mlp {
  std::vector<std::int64_t> widths;  ///< inputs, hidden layers, outputs
  double dropout;
  bool classes;  ///< else the mean squared error

  explicit Mlp(const Json& mlp) : dropout(mlp.at("dropout")), classes(mlp.at("loss") == "classes") {
    widths.push_back(mlp.at("inputs"));
    for (const Json& units : mlp.at("hidden")) widths.push_back(units);
    widths.push_back(mlp.at("outputs"));
  }

  std::int64_t inputs() const { return widths.front(); }
  std::int64_t outputs() const { return widths.back(); }
};

inline tegula::Tensor random_tensor(const tegula::Shape& shape) {
  tegula::Tensor tensor(tegula::DType::f32, shape);
  std::mt19937 generator(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  float* values = tensor.data<float>();
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) values[i] = uniform(generator);
  return tensor;
}

inline tegula::Tensor class_indices(std::int64_t count, std::int64_t classes) {
  tegula::Tensor tensor(tegula::DType::i32, {count});
  for (std::int64_t i = 0; i < count; ++i) tensor.data<std::int32_t>()[i] = i * 7 % classes;
  return tensor;
}

inline tegula::data::Dataset samples(const Json& details) {
  const Mlp mlp(details.at("mlp"));
  const std::int64_t batch = details.at("batch"), all = details.at("samples");
  const std::int64_t count = all > 0 ? all : batch;
  if (details.at("data") == "mnist") {
    return tegula::data::mnist("examples/mnist/data").train.slice(0, count);
  }
  tegula::Tensor x = random_tensor({count, mlp.inputs()});
  if (!mlp.classes) return {x, random_tensor({count, mlp.outputs()})};
  return {x, class_indices(count, mlp.outputs())};
}

inline tegula::nn::Sequential layers_of(const Mlp& mlp) {
  using namespace tegula;
  std::vector<nn::Layer> layers = {nn::Input({mlp.inputs()})};
  for (std::size_t i = 1; i + 1 < mlp.widths.size(); ++i) {
    layers.push_back(nn::Dense({.units = mlp.widths[i], .activation = "relu"}));
    if (mlp.dropout > 0) layers.push_back(nn::Dropout({.rate = mlp.dropout}));
  }
  if (mlp.classes) {
    layers.push_back(nn::Dense({.units = mlp.outputs(), .activation = "softmax"}));
  } else {
    layers.push_back(nn::Dense({.units = mlp.outputs()}));
  }
  nn::Sequential model(std::move(layers));
  if (mlp.classes) {
    model.compile({.optimizer = nn::Adam(), .loss = nn::SparseCategoricalCrossentropy()});
  } else {
    model.compile({.optimizer = nn::Adam(), .loss = nn::MeanSquaredError()});
  }
  return model;
}

/// The same network of ops, for training and for inference.
struct MlpGraph {
  tegula::Graph graph;
  tegula::Value x, y, outputs, loss;
  std::vector<tegula::Value> updates;

  explicit MlpGraph(const Mlp& mlp, bool training) {
    using namespace tegula;
    x = graph.placeholder(DType::f32, {-1, mlp.inputs()}, "x");
    y = mlp.classes ? graph.placeholder(DType::i32, {-1}, "y")
                    : graph.placeholder(DType::f32, {-1, mlp.outputs()}, "y");
    std::vector<Variable> weights;
    Value last = x;
    for (std::size_t i = 1; i < mlp.widths.size(); ++i) {
      const std::string number = std::to_string(i);
      weights.push_back(
          graph.variable(glorot_uniform({mlp.widths[i - 1], mlp.widths[i]}), "w" + number));
      weights.push_back(graph.variable(zeros({mlp.widths[i]}), "b" + number));
      last = matmul(last, weights[weights.size() - 2]) + weights.back();
      if (i + 1 == mlp.widths.size()) break;
      last = relu(last);
      if (training && mlp.dropout > 0) last = dropout(last, mlp.dropout);
    }
    outputs = mlp.classes ? softmax(last) : last;
    if (!training) return;
    loss = mlp.classes ? mean(sparse_softmax_cross_entropy(last, y)) : mean(square(last - y));
    adam(weights);
  }

 private:
  /// Kingma and Ba, "Adam: a method for stochastic optimization", 2015, in the efficient form that
  /// ends section 2.
  void adam(const std::vector<tegula::Variable>& weights) {
    using namespace tegula;
    const double rate = 0.001, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;
    const Variable steps = graph.variable(zeros({}), "steps", false);
    const Value step = steps + 1.0;
    const Value alpha = rate * sqrt(1.0 - pow(beta_2, step)) / (1.0 - pow(beta_1, step));
    updates.push_back(assign(steps, step));
    const std::vector<Value> slopes =
        gradients(loss, std::vector<Value>(weights.begin(), weights.end()));
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const Value weight = weights[i], slope = slopes[i];
      const Variable m = graph.variable(zeros(weight.shape()), "m", false);
      const Variable v = graph.variable(zeros(weight.shape()), "v", false);
      const Value mean = m + (slope - m) * (1 - beta_1);
      const Value variance = v + (square(slope) - v) * (1 - beta_2);
      updates.push_back(assign(m, mean));
      updates.push_back(assign(v, variance));
      updates.push_back(assign(weight, weight - mean * alpha / (sqrt(variance) + epsilon)));
    }
  }
};

}  // namespace compare
