#include "tegula/nn/losses/overlap.hpp"

namespace tegula::nn {

namespace loss_values {

Value dice(Value y_true, Value y_pred, const Axes& axis) {
  const Value both = sum(y_true * y_pred, axis);
  return 1.0 - both * 2.0 / (sum(y_true, axis) + sum(y_pred, axis) + kEpsilon);
}

Value tversky(Value y_true, Value y_pred, double alpha, double beta, const Axes& axis) {
  const Value both = sum(y_true * y_pred, axis);
  const Value missed = sum((1.0 - y_pred) * y_true, axis);
  const Value wrong = sum(y_pred * (1.0 - y_true), axis);
  return 1.0 - both / (both + missed * alpha + wrong * beta + kEpsilon);
}

}  // namespace loss_values

Value DiceLoss::values(Value y_true, Value y_pred) const {
  check_elementwise(y_true, y_pred);
  return loss_values::dice(y_true, y_pred, options_.axis);
}

Value TverskyLoss::values(Value y_true, Value y_pred) const {
  check_elementwise(y_true, y_pred);
  return loss_values::tversky(y_true, y_pred, options_.alpha, options_.beta, options_.axis);
}

}  // namespace tegula::nn
