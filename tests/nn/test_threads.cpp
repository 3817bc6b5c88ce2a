// Models, layers, optimizers and metrics used from two threads at once: every call works or throws.
#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tegula/nn/eager.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/tegula.hpp"
#include "tests/support/thread_matrix.hpp"

using namespace tegula;

namespace {

std::string folder() {
  return (std::filesystem::temp_directory_path() / "tegula_threads").string();
}

/// A model that nobody has run yet, what it is made of, and data for it.
struct Shared {
  nn::Layer hidden = nn::Dense({.units = 3, .activation = "relu"});
  nn::Layer dropout = nn::Dropout({.rate = 0.5});
  nn::Optimizer optimizer = nn::Adam();
  nn::Metric metric = nn::metrics::MeanAbsoluteError();
  nn::RunningMetric running{nn::metrics::MeanSquaredError()};
  nn::Sequential model{{hidden, dropout, nn::Dense({.units = 1})}};
  std::atomic<int> rows{0};

  Shared() { compile(); }
  void compile() {
    model.compile({.optimizer = optimizer, .loss = "mse", .metrics = {"mae", metric}});
  }
  data::Dataset batch() const {
    return {Tensor::full(DType::f32, {4, 2}, 0.5), Tensor::full(DType::f32, {4, 1}, 1.0)};
  }
  /// Of another size each time.
  Tensor inputs() { return Tensor::full(DType::f32, {1 + rows++ % 40, 2}, 0.5); }
};

using Call = testing::ThreadedCall<Shared>;

const std::vector<Call>& run_calls() {
  static const std::vector<Call> calls = {
      {"fit", [](Shared& s) { s.model.fit(s.batch(), {.verbose = nn::Verbose::silent}); }},
      {"evaluate",
       [](Shared& s) { s.model.evaluate(s.batch(), {.verbose = nn::Verbose::silent}); }},
      {"predict", [](Shared& s) { s.model.predict(s.inputs()); }},
      {"predict_on_batch", [](Shared& s) { s.model.predict_on_batch(s.inputs()); }},
      {"train_on_batch", [](Shared& s) { s.model.train_on_batch(s.batch()); }},
      {"test_on_batch", [](Shared& s) { s.model.test_on_batch(s.batch()); }},
      {"call", [](Shared& s) { s.model.call(s.inputs(), true); }},
      {"build",
       [](Shared& s) {
         s.model.build({-1, 2});
       }},
      {"compile", [](Shared& s) { s.compile(); }},
      {"compile with another optimizer",
       [](Shared& s) { s.model.compile({.optimizer = "sgd", .loss = "mse"}); }},
      {"add", [](Shared& s) { s.model.add(nn::Activation("relu")); }},
      {"pop",
       [](Shared& s) {
         if (s.model.layers().size() > 2) s.model.pop();
       }},
      {"override_with", [](Shared& s) { s.model.override_with({}); }},
  };
  return calls;
}

const std::vector<Call>& state_calls() {
  static const std::vector<Call> calls = {
      {"reset_metrics", [](Shared& s) { s.model.reset_metrics(); }},
      {"running_metrics", [](Shared& s) { s.model.running_metrics(); }},
      {"metrics",
       [](Shared& s) {
         s.model.metrics();
         s.model.metrics_names();
         s.model.find_metric("mae");
       }},
      {"summary", [](Shared& s) { s.model.summary(); }},
      {"explain", [](Shared& s) { s.model.explain(4); }},
      {"weights",
       [](Shared& s) {
         s.model.weights();
         s.model.trainable_weights();
         s.model.optimizer_variables();
       }},
      {"get_weights and set_weights",
       [](Shared& s) { s.model.set_weights(s.model.get_weights()); }},
      {"learning_rate", [](Shared& s) { s.model.set_learning_rate(s.model.learning_rate()); }},
      {"stop_training", [](Shared& s) { s.model.stop_training(!s.model.training_stopped()); }},
      {"random_state", [](Shared& s) { s.model.set_random_state(s.model.random_state()); }},
      {"config",
       [](Shared& s) {
         s.model.config();
         s.model.compile_config();
       }},
      {"save_weights and load_weights",
       [](Shared& s) {
         const std::string file = folder() + ".safetensors";
         s.model.save_weights(file);
         s.model.load_weights(file);
       }},
      {"save", [](Shared& s) { s.model.save(folder()); }},
      {"graph",
       [](Shared& s) {
         Graph graph = s.model.graph();
         neg(graph.constant(Tensor::scalar(1.0f)));
         graph.to_text();
       }},
      {"session",
       [](Shared& s) {
         for (const Variable& weight : s.model.weights()) s.model.session().run(weight + 1.0);
       }},
  };
  return calls;
}

const std::vector<Call>& part_calls() {
  static const std::vector<Call> calls = {
      {"layer's state",
       [](Shared& s) {
         s.hidden->built();
         s.hidden->weights();
         s.hidden->output_types();
         s.hidden->config();
         s.hidden->revision();
       }},
      {"layer's weights", [](Shared& s) { s.hidden->set_weights(s.hidden->get_weights()); }},
      {"layer's trainable", [](Shared& s) { s.hidden->set_trainable(!s.hidden->trainable); }},
      {"layer on arrays", [](Shared& s) { s.hidden->evaluate(s.inputs(), true); }},
      {"layer in another graph",
       [](Shared& s) {
         Graph graph;
         (*s.dropout)(graph.placeholder(DType::f32, {-1, 2}), true);
       }},
      {"layer's option",
       [](Shared& s) { s.dropout->set_option("rate", nn::Config(0.1 + 0.01 * (s.rows++ % 40))); }},
      {"optimizer's option",
       [](Shared& s) {
         s.optimizer->set_option("beta_1", nn::Config(0.5 + 0.01 * (s.rows++ % 40)));
       }},
      {"optimizer's state",
       [](Shared& s) {
         s.optimizer->variables();
         s.optimizer->trainable();
         s.optimizer->config();
       }},
      {"metric's state",
       [](Shared& s) {
         s.metric->variables();
         s.metric->config();
       }},
      {"metric on arrays",
       [](Shared& s) {
         s.running.update(Tensor::zeros(DType::f32, {3}), Tensor::zeros(DType::f32, {3}));
         s.running.result();
         s.running.state();
         s.running.reset();
       }},
      {"register_class",
       [](Shared&) {
         nn::register_class<nn::LossBase>(
             {"Own", {}, "", {}, [](const nn::Config&) { return nn::Loss("mse").shared(); }});
         nn::Loss("Own");
         nn::forget_class<nn::LossBase>("Own");
       }},
      {"set_random_seed", [](Shared&) { nn::set_random_seed(7); }},
  };
  return calls;
}

}  // namespace

TEST_CASE("every call of a model beside every other on another thread works or throws") {
  std::vector<Call> calls = run_calls();
  for (const auto* more : {&state_calls(), &part_calls()}) {
    calls.insert(calls.end(), more->begin(), more->end());
  }
  testing::run_thread_matrix<Shared>(
      calls, [] { return std::make_unique<Shared>(); },
      [](Shared& s) {
        s.model.compile({.optimizer = "sgd", .loss = "mse"});
        CHECK_NOTHROW(s.model.train_on_batch(s.batch()));
        CHECK(s.model.predict(s.inputs()).rank() == 2);
      });
  std::filesystem::remove_all(folder());
  std::filesystem::remove(folder() + ".safetensors");
}
