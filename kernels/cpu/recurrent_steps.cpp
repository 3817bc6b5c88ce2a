// One step of a recurrent layer, for each instruction set.

#include "kernels/cpu/recurrent_internal.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/recurrent_steps.cpp"
#include <hwy/foreach_target.h>

#include <hwy/highway.h>
#include <algorithm>
#include <cstddef>

#include "kernels/cpu/elementwise_math-inl.hpp"
#include "kernels/cpu/lanes-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace tegula::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

using Index = std::int64_t;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

/// Rows of A at a time: with four vectors each they fill the registers, of which AVX-512 has 32.
constexpr Index kTileRows = hn::MaxLanes(D()) == 16 ? 6 : 3;
/// Rows of a panel that stay in L1 while rows of A pass.
constexpr Index kDepth = 128;

template <int kRows, int kVectors>
void multiply_tile(const float* a, Index lda, Index k, const float* panel, Index width, float* c,
                   Index ldc, bool accumulate) {
  const D d;
  const Index lanes = static_cast<Index>(hn::Lanes(d));
  V sums[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      sums[r][v] = accumulate ? hn::LoadU(d, c + r * ldc + v * lanes) : hn::Zero(d);
    }
  }
  for (Index i = 0; i < k; ++i) {
    V b[kVectors];
    for (int v = 0; v < kVectors; ++v) b[v] = hn::LoadU(d, panel + i * width + v * lanes);
    for (int r = 0; r < kRows; ++r) {
      const V x = hn::Set(d, a[r * lda + i]);
      for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(x, b[v], sums[r][v]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sums[r][v], d, c + r * ldc + v * lanes);
  }
}

template <int kVectors>
void multiply_rows(const float* a, Index lda, Index rows, Index k, const float* panel, Index width,
                   float* c, Index ldc, bool accumulate) {
  for (; rows >= kTileRows; rows -= kTileRows, a += kTileRows * lda, c += kTileRows * ldc) {
    multiply_tile<kTileRows, kVectors>(a, lda, k, panel, width, c, ldc, accumulate);
  }
  switch (rows) {
    case 1:
      return multiply_tile<1, kVectors>(a, lda, k, panel, width, c, ldc, accumulate);
    case 2:
      return multiply_tile<2, kVectors>(a, lda, k, panel, width, c, ldc, accumulate);
    case 3:
      return multiply_tile<3, kVectors>(a, lda, k, panel, width, c, ldc, accumulate);
    case 4:
      return multiply_tile<4, kVectors>(a, lda, k, panel, width, c, ldc, accumulate);
    case 5:
      return multiply_tile<5, kVectors>(a, lda, k, panel, width, c, ldc, accumulate);
    default:
      return;
  }
}

void multiply(const float* a, Index lda, Index rows, Index k, const float* panel, Index width,
              float* c, Index ldc, bool accumulate) {
  const Index lanes = static_cast<Index>(hn::Lanes(D()));
  Index begin = 0;
  do {
    const Index depth = std::min(kDepth, k - begin);
    const float* const from = panel + begin * width;
    const bool add = accumulate || begin > 0;
    if (width == detail::kPanelColumns) {
      for (Index column = 0; column < width; column += 4 * lanes) {
        multiply_rows<4>(a + begin, lda, rows, depth, from + column, width, c + column, ldc, add);
      }
    } else {
      for (Index column = 0; column < width; column += 3 * lanes) {
        multiply_rows<3>(a + begin, lda, rows, depth, from + column, width, c + column, ldc, add);
      }
    }
    begin += depth;
  } while (begin < k);
}

HWY_INLINE V activated(RecurrentActivation activation, V x) {
  const D d;
  switch (activation) {
    case RecurrentActivation::tanh:
      return math_tanh(d, x);
    case RecurrentActivation::sigmoid:
      return math_sigmoid(d, x);
    case RecurrentActivation::relu:
      return floored(d, hn::Zero(d), x);
    case RecurrentActivation::hard_sigmoid: {
      const V line = hn::MulAdd(x, hn::Set(d, 1.0f / 6), hn::Set(d, 0.5f));
      return capped(d, hn::Set(d, 1.0f), floored(d, hn::Zero(d), line));
    }
    case RecurrentActivation::linear:
      break;
  }
  return x;
}

