#pragma once
// Sizes of convolutions, as the ops, their fusion and their lowering see them. Private to the
// library.

#include "src/ops/window.hpp"

namespace tegula::ops {

using detail::ConvolutionProblem;

/// Of a convolution, and of its gradient with respect to x.
std::vector<AttrDef> convolution_attrs();
std::vector<AttrDef> input_gradient_attrs();

/// Of the convolution itself or of one of its gradients, from its inputs and its result.
ConvolutionProblem convolution_problem(const Shape& x, const Shape& w, const Attrs& attrs);

}  // namespace tegula::ops
