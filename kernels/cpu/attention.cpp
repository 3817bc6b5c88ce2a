#include "kernels/cpu/attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/cpu/attention_rows.hpp"
#include "kernels/cpu/gemm_tile.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula::kernels {

namespace {

using Index = std::int64_t;
using detail::kKeyTile;
using detail::kQueryTile;
using detail::TileView;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Tasks that keep many threads busy. Where samples and heads are fewer, the gradient's keys are
/// dealt to several tasks, at most kMostChunks, because each has a gradient of the query of its
/// own.
constexpr Index kEnoughTasks = 16;
constexpr Index kMostChunks = 4;

Index tiles_of(Index length, Index tile) { return (length + tile - 1) / tile; }

/// A float matrix of rows that are `stride` apart.
template <typename T>
struct Rows {
  T* data = nullptr;
  Index stride = 0;

  T* row(Index i) const { return data + i * stride; }
};

/// Some neighbouring queries or keys.
struct Range {
  Index begin = 0;
  Index count = 0;

  Index end() const { return begin + count; }
  /// At most `size` of them, from `first` on.
  Range part(Index first, Index size) const { return {first, std::min(size, end() - first)}; }
};

/// A tile of so many elements.
Range tile_of(Index tile, Index size, Index length) {
  return Range{0, length}.part(tile * size, size);
}

/// Rows of one head of a dense [batch, length, heads, width].
template <typename T>
Rows<T> head_rows(T* data, Index sample, Index length, Index heads, Index head, Index width) {
  return {data + (sample * length * heads + head) * width, heads * width};
}

/// Keys or values of all heads, transposed into the panels that products read, [sample, key head].
class Transposed {
 public:
  Transposed(const AttentionProblem& problem, Index width, float* memory)
      : problem_(problem), width_(width), memory_(memory) {}

  static std::size_t size(const AttentionProblem& problem, Index width) {
    return static_cast<std::size_t>(problem.batch * problem.key_heads *
                                    tiles_of(problem.keys, kPanel) * kPanel * width);
  }
  /// Of a tile of keys.
  const float* tile(Index sample, Index key_head, Index first_key) const {
    return head(sample, key_head) + first_key * width_;
  }
  void pack(const float* rows) {
    const Index tiles = tiles_of(problem_.keys, kKeyTile);
    parallel_for(problem_.batch * problem_.key_heads * tiles, [&](Index task) {
      const Index sample = task / tiles / problem_.key_heads;
      const Index key_head = task / tiles % problem_.key_heads;
      const Range keys = tile_of(task % tiles, kKeyTile, problem_.keys);
      const auto from =
          head_rows(rows, sample, problem_.keys, problem_.key_heads, key_head, width_);
      pack_b_panels(from.row(keys.begin), from.stride, true, width_, keys.count,
                    head(sample, key_head) + keys.begin * width_, width_ * kPanel);
    });
  }

 private:
  float* head(Index sample, Index key_head) const {
    return memory_ + (sample * problem_.key_heads + key_head) * tiles_of(problem_.keys, kPanel) *
                         kPanel * width_;
  }

