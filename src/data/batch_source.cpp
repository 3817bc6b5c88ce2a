#include "tegula/data/batch_source.hpp"

#include <utility>

#include "tegula/core/error.hpp"

namespace tegula::data {

FunctionSource::FunctionSource(Next next, std::function<void()> rewind,
                               std::optional<std::int64_t> count)
    : next_(std::move(next)), rewind_(std::move(rewind)), count_(count) {
  if (!next_) throw InvalidArgument("a FunctionSource needs a function that gives batches");
}

bool FunctionSource::rewind() {
  if (!rewind_) return false;
  rewind_();
  return true;
}

}  // namespace tegula::data
