// The list of op families.

#include "src/ops/family.hpp"

namespace tegula::ops {

void register_all(OpRegistry& registry);
void register_channels(OpRegistry& registry);
void register_cond(OpRegistry& registry);
void register_attention(OpRegistry& registry);
void register_ctc(OpRegistry& registry);
void register_inverse_functions(OpRegistry& registry);
void register_integers(OpRegistry& registry);
void register_order(OpRegistry& registry);
void register_recompute(OpRegistry& registry);
void register_recurrent(OpRegistry& registry);
void register_scan(OpRegistry& registry);
void register_scatter(OpRegistry& registry);
void register_solving(OpRegistry& registry);
void register_decompositions(OpRegistry& registry);
void register_while_loop(OpRegistry& registry);

void register_all(OpRegistry& registry) {
  register_arithmetic(registry);
  register_division(registry);
  register_activation(registry);
  register_logic(registry);
  register_reduce(registry);
  register_matmul(registry);
  register_convolution(registry);
  register_pooling(registry);
  register_inverse_functions(registry);
  register_integers(registry);
  register_linear_algebra(registry);
  register_solving(registry);
  register_decompositions(registry);
  register_softmax(registry);
  register_shape(registry);
  register_movement(registry);
  register_joining(registry);
  register_indexing(registry);
  register_order(registry);
  register_scatter(registry);
  register_ctc(registry);
  register_attention(registry);
  register_resample(registry);
  register_channels(registry);
  register_recurrent(registry);
  register_recompute(registry);
  register_random(registry);
  register_state(registry);
  register_fused(registry);
  register_row_cluster(registry);
  register_cond(registry);
  register_scan(registry);
  register_while_loop(registry);
}

}  // namespace tegula::ops
