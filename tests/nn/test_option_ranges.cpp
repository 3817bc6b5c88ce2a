// Every numeric option of every class states its range, and what lies outside is refused.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "tegula/nn/callbacks.hpp"
#include "tegula/nn/constraints.hpp"
#include "tegula/nn/initializers.hpp"
#include "tegula/nn/layers.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/metrics.hpp"
#include "tegula/nn/model.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/regularizers.hpp"
#include "tegula/nn/schedules.hpp"
#include "tegula/nn/sequential.hpp"
#include "tests/support/class_arguments.hpp"

using namespace tegula;
using nn::Config;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// The class's arguments with `value` for a field: alone, and as an element of a list.
std::vector<Config> arguments_with(const std::string& class_name, const std::string& field,
                                   const Config& value) {
  Config alone = test::required_arguments(class_name);
  // Options that mean something only together.
  if (field == "num_labels" || field == "label_weights") alone.set("multi_label", true);
  Config::List list = {value};
  if (const Config* usual = alone.find(field); usual != nullptr && usual->is_list()) {
    list = usual->as_list();
    list.front() = value;
  }
  Config listed = alone;
  alone.set(field, value);
  listed.set(field, list);
  return {alone, listed};
}

bool is_number(const Config& value) {
  return std::holds_alternative<double>(value.storage()) ||
         std::holds_alternative<std::int64_t>(value.storage());
}

std::vector<double> values_outside(const nn::Range& range) {
  std::vector<double> values = {kNaN};
  for (const double infinity : {kInfinity, -kInfinity}) {
    if (!range.contains(infinity)) values.push_back(infinity);
  }
  if (range.bounded_below()) values.push_back(range.lowest - (range.excludes_lowest ? 0 : 1));
  if (range.bounded_above()) values.push_back(range.highest + (range.excludes_highest ? 0 : 1));
  return values;
}

std::vector<double> extremes_inside(const nn::Range& range) {
  constexpr double kStep = 1e-6;
  std::vector<double> values;
  if (range.bounded_below()) values.push_back(range.lowest + (range.excludes_lowest ? kStep : 0));
  if (range.bounded_above()) values.push_back(range.highest - (range.excludes_highest ? kStep : 0));
  if (!range.bounded_below()) values.push_back(-1000);
  if (!range.bounded_above()) values.push_back(1000);
  return values;
}

/// What the class says to the argument; empty when it takes it.
template <typename Base>
std::string complaint(const nn::ObjectClass<Base>& entry, const Config& arguments) {
  try {
    entry.make(arguments);
    return "";
  } catch (const InvalidArgument& error) {
    return error.what();
  }
}

template <typename Base>
void check_field(const nn::ObjectClass<Base>& entry, const nn::FieldInfo& field) {
  for (const double value : values_outside(*field.range)) {
    CAPTURE(value);
    bool named = false;
    for (const Config& arguments : arguments_with(entry.name, field.name, value)) {
      const std::string text = complaint(entry, arguments);
      CHECK_FALSE(text.empty());
      const bool expectation = text.find("must be") != std::string::npos ||
                               text.find("expected an integer") != std::string::npos;
      named = named || (expectation && text.starts_with(entry.name + ": ") &&
                        text.find("`" + field.name + "`") != std::string::npos);
    }
    CHECK(named);
  }
  for (const double value : extremes_inside(*field.range)) {
    CAPTURE(value);
    std::vector<std::string> complaints;
    bool taken = false;
    for (const Config& arguments : arguments_with(entry.name, field.name, value)) {
      complaints.push_back(complaint(entry, arguments));
      taken = taken || complaints.back().empty();
    }
    CAPTURE(complaints.front());
    CHECK(taken);
  }
}

template <typename Base>
void check_kind() {
  for (const nn::ObjectClass<Base>& entry : nn::object_classes<Base>()) {
    CAPTURE(entry.name);
    for (const nn::FieldInfo& field : entry.fields) {
      CAPTURE(field.name);
      if (is_number(field.default_value)) REQUIRE(field.range);
      if (field.range) check_field(entry, field);
    }
  }
}

}  // namespace

TEST_CASE("layers refuse numbers outside of the stated ranges") { check_kind<nn::LayerBase>(); }
TEST_CASE("losses refuse numbers outside of the stated ranges") { check_kind<nn::LossBase>(); }
TEST_CASE("metrics refuse numbers outside of the stated ranges") { check_kind<nn::MetricBase>(); }
TEST_CASE("optimizers refuse numbers outside of the stated ranges") {
  check_kind<nn::OptimizerBase>();
}
TEST_CASE("schedules refuse numbers outside of the stated ranges") {
  check_kind<nn::ScheduleBase>();
}
TEST_CASE("initializers refuse numbers outside of the stated ranges") {
  check_kind<nn::InitializerBase>();
}
TEST_CASE("regularizers refuse numbers outside of the stated ranges") {
  check_kind<nn::RegularizerBase>();
}
TEST_CASE("constraints refuse numbers outside of the stated ranges") {
  check_kind<nn::ConstraintBase>();
}

TEST_CASE("callbacks refuse numbers outside of the stated ranges") {
  check_kind<nn::CallbackBase>();
}

