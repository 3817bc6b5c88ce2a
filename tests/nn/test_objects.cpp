// Every configurable class: made from its config it is equal, and its names find it.
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

#include "tegula/nn/constraints.hpp"
#include "tegula/nn/initializers.hpp"
#include "tegula/nn/layers.hpp"
#include "tegula/nn/losses.hpp"
#include "tegula/nn/metrics.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/regularizers.hpp"
#include "tegula/nn/schedules.hpp"
#include "tests/support/class_arguments.hpp"

using namespace tegula;
using nn::Config;

namespace {

/// Another value that the field can have; null where there is none to be guessed.
Config changed(const nn::FieldInfo& field) {
  const Config::Storage& value = field.default_value.storage();
  if (const auto* boolean = std::get_if<bool>(&value)) return !*boolean;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer + 1;
  if (const auto* number = std::get_if<double>(&value)) {
    const double greater = *number + 0.25;
    return field.range->contains(greater) ? greater : *number - 0.25;
  }
  return nullptr;
}

template <typename Base>
void check_class(const nn::ObjectClass<Base>& entry) {
  CAPTURE(entry.name);
  CHECK_FALSE(entry.doc.empty());
  const Config required = test::required_arguments(entry.name);
  const std::shared_ptr<Base> object = entry.make(required);
  CHECK(object->class_name() == entry.name);
  CHECK(entry.make(object->config())->config() == object->config());

  for (const nn::FieldInfo& field : entry.fields) {
    CAPTURE(field.name);
    CHECK_FALSE(field.doc.empty());
    REQUIRE(object->config().find(field.name) != nullptr);
    if (required.find(field.name) == nullptr && field.name != "name") {
      // Sizes become one number per axis, factors their bounds.
      if (field.type == "int or list" || field.type == "float or list") continue;
      CHECK(object->config().at(field.name) == field.default_value);
    }
    // What Keras has and other values of which are refused.
    if (field.doc.starts_with("Only ")) continue;
    const Config other = changed(field);
    if (other.is_null() || required.find(field.name) != nullptr) continue;
    Config arguments = required;
    arguments.set(field.name, other);
    CHECK(entry.make(arguments)->config().at(field.name) == other);
  }
  CHECK_THROWS_WITH_AS(entry.make(Config::object({{"no_such_argument", 1}})),
                       doctest::Contains("no_such_argument"), InvalidArgument);
}

template <typename Base>
void check_table() {
  std::set<std::string> names;
  for (const nn::ObjectClass<Base>& entry : nn::object_classes<Base>()) {
    check_class(entry);
    CHECK(names.insert(entry.name).second);
    CHECK(nn::find_class<Base>(entry.name)->name == entry.name);
    CHECK(nn::find_class<Base>(nn::snake_case(entry.name))->name == entry.name);
    for (const std::string& alias : entry.aliases) {
      CAPTURE(alias);
      CHECK(nn::find_class<Base>(alias)->name == entry.name);
    }
  }
  CHECK_FALSE(names.empty());
  CHECK_THROWS_WITH_AS(
      nn::find_class<Base>("nonsense"),
      doctest::Contains(
          (std::string("Could not interpret ") + Base::kKind + " identifier: nonsense").c_str()),
      NotFound);
}

}  // namespace

TEST_CASE("layers come back from their configs") { check_table<nn::LayerBase>(); }
TEST_CASE("losses come back from their configs") { check_table<nn::LossBase>(); }
TEST_CASE("metrics come back from their configs") { check_table<nn::MetricBase>(); }
TEST_CASE("optimizers come back from their configs") { check_table<nn::OptimizerBase>(); }
TEST_CASE("schedules come back from their configs") { check_table<nn::ScheduleBase>(); }
TEST_CASE("initializers come back from their configs") { check_table<nn::InitializerBase>(); }
TEST_CASE("regularizers come back from their configs") { check_table<nn::RegularizerBase>(); }
TEST_CASE("constraints come back from their configs") { check_table<nn::ConstraintBase>(); }

TEST_CASE("nested objects and lists come back from configs") {
  const nn::Dense dense({.units = 3,
                         .activation = "gelu",
                         .kernel_initializer = nn::Constant({.value = 0.5}),
                         .kernel_regularizer = nn::L1L2({.l1 = 0.1, .l2 = 0.2})});
  const Config config = to_config(dense);
  nn::Handle<nn::LayerBase> copy;
  nn::from_config(config, copy);
  CHECK(nn::to_config(copy) == config);

  const nn::Adam adam({.learning_rate = nn::Schedule(nn::CosineDecay({.decay_steps = 10})),
                       .common = {.weight_decay = 0.1, .use_ema = true}});
  nn::Optimizer other;
  nn::from_config(to_config(adam), other);
  CHECK(other->config() == adam->config());

  const nn::metrics::Precision precision({.thresholds = {0.25, 0.5}, .top_k = 2});
  nn::Metric metric;
  nn::from_config(to_config(precision), metric);
  CHECK(metric->config() == precision->config());
}

TEST_CASE("class names become snake case as Keras derives it") {
  const std::pair<const char*, const char*> names[] = {
      {"BinaryCrossentropy", "binary_crossentropy"},
      {"KLDivergence", "kl_divergence"},
      {"AUC", "auc"},
      {"R2Score", "r2_score"},
      {"F1Score", "f1_score"},
      {"TopKCategoricalAccuracy", "top_k_categorical_accuracy"},
      {"L1L2", "l1l2"},
      {"Dense", "dense"},
      {"RMSprop", "rm_sprop"},
  };
  for (const auto& [name, snake] : names) CHECK(nn::snake_case(name) == snake);
}

TEST_CASE("a wrong argument type names class, argument, value and what was expected") {
  CHECK_THROWS_WITH_AS(
      nn::find_class<nn::LayerBase>("Dense")->make(Config::object({{"units", "many"}})),
      doctest::Contains("Dense: argument `units`: expected an integer, got \"many\""),
      InvalidArgument);
}
