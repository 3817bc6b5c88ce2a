// The callbacks' rules, which are Keras's. Most cases hand a callback the logs of one epoch after
// the other and watch what it does to the model.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/nn/callbacks.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/sequential.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace tegula;
using test::read_bytes;
using test::TemporaryFolder;
using test::write_bytes;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

nn::Sequential compiled_model(double rate = 0.5) {
  nn::Sequential model{nn::Input({1}), nn::Dense({.units = 1, .use_bias = false})};
  model.compile({.optimizer = nn::SGD({.learning_rate = rate}), .loss = nn::MeanSquaredError()});
  return model;
}

data::Dataset samples(std::int64_t count = 4, double target = 1) {
  return {Tensor::full(DType::f32, {count, 1}, 1), Tensor::full(DType::f32, {count, 1}, target)};
}

nn::Logs logs_of(std::initializer_list<std::pair<const char*, double>> entries) {
  nn::Logs logs;
  for (const auto& [name, value] : entries) logs.set(name, value);
  return logs;
}

double weight(const nn::Model& model) { return model.get_weights()[0].item(); }
void set_weight(nn::Model& model, double value) {
  model.set_weights({Tensor::full(DType::f32, {1, 1}, value)});
}

/// Collects what is written while it lives.
class Captured {
 public:
  Captured() {
    nn::set_output([this](std::string_view text) { output += text; });
    nn::set_warning_output([this](std::string_view text) { warnings += text; });
  }
  ~Captured() {
    nn::set_output([](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); });
    nn::set_warning_output(
        [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); });
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;

  std::string output;
  std::string warnings;
};

/// The epoch (from 0) after which an EarlyStopping stops when its metric goes through `values`, or
/// -1. The model's weight is the epoch's number.
struct StopResult {
  std::int64_t stopped = -1;
  double weight = 0;
};
StopResult early_stop(nn::EarlyStoppingOptions options, const std::vector<double>& values) {
  nn::Sequential model = compiled_model();
  const std::string monitor = options.monitor;
  const nn::EarlyStopping callback(std::move(options));
  callback->model = &model;
  callback->on_train_begin();
  StopResult result;
  for (std::size_t epoch = 0; epoch < values.size() && result.stopped < 0; ++epoch) {
    set_weight(model, static_cast<double>(epoch));
    nn::Logs logs;
    logs.set(monitor, values[epoch]);
    callback->on_epoch_end(static_cast<std::int64_t>(epoch), logs);
    if (callback->state().stopped_epoch > 0) result.stopped = callback->state().stopped_epoch;
  }
  callback->on_train_end({});
  result.weight = weight(model);
  return result;
}

}  // namespace

TEST_CASE("EarlyStopping stops when the monitored value has not improved for `patience` epochs") {
  struct Case {
    const char* what;
    nn::EarlyStoppingOptions options;
    std::vector<double> values;
    std::int64_t stopped;
  };
  for (const Case& c : {
           Case{"no patience", {}, {3, 2, 2, 1}, 2},
           Case{"never after the first epoch", {}, {3, 4}, 1},
           Case{"patience counts epochs without improvement", {.patience = 2}, {3, 4, 2, 3, 3}, 4},
           Case{"improving all the time", {.patience = 1}, {4, 3, 2, 1}, -1},
           Case{"an improvement must exceed min_delta", {.min_delta = 0.5}, {3, 2.6, 1}, 1},
           Case{"a negative min_delta is its magnitude", {.min_delta = -0.5}, {3, 2.6, 1}, 1},
           Case{"accuracies rise", {.monitor = "val_accuracy"}, {0.5, 0.6, 0.6}, 2},
           Case{"mode says which way", {.monitor = "x", .mode = "max"}, {1, 2, 1}, 2},
           Case{"epochs before start_from_epoch do not count",
                {.start_from_epoch = 3},
                {1, 2, 3, 4, 5},
                4},
           Case{"below the baseline, improvements do not help",
                {.patience = 3, .baseline = 1.0},
                {5, 4, 3, 3},
                3},
           Case{"what beats the baseline does",
                {.patience = 2, .baseline = 4.5},
                {5, 4, 3, 3, 3},
                4},
       }) {
    CAPTURE(c.what);
    CHECK(early_stop(c.options, c.values).stopped == c.stopped);
  }
}

