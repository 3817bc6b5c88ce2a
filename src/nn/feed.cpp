#include "src/nn/feed.hpp"

#include <utility>

#include "tegula/core/error.hpp"

namespace tegula::nn {

ArrayFeed::ArrayFeed(Batches batches, const RowNames& names, std::function<void(Batches&)> shuffle)
    : batches_(std::move(batches)), names_(names), shuffle_(std::move(shuffle)) {}

bool ArrayFeed::rewind() {
  next_ = 0;
  if (shuffle_) shuffle_(batches_);
  return true;
}

std::span<const Tensor> ArrayFeed::next() {
  if (next_ == batches_.count()) return {};
  return batches_.get(next_++);
}

std::string ArrayFeed::batch_text() const {
  return "batch " + std::to_string(next_ - 1) + ": " + names_.of(batches_.numbers(next_ - 1));
}

SourceFeed::SourceFeed(data::BatchSource& source, Prepare prepare)
    : source_(source), prepare_(std::move(prepare)) {
  source_.rewind();
  pending_ = source_.next();
  if (!pending_) throw InvalidArgument("the source of batches has none: it is empty or used up");
  weight_shapes_ = batch_shapes(prepare_(*pending_, 0).weights);
}

bool SourceFeed::rewind() {
  const bool rewound = source_.rewind();
  if (rewound) {
    pending_.reset();
    number_ = 0;
  }
  return rewound;
}

std::span<const Tensor> SourceFeed::next() {
  std::optional<data::Batch> batch = std::exchange(pending_, std::nullopt);
  if (!batch) batch = source_.next();
  if (!batch) return {};
  current_ = prepare_(*batch, number_++).feeds();
  return current_;
}

}  // namespace tegula::nn
