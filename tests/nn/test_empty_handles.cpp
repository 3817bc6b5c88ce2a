// What is empty says so instead of being dereferenced.
#include <doctest/doctest.h>

#include "tegula/core/error.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/metrics.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/sequential.hpp"

using namespace tegula;

TEST_CASE("an empty handle throws where it is used") {
  CHECK_THROWS_WITH_AS(nn::Loss()->name(), "there is no loss: the handle is empty",
                       InvalidArgument);
  CHECK_THROWS_AS(nn::Metric()->name(), InvalidArgument);
  CHECK_THROWS_AS(nn::Optimizer()->name(), InvalidArgument);
  CHECK_THROWS_AS(nn::Layer()->name(), InvalidArgument);
  CHECK_THROWS_AS(*nn::Regularizer(), InvalidArgument);
  CHECK_FALSE(nn::Loss());
}

TEST_CASE("an empty value has no name, type or graph") {
  const Value empty;
  CHECK_THROWS_AS(empty.name(), InvalidArgument);
  CHECK_THROWS_AS(empty.shape(), InvalidArgument);
  CHECK_THROWS_AS(empty.dtype(), InvalidArgument);
  CHECK_THROWS_AS(empty.graph(), InvalidArgument);
  CHECK_THROWS_AS(empty.named("x"), InvalidArgument);
  CHECK_THROWS_AS(Variable().shape(), InvalidArgument);
  Graph graph;
  const Value one = graph.constant(Tensor::scalar(1.0f));
  CHECK_THROWS_AS(one.node().output(1).shape(), InvalidArgument);
  CHECK_THROWS_AS(one.node().output(-1).shape(), InvalidArgument);
}

TEST_CASE("an empty tensor has no elements to read") {
  const Tensor empty;
  CHECK(empty.element_count() == 0);
  CHECK_THROWS_AS(empty.item(), ShapeError);
  CHECK_THROWS_AS(empty.at(0), InvalidArgument);
  CHECK(empty.values<float>().empty());
}
