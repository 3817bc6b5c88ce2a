// Out of memory at every allocation of what programs do with models and graphs: each time an
// exception, nothing leaked, and the same call gives the same bits afterwards. With
// TEGULA_FAULTS=all every allocation fails in turn, else the first ones and then every quarter
// more.

#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "tegula/tegula.hpp"
#include "tests/support/allocation_counter.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace tegula;

namespace {

using Results = std::vector<Tensor>;

nn::Sequential new_model() {
  return nn::Sequential{nn::Input({4}), nn::Dense({.units = 6, .activation = "relu"}),
                        nn::Dropout({.rate = 0.3, .seed = 3}),
                        nn::Dense({.units = 3, .activation = "softmax"})};
}

void compile(nn::Model& model) {
  model.compile({.optimizer = nn::Adam(),
                 .loss = nn::SparseCategoricalCrossentropy(),
                 .metrics = {"accuracy"}});
}

data::Dataset samples() {
  Tensor x(DType::f32, {24, 4});
  Tensor y(DType::i32, {24});
  for (std::int64_t i = 0; i < 96; ++i) x.set(i, static_cast<double>(i % 7) - 3);
  for (std::int64_t i = 0; i < 24; ++i) y.set(i, static_cast<double>(i % 3));
  return {x, y};
}

const nn::FitOptions& two_epochs() {
  static const nn::FitOptions options{
      .batch_size = 5, .epochs = 2, .verbose = nn::Verbose::silent, .validation_split = 0.25};
  return options;
}

/// A model in a state that does not depend on what was done before.
struct Prepared {
  nn::Sequential model = new_model();
  data::Dataset data = samples();

  explicit Prepared(bool compiled = true) {
    reset();
    if (compiled) compile(model);
  }
  void reset() {
    Results weights;
    for (const Tensor& weight : model.get_weights()) {
      Tensor value(weight.dtype(), weight.shape());
      for (std::int64_t i = 0; i < value.element_count(); ++i) {
        value.set(i, static_cast<double>(i % 5) / 8 - 0.25);
      }
      weights.push_back(value);
    }
    model.set_weights(weights);
    model.set_random_state({.seed = 5});
  }
  /// Everything that a run may have changed.
  Results state() {
    Results all = model.get_weights();
    for (const Tensor& value : model.get(model.optimizer_variables())) all.push_back(value);
    all.push_back(model.predict(data.x));
    return all;
  }
};

Results values_of(const nn::Logs& logs) {
  Results values;
  for (const auto& [name, value] : logs) values.push_back(value.tensor());
  return values;
}

/// What is done: `run` works on what `prepare` made, may fail, and gives results.
struct Scenario {
  std::string name;
  bool compiled = true;
  std::function<void(Prepared&)> before = [](Prepared&) {};
  std::function<Results(Prepared&)> run;
  /// Makes of a failed run a state from which the same run can be done again.
  std::function<void(Prepared&)> again = [](Prepared&) {};
};

void train_anew(Prepared& prepared) {
  prepared.reset();
  compile(prepared.model);
}

Results built(Prepared&) {
  nn::Sequential model = new_model();
  model.set_weights(Prepared(false).model.get_weights());
  return {model.predict(Tensor::full(DType::f32, {2, 4}, 0.5))};
}

Results ran_graph(Prepared&) {
  Graph g;
  const Value x = g.placeholder(DType::f32, {-1, 4}, "x");
  const Variable w = g.variable(Tensor::full(DType::f32, {4, 3}, 0.25), "w");
  const Value loss = sum(square(relu(matmul(x, w)) - 1.0)) + norm(w);
  const Value step = assign_sub(w, gradients(loss, {w})[0] * 0.1);
  Session session(g);
  const Tensor ones = Tensor::full(DType::f32, {5, 4}, 1);
  Results results = {session.run({{x, ones}}, loss)};
  session.run({{x, ones}}, step);
  results.push_back(session.get(w));
  Graph read = Graph::from_text(g.to_text());
  const Value reread = softmax(read.find("x")->output() * 0.5);
  results.push_back(Session(read).run({{read.find("x")->output(), ones}}, reread));
  return results;
}

Results trained(Prepared& prepared) {
  prepared.model.fit(prepared.data, two_epochs());
  return prepared.state();
}

std::vector<Scenario> scenarios(const std::string& folder) {
  const auto fitted = [](Prepared& prepared) { prepared.model.fit(prepared.data, two_epochs()); };
  return {
      {.name = "building", .compiled = false, .run = built},
      {.name = "a graph and its session", .compiled = false, .run = ran_graph},
      {.name = "compiling",
       .compiled = false,
       .run =
           [](Prepared& prepared) {
             compile(prepared.model);
             return Results{};
           }},
      {.name = "the first training", .run = trained, .again = train_anew},
      {.name = "further training",
       .before =
           [fitted](Prepared& prepared) {
             fitted(prepared);
             train_anew(prepared);
             prepared.model.train_on_batch(prepared.data);
             prepared.reset();
           },
       .run = trained,
       .again =
           [](Prepared& prepared) {
             train_anew(prepared);
             prepared.model.train_on_batch(prepared.data);
             prepared.reset();
           }},
      {.name = "evaluating",
       .run =
           [](Prepared& p) {
             return values_of(
                 p.model.evaluate(p.data, {.batch_size = 7, .verbose = nn::Verbose::silent}));
           }},
      {.name = "predicting",
       .run = [](Prepared& p) { return Results{p.model.predict(p.data.x, {.batch_size = 7})}; }},
      {.name = "saving",
       .before = fitted,
       .run =
           [folder](Prepared& prepared) {
             prepared.model.save(folder + "/saved");
             return nn::load_model(folder + "/saved")->get_weights();
           }},
      {.name = "loading",
       .before =
           [folder, fitted](Prepared& prepared) {
             fitted(prepared);
             prepared.model.save(folder + "/loaded");
           },
       .run =
           [folder](Prepared& prepared) {
             const auto loaded = nn::load_model(folder + "/loaded");
             loaded->fit(prepared.data, two_epochs());
             return loaded->get_weights();
           }},
  };
}

bool same_bits(const Results& a, const Results& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].shape() != b[i].shape() ||
        std::memcmp(a[i].raw(), b[i].raw(), a[i].byte_count()) != 0) {
      return false;
    }
  }
  return true;
}

