// Training that is interrupted and taken up again has the bits of the run that nothing interrupted.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/data/batch_source.hpp"
#include "tegula/nn/callbacks.hpp"
#include "tegula/nn/layers.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/sequential.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace tegula;
using test::TemporaryFolder;

namespace {

constexpr std::int64_t kRows = 80;
constexpr std::int64_t kBatch = 8;
constexpr std::int64_t kEpochs = 4;

data::Dataset samples() {
  Tensor x(DType::f32, {kRows, 2});
  Tensor y(DType::f32, {kRows, 1});
  for (std::int64_t i = 0; i < kRows; ++i) {
    const auto at = static_cast<double>(i);
    x.set(2 * i, std::sin(at));
    x.set(2 * i + 1, std::cos(at));
    y.set(i, std::sin(2 * at));
  }
  return {x, y};
}

std::unique_ptr<nn::Sequential> new_model() {
  auto model = std::make_unique<nn::Sequential>(nn::Sequential{
      nn::Input({2}), nn::Dense({.units = 8, .activation = "tanh"}), nn::Dropout({.rate = 0.3}),
      nn::BatchNormalization(), nn::Dense({.units = 1})});
  model->compile({.optimizer = nn::Adam({.learning_rate = 0.01}),
                  .loss = nn::MeanSquaredError(),
                  .metrics = {"mae"}});
  return model;
}

bool same(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  return std::ranges::equal(a, b, identical);
}

struct Interruption : Error {
  Interruption() : Error("interrupted") {}
};

/// Throws after so many batches of all epochs.
class Interrupt : public nn::Callback {
 public:
  explicit Interrupt(std::int64_t batches) : left_(batches) {}
  void on_train_batch_end(std::int64_t /*batch*/, const nn::Logs& /*logs*/) override {
    if (left_-- == 0) throw Interruption();
  }

 private:
  std::int64_t left_;
};

using Fit = std::function<nn::History(nn::Model&, nn::FitOptions)>;

nn::History fit_arrays(nn::Model& model, nn::FitOptions options) {
  options.batch_size = kBatch;
  return model.fit(samples(), options);
}
nn::History fit_arrays_by_steps(nn::Model& model, nn::FitOptions options) {
  options.steps_per_epoch = 5;  // of 10: every other epoch goes on where one ended
  return fit_arrays(model, options);
}
nn::History fit_stream(nn::Model& model, nn::FitOptions options) {
  std::int64_t row = 0;
  data::FunctionSource source([&]() -> std::optional<data::Batch> {
    const data::Dataset part = samples().slice(row % 40, row % 40 + kBatch);
    row += kBatch;
    return data::Batch{part.x, part.y, part.sample_weight};
  });
  options.steps_per_epoch = 5;
  return model.fit(source, options);
}

struct Way {
  const char* name;
  Fit fit;
};

struct Outcome {
  std::vector<Tensor> weights;
  std::vector<double> last_epoch;
};

Outcome run(const Fit& fit, const nn::CallbackList& callbacks) {
  nn::set_random_seed(7);
  const auto model = new_model();
  const nn::History history =
      fit(*model, {.epochs = kEpochs, .verbose = nn::Verbose::silent, .callbacks = callbacks});
  return {model->get_weights(), {history.at("loss").back(), history.at("mae").back()}};
}

}  // namespace

TEST_CASE("training that is interrupted anywhere goes on with the bits that it would have had") {
  const Way ways[] = {{"arrays", fit_arrays},
                      {"arrays, a number of steps", fit_arrays_by_steps},
                      {"a stream", fit_stream}};
  for (const Way& way : ways) {
    const Outcome expected = run(way.fit, {});
    for (const std::optional<std::int64_t> save_freq :
         {std::optional<std::int64_t>(), std::optional<std::int64_t>(3)}) {
      for (const std::int64_t interrupted_after : {2, 6, 9, 12}) {
        CAPTURE(std::string(way.name));
        CAPTURE(save_freq.value_or(0));
        CAPTURE(interrupted_after);
        const TemporaryFolder folder;
        const std::string backup = folder.path("backup");
        const nn::BackupAndRestoreOptions options{.backup_dir = backup, .save_freq = save_freq};
        CHECK_THROWS_AS(run(way.fit, {nn::BackupAndRestore(options),
                                      std::make_shared<Interrupt>(interrupted_after)}),
                        Interruption);
        const Outcome outcome = run(way.fit, {nn::BackupAndRestore(options)});
        CHECK(same(outcome.weights, expected.weights));
        CHECK(outcome.last_epoch == expected.last_epoch);
        CHECK_FALSE(std::filesystem::exists(backup));
      }
    }
  }
}

