// Trains a small network on MNIST: define, compile, fit, evaluate, save, load.
//
//   mnist [--epochs N] [--seed N] [--data FOLDER] [--save FOLDER]

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include <tegula/tegula.hpp>

using namespace tegula;

namespace {

struct Arguments {
  int epochs = 5;
  unsigned long seed = 1;
  std::string data = "examples/mnist/data";
  std::string save = "mnist.tegula";
};

Arguments parse(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = values[i];
    if (name == "--epochs") arguments.epochs = std::atoi(values[i + 1]);
    if (name == "--seed") arguments.seed = std::strtoul(values[i + 1], nullptr, 10);
    if (name == "--data") arguments.data = values[i + 1];
    if (name == "--save") arguments.save = values[i + 1];
  }
  return arguments;
}

void run(const Arguments& arguments) {
  nn::set_random_seed(arguments.seed);
  auto [train, test] = data::mnist(arguments.data);
  nn::Sequential model{nn::Input({784}), nn::Dense({.units = 128, .activation = "relu"}),
                       nn::Dropout({.rate = 0.2}),
                       nn::Dense({.units = 10, .activation = "softmax"})};
  model.compile({.optimizer = nn::Adam(),
                 .loss = nn::SparseCategoricalCrossentropy(),
                 .metrics = {"accuracy"}});
  std::printf("%s", model.summary().c_str());
  model.fit(train, {.epochs = arguments.epochs, .validation_data = test});

  const nn::Logs result = model.evaluate(test, {.verbose = nn::Verbose::silent});
  std::printf("test loss %.4f, test accuracy %.4f\n", *result.find("loss"),
              *result.find("accuracy"));
  model.save(arguments.save);
  const auto loaded = nn::load_model(arguments.save);
  const bool same =
      identical(loaded->predict(test.x.rows(0, 32)), model.predict(test.x.rows(0, 32)));
  std::printf("saved to %s; the loaded model predicts %s\n", arguments.save.c_str(),
              same ? "the same" : "something else");
}

}  // namespace

int main(int count, char** values) {
  try {
    run(parse(count, values));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