TEST_CASE("EarlyStopping restores the best weights, also when training was not stopped") {
  CHECK(early_stop({.patience = 1, .restore_best_weights = true}, {3, 1, 2}).weight == 1);
  CHECK(early_stop({.patience = 9, .restore_best_weights = true}, {3, 2, 1, 2, 2}).weight == 2);
  CHECK(early_stop({.patience = 1}, {3, 1, 2}).weight == 2);
}

TEST_CASE("EarlyStopping warns when the metric is missing, and trains on") {
  Captured captured;
  nn::Sequential model = compiled_model();
  const nn::EarlyStopping callback;
  const nn::History history =
      model.fit(samples(), {.epochs = 3, .verbose = nn::Verbose::silent, .callbacks = {callback}});
  CHECK(history.epochs.size() == 3);
  CHECK(captured.warnings.find("Early stopping conditioned on metric `val_loss` which is not "
                               "available. Available metrics are: loss") != std::string::npos);
}

TEST_CASE("EarlyStopping ends fit, and forgets when training begins again") {
  nn::Sequential model = compiled_model(0.0);  // a rate of 0: the loss never improves
  const nn::EarlyStopping callback({.monitor = "loss", .patience = 2});
  for (int repetition = 0; repetition < 2; ++repetition) {
    const nn::History history = model.fit(
        samples(), {.epochs = 9, .verbose = nn::Verbose::silent, .callbacks = {callback}});
    CHECK(history.epochs.size() == 3);
    CHECK(callback->state().stopped_epoch == 2);
  }
}

TEST_CASE("improvement: modes are checked, and auto needs a metric or a name that tells") {
  const nn::Sequential model = compiled_model();
  const auto improvement = [&model](const char* mode, const char* monitor, const nn::Logs& logs) {
    return nn::Improvement(mode, monitor, 0, model, logs, "EarlyStopping");
  };
  CHECK_THROWS_AS(improvement("biggest", "loss", {}), InvalidArgument);
  CHECK_THROWS_AS(improvement("auto", "something", logs_of({{"something", 1}})), InvalidArgument);
  // A name that tells is not enough where there is no such metric.
  CHECK_THROWS_WITH_AS(
      improvement("auto", "accuracy", {}),
      "EarlyStopping callback received monitor=accuracy, and nothing tells whether "
      "that metric should be maximized or minimized. Pass mode=\"max\" or "
      "mode=\"min\"",
      InvalidArgument);
  for (const char* name : {"loss", "val_loss", "val_mean_absolute_error", "mse",
                           "val_sparse_categorical_crossentropy"}) {
    CAPTURE(name);
    CHECK(improvement("auto", name, logs_of({{name, 1}}))(1, 2));
    CHECK_FALSE(improvement("auto", name, logs_of({{name, 1}}))(2, 2));
  }
  for (const char* name : {"accuracy", "val_accuracy", "sparse_categorical_accuracy", "auc",
                           "val_precision", "recall_1"}) {
    CAPTURE(name);
    CHECK(improvement("auto", name, logs_of({{name, 1}}))(2, 1));
    CHECK_FALSE(improvement("auto", name, logs_of({{name, 1}}))(2, 2));
  }
  CHECK_FALSE(improvement("min", "loss", {})(kNaN, 1));
  CHECK(improvement("min", "loss", {})(kNaN, std::nullopt));
}

