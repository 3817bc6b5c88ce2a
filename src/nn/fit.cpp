// The loops of training and evaluation, and their single steps.

#include <algorithm>
#include <tuple>
#include <utility>

#include "src/nn/callback_run.hpp"
#include "src/nn/compile_config.hpp"
#include "src/nn/feed.hpp"
#include "src/nn/model_impl.hpp"
#include "src/nn/run_data.hpp"
#include "src/nn/running.hpp"
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

/// Batches of the next group: up to `group`, and no more than are left of `steps`.
std::int64_t group_size(const std::optional<std::int64_t>& steps, std::int64_t done,
                        std::int64_t group) {
  return steps ? std::min(group, *steps - done) : group;
}

}  // namespace

/// While it lives, the run of `fit` has a position.
class Model::Impl::Positioned {
 public:
  Positioned(Impl& impl, std::int64_t epoch) : impl_(impl) {
    const ConstructionLock lock;
    impl_.position = {.epoch = epoch, .batch = 0, .first_shuffle = impl_.shuffles, .metrics = {}};
    impl_.position_open = true;
  }
  ~Positioned() {
    const ConstructionLock lock;
    impl_.position.reset();
    impl_.position_open = false;
  }
  Positioned(const Positioned&) = delete;
  Positioned& operator=(const Positioned&) = delete;

  /// Where the run begins, once `on_train_begin` is over.
  TrainingPosition start() const {
    const ConstructionLock lock;
    impl_.position_open = false;
    return *impl_.position;
  }

 private:
  Impl& impl_;
};

/// What the loops of a run share: steps, prepared data, and passes of steps. While it lives, its
/// thread is in the model's slot.
struct Model::Loops {
  Model& model;
  Impl& impl;
  const char* const run;
  const SourceLocation line;
  const RunInSlot in_slot;
  const Impl::MetricsOfOuterRun outer;

  /// `run_name` is the name of the call, and `run_line` where the user's program makes it.
  Loops(Model& owner, RunSlot::Kind kind, const char* run_name, const SourceLocation& run_line)
      : model(owner),
        impl(*owner.impl_),
        run(run_name),
        line(run_line),
        in_slot(impl.slot, kind, run, impl.describe()),
        outer(impl) {
    const ConstructionLock lock;
    impl.check_not_building(run);
    owner.refresh();
  }

  /// What `work` returns; its errors name the call of the run.
  template <typename Work>
  auto named(Work&& work) const {
    return called_at(run, line, std::forward<Work>(work));
  }

  Executable step(bool training, const std::vector<Shape>& weights) {
    return named([&] { return model.find_step(training, weights); });
  }

  /// Runs a step on `parts`, which the feed gave last.
  void run_step(bool training, const Feed& feed, std::span<const Tensor> parts) {
    run_on(feed, step(training, weights_among(parts)), parts, {}, run, line);
  }

  /// Checks x, y and maybe weights against the model and makes of them what steps take: inputs,
  /// targets, and weights if there are any.
  StepData prepare(const data::Batch& batch, const ClassWeights& class_weight,
                   const RowNames& rows) {
    if (batch.y.empty()) {
      throw InvalidArgument("there are no targets: expected batches of inputs and targets");
    }
    check_cardinality(batch.x, batch.y, batch.sample_weight);
    StepData data;
    std::vector<Loss> losses;
    Values outputs;
    std::vector<std::string> names;
    {
      const ConstructionLock lock;
      if (impl.compiled().loss.empty()) {
        throw InvalidArgument("No loss to compute. Provide a `loss` argument in `compile()`.");
      }
      model.build_for(batch.x);
      losses = impl.losses();
      outputs = impl.y;
      names = impl.output_names();
    }
    const std::shared_ptr<const Inference> inference = impl.ready();
    data.x = inference->arranged_inputs(batch.x);
    data.dtypes = inference->input_dtypes();
    data.y = per_output(batch.y, names, "y");
    const std::vector<Tensor> weights = per_output(batch.sample_weight, names, "sample_weight");
    if (!class_weight.empty() && names.size() > 1) {
      throw InvalidArgument(
          "`class_weight` is only supported for models with one output; give sample weights");
    }
    for (std::size_t i = 0; i < data.y.size(); ++i) {
      std::optional<Tensor> given;
      if (!weights.empty()) given = weights[std::min(i, weights.size() - 1)];
      const std::optional<Tensor> weight =
          prepare_weights(data.y[i], given, class_weight, outputs[i].shape());
      if (losses[i]) {
        data.y[i] = prepare_targets(data.y[i], *losses[i], outputs[i].shape(), weight, rows);
      }
      if (weight) data.weights.push_back(*weight);
    }
    return data;
  }

