#pragma once
// Hooks into training.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "tegula/core/export.hpp"
#include "tegula/core/structure.hpp"
#include "tegula/nn/logs.hpp"

namespace tegula::nn {

class Model;

/// What a run of fit, evaluate or predict is about to do.
struct RunParameters {
  int verbose = 0;
  std::int64_t epochs = 1;
  /// Batches per epoch; nothing when it lasts until the data end.
  std::optional<std::int64_t> steps = 0;
};

/// Derive and override what you need. An exception leaves `fit` at once, with the model usable.
/// Batch hooks cost nothing but the call until they look at the logs, which then reads the metrics
/// from the session. With `steps_per_execution` they come once per group of batches: the first
/// batch's number at its begin, the last one's at its end.
class TEGULA_API Callback {
 public:
  virtual ~Callback() = default;
  virtual void on_train_begin() {}
  virtual void on_train_end(const Logs& /*logs*/) {}
  virtual void on_epoch_begin(std::int64_t /*epoch*/) {}
  virtual void on_epoch_end(std::int64_t /*epoch*/, Logs& /*logs*/) {}
  virtual void on_train_batch_begin(std::int64_t /*batch*/) {}
  virtual void on_train_batch_end(std::int64_t /*batch*/, const Logs& /*logs*/) {}
  virtual void on_test_begin() {}
  virtual void on_test_end(const Logs& /*logs*/) {}
  virtual void on_test_batch_begin(std::int64_t /*batch*/) {}
  virtual void on_test_batch_end(std::int64_t /*batch*/, const Logs& /*logs*/) {}
  virtual void on_predict_begin() {}
  virtual void on_predict_end() {}
  virtual void on_predict_batch_begin(std::int64_t /*batch*/) {}
  /// `outputs` has a row per sample of the batch.
  virtual void on_predict_batch_end(std::int64_t /*batch*/, const Tensors& /*outputs*/) {}
  /// Called after every batch, also within a group; an exception stops the run.
  virtual void on_poll() {}

  Model* model = nullptr;
  RunParameters parameters;
};
using CallbackList = std::vector<std::shared_ptr<Callback>>;

using OutputFunction = std::function<void(std::string_view text)>;
/// Where progress is written instead of standard output; must not throw. An empty function means
/// standard output again.
TEGULA_API void set_output(OutputFunction function);
TEGULA_API void write_output(std::string_view text);
/// Where warnings go instead of standard error. It may throw, which ends the run that warns. An
/// empty function means standard error again.
TEGULA_API void set_warning_output(OutputFunction function);
TEGULA_API void warn(std::string_view text);

/// Writes the progress of a run to standard output: a bar that is redrawn in a terminal or
/// notebook, a line per epoch in a log (verbose 2). `verbose` 0 gives null.
TEGULA_API std::shared_ptr<Callback> make_progress_bar(int verbose);
/// 1 when standard output is a terminal, else 2.
TEGULA_API int automatic_verbosity();

}  // namespace tegula::nn