TEST_CASE("ReduceLROnPlateau multiplies the rate after `patience` epochs on a plateau") {
  struct Case {
    const char* what;
    nn::ReduceLROnPlateauOptions options;
    std::vector<double> values;
    std::vector<double> rates;  // in the logs: before the epoch's change
  };
  for (const Case& c : {
           Case{"after patience epochs",
                {.factor = 0.5, .patience = 2},
                {1, 1, 1, 1, 1, 1},
                {8, 8, 8, 4, 4, 2}},
           Case{"an improvement starts the count again",
                {.factor = 0.5, .patience = 2},
                {3, 3, 2, 2, 2, 2},
                {8, 8, 8, 8, 8, 4}},
           Case{"cooldown epochs do not count",
                {.factor = 0.5, .patience = 1, .cooldown = 2},
                {1, 1, 1, 1, 1},
                {8, 8, 4, 4, 2}},
           Case{"min_lr bounds it",
                {.factor = 0.1, .patience = 1, .min_lr = 3},
                {1, 1, 1, 1},
                {8, 8, 3, 3}},
           Case{"less than min_delta is no improvement",
                {.factor = 0.5, .patience = 1},
                {1, 0.99999, 0.99998},
                {8, 8, 4}},
       }) {
    CAPTURE(c.what);
    nn::Sequential model = compiled_model(8);
    const nn::ReduceLROnPlateau callback(c.options);
    callback->model = &model;
    callback->on_train_begin();
    std::vector<double> rates;
    for (std::size_t epoch = 0; epoch < c.values.size(); ++epoch) {
      nn::Logs logs = logs_of({{"val_loss", c.values[epoch]}});
      callback->on_epoch_end(static_cast<std::int64_t>(epoch), logs);
      REQUIRE(logs.find("learning_rate") != nullptr);
      rates.push_back(*logs.find("learning_rate"));
    }
    CHECK(rates == c.rates);
  }
  CHECK_THROWS_AS(nn::ReduceLROnPlateau({.factor = 1}), InvalidArgument);
}

TEST_CASE("LearningRateScheduler sets each epoch's rate, which History sees") {
  Captured captured;
  nn::Sequential model = compiled_model(1);
  const nn::LearningRateScheduler callback(
      {.schedule = [](std::int64_t epoch, double rate) { return epoch < 2 ? rate : rate * 0.5; },
       .verbose = 1});
  const nn::History history =
      model.fit(samples(), {.epochs = 4, .verbose = nn::Verbose::silent, .callbacks = {callback}});
  CHECK(history.at("learning_rate") == std::vector<double>{1, 1, 0.5, 0.25});
  CHECK(captured.output.find("Epoch 4: LearningRateScheduler setting learning rate to 0.25.") !=
        std::string::npos);
  CHECK_THROWS_AS(nn::LearningRateScheduler(), InvalidArgument);
}

TEST_CASE("TerminateOnNaN stops at the batch whose loss is not finite") {
  Captured captured;
  for (const double rate : {0.5, 1e38}) {
    nn::Sequential model = compiled_model(rate);
    const nn::History history = model.fit(samples(64), {.batch_size = 4,
                                                        .epochs = 3,
                                                        .verbose = nn::Verbose::silent,
                                                        .callbacks = {nn::TerminateOnNaN()}});
    CHECK(history.epochs.size() == (rate < 1 ? 3u : 1u));
  }
  CHECK(captured.output.find(": Invalid loss, terminating training") != std::string::npos);
}

TEST_CASE("CSVLogger writes a header, then a line per epoch, sorted by metric") {
  const TemporaryFolder folder;
  const nn::CSVLogger logger({.filename = folder.path("log.csv")});
  logger->on_train_begin();
  nn::Logs first = logs_of({{"loss", 0.5}, {"val_loss", 0.25}, {"accuracy", 1}});
  nn::Logs second = logs_of({{"loss", 0.125}, {"accuracy", 1}});
  logger->on_epoch_end(0, first);
  logger->on_epoch_end(1, second);
  logger->on_train_end({});
  CHECK(read_bytes(folder.path("log.csv")) ==
        "epoch,accuracy,loss,val_loss\n0,1,0.5,0.25\n1,1,0.125,NA\n");
}

TEST_CASE("CSVLogger without validation keeps columns for it") {
  const TemporaryFolder folder;
  const nn::CSVLogger logger({.filename = folder.path("log.csv"), .separator = ";"});
  logger->on_train_begin();
  nn::Logs logs = logs_of({{"loss", 0.5}});
  logger->on_epoch_end(0, logs);
  CHECK(read_bytes(folder.path("log.csv")) == "epoch;loss;val_loss\n0;0.5;NA\n");
}

TEST_CASE("CSVLogger appends without a second header, or starts anew") {
  const TemporaryFolder folder;
  const std::string path = folder.path("log.csv");
  nn::Logs logs = logs_of({{"loss", 0.5}, {"val_loss", 0.5}});
  for (const bool append : {true, false}) {
    write_bytes(path, "epoch,loss,val_loss\n0,1,1\n");
    const nn::CSVLogger logger({.filename = path, .append = append});
    logger->on_train_begin();
    logger->on_epoch_end(1, logs);
    logger->on_train_end({});
    CHECK(read_bytes(path) == (append ? "epoch,loss,val_loss\n0,1,1\n1,0.5,0.5\n"
                                      : "epoch,loss,val_loss\n1,0.5,0.5\n"));
  }
  const nn::CSVLogger nowhere({.filename = folder.path("no/such/log.csv")});
  CHECK_THROWS_AS(nowhere->on_train_begin(), IoError);
}

