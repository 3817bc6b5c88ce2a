#include "tegula/nn/losses/embedding.hpp"

#include "src/nn/shape_text.hpp"
#include "src/nn/user_terms.hpp"
#include "tegula/graph/sequences.hpp"

namespace tegula::nn {

namespace loss_values {

namespace {

/// Labels (n,) or (n, 1) as indices (n, 1).
Value label_column(Value labels) {
  const Shape& shape = labels.shape();
  if (shape.rank() == 1) return expand_dims(class_indices(labels), -1);
  if (shape.rank() == 2 && compatible(shape, Shape{kUnknown, 1})) return class_indices(labels);
  throw ShapeError("Circle takes one label per sample, of shape (n,) or (n, 1), got " +
                   shape_text(shape));
}

/// logsumexp over the columns that count. Without any, so little that its softplus is 0, but
/// finite: no gradient becomes NaN.
Value sum_of_pairs(Value counts, Value logits) {
  constexpr double kNothing = -1e30;
  return logsumexp(where(counts, logits, kNothing), 1);
}

}  // namespace

Value circle(Value y_true, Value y_pred, Value reference_labels, Value references,
             const CircleOptions& options) {
  if (y_pred.shape().rank() != 2 || references.shape().rank() != 2) {
    throw ShapeError("Circle takes embeddings of shape (n, d), got " + shape_text(y_pred.shape()) +
                     " and references of shape " + shape_text(references.shape()));
  }
  const Value rows = label_column(y_true);
  const Value columns = transpose(label_column(reference_labels));
  Value same = equal(rows, columns);
  const Value other = logical_not(same);
  if (options.remove_diagonal) {
    same = logical_and(same, not_equal(positions(rows, 0), positions(columns, 1)));
  }
  const double margin = options.margin;
  const Value distance = maximum(1.0 - matmul(y_pred, references, {.transpose_b = true}), 0.0);
  const Value attraction = maximum(distance + margin, 0.0) * (distance - margin);
  const Value repulsion = maximum(1 + margin - distance, 0.0) * (1 - margin - distance);
  return softplus(sum_of_pairs(same, attraction * options.gamma) +
                  sum_of_pairs(other, repulsion * options.gamma));
}

}  // namespace loss_values

Value CircleLoss::values(Value y_true, Value y_pred) const {
  return loss_values::circle(y_true, y_pred, y_true, y_pred, options_);
}

Value CircleLoss::operator()(Value y_true, Value y_pred, Value sample_weight) const {
  const UserTerms terms("Circle loss");
  Value labels = y_true, embeddings = y_pred;
  prepare_operands(*this, labels, embeddings);
  Value counted = cast(greater(values(labels, embeddings), 0.0), DType::f32);
  const bool average = reduction() != Reduction::none && reduction() != Reduction::sum;
  if (average) counted = counted * (element_count(counted) / maximum(sum(counted), 1.0));
  if (sample_weight) match_weight(counted, sample_weight);
  return LossBase::operator()(y_true, y_pred, sample_weight ? sample_weight* counted : counted);
}

}  // namespace tegula::nn
