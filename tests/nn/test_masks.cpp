// Masks travel with values, from the layers that make them to losses and metrics.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tegula/graph/evaluate.hpp"
#include "tegula/nn/callback.hpp"
#include "tegula/nn/functional.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/metrics.hpp"
#include "tegula/nn/sequential.hpp"
#include "tests/support/error_of.hpp"

using namespace tegula;

namespace {

/// [2, 3, 2]: the second step of the first row and the last two of the second are empty.
Tensor steps() {
  return Tensor::from({1.f, 2.f, 0.f, 0.f, 3.f, 4.f, 5.f, 6.f, 0.f, 0.f, 0.f, 0.f}, {2, 3, 2});
}

std::vector<double> numbers(const Tensor& tensor) {
  std::vector<double> result;
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) result.push_back(tensor.at(i));
  return result;
}

/// Its weights make the sum of the features of each step.
nn::Dense summing() {
  return nn::Dense({.units = 1, .use_bias = false, .kernel_initializer = "ones"});
}

}  // namespace

TEST_CASE("masks go from the layers that make them through those that support them") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {kUnknown, 3, 2});
  CHECK_FALSE(nn::mask_of(x));
  const Value masked = nn::Masking()(x);
  const Value y = nn::Dense({.units = 4, .activation = "relu"})(nn::Dropout({.rate = 0.5})(masked));
  REQUIRE(nn::mask_of(y));
  CHECK(numbers(evaluate(nn::mask_of(y), {{x, steps()}})) == std::vector<double>{1, 0, 1, 1, 0, 0});
  CHECK_FALSE(nn::mask_of(y * 2.0));  // ops drop masks, as in Keras
}

TEST_CASE("an embedding masks index 0 where it is asked to") {
  Graph graph;
  const Value ids = graph.placeholder(DType::i32, {kUnknown, 3});
  const Tensor fed = Tensor::from({std::int32_t{1}, 0, 2}, {1, 3});
  const Value y = nn::Embedding({.input_dim = 4, .output_dim = 2, .mask_zero = true})(ids);
  CHECK(numbers(evaluate(nn::mask_of(y), {{ids, fed}})) == std::vector<double>{1, 0, 1});
  CHECK_FALSE(nn::mask_of(nn::Embedding({.input_dim = 4, .output_dim = 2})(ids)));
}

TEST_CASE("merging layers merge masks") {
  Graph graph;
  const Value a = graph.placeholder(DType::f32, {1, 2, 1});
  const Value b = graph.placeholder(DType::f32, {1, 2, 1});
  const Value mask_a = graph.constant(Tensor::from({true, false}, {1, 2}));
  const Value mask_b = graph.constant(Tensor::from({false, false}, {1, 2}));
  const Value with_a = nn::with_mask(a, mask_a);
  const Value with_b = nn::with_mask(b, mask_b);
  const auto mask_after = [&](nn::Layer layer, const nn::Values& x) {
    const Value mask = nn::mask_of(layer(x).one());
    const Tensor any = Tensor::zeros(DType::f32, {1, 2, 1});
    return mask ? numbers(evaluate(mask, {{a, any}, {b, any}})) : std::vector<double>{-1};
  };
  CHECK(mask_after(nn::Add(), {with_a, with_b}) == std::vector<double>{1, 0});
  CHECK(mask_after(nn::Add(), {with_a, b}) == std::vector<double>{-1});
  CHECK(mask_after(nn::Concatenate({.axis = 1}), {with_a, with_b}) ==
        std::vector<double>{1, 0, 0, 0});
  CHECK_FALSE(nn::mask_of(a));  // the values themselves carry none
}

TEST_CASE("a layer that does not support masks drops them and says so once") {
  std::vector<std::string> warnings;
  nn::set_warning_output([&](std::string_view text) { warnings.emplace_back(text); });
  const nn::Layer flatten = nn::Flatten();
  for (int i = 0; i < 2; ++i) {
    Graph graph;
    const Value x = graph.placeholder(DType::f32, {kUnknown, 3, 2});
    CHECK_FALSE(nn::mask_of(flatten(nn::Masking()(x))));
  }
  nn::set_warning_output({});
  nn::warn("this line on standard error is part of a test");
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("destroy the mask information") != std::string::npos);
}

