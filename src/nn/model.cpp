#include "tegula/nn/model.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>

#include "src/core/similar_names.hpp"
#include "src/nn/batch_type.hpp"
#include "src/nn/compile_config.hpp"
#include "src/nn/model_impl.hpp"
#include "src/nn/random_seed.hpp"
#include "src/nn/run_data.hpp"
#include "src/nn/shape_text.hpp"
#include "src/nn/trace.hpp"
#include "tegula/nn/eager.hpp"
#include "tegula/nn/functional.hpp"
#include "tegula/nn/layers/recurrent.hpp"
#include "tegula/nn/sequential.hpp"

namespace tegula::nn {

namespace {

std::atomic<std::uint64_t> random_seed{0};
std::atomic<std::uint64_t> seeds_drawn{0};

std::vector<Variable> variables_of(const std::vector<Weight>& weights, const Graph& graph) {
  std::vector<Variable> result;
  for (const Weight& weight : weights) result.push_back(weight.variable_in(graph));
  return result;
}

}  // namespace

Executable Model::Impl::compile_call(const Values& outputs, const Trace& trace) {
  return session->compile(x.items(), outputs.items(), trace.assignments());
}

std::uint64_t next_random_seed() {
  constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;
  return random_seed + seeds_drawn++ * kGolden;
}

void set_random_seed(std::uint64_t seed) {
  random_seed = seed;
  seeds_drawn = 0;
}

namespace {

/// Tensors in the order of `expected`, by their names where both have some.
std::vector<Tensor> arranged(const Tensors& given, const ValueTypes& expected,
                             const std::string& owner) {
  if (given.size() != expected.size()) {
    throw InvalidArgument(owner + " expects " + std::to_string(expected.size()) +
                          " inputs, but received " + std::to_string(given.size()));
  }
  const bool by_name = given.is_named() && expected.is_named();
  return by_name ? given.ordered(expected.names()) : given.items();
}

}  // namespace

std::uint64_t Model::Impl::latest_compile_revision() const {
  std::uint64_t latest = options->optimizer->revision();
  for (const Loss& loss : options->loss) {
    if (loss) latest = std::max(latest, loss->revision());
  }
  for_each_metric(*options, [&latest](const MetricSpec& spec) {
    if (spec.metric()) latest = std::max(latest, spec.metric()->revision());
  });
  return latest;
}

bool Model::Inference::takes(const Tensors& inputs) const {
  if (inputs.size() != x.size() || (x.is_named() && inputs.is_named())) return false;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!compatible(inputs.items()[i].shape(), x.items()[i].shape)) return false;
  }
  return true;
}

std::vector<Tensor> Model::Inference::arranged_inputs(const Tensors& inputs) const {
  return arranged(inputs, x, "the model");
}

std::vector<DType> Model::Inference::input_dtypes() const {
  std::vector<DType> dtypes;
  for (const ValueType& type : x) dtypes.push_back(type.dtype);
  return dtypes;
}

std::vector<Tensor> Model::Inference::feeds_of(const Tensors& inputs) const {
  std::vector<Tensor> feeds = arranged_inputs(inputs);
  for (std::size_t i = 0; i < feeds.size(); ++i) feeds[i] = feeds[i].cast(x[i].dtype);
  return feeds;
}

std::vector<Tensor> Model::Inference::outputs_of(std::int64_t rows) const {
  std::vector<Tensor> outputs;
  for (const ValueType& type : y) {
    Shape shape = type.shape;
    shape.set(0, rows);
    outputs.emplace_back(type.dtype, shape);
  }
  return outputs;
}

std::shared_ptr<const Model::Inference> Model::Impl::ready() {
  const std::lock_guard guard(mutex_);
  return inference_;
}

void Model::Impl::publish() {
  std::shared_ptr<const Inference> next;
  if (predict) {
    next = std::make_shared<Inference>(Inference{*predict, types_of(x), types_of(y), changes_seen});
  }
  const std::lock_guard guard(mutex_);
  inference_.swap(next);  // the old one is dropped without the lock
}

