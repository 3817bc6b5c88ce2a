// Models of symbols with shared layers, two inputs and two outputs, used from two threads at once.
#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tegula/nn/functional.hpp"
#include "tegula/tegula.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/thread_matrix.hpp"

using namespace tegula;

namespace {

constexpr auto kSilent = nn::Verbose::silent;

/// Two models over the same layers, of which one is called twice and another is a model itself.
struct Shared {
  test::TemporaryFolder folder;
  nn::Input left{{2}};
  nn::Input right{{2}};
  nn::Dense base{{.units = 3, .activation = "relu"}};
  nn::Sequential head{nn::Input({3}), nn::Dropout({.rate = 0.5}), nn::Dense({.units = 2})};
  Value features = base(left);
  nn::Dense out{{.units = 1, .name = "out"}};
  nn::Model both{nn::Values{left, right}, nn::Values{head.layer()(features), out(base(right))}};
  nn::Model one{left, nn::Dense({.units = 1})(features)};
  std::atomic<int> rows{0};

  Shared() {
    both.build(types_of(both.inputs()));
    compile();
    one.compile({.optimizer = "sgd", .loss = "mse"});
  }
  void compile() {
    both.compile({.optimizer = "adam",
                  .loss = Structure<nn::Loss>{"mse", "mae"},
                  .output_metrics = {{"out", {"mae"}}},
                  .loss_weights = Structure<double>{1.0, 0.5}});
  }
  Tensor inputs() { return Tensor::full(DType::f32, {1 + rows++ % 40, 2}, 0.5); }
  Tensors pair() {
    const Tensor x = inputs();
    return {x, x};
  }
  data::Dataset of_both() const {
    const Tensor x = Tensor::full(DType::f32, {4, 2}, 0.5);
    return {{x, x}, {x, Tensor::full(DType::f32, {4, 1}, 1.0)}};
  }
  data::Dataset of_one() const {
    return {Tensor::full(DType::f32, {4, 2}, 0.5), Tensor::full(DType::f32, {4, 1}, 1.0)};
  }
};

using Call = testing::ThreadedCall<Shared>;

std::vector<Call> calls() {
  return {
      {"fit", [](Shared& s) { s.both.fit(s.of_both(), {.verbose = kSilent}); }},
      {"evaluate", [](Shared& s) { s.both.evaluate(s.of_both(), {.verbose = kSilent}); }},
      {"predict", [](Shared& s) { s.both.predict(s.pair()); }},
      {"train_on_batch", [](Shared& s) { s.both.train_on_batch(s.of_both()); }},
      {"call", [](Shared& s) { s.both.call(s.pair(), true); }},
      {"compile", [](Shared& s) { s.compile(); }},
      {"train the other model", [](Shared& s) { s.one.train_on_batch(s.of_one()); }},
      {"fit the other model", [](Shared& s) { s.one.fit(s.of_one(), {.verbose = kSilent}); }},
      {"predict with the other model", [](Shared& s) { s.one.predict(s.inputs()); }},
      {"train the nested model",
       [](Shared& s) {
         const Tensor x = Tensor::full(DType::f32, {4, 3}, 0.5);
         s.head.compile({.optimizer = "sgd", .loss = "mse"});
         s.head.train_on_batch({x, Tensor::full(DType::f32, {4, 2}, 1.0)});
       }},
      {"predict with the nested model",
       [](Shared& s) {
         s.head.predict(Tensor::full(DType::f32, {1 + s.rows++ % 40, 3}, 0.5));
       }},
      {"another model of the same symbols",
       [](Shared& s) { nn::Model(s.left, s.features).predict(s.inputs()); }},
      {"another call of a shared layer",
       [](Shared& s) {
         const nn::Input x({2});
         nn::Model(x, s.base(x)).predict(s.inputs());
       }},
      {"layer on arrays", [](Shared& s) { s.base->evaluate(s.inputs(), true); }},
      {"weights of a shared layer", [](Shared& s) { s.base->set_weights(s.base->get_weights()); }},
      {"option of a shared layer",
       [](Shared& s) {
         s.base->set_option("activation", nn::Config(s.rows++ % 2 == 0 ? "relu" : "tanh"));
       }},
      {"trainable of a shared layer", [](Shared& s) { s.base->set_trainable(!s.base->trainable); }},
      {"weights", [](Shared& s) { s.both.set_weights(s.both.get_weights()); }},
      {"symbols",
       [](Shared& s) {
         symbolic_inputs(*s.out);
         symbolic_outputs(*s.out);
         s.both.inputs();
         s.both.outputs();
         s.both.output_names();
       }},
      {"config",
       [](Shared& s) {
         s.both.config();
         s.both.compile_config();
       }},
      {"summary", [](Shared& s) { s.both.summary(); }},
      {"save", [](Shared& s) { s.both.save(s.folder.path("model")); }},
      {"save and load weights",
       [](Shared& s) {
         const std::string file = s.folder.path("weights.safetensors");
         s.both.save_weights(file);
         s.both.load_weights(file);
       }},
  };
}

}  // namespace

TEST_CASE(
    "every call of models that share layers beside every other on another thread works or throws") {
  testing::run_thread_matrix<Shared>(
      calls(), [] { return std::make_unique<Shared>(); },
      [](Shared& s) {
        s.base->set_trainable(true);
        s.compile();
        CHECK_NOTHROW(s.both.train_on_batch(s.of_both()));
        CHECK_NOTHROW(s.one.train_on_batch(s.of_one()));
        const Tensor x = s.inputs();
        const Tensors y = s.both.predict({x, x});
        CHECK(y.size() == 2);
        CHECK(identical(nn::Model(s.left, s.features).predict(x), s.base->evaluate(x, false)));
      });
}
