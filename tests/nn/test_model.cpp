// Models: compile, fit, evaluate, predict on tiny problems, and their errors.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tegula/core/parallel.hpp"
#include "tegula/nn/initializers.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/metrics.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/schedules.hpp"
#include "tegula/nn/sequential.hpp"

using namespace tegula;
using data::Dataset;
using nn::Sequential;

namespace {

constexpr std::int64_t kFeatures = 4, kClasses = 3;

/// Rows whose class is that of the largest of the first three features.
Dataset classification(std::int64_t rows) {
  Tensor x(DType::f32, {rows, kFeatures});
  Tensor y(DType::i32, {rows});
  for (std::int64_t row = 0; row < rows; ++row) {
    std::int64_t label = 0;
    for (std::int64_t i = 0; i < kFeatures; ++i) {
      const double value = std::sin(static_cast<double>(12.9898 * (row * kFeatures + i + 1)));
      x.set(row * kFeatures + i, value);
      if (i < kClasses && value > x.at(row * kFeatures + label)) label = i;
    }
    y.set(row, static_cast<double>(label));
  }
  return {x, y};
}

Sequential classifier() {
  return Sequential{nn::Input({kFeatures}), nn::Dense({.units = 8, .activation = "relu"}),
                    nn::Dropout({.rate = 0.2}),
                    nn::Dense({.units = kClasses, .activation = "softmax"})};
}

nn::CompileOptions classification_settings() {
  return {.optimizer = nn::Adam({.learning_rate = 0.02}),
          .loss = nn::SparseCategoricalCrossentropy(),
          .metrics = {"accuracy"}};
}

/// A model y = w x with w = 1, for sums that can be done by hand.
Sequential line() {
  return Sequential{nn::Input({1}),
                    nn::Dense({.units = 1, .use_bias = false, .kernel_initializer = "ones"})};
}

Dataset points(std::initializer_list<float> x, std::initializer_list<float> y) {
  const auto rows = static_cast<std::int64_t>(x.size());
  return {Tensor::from<float>(x, {rows, 1}), Tensor::from<float>(y, {rows, 1})};
}

std::string keys_of(const nn::History& history) {
  std::string keys;
  for (const auto& [name, values] : history.values) keys += name + " ";
  return keys;
}

std::string keys_of(const nn::Logs& logs) {
  std::string keys;
  for (const auto& [name, value] : logs) keys += name + " ";
  return keys;
}

template <typename Exception, typename Work>
std::string message_of(Work&& work) {
  try {
    work();
  } catch (const Exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

bool mentions(const std::string& text, std::string_view part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE("\"" << text << "\" does not mention \"" << std::string(part) << "\"");
  return found;
}

}  // namespace

TEST_CASE("fit learns, and its history has Keras's keys") {
  nn::set_random_seed(1);
  Sequential model = classifier();
  model.compile(classification_settings());
  const Dataset train = classification(300);
  const nn::History history = model.fit(
      train, {.epochs = 30, .verbose = nn::Verbose::silent, .validation_data = classification(50)});
  CHECK(keys_of(history) == "accuracy loss val_accuracy val_loss ");
  CHECK(history.epochs.size() == 30);
  CHECK(history.at("loss").size() == 30);
  CHECK(history.at("loss").back() < 0.6 * history.at("loss").front());
  CHECK(history.at("val_accuracy").back() > 0.85);
  CHECK(mentions(message_of<NotFound>([&] { history.at("acuracy"); }), "accuracy, loss"));

  const nn::Logs tested = model.evaluate(train, {.verbose = nn::Verbose::silent});
  CHECK(keys_of(tested) == "loss accuracy ");
  const Tensor p = model.predict(train.x);
  REQUIRE(p.shape() == Shape{300, kClasses});
  int right = 0;
  for (std::int64_t row = 0; row < 300; ++row) {
    std::int64_t best = 0;
    for (std::int64_t i = 1; i < kClasses; ++i) {
      if (p.at(row * kClasses + i) > p.at(row * kClasses + best)) best = i;
    }
    right += best == static_cast<std::int64_t>(train.y->at(row)) ? 1 : 0;
  }
  CHECK(*tested.find("accuracy") == doctest::Approx(right / 300.0));
}

TEST_CASE("one step of gradient descent is the one done by hand, partial batches included") {
  Sequential model = line();
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.1}), .loss = nn::MeanSquaredError()});
  // Batches (1, 2) and (3): w = 1, gradients of the mean of (w x - y)².
  const Dataset data = points({1, 2, 3}, {0, 0, 0});
  const nn::History history =
      model.fit(data, {.batch_size = 2, .verbose = nn::Verbose::silent, .shuffle = false});
  double w = 1;
  const double first = (1 + 4) / 2.0 * w * w;
  w -= 0.1 * 2 * w * (1 + 4) / 2;
  const double second = 9 * w * w;
  w -= 0.1 * 2 * w * 9;
  CHECK(model.get_weights()[0].at(0) == doctest::Approx(w));
  // Batches weigh as many rows as they have.
  CHECK(history.at("loss")[0] == doctest::Approx((2 * first + second) / 3));
}

