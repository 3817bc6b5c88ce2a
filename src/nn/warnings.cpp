// Where warnings go.

#include <cstdio>

#include "src/nn/output_channel.hpp"

namespace tegula::nn {

namespace {

OutputChannel& warnings() {
  static OutputChannel channel([](std::string_view text) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  });
  return channel;
}

}  // namespace

void set_warning_output(OutputFunction function) { warnings().set(std::move(function)); }

void warn(std::string_view text) { warnings().write(text); }

}  // namespace tegula::nn
