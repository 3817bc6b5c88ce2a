// The loops: fit, evaluate, predict, and their single steps.

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "src/nn/callback_run.hpp"
#include "src/nn/feed.hpp"
#include "src/nn/model_impl.hpp"
#include "src/nn/run_data.hpp"
#include "src/nn/shape_text.hpp"
#include "src/nn/trace.hpp"
#include "tegula/core/blocking.hpp"

namespace tegula::nn {

namespace {

bool validates(const FitOptions& options, std::int64_t epoch) {
  if (options.validation_epochs) {
    return std::ranges::find(*options.validation_epochs, epoch + 1) !=
           options.validation_epochs->end();
  }
  return (epoch + 1) % options.validation_freq == 0;
}

void warn_of_end(const char* run) {
  warn("Your input ran out of data; interrupting " + std::string(run) +
       ". Make sure that your dataset or generator can generate at least `steps_per_epoch * "
       "epochs` batches (of evaluate and predict: `steps`).");
}

/// Batches of an epoch, evaluation or prediction; nothing when it lasts until the data end.
std::optional<std::int64_t> steps_of(const Feed& feed, const std::optional<std::int64_t>& asked) {
  return asked ? asked : feed.count();
}

/// Batches of the next group: up to `group`, and no more than are left of `steps`.
std::int64_t group_size(const std::optional<std::int64_t>& steps, std::int64_t done,
                        std::int64_t group) {
  return steps ? std::min(group, *steps - done) : group;
}

/// The rows of all parts, one after the other.
Tensor joined_rows(const std::vector<Tensor>& parts) {
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

}  // namespace

/// What the loops of a run share: steps, prepared data, and passes of steps. While it lives, its
/// thread is in the model's slot.
struct Model::Loops {
  Model& model;
  Impl& impl;
  const RunInSlot in_slot;
  const Impl::MetricsOfOuterRun outer;

  Loops(Model& owner, RunSlot::Kind kind, const char* run)
      : model(owner),
        impl(*owner.impl_),
        in_slot(impl.slot, kind, run, impl.describe()),
        outer(impl) {
    const ConstructionLock lock;
    impl.check_not_building(run);
    owner.refresh();
  }

  Executable step(bool training, bool weighted) { return model.find_step(training, weighted); }

  /// Checks x, y and maybe weights against the model and makes of them what steps take: targets,
  /// and weights if there are any.
  std::vector<Tensor> prepare(const data::Batch& batch, const ClassWeights& class_weight,
                              const RowNames& rows) {
    Loss loss;
    Shape outputs;
    {
      const ConstructionLock lock;
      loss = impl.compiled().loss;
    }
    if (!batch.y) {
      throw InvalidArgument("there are no targets: expected batches of inputs and targets");
    }
    check_cardinality(batch.x, *batch.y, batch.sample_weight);
    {
      const ConstructionLock lock;
      model.build_for(batch.x);
      outputs = impl.y.shape();
    }
    std::optional<Tensor> weights = prepare_weights(*batch.y, batch.sample_weight, class_weight);
    if (!loss) {
      throw InvalidArgument("No loss to compute. Provide a `loss` argument in `compile()`.");
    }
    std::vector<Tensor> parts = {prepare_targets(*batch.y, *loss, outputs, weights, rows)};
    if (weights) parts.push_back(std::move(*weights));
    return parts;
  }

  Batches prepare_arrays(const data::Dataset& data, std::int64_t batch_size,
                         const ClassWeights& class_weight, const RowNames& rows) {
    std::vector<Tensor> parts = prepare({data.x, data.y, data.sample_weight}, class_weight, rows);
    bind(parts[0]);
    std::optional<Tensor> weights;
    if (parts.size() > 1) weights = parts[1];
    return Batches(data.x, parts[0], std::move(weights), batch_size);
  }

  SourceFeed feed_of(data::BatchSource& source, const ClassWeights& class_weight, const char* run,
                     const SourceLocation& line) {
    return SourceFeed(
        source, [this, class_weight, run, line](const data::Batch& batch, std::int64_t number) {
          return called_at(run, line, [&] {
            std::vector<Tensor> parts = prepare(batch, class_weight, {.batch = number});
            bind(parts[0]);
            parts.insert(parts.begin(), batch.x.cast(DType::f32));
            return parts;
          });
        });
  }

