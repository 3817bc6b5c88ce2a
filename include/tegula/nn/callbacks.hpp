#pragma once
// The callbacks, with Keras's names, arguments, defaults and rules.

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "tegula/core/tensor.hpp"
#include "tegula/nn/callback_base.hpp"

namespace tegula::nn {

/// Whether a monitored value has become better: smaller ("min"), larger ("max"), or as the metric
/// says ("auto": the loss falls; a compiled metric goes its direction; another entry of the logs
/// goes where its name tells, as accuracies rise and errors fall).
class TEGULA_API Improvement {
 public:
  /// `owner` names the callback in errors. Throws InvalidArgument for an unknown mode, or for
  /// "auto" where nothing tells.
  Improvement(const std::string& mode, const std::string& monitor, double min_delta,
              const Model& model, const Logs& logs, std::string_view owner);
  /// Throws InvalidArgument, naming `owner`, for a mode that is none of the three.
  static void check_mode(const std::string& mode, std::string_view owner);
  /// Anything is better than no value.
  bool operator()(double current, std::optional<double> best) const;

 private:
  bool larger_ = false;
  double min_delta_;
};

struct EarlyStoppingOptions {
  std::string monitor = "val_loss";
  double min_delta = 0;
  std::int64_t patience = 0;
  std::int64_t verbose = 0;
  std::string mode = "auto";
  std::optional<double> baseline = {};
  bool restore_best_weights = false;
  std::int64_t start_from_epoch = 0;
  static auto fields() {
    using Self = EarlyStoppingOptions;
    return std::tuple{
        field<&Self::monitor>("monitor", "Entry of the logs that is watched."),
        field<&Self::min_delta>("min_delta", "What a change must exceed to count; its magnitude.",
                                any_finite),
        field<&Self::patience>("patience", "Epochs without improvement before training stops.",
                               at_least(0)),
        field<&Self::verbose>("verbose", "1: says when it stops training.", in_range(0, 2)),
        field<&Self::mode>("mode", "\"min\", \"max\", or \"auto\": as the metric goes."),
        field<&Self::baseline>("baseline", "Value that has to be beaten.", any_finite),
        field<&Self::restore_best_weights>("restore_best_weights",
                                           "Ends with the best epoch's weights."),
        field<&Self::start_from_epoch>("start_from_epoch", "Epochs before it starts to watch.",
                                       at_least(0))};
  }
};
struct EarlyStoppingState {
  std::optional<double> best = {};
  std::int64_t best_epoch = 0;
  std::int64_t wait = 0;
  std::int64_t stopped_epoch = 0;
  static auto fields() {
    using Self = EarlyStoppingState;
    return std::tuple{field<&Self::best>("best", "Best value so far.", any_finite.or_infinite()),
                      field<&Self::best_epoch>("best_epoch", "Its epoch.", at_least(0)),
                      field<&Self::wait>("wait", "Epochs since then.", at_least(0)),
                      field<&Self::stopped_epoch>(
                          "stopped_epoch", "Epoch that ended training; 0: none.", at_least(0))};
  }
};

struct ReduceLROnPlateauOptions {
  std::string monitor = "val_loss";
  double factor = 0.1;
  std::int64_t patience = 10;
  std::int64_t verbose = 0;
  std::string mode = "auto";
  double min_delta = 1e-4;
  std::int64_t cooldown = 0;
  double min_lr = 0;
  static auto fields() {
    using Self = ReduceLROnPlateauOptions;
    return std::tuple{
        field<&Self::monitor>("monitor", "Entry of the logs that is watched."),
        field<&Self::factor>("factor", "What the learning rate is multiplied by.",
                             from_to_below(0, 1)),
        field<&Self::patience>("patience", "Epochs without improvement before a reduction.",
                               at_least(0)),
        field<&Self::verbose>("verbose", "1: says when it reduces the rate.", in_range(0, 2)),
        field<&Self::mode>("mode", "\"min\", \"max\", or \"auto\": as the metric goes."),
        field<&Self::min_delta>("min_delta", "What a change must exceed to count; its magnitude.",
                                any_finite),
        field<&Self::cooldown>("cooldown", "Epochs after a reduction that do not count.",
                               at_least(0)),
        field<&Self::min_lr>("min_lr", "Smallest learning rate.", at_least(0))};
  }
};
struct ReduceLROnPlateauState {
  std::optional<double> best = {};
  std::int64_t wait = 0;
  std::int64_t cooldown_counter = 0;
  static auto fields() {
    using Self = ReduceLROnPlateauState;
    return std::tuple{field<&Self::best>("best", "Best value so far.", any_finite.or_infinite()),
                      field<&Self::wait>("wait", "Epochs since then.", at_least(0)),
                      field<&Self::cooldown_counter>("cooldown_counter", "Epochs of cooldown left.",
                                                     at_least(0))};
  }
};

struct LearningRateSchedulerOptions {
  using Function = std::function<double(std::int64_t epoch, double current_rate)>;
  Function schedule = {};
  std::int64_t verbose = 0;
  static auto fields() {
    return std::tuple{field<&LearningRateSchedulerOptions::verbose>(
        "verbose", "1: says which rate it sets.", in_range(0, 2))};
  }
};

struct ModelCheckpointOptions {
  std::string filepath = {};
  std::string monitor = "val_loss";
  std::int64_t verbose = 0;
  bool save_best_only = false;
  bool save_weights_only = false;
  std::string mode = "auto";
  std::optional<std::int64_t> save_freq = {};
  std::optional<double> initial_value_threshold = {};
  static auto fields() {
    using Self = ModelCheckpointOptions;
    return std::tuple{
        field<&Self::filepath>("filepath",
                               "Where to save; may name the epoch and metrics: "
                               "\"model-{epoch:02d}-{val_loss:.3f}\"."),
        field<&Self::monitor>("monitor", "Entry of the logs that is watched."),
        field<&Self::verbose>("verbose", "1: says what it saves.", in_range(0, 2)),
        field<&Self::save_best_only>("save_best_only", "Saves when the watched entry is better."),
        field<&Self::save_weights_only>("save_weights_only", "The weights without the model."),
        field<&Self::mode>("mode", "\"min\", \"max\", or \"auto\": as the metric goes."),
        field<&Self::save_freq>("save_freq", "Batches between saves; None: after every epoch.",
                                at_least(1)),
        field<&Self::initial_value_threshold>("initial_value_threshold",
                                              "Value that has to be beaten.", any_finite)};
  }
};
struct ModelCheckpointState {
  std::optional<double> best = {};
  static auto fields() {
    return std::tuple{
        field<&ModelCheckpointState::best>("best", "Best value so far.", any_finite.or_infinite())};
  }
};

struct CSVLoggerOptions {
  std::string filename = {};
  std::string separator = ",";
  bool append = false;
  static auto fields() {
    using Self = CSVLoggerOptions;
    return std::tuple{field<&Self::filename>("filename", "The file."),
                      field<&Self::separator>("separator", "What stands between values."),
                      field<&Self::append>("append", "Goes on with a file that exists.")};
  }
};

struct TerminateOnNaNOptions {
  bool raise_error = false;
  static auto fields() {
    return std::tuple{field<&TerminateOnNaNOptions::raise_error>(
        "raise_error", "An error, which leaves `fit` at once, instead of an end after the batch.")};
  }
};

struct BackupAndRestoreOptions {
  std::string backup_dir = {};
  std::optional<std::int64_t> save_freq = {};
  bool double_checkpoint = false;
  bool delete_checkpoint = true;
  static auto fields() {
    using Self = BackupAndRestoreOptions;
    return std::tuple{
        field<&Self::backup_dir>("backup_dir", "Folder of the backup."),
        field<&Self::save_freq>("save_freq", "Batches between backups; none: after each epoch.",
                                at_least(1)),
        field<&Self::double_checkpoint>("double_checkpoint", "Keeps the backup before, too."),
        field<&Self::delete_checkpoint>("delete_checkpoint",
                                        "Removes the backup when training has ended.")};
  }
};

struct SwapEMAWeightsOptions {
  bool swap_on_epoch = false;
  static auto fields() {
    return std::tuple{field<&SwapEMAWeightsOptions::swap_on_epoch>(
        "swap_on_epoch", "Also from the end of each epoch to the begin of the next one.")};
  }
};

/// Functions that are empty are skipped.
struct LambdaCallbackOptions {
  std::function<void(std::int64_t epoch)> on_epoch_begin = {};
  std::function<void(std::int64_t epoch, Logs& logs)> on_epoch_end = {};
  std::function<void()> on_train_begin = {};
  std::function<void(const Logs& logs)> on_train_end = {};
  std::function<void(std::int64_t batch)> on_train_batch_begin = {};
  std::function<void(std::int64_t batch, const Logs& logs)> on_train_batch_end = {};
  static auto fields() { return std::tuple{}; }
};

namespace callbacks {

/// Counts batches over epochs, also where several are run at once.
class SaveFrequency {
 public:
  /// Whether `every` batches have been since the last time that it was true.
  bool is_due(std::int64_t batch, std::int64_t every) {
    since_ += batch <= last_ ? batch + 1 : batch - last_;
    last_ = batch;
    if (since_ < every) return false;
    since_ = 0;
    return true;
  }

