// Which hooks are called when, what they see, and what reading the logs costs those who do not.
#include <doctest/doctest.h>

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/nn/callbacks.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/schedules.hpp"
#include "tegula/nn/sequential.hpp"

using namespace tegula;

namespace {

nn::Sequential line(std::int64_t steps_per_execution = 1) {
  nn::Sequential model{nn::Input({1}), nn::Dense({.units = 1, .use_bias = false})};
  model.compile({.optimizer = nn::SGD({.learning_rate = 0.5}),
                 .loss = nn::MeanSquaredError(),
                 .metrics = {"mae"},
                 .steps_per_execution = steps_per_execution});
  return model;
}

data::Dataset samples(std::int64_t count) {
  return {Tensor::full(DType::f32, {count, 1}, 1), Tensor::full(DType::f32, {count, 1}, 3)};
}

/// Overrides batch hooks and nothing else.
class Batches : public nn::Callback {
 public:
  void on_train_batch_begin(std::int64_t batch) override { begun += std::to_string(batch); }
  void on_train_batch_end(std::int64_t batch, const nn::Logs& logs) override {
    ended += std::to_string(batch);
    losses.push_back(logs.at("loss"));
  }
  void on_test_batch_begin(std::int64_t batch) override { begun += "t" + std::to_string(batch); }
  void on_test_batch_end(std::int64_t batch, const nn::Logs&) override {
    ended += "t" + std::to_string(batch);
  }
  void on_predict_batch_begin(std::int64_t batch) override { begun += "p" + std::to_string(batch); }
  void on_predict_batch_end(std::int64_t batch, const Tensors& outputs) override {
    ended += "p" + std::to_string(batch);
    rows.push_back(outputs->shape()[0]);
  }

  std::string begun;
  std::string ended;
  std::vector<double> losses;
  std::vector<std::int64_t> rows;
};

}  // namespace

TEST_CASE("batch hooks of a user's callback are called, and see the running loss") {
  nn::Sequential model = line();
  const auto hooks = std::make_shared<Batches>();
  const nn::History history = model.fit(
      samples(6), {.batch_size = 2, .verbose = nn::Verbose::silent, .callbacks = {hooks}});
  CHECK(hooks->begun == "012");
  CHECK(hooks->ended == "012");
  REQUIRE(hooks->losses.size() == 3);
  CHECK(hooks->losses[0] > hooks->losses[2]);
  CHECK(hooks->losses[2] == history.at("loss").back());
}

TEST_CASE("with steps_per_execution batch hooks come once per group of batches") {
  struct Case {
    std::int64_t steps_per_execution;
    const char* begun;
    const char* ended;
    std::vector<std::int64_t> rows;  // of predict
  };
  // Keras 3.15 for 10 samples in batches of 2.
  for (const Case& c :
       {Case{1, "01234", "01234", {2, 2, 2, 2, 2}}, Case{2, "024", "134", {4, 4, 2}},
        Case{3, "03", "24", {6, 4}}, Case{9, "0", "4", {10}}}) {
    CAPTURE(c.steps_per_execution);
    const auto with = [](std::string text, const std::string& prefix) {
      std::string result;
      for (const char digit : text) result += prefix + digit;
      return result;
    };
    nn::Sequential model = line(c.steps_per_execution);
    auto hooks = std::make_shared<Batches>();
    model.fit(samples(10), {.batch_size = 2, .verbose = nn::Verbose::silent, .callbacks = {hooks}});
    CHECK(hooks->begun == c.begun);
    CHECK(hooks->ended == c.ended);
    hooks = std::make_shared<Batches>();
    model.evaluate(samples(10),
                   {.batch_size = 2, .verbose = nn::Verbose::silent, .callbacks = {hooks}});
    CHECK(hooks->begun == with(c.begun, "t"));
    CHECK(hooks->ended == with(c.ended, "t"));
    hooks = std::make_shared<Batches>();
    model.predict(samples(10).x, {.batch_size = 2, .callbacks = {hooks}});
    CHECK(hooks->begun == with(c.begun, "p"));
    CHECK(hooks->ended == with(c.ended, "p"));
    CHECK(hooks->rows == c.rows);
  }
  nn::Sequential model = line();
  CHECK_THROWS_WITH_AS(model.compile({.loss = nn::MeanSquaredError(), .steps_per_execution = 0}),
                       "compile: `steps_per_execution` must be >= 1, got 0", InvalidArgument);
}

TEST_CASE("logs are read when someone looks at them, once") {
  int read = 0;
  const auto reader = [&read] {
    ++read;
    nn::Logs logs;
    logs.set("loss", 0.5);
    return logs;
  };
  const nn::Logs unread(reader);
  CHECK(read == 0);
  CHECK(unread.at("loss") == 0.5);
  CHECK(unread.at("loss") == 0.5);
  CHECK(read == 1);
  const nn::Logs another(reader);
  const nn::Logs copy = another;  // NOLINT: a copy is what is tested
  CHECK(read == 2);
  CHECK(copy.at("loss") == 0.5);
  CHECK_FALSE(another.empty());
  CHECK(read == 2);
  nn::Logs changed(reader);
  changed.set("extra", 1);
  CHECK(changed.at("loss") == 0.5);
}

