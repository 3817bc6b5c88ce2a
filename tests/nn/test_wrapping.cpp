// Layers that hold another one.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "tegula/nn/layers.hpp"
#include "tegula/nn/layers/wrapping.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/saved_model.hpp"
#include "tegula/nn/sequential.hpp"

using namespace tegula;

namespace {

Tensor counting(const Shape& shape) {
  Tensor tensor(DType::f32, shape);
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) {
    tensor.set(i, static_cast<double>(i % 7) / 7 - 0.4);
  }
  return tensor;
}

}  // namespace

TEST_CASE("a layer that is applied to every step does what it does with the steps as a batch") {
  const nn::Dense dense({.units = 3, .activation = "tanh"});
  nn::Sequential steps{nn::Input({4, 5}), nn::TimeDistributed(dense)};
  nn::Sequential rows{nn::Input({5}), dense};
  const Tensor x = counting({2, 4, 5});
  const Tensor y = steps.predict(x);
  REQUIRE(y.shape() == Shape({2, 4, 3}));
  const Tensor expected = rows.predict(x.reshaped({8, 5}));
  for (std::int64_t i = 0; i < y.element_count(); ++i) CHECK(y.at(i) == expected.at(i));
}

TEST_CASE("a layer that is applied to every step is trained, saved and loaded") {
  nn::Sequential model{nn::Input({4, 5}), nn::TimeDistributed(nn::Dense({.units = 2}), "each")};
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const std::vector<Tensor> before = model.get_weights();
  REQUIRE(before.size() == 2);
  const data::Dataset data{counting({6, 4, 5}), counting({6, 4, 2})};
  model.fit(data, {.verbose = nn::Verbose::silent});
  CHECK(model.get_weights()[0].at(0) != before[0].at(0));
  const std::string folder = "each_step.tegula";
  model.save(folder);
  const auto loaded = nn::load_model(folder);
  std::filesystem::remove_all(folder);
  const Tensor x = counting({3, 4, 5});
  const Tensor expected = model.predict(x);
  const Tensor found = loaded->predict(x);
  for (std::int64_t i = 0; i < found.element_count(); ++i) CHECK(found.at(i) == expected.at(i));
}

TEST_CASE("steps that cannot be told apart are refused") {
  CHECK_THROWS_WITH_AS(
      (nn::Sequential{nn::Input({4}), nn::TimeDistributed(nn::Dense({.units = 2}))}),
      doctest::Contains("at least 3 dimensions"), ShapeError);
  CHECK_THROWS_WITH_AS(
      (nn::Sequential{nn::Input(Shape{kUnknown, 4}), nn::TimeDistributed(nn::Dense({.units = 2}))}),
      doctest::Contains("a known number of steps"), ShapeError);
  CHECK_THROWS_WITH_AS(nn::TimeDistributed(nn::Layer()), doctest::Contains("the layer is empty"),
                       InvalidArgument);
}

namespace {

/// The largest singular value, by many rounds of power iteration in double precision.
double largest_singular_value(const Tensor& kernel) {
  const std::int64_t rows = kernel.shape()[0];
  const std::int64_t columns = kernel.shape()[1];
  std::vector<double> right(static_cast<std::size_t>(columns), 1);
  double norm = 0;
  for (int round = 0; round < 500; ++round) {
    std::vector<double> left(static_cast<std::size_t>(rows), 0);
    std::vector<double> next(static_cast<std::size_t>(columns), 0);
    for (std::int64_t i = 0; i < rows * columns; ++i) {
      left[static_cast<std::size_t>(i / columns)] +=
          kernel.at(i) * right[static_cast<std::size_t>(i % columns)];
    }
    for (std::int64_t i = 0; i < rows * columns; ++i) {
      next[static_cast<std::size_t>(i % columns)] +=
          kernel.at(i) * left[static_cast<std::size_t>(i / columns)];
    }
    norm = std::sqrt(std::inner_product(next.begin(), next.end(), next.begin(), 0.0));
    for (double& value : next) value /= norm;
    right = next;
  }
  return std::sqrt(norm);
}

}  // namespace

TEST_CASE("a spectral norm is brought to 1 before every step, and stays so in inference") {
  const nn::Dense dense({.units = 6, .use_bias = false});
  nn::Sequential model{nn::Input({5}), nn::SpectralNormalization(dense, 20)};
  model.compile({.optimizer = nn::SGD({.learning_rate = 0}), .loss = "mse"});
  const data::Dataset data{counting({4, 5}), counting({4, 6})};
  CHECK(largest_singular_value(dense->get_weights()[0]) > 1.1);
  model.predict(data.x);
  CHECK(largest_singular_value(dense->get_weights()[0]) > 1.1);
  for (int i = 0; i < 3; ++i) model.train_on_batch(data);
  CHECK(largest_singular_value(dense->get_weights()[0]) == doctest::Approx(1).epsilon(1e-4));

  const std::string folder = "spectral.tegula";
  model.save(folder);
  const auto loaded = nn::load_model(folder);
  std::filesystem::remove_all(folder);
  CHECK(identical(loaded->predict(data.x), model.predict(data.x)));
}

TEST_CASE("a spectral norm needs a kernel and an iteration") {
  CHECK_THROWS_WITH_AS(
      (nn::Sequential{nn::Input({4}), nn::SpectralNormalization(nn::Dropout({.rate = 0.5}))}),
      doctest::Contains("Dropout object has no attribute 'kernel' nor 'embeddings'"),
      InvalidArgument);
  CHECK_THROWS_WITH_AS(nn::SpectralNormalization(nn::Dense({.units = 2}), 0),
                       doctest::Contains("`power_iterations=0`"), InvalidArgument);
}

TEST_CASE("a function is a layer") {
  nn::Sequential model{nn::Input({3}), nn::Lambda([](Value x) { return square(x) + 1.0; }, "plus")};
  const Tensor x = counting({2, 3});
  const Tensor y = model.predict(x);
  for (std::int64_t i = 0; i < 6; ++i) {
    CHECK(y.at(i) == doctest::Approx(x.at(i) * x.at(i) + 1));
  }
  CHECK_THROWS_WITH_AS(model.save("lambda.tegula"), doctest::Contains("has no description"),
                       InvalidArgument);
  CHECK_THROWS_WITH_AS(nn::Lambda({}), doctest::Contains("the function is empty"), InvalidArgument);
}
