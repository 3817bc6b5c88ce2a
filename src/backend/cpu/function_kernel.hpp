#pragma once
// A kernel made of a callable, for lowerings that need no class of their own. Private to
// src/backend/cpu.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tegula/runtime/backend.hpp"

namespace tegula::cpu {

/// `Run` takes the call's KernelArguments; all its outputs have memory.
template <typename Run>
class FunctionKernel final : public Kernel {
 public:
  FunctionKernel(std::string description, Run run, std::vector<InPlace> in_place,
                 std::size_t workspace_bytes)
      : description_(std::move(description)),
        run_(std::move(run)),
        in_place_(std::move(in_place)),
        workspace_bytes_(workspace_bytes) {}

  void run(const KernelArguments& arguments) const override { run_(arguments); }
  std::string description() const override { return description_; }
  std::vector<InPlace> in_place() const override { return in_place_; }
  std::size_t workspace_bytes() const override { return workspace_bytes_; }
  bool skips_null_outputs() const override { return false; }

 private:
  std::string description_;
  Run run_;
  std::vector<InPlace> in_place_;
  std::size_t workspace_bytes_;
};

template <typename Run>
std::unique_ptr<Kernel> make_kernel(std::string description, Run run,
                                    std::vector<InPlace> in_place = {},
                                    std::size_t workspace_bytes = 0) {
  return std::make_unique<FunctionKernel<Run>>(std::move(description), std::move(run),
                                               std::move(in_place), workspace_bytes);
}

/// Operands of a call as pointers to their elements; null stays null.
template <typename T>
const T* input(const KernelArguments& arguments, int index) {
  return static_cast<const T*>(arguments.inputs[index]);
}
template <typename T>
T* output(const KernelArguments& arguments, int index = 0) {
  return static_cast<T*>(arguments.outputs[index]);
}

}  // namespace tegula::cpu