  const AttentionProblem& problem_;
  Index width_;
  float* memory_;
};

/// Whether keys are used so often that transposing them once pays.
bool worth_transposing(const AttentionProblem& problem) {
  return tiles_of(problem.queries, kQueryTile) * problem.heads > problem.key_heads;
}

/// rows x panels' columns of a product by a transposed matrix: rows · matrixᵀ.
struct Products {
  Index rows = 0;
  Index cols = 0;
  Index depth = 0;
};

void multiply_transposed(const Products& size, Rows<const float> a, const float* b, Index ldb,
                         bool packed, float* c) {
  GemmTile tile;
  tile.rows = size.rows;
  tile.cols = size.cols;
  tile.k = size.depth;
  tile.a = a.data;
  tile.a_row_stride = a.stride;
  tile.a_k_stride = 1;
  tile.b = b;
  tile.ldb = ldb;
  tile.transpose_b = !packed;
  tile.b_packed = packed;
  tile.c = c;
  tile.ldc = kKeyTile;
  compute_gemm_tile(tile);
}

/// c (+)= weights · b, or weightsᵀ · b, for a tile of weights.
void multiply_weights(const Products& size, const float* weights, bool transposed,
                      Rows<const float> b, Rows<float> c, bool accumulate) {
  GemmTile tile;
  tile.rows = size.rows;
  tile.cols = size.cols;
  tile.k = size.depth;
  tile.a = weights;
  tile.a_row_stride = transposed ? 1 : kKeyTile;
  tile.a_k_stride = transposed ? kKeyTile : 1;
  tile.b = b.data;
  tile.ldb = b.stride;
  tile.c = c.data;
  tile.ldc = c.stride;
  tile.accumulate = accumulate;
  compute_gemm_tile(tile);
}

/// What queries of one head see, tile by tile.
class Visibility {
 public:
  Visibility(const AttentionProblem& problem, const AttentionOperands& operands, Index sample,
             Index head)
      : problem_(problem),
        // Numbers beyond any length, without overflow where they are added.
        offset_(std::clamp(operands.offset, -kFar, kFar)),
        window_(std::min(problem.window, kFar)),
        mask_(operands.mask) {
    const Index at = sample * problem.mask_strides[0] + head * problem.mask_strides[1];
    if (mask_.seen != nullptr) mask_.seen += at;
    if (mask_.added != nullptr) mask_.added += at;
  }

  /// Keys of which some of the queries sees something, but for the mask; from a panel's first on.
  Range keys(const Range& queries) const {
    Index begin = 0, end = problem_.keys;
    const Index first = queries.begin + offset_, last = first + queries.count - 1;
    if (problem_.causal) end = std::min(end, last + 1);
    if (window_ != 0) {
      end = std::min(end, last + window_);
      begin = std::max<Index>(0, first - window_ + 1) / kPanel * kPanel;
    }
    return {begin, std::max<Index>(end - begin, 0)};
  }

  /// Queries that see something of the keys, but for the mask.
  Range queries(const Range& keys) const {
    Index begin = 0, end = problem_.queries;
    const Index first = keys.begin - offset_, last = first + keys.count - 1;
    if (problem_.causal) begin = std::max(begin, first);
    if (window_ != 0) {
      begin = std::max(begin, first - window_ + 1);
      end = std::min(end, last + window_);
    }
    return {begin, std::max<Index>(end - begin, 0)};
  }

  /// `buffer` holds the mask's part of a tile.
  TileView view(const Range& queries, const Range& keys, float* buffer) const {
    TileView view;
    view.rows = queries.count;
    view.keys = keys.count;
    view.scale = problem_.scale;
    view.position = queries.begin + offset_ - keys.begin;
    view.causal = problem_.causal;
    view.window = window_;
    if (mask_.seen == nullptr && mask_.added == nullptr) return view;
    const Index stride = problem_.mask_strides[2];
    const Index rows = stride == 0 ? 1 : queries.count;
    for (Index row = 0; row < rows; ++row) {
      const Index at = (queries.begin + row) * stride + keys.begin * problem_.mask_strides[3];
      read_mask(at, keys.count, buffer + row * kKeyTile);
    }
    view.addends = buffer;
    view.addend_stride = stride == 0 ? 0 : kKeyTile;
    return view;
  }

 private:
  static constexpr Index kFar = Index{1} << 60;

  void read_mask(Index at, Index keys, float* addends) const {
    const Index stride = problem_.mask_strides[3];
    if (mask_.seen != nullptr) {
      detail::addends_of_seen(mask_.seen + at, stride, keys, addends);
    } else {
      for (Index i = 0; i < keys; ++i) addends[i] = mask_.added[at + i * stride];
    }
    std::fill(addends + keys, addends + kKeyTile, 0.0f);
  }

