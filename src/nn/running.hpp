#pragma once
// What the loops of training, evaluation and prediction share. Private to src/nn.

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "src/nn/feed.hpp"
#include "src/nn/run_data.hpp"
#include "tegula/nn/callback.hpp"
#include "tegula/runtime/session.hpp"

namespace tegula::nn {

inline void warn_of_end(const char* run) {
  warn("Your input ran out of data; interrupting " + std::string(run) +
       ". Make sure that your dataset or generator can generate at least `steps_per_epoch * "
       "epochs` batches (of evaluate and predict: `steps`).");
}

/// Batches of an epoch, evaluation or prediction; nothing when it lasts until the data end.
inline std::optional<std::int64_t> steps_of(const Feed& feed,
                                            const std::optional<std::int64_t>& asked) {
  return asked ? asked : feed.count();
}

/// Runs on what the feed gave last; errors name its rows, and the line that called `run`.
inline void run_on(const Feed& feed, Executable executable, std::span<const Tensor> parts,
                   std::span<Tensor> outputs, const char* run, const SourceLocation& line) {
  const auto of_batch = [&feed] { return "\n  in " + feed.batch_text(); };
  called_at(
      run, line, [&] { executable.run_into(parts, outputs); }, of_batch);
}

}  // namespace tegula::nn
