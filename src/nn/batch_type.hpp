#pragma once
// The type of any batch of rows like these. Private to src/nn.

#include "tegula/core/tensor.hpp"
#include "tegula/graph/graph.hpp"

namespace tegula::nn {

/// The tensor's, with an unknown number of rows.
inline ValueType batch_type(const Tensor& tensor) {
  Shape shape = tensor.shape();
  if (shape.rank() > 0) shape.set(0, kUnknown);
  return {tensor.dtype(), shape};
}

}  // namespace tegula::nn