  const AttentionProblem& problem_;
  Index offset_;
  Index window_;
  AttentionMask mask_;
};

/// A mask of one element that hides nothing is none.
AttentionOperands without_idle_mask(const AttentionProblem& problem, AttentionOperands operands) {
  const bool one =
      std::ranges::all_of(problem.mask_strides, [](Index stride) { return stride == 0; });
  const AttentionMask& mask = operands.mask;
  const bool idle =
      (mask.seen != nullptr && *mask.seen != 0) || (mask.added != nullptr && *mask.added == 0);
  if (one && idle) operands.mask = {};
  return operands;
}

/// The mean of all values for rows that see no key.
void take_means(const AttentionProblem& problem, Index rows, const float* sum,
                Rows<const float> value, Rows<float> y) {
  for (Index row = 0; row < rows; ++row) {
    if (sum[row] != 0) continue;
    float* to = y.row(row);
    std::fill_n(to, problem.value_width, 0.0f);
    for (Index key = 0; key < problem.keys; ++key) {
      const float* from = value.row(key);
      for (Index c = 0; c < problem.value_width; ++c) to[c] += from[c];
    }
    const float share = 1 / static_cast<float>(std::max<Index>(problem.keys, 1));
    for (Index c = 0; c < problem.value_width; ++c) to[c] *= share;
  }
}

/// Memory of a task; lives on the stack, as that of products does.
struct ForwardBuffers {
  alignas(64) float weights[kQueryTile * kKeyTile];
  alignas(64) float addends[kQueryTile * kKeyTile];
  float maximum[kQueryTile];
  float sum[kQueryTile];
};

/// Results of a tile of queries of one head. `transposed` is null where keys are read in place.
void attend(const AttentionProblem& problem, const AttentionOperands& operands,
            const Transposed* transposed, Index sample, Index head, const Range& queries, float* y,
            float* log_sum) {
  ForwardBuffers buffers;
  std::fill_n(buffers.maximum, queries.count, -kInfinity);
  std::fill_n(buffers.sum, queries.count, 0.0f);
  const Index key_head = head / (problem.heads / problem.key_heads);
  const auto query =
      head_rows(operands.query, sample, problem.queries, problem.heads, head, problem.width);
  const auto key =
      head_rows(operands.key, sample, problem.keys, problem.key_heads, key_head, problem.width);
  const auto value = head_rows(operands.value, sample, problem.keys, problem.key_heads, key_head,
                               problem.value_width);
  const auto all = head_rows(y, sample, problem.queries, problem.heads, head, problem.value_width);
  const Rows<float> result{all.row(queries.begin), all.stride};
  const Visibility visibility(problem, operands, sample, head);
  const Range seen = visibility.keys(queries);
  for (Index first = seen.begin; first < seen.end(); first += kKeyTile) {
    const Range keys = seen.part(first, kKeyTile);
    const float* b = transposed == nullptr ? key.row(keys.begin)
                                           : transposed->tile(sample, key_head, keys.begin);
    multiply_transposed({queries.count, keys.count, problem.width},
                        {query.row(queries.begin), query.stride}, b, key.stride,
                        transposed != nullptr, buffers.weights);
    detail::weigh_rows(visibility.view(queries, keys, buffers.addends), buffers.weights,
                       buffers.maximum, buffers.sum, result.data, result.stride,
                       problem.value_width, first == seen.begin);
    multiply_weights({queries.count, problem.value_width, keys.count}, buffers.weights, false,
                     {value.row(keys.begin), value.stride}, result, first != seen.begin);
  }
  detail::normalize_rows(
      queries.count, buffers.maximum, buffers.sum, result.data, result.stride, problem.value_width,
      log_sum + (sample * problem.queries + queries.begin) * problem.heads + head, problem.heads);
  take_means(problem, queries.count, buffers.sum, value, result);
}

Index chunks_of(const AttentionProblem& problem) {
  const Index heads = std::max<Index>(problem.batch * problem.key_heads, 1);
  const Index most = std::min(kMostChunks, tiles_of(problem.keys, kKeyTile));
  return std::clamp<Index>(tiles_of(kEnoughTasks, heads), 1, std::max<Index>(most, 1));
}

std::size_t query_size(const AttentionProblem& problem) {
  return static_cast<std::size_t>(problem.batch * problem.queries * problem.heads * problem.width);
}

struct GradientBuffers {
  alignas(64) float weights[kQueryTile * kKeyTile];
  alignas(64) float slopes[kQueryTile * kKeyTile];
  alignas(64) float addends[kQueryTile * kKeyTile];
  float log_sum[kQueryTile];
  float delta[kQueryTile];
  bool flows[kQueryTile];
};

/// Everything that the gradient's tasks share.
struct Gradient {
  const AttentionProblem& problem;
  const AttentionOperands& operands;
  const AttentionSlopes& slopes;
  const Transposed& keys;
  const Transposed& values;
  float* dk;
  float* dv;
};

/// Copies the sums of a tile of queries together.
void read_sums(const Gradient& gradient, Index sample, Index head, const Range& queries,
               GradientBuffers& buffers) {
  const AttentionProblem& problem = gradient.problem;
  for (Index row = 0; row < queries.count; ++row) {
    const Index at = (sample * problem.queries + queries.begin + row) * problem.heads + head;
    buffers.log_sum[row] = gradient.slopes.log_sum[at];
    buffers.delta[row] = gradient.slopes.delta[at];
    const float* dy = gradient.slopes.dy + at * problem.value_width;
    buffers.flows[row] = buffers.delta[row] != 0 ||
                         std::any_of(dy, dy + problem.value_width, [](float x) { return x != 0; });
  }
}

/// Whether a query of this head sees no key: its slope goes to all values.
bool has_blind_rows(const Gradient& gradient, Index sample, Index head) {
  const AttentionProblem& problem = gradient.problem;
  for (Index query = 0; query < problem.queries; ++query) {
    const Index at = (sample * problem.queries + query) * problem.heads + head;
    if (gradient.slopes.log_sum[at] == -kInfinity) return true;
  }
  return false;
}

/// Adds what a tile of queries of one head gives to the gradients of a tile of keys, and back.
void add_tile(const Gradient& gradient, Index sample, Index head, const Range& queries,
              const Range& keys, float* dq, bool accumulate, GradientBuffers& buffers) {
  const AttentionProblem& problem = gradient.problem;
  const Index key_head = head / (problem.heads / problem.key_heads);
  const auto rows_of = [&](auto* data, Index width) {
    const auto all = head_rows(data, sample, problem.queries, problem.heads, head, width);
    return Rows<std::remove_pointer_t<decltype(data)>>{all.row(queries.begin), all.stride};
  };
  const auto keys_of = [&](auto* data, Index width) {
    const auto all = head_rows(data, sample, problem.keys, problem.key_heads, key_head, width);
    return Rows<std::remove_pointer_t<decltype(data)>>{all.row(keys.begin), all.stride};
  };
  read_sums(gradient, sample, head, queries, buffers);
  const auto query = rows_of(gradient.operands.query, problem.width);
  const auto dy = rows_of(gradient.slopes.dy, problem.value_width);
  multiply_transposed({queries.count, keys.count, problem.width}, query,
                      gradient.keys.tile(sample, key_head, keys.begin), 0, true, buffers.weights);
  multiply_transposed({queries.count, keys.count, problem.value_width}, dy,
                      gradient.values.tile(sample, key_head, keys.begin), 0, true, buffers.slopes);
  const Visibility visibility(problem, gradient.operands, sample, head);
  detail::slope_rows(visibility.view(queries, keys, buffers.addends), buffers.weights,
                     buffers.slopes, buffers.log_sum, buffers.delta, buffers.flows,
                     1 / static_cast<float>(problem.keys));
  multiply_weights({keys.count, problem.value_width, queries.count}, buffers.weights, true, dy,
                   keys_of(gradient.dv, problem.value_width), accumulate);
  multiply_weights({keys.count, problem.width, queries.count}, buffers.slopes, true, query,
                   keys_of(gradient.dk, problem.width), accumulate);
  multiply_weights({queries.count, problem.width, keys.count}, buffers.slopes, false,
                   keys_of(gradient.operands.key, problem.width), rows_of(dq, problem.width), true);
}

/// Gradients of the tiles `chunk`, `chunk + chunks` ... of the keys of a head, and what they give
/// to that of the query.
void add_keys(const Gradient& gradient, Index sample, Index key_head, Index chunk, Index chunks,
              float* dq) {
  const AttentionProblem& problem = gradient.problem;
  GradientBuffers buffers;
  const Index group = problem.heads / problem.key_heads;
  const auto fill_zeros = [](Rows<float> rows, Index count, Index width) {
    for (Index i = 0; i < count; ++i) std::fill_n(rows.row(i), width, 0.0f);
  };
  for (Index head = key_head * group; head < (key_head + 1) * group; ++head) {
    fill_zeros(head_rows(dq, sample, problem.queries, problem.heads, head, problem.width),
               problem.queries, problem.width);
  }
  for (Index tile = chunk; tile < tiles_of(problem.keys, kKeyTile); tile += chunks) {
    const Range keys = tile_of(tile, kKeyTile, problem.keys);
    bool touched = false;
    for (Index head = key_head * group; head < (key_head + 1) * group; ++head) {
      Range seen = Visibility(problem, gradient.operands, sample, head).queries(keys);
      if (has_blind_rows(gradient, sample, head)) seen = {0, problem.queries};
      for (Index first = seen.begin; first < seen.end(); first += kQueryTile) {
        add_tile(gradient, sample, head, seen.part(first, kQueryTile), keys, dq, touched, buffers);
        touched = true;
      }
    }
    if (touched) continue;
    const auto dk =
        head_rows(gradient.dk, sample, problem.keys, problem.key_heads, key_head, problem.width);
    const auto dv = head_rows(gradient.dv, sample, problem.keys, problem.key_heads, key_head,
                              problem.value_width);
    fill_zeros({dk.row(keys.begin), dk.stride}, keys.count, problem.width);
    fill_zeros({dv.row(keys.begin), dv.stride}, keys.count, problem.value_width);
  }
}

/// to = the sum of `count` arrays behind each other.
void add_up(const float* parts, Index count, Index size, float* to) {
  constexpr Index kBlock = 1 << 14;
  parallel_for(tiles_of(size, kBlock), [&](Index block) {
    const Range range = tile_of(block, kBlock, size);
    for (Index i = range.begin; i < range.end(); ++i) {
      float sum = parts[i];
      for (Index part = 1; part < count; ++part) sum += parts[part * size + i];
      to[i] = sum;
    }
  });
}

}  // namespace

