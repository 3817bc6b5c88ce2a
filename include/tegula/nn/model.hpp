#pragma once
// Compile, fit, evaluate, predict: the training machinery over any stack of layers.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "tegula/core/tensor.hpp"
#include "tegula/data/batch_source.hpp"
#include "tegula/data/dataset.hpp"
#include "tegula/nn/callback.hpp"
#include "tegula/nn/layer.hpp"
#include "tegula/nn/loss.hpp"
#include "tegula/nn/metric.hpp"
#include "tegula/nn/optimizer.hpp"
#include "tegula/runtime/session.hpp"

namespace tegula::nn {

struct CompileOptions {
  Optimizer optimizer = "rmsprop";
  /// One for all outputs, or one per output, as list or by name; an empty one: none for that
  /// output.
  Structure<Loss> loss = {};
  /// Of a model with one output.
  std::vector<MetricSpec> metrics = {};
  /// Metrics that see sample and class weights.
  std::vector<MetricSpec> weighted_metrics = {};
  /// Metrics by the name of their output.
  std::map<std::string, std::vector<MetricSpec>> output_metrics = {};
  std::map<std::string, std::vector<MetricSpec>> output_weighted_metrics = {};
  /// Multiply the losses of the outputs, not the penalties; none: 1.
  Structure<double> loss_weights = {};
  /// Batches between batch hooks of callbacks, >= 1: the hooks come once per group.
  std::int64_t steps_per_execution = 1;
};

/// How much fit and evaluate print: 0 nothing, 1 a progress bar, 2 a line per epoch; automatic: 1
/// on a terminal or notebook, 2 elsewhere.
enum class Verbose { automatic = -1, silent = 0, bar = 1, line = 2 };
inline std::string type_name(const Verbose&) { return "int or str"; }
TEGULA_API Config to_config(Verbose verbose);
/// From "auto", a bool, or 0, 1 or 2.
TEGULA_API void from_config(const Config& config, Verbose& verbose);

/// Class weights from an object with the classes as keys: {"0": 1.0, "1": 2.5}.
TEGULA_API void from_config(const Config& config, std::map<std::int64_t, double>& weights);

/// What `fit` takes beside the data.
struct FitOptions {
  std::int64_t batch_size = 32;
  std::int64_t epochs = 1;
  Verbose verbose = Verbose::automatic;
  CallbackList callbacks = {};
  double validation_split = 0;
  std::optional<data::Dataset> validation_data = {};
  /// Instead of `validation_data`.
  std::shared_ptr<data::BatchSource> validation_source = {};
  bool shuffle = true;
  std::map<std::int64_t, double> class_weight = {};
  std::int64_t initial_epoch = 0;
  std::optional<std::int64_t> steps_per_epoch = {};
  std::optional<std::int64_t> validation_steps = {};
  std::optional<std::int64_t> validation_batch_size = {};
  std::int64_t validation_freq = 1;
  std::optional<std::vector<std::int64_t>> validation_epochs = {};
  static auto fields() {
    using Self = FitOptions;
    return std::tuple{
        field<&Self::class_weight>("class_weight", "Weight of each class; missing ones weigh 1.",
                                   any_finite),
        field<&Self::batch_size>("batch_size", "Samples per step.", at_least(1)),
        field<&Self::epochs>("epochs", "Number of the last epoch, counted from 1.", at_least(0)),
        field<&Self::verbose>("verbose", "0: silent, 1: a bar, 2: a line per epoch, or \"auto\"."),
        field<&Self::validation_split>(
            "validation_split",
            "Fraction of the last samples, taken before shuffling, that is held out.",
            from_to_below(0, 1)),
        field<&Self::shuffle>("shuffle", "Another order of the samples in each epoch."),
        field<&Self::initial_epoch>("initial_epoch", "Epochs that were trained before.",
                                    at_least(0)),
        field<&Self::steps_per_epoch>("steps_per_epoch", "Batches per epoch.", at_least(1)),
        field<&Self::validation_steps>("validation_steps", "Batches per validation.", at_least(1)),
        field<&Self::validation_batch_size>("validation_batch_size", "Samples per validation step.",
                                            at_least(1)),
        field<&Self::validation_freq>("validation_freq", "Epochs between validations.",
                                      at_least(1)),
        field<&Self::validation_epochs>(
            "validation_epochs", "Epochs with validation, counted from 1, instead.", at_least(1))};
  }
};

struct EvaluateOptions {
  std::int64_t batch_size = 32;
  Verbose verbose = Verbose::automatic;
  std::optional<std::int64_t> steps = {};
  CallbackList callbacks = {};
  static auto fields() {
    using Self = EvaluateOptions;
    return std::tuple{
        field<&Self::batch_size>("batch_size", "Samples per step.", at_least(1)),
        field<&Self::verbose>("verbose", "0: silent, 1: a bar, 2: a line, or \"auto\"."),
        field<&Self::steps>("steps", "Batches; all of the data without it.", at_least(1))};
  }
};

struct PredictOptions {
  std::int64_t batch_size = 32;
  Verbose verbose = Verbose::silent;
  std::optional<std::int64_t> steps = {};
  CallbackList callbacks = {};
  static auto fields() {
    using Self = PredictOptions;
    return std::tuple{
        field<&Self::batch_size>("batch_size", "Samples per step.", at_least(1)),
        field<&Self::verbose>("verbose", "0: silent, 1: a bar, 2: a line, or \"auto\"."),
        field<&Self::steps>("steps", "Batches; all of the data without it.", at_least(1))};
  }
};

/// Per metric, one value per epoch, in Keras's order.
struct History {
  std::vector<std::int64_t> epochs;
  std::vector<std::pair<std::string, std::vector<double>>> values;
  /// The same of metrics that have a value per class, output or threshold.
  std::vector<std::pair<std::string, std::vector<Tensor>>> tensors;