  std::unique_ptr<Feed> validation_feed(const FitOptions& options,
                                        const std::optional<data::Dataset>& held_out,
                                        const RowNames& rows, const SourceLocation& line) {
    if (held_out) {
      const std::int64_t batch_size = options.validation_batch_size.value_or(options.batch_size);
      return std::make_unique<ArrayFeed>(prepare_arrays(*held_out, batch_size, {}, rows));
    }
    if (options.validation_source == nullptr) return nullptr;
    return std::make_unique<SourceFeed>(feed_of(*options.validation_source, {}, "fit", line));
  }

  /// The run's first data choose the targets' type; all others have to be like them.
  void bind(const Tensor& targets) {
    const ConstructionLock lock;
    const ValueType type{targets.dtype(), targets.shape()};
    const bool fits = impl.takes_targets(type);
    if ((bound || outer.runs()) && !fits) {
      throw ShapeError("targets of shape " + shape_text(type.shape) +
                       " came after targets of shape " + shape_text(impl.target_type->shape));
    }
    bound = true;
    if (fits) return;
    const Building building(impl.builder);
    impl.bind_targets(type);
  }

  /// Up to `group` batches, of which `number` is the first. Returns how many there were.
  std::int64_t run_group(Feed& feed, bool training, std::int64_t number, std::int64_t group,
                         CallbackRun& callbacks) {
    std::int64_t done = 0;
    while (done < group) {
      const std::span<const Tensor> parts = feed.next();
      if (parts.empty()) break;
      if (done == 0) {
        callbacks.call(training ? &Callback::on_train_batch_begin : &Callback::on_test_batch_begin,
                       number);
      }
      step(training, parts.size() > 2).run_into(parts, {});
      ++done;
      callbacks.call(&Callback::on_poll);
      poll();
    }
    if (done > 0) {
      callbacks.call(training ? &Callback::on_train_batch_end : &Callback::on_test_batch_end,
                     number + done - 1, Logs([this] { return sorted(impl.read_metrics()); }));
    }
    return done;
  }

  /// One epoch of training, until the data end without `steps`. False when there was no batch left.
  bool train_epoch(Feed& feed, const std::optional<std::int64_t>& steps, bool rewind,
                   CallbackRun& callbacks) {
    if (rewind) feed.rewind();
    feed.on_epoch_begin();
    const std::int64_t group = model.steps_per_execution();
    std::int64_t batch = 0;
    while (batch != steps && !impl.stop) {
      const std::int64_t asked = group_size(steps, batch, group);
      std::int64_t done = run_group(feed, true, batch, asked, callbacks);
      if (done == 0 && batch == 0 && !rewind && feed.rewind()) {
        done = run_group(feed, true, batch, asked, callbacks);
      }
      batch += done;
      if (done == asked) continue;
      if (steps || batch == 0) warn_of_end("training");
      break;
    }
    feed.on_epoch_end();
    return batch > 0 || steps == 0 || impl.stop;
  }

  /// Nothing when there was no batch left.
  std::optional<Logs> test(Feed& feed, const std::optional<std::int64_t>& steps,
                           CallbackRun& callbacks) {
    feed.rewind();
    impl.reset_metrics();
    callbacks.call(&Callback::on_test_begin);
    feed.on_epoch_begin();
    const std::int64_t group = model.steps_per_execution();
    std::int64_t batch = 0;
    while (batch != steps) {
      const std::int64_t asked = group_size(steps, batch, group);
      const std::int64_t done = run_group(feed, false, batch, asked, callbacks);
      batch += done;
      if (done == asked) continue;
      if (steps || batch == 0) warn_of_end("the evaluation");
      break;
    }
    feed.on_epoch_end();
    std::optional<Logs> logs;
    if (batch > 0) logs = impl.read_metrics();
    callbacks.call(&Callback::on_test_end, logs ? sorted(*logs) : Logs());
    return logs;
  }

  Logs run_on_batch(const data::Dataset& batch, bool training, const ClassWeights& class_weight,
                    const char* run, const SourceLocation& line) {
    const std::int64_t rows = batch.x.rank() == 0 ? 1 : std::max<std::int64_t>(1, batch.size());
    std::optional<Batches> batches;
    called_at(run, line, [&] { batches.emplace(prepare_arrays(batch, rows, class_weight, {})); });
    impl.reset_metrics();
    step(training, batches->weighted()).run_into(batches->get(0), {});
    return impl.read_metrics();
  }

