// A changed option acts at the next call of every model that uses the object.
#include <doctest/doctest.h>

#include <cmath>

#include "tegula/nn/initializers.hpp"
#include "tegula/nn/layers.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/metrics.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/regularizers.hpp"
#include "tegula/nn/schedules.hpp"
#include "tegula/nn/sequential.hpp"

using namespace tegula;
using nn::Config;

namespace {

const Tensor& ones() {
  static const Tensor x = Tensor::full(DType::f32, {4, 2}, 1);
  return x;
}
const data::Dataset& data_set() {
  static const data::Dataset data{ones(), Tensor::full(DType::f32, {4, 1}, 0)};
  return data;
}

/// x · [1, 1], with an output of 2 for rows of ones.
nn::Dense summing() {
  return nn::Dense({.units = 1, .use_bias = false, .kernel_initializer = "ones"});
}

double weight_of(const nn::Model& model) { return model.get_weights().front().at(0); }

double loss_of(nn::Model& model) {
  return *model.evaluate(data_set(), {.verbose = nn::Verbose::silent}).find("loss");
}

void step(nn::Model& model) { model.fit(data_set(), {.verbose = nn::Verbose::silent}); }

}  // namespace

TEST_CASE("a changed activation acts in predict, evaluate and fit") {
  const nn::Dense dense = summing();
  nn::Sequential model{nn::Input({2}), dense};
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.0}), .loss = "mse"});
  CHECK(model.predict(ones()).at(0) == 2);
  CHECK(loss_of(model) == 4);

  dense->set_option("activation", "relu6");
  model.set_weights({Tensor::full(DType::f32, {2, 1}, 5)});
  CHECK(model.predict(ones()).at(0) == 6);
  CHECK(loss_of(model) == 36);
  CHECK(model.fit(data_set(), {.verbose = nn::Verbose::silent}).at("loss").front() == 36);
  CHECK(dense->evaluate(ones(), false)->at(0) == 6);
  dense->set_option("activation", "linear");
  CHECK(dense->evaluate(ones(), false)->at(0) == 10);
}

TEST_CASE("a changed dropout rate acts, and may become an end of its range") {
  const nn::Dropout dropout({.rate = 1.0});
  nn::Sequential model{nn::Input({2}), dropout};
  CHECK(model.call(ones(), true).at(0) == 0);
  dropout->set_option("rate", 0);
  CHECK(model.call(ones(), true).at(0) == 1);
  CHECK_THROWS_WITH_AS(dropout->set_option("rate", 1.5),
                       "Dropout: `rate` must be between 0 and 1, got 1.5", InvalidArgument);
  CHECK(dropout->config().at("rate") == Config(0.0));
}

TEST_CASE("a changed option of an optimizer acts and keeps its state") {
  const nn::SGD sgd({.learning_rate = 0.125});
  nn::Sequential model{nn::Input({2}), summing()};
  model.compile({.optimizer = sgd, .loss = "mse"});
  step(model);
  // d loss / d w = 2 · output · x = 4.
  CHECK(weight_of(model) == 0.5);
  sgd->set_option("momentum", 0.5);
  step(model);  // gradient 2, momentum -0.25
  CHECK(weight_of(model) == 0.25);
  step(model);  // gradient 1, momentum -0.125 - 0.125
  CHECK(weight_of(model) == 0.0);
  CHECK(model.get(sgd->iterations()).item() == 3);

  model.set_learning_rate(0.25);
  sgd->set_option("momentum", 0);
  CHECK(model.learning_rate() == 0.25);
  model.set_weights({Tensor::full(DType::f32, {2, 1}, 1)});
  step(model);
  CHECK(weight_of(model) == 0.0);
  CHECK(model.learning_rate() == 0.25);
}

TEST_CASE("a changed learning rate acts, as a number and as a schedule") {
  const nn::SGD sgd({.learning_rate = 0.0});
  nn::Sequential model{nn::Input({2}), summing()};
  model.compile({.optimizer = sgd, .loss = "mse"});
  step(model);
  CHECK(weight_of(model) == 1);
  sgd->set_option("learning_rate", 0.125);
  step(model);
  CHECK(weight_of(model) == 0.5);
  model.set_learning_rate(0.0625);
  CHECK(sgd->config().at("learning_rate") == Config(0.0625));
  sgd->set_option("learning_rate", 0.125);
  step(model);
  CHECK(weight_of(model) == 0.25);
  const nn::PiecewiseConstantDecay schedule({.boundaries = {2}, .values = {1, 0}});
  sgd->set_option_object("learning_rate", schedule.shared());
  CHECK(sgd->option_object("learning_rate") == schedule.shared());
  step(model);
  CHECK(weight_of(model) == 0.25);
}

TEST_CASE("changes of shared objects act: regularizers, losses, schedules") {
  const nn::L2 penalty({.l2 = 0.5});
  const nn::Dense dense(
      {.units = 1, .use_bias = false, .kernel_initializer = "ones", .kernel_regularizer = penalty});
  const nn::Huber huber({.delta = 1.0});
  nn::Sequential model{nn::Input({2}), dense};
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.0}), .loss = huber});
  CHECK(loss_of(model) == 1.5 + 1);
  penalty->set_option("l2", 0);
  CHECK(loss_of(model) == 1.5);
  huber->set_option("delta", 4);
  CHECK(loss_of(model) == 2);
}

