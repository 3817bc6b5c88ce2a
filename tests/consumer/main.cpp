// Uses Tegula as an application does, with one include and one link target: trains a model, saves
// it, loads it, and reads an error.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <tegula/tegula.hpp>

using namespace tegula;

namespace {

/// Points of the plane, labelled by the side of the line x + y = 0 on which they lie.
data::Dataset points(std::int64_t count) {
  Tensor x(DType::f32, {count, 2}), y(DType::i32, {count});
  for (std::int64_t i = 0; i < count; ++i) {
    const double angle = 0.7 * static_cast<double>(i);
    x.set(2 * i, std::cos(angle));
    x.set(2 * i + 1, std::sin(angle));
    y.set(i, x.at(2 * i) + x.at(2 * i + 1) > 0 ? 1 : 0);
  }
  return {x, y};
}

int failures = 0;

void expect(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "failed: %s\n", what);
  ++failures;
}

}  // namespace

int main() {
  nn::set_random_seed(1);
  const data::Dataset data = points(256);
  nn::Sequential model{nn::Input({2}), nn::Dense({.units = 8, .activation = "tanh"}),
                       nn::Dense({.units = 2, .activation = "softmax"})};
  model.compile({.optimizer = nn::Adam({.learning_rate = 0.05}),
                 .loss = nn::SparseCategoricalCrossentropy(),
                 .metrics = {"accuracy"}});
  const nn::History history = model.fit(data, {.epochs = 10, .verbose = nn::Verbose::silent});
  std::printf("accuracy %.3f\n", history.at("accuracy").back());
  expect(history.at("accuracy").back() > 0.95, "the model separates the points");

  model.save("consumer.tegula");
  const auto loaded = nn::load_model("consumer.tegula");
  expect(identical(loaded->predict(data.x), model.predict(data.x)), "a loaded model is the same");
  std::filesystem::remove_all("consumer.tegula");

  bool refused = false;
  try {
    model.predict(Tensor::zeros(DType::f32, {4, 3}));
  } catch (const ShapeError&) {  // caught by type across the library's border
    refused = true;
  }
  expect(refused, "a wrong shape is a ShapeError");
  return failures;
}
