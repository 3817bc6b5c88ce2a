// Attention and its gradient, row by row in double.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include "src/ops/attention.hpp"
#include "src/ops/family.hpp"

namespace tegula::ops {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// One head of one sample: where its rows are.
class Head {
 public:
  Head(const EvaluateContext& context, const AttentionSizes& sizes, std::int64_t sample,
       std::int64_t head)
      : context_(context), sizes_(sizes), sample_(sample), head_(head) {}

  std::int64_t query(std::int64_t i) const { return row(i, sizes_.queries, sizes_.heads, head_); }
  std::int64_t key(std::int64_t j) const {
    return row(j, sizes_.keys, sizes_.key_heads, head_ * sizes_.key_heads / sizes_.heads);
  }
  /// The scaled and masked logits of a query; none for keys that it does not see.
  std::vector<std::optional<double>> logits(std::int64_t i) const {
    const BroadcastIndex mask_index(context_.input(kMask).shape(), sizes_.weights());
    const Tensor& mask = context_.input(kMask);
    std::vector<std::optional<double>> result;
    for (std::int64_t j = 0; j < sizes_.keys; ++j) {
      const std::int64_t at =
          mask_index(((sample_ * sizes_.heads + head_) * sizes_.queries + i) * sizes_.keys + j);
      const bool adds = mask.dtype() != DType::boolean;
      const double masked = mask.at(at);
      if (!sees(i, j) || (adds ? masked == -kInfinity : masked == 0)) {
        result.emplace_back();
        continue;
      }
      const double product =
          dot(context_.input(kQuery), query(i), context_.input(kKey), key(j), sizes_.width);
      result.emplace_back(number(context_.attrs, "scale") * product + (adds ? masked : 0));
    }
    return result;
  }
  static double dot(const Tensor& a, std::int64_t row_a, const Tensor& b, std::int64_t row_b,
                    std::int64_t width) {
    double sum = 0;
    for (std::int64_t i = 0; i < width; ++i)
      sum += a.at(row_a * width + i) * b.at(row_b * width + i);
    return sum;
  }

 private:
  std::int64_t row(std::int64_t i, std::int64_t length, std::int64_t heads,
                   std::int64_t head) const {
    return (sample_ * length + i) * heads + head;
  }
  bool sees(std::int64_t i, std::int64_t j) const {
    const std::int64_t at = i + integer_at(context_.input(kOffset), 0);
    const std::int64_t window = integer(context_.attrs, "window");
    return !(flag(context_.attrs, "causal") && j > at) &&
           (window == 0 || std::abs(at - j) < window);
  }

  const EvaluateContext& context_;
  const AttentionSizes& sizes_;
  std::int64_t sample_;
  std::int64_t head_;
};

using Logits = std::vector<std::optional<double>>;

/// -infinity where nothing is seen, or only what is infinitely little.
double log_sum(const Logits& logits) {
  double largest = -kInfinity;
  for (const auto& logit : logits) largest = std::max(largest, logit.value_or(-kInfinity));
  const double shift = largest == -kInfinity ? 0 : largest;
  double total = 0;
  for (const auto& logit : logits) total += logit ? std::exp(*logit - shift) : 0;
  return total == 0 ? -kInfinity : shift + std::log(total);
}

/// Weights of a query's keys, from the logarithm of their sum.
std::vector<double> weights_of(const Logits& logits, double log_sum) {
  std::vector<double> weights;
  for (const auto& logit : logits) {
    const double weight = logit ? std::exp(*logit - log_sum) : 0;
    const double mean = 1 / static_cast<double>(logits.size());
    weights.push_back(log_sum == -kInfinity ? mean : weight);
  }
  return weights;
}

template <typename Visit>
void for_each_head(const EvaluateContext& context, const AttentionSizes& sizes, Visit&& visit) {
  for (std::int64_t sample = 0; sample < sizes.batch; ++sample) {
    for (std::int64_t head = 0; head < sizes.heads; ++head) {
      visit(Head(context, sizes, sample, head));
    }
  }
}

void add_to(Tensor& tensor, std::int64_t index, double value) {
  tensor.set(index, tensor.at(index) + value);
}

AttentionSizes sizes_of(const EvaluateContext& context) {
  return {context.input(kQuery).shape(), context.input(kKey).shape(),
          context.input(kValue).shape()};
}

/// Whether the gradient of a query's result is not 0: where it is, none goes on, whatever the
/// weights are.
bool flows(const EvaluateContext& context, std::int64_t row, std::int64_t width) {
  bool any = context.input(kDelta).at(row) != 0;
  for (std::int64_t c = 0; c < width; ++c)
    any = any || context.input(kSlope).at(row * width + c) != 0;
  return any;
}

}  // namespace

