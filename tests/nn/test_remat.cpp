// Training that keeps less and computes it again.
#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "tegula/nn/functional.hpp"
#include "tegula/nn/layers.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/sequential.hpp"

using namespace tegula;

namespace {

Tensor waves(const Shape& shape, double step) {
  Tensor tensor(DType::f32, shape);
  for (std::int64_t i = 0; i < tensor.element_count(); ++i) {
    tensor.set(i, std::sin(step * static_cast<double>(i + 1)));
  }
  return tensor;
}

std::unique_ptr<nn::Model> deep_stack() {
  auto model = std::make_unique<nn::Sequential>();
  model->add(nn::Input({8}));
  for (int i = 0; i < 9; ++i) {
    model->add(nn::Dense({.units = 8, .activation = "tanh"}));
    model->add(nn::Dropout({.rate = 0.1}));
  }
  model->add(nn::Dense({.units = 2}));
  return model;
}

std::unique_ptr<nn::Model> residual_net() {
  const nn::Input input({6, 6, 2});
  Value x = nn::Conv2D({.filters = 4, .kernel_size = 3, .padding = "same"})(input);
  for (int i = 0; i < 6; ++i) {
    Value y = nn::Conv2D({.filters = 4, .kernel_size = 3, .padding = "same"})(x);
    y = nn::BatchNormalization({.momentum = 0.5})(y);
    x = nn::Add()({x, nn::ReLU()(y)}).one();
  }
  return std::make_unique<nn::Model>(input, nn::Dense({.units = 2})(nn::Flatten()(x)));
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

struct Trained {
  std::vector<Tensor> weights;
  std::string plan;
};

template <typename Make>
Trained trained(Make make, bool again) {
  nn::set_random_seed(5);
  nn::reset_layer_names();
  const std::unique_ptr<nn::Model> model = make();
  model->layer()->set_remat(again);
  model->compile({.optimizer = nn::SGD({.learning_rate = 1e-3}), .loss = "mse"});
  Shape shape = model->inputs().one().shape();
  shape.set(0, 12);
  const data::Dataset data{waves(shape, 0.7), waves({12, 2}, 0.3)};
  model->fit(data, {.batch_size = 4, .epochs = 3, .verbose = nn::Verbose::silent});
  return {model->get_weights(), model->explain(4, true)};
}

}  // namespace

TEST_CASE("models that keep less train as others do, and print what they keep") {
  const auto check = [](auto make, std::size_t parts) {
    const Trained kept = trained(make, false);
    const Trained again = trained(make, true);
    REQUIRE(kept.weights.size() == again.weights.size());
    for (std::size_t i = 0; i < kept.weights.size(); ++i) {
      for (std::int64_t j = 0; j < kept.weights[i].element_count(); ++j) {
        CHECK(again.weights[i].at(j) == doctest::Approx(kept.weights[i].at(j)).epsilon(1e-5));
      }
    }
    CHECK(count(kept.plan, "computed again") == 0);
    CHECK(count(again.plan, "computed again for gradients") == 1);
    CHECK(count(again.plan, "\n  from ") == parts);
  };
  check(deep_stack, 3);
  check(residual_net, 2);
}

TEST_CASE("a layer keeps only its input where it is told to") {
  nn::Sequential model{nn::Input({8}), nn::Dense({.units = 8, .activation = "tanh"}),
                       nn::Dense({.units = 2})};
  model.layers()[0]->set_remat(true);
  model.compile({.optimizer = "sgd", .loss = "mse"});
  model.train_on_batch({waves({4, 8}, 0.7), waves({4, 2}, 0.3)});
  CHECK(count(model.explain(4, true), "computed again for gradients\n  from ") == 1);
}

TEST_CASE("a layer of several outputs cannot be computed again as a whole") {
  class Twice : public nn::LayerBase {
   public:
    Twice() { set_name("", "Twice"); }
    std::string_view class_name() const override { return "Twice"; }
    nn::Config config() const override { return nn::Config::object({{"name", name()}}); }

   protected:
    nn::Values call_all(const nn::Values& x, bool /*training*/) override {
      return std::vector<Value>{x[0] * 2.0, exp(x[0])};
    }
  };
  const auto twice = std::make_shared<Twice>();
  twice->set_remat(true);
  Graph graph;
  const Value x = graph.placeholder(DType::f32, {2, 3}, "x");
  const nn::Layer layer(twice);
  CHECK_THROWS_WITH_AS(layer(nn::Values(x), true),
                       doctest::Contains("`remat` is for layers of one output, got 2 outputs"),
                       InvalidArgument);
}