TEST_CASE("sample weights multiply losses, and weighted metrics divide by their sum") {
  Sequential model = line();
  model.compile(
      {.loss = nn::MeanSquaredError(), .metrics = {"mse"}, .weighted_metrics = {"mse", "mae"}});
  Dataset data = points({1, 2, 3, 4}, {0, 0, 0, 0});
  data.sample_weight = Tensor::from<float>({1, 0, 2, 0.5f});
  const nn::Logs logs = model.evaluate(data, {.batch_size = 3, .verbose = nn::Verbose::silent});
  CHECK(keys_of(logs) == "loss mse weighted_mse mae ");
  CHECK(*logs.find("loss") == doctest::Approx((1 + 2 * 9 + 0.5 * 16) / 4));
  CHECK(*logs.find("mse") == doctest::Approx((1 + 4 + 9 + 16) / 4.0));
  CHECK(*logs.find("weighted_mse") == doctest::Approx((1 + 2 * 9 + 0.5 * 16) / 3.5));
  CHECK(*logs.find("mae") == doctest::Approx((1 + 2 * 3 + 0.5 * 4) / 3.5));
}

TEST_CASE("class weights act as sample weights, for indices and one-hot targets") {
  const std::map<std::int64_t, double> class_weight = {{0, 2}, {2, 0.5}};
  const Tensor x = Tensor::from<float>({1, 0, 0, 1, 1, 1}, {3, 2});
  const Tensor indices = Tensor::from<std::int32_t>({0, 1, 2});
  Tensor one_hot = Tensor::zeros(DType::f32, {3, 3});
  for (std::int64_t i = 0; i < 3; ++i) one_hot.set(i * 4, 1);
  const auto loss_of = [&](const nn::Loss& loss, const Tensor& y, bool as_samples) {
    Sequential model{
        nn::Input({2}),
        nn::Dense({.units = 3, .activation = "softmax", .kernel_initializer = nn::Identity()})};
    model.compile({.optimizer = nn::SGD({.learning_rate = 0.0}), .loss = loss});
    Dataset data{x, y};
    if (as_samples) data.sample_weight = Tensor::from<float>({2, 1, 0.5f});
    const nn::Logs logs =
        as_samples ? model.train_on_batch(data) : model.train_on_batch(data, class_weight);
    return *logs.find("loss");
  };
  const double expected = loss_of(nn::SparseCategoricalCrossentropy(), indices, true);
  CHECK(loss_of(nn::SparseCategoricalCrossentropy(), indices, false) == doctest::Approx(expected));
  CHECK(loss_of(nn::CategoricalCrossentropy(), one_hot, false) == doctest::Approx(expected));

  Sequential model = line();
  model.compile({.loss = nn::MeanSquaredError()});
  Dataset both = points({1}, {1});
  both.sample_weight = Tensor::from<float>({1});
  CHECK(mentions(message_of<InvalidArgument>([&] { model.train_on_batch(both, class_weight); }),
                 "`class_weight` and `sample_weight` cannot be given at the same time"));
}