std::vector<Tensor> evaluate_attention(const EvaluateContext& context) {
  const AttentionSizes sizes = sizes_of(context);
  const Tensor& value = context.input(kValue);
  Tensor y = Tensor::zeros(context.outputs[0].dtype, context.outputs[0].shape);
  Tensor log_sums(context.outputs[1].dtype, context.outputs[1].shape);
  for_each_head(context, sizes, [&](const Head& head) {
    for (std::int64_t i = 0; i < sizes.queries; ++i) {
      const Logits logits = head.logits(i);
      const double total = log_sum(logits);
      log_sums.set(head.query(i), total);
      const std::vector<double> weights = weights_of(logits, total);
      for (std::int64_t c = 0; c < sizes.value_width; ++c) {
        double sum = 0;
        for (std::int64_t j = 0; j < sizes.keys; ++j) {
          sum +=
              weights[static_cast<std::size_t>(j)] * value.at(head.key(j) * sizes.value_width + c);
        }
        y.set(head.query(i) * sizes.value_width + c, sum);
      }
    }
  });
  return {y, log_sums};
}

std::vector<Tensor> evaluate_attention_gradient(const EvaluateContext& context) {
  const AttentionSizes sizes = sizes_of(context);
  const Tensor &query = context.input(kQuery), &key = context.input(kKey);
  const Tensor &value = context.input(kValue), &slope = context.input(kSlope);
  const double scale = number(context.attrs, "scale");
  // Sums in double, whatever the dtype.
  const auto zeros = [&](int operand) {
    return Tensor::zeros(DType::f64, context.input(operand).shape());
  };
  Tensor dq = zeros(kQuery), dk = zeros(kKey), dv = zeros(kValue);
  for_each_head(context, sizes, [&](const Head& head) {
    for (std::int64_t i = 0; i < sizes.queries; ++i) {
      const std::int64_t row = head.query(i);
      const bool flowing = flows(context, row, sizes.value_width);
      const double total = context.input(kLogSum).at(row);
      const Logits logits = head.logits(i);
      const std::vector<double> weights = weights_of(logits, total);
      for (std::int64_t j = 0; j < sizes.keys; ++j) {
        const double weight = flowing ? weights[static_cast<std::size_t>(j)] : 0;
        const std::int64_t at = head.key(j);
        for (std::int64_t c = 0; c < sizes.value_width; ++c) {
          add_to(dv, at * sizes.value_width + c, weight * slope.at(row * sizes.value_width + c));
        }
        const double of_weight = Head::dot(slope, row, value, at, sizes.value_width);
        const bool goes_on =
            flowing && total != -kInfinity && logits[static_cast<std::size_t>(j)].has_value();
        const double logit =
            goes_on ? weight * (of_weight - context.input(kDelta).at(row)) * scale : 0;
        for (std::int64_t c = 0; c < sizes.width; ++c) {
          add_to(dq, row * sizes.width + c, logit * key.at(at * sizes.width + c));
          add_to(dk, at * sizes.width + c, logit * query.at(row * sizes.width + c));
        }
      }
    }
  });
  const DType dtype = query.dtype();
  return {dq.cast(dtype), dk.cast(dtype), dv.cast(dtype)};
}

}  // namespace tegula::ops
