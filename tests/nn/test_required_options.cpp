// Options that Keras has no default for: a config must give them.
#include <doctest/doctest.h>

#include <string>

#include "tegula/core/error.hpp"
#include "tegula/nn/layer.hpp"
#include "tegula/nn/metric.hpp"
#include "tegula/nn/schedule.hpp"
#include "tests/support/class_arguments.hpp"

using namespace tegula;
using nn::Config;

namespace {

/// Every class of a kind is made with its required arguments, and with none of them left out.
template <typename Base>
int check_required() {
  int count = 0;
  for (const nn::ObjectClass<Base>& entry : nn::object_classes<Base>()) {
    for (const nn::FieldInfo& field : entry.fields) {
      if (!field.required) continue;
      ++count;
      Config::Object others;
      const Config all = test::required_arguments(entry.name);
      for (const auto& [name, value] : all.as_object()) {
        if (name != field.name) others.emplace_back(name, value);
      }
      INFO(entry.name, " ", field.name);
      CHECK_NOTHROW(entry.make(all));
      const std::string text = entry.name + ": argument `" + field.name + "` is required";
      CHECK_THROWS_WITH_AS(entry.make(Config(others)), text.c_str(), InvalidArgument);
    }
  }
  return count;
}

}  // namespace

TEST_CASE("a config without a required argument is refused") {
  CHECK(check_required<nn::LayerBase>() >= 4);
  CHECK(check_required<nn::MetricBase>() >= 4);
  CHECK(check_required<nn::ScheduleBase>() >= 12);
}

TEST_CASE("every option has a name for its type") {
  for (const auto& entry : nn::object_classes<nn::LayerBase>()) {
    for (const nn::FieldInfo& field : entry.fields) CHECK(!field.type.empty());
  }
}