  History fit(Feed& train, Feed* validation, const FitOptions& options) {
    step(true, train.weighted());  // errors of the model's graph come before the first hook
    const std::optional<std::int64_t> steps = steps_of(train, options.steps_per_epoch);
    std::optional<std::int64_t> test_steps;
    if (validation != nullptr) test_steps = steps_of(*validation, options.validation_steps);
    CallbackRun callbacks(model, options.callbacks, options.verbose, options.epochs, steps);
    History history;
    Logs logs;
    impl.stop = false;
    callbacks.call(&Callback::on_train_begin);
    for (std::int64_t epoch = options.initial_epoch; epoch < options.epochs && !impl.stop;
         ++epoch) {
      impl.reset_metrics();
      callbacks.call(&Callback::on_epoch_begin, epoch);
      const bool rewind = !options.steps_per_epoch || epoch == options.initial_epoch;
      if (!train_epoch(train, steps, rewind, callbacks)) break;
      logs = sorted(impl.read_metrics());
      if (validation != nullptr && validates(options, epoch)) {
        const std::optional<Logs> tested = test(*validation, test_steps, callbacks);
        for (const auto& [name, value] : sorted(tested.value_or(Logs()), "val_")) {
          logs.set(name, value);
        }
      }
      callbacks.call(&Callback::on_epoch_end, epoch, logs);
      history.append(epoch, logs);
    }
    impl.finish_averages();
    callbacks.call(&Callback::on_train_end, logs);
    return history;
  }

  Logs evaluate(Feed& feed, const EvaluateOptions& options) {
    const std::optional<std::int64_t> steps = steps_of(feed, options.steps);
    CallbackRun callbacks(model, options.callbacks, options.verbose, 1, steps);
    const std::optional<Logs> logs = test(feed, steps, callbacks);
    if (logs) return *logs;
    throw InvalidArgument("there is no batch to evaluate: the source is used up");
  }

