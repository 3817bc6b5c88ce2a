#pragma once
// Where text goes. Private to src/nn.

#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "src/core/fork_safe.hpp"
#include "tegula/nn/callback.hpp"

namespace tegula::nn {

/// A function that takes text, which any thread may replace while others write.
class OutputChannel {
 public:
  explicit OutputChannel(OutputFunction by_default)
      : by_default_(std::make_shared<const OutputFunction>(std::move(by_default))),
        function_(by_default_) {}

  /// An empty function means the one of the begin.
  void set(OutputFunction function) {
    auto next =
        function ? std::make_shared<const OutputFunction>(std::move(function)) : by_default_;
    const std::lock_guard guard(mutex_);
    function_.swap(next);
  }

  void write(std::string_view text) {
    std::shared_ptr<const OutputFunction> function;
    {
      const std::lock_guard guard(mutex_);
      function = function_;
    }
    (*function)(text);
  }

 private:
  detail::BriefMutex mutex_;
  const std::shared_ptr<const OutputFunction> by_default_;
  std::shared_ptr<const OutputFunction> function_;
};

}  // namespace tegula::nn
