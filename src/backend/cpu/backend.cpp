// The CPU backend: finds the lowering of an op and falls back to its reference evaluation.

#include <string>
#include <unordered_map>
#include <vector>

#include "kernels/cpu/isa.hpp"
#include "src/backend/cpu/lowering.hpp"
#include "src/core/made_before_fork.hpp"

namespace tegula {

namespace cpu {
namespace {

using LoweringTable = std::unordered_map<std::string_view, std::vector<const Lowering*>>;

const LoweringTable& lowering_table() {
  static const LoweringTable table = [] {
    LoweringTable filled;
    for (const auto family :
         {attention_lowerings(), channels_lowerings(), elementwise_lowerings(), integer_lowerings(),
          division_lowerings(), control_flow_lowerings(), convolution_lowerings(),
          matmul_lowerings(), movement_lowerings(), multi_cluster_lowerings(), order_lowerings(),
          pooling_lowerings(), random_lowerings(), resample_lowerings(), recurrent_lowerings(),
          reduce_lowerings(), row_cluster_lowerings(), rows_by_index_lowerings(),
          softmax_lowerings()}) {
      for (const Lowering& lowering : family) filled[lowering.op].push_back(&lowering);
    }
    return filled;
  }();
  return table;
}

class CpuBackend final : public Backend {
 public:
  std::string_view name() const override { return "cpu"; }

  std::unique_ptr<Kernel> lower(const Node& node) const override {
    kernels::active_isa();  // before any kernel runs: what the environment asks for holds for all
    const auto lowerings = lowering_table().find(node.op().name);
    if (lowerings != lowering_table().end()) {
      for (const Lowering* lowering : lowerings->second) {
        if (KernelPointer kernel = lowering->lower(node)) return kernel;
      }
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

namespace cpu {
namespace {

const detail::MadeBeforeFork kMadeBeforeFork([] {
  lowering_table();
  cpu_backend();
});

}  // namespace
}  // namespace cpu

}  // namespace tegula
