// Lowering of weighted sums along an axis.

#include "kernels/cpu/resample.hpp"

#include <vector>

#include "src/backend/cpu/axis_view.hpp"
#include "src/backend/cpu/function_kernel.hpp"
#include "src/backend/cpu/lowering.hpp"

namespace tegula::cpu {

namespace {

template <typename T>
KernelPointer make_resample(const Node& node) {
  const Tensor& given = node.attrs().get<Tensor>("weights");
  const AxisView view = view_along(node.input(0).shape(), node.attrs().get<std::int64_t>("axis"));
  const kernels::ResampleProblem problem{.outer = view.outer,
                                         .size = view.size,
                                         .results = given.shape()[0],
                                         .inner = view.inner,
                                         .taps = given.shape()[1]};
  std::vector<T> weights(static_cast<std::size_t>(given.element_count()));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] = static_cast<T>(given.at(static_cast<std::int64_t>(i)));
  }
  return make_kernel(
      "resample " + node.input(0).type().to_string() + " to " + std::to_string(problem.results),
      [problem, weights = std::move(weights),
       starts = node.attrs().get<std::vector<std::int64_t>>("starts")](
          const KernelArguments& arguments) {
        kernels::resample<T>(problem, starts.data(), weights.data(), input<T>(arguments, 0),
                             output<T>(arguments));
      });
}

KernelPointer lower_resample(const Node& node) {
  switch (node.outputs()[0].dtype) {
    case DType::f32:
      return make_resample<float>(node);
    case DType::f64:
      return make_resample<double>(node);
    default:
      return nullptr;
  }
}

constexpr Lowering kLowerings[] = {{"resample", lower_resample}};

}  // namespace

std::span<const Lowering> resample_lowerings() { return kLowerings; }

}  // namespace tegula::cpu
