// The CPU backend: finds the lowering of an op and falls back to its reference evaluation.

#include <string>
#include <unordered_map>

#include "src/backend/cpu/lowering.hpp"

namespace tegula {

namespace cpu {
namespace {

using LoweringTable = std::unordered_map<std::string_view, const Lowering*>;

const LoweringTable& lowering_table() {
  static const LoweringTable table = [] {
    LoweringTable filled;
    for (const std::span<const Lowering> family :
         std::initializer_list<std::span<const Lowering>>{}) {
      for (const Lowering& lowering : family) filled.emplace(lowering.op, &lowering);
    }
    return filled;
  }();
  return table;
}

class CpuBackend final : public Backend {
 public:
  std::string_view name() const override { return "cpu"; }

  std::unique_ptr<Kernel> lower(const Node& node) const override {
    const auto lowering = lowering_table().find(node.op().name);
    if (lowering != lowering_table().end()) {
      if (KernelPointer kernel = lowering->second->lower(node)) return kernel;
    }
    return reference_kernel(node);
  }
};

}  // namespace
}  // namespace cpu

const Backend& cpu_backend() {
  static const cpu::CpuBackend backend;
  return backend;
}

}  // namespace tegula