TEST_CASE("ModelCheckpoint saves after every epoch, to a path that names it") {
  const TemporaryFolder folder;
  nn::Sequential model = compiled_model();
  model.fit(samples(),
            {.epochs = 2,
             .verbose = nn::Verbose::silent,
             .callbacks = {nn::ModelCheckpoint({.filepath = folder.path("m{epoch:03d}")})}});
  CHECK(std::filesystem::exists(folder.path("m001/config.json")));
  CHECK(weight(*nn::load_model(folder.path("m002"))) == weight(model));
}

TEST_CASE("ModelCheckpoint keeps the best when asked to") {
  const TemporaryFolder folder;
  struct Case {
    const char* what;
    std::optional<double> threshold;
    std::vector<double> values;
    double saved;  // the epoch whose weights are kept
  };
  for (const Case& c : {
           Case{"the smallest loss", {}, {3, 1, 2}, 1},
           Case{"equal is not better", {}, {1, 1, 1}, 0},
           Case{"better than the threshold", 1.5, {3, 1, 2}, 1},
       }) {
    CAPTURE(c.what);
    nn::Sequential model = compiled_model();
    const nn::ModelCheckpoint callback({.filepath = folder.path("best.safetensors"),
                                        .save_best_only = true,
                                        .save_weights_only = true,
                                        .initial_value_threshold = c.threshold});
    callback->model = &model;
    callback->on_train_begin();
    for (std::size_t epoch = 0; epoch < c.values.size(); ++epoch) {
      set_weight(model, static_cast<double>(epoch));
      nn::Logs logs = logs_of({{"val_loss", c.values[epoch]}});
      callback->on_epoch_end(static_cast<std::int64_t>(epoch), logs);
    }
    nn::Sequential loaded = compiled_model();
    loaded.load_weights(folder.path("best.safetensors"));
    CHECK(weight(loaded) == c.saved);
  }
}

TEST_CASE("ModelCheckpoint without its metric warns and saves") {
  Captured captured;
  const TemporaryFolder folder;
  nn::Sequential model = compiled_model();
  const nn::ModelCheckpoint callback({.filepath = folder.path("model"), .save_best_only = true});
  callback->model = &model;
  callback->on_train_begin();
  nn::Logs logs = logs_of({{"loss", 1}});
  callback->on_epoch_end(0, logs);
  CHECK(captured.warnings.find("`val_loss`") != std::string::npos);
  CHECK(std::filesystem::exists(folder.path("model")));
}

TEST_CASE("ModelCheckpoint counts batches across epochs") {
  const TemporaryFolder folder;
  nn::Sequential model = compiled_model();
  model.fit(samples(6),
            {.batch_size = 2,
             .epochs = 2,
             .verbose = nn::Verbose::silent,
             .callbacks = {nn::ModelCheckpoint({.filepath = folder.path("e{epoch}b{batch}"),
                                                .save_weights_only = true,
                                                .save_freq = 2})}});
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"e1b2", "e2b1", "e2b3"});
  CHECK_THROWS_AS(nn::ModelCheckpoint({.filepath = "x", .save_freq = 0}), InvalidArgument);
  CHECK_THROWS_AS(nn::ModelCheckpoint(), InvalidArgument);
}