TEST_CASE("validation_split holds out the last rows before shuffling") {
  Sequential model = line();
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.0}), .loss = nn::MeanSquaredError()});
  const Dataset data = points({1, 2, 3, 4, 5}, {0, 0, 0, 0, 0});
  const nn::History history =
      model.fit(data, {.batch_size = 2, .verbose = nn::Verbose::silent, .validation_split = 0.3});
  CHECK(history.at("loss")[0] == doctest::Approx((1 + 4 + 9) / 3.0));
  CHECK(history.at("val_loss")[0] == doctest::Approx((16 + 25) / 2.0));
  CHECK(mentions(message_of<InvalidArgument>([&] {
                   model.fit(points({1}, {1}),
                             {.verbose = nn::Verbose::silent, .validation_split = 0.5});
                 }),
                 "too few to set aside"));
}

TEST_CASE("initial_epoch, validation_freq and steps_per_epoch count as in Keras") {
  Sequential model = line();
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.0}), .loss = nn::MeanSquaredError()});
  const Dataset data = points({1, 2, 3, 4}, {0, 0, 0, 0});
  const nn::History history = model.fit(data, {.batch_size = 1,
                                               .epochs = 6,
                                               .verbose = nn::Verbose::silent,
                                               .validation_data = data,
                                               .shuffle = false,
                                               .initial_epoch = 2,
                                               .steps_per_epoch = 3,
                                               .validation_freq = 2});
  CHECK(history.epochs == std::vector<std::int64_t>{2, 3, 4, 5});
  CHECK(history.at("val_loss").size() == 2);
  // Rows go on where the last epoch ended, and an epoch that meets the end of the data stops there.
  CHECK(history.at("loss")[0] == doctest::Approx((1 + 4 + 9) / 3.0));
  CHECK(history.at("loss")[1] == doctest::Approx(16));
}

TEST_CASE("the same seed gives bit-identical weights, with one thread and with two") {
  const auto train = [](int threads, std::uint64_t seed) {
    const int before = thread_count();
    set_thread_count(threads);
    nn::set_random_seed(seed);
    Sequential model{nn::Input({kFeatures}), nn::Dense({.units = 64, .activation = "relu"}),
                     nn::Dropout({.rate = 0.2}),
                     nn::Dense({.units = kClasses, .activation = "softmax"})};
    model.compile(classification_settings());
    model.fit(classification(500), {.batch_size = 64, .epochs = 2, .verbose = nn::Verbose::silent});
    set_thread_count(before);
    return model.get_weights();
  };
  const std::vector<Tensor> one = train(1, 7), two = train(2, 7), other = train(2, 8);
  REQUIRE(one.size() == 4);
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(identical(one[i], two[i]));
  CHECK_FALSE(identical(one[0], other[0]));
}

TEST_CASE("train_on_batch and test_on_batch report the batch alone, before the update") {
  Sequential model = line();
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.25}),
                 .loss = nn::MeanSquaredError(),
                 .metrics = {"mae"}});
  const Dataset batch = points({2}, {0});
  CHECK(*model.train_on_batch(batch).find("loss") == doctest::Approx(4));
  CHECK(model.get_weights()[0].at(0) == doctest::Approx(-1));
  const nn::Logs logs = model.test_on_batch(points({1}, {0}));
  CHECK(*logs.find("loss") == doctest::Approx(1));
  CHECK(*logs.find("mae") == doctest::Approx(1));
}

TEST_CASE("predict takes any batch size and dtype, and nothing else changes") {
  Sequential model = classifier();
  const Dataset data = classification(70);
  const Tensor whole = model.predict(data.x, {.batch_size = 70});
  const Tensor parts = model.predict(data.x, {.batch_size = 32});
  for (std::int64_t i = 0; i < whole.element_count(); ++i) {
    CHECK(parts.at(i) == doctest::Approx(whole.at(i)).epsilon(1e-5));
  }
  CHECK(model.predict(data.x->cast(DType::f64)).dtype() == DType::f32);
  CHECK(model.predict_on_batch(data.x.one()).shape() == Shape{70, kClasses});
  CHECK_THROWS_AS(model.predict(Tensor::zeros(DType::f32, {0, kFeatures})), InvalidArgument);
}

