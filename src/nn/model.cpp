#include "tegula/nn/model.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "src/core/similar_names.hpp"
#include "src/nn/model_impl.hpp"
#include "src/nn/random_seed.hpp"
#include "src/nn/run_data.hpp"
#include "src/nn/shape_text.hpp"
#include "src/nn/trace.hpp"
#include "tegula/nn/eager.hpp"

namespace tegula::nn {

namespace {

std::atomic<std::uint64_t> random_seed{0};
std::atomic<std::uint64_t> seeds_drawn{0};

/// Each once, though layers may share sublayers.
std::vector<Variable> variables_of(const std::vector<Layer>& layers,
                                   std::vector<Weight> (LayerBase::*weights)() const) {
  std::vector<Variable> result;
  for (const Layer& layer : layers) {
    for (const Weight& weight : ((*layer).*weights)()) {
      const Variable& variable = weight.variable();
      if (std::ranges::find(result, variable) == result.end()) result.push_back(variable);
    }
  }
  return result;
}

}  // namespace

Executable Model::Impl::compile_call(const Value& output, const Trace& trace) {
  return session->compile(std::span(&x, 1), std::span(&output, 1), trace.assignments());
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

template <typename Objects>
std::uint64_t latest_revision(const Objects& objects) {
  std::uint64_t latest = 0;
  for (const auto& object : objects) latest = std::max(latest, object->revision());
  return latest;
}

}  // namespace

std::uint64_t Model::Impl::latest_compile_revision() const {
  std::uint64_t latest = options->optimizer->revision();
  if (options->loss) latest = std::max(latest, options->loss->revision());
  for (const auto* specs : {&options->metrics, &options->weighted_metrics}) {
    for (const MetricSpec& spec : *specs) {
      if (spec.metric()) latest = std::max(latest, spec.metric()->revision());
    }
  }
  return latest;
}

Tensor Model::Inference::outputs_of(std::int64_t rows) const {
  Shape shape = y.shape;
  shape.set(0, rows);
  return Tensor(y.dtype, shape);
}

std::shared_ptr<const Model::Inference> Model::Impl::ready() {
  const std::lock_guard guard(mutex_);
  return inference_;
}

void Model::Impl::publish() {
  std::shared_ptr<const Inference> next;
  if (predict) {
    next = std::make_shared<Inference>(Inference{*predict, x.type(), y.type(), changes_seen});
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

Model::Impl::Impl(std::string model_name) : name(std::move(model_name)), seed(next_random_seed()) {
  session = std::make_shared<Session>(graph, SessionOptions{.passes = {}, .seed = seed});
}

const CompileOptions& Model::Impl::compiled() const {
  if (!options)
    throw InvalidArgument("You must call `compile()` before using the model (" + describe() + ").");
  return *options;
}

void Model::Impl::forget_steps() {
  session->forget(metric_state());
  target_type.reset();
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

Model::Model(std::string name) : impl_(std::make_unique<Impl>(std::move(name))) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

const std::string& Model::name() const { return impl_->name; }
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

Value Model::input() const {
  const ConstructionLock lock;
  if (!impl_->built) throw RunError(impl_->describe() + " is not built yet: it has no input shape");
  return impl_->x;
}

Value Model::output() const {
  const ConstructionLock lock;
  if (!impl_->built)
    throw RunError(impl_->describe() + " is not built yet: it has no output shape");
  return impl_->y;
}

Shape Model::input_shape() const { return input().shape(); }
Shape Model::output_shape() const { return output().shape(); }

void Model::build(const Shape& input_shape, DType input_dtype) {
  const ConstructionLock lock;
  impl_->check_not_building("build");
  build_now(input_shape, input_dtype);
}

void Model::build_now(const Shape& input_shape, DType input_dtype) {
  Impl& impl = *impl_;
  if (impl.built) {
    if (!compatible(input_shape, impl.x.shape())) {
      throw ShapeError(impl.describe() + " was built for inputs of shape " +
                       shape_text(impl.x.shape()) + ", not " + shape_text(input_shape));
    }
    if (!impl.predict) rebuild();
    return;
  }
  if (input_shape.rank() == 0) {
    throw ShapeError(impl.describe() + ": an input shape starts with the batch dimension");
  }
  if (!is_floating(input_dtype) && !is_integer(input_dtype)) {
    throw DTypeError(impl.describe() + " takes numbers, not " +
                     std::string(to_string(input_dtype)));
  }
  Shape shape = input_shape;
  shape.set(0, kUnknown);
  if (!impl.x) impl.x = impl.graph.placeholder(DType::f32, shape, "input");
  rebuild();
}

void Model::build_for(const Tensor& x) {
  if (!impl_->built && x.rank() == 0) {
    throw ShapeError("inputs need a batch dimension; got a scalar");
  }
  if (impl_->built && !compatible(x.shape(), impl_->x.shape())) {
    throw ShapeError(impl_->describe() + " expects input of shape " + shape_text(impl_->x.shape()) +
                     ", but received input with shape " + shape_text(x.shape()));
  }
  build_now(x.shape(), DType::f32);
}

std::shared_ptr<const Model::Inference> Model::inference_for(const Tensor& x, const char* run,
                                                             const std::source_location& location) {
  Impl& impl = *impl_;
  std::shared_ptr<const Inference> ready = impl.ready();
  if (ready && ready->changes == Object::changes() && compatible(x.shape(), ready->x.shape)) {
    return ready;
  }
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
  Trace trace(impl.graph, impl.session, impl.alive);
  impl.predict.reset();
  impl.y = overridden_forward(impl.x, false);
  impl.predict = impl.compile_call(impl.y, trace);
  impl.training_call.reset();
  impl.built = true;
  impl.first_random_op = impl.graph.op_id_count();
  impl.layers_revision = latest_revision(layers());
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
  if (latest_revision(layers()) > impl.layers_revision) {
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

void Model::change(const char* run, const std::function<std::optional<ValueType>()>& change) {
  const RunInSlot in_slot(impl_->slot, RunSlot::Kind::change, run, impl_->describe());
  const ConstructionLock lock;
  impl_->check_not_building(run);
  const std::optional<ValueType> input = change();
  if (impl_->built) {
    rebuild();
  } else if (input) {
    build_now(input->shape, input->dtype);
  }
}

Value Model::overridden_forward(Value x, bool training) {
  const auto& call = impl_->overrides.call;
  return call ? call(x, training) : forward(x, training);
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

void Model::compile(CompileOptions options, std::source_location location) {
  Impl& impl = *impl_;
  const RunInSlot in_slot(impl.slot, RunSlot::Kind::change, "compile", impl.describe());
  const ConstructionLock lock;
  impl.check_not_building("compile");
  if (!options.optimizer) throw InvalidArgument(impl.describe() + ": compile needs an optimizer");
  for (const auto* specs : {&options.metrics, &options.weighted_metrics}) {
    for (const MetricSpec& spec : *specs) {
      if (!spec.metric()) check_metric_name(spec.name());
    }
  }
  check_range(at_least(1), options.steps_per_execution, "compile", "steps_per_execution");
  impl.retire_optimizer();
  impl.options = std::move(options);
  impl.compile_location = line_of(location);
  impl.forget_steps();
  impl.trained.reset();
  const Building building(impl.builder);
  if (impl.built) impl.prepare_optimizer(trainable_weights());
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

std::vector<Variable> Model::weights() const {
  const ConstructionLock lock;
  return variables_of(layers(), &LayerBase::weights);
}

std::vector<Variable> Model::trainable_weights() const {
  const ConstructionLock lock;
  return variables_of(layers(), &LayerBase::trainable_weights);
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
  const RunInSlot in_slot(impl.slot, RunSlot::Kind::change, "set_random_state", impl.describe());
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

void Model::stop_training(bool stop) { impl_->stop = stop; }
bool Model::training_stopped() const { return impl_->stop; }

Config Model::config() const {
  const ConstructionLock lock;
  const std::string& name = impl_->described_class;
  Config config = Config::object(
      {{"class_name", name.empty() ? std::string(class_name()) : name}, {"config", structure()}});
  if (!impl_->registered_name.empty()) config.set("registered_name", impl_->registered_name);
  return config;
}

void Model::describe_as(std::string class_name, std::string registered_name) {
  const ConstructionLock lock;
  impl_->described_class = std::move(class_name);
  impl_->registered_name = std::move(registered_name);
}

Config Model::compile_config() const {
  const ConstructionLock lock;
  if (!impl_->options) return nullptr;
  const auto metrics = [](const std::vector<MetricSpec>& specs) {
    Config::List list;
    for (const MetricSpec& spec : specs) {
      list.push_back(spec.metric() ? to_config(spec.metric()) : Config(spec.name()));
    }
    return list;
  };
  return Config::object({{"optimizer", to_config(impl_->options->optimizer)},
                         {"loss", to_config(impl_->options->loss)},
                         {"loss_weights", impl_->options->loss_weight},
                         {"metrics", metrics(impl_->options->metrics)},
                         {"weighted_metrics", metrics(impl_->options->weighted_metrics)}});
}

void Model::compile_from_config(const Config& config) {
  CompileOptions options;
  from_config(config.at("optimizer"), options.optimizer);
  from_config(config.at("loss"), options.loss);
  if (const Config* weight = config.find("loss_weights")) options.loss_weight = weight->as_float();
  const auto metrics = [&config](std::string_view key) {
    std::vector<MetricSpec> specs;
    for (const Config& entry : config.at(key).as_list()) {
      if (entry.is_string()) {
        specs.emplace_back(entry.as_string());
      } else {
        Metric metric;
        from_config(entry, metric);
        specs.emplace_back(metric);
      }
    }
    return specs;
  };
  options.metrics = metrics("metrics");
  options.weighted_metrics = metrics("weighted_metrics");
  compile(std::move(options));
}

}  // namespace tegula::nn