void Model::Impl::check_not_building(const char* run) const {
  if (!builder) return;
  const std::string start = "`" + std::string(run) + "`: " + describe();
  if (*builder == std::this_thread::get_id()) {
    throw RunError(start +
                   " is being built: a layer's `call`, a loss and the like cannot run or "
                   "change the model that they are part of");
  }
  throw RunError(start +
                 " was being built by another thread when the process forked; make or load "
                 "it again in the child");
}

Model::Impl::Impl(Layer trained_layer)
    : layer(std::move(trained_layer)), name(layer->name()), seed(next_random_seed()) {
  session = std::make_shared<Session>(graph, SessionOptions{.passes = {}, .seed = seed});
}

Model::Impl::~Impl() {
  const ConstructionLock lock;
  try {
    session->forget(metric_state());
    if (!options) return;
    const OptimizerBase& optimizer = *options->optimizer;
    if (optimizer.built() && optimizer.iterations().graph() == graph) {
      session->forget(optimizer.variables());
    }
  } catch (const std::bad_alloc&) {  // then it goes with the session
  }
}

const CompileOptions& Model::Impl::compiled() const {
  if (!options)
    throw InvalidArgument("You must call `compile()` before using the model (" + describe() + ").");
  return *options;
}

void Model::Impl::forget_steps() {
  session->forget(metric_state());
  target_types.reset();
  targets.clear();
  metrics.clear();
  results.reset();
  resets.reset();
  steps.clear();
}

Model::ImplPointer::ImplPointer(std::unique_ptr<Impl> impl) : owned_(std::move(impl)) {}
Model::ImplPointer::~ImplPointer() = default;
Model::ImplPointer::ImplPointer(ImplPointer&&) noexcept = default;
Model::ImplPointer& Model::ImplPointer::operator=(ImplPointer&&) noexcept = default;
Model::Impl* Model::ImplPointer::operator->() const {
  if (owned_ == nullptr) throw RunError("this model was moved from: use the one it was moved to");
  return owned_.get();
}

Model::Model(Layer layer) : impl_(std::make_unique<Impl>(std::move(layer))) {}
Model::Model(const Values& inputs, const Values& outputs, std::string name,
             std::source_location location)
    : Model(Layer(std::make_shared<FunctionalLayer>(inputs, outputs, std::move(name)), location)) {
  build(types_of(inputs));
}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

const std::string& Model::name() const { return impl_->name; }
const Layer& Model::layer() const { return impl_->layer; }
Graph Model::graph() const { return impl_->graph; }
Session& Model::session() { return *impl_->session; }

bool Model::built() const {
  return constructing([this] { return impl_->built; });
}

bool Model::compiled() const {
  return constructing([this] { return impl_->options.has_value(); });
}

CompileOptions Model::compile_options() const {
  const ConstructionLock lock;
  return impl_->compiled();
}

Values Model::inputs() const {
  const ConstructionLock lock;
  if (!impl_->built) throw RunError(impl_->describe() + " is not built yet: it has no input shape");
  return impl_->x;
}

Values Model::outputs() const {
  const ConstructionLock lock;
  if (!impl_->built)
    throw RunError(impl_->describe() + " is not built yet: it has no output shape");
  return impl_->y;
}

Shape Model::input_shape() const { return inputs().one().shape(); }
Shape Model::output_shape() const { return outputs().one().shape(); }

std::vector<std::string> Model::output_names() const {
  const ConstructionLock lock;
  return impl_->output_names();
}

std::size_t Model::output_count() const {
  const std::shared_ptr<const Inference> ready = impl_->ready();
  return ready == nullptr ? 0 : ready->y.size();
}

std::vector<std::string> Model::Impl::output_names() const {
  if (const auto* functional = dynamic_cast<const FunctionalLayer*>(layer.shared().get())) {
    return functional->output_names();
  }
  if (y.is_named()) return y.names();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < y.size(); ++i) names.push_back("output_" + std::to_string(i + 1));
  return names;
}