TEST_CASE("a backup stays where it is asked to, and the one before it where two are kept") {
  const TemporaryFolder folder;
  const std::string backup = folder.path("backup");
  const nn::BackupAndRestoreOptions options{
      .backup_dir = backup, .double_checkpoint = true, .delete_checkpoint = false};
  const Outcome expected = run(fit_arrays, {nn::BackupAndRestore(options)});
  CHECK(std::filesystem::exists(backup + "/latest"));
  CHECK(std::filesystem::exists(backup + "/previous"));
  std::filesystem::remove_all(backup + "/latest");
  CHECK(same(run(fit_arrays, {nn::BackupAndRestore(options)}).weights, expected.weights));

  std::ofstream(backup + "/latest/weights.safetensors") << "cut";
  std::vector<std::string> warnings;
  nn::set_warning_output([&](std::string_view text) { warnings.emplace_back(text); });
  CHECK(same(run(fit_arrays, {nn::BackupAndRestore(options)}).weights, expected.weights));
  nn::set_warning_output({});
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("goes on from the backup before the latest one") != std::string::npos);
  std::filesystem::remove_all(backup + "/previous");
  std::ofstream(backup + "/latest/weights.safetensors") << "cut";
  CHECK_THROWS_AS(run(fit_arrays, {nn::BackupAndRestore(options)}), FormatError);

  CHECK_THROWS_WITH(nn::BackupAndRestore(nn::BackupAndRestoreOptions{}),
                    "BackupAndRestore needs a `backup_dir`");
}

TEST_CASE("a saved model says nothing of training, and a position is chosen at its begin only") {
  const TemporaryFolder folder;
  const auto model = new_model();
  model->save(folder.path("model"));
  CHECK_THROWS_AS(model->save_training(folder.path("backup")), RunError);
  CHECK_THROWS_AS(model->set_training_position({}), RunError);
  CHECK_THROWS_WITH_AS(model->continue_training(folder.path("model")),
                       doctest::Contains("does not say where training stood"), FormatError);
}

TEST_CASE("moving averages are evaluated, and end as the weights") {
  class Watch : public nn::Callback {
   public:
    void on_test_begin() override { tested = model->get_weights(); }
    void on_epoch_end(std::int64_t /*epoch*/, nn::Logs& /*logs*/) override {
      const nn::Optimizer optimizer = model->compile_options().optimizer;
      averages = model->get(optimizer->averages());
      trained = model->get_weights();
    }
    std::vector<Tensor> tested, averages, trained;
  };
  for (const bool swap_on_epoch : {false, true}) {
    CAPTURE(swap_on_epoch);
    nn::set_random_seed(1);
    nn::Sequential model{nn::Input({2}), nn::Dense({.units = 1})};
    model.compile({.optimizer = nn::SGD({.learning_rate = 0.1, .common = {.use_ema = true}}),
                   .loss = nn::MeanSquaredError()});
    const auto watch = std::make_shared<Watch>();
    const auto swap = nn::SwapEMAWeights({.swap_on_epoch = swap_on_epoch});
    nn::CallbackList callbacks = {swap, watch};
    model.fit(samples(), {.epochs = 2,
                          .verbose = nn::Verbose::silent,
                          .callbacks = callbacks,
                          .validation_data = samples()});
    CHECK(same(model.get_weights(), watch->averages));
    CHECK(same(watch->tested, watch->averages));
    CHECK(same(watch->trained, watch->averages) == swap_on_epoch);
  }
  nn::Sequential plain{nn::Input({2}), nn::Dense({.units = 1})};
  plain.compile({.optimizer = "sgd", .loss = nn::MeanSquaredError()});
  nn::EvaluateOptions options;
  options.callbacks = {nn::SwapEMAWeights()};
  options.verbose = nn::Verbose::silent;
  CHECK_THROWS_WITH_AS(plain.evaluate(samples(), options), doctest::Contains("use_ema"),
                       InvalidArgument);
}
