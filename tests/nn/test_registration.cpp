// Classes and functions of the user's own in configs and saved models, one of each kind.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/graph/initializers.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/metrics.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/regularizers.hpp"
#include "tegula/nn/schedules.hpp"
#include "tegula/nn/sequential.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace tegula;
using test::TemporaryFolder;

namespace {

struct ScaleOptions {
  double factor = 1;
  std::string name = {};
  static auto fields() {
    return std::tuple{nn::field<&ScaleOptions::factor>("factor", "What inputs are multiplied by.",
                                                       nn::any_finite),
                      nn::field<&ScaleOptions::name>("name", "Name of the layer.")};
  }
};

class ScaleLayer : public nn::LayerWithOptions<ScaleLayer, ScaleOptions> {
 public:
  static constexpr const char* kName = "Scale";
  static constexpr const char* kDoc = "x · factor · scale";
  using LayerWithOptions::LayerWithOptions;

 protected:
  void build_weights(const ValueType& input) override {
    scale_ = add_weight("scale", {input.shape.dim(-1)}, "ones");
  }
  Value call(Value x, bool /*training*/) override { return x * options_.factor * scale_; }

 private:
  nn::Weight scale_;
};
using Scale = nn::MakeLayer<ScaleLayer>;

struct ValueOptions {
  double value = 0.5;
  static auto fields() {
    return std::tuple{nn::field<&ValueOptions::value>("value", "A number.", nn::any_finite)};
  }
};

class LevelInitializer
    : public nn::WithOptions<nn::InitializerBase, LevelInitializer, ValueOptions> {
 public:
  static constexpr const char* kName = "Level";
  static constexpr const char* kDoc = "The value everywhere.";
  using WithOptions::WithOptions;
  InitialValue operator()(const ValueType& type) const override {
    return constant(type.shape, options_.value, type.dtype);
  }
};

class CubeRegularizer : public nn::WithOptions<nn::RegularizerBase, CubeRegularizer, ValueOptions> {
 public:
  static constexpr const char* kName = "Cube";
  static constexpr const char* kDoc = "value · sum |x|³";
  using WithOptions::WithOptions;
  Value operator()(Value x) const override { return sum(abs(x) * square(x)) * options_.value; }
};

class HalvingSchedule : public nn::WithOptions<nn::ScheduleBase, HalvingSchedule, ValueOptions> {
 public:
  static constexpr const char* kName = "Halving";
  static constexpr const char* kDoc = "value / (1 + step)";
  using WithOptions::WithOptions;
  Value operator()(Value step) const override { return options_.value / (step + 1.0); }
};

Value cube(Value y_true, Value y_pred) {
  const Value error = abs(y_true - y_pred);
  return mean(error * square(error), -1);
}

void register_all() {
  nn::register_class(nn::object_class<nn::LayerBase, ScaleLayer>({}));
  nn::register_class(nn::object_class<nn::InitializerBase, LevelInitializer>({}));
  nn::register_class(nn::object_class<nn::RegularizerBase, CubeRegularizer>({}));
  nn::register_class(nn::object_class<nn::ScheduleBase, HalvingSchedule>({}));
  nn::register_activation({"third", "x³", [](Value x) { return x * square(x); }});
  nn::register_loss("cube", cube);
  nn::register_metric("largest_error", [](Value t, Value p) { return max(abs(t - p), -1); });
}

data::Dataset samples() {
  Tensor x(DType::f32, {8, 3}), y(DType::f32, {8, 2});
  for (std::int64_t i = 0; i < x.element_count(); ++i) x.set(i, std::sin(1.7 * i));
  for (std::int64_t i = 0; i < y.element_count(); ++i) y.set(i, std::cos(0.3 * i));
  return {x, y};
}

nn::Sequential trained_model() {
  nn::Sequential model{
      nn::Input({3}), Scale({.factor = 2}),
      nn::Dense({.units = 2,
                 .activation = "third",
                 .kernel_initializer =
                     nn::Initializer(std::make_shared<LevelInitializer>(ValueOptions{0.25})),
                 .kernel_regularizer =
                     nn::Regularizer(std::make_shared<CubeRegularizer>(ValueOptions{0.1}))})};
  model.compile({.optimizer = nn::SGD({.learning_rate = nn::Schedule(
                                           std::make_shared<HalvingSchedule>(ValueOptions{0.01}))}),
                 .loss = nn::make_loss("cube", cube, nn::Reduction::sum),
                 .metrics = {"largest_error"}});
  model.fit(samples(), {.epochs = 2, .verbose = nn::Verbose::silent});
  return model;
}

std::string load_error(const std::string& folder) {
  try {
    nn::load_model(folder);
  } catch (const NotFound& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a model of registered classes and functions loads, and goes on as it was") {
  register_all();
  const TemporaryFolder folder;
  nn::Sequential model = trained_model();
  model.save(folder.path("model"));
  const auto loaded = nn::load_model(folder.path("model"));
  CHECK(loaded->config() == model.config());
  CHECK(loaded->compile_config() == model.compile_config());
  const nn::EvaluateOptions silent = {.verbose = nn::Verbose::silent};
  const nn::Logs expected = model.evaluate(samples(), silent);
  const nn::Logs actual = loaded->evaluate(samples(), silent);
  for (const char* name : {"loss", "largest_error"}) {
    CHECK(*actual.find(name) == *expected.find(name));
  }
  const nn::FitOptions options = {.epochs = 2, .verbose = nn::Verbose::silent};
  model.fit(samples(), options);
  loaded->fit(samples(), options);
  for (std::size_t i = 0; i < model.get_weights().size(); ++i) {
    CHECK(identical(loaded->get_weights()[i], model.get_weights()[i]));
  }
}

TEST_CASE("a class or function that is not registered is named, with what to do") {
  register_all();
  const TemporaryFolder folder;
  trained_model().save(folder.path("model"));
  struct Case {
    const char* name;
    void (*forget)(const std::string&);
  };
  for (const Case& c :
       {Case{"Scale", nn::forget_class<nn::LayerBase>},
        Case{"Level", nn::forget_class<nn::InitializerBase>},
        Case{"Cube", nn::forget_class<nn::RegularizerBase>},
        Case{"Halving", nn::forget_class<nn::ScheduleBase>},
        Case{"cube", nn::forget_class<nn::LossBase>}, Case{"third", nn::forget_activation}}) {
    CAPTURE(c.name);
    register_all();
    c.forget(c.name);
    const std::string error = load_error(folder.path("model"));
    CHECK_MESSAGE(error.find(c.name) != std::string::npos, error);
    CHECK_MESSAGE(error.find("nn::register_") != std::string::npos, error);
  }
  register_all();
  CHECK(load_error(folder.path("model")) == "");
}

TEST_CASE("a description names its class by registered name, class name, or as a function") {
  register_all();
  const auto layer_of = [](const nn::Config& config) {
    nn::Handle<nn::LayerBase> layer;
    nn::from_config(config, layer);
    return layer->config();
  };
  const nn::Config options = nn::Config::object({{"factor", 3.0}, {"name", "s"}});
  CHECK(layer_of(nn::Config::object(
            {{"class_name", "Scale"}, {"config", options}, {"registered_name", "other>Scale"}})) ==
        options);
  nn::Loss loss;
  nn::from_config(nn::Config::object({{"class_name", "function"}, {"config", "pack>cube"}}), loss);
  CHECK(loss->name() == "cube");
  nn::from_config(
      nn::Config::object({{"class_name", "function"}, {"config", "mean_squared_error"}}), loss);
  CHECK(loss->class_name() == "MeanSquaredError");
}
