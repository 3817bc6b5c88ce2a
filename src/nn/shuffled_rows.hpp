#pragma once
// The rows of several tensors in a shuffled order, batch by batch, each gathered while the step on
// the batch before still runs. Private to src/nn.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "tegula/core/parallel.hpp"
#include "tegula/core/tensor.hpp"
#include "tegula/data/dataset.hpp"

namespace tegula::nn {

class ShuffledRows {
 public:
  /// Tensors with `rows` rows; part i is handed out as `dtypes[i]`, which is f32 where it is not
  /// the tensor's own.
  ShuffledRows(std::span<const Tensor> parts, std::span<const DType> dtypes, std::int64_t rows,
               std::int64_t batch_size);

  /// A new order, which follows from seed and epoch.
  void shuffle(std::uint64_t seed, std::uint64_t epoch);
  /// Valid until the next call. Fastest for batches in ascending order.
  std::span<const Tensor> get(std::int64_t batch);
  /// The rows of a batch, as they are numbered in the tensors.
  std::span<const data::RowIndex> numbers(std::int64_t batch) const { return batches_[batch]; }

 private:
  static constexpr std::int64_t kNone = -1;

  /// Memory of one batch.
  struct Buffer {
    std::vector<Tensor> tensors;
    std::int64_t batch = kNone;
  };

  std::int64_t tasks_of(std::int64_t batch) const;
  void read_ahead(std::int64_t batch);
  /// Those that a task copies; none beyond the last task.
  std::span<const data::RowIndex> rows_of(std::int64_t task) const;
  /// Starts to read rows that lie scattered in memory, where the processor foresees nothing.
  void prefetch_task(std::int64_t task) const;
  void gather_task(std::int64_t task);

  std::vector<Tensor> parts_;
  data::Batches batches_;
  std::int64_t rows_per_task_ = 1;
  /// The one handed out, and the one that is filled ahead.
  std::array<Buffer, 2> buffers_;
  std::vector<Tensor> current_;
  struct GatherTask {
    ShuffledRows& owner;
    void operator()(std::int64_t task) const { owner.gather_task(task); }
  } gather_{*this};
  /// Last, so that it ends before what it works on.
  BackgroundLoop ahead_;
};

}  // namespace tegula::nn