/// One round: the n-th allocation of the run fails. False: there was no such allocation.
bool survives(const Scenario& scenario, std::int64_t n, bool all_after, const Results& expected) {
  Prepared prepared(scenario.compiled);
  scenario.before(prepared);
  std::optional<Results> results;
  bool reached = false;
  try {
    const test::FailingAllocation failing(n, all_after);
    try {
      results = scenario.run(prepared);
    } catch (...) {
      reached = failing.reached();
      throw;
    }
    reached = failing.reached();
  } catch (const std::bad_alloc&) {
  } catch (const Error&) {
  }
  CHECK((reached || results.has_value()));
  if (!results) {
    scenario.again(prepared);
    results = scenario.run(prepared);
  }
  CHECK(same_bits(*results, expected));
  return reached;
}

void check(const Scenario& scenario, bool all_after) {
  CAPTURE(scenario.name);
  Results expected;
  for (int warm_up = 0; warm_up < 2; ++warm_up) {
    Prepared prepared(scenario.compiled);
    scenario.before(prepared);
    expected = scenario.run(prepared);
  }
  const char* const chosen = std::getenv("TEGULA_FAULTS");
  const bool all = chosen != nullptr && std::string(chosen) == "all";
  std::int64_t n = 1, rounds = 0;
  for (;;) {
    CAPTURE(n);
    bool grown = true;
    bool reached = true;
    for (int attempt = 0; reached && grown && attempt < 4;
         ++attempt) {  // some things are made once
      const std::int64_t live = test::live_allocations();
      reached = survives(scenario, n, all_after, expected);
      grown = test::live_allocations() > live;
    }
    if (!reached) break;
    CHECK_FALSE(grown);
    n += all ? 1 : 1 + n / 4;
    ++rounds;
  }
  MESSAGE(scenario.name, ": ", rounds, " of ", n, " allocations failed");
}

}  // namespace

TEST_CASE(
    "whichever allocation fails, it is an exception, nothing leaks, and the call works later" *
    doctest::skip(!test::counts_allocations())) {
  const test::TemporaryFolder folder;
  set_thread_count(1);
  for (const Scenario& scenario : scenarios(folder.path())) {
    check(scenario, false);
    check(scenario, true);
  }
  set_thread_count(2);
  for (const Scenario& scenario : scenarios(folder.path())) check(scenario, false);
}