TEST_CASE("paths are formatted as Python does it") {
  const nn::Logs logs = logs_of({{"val_loss", 0.12345}});
  struct Case {
    const char* pattern;
    const char* path;
  };
  for (const Case& c :
       {Case{"model", "model"}, Case{"m{epoch}", "m5"}, Case{"m{epoch:03d}", "m005"},
        Case{"m{epoch:02}", "m05"}, Case{"{batch}", "3"}, Case{"{epoch}-{val_loss:.2f}", "5-0.12"},
        Case{"{val_loss}", "0.12345"}, Case{"{val_loss:.3e}", "1.235e-01"},
        Case{"{epoch:.1f}", "5.0"}, Case{"{val_loss:8.2f}", "    0.12"},
        Case{"{val_loss:08.2f}", "00000.12"}, Case{"{val_loss:g}", "0.12345"}}) {
    CHECK(nn::format_path(c.pattern, 4, 2, logs) == std::string(c.path));
  }
  CHECK_THROWS_AS(nn::format_path("{loss}", 0, {}, logs), NotFound);
  CHECK_THROWS_AS(nn::format_path("{batch}", 0, {}, logs), NotFound);
  CHECK_THROWS_AS(nn::format_path("{epoch", 0, {}, logs), InvalidArgument);
  CHECK_THROWS_AS(nn::format_path("{epoch:%n}", 0, {}, logs), InvalidArgument);
  CHECK_THROWS_AS(nn::format_path("{epoch:s}", 0, {}, logs), InvalidArgument);
  CHECK_THROWS_AS(nn::format_path("{epoch:.2d}", 0, {}, logs), InvalidArgument);
  CHECK_THROWS_AS(nn::format_path("{val_loss:.f}", 0, {}, logs), InvalidArgument);
  CHECK_THROWS_AS(nn::format_path("{epoch:999d}", 0, {}, logs), InvalidArgument);
  CHECK_THROWS_AS(nn::format_path("{val_loss:d}", 0, {}, logs), InvalidArgument);
}

TEST_CASE("hooks are called in Keras's order") {
  std::string calls;
  const auto note = [&calls](const std::string& what) { calls += what + " "; };
  class Noting : public nn::Callback {
   public:
    explicit Noting(std::function<void(const std::string&)> note) : note_(std::move(note)) {}
    void on_train_begin() override { note_("train("); }
    void on_train_end(const nn::Logs&) override { note_(")train"); }
    void on_epoch_begin(std::int64_t epoch) override { note_("epoch" + std::to_string(epoch)); }
    void on_epoch_end(std::int64_t, nn::Logs& logs) override {
      note_(logs.find("val_loss") != nullptr ? ")validated" : ")epoch");
    }
    void on_train_batch_begin(std::int64_t batch) override { note_("b" + std::to_string(batch)); }
    void on_train_batch_end(std::int64_t, const nn::Logs& logs) override {
      note_(logs.find("loss") != nullptr ? "loss" : "?");
    }
    void on_test_begin() override { note_("test("); }
    void on_test_end(const nn::Logs&) override { note_(")test"); }
    void on_test_batch_begin(std::int64_t batch) override { note_("t" + std::to_string(batch)); }

   private:
    std::function<void(const std::string&)> note_;
  };
  nn::Sequential model = compiled_model();
  model.fit(samples(), {.batch_size = 2,
                        .epochs = 2,
                        .verbose = nn::Verbose::silent,
                        .callbacks = {std::make_shared<Noting>(note)},
                        .validation_data = samples(),
                        .validation_batch_size = 4,
                        .validation_freq = 2});
  CHECK(calls ==
        "train( epoch0 b0 loss b1 loss )epoch epoch1 b0 loss b1 loss test( t0 )test )validated "
        ")train ");
}

TEST_CASE("what a callback adds to an epoch's logs, later ones and the history see") {
  nn::Sequential model = compiled_model();
  double seen = 0;
  nn::LambdaCallbackOptions add, look;
  add.on_epoch_end = [](std::int64_t, nn::Logs& logs) { logs.set("extra", 7); };
  look.on_epoch_end = [&seen](std::int64_t, nn::Logs& logs) { seen = *logs.find("extra"); };
  const nn::History history =
      model.fit(samples(), {.verbose = nn::Verbose::silent,
                            .callbacks = {nn::LambdaCallback(add), nn::LambdaCallback(look)}});
  CHECK(seen == 7);
  CHECK(history.at("extra") == std::vector<double>{7});
}

TEST_CASE("an exception in a callback leaves the model usable") {
  nn::Sequential model = compiled_model();
  nn::LambdaCallbackOptions functions;
  functions.on_train_batch_end = [](std::int64_t, const nn::Logs&) { throw RunError("enough"); };
  CHECK_THROWS_WITH_AS(model.fit(samples(), {.verbose = nn::Verbose::silent,
                                             .callbacks = {nn::LambdaCallback(functions)}}),
                       "enough", RunError);
  CHECK(model.fit(samples(), {.epochs = 2, .verbose = nn::Verbose::silent}).epochs.size() == 2);
}
