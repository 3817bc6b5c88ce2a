#include "tegula/nn/regularizers.hpp"

#include "src/core/made_before_fork.hpp"
#include "src/nn/shape_text.hpp"

namespace tegula::nn {

namespace {

Value magnitudes(Value x) { return sum(abs(x)); }
Value squares(Value x) { return sum(square(x)); }

}  // namespace

Value L1Regularizer::operator()(Value x) const { return magnitudes(x) * options_.l1; }

Value L2Regularizer::operator()(Value x) const { return squares(x) * options_.l2; }

Value L1L2Regularizer::operator()(Value x) const {
  return magnitudes(x) * options_.l1 + squares(x) * options_.l2;
}

OrthogonalPenalty::OrthogonalPenalty(OrthogonalRegularizerOptions options)
    : WithOptions(std::move(options)) {
  if (options_.mode != "rows" && options_.mode != "columns") {
    throw InvalidArgument("OrthogonalRegularizer: `mode` must be \"rows\" or \"columns\", got \"" +
                          options_.mode + "\"");
  }
}

Value OrthogonalPenalty::operator()(Value x) const {
  if (x.shape().rank() != 2 || !x.shape().is_known()) {
    throw ShapeError("OrthogonalRegularizer takes matrices, got " + shape_text(x.shape()));
  }
  constexpr double kSmallest = 1e-12;
  const bool rows = options_.mode == "rows";
  const std::int64_t count = x.shape()[rows ? 0 : 1];
  const Value unit = l2_normalize(x, rows ? 1 : 0, kSmallest);
  const Value products =
      rows ? matmul(unit, unit, {.transpose_b = true}) : matmul(unit, unit, {.transpose_a = true});
  Tensor off_diagonal = Tensor::full(x.dtype(), {count, count}, 1);
  for (std::int64_t i = 0; i < count; ++i) off_diagonal.set(i * count + i, 0);
  const double pairs = static_cast<double>(count) * static_cast<double>(count - 1) / 2;
  return sum(abs(products * off_diagonal)) * (options_.factor * 0.5 / pairs);
}

template <>
const std::vector<ObjectClass<RegularizerBase>>& object_classes<RegularizerBase>() {
  static const std::vector<ObjectClass<RegularizerBase>> classes = {
      object_class<RegularizerBase, L1Regularizer>({}),
      object_class<RegularizerBase, L2Regularizer>({}),
      object_class<RegularizerBase, L1L2Regularizer>({"l1_l2"}),
      object_class<RegularizerBase, OrthogonalPenalty>({}),
  };
  return classes;
}

namespace {

const detail::MadeBeforeFork kMadeBeforeFork([] { object_classes<RegularizerBase>(); });

}  // namespace

}  // namespace tegula::nn