/// dy times the derivative where the activation is y.
HWY_INLINE V through(RecurrentActivation activation, V y, V dy) {
  const D d;
  const V one = hn::Set(d, 1.0f);
  switch (activation) {
    case RecurrentActivation::tanh:
      return hn::Mul(dy, hn::NegMulAdd(y, y, one));
    case RecurrentActivation::sigmoid:
      return hn::Mul(dy, hn::Mul(y, hn::Sub(one, y)));
    case RecurrentActivation::relu:
      return hn::IfThenElseZero(hn::Gt(y, hn::Zero(d)), dy);
    case RecurrentActivation::hard_sigmoid:
      return hn::IfThenElseZero(hn::And(hn::Gt(y, hn::Zero(d)), hn::Lt(y, one)),
                                hn::Mul(dy, hn::Set(d, 1.0f / 6)));
    case RecurrentActivation::linear:
      break;
  }
  return dy;
}

/// z * a + (1 - z) * b
HWY_INLINE V mixed(V z, V a, V b) {
  return hn::MulAdd(z, a, hn::Mul(hn::Sub(hn::Set(D(), 1.0f), z), b));
}

void forward_lstm(const RecurrentProblem& p, const detail::RecurrentRow& row, Index first,
                  Index count, const float* block, Index stride) {
  const Index units = p.units;
  for_each_vector_of_row<float>(
      static_cast<std::size_t>(count), [&](std::size_t at, const Lanes<float>& part) HWY_ATTR {
        const Index u = first + static_cast<Index>(at);
        V gates[4];
        for (Index g = 0; g < 4; ++g) {
          const V x =
              hn::Add(part.load(row.saved + g * units + u), part.load(block + g * stride + at));
          gates[g] = activated(g == 2 ? p.activation : p.recurrent_activation, x);
          part.store(gates[g], row.saved + g * units + u);
        }
        const V before = part.load(row.carry + u);
        const V carry =
            row.counts ? hn::MulAdd(gates[1], before, hn::Mul(gates[0], gates[2])) : before;
        part.store(carry, row.saved + 4 * units + u);
        part.store(
            row.counts ? hn::Mul(gates[3], activated(p.activation, carry)) : part.load(row.h + u),
            row.all + u);
      });
}

void forward_simple(const RecurrentProblem& p, const detail::RecurrentRow& row, Index first,
                    Index count, const float* block) {
  for_each_vector_of_row<float>(
      static_cast<std::size_t>(count), [&](std::size_t at, const Lanes<float>& part) HWY_ATTR {
        const Index u = first + static_cast<Index>(at);
        const V x = hn::Add(part.load(row.saved + u), part.load(block + at));
        const V y = activated(p.activation, x);
        part.store(y, row.saved + u);
        part.store(row.counts ? y : part.load(row.h + u), row.all + u);
      });
}

void forward_gru(const RecurrentProblem& p, const detail::RecurrentRow& row, Index first,
                 Index count, const float* block, Index stride) {
  const Index units = p.units;
  for_each_vector_of_row<float>(
      static_cast<std::size_t>(count), [&](std::size_t at, const Lanes<float>& part) HWY_ATTR {
        const Index u = first + static_cast<Index>(at);
        V from_h[3];
        for (Index g = 0; g < 3; ++g) {
          from_h[g] =
              hn::Add(part.load(block + g * stride + at), part.load(row.bias_of_h + g * units + u));
        }
        V gates[3];
        part.store(from_h[2], row.saved + 3 * units + u);
        for (Index g = 0; g < 3; ++g) {
          if (g == 2) from_h[2] = hn::Mul(gates[1], from_h[2]);
          const V x = hn::Add(part.load(row.saved + g * units + u), from_h[g]);
          gates[g] = activated(g == 2 ? p.activation : p.recurrent_activation, x);
          part.store(gates[g], row.saved + g * units + u);
        }
        const V h = part.load(row.h + u);
        part.store(row.counts ? mixed(gates[0], h, gates[2]) : h, row.all + u);
      });
}

/// Both gates, and reset * h.
void forward_gru_gates(const RecurrentProblem& p, const detail::RecurrentRow& row, Index first,
                       Index count, const float* block, Index stride) {
  const Index units = p.units;
  for_each_vector_of_row<float>(
      static_cast<std::size_t>(count), [&](std::size_t at, const Lanes<float>& part) HWY_ATTR {
        const Index u = first + static_cast<Index>(at);
        for (Index g = 0; g < 2; ++g) {
          const V x =
              hn::Add(part.load(row.saved + g * units + u), part.load(block + g * stride + at));
          const V gate = activated(p.recurrent_activation, x);
          part.store(gate, row.saved + g * units + u);
          if (g == 1) part.store(hn::Mul(gate, part.load(row.h + u)), row.saved + 3 * units + u);
        }
      });
}