TEST_CASE("logs name what they have when asked for something else") {
  const nn::Logs logs = line().evaluate(samples(2), {.verbose = nn::Verbose::silent});
  CHECK(logs.at("mae") >= 0);
  CHECK_THROWS_WITH_AS(logs.at("accuracy"), "the logs have no \"accuracy\"; they have: loss, mae",
                       NotFound);
  CHECK_THROWS_WITH_AS(nn::Logs().at("loss"), "the logs have no \"loss\"; they have: nothing",
                       NotFound);
}

TEST_CASE("callbacks are made as everything else, and keep options and state by name") {
  const nn::EarlyStopping stopping({.patience = 3});
  CHECK(stopping->options().patience == 3);
  stopping->set_attribute("patience", 5);
  CHECK(stopping->options().patience == 5);
  stopping->set_attribute("best", 0.25);
  CHECK(stopping->state().best == 0.25);
  CHECK(stopping->attributes().at("best") == nn::Config(0.25));
  CHECK(stopping->attributes().at("monitor") == nn::Config("val_loss"));
  CHECK_THROWS_WITH_AS(stopping->set_attribute("patience", -1),
                       "EarlyStopping: `patience` must be >= 0, got -1", InvalidArgument);
  CHECK_THROWS_AS(stopping->set_attribute("mode", "biggest"), InvalidArgument);
  CHECK_THROWS_AS(stopping->set_attribute("patience", "many"), InvalidArgument);
  CHECK_THROWS_AS(stopping->set_attribute("nonsense", 1), NotFound);
  CHECK(stopping->options().patience == 5);
  CHECK(stopping->options().mode == "auto");
}

TEST_CASE("an unknown monitor is refused in mode auto, as in Keras") {
  for (const std::shared_ptr<nn::Callback>& callback : nn::CallbackList{
           nn::EarlyStopping({.monitor = "unknown"}), nn::ReduceLROnPlateau({.monitor = "unknown"}),
           nn::ModelCheckpoint({.filepath = "never", .monitor = "unknown"})}) {
    nn::Sequential model = line();
    CHECK_THROWS_AS(
        model.fit(samples(2), {.verbose = nn::Verbose::silent, .callbacks = {callback}}),
        InvalidArgument);
  }
}

TEST_CASE("ReduceLROnPlateau starts anew with each fit") {
  nn::Sequential model = line();
  const nn::ReduceLROnPlateau plateau(
      {.monitor = "loss", .factor = 0.5, .patience = 1, .min_delta = 100, .cooldown = 5});
  const nn::FitOptions options = {
      .epochs = 3, .verbose = nn::Verbose::silent, .callbacks = {plateau}};
  model.fit(samples(2), options);
  CHECK(plateau->state().cooldown_counter == 4);
  CHECK(plateau->state().best.has_value());
  plateau->on_train_begin();
  CHECK(plateau->state().cooldown_counter == 0);
  CHECK(plateau->state().wait == 0);
  CHECK_FALSE(plateau->state().best.has_value());
}

TEST_CASE("a schedule's rate is logged, and cannot be set") {
  nn::Sequential model{nn::Input({1}), nn::Dense({.units = 1, .use_bias = false})};
  model.compile(
      {.optimizer = nn::SGD({.learning_rate = nn::InverseTimeDecay(
                                 {.initial_learning_rate = 1, .decay_steps = 1, .decay_rate = 1})}),
       .loss = nn::MeanSquaredError()});
  const nn::ReduceLROnPlateau plateau({.monitor = "loss", .patience = 9});
  const nn::History history =
      model.fit(samples(1), {.epochs = 3, .verbose = nn::Verbose::silent, .callbacks = {plateau}});
  CHECK(history.at("learning_rate")[0] == doctest::Approx(1.0 / 2));
  CHECK(history.at("learning_rate")[2] == doctest::Approx(1.0 / 4));
  CHECK_THROWS_AS(model.set_learning_rate(0.1), RunError);
}

TEST_CASE("TerminateOnNaN raises when asked to") {
  nn::Sequential model = line();
  data::Dataset data = samples(2);
  data.y = Tensor::full(DType::f32, {2, 1}, std::numeric_limits<double>::infinity());
  CHECK_THROWS_WITH_AS(
      model.fit(data, {.verbose = nn::Verbose::silent,
                       .callbacks = {nn::TerminateOnNaN({.raise_error = true})}}),
      "NaN or Inf loss encountered at batch 0. Loss value: inf. Terminating training immediately.",
      RunError);
}

TEST_CASE("CSVLogger writes nan without a sign") {
  CHECK(nn::number_text(std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(nn::number_text(-std::numeric_limits<double>::quiet_NaN()) == "nan");
}

TEST_CASE("a model that was moved from says so") {
  nn::Sequential model = line();
  const nn::Sequential taken = std::move(model);
  CHECK(taken.compiled());
  CHECK_THROWS_AS(model.compiled(), RunError);  // NOLINT: what is tested
  CHECK_THROWS_AS(model.predict(samples(1).x), RunError);
}
