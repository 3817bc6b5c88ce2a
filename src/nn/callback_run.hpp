#pragma once
// The callbacks of a run. Private to src/nn.

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tegula/nn/model.hpp"

namespace tegula::nn {

/// Keras's numbers for "auto", 0, 1 and 2.
inline int level(Verbose verbose) {
  return verbose == Verbose::automatic ? automatic_verbosity() : static_cast<int>(verbose);
}

/// While it lasts, the callbacks and a progress bar know the model and the parameters.
class CallbackRun {
 public:
  CallbackRun(Model& model, CallbackList callbacks, Verbose verbose, std::int64_t epochs,
              std::optional<std::int64_t> steps)
      : callbacks_(std::move(callbacks)) {
    const RunParameters parameters{level(verbose), epochs, steps};
    callbacks_.push_back(make_progress_bar(parameters.verbose));
    std::erase(callbacks_, nullptr);
    for (const auto& callback : callbacks_) {
      callback->model = &model;
      callback->parameters = parameters;
    }
  }

  template <typename Hook, typename... Args>
  void call(Hook hook, Args&&... args) {
    for (const auto& callback : callbacks_) ((*callback).*hook)(args...);
  }

 private:
  CallbackList callbacks_;
};

/// Callbacks see metrics in alphabetical order, as in Keras.
inline Logs sorted(const Logs& logs, std::string_view prefix = "") {
  std::vector<std::pair<std::string, LogValue>> entries;
  for (const auto& [name, value] : logs) entries.emplace_back(std::string(prefix) + name, value);
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  Logs result;
  for (const auto& [name, value] : entries) result.set(name, value);
  return result;
}

}  // namespace tegula::nn