 private:
  std::int64_t last_ = -1;
  std::int64_t since_ = 0;
};

class TEGULA_API EarlyStopping
    : public CallbackOf<EarlyStopping, EarlyStoppingOptions, EarlyStoppingState> {
 public:
  static constexpr const char* kName = "EarlyStopping";
  static constexpr const char* kDoc =
      "Stops training when the monitored value has not improved for `patience` epochs.";
  using CallbackOf::CallbackOf;
  static void check(const EarlyStoppingOptions& options);
  void on_train_begin() override;
  void on_epoch_end(std::int64_t epoch, Logs& logs) override;
  void on_train_end(const Logs& logs) override;

 private:
  std::vector<Tensor> best_weights_;
};

/// Adds `learning_rate` to the logs.
class TEGULA_API ReduceLROnPlateau
    : public CallbackOf<ReduceLROnPlateau, ReduceLROnPlateauOptions, ReduceLROnPlateauState> {
 public:
  static constexpr const char* kName = "ReduceLROnPlateau";
  static constexpr const char* kDoc =
      "Multiplies the learning rate by `factor` when the monitored value has not improved for "
      "`patience` epochs.";
  using CallbackOf::CallbackOf;
  static void check(const ReduceLROnPlateauOptions& options);
  void on_train_begin() override;
  void on_epoch_end(std::int64_t epoch, Logs& logs) override;
};

/// Adds `learning_rate` to the logs.
class TEGULA_API LearningRateScheduler
    : public CallbackOf<LearningRateScheduler, LearningRateSchedulerOptions> {
 public:
  static constexpr const char* kName = "LearningRateScheduler";
  static constexpr const char* kDoc = "Sets the learning rate of each epoch.";
  using CallbackOf::CallbackOf;
  static void check(const LearningRateSchedulerOptions& options);
  void on_epoch_begin(std::int64_t epoch) override;
  void on_epoch_end(std::int64_t epoch, Logs& logs) override;
};

class TEGULA_API ModelCheckpoint
    : public CallbackOf<ModelCheckpoint, ModelCheckpointOptions, ModelCheckpointState> {
 public:
  static constexpr const char* kName = "ModelCheckpoint";
  static constexpr const char* kDoc = "Saves the model, or its weights, as training goes on.";
  explicit ModelCheckpoint(ModelCheckpointOptions options);
  static void check(const ModelCheckpointOptions& options);
  void on_epoch_begin(std::int64_t epoch) override { epoch_ = epoch; }
  void on_epoch_end(std::int64_t epoch, Logs& logs) override;
  void on_train_batch_end(std::int64_t batch, const Logs& logs) override;
  bool has_batch_hooks() const override { return options_.save_freq.has_value(); }

 private:
  void save(std::int64_t epoch, std::optional<std::int64_t> batch, const Logs& logs);
  /// With `save_best_only`: whether the watched entry is better now, which it keeps.
  bool improves(std::int64_t epoch, const Logs& logs);

  std::int64_t epoch_ = 0;
  SaveFrequency frequency_;
};

class TEGULA_API CSVLogger : public CallbackOf<CSVLogger, CSVLoggerOptions> {
 public:
  static constexpr const char* kName = "CSVLogger";
  static constexpr const char* kDoc =
      "Writes a line per epoch: epoch, then the metrics in alphabetical order.";
  using CallbackOf::CallbackOf;
  static void check(const CSVLoggerOptions& options);
  /// Throws IoError when the file cannot be opened.
  void on_train_begin() override;
  void on_epoch_end(std::int64_t epoch, Logs& logs) override;
  void on_train_end(const Logs& logs) override;

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void write_header(const Logs& logs);
  void write_line(const std::string& line);

