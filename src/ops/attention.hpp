#pragma once
// Sizes of attention, for its definition and for kernels, and its reference evaluation.

#include <cstdint>
#include <vector>

#include "tegula/graph/op_def.hpp"

namespace tegula::ops {

struct AttentionSizes {
  std::int64_t batch = 0;
  std::int64_t queries = 0;
  std::int64_t keys = 0;
  std::int64_t heads = 0;
  std::int64_t key_heads = 0;
  std::int64_t width = 0;
  std::int64_t value_width = 0;

  AttentionSizes(const Shape& query, const Shape& key, const Shape& value)
      : batch(query[0]),
        queries(query[1]),
        keys(key[1]),
        heads(query[2]),
        key_heads(key[2]),
        width(query[3]),
        value_width(value[3]) {}
  /// Of the weights.
  Shape weights() const { return {batch, heads, queries, keys}; }
};

/// Operands of attention, and further ones of its gradient.
enum AttentionOperand { kQuery, kKey, kValue, kMask, kOffset, kLogSum, kDelta, kSlope };

std::vector<Tensor> evaluate_attention(const EvaluateContext& context);
std::vector<Tensor> evaluate_attention_gradient(const EvaluateContext& context);

}  // namespace tegula::ops
