// Layers that hold another one.
#include <doctest/doctest.h>

#include <filesystem>

#include "tegula/nn/layers.hpp"
#include "tegula/nn/layers/wrapping.hpp"
#include "tegula/nn/losses.hpp"
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
