// Lowering of convolutions and their gradients.

#include "kernels/cpu/convolution.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "src/backend/cpu/function_kernel.hpp"
#include "src/backend/cpu/lowering.hpp"
#include "src/backend/cpu/packed_weights.hpp"
#include "src/backend/cpu/product.hpp"
#include "src/ops/convolution.hpp"

namespace tegula::cpu {

namespace {

using kernels::ConvolutionPlan;
using kernels::ConvolutionProblem;
using kernels::GemmFinish;
using kernels::GemmProblem;

enum class Direction { forward, input_gradient };

template <typename T>
using Loops = void (*)(const ConvolutionProblem& problem, const T* a, const T* b, T* result);

template <typename T>
Loops<T> loops_of(Direction direction) {
  return direction == Direction::forward ? kernels::convolution_loops<T>
                                         : kernels::convolution_input_gradient_loops<T>;
}

/// "convolution 8x32x32x16 by 3x3 to 32", the batch first.
std::string text_of(const char* name, const ConvolutionProblem& problem) {
  const auto join = [](std::string text, std::int64_t number) {
    return std::move(text) + "x" + std::to_string(number);
  };
  std::string sizes = std::to_string(problem.grid.batch), window;
  for (const auto& axis : problem.grid.axes) {
    if (axis.input == 1 && axis.window == 1) continue;
    sizes = join(std::move(sizes), axis.input);
    window = window.empty() ? std::to_string(axis.window) : join(std::move(window), axis.window);
  }
  std::string text = name;
  text += " " + join(std::move(sizes), problem.channels);
  if (!window.empty()) text += " by " + window;
  text += " to " + std::to_string(problem.filters);
  if (problem.groups > 1) text += ", " + std::to_string(problem.groups) + " groups";
  return text;
}

std::string text_of(Direction direction, const ConvolutionProblem& problem) {
  return text_of(direction == Direction::forward ? "convolution" : "convolution dx", problem);
}

/// Any dtype, and what the plans do not serve.
template <typename T>
class LoopsProduct final : public Product<T> {
 public:
  LoopsProduct(const ConvolutionProblem& problem, Direction direction)
      : problem_(problem), direction_(direction) {}

  void run(const KernelArguments& arguments, T* c, const GemmFinish<T>&) const override {
    loops_of<T>(direction_)(problem_, input<T>(arguments, 0), input<T>(arguments, 1), c);
  }
  std::size_t workspace_bytes(bool) const override { return 0; }
  bool calls_epilogue() const override { return false; }
  bool consumable() const override { return false; }
  std::string text() const override { return text_of(direction_, problem_) + ", loops"; }

 private:
  ConvolutionProblem problem_;
  Direction direction_;
};

class GatheredProduct final : public Product<float> {
 public:
  GatheredProduct(const Node& node, const ConvolutionProblem& problem, Direction direction)
      : problem_(problem),
        direction_(direction),
        plan_(direction == Direction::forward ? ConvolutionPlan::forward(problem)
                                              : ConvolutionPlan::input_gradient(problem)) {
    if (node.input(1).node().op().name != "variable") return;
    weights_ = std::make_unique<PackedWeights>(
        plan_.packed_size(),
        [this](const float* w, float* packed) { return plan_.pack(w, packed); });
  }

  void run(const KernelArguments& arguments, float* c,
           const GemmFinish<float>& finish) const override {
    const float* const w = input<float>(arguments, 1);
    float* const workspace = static_cast<float*>(arguments.workspace);
    const float* packed =
        weights_ == nullptr ? nullptr : weights_->find(w, arguments.variables_version);
    bool finite = false;
    if (packed != nullptr) {
      finite = weights_->finite();
    } else {
      finite = plan_.pack(w, workspace);
      packed = workspace;
    }
    if (direction_ == Direction::input_gradient && !finite) return run_loops(arguments, c, finish);
    plan_.run(input<float>(arguments, 0), packed, c, finish, workspace + packed_floats());
  }
  std::size_t workspace_bytes(bool) const override {
    return (packed_floats() + plan_.workspace_size()) * sizeof(float);
  }
  bool calls_epilogue() const override { return plan_.calls_epilogue(); }
  bool consumable() const override { return plan_.consumable(); }
  std::string text() const override { return text_of(direction_, problem_); }

 private:
  /// Rounded up to cache lines.
  std::size_t packed_floats() const { return (plan_.packed_size() + 15) / 16 * 16; }

  void run_loops(const KernelArguments& arguments, float* c,
                 const GemmFinish<float>& finish) const {
    loops_of<float>(direction_)(problem_, input<float>(arguments, 0), input<float>(arguments, 1),
                                c);
    if (finish.epilogue == nullptr || !calls_epilogue() || problem_.channels == 0) return;
    const std::int64_t pixels = problem_.grid.inputs();
    parallel_for(problem_.grid.batch, [&](std::int64_t item) {
      if (pixels > 0) (*finish.epilogue)(item * pixels, 0, pixels, problem_.channels);
    });
  }