void Model::build(const ValueTypes& inputs) {
  const ConstructionLock lock;
  impl_->check_not_building("build");
  build_now(inputs);
}

namespace {

/// Whether a layer of these goes on with the states that a batch left.
bool keeps_states(const LayerBase& layer) {
  const auto* const keeps = dynamic_cast<const StatefulLayer*>(&layer);
  if (keeps != nullptr && keeps->is_stateful()) return true;
  return std::ranges::any_of(layer.sublayers(),
                             [](const auto& inner) { return keeps_states(*inner); });
}

/// Makes the weights while the size of the batch is known, of which the states are.
void build_for_batch(const Layer& layer, const ValueTypes& inputs) {
  Graph scratch;
  const Trace trace(scratch);
  layer(Values(inputs.map(
            [&](const ValueType& type) { return scratch.placeholder(type.dtype, type.shape); })),
        false);
}

}  // namespace

void Model::build_now(const ValueTypes& inputs) {
  Impl& impl = *impl_;
  if (impl.built) {
    for (std::size_t i = 0; i < impl.x.size() && i < inputs.size(); ++i) {
      if (compatible(inputs[i].shape, impl.x[i].shape())) continue;
      throw ShapeError(impl.describe() + " was built for inputs of shape " +
                       shape_text(impl.x[i].shape()) + ", not " + shape_text(inputs[i].shape));
    }
    if (!impl.predict) rebuild();
    return;
  }
  for (const ValueType& input : inputs) {
    if (input.shape.rank() == 0) {
      throw ShapeError(impl.describe() + ": an input shape starts with the batch dimension");
    }
  }
  if (keeps_states(*impl.layer)) build_for_batch(impl.layer, inputs);
  if (impl.x.empty()) {
    std::size_t number = 0;
    impl.x = inputs.map([&](const ValueType& input) {
      Shape shape = input.shape;
      shape.set(0, kUnknown);
      return impl.graph.placeholder(impl.layer->input_dtype(number++, input.dtype), shape, "input");
    });
  }
  rebuild();
}

void Model::build_for(const Tensors& x) {
  const Impl& impl = *impl_;
  for (const Tensor& tensor : x) {
    if (!impl.built && tensor.rank() == 0) {
      throw ShapeError("inputs need a batch dimension; got a scalar");
    }
  }
  if (!impl.built) return build_now(x.map(batch_type));
  const std::vector<Tensor> inputs = arranged(x, types_of(impl.x), impl.describe());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (compatible(inputs[i].shape(), impl.x[i].shape())) continue;
    throw ShapeError(impl.describe() + " expects input of shape " + shape_text(impl.x[i].shape()) +
                     ", but received input with shape " + shape_text(inputs[i].shape()));
  }
  if (!impl.predict) rebuild();
}

std::shared_ptr<const Model::Inference> Model::inference_for(const Tensors& x, const char* run,
                                                             const std::source_location& location) {
  Impl& impl = *impl_;
  std::shared_ptr<const Inference> ready = impl.ready();
  if (ready && ready->changes == Object::changes() && ready->takes(x)) return ready;
  called_at(run, line_of(location), [&] {
    const ConstructionLock lock;
    impl.check_not_building(run);
    refresh();
    build_for(x);
    ready = impl.ready();
  });
  return ready;
}

void Model::rebuild() {
  Impl& impl = *impl_;
  // Weights first, then everything else: random ops are numbered in order of building, and initial
  // weights must not depend on what is built on them.
  const Building building(impl.builder);
  Trace trace(impl.graph, impl.session);
  impl.predict.reset();
  impl.y = impl.layer(impl.x, false);
  impl.predict = impl.compile_call(impl.y, trace);
  impl.training_call.reset();
  impl.built = true;
  impl.first_random_op = impl.graph.op_id_count();
  impl.layers_revision = impl.layer->revision();
  impl.forget_steps();
  impl.publish();
  if (!impl.options) return;
  impl.trained.reset();
  impl.prepare_optimizer(trainable_weights());
}

