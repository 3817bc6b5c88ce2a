// The loop of prediction, and calls of a model on arrays.

#include <algorithm>
#include <cstring>
#include <utility>

#include "src/nn/callback_run.hpp"
#include "src/nn/feed.hpp"
#include "src/nn/model_impl.hpp"
#include "src/nn/run_data.hpp"
#include "src/nn/running.hpp"
#include "src/nn/trace.hpp"
#include "tegula/core/blocking.hpp"

namespace tegula::nn {

namespace {

/// The rows of all parts, one after the other.
Tensor joined_rows(std::span<const Tensor> parts) {
  if (parts.size() == 1) return parts.front();
  Shape shape = parts.front().shape();
  std::int64_t rows = 0;
  for (const Tensor& part : parts) rows += part.shape()[0];
  shape.set(0, rows);
  Tensor result(parts.front().dtype(), shape);
  auto* to = static_cast<std::byte*>(result.raw());
  for (const Tensor& part : parts) {
    std::memcpy(to, part.raw(), part.byte_count());
    to += part.byte_count();
  }
  return result;
}

/// The same for each output of several batches.
std::vector<Tensor> joined_batches(const std::vector<std::vector<Tensor>>& batches) {
  std::vector<Tensor> joined;
  for (std::size_t output = 0; output < batches.front().size(); ++output) {
    std::vector<Tensor> parts;
    for (const std::vector<Tensor>& batch : batches) parts.push_back(batch[output]);
    joined.push_back(joined_rows(parts));
  }
  return joined;
}

/// The passes of a prediction. `memory(rows)` is asked where to put the outputs of the next so many
/// rows; `infer(batch, output)` computes them.
template <typename Memory, typename Infer>
void predict_batches(Feed& feed, const std::optional<std::int64_t>& steps, std::int64_t group,
                     const ValueTypes& types, CallbackRun& callbacks, Memory&& memory,
                     Infer&& infer) {
  feed.rewind();
  callbacks.call(&Callback::on_predict_begin);
  feed.on_epoch_begin();
  std::vector<std::vector<Tensor>> outputs;
  for (std::int64_t batch = 0; batch != steps; ++batch) {
    const std::span<const Tensor> parts = feed.next();
    if (parts.empty()) {
      if (steps) warn_of_end("the prediction");
      if (!outputs.empty()) {
        callbacks.call(&Callback::on_predict_batch_end, batch - 1,
                       types.with(joined_batches(outputs)));
      }
      break;
    }
    if (outputs.empty()) callbacks.call(&Callback::on_predict_batch_begin, batch);
    outputs.push_back(memory(parts[0].shape()[0]));
    infer(parts, std::span(outputs.back()));
    callbacks.call(&Callback::on_poll);
    poll();
    if (std::ssize(outputs) < group && batch + 1 != steps) continue;
    callbacks.call(&Callback::on_predict_batch_end, batch, types.with(joined_batches(outputs)));
    outputs.clear();
  }
  feed.on_epoch_end();
  callbacks.call(&Callback::on_predict_end);
}

}  // namespace

Tensor Model::predict(const Tensor& x, const PredictOptions& options,
                      std::source_location location) {
  const bool plain = options.callbacks.empty() && !options.steps;
  const std::shared_ptr<const Inference> inference = impl_->ready();
  if (plain && inference && inference->changes == Object::changes() && inference->takes(x) &&
      x.dtype() == DType::f32 && x.shape()[0] > 0 && x.shape()[0] <= options.batch_size) {
    return called_at("predict", line_of(location), [&] {
      return Executable(inference->executable).run(std::span(&x, 1)).front();
    });
  }
  return predict(Tensors(x), options, location).one();
}

Tensors Model::predict(const Tensors& x, const PredictOptions& options,
                       std::source_location location) {
  const SourceLocation line = line_of(location);
  const std::shared_ptr<const Inference> inference = inference_for(x, "predict", location);
  called_at("predict", line, [&] {
    check_ranges(options, "predict");
    check_cardinality(x, {}, {});
  });
  Batches batches({.x = inference->arranged_inputs(x), .dtypes = inference->input_dtypes()},
                  options.batch_size);
  const bool plain = options.callbacks.empty() && !options.steps;
  if (plain && batches.count() == 1) {
    return called_at("predict", line, [&] {
      return inference->y.with(Executable(inference->executable).run(batches.get(0)));
    });
  }
  const std::int64_t steps = options.steps.value_or(batches.count());
  std::vector<Tensor> results =
      inference->outputs_of(steps >= batches.count() ? batches.rows() : steps * batches.rows_of(0));
  std::int64_t row = 0;
  ArrayFeed feed(std::move(batches));
  CallbackRun callbacks(*this, options.callbacks, options.verbose, 1, steps);
  const auto memory = [&](std::int64_t rows) {
    row += rows;
    std::vector<Tensor> part;
    for (const Tensor& result : results) part.push_back(result.rows(row - rows, row));
    return part;
  };
  predict_batches(feed, steps, steps_per_execution(), inference->y, callbacks, memory,
                  [&](auto inputs, auto outputs) {
                    run_on(feed, inference->executable, inputs, outputs, "predict", line);
                  });
  return inference->y.with(std::move(results));
}

Tensors Model::predict(data::BatchSource& source, const PredictOptions& options,
                       std::source_location location) {
  const SourceLocation line = line_of(location);
  std::shared_ptr<const Inference> inference;
  std::optional<SourceFeed> feed;  // its first batch chooses the inference
  called_at("predict", line, [&] {
    check_ranges(options, "predict");
    feed.emplace(source, [&, this](const data::Batch& batch, std::int64_t) {
      inference = inference_for(batch.x, "predict", location);
      return StepData{.x = inference->arranged_inputs(batch.x),
                      .dtypes = inference->input_dtypes()};
    });
  });
  std::vector<std::vector<Tensor>> results;
  const std::optional<std::int64_t> steps = steps_of(*feed, options.steps);
  CallbackRun callbacks(*this, options.callbacks, options.verbose, 1, steps);
  const auto memory = [&](std::int64_t rows) {
    return results.emplace_back(inference->outputs_of(rows));
  };
  predict_batches(*feed, steps, steps_per_execution(), inference->y, callbacks, memory,
                  [&](auto inputs, auto outputs) {
                    run_on(*feed, inference->executable, inputs, outputs, "predict", line);
                  });
  return inference->y.with(joined_batches(results));
}

Tensors Model::predict_on_batch(const Tensors& x, std::source_location location) {
  const std::shared_ptr<const Inference> inference = inference_for(x, "predict_on_batch", location);
  return called_at("predict_on_batch", line_of(location), [&] {
    return inference->y.with(Executable(inference->executable).run(inference->feeds_of(x)));
  });
}

Tensors Model::call(const Tensors& x, bool training, std::source_location location) {
  const std::shared_ptr<const Inference> inference = inference_for(x, "call", location);
  return called_at("call", line_of(location), [&] {
    Executable executable = training ? find_training_call() : inference->executable;
    return inference->y.with(executable.run(inference->feeds_of(x)));
  });
}

Executable Model::find_training_call() {
  const ConstructionLock lock;
  Impl& own = *impl_;
  if (!own.training_call) {
    const Building building(own.builder);
    const OpIdScope numbering(own.graph, own.first_random_op);
    Trace trace(own.graph, own.session);
    own.training_call = own.compile_call(own.layer(own.x, true), trace);
  }
  return *own.training_call;
}

}  // namespace tegula::nn