TEST_CASE("a mask is of the batch of its value") {
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {2, 3, 4});
  const Value mask = graph.placeholder(DType::boolean, {3, 3});
  const std::string error = test::error_of<ShapeError>([&] { nn::with_mask(x, mask); });
  CHECK(error.find("(2, 3, 4)") != std::string::npos);
  CHECK(error.find("(3, 3)") != std::string::npos);
}

TEST_CASE("losses and metrics count what the mask counts") {
  // Of the steps (3), (0), (7) and (11), (0), (0) the masked ones would have an error of 100.
  const Tensor target = Tensor::from({4.f, 10.f, 9.f, 11.f, 10.f, 10.f}, {2, 3, 1});
  const double expected = (1. + 4. + 0.) / 3;
  SUBCASE("in a stack") {
    nn::Sequential model{nn::Input({3, 2}), nn::Masking(), summing()};
    model.compile({.loss = "mse", .metrics = {"mse"}});
    const nn::Logs logs = model.evaluate({steps(), target}, {.verbose = nn::Verbose::silent});
    CHECK(logs.at("loss") == doctest::Approx(expected));
    CHECK(logs.at("mse") == doctest::Approx(expected));
  }
  SUBCASE("in a model of calls, nested, saved and loaded") {
    const nn::Input input({3, 2});
    const nn::Model inner(input, nn::Masking()(input));
    const nn::Input outer({3, 2});
    nn::Model model(outer, summing()(inner.layer()(outer)));
    model.compile({.loss = "mse"});
    CHECK(model.evaluate({steps(), target}, {.verbose = nn::Verbose::silent}).at("loss") ==
          doctest::Approx(expected));
  }
  SUBCASE("with a mask that is an input of the model") {
    const nn::Input input({3, 2});
    const nn::Input mask({3});
    nn::Model model({input, mask}, summing()(nn::with_mask(input, mask)));
    model.compile({.loss = "mse"});
    const Tensor counts = Tensor::from({1.f, 0.f, 1.f, 1.f, 0.f, 0.f}, {2, 3});
    const data::Dataset data{Tensors({steps(), counts}), target};
    CHECK(model.evaluate(data, {.verbose = nn::Verbose::silent}).at("loss") ==
          doctest::Approx(expected));
    const nn::Model copy(nn::Layer(nn::FunctionalLayer::from_config(model.layer()->config())));
    CHECK(copy.layer()->sublayers().size() == 4);
  }
}

TEST_CASE("means of steps are of those that count") {
  nn::Sequential model{nn::Input({3, 2}), nn::Masking(), nn::GlobalAveragePooling1D()};
  CHECK(numbers(model.predict(steps())) == std::vector<double>{2, 3, 5, 6});
}

TEST_CASE("a softmax gives nothing to what does not count") {
  const nn::Softmax softmax;
  const Tensor x = Tensor::from({0.f, 1.f, 0.f}, {1, 3});
  const auto found =
      softmax->evaluate_masked({x, {Tensor::from({true, false, true}, {1, 3})}}, false)
          .values.one();
  CHECK(numbers(found) == std::vector<double>{0.5, 0, 0.5});
}

TEST_CASE("batch normalization takes the moments of what counts") {
  const nn::BatchNormalization layer({.momentum = 0});
  nn::Sequential model{nn::Input({3, 2}), nn::Masking(), layer};
  model.compile({.optimizer = "sgd", .loss = "mse"});
  model.train_on_batch({steps(), Tensor::zeros(DType::f32, {2, 3, 2})});
  const std::vector<Tensor> weights = layer->get_weights();
  // Rows (1, 2), (3, 4) and (5, 6) count.
  CHECK(weights[2].at(0) == doctest::Approx(3));
  CHECK(weights[2].at(1) == doctest::Approx(4));
  CHECK(weights[3].at(0) == doctest::Approx(8. / 3));
}