  std::vector<std::string> columns_;
  std::unique_ptr<std::FILE, Close> file_;
};

class TEGULA_API TerminateOnNaN : public CallbackOf<TerminateOnNaN, TerminateOnNaNOptions> {
 public:
  static constexpr const char* kName = "TerminateOnNaN";
  static constexpr const char* kDoc = "Stops training when the loss becomes NaN or infinite.";
  using CallbackOf::CallbackOf;
  /// Throws RunError when asked to.
  void on_train_batch_end(std::int64_t batch, const Logs& logs) override;
  bool has_batch_hooks() const override { return true; }
};

/// A run with the same arguments goes on where the one before was interrupted, with the bits that
/// this would have had: weights, optimizer, random numbers, order of the data and metrics. What
/// other callbacks have counted begins anew.
class TEGULA_API BackupAndRestore : public CallbackOf<BackupAndRestore, BackupAndRestoreOptions> {
 public:
  static constexpr const char* kName = "BackupAndRestore";
  static constexpr const char* kDoc =
      "Saves the state of training, and goes on from it when training was interrupted.";
  using CallbackOf::CallbackOf;
  static void check(const BackupAndRestoreOptions& options);
  void on_train_begin() override;
  void on_epoch_end(std::int64_t epoch, Logs& logs) override;
  void on_train_batch_end(std::int64_t batch, const Logs& logs) override;
  void on_train_end(const Logs& logs) override;
  bool has_batch_hooks() const override { return options_.save_freq.has_value(); }

