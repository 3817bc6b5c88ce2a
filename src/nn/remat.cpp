#include "src/nn/remat.hpp"

#include <algorithm>
#include <cmath>

#include "src/nn/graph_notes.hpp"
#include "src/nn/trace.hpp"
#include "tegula/core/error.hpp"
#include "tegula/graph/recompute.hpp"

namespace tegula::nn {

Values recomputed_from(const Values& xs, const Values& y) {
  if (y.size() != 1) {
    throw InvalidArgument("`remat` is for layers of one output, got " + std::to_string(y.size()) +
                          " outputs; set it on the layers within");
  }
  if (!is_floating(y[0].dtype())) return y;
  std::vector<Value> kept = xs.items();
  if (const Trace* trace = Trace::computing()) {
    const std::vector<Value> written = trace->written();
    kept.insert(kept.end(), written.begin(), written.end());
  }
  const Value result = recomputed(y[0], kept);
  if (const Value mask = mask_of(y[0]); mask && !(result == y[0])) note_mask(result, mask);
  return y.with(std::vector<Value>{result});
}

std::vector<std::size_t> part_ends(const std::vector<ChainLink>& links) {
  double total = 0;
  std::size_t possible = 1;
  for (const ChainLink& link : links) {
    total += link.elements;
    possible += link.may_end ? 1 : 0;
  }
  const double limit = total / std::max(1.0, std::round(std::sqrt(static_cast<double>(possible))));
  std::vector<std::size_t> ends;
  double part = 0;
  for (std::size_t i = 0; i + 1 < links.size(); ++i) {
    part += links[i].elements;
    if (!links[i].may_end || part < limit) continue;
    ends.push_back(i);
    part = 0;
  }
  return ends;
}

double elements_of(const ValueTypes& types) {
  double elements = 0;
  for (const ValueType& type : types) {
    double product = 1;
    for (const std::int64_t size : type.shape) {
      if (size != kUnknown) product *= static_cast<double>(size);
    }
    elements += product;
  }
  return elements;
}

}  // namespace tegula::nn
