// Recurrent layers against loops of their cells, and what they keep. Their numbers against Keras
// are in tests/parity.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tegula/core/random.hpp"
#include "tegula/nn/layers/recurrent.hpp"
#include "tegula/nn/sequential.hpp"
#include "tests/support/error_of.hpp"

using namespace tegula;

namespace {

constexpr std::int64_t kBatch = 3, kSteps = 4, kFeatures = 2, kUnits = 5;

Tensor numbers(const Shape& shape, std::uint32_t number) {
  Tensor tensor(DType::f32, shape);
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) {
    const RandomKey key{.seed = 5, .op_id = number, .step = 0};
    tensor.set(i, random_uniform_at(key, static_cast<std::uint64_t>(i)) - 0.5);
  }
  return tensor;
}

Tensor step_of(const Tensor& sequence, std::int64_t step) {
  const std::int64_t width = sequence.shape()[2];
  Tensor result(DType::f32, {sequence.shape()[0], width});
  for (std::int64_t b = 0; b < result.shape()[0]; ++b) {
    for (std::int64_t i = 0; i < width; ++i) {
      result.set(b * width + i, sequence.at((b * sequence.shape()[1] + step) * width + i));
    }
  }
  return result;
}

double largest_difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  double largest = 0;
  for (std::int64_t i = 0; i < a.element_count(); ++i) {
    largest = std::max(largest, std::abs(a.at(i) - b.at(i)));
  }
  return largest;
}

void give_weights(const nn::Layer& layer) {
  std::vector<Tensor> values;
  for (const Tensor& value : layer->get_weights()) {
    values.push_back(numbers(value.shape(), 10 + static_cast<std::uint32_t>(values.size())));
  }
  layer->set_weights(values);
}

/// A function that the recurrent ops do not know, equal to tanh.
nn::Activation own_tanh() {
  return {"own", [](Value x) { return 2.0 * sigmoid(2.0 * x) - 1.0; }};
}

struct Pair {
  std::string name;
  nn::Layer layer;
  nn::Layer cell;
};

std::vector<Pair> pairs() {
  return {
      {"simple", nn::SimpleRNN({.units = kUnits, .return_sequences = true}),
       nn::SimpleRNNCell({.units = kUnits})},
      {"lstm", nn::LSTM({.units = kUnits, .return_sequences = true}),
       nn::LSTMCell({.units = kUnits})},
      {"gru", nn::GRU({.units = kUnits, .return_sequences = true}), nn::GRUCell({.units = kUnits})},
      {"gru that resets before",
       nn::GRU({.units = kUnits, .return_sequences = true, .reset_after = false}),
       nn::GRUCell({.units = kUnits, .reset_after = false})},
      {"lstm by steps",
       nn::LSTM({.units = kUnits, .activation = own_tanh(), .return_sequences = true}),
       nn::LSTMCell({.units = kUnits})},
      {"gru by steps",
       nn::GRU({.units = kUnits, .activation = own_tanh(), .return_sequences = true}),
       nn::GRUCell({.units = kUnits})},
  };
}

}  // namespace

TEST_CASE("a recurrent layer is a loop over its cell") {
  const Tensor x = numbers({kBatch, kSteps, kFeatures}, 1);
  for (const Pair& pair : pairs()) {
    INFO(pair.name);
    const Tensor found = pair.layer->evaluate(x, false)[0];
    give_weights(pair.layer);
    const Tensor sequence = pair.layer->evaluate(x, false)[0];
    CHECK(largest_difference(found, sequence) > 1e-3);
    std::vector<Tensor> states;
    for (std::int64_t step = 0; step < kSteps; ++step) {
      std::vector<Tensor> given = {step_of(x, step)};
      given.insert(given.end(), states.begin(), states.end());
      if (step == 0) {
        pair.cell->evaluate(Tensors(given), false);
        pair.cell->set_weights(pair.layer->get_weights());
      }
      const Tensors after = pair.cell->evaluate(Tensors(given), false);
      CHECK(largest_difference(after[0], step_of(sequence, step)) < 1e-6);
      states.assign(after.begin() + 1, after.end());
    }
  }
}

TEST_CASE("a stateful layer goes on where the last batch ended until it is reset") {
  const nn::LSTM layer({.units = kUnits, .stateful = true});
  nn::Sequential model{nn::Input({.shape = {kSteps, kFeatures}, .batch_size = kBatch}), layer};
  auto& stateful = dynamic_cast<nn::StatefulLayer&>(*layer);
  const Tensor x = numbers({kBatch, kSteps, kFeatures}, 1);
  model.predict(x);
  give_weights(layer);
  CHECK(layer->weights().size() == 3);
  stateful.reset_state();
  const Tensor first = model.predict(x), second = model.predict(x);
  CHECK(largest_difference(first, second) > 1e-3);
  stateful.reset_state();
  CHECK(largest_difference(model.predict(x), first) == 0);
}

TEST_CASE("dropout zeroes the same inputs at all steps, and none in inference") {
  const Tensor x = Tensor::full(DType::f32, {1, kSteps, 40}, 1);
  const nn::SimpleRNN layer({.units = 1,
                             .activation = {},
                             .kernel_initializer = "ones",
                             .recurrent_initializer = "zeros",
                             .dropout = 0.5,
                             .return_sequences = true});
  const Tensor inference = layer->evaluate(x, false)[0], training = layer->evaluate(x, true)[0];
  for (std::int64_t step = 0; step < kSteps; ++step) {
    CHECK(inference.at(step) == 40);
    CHECK(training.at(step) == training.at(0));
  }
  CHECK(training.at(0) != 40);
}

TEST_CASE("a bidirectional layer merges both directions in the order of the steps") {
  const Tensor x = numbers({kBatch, kSteps, kFeatures}, 1);
  const nn::Bidirectional both(nn::GRU({.units = 2, .return_sequences = true}), "");
  const Tensors found = both->evaluate(x, false);
  REQUIRE(found.size() == 2);
  const nn::GRU backward({.units = 2, .return_sequences = true, .go_backwards = true});
  backward->evaluate(x, false);
  const std::vector<Tensor> weights = both->get_weights();
  backward->set_weights({weights.begin() + 3, weights.end()});
  const Tensor reversed = backward->evaluate(x, false)[0];
  for (std::int64_t step = 0; step < kSteps; ++step) {
    CHECK(largest_difference(step_of(found[1], step), step_of(reversed, kSteps - 1 - step)) == 0);
  }
}

TEST_CASE("recurrent layers say what they take") {
  const Tensor x = numbers({kBatch, kSteps, kFeatures}, 1), state = numbers({kBatch, kUnits}, 2);
  const nn::LSTM layer({.units = kUnits});
  CHECK_THROWS_WITH_AS(layer->evaluate(state, false), doctest::Contains("expected ndim=3"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(layer->evaluate(std::vector<Tensor>{x, state}, false),
                       doctest::Contains("has 2 states, got 1 of them"), InvalidArgument);
  CHECK_THROWS_WITH_AS(nn::LSTM({.units = 1, .stateful = true})->evaluate(x, false),
                       doctest::Contains("the batch size must be static"), ShapeError);
  CHECK_THROWS_WITH_AS(nn::Bidirectional(layer, "all"), doctest::Contains("Invalid merge mode"),
                       InvalidArgument);
}
