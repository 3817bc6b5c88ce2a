// Training that is interrupted, saved, loaded and continued has the bits of training in one go.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tegula/core/error.hpp"
#include "tegula/io/safetensors.hpp"
#include "tegula/nn/callbacks.hpp"
#include "tegula/nn/optimizers.hpp"
#include "tegula/nn/schedules.hpp"
#include "tegula/nn/sequential.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace tegula;
using test::read_bytes;
using test::TemporaryFolder;
using test::write_bytes;

namespace {

data::Dataset samples() {
  Tensor x(DType::f32, {20, 3}), y(DType::f32, {20, 2});
  for (std::int64_t i = 0; i < x.element_count(); ++i) x.set(i, std::sin(1.7 * i));
  for (std::int64_t i = 0; i < y.element_count(); ++i) y.set(i, std::cos(0.3 * i));
  return {x, y};
}

std::unique_ptr<nn::Model> make_model() {
  nn::set_random_seed(11);
  auto model = std::make_unique<nn::Sequential>(std::vector<nn::Layer>{
      nn::Input({3}), nn::Dense({.units = 16, .activation = "relu"}), nn::Dropout({.rate = 0.3}),
      nn::Dense({.units = 8}), nn::Dropout({.rate = 0.2}), nn::Dense({.units = 2})});
  model->compile({.optimizer = nn::Adam(
                      {.learning_rate = nn::ExponentialDecay(
                           {.initial_learning_rate = 0.05, .decay_steps = 7, .decay_rate = 0.8})}),
                  .loss = "mse",
                  .metrics = {"mae"}});
  return model;
}

void fit(nn::Model& model, std::int64_t epochs, std::int64_t initial_epoch = 0) {
  model.fit(samples(), {.batch_size = 6,
                        .epochs = initial_epoch + epochs,
                        .verbose = nn::Verbose::silent,
                        .initial_epoch = initial_epoch});
}

std::unique_ptr<nn::Model> saved_and_loaded(const nn::Model& model) {
  const TemporaryFolder folder;
  model.save(folder.path("model"));
  return nn::load_model(folder.path("model"));
}

void check_same(const nn::Model& model, const nn::Model& expected) {
  const std::vector<Tensor> a = model.get_weights(), b = expected.get_weights();
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(identical(a[i], b[i]));
  const auto state = model.optimizer_variables(), other = expected.optimizer_variables();
  REQUIRE(state.size() == other.size());
  for (std::size_t i = 0; i < state.size(); ++i) {
    CHECK(identical(model.get(state[i]), expected.get(other[i])));
  }
}

}  // namespace

TEST_CASE("training continued from a saved model has the bits of training in one go") {
  const auto whole = make_model();
  fit(*whole, 5);
  for (const std::int64_t initial_epoch : {0, 2}) {
    CAPTURE(initial_epoch);
    const auto first = make_model();
    fit(*first, 2);
    const auto second = saved_and_loaded(*first);
    CHECK(second->random_state() == first->random_state());
    fit(*second, 3, initial_epoch);
    check_same(*second, *whole);
    fit(*first, 3, initial_epoch);
    check_same(*first, *whole);
  }
}

TEST_CASE("what is done between two fits does not change the second") {
  const auto whole = make_model();
  fit(*whole, 5);
  const auto model = make_model();
  fit(*model, 2);
  model->evaluate(samples(), {.verbose = nn::Verbose::silent});
  model->predict(samples().x);
  model->layers()[1]->evaluate(samples().x->rows(0, 4), false);
  fit(*model, 3);
  check_same(*model, *whole);
}

TEST_CASE("a model that is saved and loaded between all epochs trains as if it were not") {
  const auto whole = make_model();
  fit(*whole, 4);
  auto model = make_model();
  for (int epoch = 0; epoch < 4; ++epoch) {
    fit(*model, 1);
    model = saved_and_loaded(*model);
  }
  check_same(*model, *whole);
}

TEST_CASE("a model that ran in training mode before it was saved continues alike") {
  const auto model = make_model();
  model->call(samples().x, true);
  fit(*model, 1);
  const auto loaded = saved_and_loaded(*model);
  fit(*model, 2);
  fit(*loaded, 2);
  check_same(*loaded, *model);
}