TEST_CASE("options that cannot change any more are refused") {
  const nn::Dense dense = summing();
  dense->set_option("units", 3);
  CHECK(dense->config().at("units") == Config(3));
  nn::Sequential model{nn::Input({2}), dense};
  CHECK(model.output_shape() == Shape{kUnknown, 3});
  CHECK_THROWS_WITH_AS(
      dense->set_option("units", 4),
      "Dense: `units` is fixed when the layer's weights are made; make a new Dense",
      InvalidArgument);
  CHECK_NOTHROW(dense->set_option("units", 3));
  CHECK_THROWS_WITH_AS(dense->set_option("name", "other"), doctest::Contains("`name` is fixed"),
                       InvalidArgument);
  CHECK_THROWS_WITH_AS(dense->set_option("unit", 4),
                       doctest::Contains("Dense has no option \"unit\"; did you mean \"units\"?"),
                       NotFound);
  CHECK_THROWS_WITH_AS(dense->set_option("use_bias", "maybe"),
                       doctest::Contains("Dense: argument `use_bias`: expected true or false"),
                       InvalidArgument);
  const nn::metrics::BinaryAccuracy accuracy;
  CHECK_THROWS_WITH_AS(accuracy->set_option("threshold", 0.3),
                       doctest::Contains("`threshold` is fixed when the metric is made"),
                       InvalidArgument);
  const nn::SGD sgd;
  CHECK_THROWS_WITH_AS(sgd->set_option_object("learning_rate", nn::L2().shared()),
                       doctest::Contains("SGD: argument `learning_rate`: cannot be a L2"),
                       InvalidArgument);
  sgd->set_option("clipnorm", 1.0);
  CHECK_THROWS_WITH_AS(sgd->set_option("clipvalue", 1.0),
                       doctest::Contains("only one of `clipnorm`"), InvalidArgument);
  CHECK(sgd->config().at("clipvalue") == Config());
}

TEST_CASE("weight decay leaves out the variables that are excluded by name") {
  const nn::SGD sgd({.learning_rate = 0.5, .common = {.weight_decay = 0.5}});
  sgd->exclude_from_weight_decay({"bias"}, {});
  nn::Sequential model{
      nn::Input({2}),
      nn::Dense({.units = 1, .kernel_initializer = "ones", .bias_initializer = "ones"})};
  model.compile({.optimizer = sgd, .loss = nn::make_loss("nothing", [](Value y_true, Value y_pred) {
                                     return mean(y_pred * 0.0 + y_true * 0.0, -1);
                                   })});
  step(model);
  CHECK(model.get_weights()[0].at(0) == 0.75);
  CHECK(model.get_weights()[1].at(0) == 1);
  CHECK_THROWS_AS(sgd->exclude_from_weight_decay({}, {}), RunError);
}

TEST_CASE("constants may be arrays, which are broadcast") {
  const auto values = [](const nn::Initializer& initializer, const Shape& shape) {
    Graph graph;
    Session session(graph);
    return session.compile({}, {(*initializer)({DType::f32, shape}).build(graph)}).run({}).front();
  };
  const Tensor rows = values(nn::Constant({.value = Tensor::from({1.0f, 2.0f})}), {3, 2});
  CHECK(rows.at(4) == 1);
  CHECK(rows.at(5) == 2);
  CHECK_THROWS_WITH_AS(values(nn::Constant({.value = Tensor::from({1.0f, 2.0f})}), {3, 3}),
                       "a constant of shape [2] does not fit a weight of shape [3,3]", ShapeError);
  const auto entry = *nn::find_class<nn::InitializerBase>("Constant");
  const Config nested = Config::List{Config::List{1.0, 2.0}, Config::List{3.0, 4.0}};
  CHECK(entry.make(Config::object({{"value", nested}}))->config().at("value") == nested);
  CHECK_THROWS_WITH_AS(
      entry.make(Config::object({{"value", Config::List{Config::List{1.0}, Config::List{}}}})),
      doctest::Contains("expected lists of equal lengths"), InvalidArgument);
}

TEST_CASE("stated axes decide the fans of scaled initializers") {
  // Uniform within sqrt(3 scale / fan).
  const nn::VarianceScaling initializer({.scale = 12,
                                         .distribution = "uniform",
                                         .seed = 1,
                                         .input_axes = {{0, 1}},
                                         .output_axes = {{-1}}});
  Graph graph;
  Session session(graph);
  const Tensor values =
      session.compile({}, {(*initializer)({DType::f32, {30, 30, 4}}).build(graph)}).run({}).front();
  double largest = 0;
  for (const float value : values.values<float>())
    largest = std::max(largest, std::abs(double{value}));
  CHECK(largest <= 0.2);
  CHECK(largest > 0.19);
}
