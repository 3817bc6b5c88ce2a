#pragma once
// Which values of a chain of calls training keeps, where the others are computed again for the
// gradient. Private to src/nn.

#include <cstddef>
#include <vector>

#include "tegula/nn/values.hpp"

namespace tegula::nn {

/// `y`, which the gradient computes again from `xs` and from what was assigned before. Throws
/// InvalidArgument unless it is one value.
Values recomputed_from(const Values& xs, const Values& y);

/// A call of a chain: how much it leaves, and whether one value alone goes on from there.
struct ChainLink {
  double elements = 0;
  bool may_end = false;
};

/// The links that end a part, the last part's not among them: about as many parts as the square
/// root of how many there could be, with about as many elements each (Chen et al. 2016,
/// arXiv:1604.06174, section 4).
std::vector<std::size_t> part_ends(const std::vector<ChainLink>& links);

/// Elements of a sample: unknown sizes count once.
double elements_of(const ValueTypes& types);

}  // namespace tegula::nn
