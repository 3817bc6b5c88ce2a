#pragma once
// The callbacks, with Keras's names, arguments, defaults and rules.

#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tegula/core/tensor.hpp"
#include "tegula/nn/callback.hpp"

namespace tegula::nn {

/// Where warnings go instead of standard error; must not throw.
TEGULA_API void set_warning_output(OutputFunction function);
TEGULA_API void warn(std::string_view text);

/// Whether a monitored value has become better: smaller ("min"), larger ("max"), or as its name
/// says
/// ("auto": losses and errors fall; accuracies, AUC, precision, recall and the like rise).
class TEGULA_API Improvement {
 public:
  /// Throws InvalidArgument for an unknown mode, or "auto" with a name that does not tell.
  Improvement(const std::string& mode, const std::string& monitor, double min_delta);
  bool operator()(double current, double best) const;
  /// What every value improves on.
  double worst() const;

 private:
  bool larger_;
  double min_delta_;
};

struct EarlyStoppingOptions {
  std::string monitor = "val_loss";
  double min_delta = 0;
  std::int64_t patience = 0;
  int verbose = 0;
  std::string mode = "auto";
  std::optional<double> baseline = {};
  bool restore_best_weights = false;
  std::int64_t start_from_epoch = 0;
};
/// Stops training when the monitored value has not improved for `patience` epochs.
class TEGULA_API EarlyStopping : public Callback {
 public:
  explicit EarlyStopping(EarlyStoppingOptions options = {});
  void on_train_begin() override;
  void on_epoch_end(std::int64_t epoch, Logs& logs) override;
  void on_train_end(const Logs& logs) override;

  std::int64_t stopped_epoch() const { return stopped_epoch_; }
  double best() const { return best_; }
  std::int64_t best_epoch() const { return best_epoch_; }
  /// Epochs since the best one.
  std::int64_t wait() const { return wait_; }

 private:
  EarlyStoppingOptions options_;
  std::optional<Improvement> improved_;
  double best_ = 0;
  std::int64_t best_epoch_ = 0;
  std::int64_t wait_ = 0;
  std::int64_t stopped_epoch_ = 0;
  std::vector<Tensor> best_weights_;
};

struct ReduceLROnPlateauOptions {
  std::string monitor = "val_loss";
  double factor = 0.1;
  std::int64_t patience = 10;
  int verbose = 0;
  std::string mode = "auto";
  double min_delta = 1e-4;
  std::int64_t cooldown = 0;
  double min_lr = 0;
};
/// Multiplies the learning rate by `factor` when the monitored value has not improved for
/// `patience` epochs. Adds `learning_rate` to the logs.
class TEGULA_API ReduceLROnPlateau : public Callback {
 public:
  /// Throws InvalidArgument for a factor >= 1.
  explicit ReduceLROnPlateau(ReduceLROnPlateauOptions options = {});
  void on_train_begin() override;
  void on_epoch_end(std::int64_t epoch, Logs& logs) override;

 private:
  ReduceLROnPlateauOptions options_;
  std::optional<Improvement> improved_;
  double best_ = 0;
  std::int64_t wait_ = 0;
  std::int64_t cooldown_left_ = 0;
};

/// Sets the learning rate of each epoch. Adds `learning_rate` to the logs.
class TEGULA_API LearningRateScheduler : public Callback {
 public:
  using Function = std::function<double(std::int64_t epoch, double current_rate)>;
  explicit LearningRateScheduler(Function schedule, int verbose = 0);
  void on_epoch_begin(std::int64_t epoch) override;
  void on_epoch_end(std::int64_t epoch, Logs& logs) override;

 private:
  Function schedule_;
  int verbose_;
};

struct ModelCheckpointOptions {
  /// May name the epoch and metrics: "model-{epoch:02d}-{val_loss:.3f}".
  std::string filepath;
  std::string monitor = "val_loss";
  int verbose = 0;
  bool save_best_only = false;
  bool save_weights_only = false;
  std::string mode = "auto";
  /// Batches between saves; absent: after every epoch.
  std::optional<std::int64_t> save_freq = {};
  std::optional<double> initial_value_threshold = {};
};
/// Saves the model, or its weights, as training goes on.
class TEGULA_API ModelCheckpoint : public Callback {
 public:
  explicit ModelCheckpoint(ModelCheckpointOptions options);
  void on_train_begin() override;
  void on_epoch_begin(std::int64_t epoch) override { epoch_ = epoch; }
  void on_epoch_end(std::int64_t epoch, Logs& logs) override;
  void on_train_batch_end(std::int64_t batch, const Logs& logs) override;
  bool wants_batches() const override { return options_.save_freq.has_value(); }

 private:
  void save(std::int64_t epoch, std::optional<std::int64_t> batch, const Logs& logs);

  ModelCheckpointOptions options_;
  std::optional<Improvement> improved_;
  double best_ = 0;
  std::int64_t epoch_ = 0;
  std::int64_t batches_since_save_ = 0;
};

/// Writes a line per epoch: epoch, then the metrics in alphabetical order.
class TEGULA_API CSVLogger : public Callback {
 public:
  explicit CSVLogger(std::string filename, std::string separator = ",", bool append = false);
  /// Throws IoError when the file cannot be opened.
  void on_train_begin() override;
  void on_epoch_end(std::int64_t epoch, Logs& logs) override;
  void on_train_end(const Logs& logs) override;

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void write_line(const std::string& line);

  std::string filename_;
  std::string separator_;
  bool append_;
  std::vector<std::string> columns_;
  std::unique_ptr<std::FILE, Close> file_;
};

/// Stops training when the loss becomes NaN or infinite.
class TEGULA_API TerminateOnNaN : public Callback {
 public:
  void on_train_batch_end(std::int64_t batch, const Logs& logs) override;
  bool wants_batches() const override { return true; }
};

/// Calls functions; those that are empty are skipped.
class TEGULA_API LambdaCallback : public Callback {
 public:
  struct Functions {
    std::function<void(std::int64_t epoch)> on_epoch_begin = {};
    std::function<void(std::int64_t epoch, Logs& logs)> on_epoch_end = {};
    std::function<void()> on_train_begin = {};
    std::function<void(const Logs& logs)> on_train_end = {};
    std::function<void(std::int64_t batch)> on_train_batch_begin = {};
    std::function<void(std::int64_t batch, const Logs& logs)> on_train_batch_end = {};
  };
  explicit LambdaCallback(Functions functions) : functions_(std::move(functions)) {}
  void on_epoch_begin(std::int64_t epoch) override;
  void on_epoch_end(std::int64_t epoch, Logs& logs) override;
  void on_train_begin() override;
  void on_train_end(const Logs& logs) override;
  void on_train_batch_begin(std::int64_t batch) override;
  void on_train_batch_end(std::int64_t batch, const Logs& logs) override;
  bool wants_batches() const override;

 private:
  Functions functions_;
};

/// `pattern` with {epoch}, {batch} and metric names replaced, as Python's str.format does for
/// integer and fixed-point formats. Throws NotFound for an unknown name and InvalidArgument for a
/// format it does not know.
TEGULA_API std::string format_path(const std::string& pattern, std::int64_t epoch,
                                   std::optional<std::int64_t> batch, const Logs& logs);

}  // namespace tegula::nn
