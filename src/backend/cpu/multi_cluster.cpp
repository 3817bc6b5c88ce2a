// Lowering of one cluster over several sets of tensors: an optimizer's update of all variables.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/backend/cpu/lowering.hpp"
#include "src/backend/cpu/program.hpp"

namespace tegula::cpu {

namespace {

/// Inputs: `shared` ones of one element, then `own` for each of `count` segments.
struct Layout {
  explicit Layout(const Node& node)
      : count(static_cast<std::size_t>(node.attrs().get<std::int64_t>("segments"))),
        shared(static_cast<std::size_t>(node.attrs().get<std::int64_t>("shared"))),
        own((node.inputs().size() - shared) / count),
        outputs(node.outputs().size() / count) {}

  std::size_t inputs() const { return shared + own; }
  /// Number of the node's input that is input `i` of the segment's cluster.
  std::size_t input(std::size_t segment, std::size_t i) const {
    return i < shared ? i : shared + segment * own + (i - shared);
  }

  std::size_t count;
  std::size_t shared;
  std::size_t own;
  std::size_t outputs;
};

class MultiClusterKernel final : public Kernel {
 public:
  MultiClusterKernel(const Node& node, Layout layout, ElementwiseProgram program,
                     kernels::ElementwisePlan plan, const std::vector<bool>& per_element,
                     std::string ops)
      : layout_(layout), program_(std::move(program)), plan_(std::move(plan)) {
    std::int64_t elements = 0;
    for (std::size_t segment = 0; segment < layout.count; ++segment) {
      const std::size_t first_output = segment * layout.outputs;
      lengths_.push_back(node.outputs()[first_output].shape.element_count());
      elements += lengths_.back();
      for (std::size_t i = layout.shared; i < layout.inputs(); ++i) {
        const std::size_t input = layout.input(segment, i);
        for (std::size_t output = 0; output < layout.outputs; ++output) {
          const bool same_size = size_of(node.inputs()[input].dtype()) ==
                                 size_of(node.outputs()[first_output + output].dtype);
          if (!per_element[i] || !same_size) continue;
          in_place_.push_back({static_cast<int>(input), static_cast<int>(first_output + output)});
        }
      }
    }
    text_ = "elementwise " + std::to_string(layout.count) + " segments, " +
            std::to_string(elements) + " elements (" + ops + ")";
  }

  void run(const KernelArguments& arguments) const override {
    auto* const segments = static_cast<kernels::Segment*>(arguments.workspace);
    auto** inputs = reinterpret_cast<const void**>(segments + layout_.count);
    for (std::size_t segment = 0; segment < layout_.count; ++segment) {
      segments[segment] = {inputs, arguments.outputs + segment * layout_.outputs,
                           lengths_[segment]};
      for (std::size_t i = 0; i < layout_.inputs(); ++i) {
        *inputs++ = arguments.inputs[layout_.input(segment, i)];
      }
    }
    plan_.run_segments({segments, layout_.count}, program_.random_state(arguments.key));
  }
  std::string description() const override { return text_; }
  std::size_t workspace_bytes() const override {
    return layout_.count * (sizeof(kernels::Segment) + layout_.inputs() * sizeof(void*));
  }
  std::vector<InPlace> in_place() const override { return in_place_; }
  bool skips_null_outputs() const override { return false; }

 private:
  Layout layout_;
  ElementwiseProgram program_;
  kernels::ElementwisePlan plan_;
  std::vector<std::int64_t> lengths_;
  std::vector<InPlace> in_place_;
  std::string text_;
};

/// Whether input `i` of the cluster has, in every segment, an element per element of the output
/// (true) or one element (false); nothing when it varies or broadcasts otherwise.
std::optional<bool> is_per_element(const Node& node, const Layout& layout, std::size_t i) {
  bool all_full = true;
  bool all_single = true;
  for (std::size_t segment = 0; segment < layout.count; ++segment) {
    const std::int64_t elements = node.inputs()[layout.input(segment, i)].shape().element_count();
    const Shape& space = node.outputs()[segment * layout.outputs].shape;
    all_full = all_full && elements == space.element_count();
    all_single = all_single && elements == 1;
  }
  if (all_full) return true;
  if (all_single) return false;
  return std::nullopt;
}

KernelPointer lower_multi_cluster(const Node& node) {
  const Layout layout(node);
  std::vector<ValueType> types;
  std::vector<kernels::ElementwiseInput> inputs;
  std::vector<bool> per_element;
  for (std::size_t i = 0; i < layout.inputs(); ++i) {
    const std::optional<bool> full = is_per_element(node, layout, i);
    if (!full) return nullptr;
    per_element.push_back(*full);
    types.push_back(node.inputs()[layout.input(0, i)].type());
    // The plan's lengths are given per segment: any shape of several elements means one of each.
    inputs.push_back({types.back().dtype, *full ? Shape{2} : Shape{}});
  }
  const Cluster& cluster = *node.attrs().get<std::shared_ptr<const Cluster>>("cluster");
  std::optional<ElementwiseProgram> program = translate(cluster, types, node.outputs()[0].shape);
  if (!program) return nullptr;
  std::vector<DType> outputs = output_dtypes(node);
  outputs.resize(layout.outputs);
  auto plan = kernels::ElementwisePlan::linear(program->program, program->compute, inputs, outputs);
  return std::make_unique<MultiClusterKernel>(node, layout, std::move(*program), std::move(plan),
                                              per_element, cluster_text(cluster));
}

constexpr Lowering kLowerings[] = {{"multi_cluster", lower_multi_cluster}};

}  // namespace

std::span<const Lowering> multi_cluster_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
