// Long-lived processes: models that are used, trained and dropped for ever must not grow.

#include <doctest/doctest.h>

#include "tegula/tegula.hpp"
#include "tests/support/allocation_counter.hpp"
#include "tests/support/resident_memory.hpp"

using namespace tegula;

namespace {

nn::Sequential small_model() {
  nn::Sequential model{nn::Input({784}), nn::Dense({.units = 32, .activation = "relu"}),
                       nn::Dropout({.rate = 0.2}),
                       nn::Dense({.units = 10, .activation = "softmax"})};
  model.compile({.optimizer = nn::Adam(),
                 .loss = nn::SparseCategoricalCrossentropy(),
                 .metrics = {"accuracy"}});
  return model;
}

data::Dataset samples(std::int64_t rows) {
  return {Tensor::full(DType::f32, {rows, 784}, 0.5), Tensor::zeros(DType::i32, {rows})};
}

}  // namespace

TEST_CASE("resident memory stays flat" * doctest::skip(!test::counts_allocations())) {
  constexpr std::int64_t kMegabyte = 1 << 20;
  const data::Dataset data = samples(256);

  SUBCASE("over 10,000 predictions") {
    nn::Sequential model = small_model();
    const Tensor row = data.x->rows(0, 1);
    const auto work = [&] {
      for (int i = 0; i < 5000; ++i) model.predict(row);
    };
    CHECK(test::resident_growth(work) < kMegabyte);
  }
  SUBCASE("over 200 batch sizes, predicting and training") {
    nn::Sequential model = small_model();
    const auto work = [&] {
      for (int rows = 1; rows <= 200; ++rows) {
        model.predict(data.x->rows(0, rows), {.batch_size = 256});
        model.train_on_batch(data.slice(0, rows));
      }
    };
    CHECK(test::resident_growth(work) < kMegabyte);
  }
  SUBCASE("over 300 models built, trained and dropped") {
    const auto work = [&] {
      for (int i = 0; i < 150; ++i) {
        nn::Sequential model = small_model();
        model.fit(data.slice(0, 32), {.verbose = nn::Verbose::silent});
        model.predict(data.x->rows(0, 1));
      }
    };
    CHECK(test::resident_growth(work) < kMegabyte);
  }
}
