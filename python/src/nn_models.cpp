// Models: building, training, running, files.

#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include "gil.hpp"
#include "location.hpp"
#include "nn_callbacks.hpp"
#include "nn_config.hpp"
#include "nn_objects.hpp"
#include "nn_source.hpp"
#include "nn_structures.hpp"
#include "numpy.hpp"
#include "tegula/data/dataset.hpp"
#include "tegula/data/mnist.hpp"
#include "tegula/nn/functional.hpp"
#include "tegula/nn/plot.hpp"
#include "tegula/nn/saved_model.hpp"
#include "tegula/nn/sequential.hpp"

namespace tegula::python {

namespace {

using Released = py::call_guard<ReleasedGil>;

using nn::Model;
using ClassWeights = std::map<std::int64_t, double>;
using LayerPointer = std::shared_ptr<nn::LayerBase>;

nn::Layer as_layer(const LayerPointer& layer) {
  if (!layer->location.known()) layer->location = user_location();
  return nn::Layer(layer);
}

std::vector<nn::MetricSpec> metric_specs(const py::list& given) {
  std::vector<nn::MetricSpec> specs;
  for (const py::handle item : given) {
    if (py::isinstance<py::str>(item)) {
      specs.emplace_back(item.cast<std::string>());
    } else {
      specs.emplace_back(nn::Metric(item.cast<std::shared_ptr<nn::MetricBase>>()));
    }
  }
  return specs;
}

/// A list of metrics of one output, or a dict with a list for each.
void read_metrics(const py::object& given, std::vector<nn::MetricSpec>& listed,
                  std::map<std::string, std::vector<nn::MetricSpec>>& by_output) {
  if (!py::isinstance<py::dict>(given)) {
    listed = metric_specs(given.cast<py::list>());
    return;
  }
  for (const auto& [output, specs] : given.cast<py::dict>()) {
    by_output[py::str(output)] = metric_specs(py::cast<py::list>(specs));
  }
}

std::uint64_t compile(Model& model, const std::shared_ptr<nn::OptimizerBase>& optimizer,
                      const py::object& loss, const py::object& metrics,
                      const py::object& weighted_metrics, const py::object& loss_weights,
                      std::int64_t steps_per_execution) {
  const UserLine line;
  nn::CompileOptions options;
  options.optimizer = nn::Optimizer(optimizer);
  if (!loss.is_none()) {
    options.loss = structure_from<nn::Loss>(loss, [](const py::handle& item) {
      return item.is_none() ? nn::Loss() : nn::Loss(item.cast<std::shared_ptr<nn::LossBase>>());
    });
  }
  read_metrics(metrics, options.metrics, options.output_metrics);
  read_metrics(weighted_metrics, options.weighted_metrics, options.output_weighted_metrics);
  if (!loss_weights.is_none()) {
    options.loss_weights = structure_from<double>(loss_weights, [](const py::handle& item) {
      return item.is_none() ? 1 : item.cast<double>();
    });
  }
  options.steps_per_execution = steps_per_execution;
  return model.compile(std::move(options));
}

/// Rows that do not match are reported when the data meet the model.
data::Dataset dataset_of(const py::handle& tuple) {
  const auto parts = tuple.cast<py::tuple>();
  data::Dataset result;
  result.x = tensors_from_object(parts[0]);
  result.y = tensors_from_object(parts[1]);
  result.sample_weight = tensors_from_object(parts[2]);
  return result;
}

/// Arrays as (x, y, weight or None), or an object that gives batches.
bool is_source(const py::handle& data) { return !py::isinstance<py::tuple>(data); }

/// The plain options from a dict, checked for their names and types.
template <typename Options>
Options run_options(const nn::Config& given, const py::object& callbacks, bool wants_batches,
                    const char* run) {
  Options options;
  nn::from_config(given, options, run);
  options.callbacks = {std::make_shared<PythonCallbacks>(callbacks, wants_batches)};
  return options;
}

void fit(Model& model, const py::object& train, const py::object& validation,
         const py::object& callbacks, bool wants_batches, const nn::Config& given) {
  const UserLine line;
  auto options = run_options<nn::FitOptions>(given, callbacks, wants_batches, "fit");
  if (!validation.is_none()) {
    if (is_source(validation)) {
      options.validation_source = std::make_shared<PythonSource>(validation);
    } else {
      options.validation_data = dataset_of(validation);
    }
  }
  if (is_source(train)) {
    PythonSource source(train);
    const ReleasedGil released;
    model.fit(source, options);
  } else {
    const data::Dataset dataset = dataset_of(train);
    const ReleasedGil released;
    model.fit(dataset, options);
  }
}

py::dict evaluate(Model& model, const py::object& test, const py::object& callbacks,
                  bool wants_batches, const nn::Config& given) {
  const UserLine line;
  const auto options =
      run_options<nn::EvaluateOptions>(given, callbacks, wants_batches, "evaluate");
  nn::Logs logs;
  if (is_source(test)) {
    PythonSource source(test);
    const ReleasedGil released;
    logs = model.evaluate(source, options);
  } else {
    const data::Dataset dataset = dataset_of(test);
    const ReleasedGil released;
    logs = model.evaluate(dataset, options);
  }
  return dict_from_logs(logs);
}

py::object predict_with_callbacks(Model& model, const py::object& x, const py::object& callbacks,
                                  bool wants_batches, const nn::Config& given) {
  const UserLine line;
  const auto options = run_options<nn::PredictOptions>(given, callbacks, wants_batches, "predict");
  Tensors results;
  if (py::hasattr(x, "next_batch")) {
    PythonSource source(x);
    const ReleasedGil released;
    results = model.predict(source, options);
  } else {
    const Tensors inputs = tensors_from_object(x);
    const ReleasedGil released;
    results = model.predict(inputs, options);
  }
  return results_from_tensors(results);
}

/// Runs `work` without the interpreter's lock and returns its results as arrays.
template <typename Work>
py::object arrays_of(Work&& work) {
  Tensors results;
  {
    const ReleasedGil released;
    results = work();
  }
  return results_from_tensors(results);
}

/// Names the line of Python in errors, which are rare: looking for it costs more than a small run.
template <typename Work>
auto located(Work&& work) {
  try {
    return work();
  } catch (const Error&) {
    const UserLine line;
    return work();
  }
}

/// The quick way, without callbacks.
py::object predict(Model& model, const Tensor& x, std::int64_t batch_size) {
  return located([&] {
    // One output is the usual case, and the only one that needs no structure.
    if (model.output_count() != 1) {
      return arrays_of([&] { return model.predict(Tensors(x), {.batch_size = batch_size}); });
    }
    Tensor result;
    {
      const ReleasedGil released;
      result = model.predict(x, {.batch_size = batch_size});
    }
    return result_from_tensor(result);
  });
}

py::object predict_on_batch(Model& model, const py::object& x) {
  const Tensors inputs = tensors_from_object(x);
  return located([&] { return arrays_of([&] { return model.predict_on_batch(inputs); }); });
}

py::object call(Model& model, const py::object& x, std::optional<bool> given) {
  const Tensors inputs = tensors_from_object(x);
  const bool training = given.value_or(nn::LayerBase::enclosing_training().value_or(false));
  return located([&] { return arrays_of([&] { return model.call(inputs, training); }); });
}

py::dict train_on_batch(Model& model, const py::tuple& batch, const nn::Config& class_weight) {
  const UserLine line;
  const data::Dataset data = dataset_of(batch);
  ClassWeights weights;
  nn::from_config(class_weight, weights);
  nn::Logs logs;
  {
    const ReleasedGil released;
    logs = model.train_on_batch(data, weights);
  }
  return dict_from_logs(logs);
}

py::dict test_on_batch(Model& model, const py::tuple& batch) {
  const UserLine line;
  const data::Dataset data = dataset_of(batch);
  nn::Logs logs;
  {
    const ReleasedGil released;
    logs = model.test_on_batch(data);
  }
  return dict_from_logs(logs);
}

std::vector<LayerPointer> layers_of(const Model& model) {
  std::vector<LayerPointer> layers;
  for (const nn::Layer& layer : model.layers()) layers.push_back(layer.shared());
  return layers;
}

/// (seed, runs, epochs, first_op), which pickles hold.
py::tuple random_state_of(const Model& model) {
  const nn::RandomState state = model.random_state();
  return py::make_tuple(state.seed, state.runs, state.epochs, state.first_op);
}

void set_random_state_of(Model& model, const py::tuple& state) {
  model.set_random_state({.seed = state[0].cast<std::uint64_t>(),
                          .runs = state[1].cast<std::uint64_t>(),
                          .epochs = state[2].cast<std::uint64_t>(),
                          .first_op = state[3].cast<std::int64_t>()});
}

nn::PlotOptions plot_options(const nn::Config& given) {
  nn::PlotOptions options;
  nn::from_config(given, options, "plot_model");
  return options;
}

py::object compiled_optimizer(const Model& model) {
  return py::cast(model.compile_options().optimizer.shared());
}

void bind_running(py::class_<Model, std::shared_ptr<Model>>& model) {
  model.def("compile", &compile)
      .def("compile_from_config",
           [](Model& self, const nn::Config& config) {
             const UserLine line;
             self.compile_from_config(config);
           })
      .def("fit", &fit)
      .def("evaluate", &evaluate)
      .def("predict", &predict, py::arg("x"), py::arg("batch_size") = 32)
      .def("predict_with_callbacks", &predict_with_callbacks)
      .def("train_on_batch", &train_on_batch, py::arg("batch"), py::arg("class_weight"))
      .def("test_on_batch", &test_on_batch)
      .def("predict_on_batch", &predict_on_batch)
      .def("call", &call, py::arg("x"), py::arg("training"))
      .def("reset_metrics", &Model::reset_metrics)
      .def("running_metrics", [](Model& self) { return dict_from_logs(self.running_metrics()); })
      .def("metrics",
           [](const Model& self) {
             std::vector<std::shared_ptr<nn::MetricBase>> metrics;
             for (const nn::Metric& metric : self.metrics()) metrics.push_back(metric.shared());
             return metrics;
           })
      .def_property_readonly("metrics_names", &Model::metrics_names)
      .def("stop_training", &Model::stop_training)
      .def_property_readonly("training_stopped", &Model::training_stopped);
}

void bind_state(py::class_<Model, std::shared_ptr<Model>>& model) {
  model
      .def("get_weights",
           [](const Model& self) {
             std::vector<Tensor> weights;
             for (const Tensor& weight : self.get_weights()) weights.push_back(weight);
             return weights;
           })
      .def("set_weights", &Model::set_weights)
      .def("get", [](const Model& self, const Value& v) { return self.get(Variable(v)); })
      .def("set", [](Model& self, const Value& v,
                     const Tensor& value) { self.set(Variable(v), value.cast(v.dtype())); })
      .def("learning_rate", &Model::learning_rate)
      .def("set_learning_rate", &Model::set_learning_rate)
      .def_property_readonly("optimizer", &compiled_optimizer)
      .def_property_readonly("optimizer_variables",
                             [](const Model& self) {
                               const auto variables = self.optimizer_variables();
                               return std::vector<Value>(variables.begin(), variables.end());
                             })
      .def("save", &Model::save, Released())
      .def("save_weights", &Model::save_weights, Released())
      .def("load_weights", &Model::load_weights, py::arg("path"), py::arg("skip_mismatch"),
           Released())
      .def_property("random_state", &random_state_of, &set_random_state_of)
      .def("compile_config", &Model::compile_config)
      .def("config", &Model::config);
}

}  // namespace

void bind_models(py::module_& module) {
  py::class_<Model, std::shared_ptr<Model>> model(module, "Model");
  model.def_property_readonly("name", &Model::name)
      .def("build",
           [](Model& self, const py::object& shapes) {
             const UserLine line;
             self.build(types_from_object(shapes));
           })
      .def_property_readonly("built", &Model::built)
      .def_property_readonly("compiled", &Model::compiled)
      .def_property_readonly(
          "input_shape",
          [](const Model& self) { return shapes_from_types(types_of(self.inputs())); })
      .def_property_readonly(
          "output_shape",
          [](const Model& self) { return shapes_from_types(types_of(self.outputs())); })
      .def_property_readonly("inputs",
                             [](const Model& self) { return object_from_values(self.inputs()); })
      .def_property_readonly("outputs",
                             [](const Model& self) { return object_from_values(self.outputs()); })
      .def_property_readonly("output_names", &Model::output_names)
      .def_property_readonly(
          "input_dtype",
          [](const Model& self) { return std::string(numpy_name(self.inputs().one().dtype())); })
      .def_property_readonly("has_trainable_weights",
                             [](const Model& self) { return !self.trainable_weights().empty(); })
      .def("base_compute_loss",
           [](const Model& self, const py::object& y, const py::object& y_pred,
              const py::object& weight) {
             const auto values = [](const py::object& given) {
               return given.is_none() ? nn::Values() : values_from_object(given, "compute_loss");
             };
             return self.base_compute_loss(values(y), values(y_pred), values(weight));
           })
      .def_property_readonly("layers", &layers_of)
      .def_property_readonly("graph", &Model::graph)
      .def("summary",
           [](const Model& self, const nn::Config& given) {
             nn::SummaryOptions options;
             nn::from_config(given, options, "summary");
             return nn::model_summary(self, options);
           })
      .def("to_dot",
           [](const Model& self, const nn::Config& given) {
             return nn::model_to_dot(self, plot_options(given));
           })
      .def("to_svg",
           [](const Model& self, const nn::Config& given) {
             return nn::model_to_svg(self, plot_options(given));
           })
      .def("explain", &Model::explain, py::arg("batch_size") = 32, py::arg("training") = true);
  bind_running(model);
  bind_state(model);
  model
      .def(py::init([](const std::shared_ptr<nn::FunctionalLayer>& layer) {
             const UserLine line;
             auto made = std::make_shared<Model>(as_layer(layer));
             made->build(types_of(layer->inputs()));
             return made;
           }),
           py::arg("layer"))
      .def(py::init([](const LayerPointer& layer) {
             const UserLine line;
             return std::make_shared<Model>(as_layer(layer));
           }),
           py::arg("layer"));
  py::class_<nn::Sequential, Model, std::shared_ptr<nn::Sequential>>(module, "Sequential")
      .def(py::init([](const std::shared_ptr<nn::SequentialLayer>& stack,
                       const std::vector<LayerPointer>& layers) {
             const UserLine line;
             for (const LayerPointer& layer : layers) stack->add(as_layer(layer));
             return std::make_shared<nn::Sequential>(stack);
           }),
           py::arg("stack"), py::arg("layers"))
      .def("add",
           [](nn::Sequential& self, const LayerPointer& layer) { self.add(as_layer(layer)); })
      .def("pop", &nn::Sequential::pop);
  py::class_<nn::SavedModel>(module, "SavedModel")
      .def(py::init<const std::filesystem::path&>(), py::arg("folder"), Released())
      .def_property_readonly(
          "description",
          [](const nn::SavedModel& self) { return object_from_config(self.description()); })
      .def("restore", &nn::SavedModel::restore, py::arg("model"), Released());
  module.def(
      "mnist",
      [](const std::string& folder) {
        const data::TrainAndTest bytes = data::mnist_bytes(folder);
        return py::make_tuple(py::make_tuple(bytes.train.x.one(), bytes.train.y.one()),
                              py::make_tuple(bytes.test.x.one(), bytes.test.y.one()));
      },
      py::arg("folder"), "Images and labels of MNIST's four files, as they stand there.");
  module.def("set_random_seed", &nn::set_random_seed, py::arg("seed"));
}

}  // namespace tegula::python