  /// Throw NotFound listing the metrics.
  TEGULA_API const std::vector<double>& at(std::string_view metric) const;
  TEGULA_API const std::vector<Tensor>& tensors_at(std::string_view metric) const;
  TEGULA_API void append(std::int64_t epoch, const Logs& logs);
};

/// What a subclass replaces of a model without being C++; what is empty stays the model's own.
struct ModelOverrides {
  /// Targets are one per output; `sample_weight` is empty or one per output.
  std::function<Value(const Values& x, const Values& y, const Values& y_pred,
                      const Values& sample_weight)>
      compute_loss;
};

/// Metrics that a model takes, weighted ones included.
inline constexpr std::size_t kMaxMetrics = 100'000;

/// Where a model's random streams stand: with it, training goes on with the numbers that would have
/// come next.
struct RandomState {
  std::uint64_t seed = 0;
  /// Runs so far that drew random numbers, such as those of dropout.
  std::uint64_t runs = 0;
  /// Epochs so far that were shuffled.
  std::uint64_t epochs = 0;
  /// Number of the first random op of a step.
  std::int64_t first_op = 0;

  bool operator==(const RandomState&) const = default;
};

/// Where a run of `fit` stands.
struct TrainingPosition {
  /// The epoch, and how many of its batches are done.
  std::int64_t epoch = 0;
  std::int64_t batch = 0;
  /// `RandomState::epochs` when the run began.
  std::uint64_t first_shuffle = 0;
  /// What loss and metrics have counted in the epoch.
  std::vector<Tensor> metrics;
};

/// Trains, evaluates and runs a layer: mostly one that is made of others, as a stack (`Sequential`)
/// or as calls of layers on symbols:
///
///     nn::Input x({28, 28, 1});
///     Value h = nn::Flatten()(x);
///     nn::Model model(x, nn::Dense({.units = 10})(h));
///
/// Used as a layer, it is the layer that it trains: in other models, with the same weights.
///
/// Safe to use from several threads at once: a call works, waits for another thread's, or throws
/// RunError. Predictions go side by side, and beside training. `fit` and `evaluate` have the model
/// for themselves: another thread's `fit`, `evaluate`, `train_on_batch`, `compile` and the like are
/// refused meanwhile, and so is what a callback of theirs cannot do within them (`fit`, `compile`,
/// `add` …). Options of layers and the like that change meanwhile take effect afterwards.
class TEGULA_API Model {
 public:
  /// Trains any layer.
  explicit Model(Layer layer);
  /// What makes `outputs` of `inputs`, which are symbols: one, a list, or named ones. Throws
  /// InvalidArgument when outputs depend on others than these inputs.
  Model(const Values& inputs, const Values& outputs, std::string name = "",
        std::source_location location = std::source_location::current());
  virtual ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  const std::string& name() const;
  /// The layer that the model trains.
  const Layer& layer() const;
  operator Layer() const { return layer(); }  // NOLINT: implicit by design
  /// The layer's output for values or symbols.
  Values operator()(const Values& x, std::optional<bool> training = {}) const {
    return layer()(x, training);
  }

  /// Makes the weights for inputs of these types (batch dimension first, -1). Done by the first
  /// fit, evaluate or predict when the model does not state its inputs.
  void build(const ValueTypes& inputs);
  void build(const Shape& input_shape) { build(ValueType{DType::f32, input_shape}); }
  bool built() const;
  /// [?, …]. Throw RunError before the model is built, InvalidArgument when there are several.
  Shape input_shape() const;
  Shape output_shape() const;
  /// The placeholders that batches are fed to, and what inference makes of them. Throw RunError
  /// before the model is built.
  Values inputs() const;
  Values outputs() const;
  /// Names of the outputs, for losses, metrics and targets: as named, or those of their layers.
  std::vector<std::string> output_names() const;
  /// 0 before the model is built. Waits for nothing.
  std::size_t output_count() const;

