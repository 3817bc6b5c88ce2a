#pragma once
// The table from op names to kernels of the CPU backend. Private to src/backend/cpu.

#include <memory>
#include <span>
#include <string_view>

#include "tegula/graph/op_def.hpp"
#include "tegula/runtime/backend.hpp"

namespace tegula::cpu {

using KernelPointer = std::unique_ptr<Kernel>;

/// How one op is lowered. Each family's file lists its ops.
struct Lowering {
  std::string_view op;
  /// Null when there is no kernel for these types or shapes: the reference evaluation serves.
  KernelPointer (*lower)(const Node& node);
};

/// An op may be in several families; the first kernel that fits its types serves.
std::span<const Lowering> attention_lowerings();
std::span<const Lowering> channels_lowerings();
std::span<const Lowering> control_flow_lowerings();
std::span<const Lowering> convolution_lowerings();
std::span<const Lowering> division_lowerings();
std::span<const Lowering> elementwise_lowerings();
std::span<const Lowering> integer_lowerings();
std::span<const Lowering> matmul_lowerings();
std::span<const Lowering> movement_lowerings();
std::span<const Lowering> multi_cluster_lowerings();
std::span<const Lowering> order_lowerings();
std::span<const Lowering> pooling_lowerings();
std::span<const Lowering> random_lowerings();
std::span<const Lowering> recurrent_lowerings();
std::span<const Lowering> reduce_lowerings();
std::span<const Lowering> resample_lowerings();
std::span<const Lowering> row_cluster_lowerings();
std::span<const Lowering> rows_by_index_lowerings();
std::span<const Lowering> softmax_lowerings();

/// Runs the op's reference evaluation. Slow: allocates and copies.
KernelPointer reference_kernel(const Node& node);

}  // namespace tegula::cpu