TEST_CASE("plain option structs are checked like configs") {
  CHECK_THROWS_WITH_AS(nn::SGD({.learning_rate = 0.05, .common = {.clipnorm = -1.0}}),
                       "SGD: `clipnorm` must be > 0, got -1.0", InvalidArgument);
  CHECK_THROWS_WITH_AS(nn::Adam({.learning_rate = kNaN}),
                       "Adam: `learning_rate` must be >= 0, got NaN", InvalidArgument);
  CHECK_THROWS_WITH_AS(nn::Adam({.learning_rate = kInfinity}),
                       "Adam: `learning_rate` must be >= 0 and finite, got Infinity",
                       InvalidArgument);
  CHECK_THROWS_WITH_AS(nn::Adam({.learning_rate = 1e39}),
                       "Adam: `learning_rate` must be >= 0 and finite in float32, got 1e+39",
                       InvalidArgument);
  CHECK_THROWS_WITH_AS(nn::L2({.l2 = kInfinity}), "L2: `l2` must be >= 0 and finite, got Infinity",
                       InvalidArgument);
  CHECK_THROWS_WITH_AS(nn::Dropout({.rate = 1.5}),
                       "Dropout: `rate` must be between 0 and 1, got 1.5", InvalidArgument);
  CHECK_THROWS_WITH_AS(nn::Adam({.beta_1 = 1}), "Adam: `beta_1` must be >= 0 and < 1, got 1.0",
                       InvalidArgument);
  CHECK_THROWS_WITH_AS(nn::RandomNormal({.mean = kNaN}),
                       "RandomNormal: `mean` must be finite, got NaN", InvalidArgument);
  CHECK_THROWS_WITH_AS(nn::Reshape({.target_shape = {-2, 5}}),
                       "Reshape: `target_shape` must be >= -1, got -2", InvalidArgument);
  CHECK_THROWS_WITH_AS(nn::Reshape({.target_shape = {-1, -1, 5}}),
                       "Reshape: only one dimension of `target_shape` can be -1, got [-1, -1, 5]",
                       InvalidArgument);
}

TEST_CASE("extremes that Keras takes are taken") {
  CHECK_NOTHROW(nn::SGD({.learning_rate = 0.0, .momentum = 1}));
  CHECK_NOTHROW(nn::SGD({.common = {.weight_decay = 0.0, .clipvalue = kInfinity}}));
  CHECK_NOTHROW(nn::Adam({.beta_1 = 0, .beta_2 = 0, .epsilon = 0}));
  CHECK_NOTHROW(nn::Dropout({.rate = 1}));
  CHECK_NOTHROW(nn::L1L2({.l1 = 0, .l2 = 0}));
  CHECK_NOTHROW(nn::Constant({.value = -kInfinity}));
  CHECK_NOTHROW(nn::metrics::BinaryAccuracy({.threshold = -3}));
}

TEST_CASE("an option's documentation ends with its range") {
  const auto entry = *nn::find_class<nn::OptimizerBase>("SGD");
  for (const nn::FieldInfo& field : entry.fields) {
    if (field.name == "clipnorm") CHECK(field.doc == "Largest norm of each gradient; > 0.");
    if (field.name == "momentum") CHECK(field.doc == "Share of the last step; between 0 and 1.");
    if (field.name == "nesterov") CHECK(field.doc == "Look ahead along the momentum.");
  }
}

TEST_CASE("fit, evaluate and predict refuse numbers outside of their ranges") {
  nn::Sequential model{nn::Input({2}), nn::Dense({.units = 1})};
  model.compile({.optimizer = "sgd", .loss = "mse"});
  const data::Dataset data{Tensor::full(DType::f32, {4, 2}, 1),
                           Tensor::full(DType::f32, {4, 1}, 2)};
  const std::pair<nn::FitOptions, const char*> unusable[] = {
      {{.epochs = -1}, "fit: `epochs` must be >= 0, got -1"},
      {{.batch_size = 0}, "fit: `batch_size` must be >= 1, got 0"},
      {{.validation_split = 1}, "fit: `validation_split` must be >= 0 and < 1, got 1.0"},
      {{.validation_split = kNaN}, "fit: `validation_split` must be >= 0 and < 1, got NaN"},
      {{.initial_epoch = -1}, "fit: `initial_epoch` must be >= 0, got -1"},
      {{.steps_per_epoch = 0}, "fit: `steps_per_epoch` must be >= 1, got 0"},
      {{.validation_steps = 0}, "fit: `validation_steps` must be >= 1, got 0"},
      {{.validation_batch_size = -4}, "fit: `validation_batch_size` must be >= 1, got -4"},
      {{.validation_freq = 0}, "fit: `validation_freq` must be >= 1, got 0"},
      {{.validation_epochs = {{1, 0}}}, "fit: `validation_epochs` must be >= 1, got 0"},
      {{.class_weight = {{0, kNaN}}}, "fit: `class_weight` must be finite, got NaN"},
  };
  for (auto [options, message] : unusable) {
    options.verbose = nn::Verbose::silent;
    CHECK_THROWS_WITH_AS(model.fit(data, options), doctest::Contains(message), InvalidArgument);
  }
  CHECK_THROWS_WITH_AS(model.evaluate(data, {.batch_size = 0}),
                       doctest::Contains("evaluate: `batch_size` must be >= 1, got 0"),
                       InvalidArgument);
  CHECK_THROWS_WITH_AS(model.predict(data.x, {.batch_size = -1}),
                       doctest::Contains("predict: `batch_size` must be >= 1, got -1"),
                       InvalidArgument);
  CHECK_THROWS_WITH_AS(model.predict(data.x, {.steps = 0}),
                       doctest::Contains("predict: `steps` must be >= 1, got 0"), InvalidArgument);
  CHECK(model.fit(data, {.epochs = 0, .verbose = nn::Verbose::silent}).epochs.empty());
  CHECK_THROWS_WITH_AS(model.set_learning_rate(kNaN), "SGD: `learning_rate` must be >= 0, got NaN",
                       InvalidArgument);
  CHECK_NOTHROW(model.set_learning_rate(0));
}