 private:
  void save();

  SaveFrequency frequency_;
};

/// The optimizer keeps moving averages of the weights (`use_ema`): evaluations within `fit` and
/// predictions use these, training the weights themselves.
class TEGULA_API SwapEMAWeights : public CallbackOf<SwapEMAWeights, SwapEMAWeightsOptions> {
 public:
  static constexpr const char* kName = "SwapEMAWeights";
  static constexpr const char* kDoc =
      "Exchanges weights and their moving averages before and after evaluation.";
  using CallbackOf::CallbackOf;
  void on_epoch_begin(std::int64_t epoch) override;
  void on_epoch_end(std::int64_t epoch, Logs& logs) override;
  void on_test_begin() override;
  void on_test_end(const Logs& logs) override;
  void on_predict_begin() override;
  void on_predict_end() override;

 private:
  /// Makes the moving averages the weights and these the averages, or takes that back.
  void use_averages(bool use);

  bool used_ = false;
};

class TEGULA_API LambdaCallback : public CallbackOf<LambdaCallback, LambdaCallbackOptions> {
 public:
  static constexpr const char* kName = "LambdaCallback";
  static constexpr const char* kDoc = "Calls functions.";
  using CallbackOf::CallbackOf;
  void on_epoch_begin(std::int64_t epoch) override;
  void on_epoch_end(std::int64_t epoch, Logs& logs) override;
  void on_train_begin() override;
  void on_train_end(const Logs& logs) override;
  void on_train_batch_begin(std::int64_t batch) override;
  void on_train_batch_end(std::int64_t batch, const Logs& logs) override;
  bool has_batch_hooks() const override;
};

}  // namespace callbacks

using EarlyStopping = MakeCallback<callbacks::EarlyStopping>;
using ReduceLROnPlateau = MakeCallback<callbacks::ReduceLROnPlateau>;
using LearningRateScheduler = MakeCallback<callbacks::LearningRateScheduler>;
using ModelCheckpoint = MakeCallback<callbacks::ModelCheckpoint>;
using BackupAndRestore = MakeCallback<callbacks::BackupAndRestore>;
using SwapEMAWeights = MakeCallback<callbacks::SwapEMAWeights>;
using CSVLogger = MakeCallback<callbacks::CSVLogger>;
using TerminateOnNaN = MakeCallback<callbacks::TerminateOnNaN>;
using LambdaCallback = MakeCallback<callbacks::LambdaCallback>;

/// `pattern` with {epoch}, {batch} and metric names replaced, as Python's str.format does for
/// integer and fixed-point formats. Throws NotFound for an unknown name and InvalidArgument for a
/// format it does not know.
TEGULA_API std::string format_path(const std::string& pattern, std::int64_t epoch,
                                   std::optional<std::int64_t> batch, const Logs& logs);

}  // namespace tegula::nn
