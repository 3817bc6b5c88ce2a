#pragma once
// What a Model consists of. Private to src/nn.

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "src/nn/run_slot.hpp"
#include "tegula/nn/model.hpp"

namespace tegula::nn {

/// A compiled metric: the object, its name in logs, its output, and whether it sees sample weights.
struct BoundMetric {
  Metric metric;
  std::string name;
  std::size_t output = 0;
  bool weighted = false;
};

/// What the targets of one output are compared by. Guarded as the model is.
struct BoundTarget {
  Value y_true;
  /// The mean of the output's own loss in logs, of models with several.
  std::string name;
  Variable total;
};

class Trace;

/// What predictions need, as it was built last.
struct Model::Inference {
  Executable executable;
  ValueTypes x;
  ValueTypes y;
  /// `Object::changes()` of the time when it was known to be up to date.
  std::uint64_t changes = 0;

  /// Whether inputs of these shapes fit.
  bool takes(const Tensors& inputs) const;
  bool takes(const Tensor& input) const {
    return x.size() == 1 && compatible(input.shape(), x.items()[0].shape) &&
           x.items()[0].dtype == DType::f32 && y.size() == 1;
  }
  /// Inputs in the order that the executable takes them in. Throws InvalidArgument for another
  /// number or other names.
  std::vector<Tensor> arranged_inputs(const Tensors& inputs) const;
  std::vector<DType> input_dtypes() const;
  /// The same in the executable's dtypes.
  std::vector<Tensor> feeds_of(const Tensors& inputs) const;
  /// Memory for the outputs of so many rows.
  std::vector<Tensor> outputs_of(std::int64_t rows) const;
};

/// Guarded by the ConstructionLock, but for what says otherwise.
struct Model::Impl {
  explicit Impl(Layer trained_layer);
  /// Layers may go on with the session: the state of optimizer and metrics goes.
  ~Impl();

  const Layer layer;
  const std::string name;
  RunSlot slot;
  /// The thread that builds the computation; none. One that is not there any more: the process
  /// forked meanwhile, and what is built is not whole.
  std::optional<std::thread::id> builder;
  Graph graph;
  std::shared_ptr<Session> session;
  std::uint64_t seed = 0;
  bool built = false;
  Values x;
  Values y;
  std::optional<Executable> predict;
  /// The forward computation as in training; built at first use.
  std::optional<Executable> training_call;

  /// `Object::changes()` of the last look, and the `revision` of what was built last.
  std::uint64_t changes_seen = 0;
  std::uint64_t layers_revision = 0;
  std::uint64_t compile_revision = 0;

  ModelOverrides overrides;
  std::optional<CompileOptions> options;
  SourceLocation compile_location;
  std::uint64_t compilations = 0;
  /// Optimizers of earlier compilations, with their state in this graph.
  std::vector<std::pair<std::weak_ptr<OptimizerBase>, std::vector<Variable>>> retired;
  /// What the training steps change: settled by the first one after `compile`.
  std::optional<std::vector<Variable>> trained;

  /// Set when the first targets are seen: dtype and shape of a batch of them, one per output.
  std::optional<std::vector<ValueType>> target_types;
  std::vector<BoundTarget> targets;
  /// What the last `base_compute_loss` computed for each output; no value where there is no loss.
  std::vector<Value> output_losses;
  std::vector<BoundMetric> metrics;
  Variable loss_total;
  Variable loss_count;
  std::optional<Executable> results;
  /// What metrics do in place of taking their first values again.
  std::optional<Executable> resets;
  /// Steps by (training, shapes of the sample weights).
  std::map<std::pair<bool, std::string>, Executable> steps;

  /// Epochs trained so far: each shuffles differently. Of the thread in the slot.
  std::atomic<std::uint64_t> shuffles = 0;
  /// Random ops of every step are numbered from here on, however often steps are built.
  std::int64_t first_random_op = 0;
  std::atomic<bool> stop = false;
  /// Of the run of `fit`; `position_open` while `on_train_begin` may choose another one.
  std::optional<TrainingPosition> position;
  bool position_open = false;

  /// What `inference` is; of any thread.
  std::shared_ptr<const Inference> ready();
  void publish();
  class MetricsOfOuterRun;
  class Positioned;
  /// Throws RunError when this is within the building of the model's computation.
  void check_not_building(const char* run) const;

  const CompileOptions& compiled() const;
  std::string describe() const { return "model \"" + name + "\""; }
  /// Lets the compiled options go; frees the state of optimizers that nobody has any more.
  void retire_optimizer();
  /// Latest revision of optimizer, loss and metrics.
  std::uint64_t latest_compile_revision() const;
  /// Forgets everything that depends on the targets or the optimizer.
  void forget_steps();
  /// What the training steps change: `trainable` when no step was built since `compile`.
  const std::vector<Variable>& settle_trained(const std::vector<Variable>& trainable);
  /// Gives the optimizer state for these variables, unless it has trained: then it keeps what it
  /// has.
  void prepare_optimizer(const std::vector<Variable>& trainable);
  /// Builds it again where its options have changed; its state stays.
  void build_optimizer(const std::vector<Variable>& trainable);
  /// The model's output, with the state updates that building it collected.
  Executable compile_call(const Values& outputs, const Trace& trace);
  std::vector<std::string> output_names() const;
  /// The loss of each output; an empty handle where there is none. Throws InvalidArgument for
  /// losses that do not fit the outputs.
  std::vector<Loss> losses() const;
  std::vector<double> loss_weights() const;
  /// Whether the placeholders take targets of these types.
  bool takes_targets(const std::vector<ValueType>& types) const;
  /// Chooses placeholders, metrics and names for targets of these types.
  void bind_targets(const std::vector<ValueType>& types);
  void bind_metrics(const std::vector<std::string>& output_names);
  /// "loss", metrics, losses of outputs.
  std::vector<std::string> metrics_names() const;
  std::vector<Variable> metric_state() const;
  void reset_metrics();
  /// With moving averages (`use_ema`), training ends by making them the weights.
  void finish_averages();
  /// Loss and metrics of the state, in Keras's order.
  Logs read_metrics();

 private:
  detail::BriefMutex mutex_;  // guards what follows
  std::shared_ptr<const Inference> inference_;
};

/// Keeps the metrics of the run that this one is within, such as the `fit` whose callback
/// evaluates: they go on afterwards from where they were.
class Model::Impl::MetricsOfOuterRun {
 public:
  explicit MetricsOfOuterRun(Impl& impl);
  ~MetricsOfOuterRun();
  MetricsOfOuterRun(const MetricsOfOuterRun&) = delete;
  MetricsOfOuterRun& operator=(const MetricsOfOuterRun&) = delete;

  /// Whether there is such a run.
  bool runs() const { return session_ != nullptr; }

 private:
  std::shared_ptr<Session> session_;
  std::vector<Variable> state_;
  std::vector<Tensor> values_;
};

/// While it lives, this thread builds the model's computation.
class Building {
 public:
  explicit Building(std::optional<std::thread::id>& builder)
      : builder_(builder), outer_(std::exchange(builder, std::this_thread::get_id())) {}
  ~Building() { builder_ = outer_; }
  Building(const Building&) = delete;
  Building& operator=(const Building&) = delete;

 private:
  std::optional<std::thread::id>& builder_;
  std::optional<std::thread::id> outer_;
};

}  // namespace tegula::nn
