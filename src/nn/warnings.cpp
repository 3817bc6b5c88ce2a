// Where warnings go.

#include <cstdio>
#include <mutex>

#include "tegula/nn/callback.hpp"

namespace tegula::nn {

namespace {

std::mutex& warning_mutex() {
  static std::mutex mutex;
  return mutex;
}

OutputFunction& warning_output() {
  static OutputFunction function = [](std::string_view text) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  };
  return function;
}

}  // namespace

void set_warning_output(OutputFunction function) {
  std::lock_guard lock(warning_mutex());
  warning_output() = std::move(function);
}

void warn(std::string_view text) {
  std::lock_guard lock(warning_mutex());
  warning_output()(text);
}

}  // namespace tegula::nn
