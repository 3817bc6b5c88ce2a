#include "tegula/nn/model.hpp"

#include <atomic>

#include "src/core/similar_names.hpp"
#include "src/nn/model_impl.hpp"
#include "src/nn/random_seed.hpp"

namespace tegula::nn {

namespace {

std::atomic<std::uint64_t> random_seed{0};
std::atomic<std::uint64_t> seeds_drawn{0};

}  // namespace

std::uint64_t next_random_seed() {
  constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;
  return random_seed + seeds_drawn++ * kGolden;
}

void set_random_seed(std::uint64_t seed) {
  random_seed = seed;
  seeds_drawn = 0;
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
  target_type.reset();
  metrics.clear();
  results.reset();
  steps.clear();
}

Model::Model(std::string name) : impl_(std::make_unique<Impl>(std::move(name))) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

const std::string& Model::name() const { return impl_->name; }
Graph Model::graph() const { return impl_->graph; }
Session& Model::session() { return *impl_->session; }
bool Model::built() const { return impl_->built; }
bool Model::compiled() const { return impl_->options.has_value(); }
const CompileOptions& Model::compile_options() const { return impl_->compiled(); }

Shape Model::input_shape() const {
  if (!impl_->built) throw RunError(impl_->describe() + " is not built yet: it has no input shape");
  return impl_->x.shape();
}

Shape Model::output_shape() const {
  if (!impl_->built)
    throw RunError(impl_->describe() + " is not built yet: it has no output shape");
  return impl_->y.shape();
}

void Model::build(const Shape& input_shape, DType input_dtype) {
  if (impl_->built) {
    if (compatible(input_shape, impl_->x.shape())) return;
    throw ShapeError(impl_->describe() + " was built for inputs " + impl_->x.shape().to_string() +
                     ", not " + input_shape.to_string());
  }
  if (input_shape.rank() == 0) {
    throw ShapeError(impl_->describe() + ": an input shape starts with the batch dimension");
  }
  if (!is_floating(input_dtype) && !is_integer(input_dtype)) {
    throw DTypeError(impl_->describe() + " takes numbers, not " +
                     std::string(to_string(input_dtype)));
  }
  Shape shape = input_shape;
  shape.set(0, kUnknown);
  if (!impl_->x) impl_->x = impl_->graph.placeholder(DType::f32, shape, "input");
  rebuild();
}

void Model::rebuild() {
  Impl& impl = *impl_;
  // Weights first, then everything else: random ops are numbered in order of building, and initial
  // weights must not depend on what is built on them.
  Value y = forward(impl.x, false);
  impl.y = y;
  impl.predict = impl.session->compile({impl.x}, {y});
  impl.training_call.reset();
  impl.built = true;
  for (const Layer& layer : layers()) layer->session_ = impl.session;
  impl.forget_steps();
  if (impl.options) compile(*impl.options);
}

void Model::compile(CompileOptions options, std::source_location location) {
  Impl& impl = *impl_;
  if (!options.optimizer) throw InvalidArgument(impl.describe() + ": compile needs an optimizer");
  for (const auto* specs : {&options.metrics, &options.weighted_metrics}) {
    for (const MetricSpec& spec : *specs) {
      if (!spec.metric()) check_metric_name(spec.name());
    }
  }
  impl.options = std::move(options);
  impl.compile_location = location;
  impl.forget_steps();
  if (!impl.built) return;
  std::vector<Variable> trainable;
  for (const Layer& layer : layers()) {
    for (const Variable& weight : layer->trainable_weights()) trainable.push_back(weight);
  }
  LocationScope line(impl.compile_location);
  impl.options->optimizer->build(impl.graph, trainable);
}

Layer Model::layer(std::string_view name) const {
  std::vector<std::string> names;
  for (const Layer& layer : layers()) {
    if (layer->name() == name) return layer;
    names.push_back(layer->name());
  }
  throw NotFound("No such layer: " + std::string(name) + " in " + impl_->describe() +
                 did_you_mean(name, names));
}

std::vector<Variable> Model::weights() const {
  std::vector<Variable> result;
  for (const Layer& layer : layers()) {
    result.insert(result.end(), layer->weights().begin(), layer->weights().end());
  }
  return result;
}

std::vector<Tensor> Model::get_weights() const {
  std::vector<Tensor> values;
  for (const Variable& weight : weights()) values.push_back(get(weight));
  return values;
}

void Model::set_weights(const std::vector<Tensor>& values) {
  const std::vector<Variable> targets = weights();
  if (values.size() != targets.size()) {
    throw InvalidArgument("You called `set_weights(weights)` on " + impl_->describe() +
                          " with a weight list of length " + std::to_string(values.size()) +
                          ", but the model was expecting " + std::to_string(targets.size()) +
                          " weights.");
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].shape() != targets[i].shape()) {
      throw ShapeError(
          "weight " + targets[i].name() + " has shape " + targets[i].shape().to_string() +
          ", which is not compatible with the provided " + values[i].shape().to_string());
    }
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    set(targets[i], values[i].cast(targets[i].dtype()));
  }
}

Tensor Model::get(const Variable& variable) const { return impl_->session->get(variable); }
void Model::set(const Variable& variable, const Tensor& value) {
  impl_->session->set(variable, value);
}

std::vector<Variable> Model::optimizer_variables() const {
  return impl_->options && impl_->built ? impl_->options->optimizer->variables()
                                        : std::vector<Variable>();
}

double Model::learning_rate() const {
  const Variable& rate = impl_->compiled().optimizer->learning_rate();
  if (!rate) {
    throw RunError(impl_->describe() + ": the learning rate is set by a schedule or not built yet");
  }
  return get(rate).item();
}

void Model::set_learning_rate(double value) {
  const Variable& rate = impl_->compiled().optimizer->learning_rate();
  if (!rate) {
    throw RunError(impl_->describe() + ": the learning rate is set by a schedule or not built yet");
  }
  check_range(at_least(0), value, impl_->compiled().optimizer->class_name(), "learning_rate");
  set(rate, Tensor::full(rate.dtype(), rate.shape(), value));
}

void Model::stop_training(bool stop) { impl_->stop = stop; }
bool Model::training_stopped() const { return impl_->stop; }

Config Model::config() const {
  return Config::object({{"class_name", std::string(class_name())}, {"config", structure()}});
}

Config Model::compile_config() const {
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
                         {"metrics", metrics(impl_->options->metrics)},
                         {"weighted_metrics", metrics(impl_->options->weighted_metrics)}});
}

void Model::compile_from_config(const Config& config) {
  CompileOptions options;
  from_config(config.at("optimizer"), options.optimizer);
  from_config(config.at("loss"), options.loss);
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