  Batches prepare_arrays(const data::Dataset& data, std::int64_t batch_size,
                         const ClassWeights& class_weight, const RowNames& rows) {
    StepData prepared = prepare({data.x, data.y, data.sample_weight}, class_weight, rows);
    bind(prepared.y);
    return Batches(std::move(prepared), batch_size);
  }

  SourceFeed feed_of(data::BatchSource& source, const ClassWeights& class_weight) {
    return SourceFeed(source, [this, class_weight](const data::Batch& batch, std::int64_t number) {
      return named([&] {
        StepData data = prepare(batch, class_weight, {.batch = number});
        bind(data.y);
        return data;
      });
    });
  }

  std::unique_ptr<Feed> validation_feed(const FitOptions& options,
                                        const std::optional<data::Dataset>& held_out,
                                        const RowNames& rows) {
    if (held_out) {
      const std::int64_t batch_size = options.validation_batch_size.value_or(options.batch_size);
      return std::make_unique<ArrayFeed>(prepare_arrays(*held_out, batch_size, {}, rows), rows);
    }
    if (options.validation_source == nullptr) return nullptr;
    return std::make_unique<SourceFeed>(feed_of(*options.validation_source, {}));
  }

  /// The run's first data choose the targets' types; all others have to be like them.
  void bind(const std::vector<Tensor>& targets) {
    const ConstructionLock lock;
    std::vector<ValueType> types;
    for (const Tensor& target : targets) types.push_back({target.dtype(), target.shape()});
    const bool fits = impl.takes_targets(types);
    if ((bound || outer.runs()) && !fits) {
      std::string came;
      std::string before;
      for (const ValueType& type : types) came += " " + shape_text(type.shape);
      for (const ValueType& type : *impl.target_types) before += " " + shape_text(type.shape);
      throw ShapeError("targets of shape" + came + " came after targets of shape" + before);
    }
    bound = true;
    if (fits) return;
    const Building building(impl.builder);
    impl.bind_targets(types);
  }