  /// Chooses what training minimizes, how, and what it reports. Returns the number of this
  /// compilation, from 1: of those of two threads the later one has the higher. Throws
  /// InvalidArgument, and leaves the model as it is, without an optimizer, for names that no metric
  /// has, and for more than kMaxMetrics.
  std::uint64_t compile(CompileOptions options,
                        std::source_location location = std::source_location::current());
  bool compiled() const;
  CompileOptions compile_options() const;

  /// Trains. Errors about data and options name the line of the call. Throws InvalidArgument for
  /// options out of range and targets that the loss cannot take; ShapeError for data that do not
  /// fit the model. Warns when the data end before `steps_per_epoch`, or before the last epoch.
  History fit(const data::Dataset& train, const FitOptions& options = {},
              std::source_location location = std::source_location::current());
  /// A source gives the batches: `batch_size` and `shuffle` do nothing then.
  History fit(data::BatchSource& train, const FitOptions& options = {},
              std::source_location location = std::source_location::current());
  /// "loss" first, then the metrics.
  Logs evaluate(const data::Dataset& test, const EvaluateOptions& options = {},
                std::source_location location = std::source_location::current());
  Logs evaluate(data::BatchSource& test, const EvaluateOptions& options = {},
                std::source_location location = std::source_location::current());
  /// The model's outputs, one row per row of `x`. Inputs are converted to the model's dtypes.
  Tensors predict(const Tensors& x, const PredictOptions& options = {},
                  std::source_location location = std::source_location::current());
  Tensors predict(data::BatchSource& x, const PredictOptions& options = {},
                  std::source_location location = std::source_location::current());
  /// Of a model with one output.
  Tensor predict(const Tensor& x, const PredictOptions& options = {},
                 std::source_location location = std::source_location::current());
  /// One step on one batch; returns the metrics since the last `reset_metrics`.
  Logs train_on_batch(const data::Dataset& batch,
                      const std::map<std::int64_t, double>& class_weight = {},
                      std::source_location location = std::source_location::current());
  Logs test_on_batch(const data::Dataset& batch,
                     std::source_location location = std::source_location::current());
  Tensors predict_on_batch(const Tensors& x,
                           std::source_location location = std::source_location::current());
  Tensor predict_on_batch(const Tensor& x,
                          std::source_location location = std::source_location::current()) {
    return predict_on_batch(Tensors(x), location).one();
  }
  /// The output for one batch, computed as in training (with dropout) or not.
  Tensors call(const Tensors& x, bool training,
               std::source_location location = std::source_location::current());
  Tensor call(const Tensor& x, bool training,
              std::source_location location = std::source_location::current()) {
    return call(Tensors(x), training, location).one();
  }
  void reset_metrics();
  /// Loss and metrics of the batches since the last reset, in alphabetical order as callbacks see
  /// them.
  Logs running_metrics();
  std::vector<std::string> metrics_names() const;
  /// The compiled metric that logs have under this name; an empty handle when there is none, and
  /// before the first targets choose the metrics of names such as "accuracy".
  Metric find_metric(std::string_view name) const;
  /// The metrics of compile, weighted ones last; "accuracy" and its like as the forms that fit the
  /// targets seen so far, or that targets of the loss's usual shape would need. Empty before a
  /// model is built and compiled.
  std::vector<Metric> metrics() const;

  /// A table of layers, output shapes and parameter counts.
  std::string summary() const;
  /// What the optimizer made of a step at this batch size: passes, kernels, memory.
  std::string explain(std::int64_t batch_size = 32, bool training = true);

  std::vector<Layer> layers() const;
  /// Throws NotFound naming similar names.
  Layer layer(std::string_view name) const;
  /// All weights, layer by layer in Keras's order, and copies of their values.
  std::vector<Variable> weights() const;
  /// Those that training changes.
  std::vector<Variable> trainable_weights() const;
  std::vector<Tensor> get_weights() const;
  /// Throws InvalidArgument for a wrong number and ShapeError for a wrong shape; changes nothing
  /// then.
  void set_weights(const std::vector<Tensor>& weights);
  Tensor get(const Variable& variable) const;
  void set(const Variable& variable, const Tensor& value);
  /// Several at one moment, between steps, as those of Session.
  std::vector<Tensor> get(std::span<const Variable> variables) const;
  void set(std::span<const Variable> variables, std::span<const Tensor> values);

  /// State of the compiled optimizer, in Keras's order; empty before compile.
  std::vector<Variable> optimizer_variables() const;
  double learning_rate() const;
  /// Throws RunError when a schedule sets it.
  void set_learning_rate(double rate);
  /// Makes `fit` return after the current batch; false takes that back.
  void stop_training(bool stop = true);
  bool training_stopped() const;