void Model::refresh() {
  Impl& impl = *impl_;
  const std::uint64_t changes = Object::changes();
  if (changes == impl.changes_seen || !impl.slot.is_outermost()) return;
  impl.changes_seen = changes;
  if (!impl.built) return;
  if (impl.layer->revision() > impl.layers_revision) {
    const auto trained = impl.trained;
    rebuild();
    impl.trained = trained;
  }
  impl.publish();
  if (!impl.options || impl.latest_compile_revision() <= impl.compile_revision) return;
  impl.forget_steps();
  const OptimizerBase& optimizer = *impl.options->optimizer;
  const std::vector<Variable> known = optimizer.trainable();
  impl.build_optimizer(optimizer.built() ? known : trainable_weights());
}

void Model::change(const char* run, const std::function<std::optional<ValueTypes>()>& change) {
  const RunInSlot in_slot(impl_->slot, RunSlot::Kind::change, run, impl_->describe());
  const ConstructionLock lock;
  impl_->check_not_building(run);
  const std::optional<ValueTypes> inputs = change();
  if (impl_->built) {
    rebuild();
  } else if (inputs) {
    build_now(*inputs);
  }
}

void Model::override_with(ModelOverrides overrides) {
  const RunInSlot in_slot(impl_->slot, RunSlot::Kind::change, "override_with", impl_->describe());
  const ConstructionLock lock;
  impl_->overrides = std::move(overrides);
  impl_->forget_steps();
  impl_->training_call.reset();
  impl_->predict.reset();
  impl_->publish();
}

std::uint64_t Model::compile(CompileOptions options, std::source_location location) {
  Impl& impl = *impl_;
  const RunInSlot in_slot(impl.slot, RunSlot::Kind::change, "compile", impl.describe());
  const ConstructionLock lock;
  impl.check_not_building("compile");
  if (!options.optimizer) throw InvalidArgument(impl.describe() + ": compile needs an optimizer");
  std::size_t metrics = 0;
  for_each_metric(options, [&metrics](const MetricSpec& spec) {
    if (!spec.metric()) check_metric_name(spec.name());
    ++metrics;
  });
  if (metrics > kMaxMetrics) {
    throw InvalidArgument(impl.describe() + ": compile takes at most " +
                          std::to_string(kMaxMetrics) + " metrics, got " + std::to_string(metrics));
  }
  check_range(at_least(1), options.steps_per_execution, "compile", "steps_per_execution");
  impl.retire_optimizer();
  impl.options = std::move(options);
  impl.compile_location = line_of(location);
  impl.forget_steps();
  impl.trained.reset();
  const Building building(impl.builder);
  if (impl.built) impl.prepare_optimizer(trainable_weights());
  return ++impl.compilations;
}

void Model::Impl::retire_optimizer() {
  if (options) {
    const OptimizerBase& optimizer = *options->optimizer;
    if (optimizer.built() && optimizer.iterations().graph() == graph) {
      retired.emplace_back(options->optimizer.shared(), optimizer.variables());
    }
    options.reset();
  }
  std::erase_if(retired, [this](const auto& one) {
    if (!one.first.expired()) return false;
    session->forget(one.second);
    return true;
  });
}

void Model::Impl::prepare_optimizer(const std::vector<Variable>& trainable) {
  OptimizerBase& optimizer = *options->optimizer;
  const bool known = optimizer.built() && optimizer.iterations().graph() == graph;
  if (known) {
    if (optimizer.trainable() == trainable) return;
    if (session->get(optimizer.iterations()).item() > 0) return;
  }
  build_optimizer(trainable);
}

void Model::Impl::build_optimizer(const std::vector<Variable>& trainable) {
  OptimizerBase& optimizer = *options->optimizer;
  LocationScope line(compile_location);
  optimizer.build(graph, trainable);
  if (const std::optional<double> rate = optimizer.take_changed_rate()) {
    session->set(optimizer.learning_rate(), Tensor::scalar(static_cast<float>(*rate)));
  }
  compile_revision = latest_compile_revision();
}

