#include "tegula/nn/losses/sequence.hpp"

#include "src/nn/shape_text.hpp"
#include "tegula/graph/sequences.hpp"

namespace tegula::nn {

Value CTCLoss::values(Value y_true, Value y_pred) const {
  constexpr std::int64_t kBlank = 0;
  if (y_true.shape().rank() != 2) {
    throw ShapeError(
        "Targets `y_true` are expected to be a tensor of shape `(batch_size, max_length)` in "
        "integer format. Received: y_true.shape=" +
        shape_text(y_true.shape()));
  }
  if (y_pred.shape().rank() != 3) {
    throw ShapeError(
        "Logits `y_pred` are expected to be a tensor of shape `(batch_size, max_length, "
        "num_classes)`. Received: y_pred.shape=" +
        shape_text(y_pred.shape()));
  }
  const Value labels = class_indices(y_true);
  const Value counted = not_equal(y_true, static_cast<double>(kBlank));
  const Value lengths = cast(sum(cast(counted, DType::f32), -1), DType::i32);
  const Value steps = broadcast_like(cast(element_count(y_pred, 1), DType::i32), lengths);
  return ctc_loss(labels, y_pred, lengths, steps, kBlank);
}

}  // namespace tegula::nn
