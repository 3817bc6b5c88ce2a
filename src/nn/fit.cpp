// The loops: fit, evaluate, predict, and their single steps.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "src/nn/batches.hpp"
#include "src/nn/model_impl.hpp"
#include "src/nn/shape_text.hpp"
#include "src/nn/trace.hpp"
#include "tegula/data/dataset.hpp"

namespace tegula::nn {

namespace {

/// The callbacks of a run; while it lasts they know the model and the parameters.
class CallbackRun {
 public:
  CallbackRun(Model& model, CallbackList callbacks, const RunParameters& parameters)
      : callbacks_(std::move(callbacks)) {
    std::erase(callbacks_, nullptr);
    for (const auto& callback : callbacks_) {
      callback->model = &model;
      callback->parameters = parameters;
      wants_batches_ = wants_batches_ || callback->wants_batches();
    }
  }

  template <typename Hook, typename... Args>
  void call(Hook hook, Args&&... args) {
    for (const auto& callback : callbacks_) ((*callback).*hook)(args...);
  }
  bool wants_batches() const { return wants_batches_; }

 private:
  CallbackList callbacks_;
  bool wants_batches_ = false;
};

/// Callbacks see metrics in alphabetical order, as in Keras.
Logs sorted(const Logs& logs, std::string_view prefix = "") {
  std::vector<std::pair<std::string, LogValue>> entries;
  for (const auto& [name, value] : logs) entries.emplace_back(std::string(prefix) + name, value);
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  Logs result;
  for (const auto& [name, value] : entries) result.set(name, value);
  return result;
}

int level(Verbose verbose) {
  return verbose == Verbose::automatic ? automatic_verbosity() : static_cast<int>(verbose);
}

void check_cardinality(const data::Dataset& data) {
  const auto rows = [](const Tensor& tensor) {
    return tensor.rank() == 0 ? std::int64_t{-1} : tensor.shape()[0];
  };
  const std::int64_t expected = rows(data.x);
  const bool weights_fit = !data.sample_weight || rows(*data.sample_weight) == expected;
  if (expected == rows(data.y) && weights_fit) return;
  std::string sizes =
      "'x' shape: " + data.x.shape().to_string() + ", 'y' shape: " + data.y.shape().to_string();
  if (data.sample_weight) {
    sizes += ", 'sample_weight' shape: " + data.sample_weight->shape().to_string();
  }
  throw ShapeError(
      "Data cardinality is ambiguous. Make sure all arrays contain the same number of samples. " +
      sizes);
}

void check_input(const Model& model, const Tensor& x) {
  const Shape expected = model.input_shape();
  if (compatible(x.shape(), expected)) return;
  throw ShapeError("model \"" + model.name() + "\" expects input of shape " + shape_text(expected) +
                   ", but received input with shape " + shape_text(x.shape()));
}

void build_for(Model& model, const Tensor& x) {
  if (!model.built() && x.rank() == 0) {
    throw ShapeError("inputs need a batch dimension; got a scalar");
  }
  if (model.built()) check_input(model, x);
  model.build(x.shape());
}

std::optional<Tensor> weights_of(const data::Dataset& data,
                                 const std::map<std::int64_t, double>& class_weight) {
  if (!class_weight.empty()) {
    if (data.sample_weight) {
      throw InvalidArgument("You cannot `class_weight` and `sample_weight` at the same time.");
    }
    return class_weights_to_samples(data.y, class_weight);
  }
  if (!data.sample_weight) return std::nullopt;
  const Tensor weights = data.sample_weight->cast(DType::f32);
  const bool column = weights.rank() == 2 && weights.shape()[1] == 1;
  return column ? weights.reshaped({weights.shape()[0]}) : weights;
}

bool validates(const FitOptions& options, std::int64_t epoch) {
  if (options.validation_epochs) {
    return std::ranges::find(*options.validation_epochs, epoch + 1) !=
           options.validation_epochs->end();
  }
  return (epoch + 1) % options.validation_freq == 0;
}

}  // namespace

namespace {

/// The series of `name`, made where there is none.
template <typename Series>
Series& series_of(std::vector<std::pair<std::string, Series>>& all, const std::string& name) {
  for (auto& [known, series] : all) {
    if (known == name) return series;
  }
  return all.emplace_back(name, Series()).second;
}

template <typename Series>
const Series* find_series(const std::vector<std::pair<std::string, Series>>& all,
                          std::string_view name) {
  for (const auto& [known, series] : all) {
    if (known == name) return &series;
  }
  return nullptr;
}

[[noreturn]] void throw_no_series(const History& history, std::string_view metric,
                                  const char* kind) {
  std::string known;
  for (const auto& [name, series] : history.values) known += (known.empty() ? "" : ", ") + name;
  for (const auto& [name, series] : history.tensors) {
    known += (known.empty() ? "" : ", ") + name + " (tensors)";
  }
  throw NotFound("the history has no " + std::string(kind) + " of metric \"" + std::string(metric) +
                 "\"; it has: " + known);
}

}  // namespace

const std::vector<double>& History::at(std::string_view metric) const {
  if (const auto* series = find_series(values, metric)) return *series;
  throw_no_series(*this, metric, "numbers");
}

const std::vector<Tensor>& History::tensors_at(std::string_view metric) const {
  if (const auto* series = find_series(tensors, metric)) return *series;
  throw_no_series(*this, metric, "tensors");
}

void History::append(std::int64_t epoch, const Logs& logs) {
  epochs.push_back(epoch);
  for (const auto& [name, value] : logs) {
    if (value.is_number()) {
      series_of(values, name).push_back(value.number());
    } else {
      series_of(tensors, name).push_back(value.tensor());
    }
  }
}

/// What the loops share: steps, prepared data, and a pass of test steps.
struct Model::Loops {
  Model& model;
  Impl& impl;