const std::vector<Variable>& Model::Impl::settle_trained(const std::vector<Variable>& trainable) {
  if (trained) return *trained;
  prepare_optimizer(trainable);
  const std::vector<Variable> known = options->optimizer->trainable();
  for (const Variable& variable : trainable) {
    if (std::ranges::find(known, variable) != known.end()) continue;
    throw InvalidArgument("Unknown variable: " + variable.node().name() +
                          ". This optimizer can only be called for the variables it was originally "
                          "built with. When working with a new set of variables, compile " +
                          describe() + " with a new optimizer");
  }
  trained = trainable;
  return *trained;
}

Layer Model::layer(std::string_view name) const {
  const ConstructionLock lock;
  std::vector<std::string> names;
  for (const Layer& layer : layers()) {
    if (layer->name() == name) return layer;
    names.push_back(layer->name());
  }
  throw NotFound("No such layer: " + std::string(name) + " in " + impl_->describe() +
                 did_you_mean(name, names));
}

std::vector<Layer> Model::layers() const {
  std::vector<Layer> layers;
  for (auto& sublayer : impl_->layer->sublayers()) layers.emplace_back(std::move(sublayer));
  return layers;
}

std::vector<Variable> Model::weights() const {
  const ConstructionLock lock;
  return variables_of(impl_->layer->weights(), impl_->graph);
}

std::vector<Variable> Model::trainable_weights() const {
  const ConstructionLock lock;
  return variables_of(impl_->layer->trainable_weights(), impl_->graph);
}

std::vector<Tensor> Model::get_weights() const { return impl_->session->get(weights()); }

void Model::set_weights(const std::vector<Tensor>& values) {
  const std::vector<Variable> targets = weights();
  if (values.size() != targets.size()) {
    throw InvalidArgument("You called `set_weights(weights)` on " + impl_->describe() +
                          " with a weight list of length " + std::to_string(values.size()) +
                          ", but the model was expecting " + std::to_string(targets.size()) +
                          " weights.");
  }
  std::vector<Tensor> converted;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].shape() != targets[i].shape()) {
      throw ShapeError(
          "weight " + targets[i].node().name() + " has shape " + shape_text(targets[i].shape()) +
          ", which is not compatible with the provided " + shape_text(values[i].shape()));
    }
    converted.push_back(values[i].cast(targets[i].dtype()));
  }
  impl_->session->set(targets, converted);
}

Tensor Model::get(const Variable& variable) const { return impl_->session->get(variable); }
void Model::set(const Variable& variable, const Tensor& value) {
  impl_->session->set(variable, value);
}

std::vector<Tensor> Model::get(std::span<const Variable> variables) const {
  return impl_->session->get(variables);
}

void Model::set(std::span<const Variable> variables, std::span<const Tensor> values) {
  impl_->session->set(variables, values);
}

std::vector<Variable> Model::optimizer_variables() const {
  const ConstructionLock lock;
  return impl_->options && impl_->built ? impl_->options->optimizer->variables()
                                        : std::vector<Variable>();
}

double Model::learning_rate() const {
  const Optimizer optimizer = compile_options().optimizer;
  const LearningRate rate = optimizer->rate();
  if (const Schedule* schedule = rate.schedule()) {
    const Variable iterations = optimizer->iterations();
    const Tensor step = Tensor::full(DType::f32, {}, iterations ? get(iterations).item() : 0);
    return evaluate_eagerly(std::span(&step, 1),
                            [schedule](Graph&, std::span<const Value> inputs) {
                              return (**schedule)(inputs[0]);
                            })
        .item();
  }
  const Variable variable = optimizer->learning_rate();
  if (!variable) throw RunError(impl_->describe() + ": the optimizer is not built yet");
  return get(variable).item();
}

