#pragma once
// Builders of attention, as those of ops.hpp.

#include <cstdint>
#include <optional>

#include "tegula/graph/operand.hpp"

namespace tegula {

struct AttentionOptions {
  /// What logits are multiplied with; none: 1 / sqrt(width).
  std::optional<double> scale = {};
  /// Whether a query sees no key behind it: query i sees key j only where j <= i + offset.
  bool causal = false;
  /// Where not 0, a query sees the keys nearer to it than this: |i + offset - j| < window.
  std::int64_t window = 0;
  /// Broadcast to [batch, heads, queries, keys]: bool, true where attention is paid, or of the
  /// query's dtype, added to the logits. None: all keys count.
  Value mask = {};
  /// Integer scalar: the position of the first query among the keys. None: 0.
  Value offset = {};
  /// Whether a query that sees no key gets 0 instead of the mean of all values.
  bool zero_where_blind = false;
};

/// softmax(scale · query · keyᵀ + mask) · value, per head, without the matrix of all weights. Query
/// [batch, queries, heads, width], key [batch, keys, key heads, width], value [batch, keys, key
/// heads, value width], f32 or f64; heads / key heads neighbouring heads share one of keys. A query
/// that sees no key at all gets the mean of all values, unless told otherwise, and gives its logits
/// no gradient. Result [batch,
/// queries, heads, value width].
TEGULA_API Value attention(Operand query, Operand key, Operand value,
                           const AttentionOptions& options = {});

/// The weights [batch, heads, queries, keys] with which `attention` sums values.
TEGULA_API Value attention_weights(Operand query, Operand key,
                                   const AttentionOptions& options = {});

}  // namespace tegula