TEST_CASE("a model without an input shape takes it from the first data") {
  Sequential model{nn::Dense({.units = 2}), nn::Dense({.units = 1})};
  CHECK_FALSE(model.built());
  CHECK(model.weights().empty());
  CHECK_THROWS_AS(model.input_shape(), RunError);
  model.compile({.loss = nn::MeanSquaredError()});
  model.train_on_batch({Tensor::zeros(DType::f32, {2, 5}), Tensor::zeros(DType::f32, {2, 1})});
  CHECK(model.input_shape() == Shape{-1, 5});
  CHECK(model.weights().size() == 4);
}

TEST_CASE("frozen layers keep their weights") {
  Sequential model = classifier();
  model.layers()[0]->trainable = false;
  model.compile(classification_settings());
  const std::vector<Tensor> before = model.get_weights();
  model.fit(classification(64), {.verbose = nn::Verbose::silent});
  const std::vector<Tensor> after = model.get_weights();
  CHECK(identical(before[0], after[0]));
  CHECK(identical(before[1], after[1]));
  CHECK_FALSE(identical(before[2], after[2]));
  for (const nn::Layer& layer : model.layers()) layer->trainable = false;
  model.compile(classification_settings());
  const std::vector<Tensor> frozen = model.get_weights();
  model.fit(classification(8), {.verbose = nn::Verbose::silent});
  CHECK(identical(frozen[2], model.get_weights()[2]));
}

TEST_CASE("learning rates can be read and set, unless a schedule sets them") {
  Sequential model = line();
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.5}), .loss = nn::MeanSquaredError()});
  CHECK(model.learning_rate() == 0.5);
  model.set_learning_rate(0.25);
  CHECK(model.learning_rate() == 0.25);
  model.train_on_batch(points({1}, {0}));
  CHECK(model.get_weights()[0].at(0) == doctest::Approx(0.5));

  Sequential scheduled = line();
  scheduled.compile({.optimizer = nn::SGD({.learning_rate = nn::Schedule(nn::ExponentialDecay())}),
                     .loss = nn::MeanSquaredError()});
  CHECK_THROWS_AS(scheduled.set_learning_rate(1), RunError);
}

TEST_CASE("a loss scale changes the arithmetic, not the step") {
  Sequential model = line();
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.25, .common = {.loss_scale_factor = 8}}),
                 .loss = nn::MeanSquaredError()});
  CHECK(*model.train_on_batch(points({1}, {0})).find("loss") == doctest::Approx(1));
  CHECK(model.get_weights()[0].at(0) == doctest::Approx(0.5));
}

TEST_CASE("moving averages become the weights at the end of fit") {
  Sequential model = line();
  model.compile({.optimizer = nn::SGD(
                     {.learning_rate = 0.25, .common = {.use_ema = true, .ema_momentum = 0.5}}),
                 .loss = nn::MeanSquaredError()});
  model.fit(points({1}, {0}), {.epochs = 3, .verbose = nn::Verbose::silent});
  // Weights 0.5, 0.25, 0.125; averages 0.5, 0.375, 0.25.
  CHECK(model.get_weights()[0].at(0) == doctest::Approx(0.25));
}