  RandomState random_state() const;
  void set_random_state(const RandomState& state);

  /// Saves structure, weights, compile settings, optimizer state and the state of the random
  /// streams into a folder, atomically. Throws InvalidArgument when the name ends as that of
  /// another format does (`model.keras`), RunError before the model is built.
  void save(const std::filesystem::path& folder) const;
  /// Within `fit`: what `save` writes, and where the run stands.
  void save_training(const std::filesystem::path& folder) const;
  /// In `on_train_begin`: takes over what `save_training` wrote in an earlier run with the same
  /// arguments. This run goes on behind the batches that are done, with the bits that the earlier
  /// one would have had; of data that cannot be had again they are read once more. Throws as
  /// SavedModel, and RunError elsewhere.
  void continue_training(const std::filesystem::path& folder);
  /// The position in the run of `fit`; throws RunError outside of one.
  TrainingPosition training_position() const;
  /// In `on_train_begin`: where the run goes on. Throws RunError elsewhere.
  void set_training_position(TrainingPosition position);
  /// Weights alone, as one safetensors file. Throws as `save`.
  void save_weights(const std::filesystem::path& file) const;
  /// The weights that `save_weights` or `save` wrote, of an equal model. With `skip_mismatch`,
  /// layers whose weights have other shapes or are missing keep what they have, with a warning
  /// each. Throws FormatError, ShapeError or DTypeError for weights that do not fit, before it sets
  /// any.
  void load_weights(const std::filesystem::path& path, bool skip_mismatch = false);
  /// `{"class_name", "config"}`: name, layers and the built input shape.
  Config config() const;
  /// Optimizer, loss and metrics; null before compile.
  Config compile_config() const;
  /// Compiles as `compile_config` says.
  void compile_from_config(const Config& config);
  std::string_view class_name() const { return layer()->class_name(); }

  /// Makes this object behave as a subclass of its class.
  void override_with(ModelOverrides overrides);
  /// The loss of `compile` plus what layers and regularizers add, while a step is built.
  Value base_compute_loss(const Values& y, const Values& y_pred, const Values& sample_weight) const;

  Graph graph() const;
  Session& session();

 protected:
  /// Makes a change of the layer, by the name of `run` ("add"), and builds a built model anew. An
  /// unbuilt one is built when `change` says for what input. Refused while the model is in a run.
  void change(const char* run, const std::function<std::optional<ValueTypes>()>& change);

 private:
  struct Impl;
  struct Loops;
  struct Inference;

  /// All these hold the ConstructionLock.
  void rebuild();
  /// Builds anew what options of layers, optimizer, loss or metrics that have changed lie behind,
  /// unless the model is in a run.
  void refresh();
  void build_now(const ValueTypes& inputs);
  void build_for(const Tensors& x);

  /// What predicts for `x`; built if needed. `run` and `location` are for errors.
  std::shared_ptr<const Inference> inference_for(const Tensors& x, const char* run,
                                                 const std::source_location& location);
  /// The step for training or testing, with sample weights of these shapes, one per output, or
  /// without; built at first use. Feeds: x, targets and, if weighted, sample weights. It updates
  /// the metrics' state and what layers assign, and in training the weights.
  Executable find_step(bool training, const std::vector<Shape>& weights);
  /// The output as in training; built at first use.
  Executable find_training_call();
  std::int64_t steps_per_execution() const;
  /// Throws RunError where a model that was moved from is used.
  class ImplPointer {
   public:
    explicit ImplPointer(std::unique_ptr<Impl> impl);
    ~ImplPointer();
    ImplPointer(ImplPointer&&) noexcept;
    ImplPointer& operator=(ImplPointer&&) noexcept;
    TEGULA_API Impl* operator->() const;
    Impl& operator*() const { return *operator->(); }

   private:
    std::unique_ptr<Impl> owned_;
  };
  ImplPointer impl_;
};

/// What `Model::save` wrote, ready to use; compiled when it was, unless `compile` is false. Throws
/// FormatError for a damaged folder and for files of other formats, and NotFound for classes that
/// neither the library has nor `register_class` made known.
TEGULA_API std::unique_ptr<Model> load_model(const std::filesystem::path& folder,
                                             bool compile = true);

/// Throws InvalidArgument when `save` (or `save_weights`) would refuse this name, because it ends
/// as that of another format does: for finding out before hours of training.
TEGULA_API void check_save_path(const std::filesystem::path& folder);
TEGULA_API void check_save_weights_path(const std::filesystem::path& file);

/// Seeds everything that is random from here on: initial weights, dropout, shuffling. Without a
/// call the seed is 0.
TEGULA_API void set_random_seed(std::uint64_t seed);

}  // namespace tegula::nn
