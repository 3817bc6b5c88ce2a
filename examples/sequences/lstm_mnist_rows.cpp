// Trains a recurrent network that reads MNIST's digits row by row: at least 98.3 % of the test
// images in five epochs.
//
//   lstm_mnist_rows [--epochs N] [--seed N] [--data FOLDER]

#include <cstdio>
#include <exception>

#include "../options.hpp"

using namespace tegula;

namespace {

/// Images as 28 steps of a row each, instead of rows of 784.
data::Dataset as_sequences(const data::Dataset& images) {
  const Tensor& x = images.x;
  return {x.reshaped({x.shape()[0], 28, 28}), images.y};
}

void run(std::map<std::string, std::string> options) {
  nn::set_random_seed(std::stoull(options["--seed"]));
  const std::int64_t epochs = std::stoll(options["--epochs"]);
  const std::int64_t batch_size = 64;
  const auto [train_images, test_images] = data::mnist(options["--data"]);
  const data::Dataset train = as_sequences(train_images);
  const data::Dataset test = as_sequences(test_images);
  const std::int64_t steps = epochs * ((train.size() + batch_size - 1) / batch_size);

  nn::Sequential model{nn::Input({28, 28}), nn::LSTM({.units = 128}),
                       nn::Dense({.units = 10, .activation = "softmax"})};
  const nn::CosineDecay rate({.initial_learning_rate = 2e-3, .decay_steps = steps});
  model.compile({.optimizer = nn::Adam({.learning_rate = rate}),
                 .loss = nn::SparseCategoricalCrossentropy(),
                 .metrics = {"accuracy"}});
  std::printf("%s", model.summary().c_str());
  model.fit(train, {.batch_size = batch_size, .epochs = epochs, .validation_data = test});
  const nn::Logs result = model.evaluate(test, {.verbose = nn::Verbose::silent});
  std::printf("test loss %.4f, test accuracy %.4f\n", result.at("loss"), result.at("accuracy"));
}

}  // namespace

int main(int count, char** words) {
  try {
    run(parse(count, words,
              {{"--epochs", "5"}, {"--seed", "1"}, {"--data", "examples/mnist/data"}}));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
