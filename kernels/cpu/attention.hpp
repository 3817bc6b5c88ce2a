#pragma once
// Attention of float heads by tiles: the weights of some queries and keys at a time, never all.
//
// Softmax is normalized while it is summed (Milakov and Gimelshein, "Online normalizer calculation
// for softmax", 2018), tile by tile (Dao, Fu, Ermon, Rudra, Re, "FlashAttention: Fast and
// Memory-Efficient Exact Attention with IO-Awareness", 2022); the gradient computes the weights
// again. Tasks and the order of sums depend on the problem only.

#include <cstddef>
#include <cstdint>

namespace tegula::kernels {

/// Operands are dense: query [batch, queries, heads, width], key and value [batch, keys, key heads,
/// width or value width], result as the query with the value's width, sums of rows
/// [batch, queries, heads].
struct AttentionProblem {
  std::int64_t batch = 0;
  std::int64_t queries = 0;
  std::int64_t keys = 0;
  std::int64_t heads = 0;
  /// Divides `heads`; neighbouring heads share one.
  std::int64_t key_heads = 0;
  std::int64_t width = 0;
  std::int64_t value_width = 0;
  float scale = 1;
  /// Query i sees key j only where j <= i + offset.
  bool causal = false;
  /// Where not 0, only where |i + offset - j| < window.
  std::int64_t window = 0;
  /// Of the mask, in elements, over batch, heads, queries and keys; 0 where it is broadcast.
  std::int64_t mask_strides[4] = {};
};

/// One of them, or none: where not 0 a key is seen, or what is added to the logits.
struct AttentionMask {
  const std::uint8_t* seen = nullptr;
  const float* added = nullptr;
};

struct AttentionOperands {
  const float* query = nullptr;
  const float* key = nullptr;
  const float* value = nullptr;
  AttentionMask mask;
  std::int64_t offset = 0;
};

/// Floats of memory for `attention_f32` and `attention_gradient_f32`: linear in both lengths.
std::size_t attention_workspace_size(const AttentionProblem& problem);
std::size_t attention_gradient_workspace_size(const AttentionProblem& problem);

/// About 2 · batch · heads · queries · keys · (width + value width) FLOPs, and half of that when
/// causal. `log_sum` is -infinity for a query that sees no key, whose result is the mean of values.
/// `workspace` is aligned to 64 bytes.
void attention_f32(const AttentionProblem& problem, const AttentionOperands& operands, float* y,
                   float* log_sum, float* workspace);

struct AttentionSlopes {
  const float* log_sum = nullptr;
  /// Sum of dy · y over the values' axis.
  const float* delta = nullptr;
  const float* dy = nullptr;
};

/// 2.5 times the FLOPs of `attention_f32`.
void attention_gradient_f32(const AttentionProblem& problem, const AttentionOperands& operands,
                            const AttentionSlopes& slopes, float* dq, float* dk, float* dv,
                            float* workspace);

}  // namespace tegula::kernels
