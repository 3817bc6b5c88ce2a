// A model of two inputs and two outputs: of two digits, which the first is, and whether it is the
// larger one. Both go through the same layers.
//
//   two_inputs [--epochs N] [--seed N] [--data FOLDER]

#include <algorithm>
#include <cstdio>
#include <exception>

#include "../options.hpp"

using namespace tegula;

namespace {

/// Each image beside another one, and which of the two shows the larger digit.
data::Dataset pairs(const data::Dataset& images, std::uint64_t seed) {
  const Tensor& x = images.x;
  const Tensor& y = images.y;
  const std::int64_t count = images.size();
  Tensor others(DType::f32, x.shape());
  Tensor larger(DType::f32, {count, 1});
  std::uint64_t state = seed;
  for (std::int64_t row = 0; row < count; ++row) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const auto other = static_cast<std::int64_t>((state >> 33) % static_cast<std::uint64_t>(count));
    std::copy_n(x.data<float>() + other * 784, 784, others.data<float>() + row * 784);
    larger.set(row, y.at(row) > y.at(other) ? 1 : 0);
  }
  return {Tensors::named({"first", "second"}, {x, others}),
          Tensors::named({"digit", "larger"}, {y, larger})};
}

void run(std::map<std::string, std::string> options) {
  nn::set_random_seed(std::stoull(options["--seed"]));
  const auto [train, test] = data::mnist(options["--data"]);
  const nn::Input first({.shape = {784}, .name = "first"});
  const nn::Input second({.shape = {784}, .name = "second"});
  const nn::Dense seen({.units = 128, .activation = "relu"});
  const nn::Dense classes({.units = 10, .activation = "softmax", .name = "digit"});
  const Value a = seen(first);
  const Value b = seen(second);
  const Value digit = classes(a);
  const Value both = nn::Concatenate()({a, b, digit, classes(b)});
  const Value hidden = nn::Dense({.units = 64, .activation = "relu"})(both);
  const Value larger = nn::Dense({.units = 1, .activation = "sigmoid", .name = "larger"})(hidden);
  nn::Model model(nn::Values::named({"first", "second"}, {first, second}),
                  nn::Values::named({"digit", "larger"}, {digit, larger}));
  model.compile(
      {.optimizer = "adam",
       .loss = Structure<nn::Loss>::named(
           {"digit", "larger"}, {nn::SparseCategoricalCrossentropy(), nn::BinaryCrossentropy()}),
       .output_metrics = {{"digit", {"accuracy"}}, {"larger", {"accuracy"}}},
       .loss_weights = Structure<double>::named({"digit", "larger"}, {0.5, 1.0})});
  std::printf("%s", model.summary().c_str());
  model.fit(pairs(train, 1), {.batch_size = 64,
                              .epochs = std::stoll(options["--epochs"]),
                              .validation_data = pairs(test, 2)});
}

}  // namespace

int main(int count, char** words) {
  try {
    run(parse(count, words,
              {{"--epochs", "3"}, {"--seed", "1"}, {"--data", "examples/mnist/data"}}));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
