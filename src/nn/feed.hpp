#pragma once
// The batches of a run as its steps take them, from arrays or from a source. Private to src/nn.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/nn/batches.hpp"
#include "src/nn/run_data.hpp"
#include "tegula/data/batch_source.hpp"

namespace tegula::nn {

class Feed {
 public:
  virtual ~Feed() = default;
  /// Batches from the first to the end; nothing where that is not known.
  virtual std::optional<std::int64_t> count() const = 0;
  /// Goes back to the first batch, in a new order if the run shuffles. False when the data cannot
  /// be had again: `next` goes on then.
  virtual bool rewind() = 0;
  /// The shapes of the weights in batches, if there are any; of a source's batches the first one.
  virtual std::vector<Shape> weight_shapes() const = 0;
  /// Inputs, then targets and weights where there are any; nothing at the end. Valid until the next
  /// call.
  virtual std::span<const Tensor> next() = 0;
  /// Which batch `next` gave last, for errors: "batch 2: rows 64 to 95".
  virtual std::string batch_text() const = 0;
  /// Around each epoch, evaluation or prediction.
  virtual void on_epoch_begin() {}
  virtual void on_epoch_end() {}
};

/// Batches of arrays.
class ArrayFeed : public Feed {
 public:
  /// `shuffle`, when given, chooses the rows' order of each pass; errors name rows as `names` does.
  explicit ArrayFeed(Batches batches, const RowNames& names = {},
                     std::function<void(Batches&)> shuffle = {});
  std::optional<std::int64_t> count() const override { return batches_.count(); }
  std::vector<Shape> weight_shapes() const override { return batches_.weight_shapes(); }
  bool rewind() override;
  std::span<const Tensor> next() override;
  std::string batch_text() const override;

 private:
  Batches batches_;
  RowNames names_;
  std::function<void(Batches&)> shuffle_;
  std::int64_t next_ = 0;
};

/// Batches of a source, each prepared when it is asked for.
class SourceFeed : public Feed {
 public:
  /// What a step takes, made of the source's batch `number`, counted from 0.
  using Prepare = std::function<StepData(const data::Batch& batch, std::int64_t number)>;
  /// Looks at the first batch, which builds the model. Throws InvalidArgument when there is none.
  SourceFeed(data::BatchSource& source, Prepare prepare);
  std::optional<std::int64_t> count() const override { return source_.count(); }
  std::vector<Shape> weight_shapes() const override { return weight_shapes_; }
  bool rewind() override;
  std::span<const Tensor> next() override;
  std::string batch_text() const override { return "batch " + std::to_string(number_ - 1); }
  void on_epoch_begin() override { source_.on_epoch_begin(); }
  void on_epoch_end() override { source_.on_epoch_end(); }

 private:
  data::BatchSource& source_;
  Prepare prepare_;
  /// Read from a source that cannot give it again.
  std::optional<data::Batch> pending_;
  std::vector<Shape> weight_shapes_;
  std::int64_t number_ = 0;
  std::vector<Tensor> current_;
};

}  // namespace tegula::nn