TEST_CASE("a model whose layers were added one by one continues alike") {
  nn::set_random_seed(3);
  nn::Sequential model;
  for (const nn::Layer& layer : std::vector<nn::Layer>{
           nn::Input({3}), nn::Dense({.units = 8}), nn::Dropout({.rate = 0.5}),
           nn::Dense({.units = 4}), nn::Dropout({.rate = 0.5}), nn::Dense({.units = 2})}) {
    model.add(layer);
  }
  model.compile({.optimizer = "adam", .loss = "mse"});
  fit(model, 1);
  model.compile({.optimizer = "sgd", .loss = "mse"});
  fit(model, 1);
  const auto loaded = saved_and_loaded(model);
  fit(model, 2);
  fit(*loaded, 2);
  check_same(*loaded, model);
}

TEST_CASE("a model that is compiled anew trains with the same dropout") {
  const auto compile_and_fit = [](bool twice) {
    const auto model = make_model();
    if (twice) fit(*model, 0);
    model->compile({.optimizer = "sgd", .loss = "mse"});
    fit(*model, 2);
    return model->get_weights();
  };
  const std::vector<Tensor> once = compile_and_fit(false), twice = compile_and_fit(true);
  for (std::size_t i = 0; i < once.size(); ++i) CHECK(identical(once[i], twice[i]));
}

TEST_CASE("models of version 1 still load; their random streams start anew") {
  const TemporaryFolder folder;
  const std::string path = folder.path("model"), file = path + "/config.json";
  const auto model = make_model();
  fit(*model, 1);
  model->save(path);
  std::string text = read_bytes(file);
  const std::size_t version = text.find("\"version\": 2");
  REQUIRE(version != std::string::npos);
  text.replace(version, 12, "\"version\": 1");
  const std::size_t random = text.find(",\n  \"random\"");
  REQUIRE(random != std::string::npos);
  text.replace(random, std::string::npos, "\n}\n");
  const std::size_t weight = text.find("\"loss_weights\": null,");
  REQUIRE(weight != std::string::npos);
  text.erase(weight, 21);
  write_bytes(file, text);
  const auto loaded = nn::load_model(path);
  check_same(*loaded, *model);
  CHECK(loaded->random_state().runs == 0);
  CHECK(loaded->random_state().epochs == 0);
}

TEST_CASE("a damaged state of the random streams is an error") {
  const TemporaryFolder folder;
  const std::string path = folder.path("model"), file = path + "/config.json";
  make_model()->save(path);
  const std::string text = read_bytes(file);
  struct Case {
    const char* from;
    const char* to;
    const char* error;
  };
  for (const Case& c : {Case{"\"seed\": \"11\"", "\"seed\": \"-11\"", "seed"},
                        Case{"\"seed\": \"11\"", "\"seed\": \"99999999999999999999\"", "seed"},
                        Case{"\"seed\": \"11\"", "\"sead\": \"11\"", "seed"},
                        Case{"\"epochs\": 0", "\"epochs\": -1", "epochs"},
                        Case{"\"runs\": 0", "\"runs\": \"many\"", "integer"}}) {
    CAPTURE(c.to);
    std::string changed = text;
    const std::size_t at = changed.find(c.from);
    REQUIRE(at != std::string::npos);
    write_bytes(file, changed.replace(at, std::string(c.from).size(), c.to));
    CHECK_THROWS_WITH_AS(nn::load_model(path), doctest::Contains(c.error), InvalidArgument);
  }
}

TEST_CASE("a loss's weight is saved") {
  const auto model = make_model();
  model->compile({.optimizer = "sgd", .loss = "mse", .loss_weights = 0.25});
  const auto loaded = saved_and_loaded(*model);
  CHECK(loaded->compile_options().loss_weights.one() == 0.25);
  const nn::EvaluateOptions silent = {.verbose = nn::Verbose::silent};
  CHECK(*loaded->evaluate(samples(), silent).find("loss") ==
        *model->evaluate(samples(), silent).find("loss"));
}

TEST_CASE("a model can be loaded without its compilation") {
  const TemporaryFolder folder;
  const auto model = make_model();
  fit(*model, 1);
  model->save(folder.path("model"));
  const auto loaded = nn::load_model(folder.path("model"), /*compile=*/false);
  CHECK_FALSE(loaded->compiled());
  CHECK(loaded->random_state() == model->random_state());
  CHECK(identical(loaded->predict(samples().x), model->predict(samples().x)));
}