void Model::set_learning_rate(double value) {
  const Optimizer optimizer = compile_options().optimizer;
  if (optimizer->rate().schedule() != nullptr) {
    throw RunError(impl_->describe() +
                   ": the optimizer was created with a schedule as its `learning_rate`, hence its "
                   "learning rate is not settable");
  }
  const Variable variable = optimizer->learning_rate();
  if (!variable) throw RunError(impl_->describe() + ": the optimizer is not built yet");
  check_range(at_least(0), value, optimizer->class_name(), "learning_rate");
  set(variable, Tensor::full(variable.dtype(), variable.shape(), value));
  optimizer->note_rate(value);
}

RandomState Model::random_state() const {
  const ConstructionLock lock;
  return {.seed = impl_->seed,
          .runs = impl_->session->step(),
          .epochs = impl_->shuffles,
          .first_op = impl_->first_random_op};
}

void Model::set_random_state(const RandomState& state) {
  Impl& impl = *impl_;
  const RunInSlot in_slot(impl.slot, RunSlot::Kind::step, "set_random_state", impl.describe());
  const ConstructionLock lock;
  impl.seed = state.seed;
  impl.session->reseed(state.seed);
  impl.session->set_step(state.runs);
  impl.shuffles = state.epochs;
  if (impl.first_random_op == state.first_op) return;
  impl.first_random_op = state.first_op;
  impl.steps.clear();  // their random ops have other numbers
  impl.training_call.reset();
}

TrainingPosition Model::training_position() const {
  const ConstructionLock lock;
  if (!impl_->position) {
    throw RunError(impl_->describe() + " is not in `fit`, so there is no position to save");
  }
  TrainingPosition position = *impl_->position;
  if (position.batch > 0) position.metrics = impl_->session->get(impl_->metric_state());
  return position;
}

void Model::set_training_position(TrainingPosition position) {
  const ConstructionLock lock;
  if (!impl_->position_open) {
    throw RunError(impl_->describe() +
                   ": where training goes on is chosen in `on_train_begin` of a callback of `fit`");
  }
  impl_->shuffles = position.first_shuffle;
  impl_->position = std::move(position);
}

void Model::stop_training(bool stop) { impl_->stop = stop; }
bool Model::training_stopped() const { return impl_->stop; }

Config Model::config() const {
  const ConstructionLock lock;
  Config config = to_config(impl_->layer);
  const LayerBase* const layer = impl_->layer.shared().get();
  const bool states_inputs = dynamic_cast<const SequentialLayer*>(layer) != nullptr ||
                             dynamic_cast<const FunctionalLayer*>(layer) != nullptr;
  if (states_inputs || !impl_->built) return config;
  const Structure<Shape> shapes = impl_->x.map([](const Value& input) { return input.shape(); });
  config.set("build_config", Config::object({{"input_shape", structure_config(shapes)}}));
  return config;
}

Config Model::compile_config() const {
  const ConstructionLock lock;
  if (!impl_->options) return nullptr;
  const CompileOptions& options = *impl_->options;
  const Config weighted = metrics_config(options.weighted_metrics, options.output_weighted_metrics);
  return Config::object({{"optimizer", to_config(options.optimizer)},
                         {"loss", structure_config(options.loss)},
                         {"loss_weights", structure_config(options.loss_weights)},
                         {"metrics", metrics_config(options.metrics, options.output_metrics)},
                         {"weighted_metrics", weighted}});
}

void Model::compile_from_config(const Config& config) {
  CompileOptions options;
  from_config(config.at("optimizer"), options.optimizer);
  options.loss = structure_from<Loss>(config.at("loss"));
  if (const Config* weights = config.find("loss_weights")) {
    options.loss_weights = structure_from<double>(*weights);
  }
  read_metrics_config(config.at("metrics"), options.metrics, options.output_metrics);
  read_metrics_config(config.at("weighted_metrics"), options.weighted_metrics,
                      options.output_weighted_metrics);
  compile(std::move(options));
}

}  // namespace tegula::nn
