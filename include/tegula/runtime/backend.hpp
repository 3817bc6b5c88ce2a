#pragma once
// What a backend offers to the planner: kernels bound to nodes whose shapes are known.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tegula/core/random.hpp"
#include "tegula/graph/graph.hpp"

namespace tegula {

/// Pointers of one call, in the node's order. An output that nobody reads is null.
struct KernelArguments {
  const void* const* inputs = nullptr;
  void* const* outputs = nullptr;
  /// `Kernel::workspace_bytes()` bytes, aligned to kAlignment; contents undefined.
  void* workspace = nullptr;
  /// Seed and step of the run; a random node adds its own id (`random_key`).
  RandomKey key;
  /// Changes whenever any variable does; 0 in a plan that writes variables. What a kernel derived
  /// from a variable holds as long as this stays.
  std::uint64_t variables_version = 0;
};

/// Whether a kernel may write its output over an input's buffer (same element, read before
/// written).
struct InPlace {
  int input = 0;
  int output = 0;
};

/// One node, ready to run: everything that depends only on shapes and attributes is precomputed.
/// `run` must be safe to call from several threads with different arguments, must not allocate,
/// and reports bad data (an index out of range) by an exception.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual void run(const KernelArguments& arguments) const = 0;
  /// What runs, for explain and profiles: "gemm own 32x128x784 + cluster(3)".
  virtual std::string description() const = 0;
  virtual std::size_t workspace_bytes() const { return 0; }
  /// Pairs that may share a buffer; the planner decides.
  virtual std::vector<InPlace> in_place() const { return {}; }
  /// Whether an output that nobody reads may be null; else it is given memory.
  virtual bool skips_null_outputs() const { return true; }
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  /// A kernel for `node`, whose types are all known. Falls back to the op's reference evaluation.
  virtual std::unique_ptr<Kernel> lower(const Node& node) const = 0;
};

/// The CPU backend; lives as long as the process.
const Backend& cpu_backend();

}  // namespace tegula