void forward_gru_candidate(const RecurrentProblem& p, const detail::RecurrentRow& row, Index first,
                           Index count, const float* block) {
  float* const saved = row.saved + 2 * p.units;
  for_each_vector_of_row<float>(
      static_cast<std::size_t>(count), [&](std::size_t at, const Lanes<float>& part) HWY_ATTR {
        const Index u = first + static_cast<Index>(at);
        const V candidate =
            activated(p.activation, hn::Add(part.load(saved + u), part.load(block + at)));
        part.store(candidate, saved + u);
        const V h = part.load(row.h + u);
        part.store(row.counts ? mixed(part.load(row.saved + u), h, candidate) : h, row.all + u);
      });
}

void forward(const RecurrentProblem& problem, int phase, const detail::RecurrentRow& row,
             Index first, Index count, const float* block, Index gate_stride) {
  switch (problem.cell) {
    case RecurrentCell::simple:
      return forward_simple(problem, row, first, count, block);
    case RecurrentCell::lstm:
      return forward_lstm(problem, row, first, count, block, gate_stride);
    case RecurrentCell::gru:
      return forward_gru(problem, row, first, count, block, gate_stride);
    case RecurrentCell::gru_reset_before:
      if (phase == 1) return forward_gru_candidate(problem, row, first, count, block);
      return forward_gru_gates(problem, row, first, count, block, gate_stride);
  }
}

void backward_lstm(const RecurrentProblem& p, const detail::RecurrentGradientRow& row) {
  const Index units = p.units;
  for_each_vector_of_row<float>(
      static_cast<std::size_t>(units), [&](std::size_t u, const Lanes<float>& part) HWY_ATTR {
        V gates[4];
        for (Index g = 0; g < 4; ++g) gates[g] = part.load(row.saved + g * units + u);
        const V squashed = activated(p.activation, part.load(row.saved + 4 * units + u));
        const V dh = hn::Add(part.load(row.dh + u), part.load(row.dall + u));
        const V dcarry = hn::Add(part.load(row.dcarry + u),
                                 through(p.activation, squashed, hn::Mul(dh, gates[3])));
        const V slopes[] = {hn::Mul(dcarry, gates[2]), hn::Mul(dcarry, part.load(row.carry + u)),
                            hn::Mul(dcarry, gates[0]), hn::Mul(dh, squashed)};
        for (Index g = 0; g < 4; ++g) {
          part.store(through(g == 2 ? p.activation : p.recurrent_activation, gates[g], slopes[g]),
                     row.dgates + g * units + u);
        }
        part.store(hn::Mul(dcarry, gates[1]), row.dcarry + u);
        part.store(hn::Zero(part.d), row.dh + u);
      });
}

void backward_simple(const RecurrentProblem& p, const detail::RecurrentGradientRow& row) {
  for_each_vector_of_row<float>(
      static_cast<std::size_t>(p.units), [&](std::size_t u, const Lanes<float>& part) HWY_ATTR {
        const V dh = hn::Add(part.load(row.dh + u), part.load(row.dall + u));
        part.store(through(p.activation, part.load(row.saved + u), dh), row.dgates + u);
        part.store(hn::Zero(part.d), row.dh + u);
      });
}

