#pragma once
// Convolutions and their gradients, channels last, as matrix products whose left operand is
// gathered from the source: Goto's loops over packed weights, without an image-to-columns matrix
// (Dukhan, "The Indirect Convolution Algorithm", 2019, has the idea). 2 FLOPs per product.
//
// Padding is zeros: they take part in the sums of the forward direction and of the weights, so that
// 0 times infinity is NaN there. No `run` allocates; results do not depend on the number of
// threads. Pointers need be aligned as the dtype only, workspaces and packed weights to 64 bytes.

#include <cstddef>
#include <utility>
#include <vector>

#include "kernels/cpu/convolution_gather.hpp"
#include "kernels/cpu/gemm.hpp"
#include "src/core/window.hpp"

namespace tegula::kernels {

using detail::ConvolutionProblem;

/// y from x and w, or dx from dy and w, seen as a product with a row per pixel of the result. All
/// that depends on sizes alone is computed once.
class ConvolutionPlan {
 public:
  static ConvolutionPlan forward(const ConvolutionProblem& problem);
  /// Only for finite weights: what lies beyond dy counts as zeros.
  static ConvolutionPlan input_gradient(const ConvolutionProblem& problem);

  /// Floats that w takes when packed.
  std::size_t packed_size() const { return packed_size_; }
  /// In parallel. Returns whether w holds finite numbers only.
  bool pack(const float* w, float* packed) const;

  /// Floats of memory that `run` needs.
  std::size_t workspace_size() const { return tasks_ * task_floats_; }
  /// Whether an epilogue is called block by block. It is not when a stride spreads the result's
  /// rows: the caller then looks at all of it.
  bool calls_epilogue() const { return calls_epilogue_; }
  /// Whether the result can go to a consumer.
  bool consumable() const;

  /// `source` is x or dy, `result` y or dx; of `finish` the bias is not used.
  void run(const float* source, const float* packed, float* result, const GemmFinish<float>& finish,
           float* workspace) const;

 private:
  /// Results whose windows have the same taps: all of them, or every stride-th of an axis.
  struct Phase {
    Gather gather;
    /// Of w, in the order of the gathered steps.
    std::vector<std::int64_t> taps;
    std::size_t packed_at = 0;
    /// Of each axis: the first result, the step to the next, and their number.
    std::array<std::int64_t, 3> first = {};
    std::array<std::int64_t, 3> counts = {};
  };

  ConvolutionPlan(const ConvolutionProblem& problem, bool transposed)
      : problem_(problem), transposed_(transposed) {}
  void add_phase(std::array<GatherAxis, 3> axes, std::vector<std::int64_t> taps,
                 const std::array<std::int64_t, 3>& first);
  void choose_tasks();
  std::int64_t source_channels() const {
    return transposed_ ? problem_.filters : problem_.channels;
  }
  std::int64_t result_channels() const {
    return transposed_ ? problem_.channels : problem_.filters;
  }
  void run_task(const Phase& phase, std::int64_t task, const float* source, const float* packed,
                float* result, const GemmFinish<float>& finish, float* workspace) const;
  bool pack_depthwise(const float* w, float* packed) const;
  /// Rows of the result from a tile that `base` begins; `result` is null for a consumer.
  void multiply(const Phase& phase, const Gather::Tile& rows, const float* base,
                const float* packed, float* result, std::pair<std::int64_t, std::int64_t> columns,
                const GemmFinish<float>& finish) const;
  void multiply_depthwise(const Phase& phase, const Gather::Tile& rows, const float* base,
                          const float* packed, float* result,
                          const GemmFinish<float>& finish) const;
  void scatter(const Phase& phase, const Gather::Tile& tile, std::int64_t begin, std::int64_t end,
               const float* block, float* result) const;

  ConvolutionProblem problem_;
  bool transposed_;
  std::array<std::int64_t, 3> steps_ = {1, 1, 1};
  std::vector<Phase> phases_;
  std::size_t packed_size_ = 0;
  bool calls_epilogue_ = true;
  std::int64_t column_parts_ = 1;
  std::size_t tasks_ = 0;
  std::size_t task_floats_ = 0;
};

/// dw from x and dy: a product over all pixels, whose parts are summed in a fixed order.
class ConvolutionWeightsPlan {
 public:
  explicit ConvolutionWeightsPlan(const ConvolutionProblem& problem);

  /// Floats of memory that `run` needs.
  std::size_t workspace_size() const;
  void run(const float* x, const float* dy, float* dw, float* workspace) const;

 private:
  std::int64_t weights() const;
  /// Adds what a tile's pixels give to the sums; the first tile's begin them.
  void add_tile(const Gather::Tile& pixels, const float* base, const float* dy, float* sums,
                std::pair<std::int64_t, std::int64_t> columns, bool first) const;

  ConvolutionProblem problem_;
  Gather gather_;
  /// Parts of the tiles, and of the filters.
  std::int64_t chunks_ = 1;
  std::int64_t column_parts_ = 1;
};

/// Plain loops, for what has no faster kernel: sums in the order of the taps, for the weights in
/// the order of the pixels. T is float or double.
template <typename T>
void convolution_loops(const ConvolutionProblem& problem, const T* x, const T* w, T* y);
template <typename T>
void convolution_input_gradient_loops(const ConvolutionProblem& problem, const T* dy, const T* w,
                                      T* dx);
template <typename T>
void convolution_weight_gradient_loops(const ConvolutionProblem& problem, const T* x, const T* dy,
                                       T* dw);

}  // namespace tegula::kernels