  explicit Loops(Model& owner) : model(owner), impl(*owner.impl_) {}

  Executable& step(bool training, bool weighted) { return model.find_step(training, weighted); }

  /// Checks the data against the model and prepares it for steps.
  Batches prepare(const data::Dataset& data, std::int64_t batch_size,
                  const std::map<std::int64_t, double>& class_weight, bool& weighted) {
    impl.compiled();
    check_cardinality(data);
    build_for(model, data.x);
    if (!impl.compiled().loss) {
      throw InvalidArgument("No loss to compute. Provide a `loss` argument in `compile()`.");
    }
    const Tensor targets = prepare_targets(data.y, impl.compiled().loss->integer_targets());
    impl.bind_targets({targets.dtype(), targets.shape()});
    std::optional<Tensor> weights = weights_of(data, class_weight);
    weighted = weights.has_value();
    return Batches(data.x, targets, std::move(weights), batch_size);
  }

  Logs test(Batches& batches, bool weighted, std::int64_t steps, CallbackRun& callbacks) {
    Executable& executable = step(false, weighted);
    impl.reset_metrics();
    callbacks.call(&Callback::on_test_begin);
    for (std::int64_t batch = 0; batch < steps; ++batch) {
      if (callbacks.wants_batches()) callbacks.call(&Callback::on_test_batch_begin, batch);
      executable.run_into(batches.get(batch), {});
      callbacks.call(&Callback::on_poll);
      if (callbacks.wants_batches()) {
        callbacks.call(&Callback::on_test_batch_end, batch, sorted(impl.read_metrics()));
      }
    }
    const Logs logs = impl.read_metrics();
    callbacks.call(&Callback::on_test_end, sorted(logs));
    return logs;
  }
};

History Model::fit(const data::Dataset& data, const FitOptions& options) {
  check_ranges(options, "fit");
  Loops loops(*this);
  Impl& impl = *impl_;
  impl.compiled();
  data::Dataset train = data;
  std::optional<data::Dataset> validation = options.validation_data;
  if (options.validation_split != 0 && !validation) {
    check_cardinality(data);
    auto [kept, held_out] = data.split(options.validation_split);
    train = std::move(kept);
    validation = std::move(held_out);
  }
  bool weighted = false;
  bool validation_weighted = false;
  Batches batches = loops.prepare(train, options.batch_size, options.class_weight, weighted);
  std::optional<Batches> held_out;
  if (validation) {
    held_out =
        loops.prepare(*validation, options.validation_batch_size.value_or(options.batch_size), {},
                      validation_weighted);
  }
  Executable step = loops.step(true, weighted);

  const std::int64_t steps = options.steps_per_epoch.value_or(batches.count());
  const int verbose = level(options.verbose);
  CallbackList list = options.callbacks;
  list.push_back(make_progress_bar(verbose));
  CallbackRun callbacks(*this, std::move(list), {verbose, options.epochs, steps});

  History history;
  Logs logs;
  std::int64_t next_batch = batches.count();
  impl.stop = false;
  callbacks.call(&Callback::on_train_begin);
  for (std::int64_t epoch = options.initial_epoch; epoch < options.epochs && !impl.stop; ++epoch) {
    impl.reset_metrics();
    callbacks.call(&Callback::on_epoch_begin, epoch);
    if (!options.steps_per_epoch) next_batch = batches.count();
    for (std::int64_t batch = 0; batch < steps && !impl.stop; ++batch) {
      if (next_batch == batches.count()) {
        if (batch > 0) break;
        next_batch = 0;
        if (options.shuffle) {
          batches.shuffle(impl.seed, impl.shuffles++);
        }
      }
      if (callbacks.wants_batches()) callbacks.call(&Callback::on_train_batch_begin, batch);
      step.run_into(batches.get(next_batch++), {});
      callbacks.call(&Callback::on_poll);
      if (callbacks.wants_batches()) {
        callbacks.call(&Callback::on_train_batch_end, batch, sorted(impl.read_metrics()));
      }
    }
    logs = sorted(impl.read_metrics());
    if (held_out && validates(options, epoch)) {
      const std::int64_t validation_steps =
          std::min(options.validation_steps.value_or(held_out->count()), held_out->count());
      const Logs tested = loops.test(*held_out, validation_weighted, validation_steps, callbacks);
      for (const auto& [name, value] : sorted(tested, "val_")) logs.set(name, value);
    }
    callbacks.call(&Callback::on_epoch_end, epoch, logs);
    history.append(epoch, logs);
  }
  impl.finish_averages();
  callbacks.call(&Callback::on_train_end, logs);
  return history;
}

Logs Model::evaluate(const data::Dataset& test, const EvaluateOptions& options) {
  check_ranges(options, "evaluate");
  Loops loops(*this);
  bool weighted = false;
  Batches batches = loops.prepare(test, options.batch_size, {}, weighted);
  const std::int64_t steps = std::min(options.steps.value_or(batches.count()), batches.count());
  const int verbose = level(options.verbose);
  CallbackList list = options.callbacks;
  list.push_back(make_progress_bar(verbose));
  CallbackRun callbacks(*this, std::move(list), {verbose, 1, steps});
  return loops.test(batches, weighted, steps, callbacks);
}

Tensor Model::predict(const Tensor& x, const PredictOptions& options) {
  build_for(*this, x);
  Impl& impl = *impl_;
  const bool plain = options.callbacks.empty() && !options.steps;
  if (plain && x.dtype() == DType::f32 && x.shape()[0] > 0 && x.shape()[0] <= options.batch_size) {
    return impl.predict->run(std::span(&x, 1)).front();
  }
  check_ranges(options, "predict");
  Batches batches(x, std::nullopt, std::nullopt, options.batch_size);
  const std::int64_t steps = std::min(options.steps.value_or(batches.count()), batches.count());
  const int verbose = level(options.verbose);
  CallbackList list = options.callbacks;
  list.push_back(make_progress_bar(verbose));
  CallbackRun callbacks(*this, std::move(list), {verbose, 1, steps});

  Shape shape = impl.y.shape();
  shape.set(0, steps == batches.count() ? batches.rows() : steps * batches.rows_of(0));
  Tensor result(impl.y.dtype(), shape);
  std::int64_t row = 0;
  callbacks.call(&Callback::on_predict_begin);
  for (std::int64_t batch = 0; batch < steps; ++batch) {
    if (callbacks.wants_batches()) callbacks.call(&Callback::on_predict_batch_begin, batch);
    Tensor rows = result.rows(row, row + batches.rows_of(batch));
    impl.predict->run_into(batches.get(batch), std::span(&rows, 1));
    row += batches.rows_of(batch);
    callbacks.call(&Callback::on_poll);
    if (callbacks.wants_batches()) callbacks.call(&Callback::on_predict_batch_end, batch);
  }
  callbacks.call(&Callback::on_predict_end);
  return result;
}

Logs Model::train_on_batch(const data::Dataset& batch,
                           const std::map<std::int64_t, double>& class_weight) {
  Loops loops(*this);
  bool weighted = false;
  Batches batches = loops.prepare(batch, std::max<std::int64_t>(1, batch.x.shape().dim(0)),
                                  class_weight, weighted);
  impl_->reset_metrics();
  loops.step(true, weighted).run_into(batches.get(0), {});
  return impl_->read_metrics();
}

Logs Model::test_on_batch(const data::Dataset& batch) {
  Loops loops(*this);
  bool weighted = false;
  Batches batches =
      loops.prepare(batch, std::max<std::int64_t>(1, batch.x.shape().dim(0)), {}, weighted);
  impl_->reset_metrics();
  loops.step(false, weighted).run_into(batches.get(0), {});
  return impl_->read_metrics();
}

Tensor Model::predict_on_batch(const Tensor& x) {
  build_for(*this, x);
  const Tensor converted = x.cast(DType::f32);
  return impl_->predict->run(std::span(&converted, 1)).front();
}

Tensor Model::call(const Tensor& x, bool training) {
  if (!training) return predict_on_batch(x);
  build_for(*this, x);
  Impl& impl = *impl_;
  if (!impl.training_call) {
    Trace trace(impl.graph, impl.session, impl.alive);
    impl.training_call = impl.compile_call(overridden_forward(impl.x, true), trace);
  }
  const Tensor converted = x.cast(DType::f32);
  return impl.training_call->run(std::span(&converted, 1)).front();
}

void Model::reset_metrics() { impl_->reset_metrics(); }

std::string Model::explain(std::int64_t batch_size, bool training) {
  Loops loops(*this);
  Impl& impl = *impl_;
  Shape x = input_shape();
  x.set(0, batch_size);
  if (!training) return impl.predict->explain(std::span(&x, 1));
  if (!impl.target_type) {
    throw RunError(impl.describe() +
                   " has seen no targets yet; explain the training step after the first batch");
  }
  Shape target = impl.target_type->shape;
  target.set(0, batch_size);
  const Shape shapes[] = {x, target};
  return loops.step(true, false).explain(shapes);
}

Logs Model::running_metrics() {
  if (!impl_->target_type) return {};
  return sorted(impl_->read_metrics());
}

std::vector<std::string> Model::metrics_names() const {
  std::vector<std::string> names = {"loss"};
  for (const BoundMetric& bound : impl_->metrics) names.push_back(bound.name);
  return names;
}

}  // namespace tegula::nn