  ConvolutionProblem problem_;
  Direction direction_;
  ConvolutionPlan plan_;
  std::unique_ptr<PackedWeights> weights_;
};

/// Whether every result sees one pixel, its own: a matrix product over the pixels.
bool is_pointwise(const ConvolutionProblem& problem) {
  return problem.groups == 1 && std::ranges::all_of(problem.grid.axes, [](const auto& axis) {
           return axis.window == 1 && axis.stride == 1 && axis.before == 0 &&
                  axis.output == axis.input;
         });
}

template <typename T>
std::unique_ptr<Product<T>> make_product(const Node& node, Direction direction) {
  const bool forward = direction == Direction::forward;
  // A fused node's result is of the product's shape, too.
  const Shape& x = forward ? node.input(0).shape() : node.outputs()[0].shape;
  const ConvolutionProblem problem =
      ops::convolution_problem(x, node.input(1).shape(), node.attrs());
  if (is_pointwise(problem)) {
    const std::int64_t pixels = problem.grid.batch * problem.grid.inputs();
    return matrix_product<T>(
        node, forward ? GemmProblem::dense(pixels, problem.filters, problem.channels)
                      : GemmProblem::dense(pixels, problem.channels, problem.filters, false, true));
  }
  if constexpr (std::is_same_v<T, float>) {
    return std::make_unique<GatheredProduct>(node, problem, direction);
  } else {
    return std::make_unique<LoopsProduct<T>>(problem, direction);
  }
}

template <Direction kDirection>
KernelPointer lower_product(const Node& node) {
  switch (node.input(0).dtype()) {
    case DType::f32:
      return product_kernel(make_product<float>(node, kDirection));
    case DType::f64:
      return product_kernel(make_product<double>(node, kDirection));
    default:
      return nullptr;
  }
}

template <Direction kDirection>
KernelPointer lower_fused(const Node& node) {
  switch (node.input(0).dtype()) {
    case DType::f32:
      return fused_product_kernel(node, make_product<float>(node, kDirection));
    case DType::f64:
      return fused_product_kernel(node, make_product<double>(node, kDirection));
    default:
      return nullptr;
  }
}

class WeightGradientKernel final : public Kernel {
 public:
  explicit WeightGradientKernel(const ConvolutionProblem& problem)
      : text_(text_of("convolution dw", problem)), plan_(problem) {}

  void run(const KernelArguments& arguments) const override {
    plan_.run(input<float>(arguments, 0), input<float>(arguments, 1), output<float>(arguments),
              static_cast<float*>(arguments.workspace));
  }
  std::size_t workspace_bytes() const override { return plan_.workspace_size() * sizeof(float); }
  std::string description() const override { return text_; }
  bool skips_null_outputs() const override { return false; }

 private:
  std::string text_;
  kernels::ConvolutionWeightsPlan plan_;
};

template <typename T>
KernelPointer pointwise_weight_gradient(const Node& node, const ConvolutionProblem& problem) {
  const std::int64_t pixels = problem.grid.batch * problem.grid.inputs();
  return product_kernel(
      matrix_product<T>(node, GemmProblem::dense(problem.channels, problem.filters, pixels, true)));
}

KernelPointer lower_weight_gradient(const Node& node) {
  const ConvolutionProblem problem =
      ops::convolution_problem(node.input(0).shape(), node.outputs()[0].shape, node.attrs());
  const bool pointwise = is_pointwise(problem);
  switch (node.outputs()[0].dtype) {
    case DType::f32:
      if (pointwise) return pointwise_weight_gradient<float>(node, problem);
      return std::make_unique<WeightGradientKernel>(problem);
    case DType::f64:
      if (pointwise) return pointwise_weight_gradient<double>(node, problem);
      return make_kernel(
          text_of("convolution dw", problem) + ", loops", [=](const KernelArguments& arguments) {
            kernels::convolution_weight_gradient_loops<double>(problem, input<double>(arguments, 0),
                                                               input<double>(arguments, 1),
                                                               output<double>(arguments));
          });
    default:
      return nullptr;
  }
}

// An op that gets the shape from `like` has the result for it, too.
constexpr Lowering kLowerings[] = {
    {"convolution", lower_product<Direction::forward>},
    {"convolution_input_gradient", lower_product<Direction::input_gradient>},
    {"convolution_input_gradient_like", lower_product<Direction::input_gradient>},
    {"convolution_weight_gradient", lower_weight_gradient},
    {"fused_convolution", lower_fused<Direction::forward>},
    {"fused_convolution_input_gradient", lower_fused<Direction::input_gradient>},
};

}  // namespace

std::span<const Lowering> convolution_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