std::size_t attention_workspace_size(const AttentionProblem& problem) {
  return worth_transposing(problem) ? Transposed::size(problem, problem.width) : 0;
}

void attention_f32(const AttentionProblem& problem, const AttentionOperands& given, float* y,
                   float* log_sum, float* workspace) {
  const AttentionOperands operands = without_idle_mask(problem, given);
  const bool transposes = worth_transposing(problem);
  Transposed transposed(problem, problem.width, workspace);
  if (transposes) transposed.pack(operands.key);
  const Index tiles = tiles_of(problem.queries, kQueryTile);
  parallel_for(problem.batch * problem.heads * tiles, [&](Index task) {
    attend(problem, operands, transposes ? &transposed : nullptr, task / tiles / problem.heads,
           task / tiles % problem.heads, tile_of(task % tiles, kQueryTile, problem.queries), y,
           log_sum);
  });
}

std::size_t attention_gradient_workspace_size(const AttentionProblem& problem) {
  const auto chunks = static_cast<std::size_t>(chunks_of(problem));
  return Transposed::size(problem, problem.width) + Transposed::size(problem, problem.value_width) +
         (chunks > 1 ? chunks * query_size(problem) : 0);
}

void attention_gradient_f32(const AttentionProblem& problem, const AttentionOperands& given,
                            const AttentionSlopes& slopes, float* dq, float* dk, float* dv,
                            float* workspace) {
  const AttentionOperands operands = without_idle_mask(problem, given);
  Transposed keys(problem, problem.width, workspace);
  workspace += Transposed::size(problem, problem.width);
  Transposed values(problem, problem.value_width, workspace);
  workspace += Transposed::size(problem, problem.value_width);
  keys.pack(operands.key);
  values.pack(operands.value);
  const Gradient gradient{problem, operands, slopes, keys, values, dk, dv};
  const Index chunks = chunks_of(problem);
  const auto size = static_cast<Index>(query_size(problem));
  parallel_for(problem.batch * problem.key_heads * chunks, [&](Index task) {
    const Index chunk = task % chunks;
    add_keys(gradient, task / chunks / problem.key_heads, task / chunks % problem.key_heads, chunk,
             chunks, chunks == 1 ? dq : workspace + chunk * size);
  });
  if (chunks > 1) add_up(workspace, chunks, size, dq);
}

}  // namespace tegula::kernels
