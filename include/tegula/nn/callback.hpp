#pragma once
// Hooks into training.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tegula/core/export.hpp"

namespace tegula::nn {

class Model;

/// Metric names and values in Keras's order. An epoch's logs are shared by its callbacks: what one
/// adds, the next ones and History see.
class TEGULA_API Logs {
 public:
  /// Null when absent.
  const double* find(std::string_view name) const;
  void set(std::string_view name, double value);
  bool empty() const { return entries_.empty(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  std::vector<std::pair<std::string, double>> entries_;
};

/// What a run of fit, evaluate or predict is about to do.
struct RunParameters {
  int verbose = 0;
  std::int64_t epochs = 1;
  /// Batches per epoch.
  std::int64_t steps = 0;
};

/// Derive and override what you need. An exception leaves `fit` at once, with the model usable.
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
  virtual void on_predict_batch_end(std::int64_t /*batch*/) {}
  /// Whether the batch hooks are wanted: reading the metrics after every batch costs time.
  virtual bool wants_batches() const { return false; }

  Model* model = nullptr;
  RunParameters parameters;
};
using CallbackList = std::vector<std::shared_ptr<Callback>>;

}  // namespace tegula::nn