  /// Whether the run has seen targets.
  bool bound = false;
};

namespace {

/// The passes of a prediction. `memory(rows)` is asked where to put the outputs of the next so many
/// rows; `infer(batch, output)` computes them.
template <typename Memory, typename Infer>
void predict_batches(Feed& feed, const std::optional<std::int64_t>& steps, std::int64_t group,
                     CallbackRun& callbacks, Memory&& memory, Infer&& infer) {
  feed.rewind();
  callbacks.call(&Callback::on_predict_begin);
  feed.on_epoch_begin();
  std::vector<Tensor> outputs;
  for (std::int64_t batch = 0; batch != steps; ++batch) {
    const std::span<const Tensor> parts = feed.next();
    if (parts.empty()) {
      if (steps) warn_of_end("the prediction");
      if (!outputs.empty()) {
        callbacks.call(&Callback::on_predict_batch_end, batch - 1, joined_rows(outputs));
      }
      break;
    }
    if (outputs.empty()) callbacks.call(&Callback::on_predict_batch_begin, batch);
    outputs.push_back(memory(parts[0].shape()[0]));
    infer(parts.first(1), std::span(&outputs.back(), 1));
    callbacks.call(&Callback::on_poll);
    poll();
    if (std::ssize(outputs) < group && batch + 1 != steps) continue;
    callbacks.call(&Callback::on_predict_batch_end, batch, joined_rows(outputs));
    outputs.clear();
  }
  feed.on_epoch_end();
  callbacks.call(&Callback::on_predict_end);
}

}  // namespace

History Model::fit(const data::Dataset& data, const FitOptions& options,
                   std::source_location location) {
  const SourceLocation line = line_of(location);
  Loops loops(*this, RunSlot::Kind::fit, "fit");
  std::optional<ArrayFeed> train;
  std::unique_ptr<Feed> validation;
  called_at("fit", line, [&] {
    check_ranges(options, "fit");
    data::Dataset kept = data;
    std::optional<data::Dataset> held_out = options.validation_data;
    RowNames held_out_rows{.of_set = " of the validation data"};
    if (options.validation_split != 0 && !held_out && options.validation_source == nullptr) {
      check_cardinality(data.x, data.y, data.sample_weight);
      std::tie(kept, held_out) = data.split(options.validation_split);
      held_out_rows = {.first = kept.size()};
    }
    Impl& impl = loops.impl;
    const auto shuffle = [&impl](Batches& rows) { rows.shuffle(impl.seed, impl.shuffles++); };
    Batches batches = loops.prepare_arrays(kept, options.batch_size, options.class_weight, {});
    train.emplace(std::move(batches),
                  options.shuffle ? std::function<void(Batches&)>(shuffle) : nullptr);
    validation = loops.validation_feed(options, held_out, held_out_rows, line);
  });
  return loops.fit(*train, validation.get(), options);
}

History Model::fit(data::BatchSource& source, const FitOptions& options,
                   std::source_location location) {
  const SourceLocation line = line_of(location);
  Loops loops(*this, RunSlot::Kind::fit, "fit");
  std::optional<SourceFeed> train;
  std::unique_ptr<Feed> validation;
  called_at("fit", line, [&] {
    check_ranges(options, "fit");
    if (options.validation_split != 0) {
      throw InvalidArgument(
          "`validation_split` is only for arrays: a source of batches has no last samples to hold "
          "out. Give `validation_data`");
    }
    train.emplace(loops.feed_of(source, options.class_weight, "fit", line));
    validation = loops.validation_feed(options, options.validation_data,
                                       {.of_set = " of the validation data"}, line);
  });
  return loops.fit(*train, validation.get(), options);
}

Logs Model::evaluate(const data::Dataset& test, const EvaluateOptions& options,
                     std::source_location location) {
  Loops loops(*this, RunSlot::Kind::loop, "evaluate");
  std::optional<ArrayFeed> feed;
  called_at("evaluate", line_of(location), [&] {
    check_ranges(options, "evaluate");
    feed.emplace(loops.prepare_arrays(test, options.batch_size, {}, {}));
  });
  return loops.evaluate(*feed, options);
}

Logs Model::evaluate(data::BatchSource& source, const EvaluateOptions& options,
                     std::source_location location) {
  const SourceLocation line = line_of(location);
  Loops loops(*this, RunSlot::Kind::loop, "evaluate");
  std::optional<SourceFeed> feed;
  called_at("evaluate", line, [&] {
    check_ranges(options, "evaluate");
    feed.emplace(loops.feed_of(source, {}, "evaluate", line));
  });
  return loops.evaluate(*feed, options);
}

Tensor Model::predict(const Tensor& x, const PredictOptions& options,
                      std::source_location location) {
  const std::shared_ptr<const Inference> inference = inference_for(x, "predict", location);
  Executable executable = inference->executable;
  const bool plain = options.callbacks.empty() && !options.steps;
  if (plain && x.dtype() == DType::f32 && x.shape()[0] > 0 && x.shape()[0] <= options.batch_size) {
    return executable.run(std::span(&x, 1)).front();
  }
  called_at("predict", line_of(location), [&] { check_ranges(options, "predict"); });
  Batches batches(x, std::nullopt, std::nullopt, options.batch_size);
  const std::int64_t steps = options.steps.value_or(batches.count());
  Tensor result =
      inference->outputs_of(steps >= batches.count() ? batches.rows() : steps * batches.rows_of(0));
  std::int64_t row = 0;
  ArrayFeed feed(std::move(batches));
  CallbackRun callbacks(*this, options.callbacks, options.verbose, 1, steps);
  const auto memory = [&](std::int64_t rows) {
    row += rows;
    return result.rows(row - rows, row);
  };
  predict_batches(feed, steps, steps_per_execution(), callbacks, memory,
                  [&](auto inputs, auto outputs) { executable.run_into(inputs, outputs); });
  return result;
}

Tensor Model::predict(data::BatchSource& source, const PredictOptions& options,
                      std::source_location location) {
  const SourceLocation line = line_of(location);
  std::shared_ptr<const Inference> inference;
  std::optional<SourceFeed> feed;
  called_at("predict", line, [&] {
    check_ranges(options, "predict");
    feed.emplace(source, [&, this](const data::Batch& batch, std::int64_t) {
      inference = inference_for(batch.x, "predict", location);
      return std::vector<Tensor>{batch.x.cast(DType::f32)};
    });
  });
  std::vector<Tensor> results;
  const std::optional<std::int64_t> steps = steps_of(*feed, options.steps);
  CallbackRun callbacks(*this, options.callbacks, options.verbose, 1, steps);
  const auto memory = [&](std::int64_t rows) {
    return results.emplace_back(inference->outputs_of(rows));
  };
  predict_batches(*feed, steps, steps_per_execution(), callbacks, memory,
                  [&](auto inputs, auto outputs) {
                    Executable(inference->executable).run_into(inputs, outputs);
                  });
  return joined_rows(results);
}

std::int64_t Model::steps_per_execution() const {
  const ConstructionLock lock;
  return impl_->options ? impl_->options->steps_per_execution : 1;
}

Logs Model::train_on_batch(const data::Dataset& batch,
                           const std::map<std::int64_t, double>& class_weight,
                           std::source_location location) {
  return Loops(*this, RunSlot::Kind::step, "train_on_batch")
      .run_on_batch(batch, true, class_weight, "train_on_batch", line_of(location));
}

Logs Model::test_on_batch(const data::Dataset& batch, std::source_location location) {
  return Loops(*this, RunSlot::Kind::step, "test_on_batch")
      .run_on_batch(batch, false, {}, "test_on_batch", line_of(location));
}

Tensor Model::predict_on_batch(const Tensor& x, std::source_location location) {
  Executable executable = inference_for(x, "predict_on_batch", location)->executable;
  const Tensor converted = x.cast(DType::f32);
  return executable.run(std::span(&converted, 1)).front();
}

Tensor Model::call(const Tensor& x, bool training, std::source_location location) {
  Executable executable = inference_for(x, "call", location)->executable;
  const Tensor converted = x.cast(DType::f32);
  if (training) executable = find_training_call();
  return executable.run(std::span(&converted, 1)).front();
}

Executable Model::find_training_call() {
  const ConstructionLock lock;
  Impl& own = *impl_;
  if (!own.training_call) {
    const Building building(own.builder);
    const OpIdScope numbering(own.graph, own.first_random_op);
    Trace trace(own.graph, own.session, own.alive);
    own.training_call = own.compile_call(overridden_forward(own.x, true), trace);
  }
  return *own.training_call;
}

void Model::reset_metrics() { impl_->reset_metrics(); }

std::string Model::explain(std::int64_t batch_size, bool training) {
  Loops loops(*this, RunSlot::Kind::step, "explain");
  Shape x = input_shape();
  x.set(0, batch_size);
  build(x);
  if (!training) {
    return Executable(impl_->ready()->executable).explain(std::span(&x, 1));
  }
  const std::optional<ValueType> targets = constructing([this] { return impl_->target_type; });
  if (!targets) {
    throw RunError(impl_->describe() +
                   " has seen no targets yet; explain the training step after the first batch");
  }
  Shape target = targets->shape;
  target.set(0, batch_size);
  const Shape shapes[] = {x, target};
  return loops.step(true, false).explain(shapes);
}

Logs Model::running_metrics() {
  const bool any = constructing([this] { return impl_->target_type.has_value(); });
  return any ? sorted(impl_->read_metrics()) : Logs();
}

std::vector<Metric> Model::metrics() const {
  const ConstructionLock lock;
  std::vector<Metric> found;
  if (impl_->target_type) {
    for (const BoundMetric& bound : impl_->metrics) found.push_back(bound.metric);
    return found;
  }
  if (!impl_->built || !impl_->options) return found;
  const CompileOptions& settings = *impl_->options;
  const ValueType y_pred = impl_->y.type();
  ValueType y_true = y_pred;
  if (settings.loss && settings.loss->integer_targets()) {
    y_true = {DType::i32, Shape{kUnknown, 1}};
  }
  for (const auto* specs : {&settings.metrics, &settings.weighted_metrics}) {
    for (const MetricSpec& spec : *specs) {
      found.push_back(spec.metric() ? spec.metric() : resolve_metric(spec.name(), y_true, y_pred));
    }
  }
  return found;
}

std::vector<std::string> Model::metrics_names() const {
  const ConstructionLock lock;
  std::vector<std::string> names = {"loss"};
  for (const BoundMetric& bound : impl_->metrics) names.push_back(bound.name);
  return names;
}

}  // namespace tegula::nn