TEST_CASE("misuse is refused with words that say what to do") {
  Sequential model = classifier();
  const Dataset data = classification(10);
  const nn::FitOptions silent = {.verbose = nn::Verbose::silent};
  CHECK(mentions(message_of<InvalidArgument>([&] { model.fit(data, silent); }),
                 "You must call `compile()` before using the model"));
  model.compile({.optimizer = "sgd"});
  CHECK(mentions(message_of<InvalidArgument>([&] { model.fit(data, silent); }),
                 "No loss to compute. Provide a `loss` argument in `compile()`."));
  model.compile(classification_settings());
  const std::string cardinality = message_of<InvalidArgument>([&] {
    Dataset uneven;
    uneven.x = data.x;
    uneven.y = data.y->rows(0, 5);
    model.fit(uneven, silent);
  });
  CHECK(mentions(cardinality, "Data cardinality is ambiguous"));
  CHECK(mentions(cardinality, "(10, 4)"));
  CHECK(mentions(cardinality, "(5,)"));
  CHECK(mentions(message_of<ShapeError>([&] {
                   model.predict(Tensor::zeros(DType::f32, {2, 3}));
                 }),
                 "(2, 3)"));
  CHECK(mentions(message_of<NotFound>([&] { model.layer("dens"); }), "No such layer: dens"));
  CHECK(mentions(message_of<InvalidArgument>([&] { model.set_weights({data.x}); }),
                 "with a weight list of length 1, but the model was expecting 4 weights."));
  std::vector<Tensor> wrong = model.get_weights();
  wrong[1] = Tensor::zeros(DType::f32, {9});
  CHECK(mentions(message_of<ShapeError>([&] { model.set_weights(wrong); }), "(9,)"));

  // Targets.
  Dataset bad = data;
  bad.y = Tensor::full(DType::f32, {10}, std::nan(""));
  CHECK(mentions(message_of<InvalidArgument>([&] { model.fit(bad, silent); }), "NaN"));
  bad.y = Tensor::full(DType::f32, {10}, 0.5);
  CHECK(mentions(message_of<InvalidArgument>([&] { model.fit(bad, silent); }), "class indices"));
  bad.y = Tensor::full(DType::i32, {10}, 3);
  CHECK(mentions(message_of<Error>([&] { model.fit(bad, silent); }), "3"));
  CHECK_THROWS_AS(model.fit(data, {.batch_size = 0, .verbose = nn::Verbose::silent}),
                  InvalidArgument);

  // The model is usable after all that.
  CHECK(model.fit(data, silent).at("loss").size() == 1);
}

TEST_CASE("a metric that does not exist is refused by compile") {
  for (const bool weighted : {false, true}) {
    Sequential model = classifier();
    nn::CompileOptions settings = classification_settings();
    settings.metrics.clear();
    (weighted ? settings.weighted_metrics : settings.metrics) = {"acuracy"};
    CHECK(mentions(message_of<NotFound>([&] { model.compile(settings); }),
                   "Could not interpret metric identifier: acuracy"));
  }
}

TEST_CASE("a metric that gives a vector stands in logs and history as a tensor") {
  Sequential model{nn::Input({kFeatures}), nn::Dense({.units = 1, .activation = "sigmoid"})};
  model.compile({.loss = nn::BinaryCrossentropy(),
                 .metrics = {nn::metrics::Precision({.thresholds = {0.2, 0.4}, .name = "p"})}});
  const Dataset data = classification(10);
  const nn::Logs logs = model.evaluate(data, {.verbose = nn::Verbose::silent});
  REQUIRE(logs.find_value("p") != nullptr);
  CHECK(logs.find_value("p")->tensor().shape() == Shape{2});
  CHECK(mentions(message_of<InvalidArgument>([&] { logs.find("p"); }), "\"p\" is not a number"));

  const nn::History history = model.fit(data, {.epochs = 3, .verbose = nn::Verbose::silent});
  CHECK(history.tensors_at("p").size() == 3);
  CHECK(history.tensors_at("p").back().shape() == Shape{2});
  CHECK(history.at("loss").size() == 3);
  CHECK(mentions(message_of<NotFound>([&] { history.at("p"); }), "it has: loss, p (tensors)"));
}

TEST_CASE("metrics of training steps leave the update alone") {
  const auto weights_with = [](std::vector<nn::MetricSpec> metrics) {
    nn::set_random_seed(3);
    Sequential model = classifier();
    nn::CompileOptions settings = classification_settings();
    settings.metrics = std::move(metrics);
    model.compile(std::move(settings));
    model.fit(classification(64), {.verbose = nn::Verbose::silent});
    return model.get_weights();
  };
  const std::vector<Tensor> without = weights_with({});
  const std::vector<Tensor> with = weights_with({"accuracy", "sparse_top_k_categorical_accuracy"});
  for (std::size_t i = 0; i < with.size(); ++i) CHECK(identical(without[i], with[i]));
}

TEST_CASE("the training step keeps no softmax for loss and accuracy") {
  Sequential model = classifier();
  model.compile(classification_settings());
  model.train_on_batch(classification(32));
  const std::string plan = model.explain(32, true);
  CHECK(mentions(plan, "sparse_softmax_cross_entropy f32"));
  CHECK(mentions(plan, "argmax f32"));
  CHECK(plan.find(" softmax f32") == std::string::npos);
}
