#pragma once
// Kernels of products, matrix products and convolutions alike: alone, or with a cluster computed
// from their result while it is in cache. Private to src/backend/cpu.

#include <memory>
#include <string>

#include "kernels/cpu/gemm.hpp"
#include "src/backend/cpu/lowering.hpp"

namespace tegula::cpu {

/// A product of a node's first two inputs, whose result counts as rows of its last axis.
template <typename T>
class Product {
 public:
  virtual ~Product() = default;
  /// Writes C to `c`, which is null where `finish` has a consumer.
  virtual void run(const KernelArguments& arguments, T* c,
                   const kernels::GemmFinish<T>& finish) const = 0;
  /// Bytes at the start of the workspace that `run` uses, with a consumer or without.
  virtual std::size_t workspace_bytes(bool consumed) const = 0;
  /// Whether an epilogue is called for each block; if not, never.
  virtual bool calls_epilogue() const = 0;
  /// Whether the result's blocks can go to a consumer without being stored.
  virtual bool consumable() const = 0;
  /// What runs, for explain and profiles.
  virtual std::string text() const = 0;
};

/// The matrix product of a node's first two inputs as `problem` sees them.
template <typename T>
std::unique_ptr<Product<T>> matrix_product(const Node& node, const kernels::GemmProblem& problem);

/// The product as the node's only result.
template <typename T>
KernelPointer product_kernel(std::unique_ptr<Product<T>> product);

/// The product, then the cluster in the node's attributes, of which it is operand 0; the node's
/// other inputs follow. Null when the elementwise kernels do not serve the cluster.
template <typename T>
KernelPointer fused_product_kernel(const Node& node, std::unique_ptr<Product<T>> product);

}  // namespace tegula::cpu
