// Logs: numbers, and tensors of metrics with a value per class or threshold.

#include <doctest/doctest.h>

#include <limits>

#include "tegula/core/error.hpp"
#include "tegula/nn/logs.hpp"

using namespace tegula;

namespace {

Tensor pair_of(float first, float second) {
  Tensor tensor(DType::f32, {2});
  tensor.set(0, first);
  tensor.set(1, second);
  return tensor;
}

}  // namespace

TEST_CASE("a log value is a number or a tensor") {
  const nn::LogValue number = 0.5;
  CHECK(number.is_number());
  CHECK(number == 0.5);
  CHECK(number.mean() == 0.5);
  CHECK(number.to_string() == "0.5");
  CHECK(number.tensor().item() == 0.5);

  const nn::LogValue scalar = Tensor::scalar(0.25f);
  CHECK(scalar.is_number());
  CHECK(scalar == 0.25);

  const nn::LogValue vector = pair_of(0.5f, 0.25f);
  CHECK(!vector.is_number());
  CHECK(vector.as_number() == nullptr);
  CHECK(vector.mean() == 0.375);
  CHECK(vector.to_string() == "[0.5, 0.25]");
  CHECK_THROWS_AS(vector.number(), InvalidArgument);
}

TEST_CASE("logs find numbers by name and refuse a tensor where a number is wanted") {
  nn::Logs logs;
  logs.set("loss", 1);
  logs.set("f1_score", pair_of(0.5f, 0.25f));
  logs.set("loss", 2);
  REQUIRE(logs.find("loss") != nullptr);
  CHECK(*logs.find("loss") == 2);
  CHECK(logs.find("accuracy") == nullptr);
  CHECK(logs.find_value("accuracy") == nullptr);
  CHECK(logs.find_value("f1_score")->tensor().shape() == Shape{2});
  CHECK_THROWS_AS(logs.find("f1_score"), InvalidArgument);
}

TEST_CASE("a NaN is written without a sign") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(nn::number_text(nan) == "nan");
  CHECK(nn::number_text(-nan) == "nan");
  CHECK(nn::number_text(-0.125) == "-0.125");
}