/// Of both kinds of GRU: the update gate and the candidate; then of one that resets after the
/// product all that is left.
void backward_gru(const RecurrentProblem& p, const detail::RecurrentGradientRow& row) {
  const Index units = p.units;
  for_each_vector_of_row<float>(
      static_cast<std::size_t>(units), [&](std::size_t u, const Lanes<float>& part) HWY_ATTR {
        const V update = part.load(row.saved + u), candidate = part.load(row.saved + 2 * units + u);
        const V dh = hn::Add(part.load(row.dh + u), part.load(row.dall + u));
        const V dupdate = through(p.recurrent_activation, update,
                                  hn::Mul(dh, hn::Sub(part.load(row.h + u), candidate)));
        const V dcandidate =
            through(p.activation, candidate, hn::Mul(dh, hn::Sub(hn::Set(part.d, 1.0f), update)));
        part.store(dupdate, row.dgates + u);
        part.store(dcandidate, row.dgates + 2 * units + u);
        part.store(hn::Mul(dh, update), row.dh + u);
        if (p.cell == RecurrentCell::gru_reset_before) {
          part.store(hn::Zero(part.d), row.dgates + units + u);
          part.store(part.load(row.saved + 3 * units + u), row.reset_h + u);
          return;
        }
        const V reset = part.load(row.saved + units + u);
        const V dreset = through(p.recurrent_activation, reset,
                                 hn::Mul(dcandidate, part.load(row.saved + 3 * units + u)));
        part.store(dreset, row.dgates + units + u);
        part.store(dupdate, row.dgates_of_h + u);
        part.store(dreset, row.dgates_of_h + units + u);
        part.store(hn::Mul(dcandidate, reset), row.dgates_of_h + 2 * units + u);
      });
}

/// The reset gate of a GRU that resets before the product.
void backward_gru_reset(const RecurrentProblem& p, const detail::RecurrentGradientRow& row) {
  const Index units = p.units;
  for_each_vector_of_row<float>(
      static_cast<std::size_t>(units), [&](std::size_t u, const Lanes<float>& part) HWY_ATTR {
        const V reset = part.load(row.saved + units + u), dreset = part.load(row.dreset + u);
        part.store(through(p.recurrent_activation, reset, hn::Mul(dreset, part.load(row.h + u))),
                   row.dgates + units + u);
        part.store(hn::MulAdd(dreset, reset, part.load(row.dh + u)), row.dh + u);
      });
}

bool all_zero(const float* x, Index count) {
  return std::all_of(x, x + count, [](float value) { return value == 0; });
}

/// The states' gradients pass a step that is masked, or that they are 0 after.
bool passes(const RecurrentProblem& p, const detail::RecurrentGradientRow& row) {
  if (!row.counts) return true;
  return all_zero(row.dh, p.units) && all_zero(row.dall, p.units) &&
         (p.cell != RecurrentCell::lstm || all_zero(row.dcarry, p.units));
}

void pass(const RecurrentProblem& p, const detail::RecurrentGradientRow& row) {
  const Index columns = p.gates() * p.units;
  for (Index u = 0; u < p.units; ++u) row.dh[u] += row.dall[u];
  std::fill_n(row.h, p.units, 0.0f);
  if (p.cell == RecurrentCell::gru_reset_before) std::fill_n(row.reset_h, p.units, 0.0f);
  std::fill_n(row.dgates, columns, 0.0f);
  if (row.dgates_of_h != row.dgates) std::fill_n(row.dgates_of_h, columns, 0.0f);
}

void backward(const RecurrentProblem& problem, int phase, const detail::RecurrentGradientRow& row) {
  if (phase == 0 && passes(problem, row)) return pass(problem, row);
  switch (problem.cell) {
    case RecurrentCell::simple:
      return backward_simple(problem, row);
    case RecurrentCell::lstm:
      return backward_lstm(problem, row);
    case RecurrentCell::gru:
    case RecurrentCell::gru_reset_before:
      break;
  }
  if (phase == 0) return backward_gru(problem, row);
  if (!all_zero(row.dreset, problem.units)) backward_gru_reset(problem, row);
}

void column_sums(const float* x, Index ldx, Index rows, Index columns, float* sums) {
  std::fill_n(sums, columns, 0.0f);
  for (Index r = 0; r < rows; ++r) {
    for_each_vector_of_row<float>(
        static_cast<std::size_t>(columns), [&](std::size_t c, const Lanes<float>& part) HWY_ATTR {
          part.store(hn::Add(part.load(sums + c), part.load(x + r * ldx + c)), sums + c);
        });
  }
}

constexpr detail::RecurrentSteps kRecurrentSteps = {multiply, forward, backward, column_sums};

const detail::RecurrentSteps* find_recurrent_steps() { return &kRecurrentSteps; }

}  // namespace
}  // namespace tegula::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tegula::kernels {

HWY_EXPORT(find_recurrent_steps);

const detail::RecurrentSteps& detail::recurrent_steps() {
  return *HWY_DYNAMIC_DISPATCH(find_recurrent_steps)();
}

}  // namespace tegula::kernels
#endif