  /// The shapes of the weights in what a feed gives.
  std::vector<Shape> weights_among(std::span<const Tensor> parts) const {
    return batch_shapes(parts.subspan(std::min(parts.size(), impl.x.size() + impl.targets.size())));
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
      run_step(training, feed, parts);
      ++done;
      callbacks.call(&Callback::on_poll);
      poll();
    }
    if (done > 0) {
      if (training) note_position([&](TrainingPosition& at) { at.batch = number + done; });
      callbacks.call(training ? &Callback::on_train_batch_end : &Callback::on_test_batch_end,
                     number + done - 1, Logs([this] { return sorted(impl.read_metrics()); }));
    }
    return done;
  }

  template <typename Note>
  void note_position(Note&& note) {
    const ConstructionLock lock;
    note(*impl.position);
  }

  /// Reads the batches of an epoch that an earlier run has trained with.
  static void pass_over(Feed& feed, std::int64_t batches, bool rewind) {
    for (std::int64_t batch = 0; batch < batches; ++batch) {
      poll();
      if (!feed.next().empty()) continue;
      if (batch > 0 || rewind || !feed.rewind() || feed.next().empty()) return;
    }
  }

  /// An epoch that an earlier run has trained: read only where the data go on after it.
  static void pass_over_epoch(Feed& feed, const std::optional<std::int64_t>& steps_per_epoch,
                              bool rewind) {
    if (rewind) feed.rewind();
    feed.on_epoch_begin();
    if (steps_per_epoch) pass_over(feed, *steps_per_epoch, rewind);
    feed.on_epoch_end();
  }

  /// One epoch of training after the `done_before` batches that an earlier run has trained with,
  /// until the data end without `steps`. False when there was no batch left.
  bool train_epoch(Feed& feed, const std::optional<std::int64_t>& steps, bool rewind,
                   std::int64_t done_before, CallbackRun& callbacks) {
    if (rewind) feed.rewind();
    feed.on_epoch_begin();
    pass_over(feed, done_before, rewind);
    const std::int64_t group = model.steps_per_execution();
    std::int64_t batch = done_before;
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

  Logs run_on_batch(const data::Dataset& batch, bool training, const ClassWeights& class_weight) {
    const bool scalar = batch.x.empty() || batch.x[0].rank() == 0;
    const std::int64_t rows = scalar ? 1 : std::max<std::int64_t>(1, batch.size());
    std::optional<ArrayFeed> feed;
    named([&] { feed.emplace(prepare_arrays(batch, rows, class_weight, {})); });
    impl.reset_metrics();
    run_step(training, *feed, feed->next());
    return impl.read_metrics();
  }

  History fit(Feed& train, Feed* validation, const FitOptions& options) {
    step(true, train.weight_shapes());  // errors of the model's graph come before the first hook
    const std::optional<std::int64_t> steps = steps_of(train, options.steps_per_epoch);
    std::optional<std::int64_t> test_steps;
    if (validation != nullptr) test_steps = steps_of(*validation, options.validation_steps);
    CallbackRun callbacks(model, options.callbacks, options.verbose, options.epochs, steps);
    History history;
    Logs logs;
    impl.stop = false;
    const Impl::Positioned positioned(impl, options.initial_epoch);
    callbacks.call(&Callback::on_train_begin);
    const TrainingPosition start = positioned.start();
    for (std::int64_t epoch = options.initial_epoch; epoch < options.epochs && !impl.stop;
         ++epoch) {
      const bool rewind = !options.steps_per_epoch || epoch == options.initial_epoch;
      if (epoch < start.epoch) {
        pass_over_epoch(train, options.steps_per_epoch, rewind);
        continue;
      }
      impl.reset_metrics();
      const std::int64_t done_before = epoch == start.epoch ? start.batch : 0;
      if (done_before > 0) impl.session->set(impl.metric_state(), start.metrics);
      callbacks.call(&Callback::on_epoch_begin, epoch);
      if (!train_epoch(train, steps, rewind, done_before, callbacks)) break;
      note_position([&](TrainingPosition& at) { at.epoch = epoch + 1, at.batch = 0; });
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

History Model::fit(const data::Dataset& data, const FitOptions& options,
                   std::source_location location) {
  Loops loops(*this, RunSlot::Kind::fit, "fit", line_of(location));
  std::optional<ArrayFeed> train;
  std::unique_ptr<Feed> validation;
  loops.named([&] {
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
    train.emplace(std::move(batches), RowNames{},
                  options.shuffle ? std::function<void(Batches&)>(shuffle) : nullptr);
    validation = loops.validation_feed(options, held_out, held_out_rows);
  });
  return loops.fit(*train, validation.get(), options);
}

History Model::fit(data::BatchSource& source, const FitOptions& options,
                   std::source_location location) {
  Loops loops(*this, RunSlot::Kind::fit, "fit", line_of(location));
  std::optional<SourceFeed> train;
  std::unique_ptr<Feed> validation;
  loops.named([&] {
    check_ranges(options, "fit");
    if (options.validation_split != 0) {
      throw InvalidArgument(
          "`validation_split` is only for arrays: a source of batches has no last samples to hold "
          "out. Give `validation_data`");
    }
    train.emplace(loops.feed_of(source, options.class_weight));
    validation = loops.validation_feed(options, options.validation_data,
                                       {.of_set = " of the validation data"});
  });
  return loops.fit(*train, validation.get(), options);
}

Logs Model::evaluate(const data::Dataset& test, const EvaluateOptions& options,
                     std::source_location location) {
  Loops loops(*this, RunSlot::Kind::loop, "evaluate", line_of(location));
  std::optional<ArrayFeed> feed;
  loops.named([&] {
    check_ranges(options, "evaluate");
    feed.emplace(loops.prepare_arrays(test, options.batch_size, {}, {}));
  });
  return loops.evaluate(*feed, options);
}

Logs Model::evaluate(data::BatchSource& source, const EvaluateOptions& options,
                     std::source_location location) {
  Loops loops(*this, RunSlot::Kind::loop, "evaluate", line_of(location));
  std::optional<SourceFeed> feed;
  loops.named([&] {
    check_ranges(options, "evaluate");
    feed.emplace(loops.feed_of(source, {}));
  });
  return loops.evaluate(*feed, options);
}

std::int64_t Model::steps_per_execution() const {
  const ConstructionLock lock;
  return impl_->options ? impl_->options->steps_per_execution : 1;
}

Logs Model::train_on_batch(const data::Dataset& batch,
                           const std::map<std::int64_t, double>& class_weight,
                           std::source_location location) {
  return Loops(*this, RunSlot::Kind::step, "train_on_batch", line_of(location))
      .run_on_batch(batch, true, class_weight);
}

Logs Model::test_on_batch(const data::Dataset& batch, std::source_location location) {
  return Loops(*this, RunSlot::Kind::step, "test_on_batch", line_of(location))
      .run_on_batch(batch, false, {});
}

void Model::reset_metrics() { impl_->reset_metrics(); }

std::string Model::explain(std::int64_t batch_size, bool training) {
  Loops loops(*this, RunSlot::Kind::step, "explain", LocationScope::current());
  std::vector<Shape> shapes;
  for (const Value& input : inputs()) shapes.push_back(input.shape());
  build(types_of(inputs()));
  const auto with_batch = [&] {
    for (Shape& shape : shapes) shape.set(0, batch_size);
    return std::span(shapes);
  };
  if (!training) return Executable(impl_->ready()->executable).explain(with_batch());
  const auto targets = constructing([this] { return impl_->target_types; });
  if (!targets) {
    throw RunError(impl_->describe() +
                   " has seen no targets yet; explain the training step after the first batch");
  }
  for (const ValueType& target : *targets) shapes.push_back(target.shape);
  return loops.step(true, {}).explain(with_batch());
}

Logs Model::running_metrics() {
  const bool any = constructing([this] { return impl_->target_types.has_value(); });
  return any ? sorted(impl_->read_metrics()) : Logs();
}

std::vector<Metric> Model::metrics() const {
  const ConstructionLock lock;
  std::vector<Metric> found;
  const Impl& impl = *impl_;
  if (impl.target_types) {
    for (const BoundMetric& bound : impl.metrics) found.push_back(bound.metric);
    return found;
  }
  if (!impl.built || !impl.options) return found;
  const std::vector<Loss> losses = impl.losses();
  for_each_metric_of_outputs(
      *impl.options, impl.output_names(), [&](const MetricSpec& spec, std::size_t output, bool) {
        const ValueType y_pred = impl.y[output].type();
        const bool indices = losses[output] && losses[output]->integer_targets();
        const ValueType y_true = indices ? ValueType{DType::i32, Shape{kUnknown, 1}} : y_pred;
        found.push_back(resolved(spec, y_true, y_pred));
      });
  return found;
}

std::vector<std::string> Model::metrics_names() const {
  const ConstructionLock lock;
  return impl_->metrics_names();
}

}  // namespace tegula::nn
