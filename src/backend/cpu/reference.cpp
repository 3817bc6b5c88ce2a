// The kernel of last resort: the op's reference evaluation.

#include <cstring>
#include <string>

#include "src/backend/cpu/lowering.hpp"
#include "src/graph/place.hpp"
#include "tegula/core/error.hpp"

namespace tegula::cpu {

namespace {

class ReferenceKernel final : public Kernel {
 public:
  explicit ReferenceKernel(const Node& node)
      : op_(node.op()),
        attrs_(node.attrs()),
        inputs_(types_of(node.inputs())),
        outputs_(node.outputs().begin(), node.outputs().end()) {}

  void run(const KernelArguments& arguments) const override {
    std::vector<Tensor> inputs;
    inputs.reserve(inputs_.size());
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      // Tensors have no const form; the reference evaluation only reads its inputs.
      inputs.push_back(Tensor::borrow(inputs_[i].dtype, inputs_[i].shape,
                                      const_cast<void*>(arguments.inputs[i]), nullptr));
    }
    const std::vector<Tensor> results = op_.reference({inputs, attrs_, outputs_, arguments.key});
    for (std::size_t i = 0; i < results.size(); ++i) {
      check(results[i], outputs_[i]);
      if (arguments.outputs[i] != nullptr && results[i].byte_count() > 0) {
        std::memmove(arguments.outputs[i], results[i].raw(), results[i].byte_count());
      }
    }
  }

  std::string description() const override {
    return "reference " + op_.name + (outputs_.empty() ? "" : " " + outputs_[0].to_string());
  }

  /// Everything is read before the one result is copied.
  std::vector<InPlace> in_place() const override {
    std::vector<InPlace> pairs;
    if (outputs_.size() != 1) return pairs;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (inputs_[i] == outputs_[0]) pairs.push_back({static_cast<int>(i), 0});
    }
    return pairs;
  }

 private:
  static void check(const Tensor& result, const ValueType& expected) {
    if (result.dtype() == expected.dtype && result.shape() == expected.shape) return;
    throw Error("the reference evaluation gave " +
                ValueType{result.dtype(), result.shape()}.to_string() + " instead of " +
                expected.to_string());
  }

  const OpDef& op_;
  Attrs attrs_;
  std::vector<ValueType> inputs_;
  std::vector<ValueType> outputs_;
};

}  // namespace

KernelPointer reference_kernel(const Node& node) {
  if (!node.op().reference) throw RunError("there is no kernel for " + node.describe());
  return std::make_unique<ReferenceKernel>(node);
}

}  // namespace tegula::cpu
