// Trains a small network on MNIST: define, compile, fit, evaluate, save, load.
//
//   mnist [--epochs N] [--seed N] [--data FOLDER] [--save FOLDER]

#include <cstdio>
#include <exception>

#include "../options.hpp"

using namespace tegula;

namespace {

void run(std::map<std::string, std::string> options) {
  nn::set_random_seed(std::stoull(options["--seed"]));
  auto [train, test] = data::mnist(options["--data"]);
  nn::Sequential model{nn::Input({784}), nn::Dense({.units = 128, .activation = "relu"}),
                       nn::Dropout({.rate = 0.2}),
                       nn::Dense({.units = 10, .activation = "softmax"})};
  model.compile({.optimizer = nn::Adam(),
                 .loss = nn::SparseCategoricalCrossentropy(),
                 .metrics = {"accuracy"}});
  std::printf("%s", model.summary().c_str());
  model.fit(train, {.epochs = std::stoll(options["--epochs"]), .validation_data = test});

  const nn::Logs result = model.evaluate(test, {.verbose = nn::Verbose::silent});
  std::printf("test loss %.4f, test accuracy %.4f\n", result.at("loss"), result.at("accuracy"));
  model.save(options["--save"]);
  const auto loaded = nn::load_model(options["--save"]);
  const bool same =
      identical(loaded->predict(test.x->rows(0, 32)), model.predict(test.x->rows(0, 32)));
  std::printf("saved to %s; the loaded model predicts %s\n", options["--save"].c_str(),
              same ? "the same" : "something else");
}

}  // namespace

int main(int count, char** words) {
  try {
    run(parse(count, words,
              {{"--epochs", "5"},
               {"--seed", "1"},
               {"--data", "examples/mnist/data"},
               {"--save", "mnist.tegula"}}));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
